//! What must hold after every step, and when all is over.

use std::collections::BTreeSet;
use std::time::Duration;

use call::Reason as WhyLegs;
use centre::record::Record;
use centre::{AgentState, Reason};

use crate::town::Town;

/// Carriers of a town's site: each may be asked whether it is there at any time.
const CARRIERS: usize = 2;

impl Town {
    /// Runs until all is over, and checks that nothing is left behind.
    ///
    /// # Panics
    /// When something is.
    pub fn run_out(&mut self) {
        self.run(Duration::from_secs(3 * 3600));
        let stats = self.centre.stats();
        let next = self.centre.poll_timeout().map(|(_, why)| why);
        assert!(
            matches!(
                next,
                None | Some(Reason::Switchboard(WhyLegs::Trunk | WhyLegs::Sip(_)))
            ),
            "nothing waits any more but for a carrier that is asked for ever: {next:?}"
        );
        assert_eq!(stats.calls, 0, "no call is left");
        assert_eq!(stats.call_backs, 0, "nobody is owed a call");
        assert_eq!(stats.deadlines, 0, "no deadline of a call is left");
        assert_eq!(stats.legs, 0, "no call holds a leg");
        assert_eq!(stats.switchboard.legs, 0, "no leg is left");
        assert_eq!(stats.switchboard.ports_out, 0, "all ports came home");
        assert_eq!(
            stats.switchboard.deadlines, 0,
            "no deadline of a leg is left"
        );
        let transactions = stats.switchboard.sip.transactions;
        assert!(
            transactions <= CARRIERS,
            "{transactions} transactions linger"
        );
        assert_eq!(stats.switchboard.sip.dialogs, 0, "no dialog lingers");
        assert!(stats.queued.is_empty(), "nobody waits in a queue");
        assert!(self.plane.running.is_empty(), "no stream runs");
        for agent in self.centre.agents() {
            let busy = matches!(agent.state, AgentState::InCall | AgentState::Ringing);
            assert!(!busy, "{agent:?} is in no call");
        }
        let mut recorded: Vec<_> = self
            .records
            .iter()
            .map(|r| &r.parties.sip_call_id)
            .collect();
        let mut started: Vec<_> = self.started.iter().collect();
        recorded.sort();
        started.sort();
        assert_eq!(
            recorded, started,
            "one record for each call that came in, never two"
        );
        let ids: BTreeSet<_> = self.records.iter().map(|r| r.id).collect();
        assert_eq!(ids.len(), self.records.len(), "no identity is used twice");
        self.records.iter().for_each(every_second_counts_once);
    }

    /// What must hold after every step.
    pub(crate) fn check(&self) {
        let stats = self.centre.stats();
        assert!(self.records.len() as u64 == stats.records);
        assert!(
            stats.switchboard.legs <= stats.legs,
            "every leg belongs to a call"
        );
        assert!(
            self.plane.running.len() <= stats.switchboard.ports_out,
            "every stream has a port"
        );
        let legs = &stats.switchboard;
        assert!(
            legs.legs > 0 || legs.deadlines == 0,
            "a leg that is gone waits for nothing"
        );
        assert!(
            stats.calls > 0 || stats.call_backs > 0 || stats.deadlines == 0,
            "a call that is gone waits for nothing"
        );
        self.bridges_go_both_ways();
    }

    fn bridges_go_both_ways(&self) {
        for (stream, running) in &self.plane.running {
            let Some(other) = running.bridged else {
                continue;
            };
            let back = self.plane.running.get(&other).and_then(|r| r.bridged);
            assert_eq!(back, Some(*stream), "a bridge goes both ways");
        }
    }
}

/// The spans of a record follow one another: together they are the call.
fn every_second_counts_once(record: &Record) {
    let spans = &record.spans;
    let sum = spans.ring_ms + spans.flow_ms + spans.wait_ms + spans.talk_ms + spans.hold_ms;
    let whole = u64::try_from(record.times.ended - record.times.started).unwrap();
    assert!(sum.abs_diff(whole) <= 10, "{spans:?} of {whole} ms");
    let bill = u64::try_from(record.times.talk_ms()).unwrap();
    assert!(spans.bill_ms.abs_diff(bill) <= 2, "{spans:?} of {bill} ms");
    let spoken = spans.talk_ms + spans.hold_ms;
    assert!(
        spoken == 0 || record.handled.answered_by.is_some(),
        "{record:?}"
    );
}
