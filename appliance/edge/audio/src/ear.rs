//! Listens: a frame each beat out of the card's buffer, in which a cushion stays.

use crate::bend::Bend;
use crate::card::{Card, Facts, Fault};
use crate::drift::Drift;
use crate::limits::{FRAME, RATE};
use crate::pace::Pace;
use crate::side::{Work, cushion};
use crate::status::Status;

/// What is needed to listen to one card.
#[derive(Debug)]
pub(crate) struct Ear {
    facts: Facts,
    bend: Bend,
    drift: Drift,
    pace: Pace,
    /// The cushion is not there yet.
    is_fresh: bool,
    taken: Vec<i16>,
}

impl Ear {
    /// One frame; silence while the card has not given enough.
    pub(crate) fn listen(
        &mut self,
        card: &mut impl Card,
        frame: &mut [i16; FRAME],
        status: &mut Status,
    ) -> Result<(), Fault> {
        frame.fill(0);
        let mut held = card.room()?;
        let cushion = cushion(self.facts);
        let unit = self.facts.rate as usize / 50;
        if self.is_fresh {
            if held < cushion + unit {
                return Ok(());
            }
            self.is_fresh = false;
            // What came while nobody listened is of no use.
            if self.pace.paces() {
                held -= self.skip(card, held - cushion - unit)?;
            }
            self.drift.refilled();
        } else if self.pace.stays() {
            let surplus = held as f64 - (cushion + unit) as f64;
            self.drift.turn(surplus / f64::from(self.facts.rate));
        }
        let faster = if self.pace.paces() {
            self.drift.bend()
        } else {
            0.0
        };
        let wanted = self.bend.wants(FRAME, faster);
        if held < wanted {
            status.underruns += 1;
            self.is_fresh = true;
            return Ok(());
        }
        self.taken.resize(wanted, 0);
        let read = card.read(&mut self.taken)?;
        let left = card.room()?;
        let lacked = |held: usize| (self.facts.buffer as usize).saturating_sub(held);
        let (before, after) = (lacked(held), lacked(left));
        self.pace.saw(read, before, after);
        self.taken.truncate(read);
        self.bend.push(&self.taken);
        for place in frame {
            *place = self.bend.pull(faster).unwrap_or(0);
        }
        Ok(())
    }

    fn skip(&mut self, card: &mut impl Card, count: usize) -> Result<usize, Fault> {
        self.taken.resize(count, 0);
        if count == 0 {
            return Ok(0);
        }
        card.read(&mut self.taken)
    }
}

impl Work for Ear {
    fn begin(facts: Facts) -> Self {
        Self {
            facts,
            bend: Bend::new(facts.rate, RATE),
            drift: Drift::default(),
            pace: Pace::default(),
            is_fresh: true,
            taken: Vec::with_capacity(facts.buffer as usize),
        }
    }

    fn restarted(&mut self) {
        self.is_fresh = true;
    }

    fn clock(&self) -> (i32, bool) {
        (self.drift.ppm(), self.pace.paces())
    }
}
