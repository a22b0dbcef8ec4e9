//! `branchline trace CALL`: what was said about one call, read out of the black box.
//!
//! The files are replayed twice: once to find the call, once to gather its messages and its media.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use centre::blackbox::{Entries, Step};
use centre::event::Event;
use centre::record::Record;
use centre::{Input, Output, StreamCommand, StreamEvent, StreamId};
use uuid::Uuid;

use super::file;
use super::ladder::{Ladder, Side};
use crate::cli::TraceArgs;
use crate::masking::masked;

/// Calls named when a beginning fits more than one.
const SHOWN: usize = 8;
/// How a call of ours begins.
const INVITE: &[u8] = b"INVITE ";

/// What is known of the calls of one file.
#[derive(Debug, Default)]
struct Calls {
    /// The SIP Call-IDs of each: the caller's, and those of all that were rung for it.
    ids: BTreeMap<Uuid, BTreeSet<String>>,
    records: BTreeMap<Uuid, Box<Record>>,
}

/// Prints the ladder of the call.
pub fn trace(args: &TraceArgs) -> anyhow::Result<()> {
    // The newest file first: that is where a call is sought that somebody asks about. None spans two.
    for path in file::boxes(&args.data)?.iter().rev() {
        let bytes = file::read(path)?;
        let calls = match find(path, &bytes) {
            Ok(calls) => calls,
            // A file of another version does not hide what the others know.
            Err(why) => {
                eprintln!("warning: {why:#}");
                continue;
            }
        };
        if let Some(call) = calls.choose(&args.call)? {
            return show(args, path, &bytes, &calls, call);
        }
    }
    bail!(
        "no black box in `{}` knows the call `{}`\nhint: the record's page shows its id; files are \
         kept as long as black_box_kb of the boot file lets them be",
        args.data.display(),
        args.call
    )
}

fn find(path: &Path, bytes: &[u8]) -> anyhow::Result<Calls> {
    let mut calls = Calls::default();
    replay(path, bytes, |step| {
        // A leg of ours has its Call-ID from its first INVITE on, whoever it rings.
        let invites = |output: &Output| matches!(output, Output::Transmit { bytes, .. } if bytes.starts_with(INVITE));
        if step.outputs.iter().any(invites) {
            for (call, id) in step.centre.sip_call_ids() {
                calls.ids.entry(call).or_default().insert(id);
            }
        }
        for output in step.outputs {
            match output {
                Output::Event(Event::Started(live) | Event::Changed(live)) => {
                    let ids = calls.ids.entry(live.id).or_default();
                    ids.insert(live.parties.sip_call_id.clone());
                }
                Output::Record(record) => {
                    calls.records.insert(record.id, record.clone());
                }
                _ => {}
            }
        }
    })?;
    Ok(calls)
}

fn replay(path: &Path, bytes: &[u8], watch: impl FnMut(&Step<'_>)) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let entries = Entries::new(bytes).with_context(name)?;
    centre::blackbox::replay(entries, Instant::now(), watch).with_context(name)?;
    Ok(())
}

impl Calls {
    /// The call that `asked` names, if it is here.
    fn choose(&self, asked: &str) -> anyhow::Result<Option<Uuid>> {
        let by_id = |id: &Uuid| id.to_string().starts_with(&asked.to_ascii_lowercase());
        let fits = (self.ids.iter()).filter(|(id, ids)| by_id(id) || ids.contains(asked));
        let fits: Vec<Uuid> = fits.map(|(id, _)| *id).collect();
        match fits.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            many => {
                let some: Vec<String> = many.iter().take(SHOWN).map(Uuid::to_string).collect();
                bail!(
                    "`{asked}` fits {} calls: {}\nhint: give more of the id",
                    many.len(),
                    some.join(", ")
                )
            }
        }
    }
}

fn show(
    args: &TraceArgs,
    path: &Path,
    bytes: &[u8],
    calls: &Calls,
    call: Uuid,
) -> anyhow::Result<()> {
    let ids = calls.ids.get(&call).cloned().unwrap_or_default();
    let mut gather = Gather {
        ids,
        streams: BTreeSet::new(),
        ladder: Ladder::default(),
    };
    replay(path, bytes, |step| gather.step(step))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "call {call}")?;
    if let Some(record) = calls.records.get(&call) {
        writeln!(out, "{}", headline(record, args.unmasked))?;
    }
    write!(out, "{}", gather.ladder)?;
    if args.messages {
        gather.ladder.write_messages(&mut out, args.unmasked)?;
    }
    Ok(())
}

fn headline(record: &Record, unmasked: bool) -> String {
    let number = |text: &str| {
        if unmasked {
            text.to_owned()
        } else {
            masked(text)
        }
    };
    let quality = &record.quality;
    format!(
        "{} to {} by {}, flow {}, {:.1} s answered, ended by {}\n\
         media: {} packets in, {} out, {} lost, jitter {:.1} ms{}",
        number(&record.parties.from),
        number(&record.parties.to),
        record.parties.trunk,
        record.path.flow,
        record.times.talk_ms() as f64 / 1000.0,
        record.cause.word(),
        quality.packets_in,
        quality.packets_out,
        quality.lost,
        quality.jitter_ms,
        score(quality.mos),
    )
}

/// An opinion score as a fact after others.
fn score(mos: Option<f32>) -> String {
    mos.map(|mos| format!(", MOS {mos:.1}")).unwrap_or_default()
}

/// Picks what belongs to one call out of all steps.
struct Gather {
    ids: BTreeSet<String>,
    streams: BTreeSet<StreamId>,
    ladder: Ladder,
}

impl Gather {
    fn step(&mut self, step: &Step<'_>) {
        let mut is_ours = false;
        match &step.stimulus.input {
            Some(Input::Datagram { from, bytes }) if self.has(bytes) => {
                is_ours = true;
                self.ladder
                    .message(step.at, Side::In, from.to_string(), bytes);
            }
            Some(Input::Stream(event)) if self.streams.contains(&event.stream()) => {
                is_ours = true;
                self.note(step.at, event);
            }
            _ => {}
        }
        for output in step.outputs {
            match output {
                Output::Transmit { to, bytes } if self.has(bytes) => {
                    self.ladder
                        .message(step.at, Side::Out, to.to_string(), bytes);
                }
                Output::Stream(command) => self.command(step.at, is_ours, command),
                _ => {}
            }
        }
    }

    fn has(&self, bytes: &[u8]) -> bool {
        let judged = sip::judge(bytes);
        let id = judged.message.as_ref().and_then(sip::Message::call_id);
        id.is_some_and(|id| self.ids.contains(&*String::from_utf8_lossy(id)))
    }

    fn command(&mut self, at: Duration, is_ours: bool, command: &StreamCommand) {
        if is_ours && let StreamCommand::Open { stream, .. } = command {
            self.streams.insert(*stream);
        }
        if !self.streams.contains(&command.stream()) {
            return;
        }
        let text = match command {
            StreamCommand::Open { port, spec, .. } => format!(
                "media opens: {} on port {port}, to {}",
                spec.codec.name(),
                spec.remote_rtp
            ),
            StreamCommand::Update { spec, .. } => format!(
                "media changes: {} to {}, {}",
                spec.codec.name(),
                spec.remote_rtp,
                spec.direction.name()
            ),
            StreamCommand::Play { prompts, .. } => format!("plays {}", prompts.join(" ")),
            StreamCommand::StopPlay { .. } => "falls silent".to_owned(),
            StreamCommand::Bridge { .. } => "hears the other party".to_owned(),
            StreamCommand::Unbridge { .. } => "is parted from the other party".to_owned(),
            StreamCommand::Record { .. } => "records".to_owned(),
            StreamCommand::Close { .. } => "media closes".to_owned(),
            StreamCommand::SendDigits { .. } | StreamCommand::Tap { .. } => return,
        };
        self.ladder.note(at, text);
    }

    fn note(&mut self, at: Duration, event: &StreamEvent) {
        let text = match event {
            StreamEvent::Digit { .. } => "the caller presses a key".to_owned(),
            StreamEvent::PlayDone { .. } => "the prompt is over".to_owned(),
            StreamEvent::MissingPrompt { prompt, .. } => format!("prompt {prompt} is missing"),
            StreamEvent::MediaTimeout { .. } => "no media came for too long".to_owned(),
            StreamEvent::Lost { .. } => "the media plane failed in this stream".to_owned(),
            StreamEvent::OneWay { since_ms, .. } => {
                format!("one-way audio: nothing came for {since_ms} ms")
            }
            StreamEvent::Flowing { .. } => "audio comes again".to_owned(),
            StreamEvent::Recorded { length_ms, .. } => {
                format!("{:.1} s are recorded", *length_ms as f64 / 1000.0)
            }
            StreamEvent::Closed { stats, .. } => format!(
                "media: {} packets in, {} out, {} lost, {} late, {} refused, jitter {:.1} ms{}",
                stats.packets_in,
                stats.packets_out,
                stats.lost,
                stats.late,
                stats.refused,
                stats.jitter_ms,
                score(stats.mos)
            ),
        };
        self.ladder.note(at, text);
    }
}
