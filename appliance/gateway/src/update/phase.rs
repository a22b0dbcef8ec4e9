//! How far an update is: what may follow what. Pure; the verb and the health gate drive it, `update.json` keeps it.
//!
//! ```text
//! checking -> installing -> written -> draining -> trying -> healthy
//!    `-> refused  `-> failed                          `-> rolled back
//! ```
//! A refused bundle has changed nothing; a failed one at most the slot that is not running.

use serde::{Deserialize, Serialize};

/// Where an update stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// It is fetched, and asked who signed it, for which board, of which floor.
    Checking,
    /// It may not come in; nothing was written.
    Refused,
    /// The other slot is being written.
    Installing,
    /// It broke off; the running slot boots on.
    Failed,
    /// The other slot is whole and waits for its turn.
    Written,
    /// No new calls; running ones are waited for.
    Draining,
    /// The other slot boots next, or boots now and is not proved yet.
    Trying,
    /// It did its work; it stays.
    Healthy,
    /// It did not; the slot before it is back.
    RolledBack,
}

/// One update, the last that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Update {
    pub(super) phase: Phase,
    /// File or address it came from.
    pub(super) source: String,
    /// What the bundle says of itself, once its signature was good.
    pub(super) version: Option<String>,
    pub(super) floor: u32,
    /// Letter of the slot it goes to.
    pub(super) slot: char,
    /// Of what is fetched, then of the installation: 0 to 100.
    pub(super) percent: u8,
    /// Why it was refused, failed or rolled back.
    pub(super) why: Option<String>,
    /// When the phase began, ms since 1970 UTC.
    pub(super) since_unix_ms: i64,
}

/// What happened to an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Accepted {
        version: String,
        floor: u32,
    },
    Refused {
        why: String,
    },
    Progress(u8),
    Failed {
        why: String,
    },
    Written,
    Drain,
    /// The calls that were up did not end in time; the next window tries again.
    Undrained,
    Armed,
    /// A start was good, from this slot; `why` is what the other one said of itself, where it said something.
    Started {
        slot: char,
        why: Option<String>,
    },
}

/// A step that does not follow from where the update is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("an update that is {phase:?} cannot take `{step:?}`")]
pub(super) struct Unfit {
    phase: Phase,
    step: Step,
}

impl Update {
    /// An update that was asked for now.
    pub(super) fn asked(source: &str, slot: char, unix_ms: i64) -> Self {
        Self {
            phase: Phase::Checking,
            source: source.to_owned(),
            version: None,
            floor: 0,
            slot,
            percent: 0,
            why: None,
            since_unix_ms: unix_ms,
        }
    }

    /// Takes what happened.
    pub(super) fn step(&mut self, unix_ms: i64, step: Step) -> Result<(), Unfit> {
        let next = match (self.phase, step) {
            // While it is fetched; each phase counts from nothing.
            (Phase::Checking, Step::Progress(percent)) => {
                self.percent = self.percent.max(percent.min(100));
                Phase::Checking
            }
            (Phase::Checking, Step::Accepted { version, floor }) => {
                (self.version, self.floor, self.percent) = (Some(version), floor, 0);
                Phase::Installing
            }
            (Phase::Checking, Step::Refused { why }) => self.because(Phase::Refused, why),
            (Phase::Installing, Step::Progress(percent)) => {
                // RAUC tells of steps within steps; a bar that goes back helps nobody.
                self.percent = self.percent.max(percent.min(100));
                Phase::Installing
            }
            (Phase::Checking | Phase::Installing, Step::Failed { why }) => {
                self.because(Phase::Failed, why)
            }
            (Phase::Installing, Step::Written) => {
                self.percent = 100;
                Phase::Written
            }
            // Asked again after a power cut while calls were waited for.
            (Phase::Written | Phase::Draining, Step::Drain) => Phase::Draining,
            (Phase::Draining, Step::Undrained) => Phase::Written,
            (Phase::Draining, Step::Armed) => Phase::Trying,
            (phase, Step::Started { slot, why }) => self.started(phase, slot, why),
            (phase, step) => return Err(Unfit { phase, step }),
        };
        if self.phase != next {
            (self.phase, self.since_unix_ms) = (next, unix_ms);
        }
        Ok(())
    }

    /// After a good start: what it means for an update that was on its way.
    fn started(&mut self, phase: Phase, slot: char, why: Option<String>) -> Phase {
        match phase {
            // The power may go after the other slot was chosen and before that was written down.
            Phase::Installing | Phase::Written | Phase::Draining | Phase::Trying
                if slot == self.slot =>
            {
                Phase::Healthy
            }
            Phase::Trying => {
                let why = why.unwrap_or_else(|| "it never came up whole".to_owned());
                self.because(Phase::RolledBack, why)
            }
            Phase::Draining => Phase::Written,
            Phase::Checking | Phase::Installing => {
                let why = "the box was started anew before it was written".to_owned();
                self.because(Phase::Failed, why)
            }
            settled => settled,
        }
    }

    fn because(&mut self, phase: Phase, why: String) -> Phase {
        self.why = Some(why);
        phase
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(steps: &[Step]) -> Update {
        let mut update = Update::asked("update.raucb", 'B', 0);
        for (n, step) in steps.iter().enumerate() {
            update.step(n as i64 + 1, step.clone()).unwrap();
        }
        update
    }

    fn accepted() -> Step {
        Step::Accepted {
            version: "2.0.0".into(),
            floor: 3,
        }
    }

    fn started(slot: char) -> Step {
        Step::Started {
            slot,
            why: Some("media: no sound".into()),
        }
    }

    #[test]
    fn a_good_update_goes_from_checked_to_healthy() {
        let mut steps = vec![accepted(), Step::Progress(40), Step::Progress(20)];
        assert_eq!(after(&steps).percent, 40);
        steps.extend([Step::Written, Step::Drain, Step::Armed, started('B')]);
        let update = after(&steps);
        assert_eq!((update.phase, update.why), (Phase::Healthy, None));
        assert_eq!((update.floor, update.since_unix_ms), (3, 7));
    }

    #[test]
    fn what_is_written_down_is_what_the_page_reads() {
        let update = after(&[Step::Refused { why: "no".into() }]);
        let told = serde_json::to_string(&update).unwrap();
        assert_eq!(
            told,
            r#"{"phase":"refused","source":"update.raucb","version":null,"floor":0,"slot":"B","percent":0,"why":"no","since_unix_ms":1}"#
        );
    }

    #[test]
    fn the_bar_of_what_is_fetched_does_not_count_for_what_is_written() {
        let fetched = after(&[Step::Progress(100)]);
        assert_eq!((fetched.phase, fetched.percent), (Phase::Checking, 100));
        assert_eq!(after(&[Step::Progress(100), accepted()]).percent, 0);
    }

    #[test]
    fn the_old_slot_coming_back_is_a_roll_back_with_its_reason() {
        let steps = [
            accepted(),
            Step::Written,
            Step::Drain,
            Step::Armed,
            started('A'),
        ];
        let update = after(&steps);
        assert_eq!(update.phase, Phase::RolledBack);
        assert_eq!(update.why.as_deref(), Some("media: no sound"));
    }

    #[test]
    fn a_power_cut_at_any_moment_leaves_a_phase_from_which_it_goes_on() {
        let steps = [accepted(), Step::Written, Step::Drain, Step::Armed];
        let settled = |cut: usize, slot| {
            let mut steps = steps[..cut].to_vec();
            steps.push(started(slot));
            after(&steps).phase
        };
        let old: Vec<_> = (0..=4).map(|cut| settled(cut, 'A')).collect();
        let expected = [
            Phase::Failed,
            Phase::Failed,
            Phase::Written,
            Phase::Written,
            Phase::RolledBack,
        ];
        assert_eq!(old, expected);
        assert_eq!(
            settled(3, 'B'),
            Phase::Healthy,
            "chosen, not yet written down"
        );
        assert_eq!(settled(2, 'B'), Phase::Healthy);
        assert_eq!(settled(4, 'B'), Phase::Healthy);
    }

    #[test]
    fn a_later_good_start_changes_nothing_that_is_settled() {
        for settled in [
            vec![Step::Refused { why: "no".into() }],
            vec![accepted(), Step::Failed { why: "no".into() }],
            vec![
                accepted(),
                Step::Written,
                Step::Drain,
                Step::Armed,
                started('B'),
            ],
        ] {
            let before = after(&settled);
            let mut update = before.clone();
            update.step(99, started('A')).unwrap();
            assert_eq!(update, before);
        }
    }

    #[test]
    fn calls_that_do_not_end_leave_the_update_waiting_for_its_next_turn() {
        let mut update = after(&[accepted(), Step::Written, Step::Drain, Step::Undrained]);
        assert_eq!(update.phase, Phase::Written);
        assert!(update.step(9, Step::Undrained).is_err());
        update.step(9, Step::Drain).unwrap();
    }

    #[test]
    fn nothing_is_armed_that_was_not_written_and_drained() {
        let mut update = Update::asked("x", 'B', 0);
        for step in [Step::Written, Step::Drain, Step::Armed] {
            assert!(update.step(1, step).is_err());
        }
        update.step(1, accepted()).unwrap();
        assert!(
            update
                .step(2, Step::Refused { why: "late".into() })
                .is_err()
        );
        update.step(2, Step::Written).unwrap();
        assert!(update.step(3, Step::Armed).is_err());
    }
}
