//! Devices, agents and known callers of a site: plain data, checked.

use std::collections::{BTreeMap, BTreeSet};

use super::pattern::Pattern;
use super::protection::Limits;
use super::{Audio, Net, Secret, Sound};

/// All people of a site and their phones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People {
    pub(super) devices: BTreeMap<String, Device>,
    pub(super) agents: BTreeMap<String, Agent>,
    pub(super) callers: Vec<KnownCaller>,
}

/// A phone's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The name: user part of its SIP address, its digest user, and its number inside the branch.
    pub name: String,
    /// As people call it.
    pub shown: String,
    /// Its digest password; of no use where it has cards of the box's.
    pub password: Secret,
    /// Networks it may register and call from; the private networks where empty.
    pub nets: Vec<Net>,
    /// The number it shows outside, where the trunk carries that one.
    pub caller_id: Option<String>,
    /// Further numbers that it may ask to be shown with (P-Preferred-Identity, RFC 3325).
    pub claims: Vec<String>,
    /// Whether it belongs to our trust domain (RFC 3325).
    pub trusted: bool,
    /// What it may speak.
    pub sound: Sound,
    /// Whether it may call outside at all.
    pub outbound: bool,
    /// Its cards, where the box brings it itself.
    pub audio: Option<Audio>,
    /// What it may spend; the site's own for what is not said.
    pub limits: Limits,
}

/// A person who takes calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The name in the site.
    pub name: String,
    /// As people call them.
    pub shown: String,
    /// The phone they sign in at where no other is said.
    pub device: Option<String>,
    /// What they can do; a dialect is a skill.
    pub skills: BTreeSet<String>,
    /// The queues they serve; every queue whose skills they have where `None`.
    pub queues: Option<BTreeSet<String>>,
    /// The number that reaches them at whatever phone they are signed in.
    pub number: Option<String>,
}

impl Agent {
    /// Whether they serve a queue that wants `skills`.
    pub fn serves(&self, queue: &str, skills: &BTreeSet<String>) -> bool {
        let named = self.queues.as_ref().is_none_or(|all| all.contains(queue));
        named && skills.is_subset(&self.skills)
    }
}

/// What is known of callers by their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCaller {
    /// Their numbers, in E.164 or as they come.
    pub pattern: Pattern,
    /// How much they matter: 0 to 9.
    pub level: u8,
    /// What the agent who takes them must be able to do.
    pub skills: BTreeSet<String>,
    /// Their calls are refused.
    pub refuse: bool,
}

impl People {
    /// The phone of that name.
    pub fn device(&self, name: &str) -> Option<&Device> {
        self.devices.get(name)
    }

    /// All phones, by name.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    /// The agent of that name.
    pub fn agent(&self, name: &str) -> Option<&Agent> {
        self.agents.get(name)
    }

    /// All agents, by name.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// The agent whose number that is.
    pub fn agent_of_number(&self, dialled: &str) -> Option<&Agent> {
        self.agents()
            .find(|agent| agent.number.as_deref() == Some(dialled))
    }

    /// The agent who signs in at that phone.
    pub fn agent_at(&self, device: &str) -> Option<&Agent> {
        self.agents()
            .find(|agent| agent.device.as_deref() == Some(device))
    }

    /// What is known of a caller: the narrowest pattern that `matches`.
    pub(super) fn caller(&self, matches: impl Fn(&Pattern) -> bool) -> Option<&KnownCaller> {
        let known = self.callers.iter().filter(|known| matches(&known.pattern));
        known.max_by_key(|known| known.pattern.weight())
    }
}
