//! The box's side: which rows to fetch, batch, publish, publish again, and at last let go.
//!
//! Driven by `link`: `handle_*` what the world did, then [`Uplink::poll`] until it is `None`,
//! then sleep until [`Uplink::poll_timeout`]. The outbox table is the ledger; this machine holds
//! only what is under way and may be thrown away at any moment. A row is let go for one reason
//! alone: an ack of central that covers it. A PUBACK lets go of nothing.

mod acts;
mod lane;
mod pace;

use std::collections::VecDeque;
use std::time::Instant;

use crate::ack::{Ack, AckError};
use crate::limits::MAX_IN_FLIGHT;
use crate::row::{Epoch, Lane};
pub use acts::{Heard, Reason, Rows, Stats, UplinkAct, UplinkConfig};
use lane::LaneState;
use pace::Bucket;
pub use pace::Pace;

/// The machine; see the module for the order of calls.
#[derive(Debug)]
pub struct Uplink {
    config: UplinkConfig,
    now: Instant,
    connected: bool,
    lanes: [LaneState; 3],
    bucket: Bucket,
    next_token: u64,
    acts: VecDeque<UplinkAct>,
    awaiting_epoch: bool,
    stats: Stats,
}

impl Uplink {
    /// A machine that holds nothing yet; `now` is any moment not after the first input.
    pub fn new(config: UplinkConfig, now: Instant) -> Self {
        Self {
            config,
            now,
            connected: false,
            lanes: Lane::ALL.map(LaneState::new),
            bucket: Bucket::new(now),
            next_token: 1,
            acts: VecDeque::new(),
            awaiting_epoch: false,
            stats: Stats::default(),
        }
    }

    /// Connected, and the subscription to acks is confirmed. A broker that kept the session still
    /// has what it PUBACKed; all else goes again at once.
    pub fn handle_connected(&mut self, now: Instant, session_present: bool) {
        self.now = now;
        self.connected = true;
        for lane in &mut self.lanes {
            lane.wanted = true;
            for flight in lane.flights.values_mut() {
                flight.token = None;
                if !(session_present && flight.is_taken) {
                    flight.is_taken = false;
                    flight.due = now;
                    flight.sends = 0;
                }
            }
        }
    }

    /// The connection is gone; nothing is forgotten.
    pub fn handle_disconnected(&mut self, now: Instant) {
        self.now = now;
        self.connected = false;
        for lane in &mut self.lanes {
            lane.is_fetching = false;
            for flight in lane.flights.values_mut() {
                flight.token = None;
            }
        }
        self.acts.retain(|act| *act != UplinkAct::Reconnect);
    }

    /// The store has new rows.
    pub fn handle_wake(&mut self, now: Instant) {
        self.now = now;
        for lane in &mut self.lanes {
            lane.wanted = true;
        }
    }

    /// The answer to a `Fetch`. Rows that do not follow on what is known are dropped.
    pub fn handle_rows(&mut self, now: Instant, rows: Rows) {
        self.now = now;
        if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.lane == rows.lane) {
            lane.take_rows(now, rows);
        }
    }

    /// A `Fetch` failed; it is asked again with the next wake or connection.
    pub fn handle_fetch_failed(&mut self, now: Instant, lane: Lane) {
        self.now = now;
        if let Some(lane) = self.lanes.iter_mut().find(|state| state.lane == lane) {
            lane.is_fetching = false;
        }
    }

    /// The broker answered a publish of this connection.
    pub fn handle_puback(&mut self, now: Instant, token: u64, heard: Heard) {
        self.now = now;
        let pace = self.config.pace;
        let flight = self
            .lanes
            .iter_mut()
            .flat_map(|lane| lane.flights.values_mut())
            .find(|flight| flight.token == Some(token));
        let Some(flight) = flight else { return };
        flight.token = None;
        match heard {
            Heard::Taken => flight.is_taken = true,
            Heard::ByNobody => {
                self.stats.unheard += 1;
                flight.unheard += 1;
                flight.due = now + pace.unheard_after(flight.unheard);
            }
            Heard::Refused => {}
        }
    }

    /// A message on the ack topic.
    ///
    /// # Errors
    /// [`AckError`] for bytes that are no ack; counted, and otherwise without effect.
    pub fn handle_ack(&mut self, now: Instant, bytes: &[u8]) -> Result<(), AckError> {
        self.now = now;
        let ack = Ack::decode(bytes).inspect_err(|_| self.stats.malformed_acks += 1)?;
        if ack.epoch != self.config.epoch {
            self.stats.stale_acks += 1;
            return Ok(());
        }
        self.bucket.set_rate(now, ack.max_rate);
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.lane == ack.lane) else {
            return Ok(());
        };
        if lane.is_known && ack.hi_contiguous > lane.last_given {
            if !self.awaiting_epoch {
                self.awaiting_epoch = true;
                self.acts.push_back(UplinkAct::NewEpoch);
            }
            return Ok(());
        }
        let Some(upto) = lane.let_go(ack.hi_contiguous) else {
            self.stats.stale_acks += 1;
            return Ok(());
        };
        self.stats.acked_rows += upto.rows;
        let held = upto.first..=upto.last;
        let mut rejected = ack.rejected;
        rejected.retain(|rejection| held.contains(&rejection.seq));
        self.stats.rejected_rows += rejected.len() as u64;
        self.acts.push_back(UplinkAct::Settle {
            lane: ack.lane,
            upto: upto.last,
            rejected,
        });
        Ok(())
    }

    /// The store began a new epoch: everything under way is batched anew under it.
    pub fn handle_epoch(&mut self, now: Instant, epoch: Epoch) {
        self.now = now;
        self.config.epoch = epoch;
        self.awaiting_epoch = false;
        self.lanes = Lane::ALL.map(LaneState::new);
        for lane in &mut self.lanes {
            lane.wanted = true;
        }
        self.acts
            .retain(|act| matches!(act, UplinkAct::Settle { .. }));
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        if self.stalled_at().is_some_and(|at| at <= now) {
            self.stats.stalls += 1;
            for flight in self
                .lanes
                .iter_mut()
                .flat_map(|lane| lane.flights.values_mut())
            {
                flight.token = None;
            }
            self.acts.push_back(UplinkAct::Reconnect);
        }
    }

    /// What must be done now.
    pub fn poll(&mut self) -> Option<UplinkAct> {
        if let Some(act) = self.acts.pop_front() {
            return Some(act);
        }
        if !self.connected || self.awaiting_epoch {
            return None;
        }
        self.poll_publish()
            .or_else(|| self.lanes.iter_mut().find_map(LaneState::poll_fetch))
    }

    /// When to call `handle_timeout`, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        if !self.connected || self.awaiting_epoch {
            return None;
        }
        let mut at = self.stalled_at().map(|at| (at, Reason::Stall));
        let mut sooner = |when: Instant, why: Reason| {
            if at.is_none_or(|(at, _)| when < at) {
                at = Some((when, why));
            }
        };
        let has_room = self.in_flight() < MAX_IN_FLIGHT;
        for lane in &self.lanes {
            let free = if lane.lane == Lane::Alarm {
                self.now
            } else {
                self.bucket.free_at()
            };
            for flight in lane.flights.values() {
                let why = if flight.due < free {
                    Reason::Rate
                } else {
                    Reason::Resend
                };
                sooner(flight.due.max(free), why);
            }
            if let Some(ready) = lane.ready_at(&self.config.pace).filter(|_| has_room) {
                let why = if ready < free {
                    Reason::Rate
                } else {
                    Reason::Linger
                };
                sooner(ready.max(free), why);
            }
        }
        at
    }

    /// Batches published and not acknowledged by central.
    pub fn in_flight(&self) -> usize {
        self.lanes.iter().map(|lane| lane.flights.len()).sum()
    }

    /// Counters.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn poll_publish(&mut self) -> Option<UplinkAct> {
        let has_room = self.in_flight() < MAX_IN_FLIGHT;
        let free = self.bucket.free_at();
        for lane in &mut self.lanes {
            if lane.lane != Lane::Alarm && free > self.now {
                continue;
            }
            let token = self.next_token;
            let sent = match lane.resend(self.now, token, &self.config.pace) {
                Some(sent) => {
                    self.stats.resent += 1;
                    Some(sent)
                }
                None if has_room => lane.launch(self.now, token, &self.config).inspect(|_| {
                    self.stats.published += 1;
                }),
                None => None,
            };
            if let Some((payload, rows)) = sent {
                self.next_token += 1;
                self.bucket.spend(self.now, rows);
                return Some(UplinkAct::Publish {
                    lane: lane.lane,
                    payload,
                    token,
                });
            }
        }
        None
    }

    /// When the oldest unanswered publish of this connection counts as a stall.
    fn stalled_at(&self) -> Option<Instant> {
        let flights = self.lanes.iter().flat_map(|lane| lane.flights.values());
        let oldest = flights
            .filter(|flight| flight.token.is_some())
            .map(|f| f.sent)
            .min()?;
        Some(oldest + self.config.pace.stall)
    }
}
