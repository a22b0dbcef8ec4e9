//! The audio process: a thread for each sound device, the plan in, standings and sound of lines out.
//!
//! It is started by `run`, ends with it, and can be lost at any time: calls of its own phones end, no other.

use std::io::{BufRead as _, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use audio::limits::FRAME;
use audio::{Beat, Names, Sound};
use tracing::warn;

use super::phone::Phone;
use super::plan::{Act, FromWorker, LinePlan, PhonePlan, Plan, Standing, ToWorker};

/// Frames on their way to the box. Where it does not take them, sound is dropped and figures wait.
const OUT: usize = 64;
/// Wishes waiting for a phone; more are passed over.
const ACTS: usize = 4;
/// How often figures are told, where nothing else changes.
const FIGURES: Duration = Duration::from_secs(1);

/// Runs until its standard input ends.
pub(super) fn run(input: impl Read, output: impl Write + Send + 'static) -> anyhow::Result<()> {
    let mut lines = std::io::BufReader::new(input).lines();
    let first = lines.next().context("nothing to do was said")??;
    let ToWorker::Plan(plan) = serde_json::from_str(&first)? else {
        bail!("the first word was no plan");
    };
    let (out, frames) = sync_channel(OUT);
    thread::Builder::new()
        .name("out".to_owned())
        .spawn(move || write(output, &frames))?;
    let mut phones = Vec::new();
    for phone in plan.phones.clone() {
        let (wish, acts) = sync_channel(ACTS);
        phones.push((phone.name.clone(), wish));
        let (plan, out) = (plan.clone(), out.clone());
        thread::Builder::new()
            .name(phone.name.clone())
            .spawn(move || serve(phone, &plan, &acts, out))?;
    }
    for (place, line) in plan.lines.into_iter().enumerate() {
        let (place, out) = (u8::try_from(place)?, out.clone());
        thread::Builder::new()
            .name(line.name.clone())
            .spawn(move || listen(place, line, out))?;
    }
    for line in lines {
        if let ToWorker::Act { device, act } = serde_json::from_str(&line?)?
            && let Some((_, wish)) = phones.iter().find(|(name, _)| *name == device)
        {
            // Whoever wishes faster than a phone can act is not a person.
            let _ = wish.try_send(act);
        }
    }
    Ok(())
}

fn write(mut output: impl Write, frames: &Receiver<FromWorker>) {
    while let Ok(frame) = frames.recv() {
        let told = frame.encode().and_then(|bytes| {
            output.write_all(&bytes)?;
            Ok(output.flush()?)
        });
        if told.is_err() {
            // The box is gone, and so is the other end of our standard input.
            return;
        }
    }
}

/// One phone's thread.
fn serve(plan: PhonePlan, all: &Plan, acts: &Receiver<Act>, out: SyncSender<FromWorker>) {
    let name = plan.name.clone();
    let mut phone = match Phone::new(plan, all) {
        Ok(phone) => phone,
        Err(why) => return warn!("phone `{name}` of the box cannot be made: {why:#}"),
    };
    let mut teller = Teller::new(name, out);
    loop {
        phone.turn();
        while let Ok(act) = acts.try_recv() {
            phone.act(act);
        }
        teller.tell(phone.standing());
    }
}

/// One line's thread.
fn listen(place: u8, plan: LinePlan, out: SyncSender<FromWorker>) {
    let began = Instant::now();
    let names = Names {
        playback: None,
        capture: Some(plan.card),
    };
    let mut sound = Sound::new(began, names);
    let mut beat = Beat::new(began);
    let mut teller = Teller::new(plan.name, out.clone());
    loop {
        let wake = sound.next_try().unwrap_or_else(|| beat.next());
        thread::sleep(wake.saturating_duration_since(Instant::now()));
        let now = Instant::now();
        let due = if sound.is_awake() { beat.take(now) } else { 1 };
        for _ in 0..due {
            let mut heard = Box::new([0; FRAME]);
            sound.turn(now, &[0; FRAME], &mut heard);
            if sound.is_awake() {
                // Where the box does not keep up, its listeners hear what plays else.
                let _ = out.try_send(FromWorker::Sound(place, heard));
            }
        }
        if !sound.is_awake() {
            beat = Beat::new(now);
        }
        teller.tell(Standing {
            capture: sound.capture().cloned(),
            ..Standing::default()
        });
    }
}

/// Tells the box how one device stands: changes at once, figures each second.
struct Teller {
    name: String,
    out: SyncSender<FromWorker>,
    told: Option<(Instant, Standing)>,
}

impl Teller {
    fn new(name: String, out: SyncSender<FromWorker>) -> Self {
        Self {
            name,
            out,
            told: None,
        }
    }

    fn tell(&mut self, standing: Standing) {
        let now = Instant::now();
        let is_news = self.told.as_ref().is_none_or(|(at, told)| {
            told.differs(&standing) || now.duration_since(*at) >= FIGURES && *told != standing
        });
        if !is_news {
            return;
        }
        let frame = FromWorker::Standing(self.name.clone(), standing.clone());
        match self.out.try_send(frame) {
            // Told the next time round.
            Err(TrySendError::Full(_)) => {}
            Ok(()) | Err(TrySendError::Disconnected(_)) => self.told = Some((now, standing)),
        }
    }
}
