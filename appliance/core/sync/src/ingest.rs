//! Central's side of one box, epoch and lane: which numbers are in, without a gap.
//!
//! The driver loads the [`Cursor`] under lock, hands in the header of every batch whose rows it
//! inserts in the same transaction, stores the cursor, COMMITs, and only then sends [`Ingest::ack`].
//! A shared subscription may bring batches in any order, so a maximum would be a lie: numbers
//! beyond a gap are kept as ranges until the gap closes.

use serde::{Deserialize, Serialize};

use crate::ack::{Ack, Rejection};
use crate::batch::BatchHeader;
use crate::limits::{MAX_AHEAD_RANGES, MAX_REJECTIONS, MAX_WHY_CHARS};
use crate::row::{Epoch, Lane};

/// What central remembers durably of one box, epoch and lane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Everything up to here is in.
    pub hi: u64,
    /// Ranges beyond a gap, ascending, disjoint, not touching: first and last number.
    pub ahead: Vec<(u64, u64)>,
}

/// What a batch did to the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// It brought new numbers.
    New,
    /// All its numbers were in already. Insert the rows all the same: identity is the record's id.
    Repeated,
    /// It lies beyond a gap and there is no room to remember it; the box will send it again.
    TooFarAhead,
}

/// The machine: a cursor on its way from one COMMIT to the next.
#[derive(Clone, Debug)]
pub struct Ingest {
    epoch: Epoch,
    lane: Lane,
    cursor: Option<Cursor>,
    base: u64,
    lost: u64,
}

impl Ingest {
    /// Begins with what was stored, if anything was.
    pub fn new(epoch: Epoch, lane: Lane, stored: Option<Cursor>) -> Self {
        Self {
            epoch,
            lane,
            cursor: stored,
            base: u64::MAX,
            lost: 0,
        }
    }

    /// Takes a batch whose rows go into the same transaction.
    pub fn handle_batch(&mut self, header: &BatchHeader) -> Took {
        self.base = self.base.min(header.base);
        let below = header.base.saturating_sub(1);
        // A box never met before starts at its own base; it may have a history elsewhere.
        let cursor = self.cursor.get_or_insert_with(|| Cursor {
            hi: below,
            ahead: Vec::new(),
        });
        if below > cursor.hi {
            // The box has our acks up to `below`, we do not: this database was restored. Its
            // numbers will never come again, so waiting for them would stop the lane.
            self.lost += missing(cursor, below);
            cursor.hi = below;
            cursor.settle();
        }
        cursor.insert(header.first_seq, header.last_seq())
    }

    /// The cursor to store in the same transaction.
    pub fn cursor(&self) -> Cursor {
        self.cursor.clone().unwrap_or_default()
    }

    /// The lowest number any handed-in batch said its box still holds.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Numbers the box has acks for and this database does not have: it was restored.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The ack to send after COMMIT. `rejected`: all rejections stored from [`Self::base`] up to
    /// the cursor, ascending, at most [`MAX_REJECTIONS`] + 1 of them.
    pub fn ack(&self, mut rejected: Vec<Rejection>, max_rate: Option<u32>) -> Ack {
        let mut hi = self.cursor().hi;
        if let Some(unnamed) = rejected.get(MAX_REJECTIONS) {
            hi = hi.min(unnamed.seq.saturating_sub(1));
            rejected.truncate(MAX_REJECTIONS);
        }
        rejected.retain(|r| r.seq <= hi);
        for rejection in &mut rejected {
            rejection.why = rejection.why.chars().take(MAX_WHY_CHARS).collect();
        }
        Ack {
            epoch: self.epoch,
            lane: self.lane,
            hi_contiguous: hi,
            rejected,
            max_rate,
        }
    }
}

impl Cursor {
    fn insert(&mut self, first: u64, last: u64) -> Took {
        if last <= self.hi || self.ahead.iter().any(|&(a, b)| a <= first && last <= b) {
            return Took::Repeated;
        }
        let before = self.clone();
        self.ahead.push((first, last));
        self.settle();
        if self.ahead.len() > MAX_AHEAD_RANGES {
            *self = before;
            return Took::TooFarAhead;
        }
        Took::New
    }

    /// Sorts, joins touching ranges, and lets `hi` swallow those it reaches.
    fn settle(&mut self) {
        self.ahead.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(self.ahead.len());
        for &(first, last) in &self.ahead {
            if first <= self.hi.saturating_add(1) {
                self.hi = self.hi.max(last);
                continue;
            }
            match joined.last_mut() {
                Some(open) if first <= open.1.saturating_add(1) => open.1 = open.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        self.ahead = joined;
    }
}

/// How many numbers up to `below` the cursor has never seen.
fn missing(cursor: &Cursor, below: u64) -> u64 {
    let held: u64 = cursor
        .ahead
        .iter()
        .map(|&(first, last)| last.min(below).saturating_add(1).saturating_sub(first))
        .sum();
    (below - cursor.hi).saturating_sub(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(base: u64, first: u64, last: u64) -> BatchHeader {
        BatchHeader {
            box_id: "b".into(),
            epoch: Epoch(1),
            lane: Lane::Live,
            base,
            first_seq: first,
            count: u32::try_from(last - first + 1).unwrap(),
        }
    }

    fn fresh() -> Ingest {
        Ingest::new(Epoch(1), Lane::Live, None)
    }

    #[test]
    fn a_gap_holds_the_ack_back_until_it_closes() {
        let mut ingest = fresh();
        assert_eq!(ingest.handle_batch(&header(1, 1, 10)), Took::New);
        assert_eq!(ingest.handle_batch(&header(1, 21, 30)), Took::New);
        assert_eq!(ingest.ack(vec![], None).hi_contiguous, 10);
        assert_eq!(ingest.handle_batch(&header(1, 21, 30)), Took::Repeated);
        assert_eq!(ingest.handle_batch(&header(1, 11, 20)), Took::New);
        assert_eq!(
            ingest.cursor(),
            Cursor {
                hi: 30,
                ahead: vec![]
            }
        );
    }

    #[test]
    fn a_restored_database_goes_on_and_says_what_it_lost() {
        let stored = Cursor {
            hi: 10,
            ahead: vec![(15, 16)],
        };
        let mut ingest = Ingest::new(Epoch(1), Lane::Live, Some(stored));
        ingest.handle_batch(&header(21, 21, 22));
        assert_eq!((ingest.lost(), ingest.cursor().hi), (8, 22));
    }

    #[test]
    fn scattered_batches_are_forgotten_rather_than_hoarded() {
        let mut ingest = fresh();
        for n in 0..MAX_AHEAD_RANGES as u64 {
            assert_eq!(
                ingest.handle_batch(&header(1, 10 + 2 * n, 10 + 2 * n)),
                Took::New
            );
        }
        assert_eq!(
            ingest.handle_batch(&header(1, 9000, 9001)),
            Took::TooFarAhead
        );
        assert_eq!(ingest.cursor().ahead.len(), MAX_AHEAD_RANGES);
    }

    #[test]
    fn an_ack_never_passes_a_rejection_it_does_not_name() {
        let mut ingest = fresh();
        ingest.handle_batch(&header(1, 1, 500));
        let id = uuid::Uuid::nil();
        let rejected: Vec<_> = (100..100 + MAX_REJECTIONS as u64 + 1)
            .map(|seq| Rejection {
                seq,
                id,
                why: "x".repeat(999),
            })
            .collect();
        let ack = ingest.ack(rejected, Some(7));
        assert_eq!(ack.rejected.len(), MAX_REJECTIONS);
        assert_eq!(ack.hi_contiguous, 100 + MAX_REJECTIONS as u64 - 1);
        assert_eq!(Ack::decode(&ack.encode()).unwrap(), ack);
    }
}
