//! The one table of deadlines of an endpoint: when to wake, for whom and why.
//!
//! Each owner has at most one deadline per reason; setting it again moves it. All is O(log n), and waking
//! touches only what is due.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// Why an endpoint wants to be woken; the letters are RFC 3261's and 6026's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// Client INVITE: send it again (A).
    InviteRetransmit,
    /// Client INVITE: nobody answered (B).
    InviteTimeout,
    /// Client INVITE: stop absorbing copies of a refusal (D).
    RefusalLinger,
    /// Client non-INVITE: send it again (E).
    RequestRetransmit,
    /// Client non-INVITE: nobody answered (F).
    RequestTimeout,
    /// Server INVITE: send the refusal again (G).
    RefusalRetransmit,
    /// Server INVITE: the ACK to a refusal never came (H).
    RefusalUnacknowledged,
    /// Server INVITE: stop absorbing copies of the ACK (I).
    AckLinger,
    /// Client non-INVITE: stop absorbing copies of the answer (K).
    AnswerLinger,
    /// Server non-INVITE: stop absorbing copies of the request (J).
    RequestLinger,
    /// Server INVITE accepted: stop absorbing copies of the INVITE (L).
    AcceptedLinger,
    /// Client INVITE accepted: stop taking 2xx of other branches (M).
    ForkLinger,
    /// Server INVITE: nothing said for 200 ms, so 100 Trying is due.
    Trying,
    /// Dialog: send the 2xx again until its ACK (13.3.1.4).
    AnswerRetransmit,
    /// Dialog: the ACK to a 2xx never came (13.3.1.4).
    AnswerUnacknowledged,
    /// Server INVITE: send the reliable 1xx again until its PRACK (RFC 3262 3).
    ProgressRetransmit,
    /// Server INVITE: the PRACK to a reliable 1xx never came.
    ProgressUnacknowledged,
    /// Client INVITE cancelled, but no final answer came (9.1).
    CancelTimeout,
}

/// Deadlines of owners `O`, each with its reason.
#[derive(Debug)]
pub(crate) struct Deadlines<O> {
    queue: BTreeSet<(Instant, O, Reason)>,
    armed: BTreeMap<(O, Reason), Instant>,
}

impl<O: Copy + Ord> Deadlines<O> {
    pub(crate) fn new() -> Self {
        Self {
            queue: BTreeSet::new(),
            armed: BTreeMap::new(),
        }
    }

    /// Wakes `owner` at `at` for `reason`, and no more at an earlier set time.
    pub(crate) fn set(&mut self, owner: O, reason: Reason, at: Instant) {
        if let Some(before) = self.armed.insert((owner, reason), at) {
            self.queue.remove(&(before, owner, reason));
        }
        self.queue.insert((at, owner, reason));
    }

    /// Forgets `owner`'s deadline for `reason`.
    pub(crate) fn clear(&mut self, owner: O, reason: Reason) {
        if let Some(at) = self.armed.remove(&(owner, reason)) {
            self.queue.remove(&(at, owner, reason));
        }
    }

    /// Forgets all deadlines of `owner`.
    pub(crate) fn clear_all(&mut self, owner: O) {
        let range = (owner, Reason::InviteRetransmit)..=(owner, Reason::CancelTimeout);
        while let Some(((_, reason), _)) = self.armed.range(range.clone()).next() {
            let reason = *reason;
            self.clear(owner, reason);
        }
    }

    /// Whether `owner` waits for `reason`.
    pub(crate) fn is_set(&self, owner: O, reason: Reason) -> bool {
        self.armed.contains_key(&(owner, reason))
    }

    /// When `owner` is woken, and for what.
    pub(crate) fn of(&self, owner: O) -> impl Iterator<Item = (Reason, Instant)> {
        let range = (owner, Reason::InviteRetransmit)..=(owner, Reason::CancelTimeout);
        let armed = self.armed.range(range);
        armed.map(|((_, reason), at)| (*reason, *at))
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<(Instant, Reason)> {
        self.queue.first().map(|(at, _, reason)| (*at, *reason))
    }

    /// Takes the earliest deadline if it is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(O, Reason)> {
        let (at, owner, reason) = *self.queue.first()?;
        if at > now {
            return None;
        }
        self.clear(owner, reason);
        Some((owner, reason))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
