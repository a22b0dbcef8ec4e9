//! Follows a card's clock: how much faster it runs than ours, from how full its buffer is.
//!
//! A control loop of the second order, critically damped, slow enough that nobody hears it: the card's
//! buffer is the only thing looked at. Pure arithmetic, one step a frame.

use crate::limits::{FRAME_TIME, MAX_DRIFT};

/// Natural frequency of the loop, radians a second: a step is answered within a minute.
const SPEED: f64 = 0.06;
/// Weight of one look at the buffer: a second's worth of them counts.
const WEIGHT: f64 = 0.02;

/// One card's clock against ours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Drift {
    /// How much too full the buffer is, seconds, smoothed.
    surplus: Option<f64>,
    /// What was learnt of the card's clock.
    learnt: f64,
    /// What is applied.
    bend: f64,
}

impl Drift {
    /// One look: the buffer holds `surplus` seconds more than it should. Gives the part by which samples
    /// are to be taken from the card faster; for a speaker, the part by which it is to be given fewer.
    pub(crate) fn turn(&mut self, surplus: f64) -> f64 {
        let before = self.surplus.unwrap_or(surplus);
        let smooth = before + (surplus - before) * WEIGHT;
        self.surplus = Some(smooth);
        let dt = FRAME_TIME.as_secs_f64();
        let learnt = self.learnt + smooth * SPEED * SPEED * dt;
        self.learnt = learnt.clamp(-MAX_DRIFT, MAX_DRIFT);
        self.bend = (self.learnt + smooth * 2.0 * SPEED).clamp(-MAX_DRIFT, MAX_DRIFT);
        self.bend
    }

    /// The buffer was filled anew: what was seen of it counts no more, what was learnt does.
    pub(crate) fn refilled(&mut self) {
        self.surplus = None;
        self.bend = self.learnt;
    }

    /// What is applied.
    pub(crate) fn bend(&self) -> f64 {
        self.bend
    }

    /// How much faster than ours the clock is that fills the buffer, millionths.
    pub(crate) fn ppm(&self) -> i32 {
        (self.learnt * 1e6).round() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_that_is_off_is_learnt_and_the_buffer_stays_where_it_should() {
        for off in [0.0, 50e-6, -300e-6, 1_000e-6] {
            let mut drift = Drift::default();
            let (mut surplus, mut worst) = (0.0, 0.0f64);
            for _ in 0..50 * 600 {
                let bend = drift.turn(surplus);
                surplus += (off - bend) * FRAME_TIME.as_secs_f64();
                worst = worst.max(f64::abs(surplus));
            }
            assert!((f64::from(drift.ppm()) - off * 1e6).abs() < 2.0, "{off}");
            assert!(worst < 0.012 && surplus.abs() < 0.000_5, "{off}: {worst}");
        }
    }

    #[test]
    fn no_clock_is_followed_beyond_what_a_quartz_can_be_off() {
        let mut drift = Drift::default();
        for _ in 0..50 * 3_600 {
            assert!(drift.turn(5.0).abs() <= MAX_DRIFT);
        }
    }
}
