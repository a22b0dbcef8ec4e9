//! Whether the peer is heard: what is missing for long is told once, and so is that it came back.
//!
//! Asked with each tick; says too when it has to be asked again if nothing comes.

use std::time::Instant;

use crate::limits::{MEDIA_TIMEOUT, ONE_WAY};
use crate::sdp::Direction;

use super::events::{Events, Happened};
use super::inbound::Inbound;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    /// The media time-out was told and nothing came since.
    is_silent: bool,
    /// One-way audio was told and no RTP came since.
    is_one_way: bool,
}

impl Flow {
    /// Tells of a peer that is not heard, once until it is.
    pub(super) fn watch(
        &mut self,
        now: Instant,
        inbound: &Inbound,
        direction: Direction,
        events: &mut Events,
    ) {
        let waited = now.saturating_duration_since(inbound.last_heard());
        if waited < MEDIA_TIMEOUT {
            self.is_silent = false;
        } else if direction.receives() && !self.is_silent {
            self.is_silent = true;
            events.push(Happened::MediaTimeout);
        }
        let waited = now.saturating_duration_since(inbound.last_rtp());
        if direction == Direction::SendRecv && waited >= ONE_WAY && !self.is_one_way {
            self.is_one_way = true;
            let since_ms = waited.as_millis() as u32;
            events.push(Happened::OneWay(since_ms));
        } else if self.is_one_way && waited < ONE_WAY {
            self.is_one_way = false;
            events.push(Happened::Flowing);
        }
    }

    /// When the next look finds something if nothing comes before; `now` where it would at once.
    pub(super) fn next_look(
        &self,
        now: Instant,
        inbound: &Inbound,
        direction: Direction,
    ) -> Option<Instant> {
        let silent = inbound.last_heard() + MEDIA_TIMEOUT;
        let one_way = inbound.last_rtp() + ONE_WAY;
        if self.is_silent && now < silent || self.is_one_way && now < one_way {
            return Some(now);
        }
        let silent = (!self.is_silent && direction.receives()).then_some(silent);
        let both_ways = direction == Direction::SendRecv;
        let one_way = (!self.is_one_way && both_ways).then_some(one_way);
        silent.into_iter().chain(one_way).min()
    }
}
