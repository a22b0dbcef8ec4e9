//! The accounts at carriers: where each carrier's servers are, and whether they can be called.
//!
//! `Switchboard` drives it: it sends what [`Accounts::take_due`] asks for and hands back the
//! answers. A name is located by the shell (no look-up ever waits here), all servers of a carrier
//! are tried in order, and one that fails all round is left alone for a while that grows.

mod carrier;
mod health;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use rand_core::RngCore;
use sip::{Headers, Peer, TxId, Uri};

pub(crate) use self::carrier::Account;
pub use self::health::TrunkHealth;
use self::health::{Outcome, back_off, granted_s, outcome, refresh_after, retry_after};
pub(crate) use self::standing::Standing;
use crate::deadlines::Deadlines;
use crate::limits::{LOCATED_FRESH, LOOKUP_PATIENCE, MAX_LOOKUPS, REGISTRATION_S};
use crate::trunk::{Outbound, Trunk};

/// A look-up that the shell is asked for; answered by `Switchboard::handle_located`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Names the look-up in its answer.
    pub id: u64,
    /// What is to be located, as RFC 3263 wants it: host, port where one is written, transport
    /// where one is demanded.
    pub uri: Uri,
}

/// Something to send for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) key: u32,
    pub(crate) peer: Peer,
    /// REGISTER for so many seconds; OPTIONS where `None`.
    pub(crate) register_s: Option<u32>,
}

/// A change of an account that the owner is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) trunk: String,
    pub(crate) up: bool,
    pub(crate) why: String,
}

/// A name that was located, or could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) trunk: String,
    pub(crate) probe: Option<Probe>,
    pub(crate) news: Option<News>,
}

/// What is to be done now.
#[derive(Debug, Default)]
pub(crate) struct Todo {
    pub(crate) probes: Vec<Probe>,
    /// Names that the shell did not locate in time.
    pub(crate) unlocated: Vec<Located>,
}

/// What an account waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// The next REGISTER or OPTIONS.
    Probe,
    /// The shell had its time to locate the servers.
    Lookup,
}

/// All accounts.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    by_key: BTreeMap<u32, Account>,
    keys: BTreeMap<String, u32>,
    lookups: BTreeMap<u64, u32>,
    probes: BTreeMap<TxId, u32>,
    wanted: VecDeque<Lookup>,
    deadlines: Deadlines<(u32, Due)>,
    last_key: u32,
    last_lookup: u64,
}

impl Accounts {
    /// Replaces the accounts; one that is as it was keeps what is known of it.
    pub(crate) fn set(&mut self, now: Instant, trunks: &[Trunk]) {
        let wanted: BTreeMap<&str, &Outbound> = trunks
            .iter()
            .filter_map(|trunk| Some((trunk.name.as_str(), trunk.outbound.as_ref()?)))
            .collect();
        let is_wanted = |a: &Account| wanted.get(a.name.as_str()) == Some(&&a.outbound);
        let gone: Vec<u32> = self
            .by_key
            .iter()
            .filter(|(_, account)| !is_wanted(account))
            .map(|(key, _)| *key)
            .collect();
        for key in gone {
            self.forget(key);
        }
        for (name, outbound) in wanted {
            if self.keys.contains_key(name) {
                continue;
            }
            self.last_key += 1;
            let account = Account::new(name, outbound.clone());
            self.by_key.insert(self.last_key, account);
            self.keys.insert(name.to_owned(), self.last_key);
            self.deadlines.set((self.last_key, Due::Probe), now);
        }
    }

    /// What is to be done now.
    pub(crate) fn take_due(&mut self, now: Instant) -> Todo {
        let mut todo = Todo::default();
        for (key, due) in self.deadlines.take_due(now) {
            match due {
                Due::Probe => todo.probes.extend(self.probe(now, key, true)),
                Due::Lookup => {
                    let lookup = self.by_key.get(&key).and_then(|a| a.lookup);
                    let located = lookup.and_then(|id| self.handle_located(now, id, Vec::new()));
                    todo.unlocated.extend(located);
                }
            }
        }
        todo
    }

    /// The shell located what look-up `id` asked for, best first, or nothing; `None` where nobody
    /// waits for it any more.
    pub(crate) fn handle_located(
        &mut self,
        now: Instant,
        id: u64,
        peers: Vec<Peer>,
    ) -> Option<Located> {
        let key = self.lookups.remove(&id)?;
        self.deadlines.clear((key, Due::Lookup));
        let account = self.by_key.get_mut(&key)?;
        account.lookup = None;
        let mut news = None;
        if !peers.is_empty() {
            account.take_servers(now, peers);
        } else if account.peers().is_empty() {
            news = account.tell(false, "not located".to_owned());
        }
        let is_idle = account.health.asked.is_none();
        let is_first = account.health.up != Some(true);
        let trunk = account.name.clone();
        let probe = (is_idle && is_first)
            .then(|| self.probe(now, key, false))
            .flatten();
        Some(Located { trunk, probe, news })
    }

    /// The probe of an account went out as `tx`.
    pub(crate) fn sent(&mut self, key: u32, tx: TxId) {
        if let Some(account) = self.by_key.get_mut(&key) {
            account.health.asked = Some(tx);
            self.probes.insert(tx, key);
        }
    }

    /// The answer to a probe; `None` where `tx` is none, else what changed by it.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        tx: TxId,
        (status, headers): (u16, &Headers),
        random: &mut impl RngCore,
    ) -> Option<Option<News>> {
        let key = self.probes.remove(&tx)?;
        let Some(account) = self.by_key.get_mut(&key) else {
            return Some(None);
        };
        account.health.asked = None;
        let register = account.outbound.register;
        let (wait, news) = match outcome(register, status) {
            Outcome::Good => {
                account.health.good();
                let granted = register.then(|| granted_s(headers, REGISTRATION_S));
                account.health.until = granted.map(|s| now + Duration::from_secs(s));
                let wait = match granted {
                    Some(seconds) => refresh_after(seconds, random),
                    None => account.outbound.keepalive.unwrap_or(LOCATED_FRESH),
                };
                let word = if register { "registered" } else { "answers" };
                (wait, account.tell(true, word.to_owned()))
            }
            Outcome::NextServer if account.next_server() => (Duration::ZERO, None),
            bad => {
                account.doubt_servers();
                account.health.failures = account.health.failures.saturating_add(1);
                account.health.tried = 0;
                let wait = back_off(account.health.failures, bad, random);
                let why = match status {
                    408 => "no answer".to_owned(),
                    status => format!("answers {status}"),
                };
                (wait.max(retry_after(headers)), account.tell(false, why))
            }
        };
        self.deadlines.set((key, Due::Probe), now + wait);
        Some(news)
    }

    /// The servers of a trunk in the order to call them; where they are not known yet, they are
    /// located and `None` comes back.
    pub(crate) fn route(&mut self, now: Instant, name: &str) -> Option<Vec<Peer>> {
        let key = *self.keys.get(name)?;
        let account = self.by_key.get(&key)?;
        let peers = account.route();
        if !peers.is_empty() {
            return Some(peers);
        }
        self.locate(now, key);
        None
    }

    /// A call found that `peer` of a trunk does not answer: others are asked before it.
    pub(crate) fn avoid(&mut self, name: &str, peer: Peer) {
        if let Some(account) = self.keys.get(name).and_then(|k| self.by_key.get_mut(k)) {
            account.avoid(peer);
        }
    }

    /// The connection to `peer` is gone: whoever was registered by it registers again soon.
    pub(crate) fn lost(&mut self, now: Instant, peer: Peer, random: &mut impl RngCore) {
        let hit = |a: &&Account| a.outbound.register && a.first() == Some(peer);
        let hit = self.by_key.iter().filter(|(_, account)| hit(account));
        let hit: Vec<u32> = hit.map(|(key, _)| *key).collect();
        for key in hit {
            let wait = back_off(1, Outcome::NextServer, random);
            let soon = self.deadlines.of((key, Due::Probe));
            if soon.is_none_or(|at| at > now + wait) && self.is_idle(key) {
                self.deadlines.set((key, Due::Probe), now + wait);
            }
        }
    }

    fn is_idle(&self, key: u32) -> bool {
        let account = self.by_key.get(&key);
        account.is_some_and(|account| account.health.asked.is_none())
    }

    /// The account of a trunk.
    pub(crate) fn get(&self, name: &str) -> Option<&Account> {
        self.by_key.get(self.keys.get(name)?)
    }

    /// The account of a probe.
    pub(crate) fn by_key(&self, key: u32) -> Option<&Account> {
        self.by_key.get(&key)
    }

    /// Whether somebody waits for the servers of a trunk.
    pub(crate) fn is_locating(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|account| account.lookup.is_some())
    }

    /// The next look-up that the shell is asked for.
    pub(crate) fn poll_lookup(&mut self) -> Option<Lookup> {
        self.wanted.pop_front()
    }

    /// When something is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.deadlines.next().map(|(at, _)| at)
    }

    /// How all accounts are.
    pub(crate) fn health(&self) -> BTreeMap<String, TrunkHealth> {
        let health = |account: &Account| TrunkHealth {
            up: account.health.up,
            why: account.health.why.clone(),
            peer: account.first(),
            registered_until: account.health.until,
        };
        let accounts = self.by_key.values();
        accounts.map(|a| (a.name.clone(), health(a))).collect()
    }

    /// The next thing to send for an account; looks its servers up where they are not known.
    fn probe(&mut self, now: Instant, key: u32, may_locate: bool) -> Option<Probe> {
        let account = self.by_key.get(&key)?;
        if may_locate && account.is_stale(now) {
            self.locate(now, key);
        }
        let account = self.by_key.get_mut(&key)?;
        let Some(peer) = account.first() else {
            // Located, it is asked at once; not located, it is looked up again.
            self.deadlines
                .set((key, Due::Probe), now + LOOKUP_PATIENCE * 2);
            return None;
        };
        let wants = account.outbound.register || account.outbound.keepalive.is_some();
        if !wants {
            self.deadlines.set((key, Due::Probe), now + LOCATED_FRESH);
        }
        if !wants || account.health.asked.is_some() {
            return None;
        }
        let register_s = account.outbound.register.then_some(REGISTRATION_S);
        Some(Probe {
            key,
            peer,
            register_s,
        })
    }

    fn locate(&mut self, now: Instant, key: u32) {
        if self.wanted.len() >= MAX_LOOKUPS {
            return;
        }
        let Some(account) = self.by_key.get_mut(&key) else {
            return;
        };
        let Some(uri) = account.wanted() else {
            return;
        };
        self.last_lookup += 1;
        account.lookup = Some(self.last_lookup);
        self.lookups.insert(self.last_lookup, key);
        self.deadlines
            .set((key, Due::Lookup), now + LOOKUP_PATIENCE);
        self.wanted.push_back(Lookup {
            id: self.last_lookup,
            uri,
        });
    }

    fn forget(&mut self, key: u32) {
        self.deadlines.clear((key, Due::Probe));
        self.deadlines.clear((key, Due::Lookup));
        let Some(account) = self.by_key.remove(&key) else {
            return;
        };
        self.keys.remove(&account.name);
        if let Some(tx) = account.health.asked {
            self.probes.remove(&tx);
        }
        if let Some(id) = account.lookup {
            self.lookups.remove(&id);
            self.wanted.retain(|lookup| lookup.id != id);
        }
    }
}
