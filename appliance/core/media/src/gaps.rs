//! How loss is spread over a call: bursts of it and the gaps between them (RFC 3611 section 4.7.2).
//!
//! A burst begins and ends with a lost packet and has fewer than [`GMIN`] heard ones in a row; what
//! lies between bursts is a gap. Counted packet by packet in sequence, as in appendix A.2; a packet
//! that comes out of order counts as lost here. Driven by the reception of a source.

/// Packets heard in a row that end a burst.
pub const GMIN: u8 = 16;

/// Transitions counted since the first packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Heard since the last loss.
    row: u64,
    /// Lost in the burst under way; 1 may still turn out to be alone in a gap.
    burst: u64,
    /// Heard in gaps.
    heard_in_gaps: u64,
    /// Losses that stand alone.
    alone: u64,
    /// Bursts that are over.
    bursts: u64,
    heard_in_bursts: u64,
    /// Losses that follow another of their burst.
    lost_in_bursts: u64,
}

/// How loss is spread; the parts are 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Part of a burst that is lost.
    pub burst_density: f32,
    /// Part of a gap that is lost.
    pub gap_density: f32,
    /// Mean length of a burst, packets.
    pub burst_packets: f32,
    /// Mean length of a gap, packets.
    pub gap_packets: f32,
}

impl Gaps {
    /// Counts one packet of the sequence: whether it was heard.
    pub fn take(&mut self, heard: bool) {
        if heard {
            self.row += 1;
            return;
        }
        if self.row >= u64::from(GMIN) || self.burst == 0 {
            self.end_burst();
            self.heard_in_gaps += self.row;
            self.burst = 1;
        } else {
            self.burst += 1;
            self.heard_in_bursts += self.row;
        }
        self.row = 0;
    }

    /// What was counted so far; what is under way counts as ended.
    pub fn spread(&self) -> Spread {
        let mut all = *self;
        all.end_burst();
        all.heard_in_gaps += all.row;
        let in_bursts = all.lost_in_bursts + all.heard_in_bursts;
        let in_gaps = all.alone + all.heard_in_gaps;
        Spread {
            burst_density: part(all.lost_in_bursts, in_bursts),
            gap_density: part(all.alone, in_gaps),
            burst_packets: part(in_bursts, all.bursts),
            // There is a gap before, between and after bursts.
            gap_packets: part(in_gaps, all.bursts + 1),
        }
    }

    fn end_burst(&mut self) {
        match std::mem::take(&mut self.burst) {
            0 => {}
            1 => self.alone += 1,
            lost => {
                self.bursts += 1;
                self.lost_in_bursts += lost;
            }
        }
    }
}

fn part(some: u64, all: u64) -> f32 {
    if all == 0 {
        return 0.0;
    }
    (some as f64 / all as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.` heard, `x` lost.
    fn after(text: &str) -> Spread {
        let mut gaps = Gaps::default();
        text.chars().for_each(|c| gaps.take(c == '.'));
        gaps.spread()
    }

    #[test]
    fn a_call_without_loss_is_one_gap() {
        let spread = after(&".".repeat(100));
        assert_eq!((spread.burst_density, spread.gap_density), (0.0, 0.0));
        assert_eq!((spread.burst_packets, spread.gap_packets), (0.0, 100.0));
    }

    #[test]
    fn losses_far_apart_belong_to_the_gap() {
        let row = ".".repeat(GMIN.into());
        let spread = after(&format!("{row}x{row}x{row}"));
        assert_eq!(spread.burst_packets, 0.0);
        assert_eq!(spread.gap_density, 2.0 / 50.0);
    }

    #[test]
    fn losses_close_together_are_a_burst_with_what_lies_between() {
        let row = ".".repeat(20);
        let spread = after(&format!("{row}x..xx{row}"));
        assert_eq!((spread.burst_density, spread.burst_packets), (0.6, 5.0));
        assert_eq!((spread.gap_density, spread.gap_packets), (0.0, 20.0));
    }
}
