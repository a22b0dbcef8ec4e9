//! The site: all that a customer changes, written as one text, true after two steps.
//!
//! Text -> [`SiteFile`] (what was written, with places) -> [`Site`] (what is true: no dangling
//! name exists after it). The web editor, the file and a fleet bundle all pass this one door.
//! Running calls hold the `Arc<Site>` they began with. Nothing here reads a file or a clock.

pub(crate) mod diagnostic;
pub(crate) mod file;
pub mod limits;
mod names;
pub(crate) mod place;
mod resolve;
mod secret;
mod table;
pub(crate) mod text;
mod trunk_file;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use call::{Net, NetError};
pub use diagnostic::{Diagnostic, Severity};
pub use file::SiteFile;
pub use names::Names;
pub use secret::Secret;

use crate::flow::{Flow, Target};

/// A checked site.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Holds passwords, so it does not show itself.
    text: Secret,
    name: String,
    language: String,
    record: bool,
    speech: bool,
    trunks: Vec<Trunk>,
    numbers: BTreeMap<String, Target>,
    queues: BTreeMap<String, Queue>,
    flows: BTreeMap<String, Flow>,
    prompts: BTreeSet<String>,
    warnings: Vec<Diagnostic>,
}

/// Who may call us: peers by address, or anybody who knows the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its name.
    pub name: String,
    /// Addresses it calls from; empty where only the password counts.
    pub peers: Vec<Net>,
    /// Digest credentials; where both are given, both must hold.
    pub credentials: Option<Credentials>,
}

/// A user name and password (RFC 8760 digest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user name, as sent.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// Callers waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    name: String,
    prompts: Vec<String>,
    max_wait: Duration,
    then: Target,
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
}

impl Site {
    /// The site of a text, in one go; `prompts` are the names that can be played.
    ///
    /// # Errors
    /// Every fault found, warnings among them, in reading order.
    pub fn load(text: &str, prompts: &BTreeSet<String>) -> Result<Self, Vec<Diagnostic>> {
        resolve::load(text, prompts)
    }

    /// The site of a text that was parsed before.
    ///
    /// # Errors
    /// Every fault found, warnings among them, in reading order.
    pub fn resolve(file: SiteFile, prompts: &BTreeSet<String>) -> Result<Self, Vec<Diagnostic>> {
        resolve::resolve(file, prompts)
    }

    /// Everything wrong with a text, warnings among them, in reading order; empty where nothing
    /// is. Prompts are not checked where nobody knows them.
    pub fn check(text: &str, prompts: Option<&BTreeSet<String>>) -> Vec<Diagnostic> {
        resolve::check(text, prompts)
    }

    /// A site with its faults, to show that even such a one never makes a run spin.
    #[cfg(test)]
    pub(crate) fn unchecked(text: &str) -> Option<Self> {
        resolve::unchecked(text)
    }

    /// The text of the demo site a new box starts with.
    pub fn default_text() -> &'static str {
        include_str!("default.toml")
    }

    /// The text it was made from, passwords and all.
    pub fn text(&self) -> &str {
        self.text.reveal()
    }

    /// The prompts that can be played.
    pub fn prompts(&self) -> &BTreeSet<String> {
        &self.prompts
    }

    /// The branch's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Language tag of prompts and speech, e.g. `zh-CN`.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// Whether calls are recorded.
    pub fn records(&self) -> bool {
        self.record
    }

    /// Whether callers' words are recognised.
    pub fn speech(&self) -> bool {
        self.speech
    }

    /// All trunks, by name.
    pub fn trunks(&self) -> &[Trunk] {
        &self.trunks
    }

    /// Where a called number leads: its own entry, else that of `*`.
    pub fn number(&self, dialled: &str) -> Option<&Target> {
        self.numbers.get(dialled).or_else(|| self.numbers.get("*"))
    }

    /// The flow of that name.
    pub fn flow(&self, name: &str) -> Option<&Flow> {
        self.flows.get(name)
    }

    /// All flows, by name.
    pub fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.flows.values()
    }

    /// The queue of that name.
    pub fn queue(&self, name: &str) -> Option<&Queue> {
        self.queues.get(name)
    }

    /// All queues, by name.
    pub fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues.values()
    }

    /// What is not wrong but may hurt a caller.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Names to offer while a site text is edited.
    pub fn names(&self) -> Names {
        Names::of_site(self)
    }
}

#[cfg(test)]
mod tests;
