//! One call as the centre holds it: its parties, its flow's run, and what it still owes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use call::{Cause, LegId, Recorded, Showing, StreamId, StreamStats};
use uuid::Uuid;

use crate::call_id::CallId;
use crate::event::{CallState, LiveCall};
use crate::flow::{Run, Target};
use crate::ledger::Phase;
use crate::record::{Handled, Parties, Path, Record, Utterance};
use crate::report::{Ending, Report, placed};
use crate::site::{Site, WayOut};

/// How far speech is with a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Speech {
    /// How long after the answer the caller's sound was first handed to speech, milliseconds.
    since_ms: u64,
    /// Speech may still have something to say.
    pub(super) is_owing: bool,
}

/// Who is at the other end of a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// A carrier: somebody outside, by that number.
    Trunk { trunk: String, number: String },
    /// A phone of the branch.
    Device(String),
    /// The phone of an agent whom a queue gave the call.
    Agent { agent: String, device: String },
}

impl Party {
    /// The phone, where it is one of the branch.
    pub(super) fn device(&self) -> Option<&str> {
        match self {
            Self::Trunk { .. } => None,
            Self::Device(device) | Self::Agent { device, .. } => Some(device),
        }
    }
}

/// One party's side of a call.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) party: Party,
    pub(super) stream: Option<StreamId>,
    pub(super) answered: bool,
    /// It put the other party on hold.
    pub(super) holds: bool,
    /// It ended; the switchboard has not said its last word.
    pub(super) over: bool,
    pub(super) wishes: Wishes,
}

/// How a caller wants to be shown (RFC 3323, RFC 3325).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    pub(super) showing: Showing,
    /// Who it is by the word of our trust domain; told to nobody outside it where it is hidden.
    pub(super) asserted: Option<String>,
    /// The number that it may be shown with outside, by its own wish.
    pub(super) claim: Option<String>,
}

impl Side {
    pub(super) fn new(party: Party) -> Self {
        Self {
            party,
            stream: None,
            answered: false,
            holds: false,
            over: false,
            wishes: Wishes::default(),
        }
    }
}

/// Somebody is being called for the lead.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    /// Legs that ring.
    pub(super) legs: BTreeSet<LegId>,
    /// Ways out still to be tried, where it goes outside.
    pub(super) ways: VecDeque<WayOut>,
    /// The number dialled inside.
    pub(super) dialled: String,
    /// The phone on whose account it is.
    pub(super) device: Option<String>,
    /// What follows where nobody answers.
    pub(super) otherwise: Otherwise,
    /// The best told cause so far.
    pub(super) failed: Option<Cause>,
}

/// What follows an attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// The call ends.
    End,
    /// The lead goes there.
    Go(Target),
    /// The lead's flow goes on.
    Flow,
    /// The party that asked for the transfer is told.
    Tell(LegId),
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) report: Report,
    pub(super) site: Arc<Site>,
    /// The party that is led: through the flow, into a queue, to somebody.
    pub(super) lead: LegId,
    pub(super) sides: BTreeMap<LegId, Side>,
    /// The two who speak with one another, or are about to.
    pub(super) pair: Option<(LegId, LegId)>,
    pub(super) attempt: Option<Attempt>,
    /// Where the lead goes once its stream runs.
    pub(super) entry: Option<Entry>,
    pub(super) run: Option<Run>,
    pub(super) state: CallState,
    pub(super) speech: Speech,
    /// Streams that speech was told of.
    pub(super) streams: Vec<StreamId>,
    pub(super) ending: Option<Ending>,
    /// The promise that this call is to keep: the agent leads it, not the caller.
    pub(super) promise: Option<CallId>,
}

/// What the lead meets once its stream runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A flow or a queue.
    Target(Target),
    /// These prompts, and the end.
    Farewell(Vec<String>),
    /// Somebody outside who is owed a call, by that number.
    CallBack(String),
}

impl Call {
    pub(super) fn new(report: Report, site: Arc<Site>, lead: LegId, party: Party) -> Self {
        Self {
            report,
            site,
            lead,
            sides: BTreeMap::from([(lead, Side::new(party))]),
            pair: None,
            attempt: None,
            entry: None,
            run: None,
            state: CallState::Ringing,
            speech: Speech::default(),
            streams: Vec::new(),
            ending: None,
            promise: None,
        }
    }

    pub(super) fn id(&self) -> Uuid {
        self.report.id()
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

    /// The call is over for `cause`; only the first one counts.
    pub(super) fn end(&mut self, now: Instant, cause: Cause) {
        self.state = CallState::Ending;
        self.ending.get_or_insert(Ending { at: now, cause });
    }

    /// A leg is forgotten, with what the media plane said last of it.
    pub(super) fn close(
        &mut self,
        leg: LegId,
        stats: Option<StreamStats>,
        recorded: Option<Recorded>,
    ) {
        self.sides.remove(&leg);
        self.report.media(leg == self.lead, stats, recorded);
    }

    pub(super) fn is_running(&self) -> bool {
        self.ending.is_none()
    }

    /// True when every leg is forgotten.
    pub(super) fn is_closed(&self) -> bool {
        self.sides.is_empty()
    }

    /// Whom `leg` speaks with.
    pub(super) fn partner(&self, leg: LegId) -> Option<LegId> {
        match self.pair {
            Some((one, other)) if one == leg => Some(other),
            Some((one, other)) if other == leg => Some(one),
            _ => None,
        }
    }

    pub(super) fn is_answered(&self, leg: LegId) -> bool {
        self.sides.get(&leg).is_some_and(|side| side.answered)
    }

    pub(super) fn is_open(&self, leg: LegId) -> bool {
        self.sides
            .get(&leg)
            .is_some_and(|side| side.stream.is_some() && !side.over)
    }

    /// The call does something else from `now` on.
    pub(super) fn turn(&mut self, now: Instant, state: CallState, phase: Phase) {
        self.state = state;
        self.report.turn(now, phase);
    }

    /// The one record of an ended call; `None` for one that still runs.
    pub(super) fn finish(self) -> Option<Record> {
        let path = self.path();
        Some(self.report.finish(path, self.ending?))
    }

    /// As a person would tell it.
    pub(super) fn live(&self) -> LiveCall {
        let run = self.run.as_ref();
        let (parties, handled): (&Parties, &Handled) =
            (self.report.parties(), self.report.handled());
        LiveCall {
            id: self.report.id(),
            started: self.report.started(),
            answered: self.report.answered(),
            parties: parties.clone(),
            state: self.state,
            direction: handled.direction,
            agent: handled.agent.clone(),
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
