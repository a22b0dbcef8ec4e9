//! Sound devices as the page sees them, and what is done there at phones without keys.

use std::sync::Arc;

use audio::{State, Status};
use tokio::sync::{mpsc, watch};
use web::{CardLine, SoundAct, SoundLine, SoundWish};

use super::plan::{Act, ToWorker};
use super::pool::Standings;

/// Wishes on their way to the audio process; one more is answered that the box is busy.
const WISHES: usize = 16;

/// How the sound devices of the box stand, and the way to its phones.
pub(crate) struct AudioDoor {
    pub(crate) standings: watch::Receiver<Standings>,
    pub(super) acts: mpsc::Sender<ToWorker>,
}

/// All sound devices, whenever somebody looks.
pub(crate) type Look = Arc<dyn Fn() -> Vec<SoundLine> + Send + Sync>;

impl AudioDoor {
    /// Opens it for the page, until the web server is gone.
    pub(crate) fn open(self) -> (Look, mpsc::Sender<SoundWish>) {
        let (wishes, mut wished) = mpsc::channel(WISHES);
        tokio::spawn(async move {
            while let Some(SoundWish { device, act }) = wished.recv().await {
                let act = match act {
                    SoundAct::Dial { to } => Act::Dial { to },
                    SoundAct::Answer => Act::Answer,
                    SoundAct::HangUp => Act::HangUp,
                };
                // Full only while no audio process runs: then there is no phone to do it.
                let _ = self.acts.try_send(ToWorker::Act { device, act });
            }
        });
        let standings = self.standings;
        let look = move || lines(&standings.borrow());
        (Arc::new(look), wishes)
    }
}

fn lines(standings: &Standings) -> Vec<SoundLine> {
    let line = |(device, standing): (&String, &super::plan::Standing)| SoundLine {
        device: device.clone(),
        is_phone: standing.is_phone,
        is_registered: standing.is_registered,
        is_busy: standing.is_busy,
        playback: standing.playback.as_ref().map(card),
        capture: standing.capture.as_ref().map(card),
    };
    standings.iter().map(line).collect()
}

fn card(status: &Status) -> CardLine {
    let (absent, rate) = match &status.state {
        State::Absent { why } => (Some(why.clone()), None),
        State::Open { rate, .. } => (None, Some(*rate)),
    };
    CardLine {
        absent,
        rate,
        underruns: status.underruns,
        overruns: status.overruns,
        drift_ppm: status.drift_ppm,
    }
}
