//! What the switchboard counted: plain numbers, gateway turns them into metrics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::gate::GateStats;

/// Counters since the start, and what is held now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Who was let in and who was not.
    pub gate: GateStats,
    /// What was refused or ignored after the gate.
    pub refused: Refused,
    /// Legs handed to the owner.
    pub legs_started: u64,
    /// Legs that ended, by the word of their cause.
    pub legs_ended: BTreeMap<&'static str, u64>,
    /// Legs held now, ending ones included.
    pub legs: usize,
    /// RTP ports out now.
    pub ports_out: usize,
    /// Phones registered now.
    pub contacts: usize,
    /// Calls that were not sent to a server that asked for fewer (RFC 7339).
    pub shed: u64,
    /// How many of a hundred calls our neighbours are asked to leave out now.
    pub relief_percent: u8,
    /// Unknown sources remembered now.
    pub sources: usize,
    /// Sources banned, those whose ban ended lately included.
    pub bans: usize,
    /// Names by which legs are found now: transactions, dialogs, streams, questions under way.
    pub index: usize,
    /// Deadlines waiting now.
    pub deadlines: usize,
    /// What the SIP endpoint counted.
    pub sip: sip::Stats,
}

impl Stats {
    pub(crate) fn end(&mut self, cause: Cause) {
        *self.legs_ended.entry(cause.word()).or_default() += 1;
    }
}

/// Things turned away or ignored, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// INVITEs answered 503 because all legs are taken.
    pub full: u64,
    /// INVITEs answered 503 because the box does not keep up.
    pub late: u64,
    /// INVITEs answered 503 because the box is stopping.
    pub stopping: u64,
    /// INVITEs answered 422: the session interval is too small.
    pub interval: u64,
    /// INVITEs answered 500: they want something hidden, without fail, that we do not know.
    pub privacy: u64,
    /// Requests with a method that nobody here serves (405, 501).
    pub method: u64,
    /// Registrations refused: of a trunk, for another device's address, malformed, too short.
    pub registrations: u64,
    /// REFERs refused: of a carrier, a second one, or one that names nothing we know.
    pub transfers: u64,
    /// Requests for a dialog or subscription that is not there (481).
    pub stray_requests: u64,
    /// Stream events for a stream that is not there, or that came after its end.
    pub stray_stream_events: u64,
    /// Prompts that the media plane did not have.
    pub missing_prompts: u64,
    /// Digits that came a second time by another road.
    pub doubled_digits: u64,
}
