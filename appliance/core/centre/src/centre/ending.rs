//! How calls end: once, for one cause, and remembered in one place.

use std::time::Instant;

use call::{Cause, LegId, Recorded, StreamId, StreamStats};

use super::call_state::{Otherwise, Party};
use super::{Centre, Why};
use crate::call_id::CallId;
use crate::event::Event;
use crate::input::Output;
use crate::limits::SPEECH_GRACE;

impl Centre {
    /// The call is over: everybody who is still in it is let go.
    pub(super) fn end_call(&mut self, now: Instant, id: CallId, cause: Cause) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_running()) else {
            return;
        };
        call.end(now, cause);
        call.attempt = None;
        call.entry = None;
        tracing::info!(call = %call.id(), cause = cause.word(), "a call ended");
        let reached = call.is_answered(call.lead);
        let promise = call.promise;
        let legs: Vec<LegId> = call.sides.keys().copied().collect();
        self.queues.leave(now, id);
        self.deadlines.clear((id, Why::Flow));
        self.deadlines.clear((id, Why::Farewell));
        if let Some(promise) = promise {
            self.call_back_over(now, promise, reached, cause);
        }
        for leg in legs {
            self.switchboard.end(now, leg, cause);
        }
        self.show_change(id);
    }

    /// A leg ended; what that means for its call depends on who it was.
    pub(super) fn ended(&mut self, now: Instant, leg: LegId, cause: Cause) {
        let moment = self.moment(now);
        let cost = self.shield.ended(moment, leg);
        let Some((id, call)) = self.call_of(leg) else {
            return;
        };
        call.report.handled_mut().cost += cost;
        let lead = call.lead;
        let is_running = call.is_running();
        let partner = call.partner(leg);
        let waits_as = call.promise.unwrap_or(id);
        let is_tried = call.attempt.as_ref().is_some_and(|a| a.legs.contains(&leg));
        let asked = call
            .attempt
            .as_ref()
            .map(|attempt| attempt.otherwise.clone());
        let Some(side) = call.sides.get_mut(&leg) else {
            return;
        };
        side.over = true;
        let (party, was_answered) = (side.party.clone(), side.answered);
        if let Party::Agent { agent, .. } = &party
            && !was_answered
        {
            self.agent_missed(now, waits_as, agent, cause);
            if leg == lead {
                self.end_call(now, id, cause);
            }
        } else if is_running {
            match partner {
                // The phone that asked for a transfer may hang up before it comes about.
                _ if asked == Some(Otherwise::Tell(leg)) => self.asker_left(id),
                _ if is_tried => self.try_next(now, id, leg, cause),
                Some(_) => self.end_call(now, id, cause),
                None if leg == lead => self.end_call(now, id, cause),
                None => {}
            }
        }
        if let Some(device) = party.device() {
            self.vacate(now, device, leg);
        }
    }

    /// A leg is forgotten; with the last one the call waits for speech only.
    pub(super) fn closed(
        &mut self,
        now: Instant,
        leg: LegId,
        stats: Option<StreamStats>,
        recorded: Option<Recorded>,
    ) {
        let Some(id) = self.index.legs.remove(&leg) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.close(leg, stats, recorded);
        if call.is_closed() {
            self.deadlines.set((id, Why::Speech), now + SPEECH_GRACE);
            self.conclude(id, false);
        }
    }

    pub(super) fn speech_done(&mut self, stream: StreamId) {
        let Some(id) = self.index.streams.get(&stream).copied() else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.speech.is_owing = false;
        self.conclude(id, false);
    }

    /// Makes the record of a call whose legs are all forgotten, once speech is done or `overdue`.
    /// The only place that makes one: it takes the call out of the table.
    pub(super) fn conclude(&mut self, id: CallId, overdue: bool) {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_closed()) else {
            return;
        };
        if call.speech.is_owing && !overdue && !self.stopping {
            return;
        }
        self.deadlines.clear((id, Why::Speech));
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        for stream in &call.streams {
            self.index.streams.remove(stream);
        }
        if let Some(record) = call.finish() {
            self.stats.records += 1;
            let record = Box::new(record);
            let ended = Event::Ended {
                call: record.id,
                record: record.clone(),
            };
            self.outputs.push_back(Output::Record(record));
            self.outputs.push_back(Output::Event(ended));
        }
    }
}
