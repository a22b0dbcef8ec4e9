//! The gate: which account a request from outside any dialog belongs to, or how it is turned away.
//!
//! Asked by `Switchboard` once per request. A trunk proves itself by address, by credentials, or
//! by both where both are configured, a device by credentials from its own networks; everything
//! else is refused once and then met with silence, so that a scanner learns nothing and reflects
//! nothing. It keeps a bounded memory of sources, and forgets them soon. A source that has shown
//! right credentials is never banned: nobody gets it locked out by forging its address.

mod bans;
mod standing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sip::DigestVerdict;

pub use self::bans::{Ban, BanReason};
use self::bans::{Bans, is_scanner};
pub(crate) use self::standing::Standing;
use crate::deadlines::Deadlines;
use crate::event::Origin;
use crate::leg::Party;
use crate::limits::{
    KNOWN_HELPINGS, MAX_CHALLENGES, MAX_GUESSES, MAX_PROBES, MAX_SOURCES, MAX_WRONG_CREDENTIALS,
    PROVEN_MEMORY, SOURCE_MEMORY,
};
use crate::line::{Device, Line};
use crate::net::{Net, private_networks};
use crate::sound::Sound;
use crate::trunk::{Login, Trunk};

/// What to do with a request from outside any dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It belongs to this account.
    Admit(Account),
    /// 401 with a fresh nonce.
    Challenge,
    /// 403.
    Refuse,
    /// No answer at all.
    Silence,
}

/// An account of the site that proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    Trunk(Arc<str>),
    Device(Arc<str>),
}

/// What the gate is shown of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knock<'a> {
    /// Where it comes from.
    pub(crate) source: IpAddr,
    /// The digest user names that it carries.
    pub(crate) users: &'a [String],
    /// What it calls itself (User-Agent).
    pub(crate) agent: &'a str,
    /// Whether a phone that registered is at home there.
    pub(crate) is_known: bool,
}

/// What the gate counted since the start, per reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateStats {
    /// Admitted by a configured address.
    pub by_address: u64,
    /// Admitted by digest.
    pub by_digest: u64,
    /// 401 sent for missing or stale credentials.
    pub challenged: u64,
    /// Requests with wrong credentials, however they were answered.
    pub wrong_credentials: u64,
    /// 403 sent to an unknown source.
    pub refused_unknown: u64,
    /// 403 sent after too many wrong credentials.
    pub refused_tries: u64,
    /// Sources banned.
    pub banned: u64,
    /// Requests met with silence.
    pub silenced: u64,
    /// Of these, requests of banned sources.
    pub ignored_banned: u64,
    /// Sources forgotten early because the memory was full.
    pub forgotten: u64,
}

/// What one source did lately.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Source {
    seen: u32,
    challenged: u32,
    wrong: u32,
    /// Credentials shown while banned.
    tries: u32,
}

/// The trunks and the memory of strangers.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    trunks: Vec<(Arc<str>, Trunk)>,
    /// Where we call a trunk, and so where its calls may come from.
    servers: BTreeMap<String, Vec<IpAddr>>,
    /// By digest user name.
    devices: BTreeMap<String, (Arc<str>, Device)>,
    names: BTreeSet<Arc<str>>,
    /// All networks that devices may be in.
    lan: Vec<Net>,
    bans: Bans,
    sources: BTreeMap<IpAddr, Source>,
    forget: Deadlines<IpAddr>,
    /// Sources that showed right credentials not long ago: others may forge their addresses, so
    /// they are never turned away for what comes from there.
    proven: Deadlines<IpAddr>,
    stats: GateStats,
}

impl Gate {
    /// Replaces the trunks; what is known of strangers stays.
    pub(crate) fn set_trunks(&mut self, trunks: Vec<Trunk>) {
        self.servers.clear();
        self.trunks = trunks
            .into_iter()
            .map(|trunk| (Arc::from(trunk.name.as_str()), trunk))
            .collect();
    }

    /// Knows a trunk by the servers that we call it at.
    pub(crate) fn set_servers(&mut self, trunk: &str, addresses: Vec<IpAddr>) {
        let addresses = addresses.iter().map(IpAddr::to_canonical).collect();
        self.servers.insert(trunk.to_owned(), addresses);
    }

    /// Replaces the devices.
    pub(crate) fn set_devices(&mut self, devices: Vec<Device>) {
        self.devices.clear();
        self.names.clear();
        self.lan.clear();
        for mut device in devices {
            if device.nets.is_empty() {
                device.nets = private_networks();
            }
            self.lan.extend(&device.nets);
            let name: Arc<str> = Arc::from(device.name.as_str());
            self.names.insert(name.clone());
            let user = device.login.username.clone();
            self.devices.insert(user, (name, device));
        }
        self.lan.sort_unstable();
        self.lan.dedup();
    }

    /// What the line of a party may speak.
    pub(crate) fn sound_of(&self, party: &Party) -> Sound {
        match party {
            Party::Caller(Origin::Trunk(name)) | Party::Called(Line::Trunk(name)) => {
                let mut trunks = self.trunks.iter().map(|(_, trunk)| trunk);
                let trunk = trunks.find(|trunk| trunk.name == *name);
                trunk.map_or_else(Sound::of_trunk, |trunk| trunk.sound.clone())
            }
            Party::Caller(Origin::Device(name)) | Party::Called(Line::Device(name)) => {
                let mut devices = self.devices.values().map(|(_, device)| device);
                let device = devices.find(|device| device.name == *name);
                device.map_or_else(Sound::of_device, |device| device.sound.clone())
            }
        }
    }

    /// Whether a line is believed who calls, and told (RFC 3325).
    pub(crate) fn trusts(&self, line: &Line) -> bool {
        match line {
            Line::Trunk(name) => {
                let mut trunks = self.trunks.iter().map(|(_, trunk)| trunk);
                let trunk = trunks.find(|trunk| trunk.name == *name);
                trunk.is_some_and(|trunk| trunk.trusted)
            }
            Line::Device(name) => {
                let mut devices = self.devices.values().map(|(_, device)| device);
                let device = devices.find(|device| device.name == *name);
                device.is_some_and(|device| device.trusted)
            }
        }
    }

    /// Whether there is a device of this name.
    pub(crate) fn has_device(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Judges a request; `verify` checks its credentials against a login.
    pub(crate) fn judge(
        &mut self,
        now: Instant,
        knock: Knock<'_>,
        verify: impl Fn(&Login) -> DigestVerdict,
    ) -> Verdict {
        let source = knock.source;
        let place = place_of(source);
        let is_proven = self.proven.of(place).is_some_and(|until| now < until);
        let knock = Knock {
            is_known: knock.is_known || is_proven,
            ..knock
        };
        let mut stale = false;
        let shows = !knock.users.is_empty() && !knock.is_known;
        if shows && self.is_out_of_tries(now, place) {
            self.stats.silenced += 1;
            return self.ignore(place);
        }
        let mut logins = self.lan.iter().any(|net| net.contains(source));
        let shown = knock.users.iter().filter_map(|u| self.devices.get(u));
        for (name, device) in shown {
            if !device.nets.iter().any(|net| net.contains(source)) {
                continue;
            }
            match verify(&device.login) {
                DigestVerdict::Good => {
                    let account = Account::Device(name.clone());
                    return self.admit_by_digest(now, place, account);
                }
                DigestVerdict::Stale => stale = true,
                DigestVerdict::Wrong | DigestVerdict::Missing => {}
            }
        }
        for (name, trunk) in &self.trunks {
            let is_home = trunk.peers.iter().any(|net| net.contains(source));
            let is_home = is_home || self.is_server(name, source);
            if !trunk.peers.is_empty() && !is_home {
                continue;
            }
            let Some(login) = &trunk.login else {
                if !is_home {
                    continue;
                }
                self.stats.by_address += 1;
                return Verdict::Admit(Account::Trunk(name.clone()));
            };
            logins = true;
            if !knock.users.contains(&login.username) {
                continue;
            }
            match verify(login) {
                DigestVerdict::Good => {
                    let account = Account::Trunk(name.clone());
                    return self.admit_by_digest(now, place, account);
                }
                DigestVerdict::Stale => stale = true,
                DigestVerdict::Wrong | DigestVerdict::Missing => {}
            }
        }
        // Whoever shows a name and is not let in showed the wrong one, or the wrong password.
        let wrong = logins && !knock.users.is_empty() && !stale;
        let verdict = self.stranger(now, (place, knock), logins, wrong);
        self.count(&verdict, wrong);
        verdict
    }

    /// The sources that are banned at `now`.
    pub(crate) fn bans(&self, now: Instant) -> Vec<Ban> {
        self.bans.list(now)
    }

    /// Lifts the ban of a source and forgets what it did; false where it is not banned.
    pub(crate) fn lift_ban(&mut self, source: IpAddr) -> bool {
        let place = place_of(source);
        self.sources.remove(&place);
        self.forget.clear(place);
        self.bans.lift(place)
    }

    /// Bans held, those that ended lately included.
    pub(crate) fn bans_held(&self) -> usize {
        self.bans.len()
    }

    /// What was counted.
    pub(crate) fn stats(&self) -> GateStats {
        self.stats
    }

    /// Counts on from what another gate counted.
    pub(crate) fn count_on(&mut self, stats: GateStats) {
        self.stats = stats;
    }

    /// Sources remembered now, at most [`MAX_SOURCES`].
    pub(crate) fn sources(&self) -> usize {
        self.sources.len()
    }

    /// Whether a banned source has shown credentials as often as it may in a minute: else it
    /// could go on guessing.
    fn is_out_of_tries(&mut self, now: Instant, place: IpAddr) -> bool {
        if !self.bans.is_banned(now, place) {
            return false;
        }
        let source = self.remember(now, place);
        source.tries = source.tries.saturating_add(1);
        source.tries > MAX_WRONG_CREDENTIALS
    }

    /// Meets a request of a banned source with silence.
    fn ignore(&mut self, place: IpAddr) -> Verdict {
        self.bans.ignore(place);
        self.stats.ignored_banned += 1;
        Verdict::Silence
    }

    fn is_server(&self, trunk: &str, source: IpAddr) -> bool {
        let servers = self.servers.get(trunk);
        servers.is_some_and(|servers| servers.contains(&source.to_canonical()))
    }

    fn admit_by_digest(&mut self, now: Instant, place: IpAddr, account: Account) -> Verdict {
        self.stats.by_digest += 1;
        if self.proven.len() >= MAX_SOURCES {
            self.proven.pop_first();
        }
        self.proven.set(place, now + PROVEN_MEMORY);
        self.sources.remove(&place);
        self.forget.clear(place);
        self.bans.lift(place);
        Verdict::Admit(account)
    }

    fn stranger(
        &mut self,
        now: Instant,
        (place, knock): (IpAddr, Knock<'_>),
        logins: bool,
        wrong: bool,
    ) -> Verdict {
        if !knock.is_known && self.bans.is_banned(now, place) {
            return self.ignore(place);
        }
        let source = self.remember(now, place);
        source.seen = source.seen.saturating_add(1);
        source.wrong = source.wrong.saturating_add(u32::from(wrong));
        source.challenged = source
            .challenged
            .saturating_add(u32::from(logins && !wrong));
        let source = *source;
        if let Some(why) = offence(source, logins, knock) {
            self.stats.banned += 1;
            tracing::debug!(source = %place, why = why.word(), "a source is banned");
            self.bans.ban(now, place, why);
        }
        if !logins || is_scanner(knock.agent) {
            return if source.seen == 1 {
                Verdict::Refuse
            } else {
                Verdict::Silence
            };
        }
        if wrong {
            return match source.wrong {
                n if n < MAX_WRONG_CREDENTIALS => Verdict::Challenge,
                MAX_WRONG_CREDENTIALS => Verdict::Refuse,
                _ => Verdict::Silence,
            };
        }
        if source.challenged > most_challenges(knock) {
            Verdict::Silence
        } else {
            Verdict::Challenge
        }
    }

    fn remember(&mut self, now: Instant, place: IpAddr) -> &mut Source {
        while let Some(old) = self.forget.pop_due(now) {
            self.sources.remove(&old);
        }
        if !self.sources.contains_key(&place) {
            if self.sources.len() >= MAX_SOURCES
                && let Some(old) = self.forget.pop_first()
            {
                self.sources.remove(&old);
                self.stats.forgotten += 1;
            }
            self.forget.set(place, now + SOURCE_MEMORY);
        }
        self.sources.entry(place).or_default()
    }

    fn count(&mut self, verdict: &Verdict, wrong: bool) {
        let stats = &mut self.stats;
        stats.wrong_credentials += u64::from(wrong);
        match verdict {
            Verdict::Admit(_) => {}
            Verdict::Challenge => stats.challenged += 1,
            Verdict::Refuse if wrong => stats.refused_tries += 1,
            Verdict::Refuse => stats.refused_unknown += 1,
            Verdict::Silence => stats.silenced += 1,
        }
    }
}

/// What a source is banned for. One where a phone is at home is not: the phone would be hit.
fn offence(source: Source, logins: bool, knock: Knock<'_>) -> Option<BanReason> {
    if knock.is_known {
        return None;
    }
    if is_scanner(knock.agent) {
        Some(BanReason::Scanner)
    } else if source.wrong >= MAX_GUESSES {
        Some(BanReason::Guessing)
    } else if source.challenged > MAX_CHALLENGES || !logins && source.seen > MAX_PROBES {
        Some(BanReason::Probing)
    } else {
        None
    }
}

/// Every call of a phone begins with a request without credentials.
fn most_challenges(knock: Knock<'_>) -> u32 {
    MAX_CHALLENGES * if knock.is_known { KNOWN_HELPINGS } else { 1 }
}

/// An IPv6 host owns a whole /64, so strangers are told apart by that.
fn place_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}
