//! What the gate knows of strangers, as a value: bans stand after the box was born anew.

use std::net::IpAddr;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sip::Offset;

use super::bans::{Ban, BanReason};
use super::{Gate, Source};
use crate::limits::{MAX_BANS, MAX_SOURCES};

/// Bans, and what sources did lately.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Standing {
    bans: Vec<Banned>,
    sources: Vec<Seen>,
    proven: Vec<(IpAddr, Offset)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Banned {
    source: IpAddr,
    why: BanReason,
    since: Offset,
    until: Offset,
    times: u32,
    ignored: u64,
    forget: Offset,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Seen {
    source: IpAddr,
    did: Source,
    forget: Offset,
}

impl Gate {
    /// What is known of strangers, told from `now`.
    pub(crate) fn standing(&self, now: Instant) -> Standing {
        let offset = |at: Instant| Offset::of(at, now);
        let banned = |(ban, forget): (&Ban, Instant)| Banned {
            source: ban.source,
            why: ban.why,
            since: offset(ban.since),
            until: offset(ban.until),
            times: ban.times,
            ignored: ban.ignored,
            forget: offset(forget),
        };
        let seen = |(source, did): (&IpAddr, &Source)| {
            let forget = self.forget.of(*source)?;
            Some(Seen {
                source: *source,
                did: *did,
                forget: offset(forget),
            })
        };
        Standing {
            bans: self.bans.held().map(banned).collect(),
            sources: self.sources.iter().filter_map(seen).collect(),
            proven: (self.proven.iter())
                .map(|(place, until)| (place, offset(until)))
                .collect(),
        }
    }

    /// Knows what `standing` knew, but for what is forgotten by now.
    pub(crate) fn go_on(&mut self, (now, base): (Instant, Instant), standing: Standing) {
        for banned in standing.bans.into_iter().take(MAX_BANS) {
            let forget = banned.forget.at(base);
            if forget > now {
                let ban = Ban {
                    source: banned.source,
                    why: banned.why,
                    since: banned.since.at(base),
                    until: banned.until.at(base),
                    times: banned.times,
                    ignored: banned.ignored,
                };
                self.bans.go_on(ban, forget);
            }
        }
        for seen in standing.sources.into_iter().take(MAX_SOURCES) {
            let forget = seen.forget.at(base);
            if forget > now {
                self.sources.insert(seen.source, seen.did);
                self.forget.set(seen.source, forget);
            }
        }
        for (place, until) in standing.proven.into_iter().take(MAX_SOURCES) {
            if until.at(base) > now {
                self.proven.set(place, until.at(base));
            }
        }
    }
}
