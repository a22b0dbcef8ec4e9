//! One lane of the uplink: rows that wait, and batches that are under way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::{Pace, Rows, UplinkAct, UplinkConfig};
use crate::batch::encode_batch;
use crate::row::{Lane, Row};

/// A batch under way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) last_seq: u64,
    pub(super) payload: Arc<[u8]>,
    /// Of the publish that waits for its PUBACK on this connection.
    pub(super) token: Option<u64>,
    /// The broker has said at least once that it has it.
    pub(super) is_taken: bool,
    pub(super) sends: u32,
    pub(super) unheard: u32,
    pub(super) sent: Instant,
    pub(super) due: Instant,
}

/// What an ack let go: numbers, and how many.
pub(super) struct Gone {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) rows: u64,
}

#[derive(Debug)]
pub(super) struct LaneState {
    pub(super) lane: Lane,
    /// The store has answered once, so `last_given` is true.
    pub(super) is_known: bool,
    pub(super) last_given: u64,
    /// There may be rows that were not fetched.
    pub(super) wanted: bool,
    pub(super) is_fetching: bool,
    pub(super) flights: BTreeMap<u64, Flight>,
    /// The lowest number still held, once a row was seen.
    base: Option<u64>,
    /// Fetched up to here.
    fetched: u64,
    /// Put into batches up to here.
    sent: u64,
    waiting: VecDeque<Row>,
    waiting_since: Option<Instant>,
}

/// When a batch of the lane is full: rows, and bytes of their bodies.
fn full(lane: Lane) -> (usize, usize) {
    match lane {
        Lane::Alarm => (1, 256 * 1024),
        Lane::Live => (100, 256 * 1024),
        Lane::Bulk => (500, 64 * 1024),
    }
}

impl LaneState {
    pub(super) fn new(lane: Lane) -> Self {
        Self {
            lane,
            is_known: false,
            last_given: 0,
            wanted: false,
            is_fetching: false,
            flights: BTreeMap::new(),
            base: None,
            fetched: 0,
            sent: 0,
            waiting: VecDeque::new(),
            waiting_since: None,
        }
    }

    pub(super) fn poll_fetch(&mut self) -> Option<UplinkAct> {
        let (limit, _) = full(self.lane);
        if !self.wanted || self.is_fetching || self.is_full() {
            return None;
        }
        self.wanted = false;
        self.is_fetching = true;
        Some(UplinkAct::Fetch {
            lane: self.lane,
            after_seq: self.fetched,
            limit,
        })
    }

    pub(super) fn take_rows(&mut self, now: Instant, rows: Rows) {
        self.is_fetching = false;
        self.is_known = true;
        self.last_given = self.last_given.max(rows.last_given);
        self.wanted |= rows.more;
        for row in rows.rows {
            // The first row ever seen is the lowest held: all below were let go after an ack.
            let follows = self.fetched == 0 || row.seq == self.fetched.saturating_add(1);
            if !follows {
                continue;
            }
            self.base.get_or_insert(row.seq);
            self.fetched = row.seq;
            self.last_given = self.last_given.max(row.seq);
            self.waiting_since.get_or_insert(now);
            self.waiting.push_back(row);
        }
    }

    /// When the waiting rows may leave, room and rate allowing.
    pub(super) fn ready_at(&self, pace: &Pace) -> Option<Instant> {
        let since = self.waiting_since?;
        let at_once = self.lane == Lane::Alarm || self.flights.is_empty() || self.is_full();
        Some(if at_once { since } else { since + pace.linger })
    }

    /// Publishes the first batch that is due again.
    pub(super) fn resend(
        &mut self,
        now: Instant,
        token: u64,
        pace: &Pace,
    ) -> Option<(Arc<[u8]>, u64)> {
        let (first, flight) = self
            .flights
            .iter_mut()
            .find(|(_, flight)| flight.due <= now)?;
        flight.launch(now, token, pace);
        Some((Arc::clone(&flight.payload), flight.last_seq - first + 1))
    }

    /// Makes a batch of the waiting rows and publishes it.
    pub(super) fn launch(
        &mut self,
        now: Instant,
        token: u64,
        config: &UplinkConfig,
    ) -> Option<(Arc<[u8]>, u64)> {
        if self.ready_at(&config.pace)? > now {
            return None;
        }
        let batch = self.cut();
        let (first, last_seq) = (batch.first()?.seq, batch.last()?.seq);
        let base = self.base.unwrap_or(first);
        let encoded = encode_batch(&config.box_id, config.epoch, self.lane, base, &batch);
        let Ok(payload) = encoded else {
            // Only an allocation fails here. The rows are in the outbox: the next wake finds them.
            self.waiting.clear();
            self.waiting_since = None;
            self.fetched = self.sent;
            return None;
        };
        let mut flight = Flight {
            last_seq,
            payload: payload.into(),
            token: None,
            is_taken: false,
            sends: 0,
            unheard: 0,
            sent: now,
            due: now,
        };
        flight.launch(now, token, &config.pace);
        let payload = Arc::clone(&flight.payload);
        self.flights.insert(first, flight);
        self.sent = last_seq;
        Some((payload, batch.len() as u64))
    }

    /// Drops what an ack up to `hi` covers; `None` if it covers nothing that was sent and held.
    pub(super) fn let_go(&mut self, hi: u64) -> Option<Gone> {
        let first = self.base?;
        let last = hi.min(self.sent);
        if last < first {
            return None;
        }
        self.base = Some(last + 1);
        self.flights.retain(|_, flight| flight.last_seq > last);
        Some(Gone {
            first,
            last,
            rows: last - first + 1,
        })
    }

    fn is_full(&self) -> bool {
        let (rows, bytes) = full(self.lane);
        self.waiting.len() >= rows
            || self.waiting.iter().map(|row| row.body.len()).sum::<usize>() >= bytes
    }

    fn cut(&mut self) -> Vec<Row> {
        let (most, bytes) = full(self.lane);
        let mut batch = Vec::new();
        let mut size = 0usize;
        while let Some(row) = self.waiting.front() {
            let would = size.saturating_add(row.body.len());
            if batch.len() >= most || (!batch.is_empty() && would > bytes) {
                break;
            }
            size = would;
            batch.extend(self.waiting.pop_front());
        }
        if self.waiting.is_empty() {
            self.waiting_since = None;
        }
        batch
    }
}

impl Flight {
    fn launch(&mut self, now: Instant, token: u64, pace: &Pace) {
        self.token = Some(token);
        self.sends += 1;
        self.sent = now;
        self.due = now + pace.resend_after(self.sends);
    }
}
