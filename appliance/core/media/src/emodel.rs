//! How good a call sounds, computed: the E-model (ITU-T G.107), reduced to what a box can know.
//!
//! Delay, loss, how bursty the loss is and the codec give the rating R, and R the opinion score. Driven
//! by whoever reports on a stream. Noise, loudness and echo stay at the recommendation's defaults:
//! a box sees packets, not rooms.

use crate::codec::Codec;

/// R of a connection without any of it: G.107's defaults for all that is not measured.
const BEST: f32 = 93.2;
/// Delay up to which nobody minds, ms (G.107: Ta of Idd).
const UNNOTICED: f32 = 100.0;

/// What was measured on one direction of one leg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// The codec that is heard.
    pub codec: Codec,
    /// Mouth to ear in one direction, ms: half the round trip, the jitter buffer, the packet.
    pub delay_ms: f32,
    /// Part of the packets that was not heard, lost or too late, 0..=1.
    pub loss: f32,
    /// How much longer runs of loss are than at random, 1 where they are not (G.107's BurstR).
    pub burst: f32,
}

/// Rating and opinion score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The rating, 0..=100; from 70 on most are satisfied.
    pub r: f32,
    /// The mean opinion score to expect, 1..=4.5.
    pub mos: f32,
}

/// Equipment impairment and robustness against loss of a codec, with the concealment that we have
/// (ITU-T G.113 appendix I; wide band codecs are rated on the narrow band scale, where they lose
/// nothing).
fn impairment(codec: Codec) -> (f32, f32) {
    match codec {
        Codec::Pcma | Codec::Pcmu => (0.0, 25.1),
        Codec::G722 => (0.0, 25.1),
        // No value is standardised; between G.711 and what its own concealment was found to do.
        Codec::Opus => (0.0, 30.0),
    }
}

/// What is to be expected under these conditions. Values beyond their ranges count as the nearest
/// inside; those that are no numbers as 0.
pub fn quality(conditions: Conditions) -> Quality {
    let Conditions {
        codec,
        delay_ms,
        loss,
        burst,
    } = conditions;
    let delay = number(delay_ms, 0.0, 10_000.0);
    let loss = number(loss, 0.0, 1.0) * 100.0;
    let burst = number(burst, 1.0, 1_000.0);
    let (ie, bpl) = impairment(codec);
    let effective = ie + (95.0 - ie) * loss / (loss / burst + bpl);
    let r = (BEST - delay_impairment(delay) - effective).clamp(0.0, 100.0);
    Quality { r, mos: mos(r) }
}

/// Idd of G.107 equation 7-27: the delay itself, without echo.
fn delay_impairment(delay: f32) -> f32 {
    if delay <= UNNOTICED {
        return 0.0;
    }
    let x = (delay / UNNOTICED).log2();
    let root = |y: f32| (1.0 + y.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

/// G.107 annex B: from the rating to the score.
fn mos(r: f32) -> f32 {
    if r <= 0.0 {
        return 1.0;
    }
    if r >= 100.0 {
        return 4.5;
    }
    let mos = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
    // Below R = 6.5 the curve dips under 1, which no score does.
    mos.max(1.0)
}

fn number(value: f32, least: f32, most: f32) -> f32 {
    if value.is_nan() {
        least
    } else {
        value.clamp(least, most)
    }
}

/// How bursty loss is (G.107 section 7.4, BurstR), counted packet by packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bursts {
    heard: u64,
    lost: u64,
    runs: u64,
    losing: bool,
}

impl Bursts {
    /// Counts one packet, or one frame: whether it was heard.
    pub fn take(&mut self, heard: bool) {
        if heard {
            self.heard += 1;
        } else {
            self.lost += 1;
            self.runs += u64::from(!self.losing);
        }
        self.losing = !heard;
    }

    /// Part that was lost, 0..=1.
    pub fn loss(&self) -> f32 {
        let all = self.heard + self.lost;
        if all == 0 {
            return 0.0;
        }
        (self.lost as f64 / all as f64) as f32
    }

    /// Mean length of a run of loss over what it would be at random; 1 where nothing was lost.
    pub fn ratio(&self) -> f32 {
        if self.runs == 0 {
            return 1.0;
        }
        let mean = self.lost as f64 / self.runs as f64;
        // At random a run of loss at rate p is 1 / (1 - p) long.
        let at_random = 1.0 - f64::from(self.loss());
        ((mean * at_random) as f32).max(1.0)
    }
}

#[cfg(test)]
mod tests;
