//! Two parties who speak with one another, and hold one another.

use std::sync::Arc;
use std::time::Instant;

use call::LegId;

use super::Centre;
use crate::call_id::CallId;
use crate::event::CallState;
use crate::ledger::Phase;

impl Centre {
    /// Lets the pair of a call hear one another, once both streams run; called whenever something
    /// of that may have changed.
    pub(super) fn speak(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_running()) else {
            return;
        };
        let Some((one, other)) = call.pair else {
            return;
        };
        if !call.is_open(one) || !call.is_open(other) {
            return;
        }
        let holders: Vec<LegId> = [one, other]
            .into_iter()
            .filter(|leg| call.sides.get(leg).is_some_and(|side| side.holds))
            .collect();
        let is_early = !call.is_answered(one) || !call.is_answered(other);
        let before = call.state;
        if holders.is_empty() {
            if !is_early {
                call.turn(now, CallState::Talking, Phase::Talk);
            }
            self.switchboard.bridge(now, one, other);
        } else {
            call.turn(now, CallState::OnHold, Phase::Hold);
            let site = Arc::clone(&call.site);
            self.switchboard.unbridge(now, one);
            // Who holds hears nothing; who is held hears what the site plays.
            let held = [one, other].into_iter().find(|leg| !holders.contains(leg));
            if let Some(held) = held.filter(|_| !site.hold().is_empty()) {
                self.switchboard.play(held, site.hold().to_vec(), true);
            }
        }
        let is_new = self.calls.get(&id).is_some_and(|call| call.state != before);
        if is_new {
            self.show_change(id);
        }
    }

    /// A party holds the other, or comes back.
    pub(super) fn held(&mut self, now: Instant, leg: LegId, on: bool) {
        let Some((id, call)) = self.call_of(leg) else {
            return;
        };
        if let Some(side) = call.sides.get_mut(&leg) {
            side.holds = on;
        }
        self.speak(now, id);
    }
}
