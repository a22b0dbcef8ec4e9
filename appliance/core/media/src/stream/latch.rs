//! Which address a stream listens to and talks to: symmetric RTP with strict source rules.
//!
//! 1. The agreed address (that of the SDP) is listened to at once, and always wins back.
//! 2. Another address becomes the present one after [`LATCH_PACKETS`] packets in a row of one
//!    source, in sequence, of an agreed payload type; and only
//!    - where it goes on with the source we listened to (same SSRC, next numbers: a translator that
//!      rebound), or
//!    - within [`LATCH_WINDOW`] of the opening or an update, or
//!    - where the agreed address is private, so that it cannot be the one we see.
//! 3. It never replaces a present source that still sends: that must have been silent for
//!    [`LATCH_QUIET`] first. Whoever is a candidate stays it for [`CANDIDATE_HOLD`].
//! 4. Packets of all others are counted and go nowhere; they change no statistics of the source.
//!
//! Pure; driven by [`super::inbound`]. The owner connects its socket where [`Latch::is_settled`], so
//! that the kernel keeps strangers away.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use crate::limits::{CANDIDATE_HOLD, LATCH_PACKETS, LATCH_QUIET, LATCH_WINDOW};
use crate::rtp::Packet;

/// Sequence numbers that a candidate may skip: a lost packet.
const MAX_SKIP: u16 = 3;
/// Sequence numbers that a source may have lost while it rebound.
const MAX_REBIND: u16 = 250;

#[derive(Clone, Debug)]
pub(super) struct Latch {
    agreed: SocketAddr,
    present: Option<SocketAddr>,
    /// When the present source was heard last.
    heard_at: Instant,
    since: Instant,
    candidate: Option<Candidate>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    count: u32,
    at: Instant,
}

/// The source listened to until now: its SSRC and highest sequence number.
pub(super) type Known = Option<(u32, u16)>;

impl Latch {
    pub(super) fn new(now: Instant, agreed: SocketAddr) -> Self {
        Self {
            agreed,
            present: None,
            heard_at: now,
            since: now,
            candidate: None,
        }
    }

    /// Another description came. The same address keeps what was learnt.
    pub(super) fn update(&mut self, now: Instant, agreed: SocketAddr) {
        if agreed != self.agreed {
            *self = Self::new(now, agreed);
        }
        self.since = now;
    }

    /// Whether a packet is listened to.
    pub(super) fn admits(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &Packet<'_>,
        is_agreed_payload: bool,
        known: Known,
    ) -> bool {
        if self.present == Some(from) {
            self.heard_at = now;
            self.candidate = None;
            return true;
        }
        if from == self.agreed {
            self.take(now, from);
            return true;
        }
        if !is_agreed_payload || packet.payload.is_empty() {
            return false;
        }
        let count = self.nominate(now, from, packet);
        if count >= LATCH_PACKETS && self.may_move(now, packet, known) {
            self.take(now, from);
            return true;
        }
        false
    }

    /// Where RTP goes.
    pub(super) fn remote(&self) -> SocketAddr {
        self.present.unwrap_or(self.agreed)
    }

    /// Whether RTP comes from elsewhere than agreed.
    pub(super) fn is_moved(&self) -> bool {
        self.present.is_some_and(|present| present != self.agreed)
    }

    /// Whether nobody else need be heard: the source is proved and speaks.
    pub(super) fn is_settled(&self, now: Instant) -> bool {
        let is_proved = match self.present {
            Some(present) if present == self.agreed => true,
            Some(_) => now.saturating_duration_since(self.since) >= LATCH_WINDOW,
            None => false,
        };
        is_proved && !self.is_quiet(now)
    }

    fn is_quiet(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard_at) >= LATCH_QUIET
    }

    fn take(&mut self, now: Instant, from: SocketAddr) {
        self.present = Some(from);
        self.heard_at = now;
        self.candidate = None;
    }

    /// Counts a packet of somebody who is not listened to; says how many of his came in a row.
    fn nominate(&mut self, now: Instant, from: SocketAddr, packet: &Packet<'_>) -> u32 {
        let next = Candidate {
            from,
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            count: 1,
            at: now,
        };
        let Some(held) = &mut self.candidate else {
            self.candidate = Some(next);
            return 1;
        };
        let is_same = held.from == from && held.ssrc == packet.ssrc;
        let ahead = packet.sequence.wrapping_sub(held.sequence);
        if is_same && (1..=MAX_SKIP).contains(&ahead) {
            *held = Candidate {
                count: held.count.saturating_add(1),
                ..next
            };
            return held.count;
        }
        let is_held = now.saturating_duration_since(held.at) < CANDIDATE_HOLD;
        if held.from == from || !is_held {
            *held = next;
            return 1;
        }
        0
    }

    fn may_move(&self, now: Instant, packet: &Packet<'_>, known: Known) -> bool {
        if self.present.is_some() {
            let goes_on = known.is_some_and(|(ssrc, highest)| {
                let ahead = packet.sequence.wrapping_sub(highest);
                ssrc == packet.ssrc && (1..MAX_REBIND).contains(&ahead)
            });
            if goes_on {
                // The old address and the new one never speak in turn: a rebinding is for good.
                return now.saturating_duration_since(self.heard_at) >= CANDIDATE_HOLD / 2;
            }
            if !self.is_quiet(now) {
                return false;
            }
        }
        let is_early = now.saturating_duration_since(self.since) < LATCH_WINDOW;
        is_early || is_private(self.agreed.ip())
    }
}

/// Addresses that mean nothing outside their own network (RFC 1918, 6598, 3927, 4193, loopback).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || is_shared
        }
        IpAddr::V6(ip) => {
            let first = ip.segments().first().copied().unwrap_or(0);
            ip.is_loopback() || first & 0xFE00 == 0xFC00 || first & 0xFFC0 == 0xFE80
        }
    }
}
