//! One call as the centre holds it: its site, its flow's run, its report, and what it still owes.

use std::sync::Arc;
use std::time::Instant;

use call::{Cause, Recorded, StreamId, StreamStats};
use uuid::Uuid;

use crate::event::{CallState, LiveCall};
use crate::flow::{Run, Target};
use crate::record::{Path, Record, Utterance};
use crate::report::{Ending, Report, placed};
use crate::site::Site;

/// How far speech is with a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Speech {
    /// How long after the answer the caller's sound was first handed to speech, milliseconds.
    since_ms: u64,
    /// Speech may still have something to say.
    pub(super) is_owing: bool,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    report: Report,
    pub(super) site: Arc<Site>,
    pub(super) entry: Option<Target>,
    pub(super) run: Option<Run>,
    pub(super) state: CallState,
    pub(super) stream: Option<StreamId>,
    pub(super) speech: Speech,
    ending: Option<Ending>,
    /// The switchboard has said its last word.
    closed: bool,
}

impl Call {
    pub(super) fn new(report: Report, site: Arc<Site>, entry: Option<Target>) -> Self {
        Self {
            report,
            site,
            entry,
            run: None,
            state: CallState::Ringing,
            stream: None,
            speech: Speech::default(),
            ending: None,
            closed: false,
        }
    }

    pub(super) fn id(&self) -> Uuid {
        self.report.id()
    }

    pub(super) fn recording_file(&self) -> String {
        self.report.recording_file()
    }

    pub(super) fn answer(&mut self, now: Instant) {
        self.report.answer(now);
    }

    /// The caller's sound goes to speech from `now` on.
    pub(super) fn listen(&mut self, now: Instant) {
        self.speech = Speech {
            since_ms: self.report.since_answer_ms(now),
            is_owing: true,
        };
    }

    /// Keeps a phrase; hands it back as it stands in the report, and whether it was kept.
    pub(super) fn hear(&mut self, utterance: Utterance) -> (Utterance, bool) {
        // A recogniser that said it was done and was then started again speaks up.
        self.speech.is_owing = true;
        let utterance = placed(utterance, self.speech.since_ms);
        let kept = self.report.hear(utterance.clone());
        (utterance, kept)
    }

    /// The leg ended.
    pub(super) fn end(&mut self, now: Instant, cause: Cause) {
        self.state = CallState::Ending;
        self.ending = Some(Ending {
            at: now,
            cause,
            stats: None,
            recorded: None,
        });
    }

    /// The leg is forgotten, with what the media plane said last.
    pub(super) fn close(&mut self, stats: Option<StreamStats>, recorded: Option<Recorded>) {
        self.closed = true;
        if let Some(ending) = &mut self.ending {
            (ending.stats, ending.recorded) = (stats, recorded);
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.ending.is_none()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The one record of an ended call; `None` for one that still runs.
    pub(super) fn finish(self) -> Option<Record> {
        let path = self.path();
        Some(self.report.finish(path, self.ending?))
    }

    /// As a person would tell it.
    pub(super) fn live(&self) -> LiveCall {
        let run = self.run.as_ref();
        LiveCall {
            id: self.report.id(),
            started: self.report.started(),
            answered: self.report.answered(),
            parties: self.report.parties().clone(),
            state: self.state,
            flow: run.map(Run::flow).unwrap_or_default().to_owned(),
            step: run.map(Run::step).unwrap_or_default().to_owned(),
            digits: run.map(Run::digits).unwrap_or_default().to_owned(),
            transcript: self.report.transcript().to_vec(),
        }
    }

    fn path(&self) -> Path {
        self.run.as_ref().map_or_else(Path::default, |run| Path {
            flow: run.flow().to_owned(),
            steps: run.steps().to_vec(),
            target: run.target().map(str::to_owned),
            digits: run.digits().to_owned(),
        })
    }
}
