//! Client transactions: a request of ours from its first sending until no copy of its answer can come any
//! more (RFC 3261 17.1, RFC 6026 7.2).

use std::time::{Duration, Instant};

use crate::deadline::Reason;
use crate::endpoint::TxId;
use crate::lane::{Lane, Owner};
use crate::transaction::key::Key;
use crate::transport::Peer;

/// How far a client transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing heard yet (Calling, Trying).
    Calling,
    /// A 1xx was heard.
    Proceeding,
    /// The final answer was heard (for INVITE: a refusal, acknowledged).
    Completed,
    /// An INVITE was answered 2xx; more may come from other branches.
    Accepted,
}

/// What a response is to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Told to the user of the transaction.
    Fresh,
    /// A copy, absorbed; a copied refusal was acknowledged again.
    Copy,
}

/// What a due deadline did to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It lives on.
    Lives,
    /// Nobody answered; it is over and its user must be told.
    TimedOut,
    /// It is over.
    Gone,
}

/// A client transaction.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: TxId,
    pub(crate) state: State,
    pub(crate) key: Key,
    pub(crate) to: Peer,
    is_invite: bool,
    /// The request, and once refused its ACK: what is sent again.
    bytes: Vec<u8>,
    interval: Duration,
}

impl Client {
    /// Whether it does nothing any more but absorb copies of an answer, which nobody would miss. A refused
    /// INVITE still acknowledges them.
    pub(crate) fn is_finished(&self) -> bool {
        self.state == State::Completed && !self.is_invite
    }

    /// Sends `bytes` and begins to wait.
    pub(crate) fn start(
        lane: &mut Lane,
        now: Instant,
        id: TxId,
        key: Key,
        is_invite: bool,
        to: (Peer, Vec<u8>),
    ) -> Self {
        let (to, bytes) = to;
        let interval = lane.timers.t1;
        let (again, give_up) = if is_invite {
            (Reason::InviteRetransmit, Reason::InviteTimeout)
        } else {
            (Reason::RequestRetransmit, Reason::RequestTimeout)
        };
        lane.send(to, bytes.clone());
        // A reliable transport sends again by itself (17.1.1.2, 17.1.2.2).
        if !to.transport.is_reliable() {
            lane.wake_tx(id, again, now, interval);
        }
        lane.wake_tx(id, give_up, now, lane.timers.patience());
        Self {
            id,
            state: State::Calling,
            key,
            to,
            is_invite,
            bytes,
            interval,
        }
    }

    /// Takes a response with this status.
    pub(crate) fn handle_response(&mut self, lane: &mut Lane, now: Instant, status: u16) -> News {
        let is_waiting = matches!(self.state, State::Calling | State::Proceeding);
        if !is_waiting {
            // Only a 2xx may still bring news: another branch of a forked INVITE (RFC 6026 7.2).
            if self.state == State::Accepted && (200..300).contains(&status) {
                return News::Fresh;
            }
            lane.stats.retransmissions_received += 1;
            if self.state == State::Completed && self.is_invite && status >= 300 {
                lane.resend(self.to, &self.bytes);
            }
            return News::Copy;
        }
        match status {
            100..200 => self.proceed(lane),
            200..300 if self.is_invite => {
                self.finish(lane, State::Accepted);
                lane.wake_tx(self.id, Reason::ForkLinger, now, lane.timers.patience());
            }
            _ if self.is_invite => {
                self.finish(lane, State::Completed);
                let linger = lane.timers.patience().max(Duration::from_secs(32));
                let linger = self.linger(linger);
                lane.wake_tx(self.id, Reason::RefusalLinger, now, linger);
            }
            _ => {
                self.finish(lane, State::Completed);
                let linger = self.linger(lane.timers.t4);
                lane.wake_tx(self.id, Reason::AnswerLinger, now, linger);
            }
        }
        News::Fresh
    }

    /// Acknowledges a refusal; copies of it are acknowledged alike from now on.
    pub(crate) fn acknowledge(&mut self, lane: &mut Lane, ack: Vec<u8>) {
        lane.send(self.to, ack.clone());
        self.bytes = ack;
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, lane: &mut Lane, now: Instant, reason: Reason) -> Fate {
        match reason {
            Reason::InviteRetransmit => {
                lane.resend(self.to, &self.bytes);
                self.interval *= 2;
                lane.wake_tx(self.id, reason, now, self.interval);
                Fate::Lives
            }
            Reason::RequestRetransmit => {
                lane.resend(self.to, &self.bytes);
                let t2 = lane.timers.t2;
                let is_known = self.state == State::Proceeding;
                self.interval = if is_known {
                    t2
                } else {
                    (self.interval * 2).min(t2)
                };
                lane.wake_tx(self.id, reason, now, self.interval);
                Fate::Lives
            }
            Reason::InviteTimeout | Reason::RequestTimeout | Reason::CancelTimeout => {
                lane.stats.timeouts += 1;
                Fate::TimedOut
            }
            _ => Fate::Gone,
        }
    }

    /// A 1xx: an INVITE is not sent again and may ring for as long as it likes; another request slows down.
    fn proceed(&mut self, lane: &mut Lane) {
        self.state = State::Proceeding;
        if self.is_invite {
            lane.deadlines
                .clear(Owner::Tx(self.id), Reason::InviteRetransmit);
            lane.deadlines
                .clear(Owner::Tx(self.id), Reason::InviteTimeout);
        }
    }

    /// How long copies of the answer may still come; none do on a reliable transport (timers D and K).
    fn linger(&self, unreliable: Duration) -> Duration {
        if self.to.transport.is_reliable() {
            Duration::ZERO
        } else {
            unreliable
        }
    }

    fn finish(&mut self, lane: &mut Lane, state: State) {
        self.state = state;
        lane.deadlines.clear_all(Owner::Tx(self.id));
        self.bytes = Vec::new();
    }
}
