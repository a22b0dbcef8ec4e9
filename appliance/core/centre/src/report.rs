//! The report: what a running call gathers until it becomes its [`Record`].
//!
//! `Centre` tells it what happened; [`Report::finish`] consumes it, so a call can make one record
//! and no second. It is bounded: what does not fit is counted, never kept. Times are differences
//! of `now` from the start, so a corrected wall clock never makes a call end before it began.

use std::time::Instant;

use call::{Cause, Recorded, StreamStats};
use uuid::Uuid;

use crate::clock::{day_folder, millis};
use crate::ledger::{Ledger, Phase};
use crate::limits::{MAX_TRANSCRIPT, MAX_WORDS};
use crate::record::{
    Emotion, Handled, Parties, Path, Quality, Record, Recording, Times, UnixMillis, Utterance,
};

/// What is known of a call so far.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    id: Uuid,
    parties: Parties,
    transcript: Vec<Utterance>,
    started: (Instant, UnixMillis),
    answered: Option<Instant>,
    emotion: Option<Emotion>,
    ledger: Ledger,
    handled: Handled,
    media: Media,
}

/// What the media plane said of the legs: the lead's own word counts before any other's.
#[derive(Clone, Debug, Default)]
struct Media {
    stats: Option<StreamStats>,
    recorded: Option<Recorded>,
}

/// How a call ended, for its record.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) at: Instant,
    pub(crate) cause: Cause,
}

impl Report {
    /// The report of a call that came in at `now`, `unix_ms` by the wall clock.
    pub(crate) fn new(id: Uuid, now: Instant, unix_ms: UnixMillis, parties: Parties) -> Self {
        let transcript = Vec::new();
        Self {
            id,
            parties,
            transcript,
            started: (now, unix_ms),
            answered: None,
            emotion: None,
            ledger: Ledger::new(now),
            handled: Handled::default(),
            media: Media::default(),
        }
    }

    /// The call does something else from `now` on.
    pub(crate) fn turn(&mut self, now: Instant, phase: Phase) {
        self.ledger.turn(now, phase);
    }

    /// Who takes it, and which way it goes.
    pub(crate) fn handled(&self) -> &Handled {
        &self.handled
    }

    /// Who takes it, and which way it goes, to be changed.
    pub(crate) fn handled_mut(&mut self) -> &mut Handled {
        &mut self.handled
    }

    /// The call goes by that trunk.
    pub(crate) fn goes_by(&mut self, trunk: &str) {
        trunk.clone_into(&mut self.parties.trunk);
    }

    /// What the media plane said of a leg that is forgotten.
    pub(crate) fn media(
        &mut self,
        is_lead: bool,
        stats: Option<StreamStats>,
        recorded: Option<Recorded>,
    ) {
        if is_lead || self.media.stats.is_none() {
            self.media.stats = stats.or_else(|| self.media.stats.take());
        }
        if is_lead || self.media.recorded.is_none() {
            self.media.recorded = recorded.or_else(|| self.media.recorded.take());
        }
    }

    /// The call is answered at `now`.
    pub(crate) fn answer(&mut self, now: Instant) {
        self.answered.get_or_insert(now);
    }

    /// Keeps what the caller said, and the strongest emotion of the call. False when the
    /// transcript is full.
    pub(crate) fn hear(&mut self, utterance: Utterance) -> bool {
        if let Some(felt) = &utterance.emotion
            && self
                .emotion
                .as_ref()
                .is_none_or(|kept| felt.tells_more_than(kept))
        {
            self.emotion = Some(felt.clone());
        }
        let fits = self.transcript.len() < MAX_TRANSCRIPT;
        if fits {
            self.transcript.push(utterance);
        }
        fits
    }

    /// The call's identity.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// Who speaks with whom.
    pub(crate) fn parties(&self) -> &Parties {
        &self.parties
    }

    /// What the caller said so far.
    pub(crate) fn transcript(&self) -> &[Utterance] {
        &self.transcript
    }

    /// When the call came in, by the wall clock.
    pub(crate) fn started(&self) -> UnixMillis {
        self.started.1
    }

    /// When it was answered, by the wall clock.
    pub(crate) fn answered(&self) -> Option<UnixMillis> {
        self.answered.map(|at| self.wall(at))
    }

    /// Milliseconds from the answer to `now`.
    pub(crate) fn since_answer_ms(&self, now: Instant) -> u64 {
        let since = self
            .answered
            .map_or(0, |at| millis(now.saturating_duration_since(at)));
        u64::try_from(since).unwrap_or(0)
    }

    /// Name of the recording, below the recordings folder: day of the start and identity.
    pub(crate) fn recording_file(&self) -> String {
        recording_file(self.started.1, self.id)
    }

    /// The one record of this call.
    pub(crate) fn finish(self, path: Path, ending: Ending) -> Record {
        let times = Times {
            started: self.started(),
            answered: self.answered(),
            ended: self.wall(ending.at),
        };
        Record {
            id: self.id,
            channel: "voice".into(),
            times,
            parties: self.parties,
            path,
            transcript: self.transcript,
            emotion: self.emotion,
            recording: self.media.recorded.map(recording),
            handled: self.handled,
            spans: self.ledger.close(ending.at, self.answered),
            quality: self.media.stats.map(quality).unwrap_or_default(),
            cause: ending.cause,
        }
    }

    fn wall(&self, at: Instant) -> UnixMillis {
        self.started
            .1
            .saturating_add(millis(at.saturating_duration_since(self.started.0)))
    }
}

/// Name of the recording of a call that began at `started`, below the recordings folder: day and
/// identity.
pub fn recording_file(started: UnixMillis, id: Uuid) -> String {
    format!("{}/{id}.wav", day_folder(started))
}

/// Cuts `utterance` to what a report keeps, and moves it by `offset_ms`.
pub(crate) fn placed(mut utterance: Utterance, offset_ms: u64) -> Utterance {
    utterance.at_ms = utterance.at_ms.saturating_add(offset_ms);
    if let Some((at, _)) = utterance.words.char_indices().nth(MAX_WORDS) {
        utterance.words.truncate(at);
    }
    utterance
}

fn recording(recorded: Recorded) -> Recording {
    let Recorded {
        file,
        length_ms,
        gaps,
    } = recorded;
    Recording {
        file,
        length_ms,
        gaps,
    }
}

fn quality(stats: StreamStats) -> Quality {
    Quality {
        packets_in: stats.packets_in,
        packets_out: stats.packets_out,
        lost: stats.lost,
        jitter_ms: stats.jitter_ms,
        mos: stats.mos,
        remote_mos: stats.remote_mos,
    }
}
