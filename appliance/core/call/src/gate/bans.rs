//! Sources that are met with silence for a while: who, why, and until when.
//!
//! The gate bans; the owner sees the list and may lift a ban. A source that comes back after its
//! ban and goes on is banned for longer. Right credentials still pass a few times a minute, since
//! the address of a datagram may be forged.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::deadlines::Deadlines;
use crate::limits::{BAN, BAN_MEMORY, MAX_BAN, MAX_BANS};

/// Why a source is banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BanReason {
    /// It calls itself by the name of a known scanner.
    Scanner,
    /// It showed wrong credentials again and again.
    Guessing,
    /// It goes on asking without ever showing credentials.
    Probing,
}

impl BanReason {
    /// The word for logs and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scanner => "scanner",
            Self::Guessing => "guessing",
            Self::Probing => "probing",
        }
    }
}

/// A source that is met with silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The address; of an IPv6 source the first of its /64.
    pub source: IpAddr,
    /// Why.
    pub why: BanReason,
    /// Since when.
    pub since: Instant,
    /// Until when.
    pub until: Instant,
    /// How often it was banned lately, this time included.
    pub times: u32,
    /// Requests of it that were ignored meanwhile.
    pub ignored: u64,
}

/// All bans, and those that ended not long ago.
#[derive(Debug, Default)]
pub(super) struct Bans {
    by_source: BTreeMap<IpAddr, Ban>,
    forget: Deadlines<IpAddr>,
}

impl Bans {
    /// Bans `source` from `now` on; twice as long as the time before.
    pub(super) fn ban(&mut self, now: Instant, source: IpAddr, why: BanReason) {
        while let Some(old) = self.forget.pop_due(now) {
            self.by_source.remove(&old);
        }
        let known = self.by_source.get(&source);
        let times = known.map_or(0, |ban| ban.times).saturating_add(1);
        if known.is_none()
            && self.by_source.len() >= MAX_BANS
            && let Some(old) = self.forget.pop_first()
        {
            self.by_source.remove(&old);
        }
        let length = BAN.saturating_mul(1 << times.saturating_sub(1).min(16));
        let until = now + length.min(MAX_BAN);
        self.forget.set(source, until + BAN_MEMORY);
        self.by_source.insert(
            source,
            Ban {
                source,
                why,
                since: now,
                until,
                times,
                ignored: 0,
            },
        );
    }

    /// Whether `source` is banned.
    pub(super) fn is_banned(&self, now: Instant, source: IpAddr) -> bool {
        let ban = self.by_source.get(&source);
        ban.is_some_and(|ban| now < ban.until)
    }

    /// Counts a request of a banned source that is met with silence.
    pub(super) fn ignore(&mut self, source: IpAddr) {
        if let Some(ban) = self.by_source.get_mut(&source) {
            ban.ignored = ban.ignored.saturating_add(1);
        }
    }

    /// Forgets the ban of `source` and that there ever was one; false where there is none.
    pub(super) fn lift(&mut self, source: IpAddr) -> bool {
        self.forget.clear(source);
        self.by_source.remove(&source).is_some()
    }

    /// The bans that hold at `now`.
    pub(super) fn list(&self, now: Instant) -> Vec<Ban> {
        let bans = self.by_source.values().filter(|ban| now < ban.until);
        bans.copied().collect()
    }

    /// All that are held, with when they are forgotten.
    pub(super) fn held(&self) -> impl Iterator<Item = (&Ban, Instant)> {
        let bans = self.by_source.values();
        bans.filter_map(|ban| Some((ban, self.forget.of(ban.source)?)))
    }

    /// Holds a ban that was held before.
    pub(super) fn go_on(&mut self, ban: Ban, forget: Instant) {
        self.forget.set(ban.source, forget);
        self.by_source.insert(ban.source, ban);
    }

    /// Bans held, those that ended lately included.
    pub(super) fn len(&self) -> usize {
        self.by_source.len()
    }
}

/// Whether a User-Agent is the name of a program that looks for open exchanges.
pub(super) fn is_scanner(agent: &str) -> bool {
    const NAMES: [&str; 10] = [
        "friendly-scanner",
        "friendly-request",
        "sipvicious",
        "sipcli",
        "sip-scan",
        "sundayddr",
        "vaxsipuseragent",
        "pplsip",
        "iwar",
        "sipscan",
    ];
    let agent = agent.to_ascii_lowercase();
    NAMES.iter().any(|name| agent.contains(name))
}
