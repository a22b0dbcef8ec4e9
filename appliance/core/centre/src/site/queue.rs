//! A queue as the site says it: who is rung how, what callers hear, where they go instead.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::flow::Target;

/// Callers waiting, and the rules by which agents are rung for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    pub(super) name: String,
    pub(super) prompts: Vec<String>,
    pub(super) max_wait: Duration,
    pub(super) then: Target,
    pub(super) overflow: Option<Overflow>,
    pub(super) rules: Rules,
    pub(super) announce: Announce,
    pub(super) call_back: Option<CallBack>,
}

/// Where callers go that find no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// Callers who may wait at once.
    pub max_waiting: usize,
    /// Where the next one goes.
    pub to: Target,
}

/// Which agents are rung, in which order, for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Who is rung first.
    pub strategy: Strategy,
    /// What an agent must be able to do.
    pub skills: BTreeSet<String>,
    /// The dialect heard from a caller is a skill wanted of the agent, while one who has it is
    /// signed in.
    pub by_dialect: bool,
    /// An agent free for two queues takes the caller of the higher one: 0 to 9.
    pub priority: u8,
    /// How long one agent rings.
    pub ring: Duration,
    /// What an agent is given after a call.
    pub wrap_up: Duration,
    /// Calls in a row an agent may let ring before they are paused; 0 is never.
    pub unanswered: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            strategy: Strategy::LongestIdle,
            skills: BTreeSet::new(),
            by_dialect: false,
            priority: 0,
            ring: Duration::from_secs(15),
            wrap_up: Duration::ZERO,
            unanswered: 2,
        }
    }
}

/// Who is rung first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The agent who had no call for the longest time.
    #[default]
    LongestIdle,
    /// One after the other, by name.
    RoundRobin,
    /// All at once; who answers first has the call.
    RingAll,
    /// The agent who took the fewest calls since signing in.
    LeastCalls,
}

/// What waiting callers are told, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announce {
    /// Time from one announcement to the next; `None` is none at all.
    pub every: Option<Duration>,
    /// Prompts of each announcement.
    pub prompts: Vec<String>,
    /// `NAME_1` to `NAME_9` and `NAME_more` say the place in the line.
    pub position: Option<String>,
    /// `NAME_1`, `NAME_2`, `NAME_5`, `NAME_10` and `NAME_more` say the minutes to wait.
    pub wait: Option<String>,
}

/// Places that have a prompt of their own.
pub(super) const POSITIONS: [&str; 10] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "more"];
/// Minutes that have a prompt of their own.
const MINUTES: [u64; 4] = [1, 2, 5, 10];
/// The same as they end the prompts' names.
pub(super) const WAITS: [&str; 5] = ["1", "2", "5", "10", "more"];

impl Announce {
    /// What a caller hears who stands at `position`, counted from 1, with `wait` before them
    /// where that can be told.
    pub fn prompts(&self, position: usize, wait: Option<Duration>) -> Vec<String> {
        let mut prompts = self.prompts.clone();
        if let Some(name) = &self.position {
            let nth = position.checked_sub(1).and_then(|n| POSITIONS.get(n));
            prompts.push(format!("{name}_{}", nth.unwrap_or(&"more")));
        }
        if let Some((name, wait)) = self.wait.as_ref().zip(wait) {
            let minutes = wait.as_secs().div_ceil(60).max(1);
            let nth = MINUTES.iter().position(|m| minutes <= *m);
            let word = nth.and_then(|n| WAITS.get(n)).unwrap_or(&"more");
            prompts.push(format!("{name}_{word}"));
        }
        prompts
    }
}

/// The offer to be called back instead of waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallBack {
    /// Prompts of the offer, after each announcement.
    pub offer: Vec<String>,
    /// The key that takes it.
    pub key: char,
    /// What is said to who took it.
    pub done: Vec<String>,
}

impl Queue {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Prompts played in a loop while callers wait; may be empty.
    pub fn prompts(&self) -> &[String] {
        &self.prompts
    }

    /// How long a caller waits at most.
    pub fn max_wait(&self) -> Duration {
        self.max_wait
    }

    /// Where the call goes after that.
    pub fn then(&self) -> &Target {
        &self.then
    }

    /// How many may wait and where the next one goes; `None` where all may.
    pub fn overflow(&self) -> Option<&Overflow> {
        self.overflow.as_ref()
    }

    /// How its agents are rung.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What callers are told while they wait.
    pub fn announce(&self) -> &Announce {
        &self.announce
    }

    /// The offer to be called back, where there is one.
    pub fn call_back(&self) -> Option<&CallBack> {
        self.call_back.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_hears_place_and_minutes() {
        let announce = Announce {
            every: None,
            prompts: vec!["patience".into()],
            position: Some("place".into()),
            wait: Some("wait".into()),
        };
        let minutes = |n: u64| Some(Duration::from_secs(60 * n));
        assert_eq!(announce.prompts(1, None), ["patience", "place_1"]);
        assert_eq!(
            announce.prompts(10, minutes(3)),
            ["patience", "place_more", "wait_5"]
        );
        assert_eq!(
            announce.prompts(9, minutes(11)),
            ["patience", "place_9", "wait_more"]
        );
        assert_eq!(
            announce.prompts(2, Some(Duration::ZERO)),
            ["patience", "place_2", "wait_1"]
        );
    }
}
