//! How a call's time is spent: one phase at a time, so that no second counts twice.

use std::time::Instant;

use crate::record::Spans;

/// What a call is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Ring,
    Flow,
    Wait,
    Talk,
    Hold,
}

/// The spans of a running call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ledger {
    phase: Phase,
    since: Instant,
    spent: Spans,
}

impl Ledger {
    /// A call begins: somebody rings.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            phase: Phase::Ring,
            since: now,
            spent: Spans::default(),
        }
    }

    /// The call does something else from `now` on.
    pub(crate) fn turn(&mut self, now: Instant, phase: Phase) {
        if self.phase == phase {
            return;
        }
        self.settle(now);
        self.phase = phase;
    }

    /// The spans of a call that ends at `now`.
    pub(crate) fn close(mut self, now: Instant, answered: Option<Instant>) -> Spans {
        self.settle(now);
        let bill = answered.map(|at| now.saturating_duration_since(at));
        Spans {
            bill_ms: bill.map_or(0, millis),
            ..self.spent
        }
    }

    fn settle(&mut self, now: Instant) {
        let span = match self.phase {
            Phase::Ring => &mut self.spent.ring_ms,
            Phase::Flow => &mut self.spent.flow_ms,
            Phase::Wait => &mut self.spent.wait_ms,
            Phase::Talk => &mut self.spent.talk_ms,
            Phase::Hold => &mut self.spent.hold_ms,
        };
        *span += millis(now.saturating_duration_since(self.since));
        self.since = now;
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_second_counts_once() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut ledger = Ledger::new(start);
        for (seconds, phase) in [
            (2, Phase::Flow),
            (5, Phase::Wait),
            (9, Phase::Talk),
            (14, Phase::Hold),
            (20, Phase::Talk),
        ] {
            ledger.turn(at(seconds), phase);
        }
        let spans = ledger.close(at(27), Some(at(2)));
        let wanted = Spans {
            ring_ms: 2_000,
            flow_ms: 3_000,
            wait_ms: 4_000,
            talk_ms: 12_000,
            hold_ms: 6_000,
            bill_ms: 25_000,
        };
        assert_eq!(spans, wanted);
    }
}
