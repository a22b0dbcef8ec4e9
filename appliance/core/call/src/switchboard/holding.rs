//! Hold and resume: our re-INVITEs, what the peer says to them, and what to do when two cross.
//!
//! A party on hold is told `sendonly`: it hears what we play and is not heard. The owner says what
//! it wants; this file sees to it that the peer is told, once at a time.

use std::time::{Duration, Instant};

use media::sdp::OfferError;
use rand_core::RngCore;
use sip::{Body, DialogId, Method};

use super::admission::ALLOW;
use super::{Asked, Parting, Switchboard, Why};
use crate::leg::{LegId, Party};
use crate::offer::{self, SDP};
use crate::refresh::Refresh;

impl Switchboard {
    /// Holds the party of `leg`: it hears what is played and is not heard.
    pub fn hold(&mut self, now: Instant, leg: LegId) {
        self.want_hold(now, leg, true);
    }

    /// Takes the party of `leg` back from hold.
    pub fn resume(&mut self, now: Instant, leg: LegId) {
        self.want_hold(now, leg, false);
    }

    fn want_hold(&mut self, now: Instant, leg: LegId, on: bool) {
        if let Some(stream) = self.legs.get_mut(&leg).and_then(|l| l.stream.as_mut()) {
            stream.hold.wanted = on;
            self.settle_hold(now, leg);
            self.drain(now);
        }
    }

    /// Sends a re-INVITE where the peer does not know yet what the owner wants.
    pub(super) fn settle_hold(&mut self, now: Instant, leg: LegId) {
        let waits = self.deadlines.of((leg, Why::Glare)).is_some();
        let Some(entry) = self.legs.get_mut(&leg).filter(|l| l.is_running() && !waits) else {
            return;
        };
        let (Some(dialog), true, Some(stream)) =
            (entry.dialog, entry.is_up(), entry.stream.as_mut())
        else {
            return;
        };
        if stream.hold.wanted == stream.hold.told || stream.offering || stream.spec.is_none() {
            return;
        }
        stream.version += 1;
        self.reinvite(now, leg, dialog);
    }

    /// Offers what holds once more, so that the session goes on (RFC 4028 section 10): for peers
    /// that take no UPDATE. While another change is under way that one does it.
    pub(super) fn refresh_by_invite(&mut self, now: Instant, leg: LegId, dialog: DialogId) {
        let stream = self.legs.get(&leg).and_then(|l| l.stream.as_ref());
        if stream.is_some_and(|s| !s.offering && s.spec.is_some()) {
            self.reinvite(now, leg, dialog);
        }
    }

    /// Any re-INVITE refreshes the session, so it says how that goes on: for a peer that hears
    /// nothing of a timer there is none any more, and it refreshes no longer.
    fn reinvite(&mut self, now: Instant, leg: LegId, dialog: DialogId) {
        let media_ip = self.house.media_ip;
        let Some(entry) = self.legs.get_mut(&leg) else {
            return;
        };
        let refresh = entry.refresh;
        let Some(stream) = entry.stream.as_mut() else {
            return;
        };
        let mut headers = refresh.map(Refresh::wish).unwrap_or_default();
        stream.offering = true;
        stream.hold.before = stream.hold.told;
        stream.hold.told = stream.hold.wanted;
        let place = super::answering::place(media_ip, stream);
        let body = Some(Body::new(SDP, offer::offer(&place)));
        headers.push(("Allow".into(), ALLOW.into()));
        let tx = self
            .endpoint
            .request(now, dialog, Method::Invite, headers, body);
        self.index.asked.insert(tx, (leg, Asked::Change));
    }

    /// The final answer to a re-INVITE of ours.
    pub(super) fn on_changed(&mut self, now: Instant, leg: LegId, status: u16, body: Option<Body>) {
        let media_ip = self.house.media_ip;
        let Some(entry) = self.legs.get_mut(&leg).filter(|l| l.is_running()) else {
            return;
        };
        let Some(stream) = entry.stream.as_mut() else {
            return;
        };
        stream.offering = false;
        if !(200..300).contains(&status) {
            // The session is as it was before (RFC 3261 section 14.1).
            stream.hold.told = stream.hold.before;
            if status != 491 {
                tracing::info!(%leg, status, "the peer does not take the change");
                stream.hold.wanted = stream.hold.told;
                return;
            }
            let refreshes = entry.refresh.is_some_and(|refresh| refresh.by_us);
            let again = now + self.glare_wait(leg);
            if refreshes {
                // The session would run out before its next turn.
                self.deadlines.set((leg, Why::Liveness), again);
            }
            return self.deadlines.set((leg, Why::Glare), again);
        }
        let place = super::answering::place(media_ip, stream);
        let answer = body.map(|body| offer::accept(&body.bytes, &place));
        match answer.unwrap_or(Err(OfferError::NoAudio)) {
            Ok(spec) => self.agree(leg, spec),
            Err(error) => {
                tracing::debug!(%leg, %error, "the answer to our change is none");
                return self.finish(now, leg, offer::cause(&error), Parting::Speak);
            }
        }
        self.settle_hold(now, leg);
    }

    /// How long to wait after two re-INVITEs crossed, in steps of 10 ms: whoever made the Call-ID
    /// waits longer, so that the next try of one meets nobody (section 14.1).
    fn glare_wait(&mut self, leg: LegId) -> Duration {
        let is_ours = self
            .legs
            .get(&leg)
            .is_some_and(|l| matches!(l.party, Party::Called(_)));
        let (from, steps) = if is_ours { (2_100, 191) } else { (0, 201) };
        let step = self.house.random.next_u64() % steps;
        Duration::from_millis(from + step * 10)
    }
}
