//! What arrived of one source: sequence numbers, loss and jitter (RFC 3550 appendix A.1, A.3, A.8).
//!
//! How loss is spread is counted beside it. Arrival times are arguments. Duplicates and reordering within the last 64 packets are told apart.

use crate::emodel::Bursts;
use crate::gaps::{Gaps, Spread};

/// A jump forward of more than this is not loss but a new sequence (RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3_000;
/// Packets remembered behind the highest, to tell a reordered one from a duplicate.
const WINDOW: u32 = 64;
/// Transit changes above this many samples (4 s) are a new clock, not jitter.
const MAX_TRANSIT_STEP: i64 = 32_000;

/// What a sequence number turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// New, or reordered within the window.
    Good,
    /// Seen before, or too old to know.
    Duplicate,
    /// Far from the sequence: not counted, until its successor confirms the jump.
    Jump,
}

/// Loss and jitter as a report block carries them (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source reported on.
    pub ssrc: u32,
    /// Lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Lost since the first packet; 24 bits, clamped.
    pub cumulative_lost: u32,
    /// Highest sequence number with its wraps above.
    pub highest: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report, 0 where none came.
    pub last_sr: u32,
    /// Time since that report, in 65536ths of a second.
    pub delay_since_sr: u32,
}

/// One source's reception.
#[derive(Clone, Debug)]
pub struct Reception {
    ssrc: u32,
    first: u32,
    highest: u32,
    seen: u64,
    received: u64,
    /// Lost before the last jump of the sequence.
    lost_before: u64,
    awaited: Option<u16>,
    transit: Option<i64>,
    jitter_16: i64,
    reported: (u64, u64),
    bursts: Bursts,
    gaps: Gaps,
}

impl Reception {
    /// Begins with the first packet of `ssrc`, which still has to be [`take`](Self::take)n.
    pub fn new(ssrc: u32, sequence: u16) -> Self {
        // One wrap up, so that a packet before the first can be told from a wrap.
        let highest = (1 << 16) | u32::from(sequence);
        Self {
            ssrc,
            first: highest,
            highest,
            seen: 0,
            received: 0,
            lost_before: 0,
            awaited: None,
            transit: None,
            jitter_16: 0,
            reported: (0, 0),
            bursts: Bursts::default(),
            gaps: Gaps::default(),
        }
    }

    /// Counts one sequence number.
    pub fn take(&mut self, sequence: u16) -> Arrival {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < MAX_DROPOUT {
            self.advance(u32::from(ahead));
            for _ in 1..ahead {
                self.note(false);
            }
            let arrival = self.mark(0);
            if arrival == Arrival::Good {
                self.note(true);
            }
            return arrival;
        }
        let behind = u32::from(ahead.wrapping_neg());
        if behind < WINDOW {
            let sequence = self.highest.wrapping_sub(behind);
            self.first = self.first.min(sequence);
            return self.mark(behind);
        }
        if behind < u32::from(MAX_DROPOUT) / 2 && self.awaited != Some(sequence) {
            self.awaited = Some(sequence.wrapping_add(1));
            return Arrival::Duplicate;
        }
        if self.awaited != Some(sequence) {
            self.awaited = Some(sequence.wrapping_add(1));
            return Arrival::Jump;
        }
        self.restart(sequence);
        self.mark(0)
    }

    /// Feeds the jitter estimate with an audio packet: when it came and its timestamp, both in
    /// timestamp units.
    pub fn time(&mut self, arrival: u64, timestamp: u32) {
        let transit = i64::from((arrival as u32).wrapping_sub(timestamp) as i32);
        if let Some(before) = self.transit.replace(transit) {
            let step = (transit - before).abs();
            if step < MAX_TRANSIT_STEP {
                self.jitter_16 += step - ((self.jitter_16 + 8) >> 4);
            }
        }
    }

    /// The source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The highest sequence number so far, without its wraps.
    pub fn highest(&self) -> u16 {
        self.highest as u16
    }

    /// Packets that never came.
    pub fn lost(&self) -> u64 {
        self.lost_before + self.expected().saturating_sub(self.received)
    }

    /// Part of its packets that never came, 0..=1.
    pub fn loss(&self) -> f32 {
        let all = self.expected() + self.lost_before;
        (self.lost() as f64 / all as f64) as f32
    }

    /// How much longer runs of loss are than at random, 1 where they are not.
    pub fn burst_ratio(&self) -> f32 {
        self.bursts.ratio()
    }

    /// How loss is spread.
    pub fn spread(&self) -> Spread {
        self.gaps.spread()
    }

    /// Packets that came.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Interarrival jitter in timestamp units.
    pub fn jitter(&self) -> u32 {
        (self.jitter_16 >> 4) as u32
    }

    /// The report block for this moment; loss counts from the last one taken. The times of the
    /// sender report are the caller's to fill in.
    pub fn report(&mut self) -> ReportBlock {
        let (expected, lost) = (self.expected() + self.lost_before, self.lost());
        let expected_now = expected.saturating_sub(self.reported.0);
        let lost_now = lost.saturating_sub(self.reported.1);
        self.reported = (expected, lost);
        let fraction = (lost_now * 256).checked_div(expected_now).unwrap_or(0);
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: fraction.min(255) as u8,
            cumulative_lost: lost.min(0x7F_FFFF) as u32,
            highest: self.highest.wrapping_sub(1 << 16),
            jitter: self.jitter(),
            ..ReportBlock::default()
        }
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.first)) + 1
    }

    fn note(&mut self, heard: bool) {
        self.bursts.take(heard);
        self.gaps.take(heard);
    }

    fn advance(&mut self, by: u32) {
        self.highest = self.highest.wrapping_add(by);
        self.seen = self.seen.checked_shl(by).unwrap_or(0);
    }

    fn mark(&mut self, behind: u32) -> Arrival {
        self.awaited = None;
        let bit = 1 << behind;
        if self.seen & bit != 0 {
            return Arrival::Duplicate;
        }
        self.seen |= bit;
        self.received += 1;
        Arrival::Good
    }

    /// The sequence starts anew: what was lost stays lost, the jump itself is no loss.
    fn restart(&mut self, sequence: u16) {
        let lost = self.lost();
        *self = Self {
            lost_before: lost,
            reported: (lost, self.reported.1),
            jitter_16: self.jitter_16,
            bursts: self.bursts,
            gaps: self.gaps,
            ..Self::new(self.ssrc, sequence)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(sequences: impl IntoIterator<Item = u16>) -> Reception {
        let mut sequences = sequences.into_iter().peekable();
        let mut reception = Reception::new(1, *sequences.peek().unwrap());
        for sequence in sequences {
            reception.take(sequence);
        }
        reception
    }

    #[test]
    fn gaps_are_lost_and_wraps_are_not() {
        assert_eq!(after([65_534, 65_535, 0, 1]).lost(), 0);
        assert_eq!(after([65_534, 1]).lost(), 2);
        assert_eq!(after([10, 11, 15]).lost(), 3);
        assert_eq!(after((0..200_000u32).map(|n| n as u16)).lost(), 0);
    }

    #[test]
    fn reordered_packets_are_found_again_and_duplicates_are_not_counted() {
        assert_eq!(after([10, 13, 11, 12]).lost(), 0);
        // The first packet came second.
        assert_eq!(after([11, 10, 12]).lost(), 0);
        let mut reception = after([10, 11, 12]);
        assert_eq!(reception.take(11), Arrival::Duplicate);
        assert_eq!(reception.take(12), Arrival::Duplicate);
        assert_eq!(reception.take(13), Arrival::Good);
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn a_jump_is_believed_when_its_successor_comes() {
        let mut reception = after([10, 11, 13]);
        assert_eq!(reception.take(40_000), Arrival::Jump);
        assert_eq!(reception.take(14), Arrival::Good);
        assert_eq!(reception.take(40_001), Arrival::Jump);
        assert_eq!(reception.take(40_002), Arrival::Good);
        assert_eq!(reception.take(40_003), Arrival::Good);
        assert_eq!(reception.lost(), 1);
    }

    #[test]
    fn a_report_counts_from_the_one_before() {
        let mut reception = after([0, 1, 3]);
        assert_eq!(reception.report().fraction_lost, 64);
        reception.take(4);
        let report = reception.report();
        assert_eq!((report.fraction_lost, report.cumulative_lost), (0, 1));
        assert_eq!(report.highest, 4);
    }

    #[test]
    fn even_arrivals_have_no_jitter_and_swinging_ones_have_their_swing() {
        let mut reception = Reception::new(1, 0);
        for n in 0..1_000u32 {
            reception.time(u64::from(n * 160), 77u32.wrapping_add(n * 160));
        }
        assert_eq!(reception.jitter(), 0);
        for n in 1_000..2_000u32 {
            let swing = u64::from(n % 2) * 80;
            reception.time(u64::from(n * 160) + swing, 77u32.wrapping_add(n * 160));
        }
        assert!(
            (70..=90).contains(&reception.jitter()),
            "{}",
            reception.jitter()
        );
        // A new clock is no jitter.
        reception.time(320_160, 4_000_000_000);
        assert!(reception.jitter() <= 90);
    }
}
