//! What is known of the carriers, as a value.
//!
//! Within one run of the program all of it holds. After a restart only the servers that were
//! located do: whether they answer, and where we are registered, is asked anew at once.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use sip::{Offset, Peer};

use super::{Account, Accounts, Due};

/// What is known of all accounts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Standing {
    accounts: Vec<Known>,
    last_key: u32,
    last_lookup: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    key: u32,
    name: String,
    /// What the servers were located for.
    host: String,
    peers: Vec<Peer>,
    located: Option<Offset>,
    first: usize,
    health: Option<Asked>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Asked {
    up: Option<bool>,
    why: String,
    until: Option<Offset>,
    failures: u32,
    tried: usize,
    /// When they are asked again.
    probe: Option<Offset>,
}

impl Standing {
    /// Forgets how the carriers were: they are asked at once.
    pub(crate) fn ask_anew(&mut self) {
        for known in &mut self.accounts {
            known.health = None;
        }
    }
}

impl Accounts {
    /// Whether nobody was asked anything whose answer is still to come.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.lookups.is_empty() && self.probes.is_empty() && self.wanted.is_empty()
    }

    /// What is known, told from `now`. Whoever was asked and did not answer yet is asked at once.
    pub(crate) fn standing(&self, now: Instant) -> Standing {
        let offset = |at: Instant| Offset::of(at, now);
        let known = |(key, account): (&u32, &Account)| {
            let health = &account.health;
            let is_asking = health.asked.is_some() || account.lookup.is_some();
            let probe = self.deadlines.of((*key, Due::Probe));
            let (peers, located, first) = account.servers();
            Known {
                key: *key,
                name: account.name.clone(),
                host: account.outbound.host.clone(),
                peers: peers.to_vec(),
                located: located.map(offset),
                first,
                health: Some(Asked {
                    up: health.up,
                    why: health.why.clone(),
                    until: health.until.map(offset),
                    failures: health.failures,
                    tried: health.tried,
                    probe: if is_asking {
                        Some(Offset::default())
                    } else {
                        probe.map(offset)
                    },
                }),
            }
        };
        Standing {
            accounts: self.by_key.iter().map(known).collect(),
            last_key: self.last_key,
            last_lookup: self.last_lookup,
        }
    }

    /// Knows of its accounts what `standing` knew of those of the same name and host.
    pub(crate) fn go_on(&mut self, (now, base): (Instant, Instant), standing: Standing) {
        self.last_key = self.last_key.max(standing.last_key);
        self.last_lookup = standing.last_lookup;
        for known in &standing.accounts {
            self.take_known((now, base), known);
        }
        // Accounts keep their keys, in whose order those due at one moment are asked.
        let mut moved = Vec::new();
        for (old, account) in std::mem::take(&mut self.by_key) {
            let probe = self.deadlines.of((old, Due::Probe));
            self.deadlines.clear((old, Due::Probe));
            let known = standing.accounts.iter().find(|k| k.name == account.name);
            let key = known.map_or_else(
                || {
                    self.last_key += 1;
                    self.last_key
                },
                |known| known.key,
            );
            self.keys.insert(account.name.clone(), key);
            self.by_key.insert(key, account);
            moved.extend(probe.map(|at| (key, at)));
        }
        for (key, at) in moved {
            self.deadlines.set((key, Due::Probe), at);
        }
    }

    /// All accounts.
    pub(crate) fn names(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    fn take_known(&mut self, (now, base): (Instant, Instant), known: &Known) {
        let Some(key) = self.keys.get(&known.name).copied() else {
            return;
        };
        let Some(account) = self.by_key.get_mut(&key) else {
            return;
        };
        if account.outbound.host != known.host {
            return;
        }
        let located = known.located.map(|at| at.at(base));
        account.resume_servers(&known.peers, located, known.first);
        let Some(asked) = &known.health else {
            return;
        };
        let health = &mut account.health;
        health.up = asked.up;
        health.why.clone_from(&asked.why);
        health.until = asked.until.map(|at| at.at(base));
        (health.failures, health.tried) = (asked.failures, asked.tried);
        match asked.probe {
            Some(at) => self.deadlines.set((key, Due::Probe), at.at(base).max(now)),
            None => self.deadlines.clear((key, Due::Probe)),
        }
    }
}
