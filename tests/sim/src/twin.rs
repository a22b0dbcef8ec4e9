//! The twin: a second centre that is told what the first one is told, and put down for a new one,
//! born of its standing, whenever it is at rest. Both must answer alike, byte for byte.
//!
//! The standing goes through the bytes of a black box each time, as it does on a real box.

use std::time::Instant;

use centre::blackbox::{Birth, Entries, Recorder};
use centre::{Centre, Input, Output, Stats};

/// Steps between two births at least: each looks through all that stands.
const APART: u64 = 8;

/// A centre that is born anew again and again.
#[derive(Debug)]
pub struct Twin {
    centre: Centre,
    birth: Birth,
    /// How often it was born anew.
    pub renewals: u64,
    steps: u64,
}

impl Twin {
    /// A twin of the centre that `birth` makes at `now`.
    pub(crate) fn new(birth: Birth, now: Instant) -> Self {
        Self {
            centre: birth.centre(now),
            birth,
            renewals: 0,
            steps: 0,
        }
    }

    /// The first centre handled `input`, or a time-out, and answered `outputs`.
    ///
    /// # Panics
    /// When the twin answers otherwise, or stands elsewhere after it.
    pub(crate) fn step(
        &mut self,
        now: Instant,
        input: Option<&Input>,
        (first, outputs): (&Centre, &[Output]),
    ) {
        match input {
            Some(input) => self.centre.handle(now, input.clone()),
            None => self.centre.handle_timeout(now),
        }
        let answers: Vec<Output> = std::iter::from_fn(|| self.centre.poll()).collect();
        assert!(
            answers == outputs,
            "the twin, born anew {} times, answers otherwise to {input:?}:\n{answers:#?}\ninstead of\n{outputs:#?}",
            self.renewals
        );
        self.steps += 1;
        if self.steps.is_multiple_of(APART) {
            assert_eq!(self.centre.scene(), first.scene());
            assert_eq!(counted(&self.centre), counted(first));
            self.renew(now);
        }
        let wakes = |centre: &Centre| centre.poll_timeout().map(|(at, _)| at);
        let (mine, firsts) = (wakes(&self.centre), wakes(first));
        assert!(
            mine.is_none_or(|at| firsts.is_some_and(|other| other <= at)),
            "the twin wants to be woken for something that the first does not know"
        );
    }

    fn renew(&mut self, now: Instant) {
        if !self.centre.is_at_rest(now) {
            return;
        }
        let birth = self.birth.renewed(now, &self.centre);
        let bytes = Recorder::new(&birth, now).settle();
        let read = Entries::new(&bytes).expect("a whole birth");
        self.birth = read.birth().clone();
        self.centre = self.birth.centre(now);
        self.renewals += 1;
    }
}

/// What was counted, but for sources whose time is up (who forgets them when is no matter), and copies of answers to requests of ours that are finished: the twin
/// forgets those requests at its birth, and drops the copies as strays.
fn counted(centre: &Centre) -> Stats {
    let mut stats = centre.stats();
    stats.switchboard.sources = 0;
    let sip = &mut stats.switchboard.sip;
    (sip.transactions, sip.retransmissions_received) = (0, 0);
    sip.received.strays = 0;
    stats
}
