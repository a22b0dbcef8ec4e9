//! Plays: a frame of ours each beat into the card's buffer, which is kept half full.

use crate::bend::Bend;
use crate::card::{Card, Facts, Fault};
use crate::drift::Drift;
use crate::limits::{FRAME, RATE};
use crate::pace::Pace;
use crate::side::{Work, cushion};
use crate::status::Status;

/// What is needed to play into one card.
#[derive(Debug)]
pub(crate) struct Mouth {
    facts: Facts,
    bend: Bend,
    drift: Drift,
    pace: Pace,
    /// Nothing is in the card's buffer yet.
    is_fresh: bool,
    out: Vec<i16>,
}

impl Mouth {
    /// One frame.
    pub(crate) fn play(
        &mut self,
        card: &mut impl Card,
        frame: &[i16; FRAME],
        status: &mut Status,
    ) -> Result<(), Fault> {
        let mut before = self.held(card)?;
        if std::mem::take(&mut self.is_fresh) {
            self.out.clear();
            self.out.resize(cushion(self.facts), 0);
            card.write(&self.out)?;
            self.drift.refilled();
            before = self.held(card)?;
        } else if self.pace.stays() {
            let surplus = before as f64 - cushion(self.facts) as f64;
            self.drift.turn(surplus / f64::from(self.facts.rate));
        }
        // A card that does not pace has no clock to follow.
        let faster = if self.pace.paces() {
            self.drift.bend()
        } else {
            0.0
        };
        self.bend.push(frame);
        self.out.clear();
        while let Some(sample) = self.bend.pull(faster) {
            self.out.push(sample);
        }
        let wrote = card.write(&self.out)?;
        if wrote < self.out.len() {
            status.overruns += 1;
        }
        let after = self.held(card)?;
        self.pace.saw(wrote, before, after);
        Ok(())
    }

    /// Frames in the card's buffer.
    fn held(&self, card: &mut impl Card) -> Result<usize, Fault> {
        let room = card.room()?;
        Ok((self.facts.buffer as usize).saturating_sub(room))
    }
}

impl Work for Mouth {
    fn begin(facts: Facts) -> Self {
        Self {
            facts,
            bend: Bend::new(RATE, facts.rate),
            drift: Drift::default(),
            pace: Pace::default(),
            is_fresh: true,
            out: Vec::with_capacity(facts.buffer as usize),
        }
    }

    fn restarted(&mut self) {
        self.is_fresh = true;
    }

    fn clock(&self) -> (i32, bool) {
        // Too full means that the card takes less than it is given: it is slow.
        (-self.drift.ppm(), self.pace.paces())
    }
}
