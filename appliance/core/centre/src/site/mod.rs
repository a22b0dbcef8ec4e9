//! The site: all that a customer changes, written as one text, true after two steps.
//!
//! Text -> [`SiteFile`] (what was written, with places) -> [`Site`] (what is true: no dangling
//! name exists after it). The web editor, the file and a fleet bundle all pass this one door.
//! Running calls hold the `Arc<Site>` they began with. Nothing here reads a file or a clock.

mod audio;
mod audio_file;
mod carriers;
pub(crate) mod diagnostic;
pub(crate) mod file;
pub mod limits;
mod names;
mod number_file;
mod numbers;
mod pattern;
mod people;
mod people_file;
pub(crate) mod place;
mod plan;
mod protection;
mod protection_file;
mod queue;
mod queue_file;
mod resolve;
mod resolve_phones;
mod route_file;
mod routes;
mod secret;
mod sound_file;
mod table;
pub(crate) mod text;
mod trunk_file;
mod value;

use std::collections::{BTreeMap, BTreeSet};

pub use audio::{Answer, Audio, LineIn};
pub use call::{Identity, Manner, Net, NetError, Sound};
pub use diagnostic::{Diagnostic, Severity};
pub use file::SiteFile;
pub use names::Names;
pub use numbers::{Door, Number, WayOut};
pub use pattern::Pattern;
pub use people::{Agent, Device, KnownCaller, People};
pub use plan::{Form, Plan};
pub use protection::{Hours, Limits, Price, Protection};
pub use queue::{Announce, CallBack, Overflow, Queue, Rules, Strategy};
pub use routes::{Account, Forms, Route, Transport};
pub use secret::Secret;

use self::numbers::Calling;
use crate::flow::Flow;

/// A checked site.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Holds passwords, so it does not show itself.
    text: Secret,
    branch: Branch,
    trunks: Vec<Trunk>,
    people: People,
    calling: Calling,
    numbers: BTreeMap<String, Number>,
    queues: BTreeMap<String, Queue>,
    flows: BTreeMap<String, Flow>,
    lines_in: BTreeMap<String, LineIn>,
    prompts: BTreeSet<String>,
    warnings: Vec<Diagnostic>,
}

/// What a site says of the branch as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    name: String,
    language: String,
    record: bool,
    speech: bool,
    /// Prompts for a party on hold.
    hold: Vec<String>,
    /// Minutes ahead of UTC, where that is said.
    utc_offset: Option<i32>,
}

impl Default for Branch {
    fn default() -> Self {
        Self {
            name: String::new(),
            language: "zh-CN".to_owned(),
            record: true,
            speech: true,
            hold: Vec::new(),
            utc_offset: None,
        }
    }
}

/// A carrier: who may call us, by address or by password, and how we call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its name.
    pub name: String,
    /// The carrier template that it follows.
    pub template: Option<String>,
    /// Whether it is believed who calls, and told who calls (the trust domain of RFC 3325).
    pub trusted: bool,
    /// Addresses it calls from; empty where only the password counts.
    pub peers: Vec<Net>,
    /// Digest credentials; where both are given, both must hold.
    pub credentials: Option<Credentials>,
    /// How it is called; `None` where it only calls us.
    pub account: Option<Account>,
    /// Our numbers there, the first one is shown where no other is wanted.
    pub numbers: Vec<String>,
    /// How it wants numbers.
    pub forms: Forms,
    /// What it may speak.
    pub sound: Sound,
    /// What it may carry and cost; the site's own for what is not said.
    pub limits: Limits,
}

/// A user name and password (RFC 8760 digest).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user name, as sent.
    pub username: String,
    /// The password.
    pub password: Secret,
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
        &self.branch.name
    }

    /// Language tag of prompts and speech, e.g. `zh-CN`.
    pub fn language(&self) -> &str {
        &self.branch.language
    }

    /// Whether calls are recorded.
    pub fn records(&self) -> bool {
        self.branch.record
    }

    /// Whether callers' words are recognised.
    pub fn speech(&self) -> bool {
        self.branch.speech
    }

    /// Prompts for a party on hold; may be empty.
    pub fn hold(&self) -> &[String] {
        &self.branch.hold
    }

    /// Minutes that the clocks of the branch are ahead of UTC; 0 where nothing is said.
    pub fn utc_offset(&self) -> i32 {
        self.branch.utc_offset.unwrap_or_default()
    }

    /// Devices, agents and known callers.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// All trunks, by name.
    pub fn trunks(&self) -> &[Trunk] {
        &self.trunks
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

    /// Lines in, by the names they are played by.
    pub fn lines_in(&self) -> &BTreeMap<String, LineIn> {
        &self.lines_in
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
