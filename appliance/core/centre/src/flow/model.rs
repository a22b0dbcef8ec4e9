//! A flow as it is run: steps, questions, answers, targets.
//!
//! Made by `parse` and `resolve` from the XML (schema/ivr.md), held by `Site`, walked by `Run`.
//! Nothing here changes after it is made; running calls keep the flow they began with.

use std::collections::BTreeMap;
use std::time::Duration;

use call::Cause;
use serde::{Deserialize, Serialize};

use super::words::Phrase;
use crate::site::diagnostic::At;

/// Where a call goes next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Target {
    /// A step of a flow.
    Step { flow: String, step: String },
    /// The first step of a flow.
    Flow { name: String },
    /// A queue.
    Queue { name: String },
    /// The end of the call.
    HangUp,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Step { flow, step } => write!(f, "{flow}/{step}"),
            Self::Flow { name } | Self::Queue { name } => f.write_str(name),
            Self::HangUp => f.write_str("hangup"),
        }
    }
}

/// One IVR program.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) entry: String,
    pub(crate) steps: BTreeMap<String, Step>,
}

impl Flow {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the step it begins with.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// The step of that id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.get(id)
    }

    /// Ids of all steps, in alphabetical order.
    pub fn step_ids(&self) -> impl Iterator<Item = &str> {
        self.steps.keys().map(String::as_str)
    }
}

/// One act of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub(crate) at: At,
    pub(crate) prompts: Vec<String>,
    /// A key pressed while the prompt plays stops it.
    pub(crate) barge_in: bool,
    pub(crate) act: Act,
}

/// What a step does once its prompt was heard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    Ask(Box<Ask>),
    GoOn(Target),
    Queue(String),
    Transfer { to: String, failed: Target },
    HangUp(Cause),
}

/// A question: keys and words, and what follows when none comes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ask {
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) no_input: Vec<String>,
    pub(crate) invalid: Vec<String>,
    pub(crate) keys: BTreeMap<char, Target>,
    pub(crate) phrases: Vec<(Phrase, Target)>,
    pub(crate) default: Target,
}

impl Act {
    /// Every way out but the queue's own.
    pub(crate) fn ways(&self) -> Vec<&Target> {
        match self {
            Self::Ask(ask) => {
                let said = ask.phrases.iter().map(|(_, target)| target);
                ask.keys
                    .values()
                    .chain(said)
                    .chain([&ask.default])
                    .collect()
            }
            Self::GoOn(next) => vec![next],
            Self::Transfer { failed, .. } => vec![failed],
            Self::Queue(_) | Self::HangUp(_) => Vec::new(),
        }
    }
}
