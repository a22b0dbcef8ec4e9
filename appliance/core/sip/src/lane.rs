//! What every transaction and dialog of an endpoint shares: the way out, the deadlines, the counters.
//!
//! Kept apart from the tables of transactions and dialogs, so that one of those can be changed while it sends.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::deadline::{Deadlines, Reason};
use crate::endpoint::{DialogId, Event, Stats, Timers, Transmit, TxId};
use crate::transport::Peer;

/// Whom a deadline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owner {
    Tx(TxId),
    Dialog(DialogId),
}

/// The shared way out.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) out: VecDeque<Transmit>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) deadlines: Deadlines<Owner>,
    pub(crate) timers: Timers,
    pub(crate) stats: Stats,
}

impl Lane {
    pub(crate) fn new(timers: Timers) -> Self {
        Self {
            out: VecDeque::new(),
            events: VecDeque::new(),
            deadlines: Deadlines::new(),
            timers,
            stats: Stats::default(),
        }
    }

    /// Sends a message for the first time.
    pub(crate) fn send(&mut self, to: Peer, bytes: Vec<u8>) {
        self.stats.sent += 1;
        self.out.push_back(Transmit { to, bytes });
    }

    /// Sends a copy of a message.
    pub(crate) fn resend(&mut self, to: Peer, bytes: &[u8]) {
        self.stats.retransmissions_sent += 1;
        self.send(to, bytes.to_vec());
    }

    /// Wakes a transaction `after` from now.
    pub(crate) fn wake_tx(&mut self, tx: TxId, reason: Reason, now: Instant, after: Duration) {
        self.deadlines.set(Owner::Tx(tx), reason, now + after);
    }

    /// Wakes a dialog `after` from now.
    pub(crate) fn wake_dialog(
        &mut self,
        id: DialogId,
        reason: Reason,
        now: Instant,
        after: Duration,
    ) {
        self.deadlines.set(Owner::Dialog(id), reason, now + after);
    }
}
