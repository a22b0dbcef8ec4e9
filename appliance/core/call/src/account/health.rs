//! How an account is: what an answer to a probe means, and when to ask again.

use std::time::{Duration, Instant};

use rand_core::RngCore;
use sip::{Headers, Peer, TxId};

use crate::limits::{
    BACK_OFF, MAX_BACK_OFF, MAX_REGISTRATION_GRANTED_S, MIN_REFRESH_S, REFUSED_BACK_OFF,
};

/// How a trunk that we call is, for people and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkHealth {
    /// Whether it answers; `None` where nobody asked yet, or nobody asks.
    pub up: Option<bool>,
    /// Why, in a few words.
    pub why: String,
    /// The server that is called first.
    pub peer: Option<Peer>,
    /// Until when we are registered there.
    pub registered_until: Option<Instant>,
}

/// What is known of an account.
#[derive(Debug, Default)]
pub(super) struct Health {
    pub(super) up: Option<bool>,
    pub(super) why: String,
    pub(super) until: Option<Instant>,
    /// The probe under way.
    pub(super) asked: Option<TxId>,
    /// Rounds that failed one after another.
    pub(super) failures: u32,
    /// Servers that failed in this round.
    pub(super) tried: usize,
}

impl Health {
    pub(super) fn good(&mut self) {
        self.failures = 0;
        self.tried = 0;
    }
}

/// What the answer to a probe means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server serves us.
    Good,
    /// This server does not work now: another may.
    NextServer,
    /// The carrier does not want us; asking at once again would only make it worse.
    Refused,
}

/// Reads the status of a probe. Any answer to OPTIONS proves the server alive, but one that says
/// that it does not serve now.
pub(super) fn outcome(register: bool, status: u16) -> Outcome {
    match status {
        200..300 => Outcome::Good,
        408 | 503 => Outcome::NextServer,
        500..600 if register => Outcome::NextServer,
        _ if register => Outcome::Refused,
        _ => Outcome::Good,
    }
}

/// How long to wait after `failures` rounds failed: twice as long each time, never quite the
/// same, so that a thousand boxes do not come back at once.
pub(super) fn back_off(failures: u32, outcome: Outcome, random: &mut impl RngCore) -> Duration {
    let base = match outcome {
        Outcome::Refused => REFUSED_BACK_OFF,
        _ => BACK_OFF,
    };
    let doubled = base.saturating_mul(1 << failures.saturating_sub(1).min(16));
    fraction(doubled.min(MAX_BACK_OFF), (500, 1_000), random)
}

/// When to register again: after half to nine tenths of what was granted.
pub(super) fn refresh_after(granted_s: u64, random: &mut impl RngCore) -> Duration {
    let granted = Duration::from_secs(granted_s.max(MIN_REFRESH_S));
    fraction(granted, (500, 900), random)
}

/// The seconds that a 200 to REGISTER grants: what its Contact says, else its Expires header,
/// else what was `asked`. Of several Contacts the shortest counts: ours is among them.
pub(super) fn granted_s(headers: &Headers, asked: u32) -> u64 {
    let in_contacts = headers
        .all("Contact")
        .flat_map(|value| value.split([';', ',']))
        .filter_map(|part| {
            let (name, value) = part.trim().split_once('=')?;
            name.eq_ignore_ascii_case("expires")
                .then(|| seconds(value))?
        });
    let granted = in_contacts
        .min()
        .or_else(|| headers.first("Expires").and_then(seconds));
    granted
        .unwrap_or_else(|| u64::from(asked))
        .min(u64::from(MAX_REGISTRATION_GRANTED_S))
}

/// How long the peer asks us to wait at least.
pub(super) fn retry_after(headers: &Headers) -> Duration {
    let wait = headers.first("Retry-After").and_then(|value| {
        let digits = value.split([';', '(']).next()?;
        seconds(digits)
    });
    Duration::from_secs(wait.unwrap_or(0)).min(MAX_BACK_OFF)
}

fn seconds(text: &str) -> Option<u64> {
    let text = text.trim().trim_matches('"');
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or_else(|_| u64::from(u32::MAX)))
}

/// A part of `whole`, between `from` and `to` thousandths.
fn fraction(whole: Duration, (from, to): (u64, u64), random: &mut impl RngCore) -> Duration {
    let share = from + random.next_u64() % (to - from + 1);
    let millis = u64::try_from(whole.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_mul(share) / 1_000)
}
