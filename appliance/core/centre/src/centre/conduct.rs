//! How a call is led through its flow: what it hears, what it presses, what follows.

use std::sync::Arc;
use std::time::Instant;

use call::{Cause, LegId, StreamId};

use super::call_state::{Entry, Otherwise, Party};
use super::connect::Wanted;
use super::{Centre, Why};
use crate::call_id::CallId;
use crate::event::{CallState, Event};
use crate::flow::{FlowAct, FlowInput, Run};
use crate::ledger::Phase;
use crate::limits::{FAREWELL, INSIDE_PATIENCE};

impl Centre {
    /// A leg was answered, by us or by its party.
    pub(super) fn answered(&mut self, now: Instant, leg: LegId) {
        self.shield.answered(now, leg);
        let Some((id, call)) = self.call_of(leg) else {
            return;
        };
        if let Some(side) = call.sides.get_mut(&leg) {
            side.answered = true;
        }
        if leg == call.lead && call.promise.is_some() {
            self.agent_takes_call_back(now, id);
        } else if leg == call.lead {
            call.report.answer(now);
            if call.pair.is_some() {
                self.speak(now, id);
            }
        } else {
            self.picked_up(now, id, leg);
        }
    }

    /// The stream of a leg runs: what is said is kept, and who waited for it goes on.
    pub(super) fn opened(&mut self, now: Instant, leg: LegId, stream: StreamId) {
        let Some((id, call)) = self.call_of(leg) else {
            return;
        };
        let Some(side) = call.sides.get_mut(&leg) else {
            return;
        };
        side.stream = Some(stream);
        let is_outside = matches!(side.party, Party::Trunk { .. });
        let is_lead = leg == call.lead;
        let records = is_lead && call.site.records();
        // Only who calls from outside is ever listened to, never who works here.
        let listens = is_outside && is_lead && call.site.speech();
        let file = call.report.recording_file();
        if listens {
            call.listen(now);
            call.streams.push(stream);
            self.index.streams.insert(stream, id);
        }
        if records {
            self.switchboard.record(leg, file);
        }
        if listens {
            self.switchboard.tap(leg, true);
        }
        if is_lead {
            self.enter(now, id);
        }
        self.speak(now, id);
    }

    /// The lead meets what waits for it, once its stream runs.
    pub(super) fn enter(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if !call.is_running() || !call.is_open(call.lead) {
            return;
        }
        let lead = call.lead;
        match call.entry.take() {
            None => {}
            Some(Entry::CallBack(number)) => {
                call.turn(now, CallState::Transferring, Phase::Ring);
                self.call_outside(now, id, &number, None, Otherwise::End);
            }
            Some(Entry::Target(target)) => {
                call.turn(now, CallState::InFlow, Phase::Flow);
                call.run = Some(Run::start(now, Arc::clone(&call.site), target));
                self.walk(now, id);
            }
            Some(Entry::Farewell(prompts)) => {
                call.turn(now, CallState::InFlow, Phase::Flow);
                if prompts.is_empty() {
                    return self.end_call(now, id, Cause::FlowEnded);
                }
                self.deadlines.set((id, Why::Farewell), now + FAREWELL);
                self.switchboard.play(lead, prompts, false);
            }
        }
    }

    pub(super) fn press(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some((id, call)) = self.call_of(leg) else {
            return;
        };
        if leg != call.lead || call.pair.is_some() {
            return;
        }
        let uuid = call.id();
        self.show(Event::Digit { call: uuid, digit });
        if !self.takes_call_back(now, id, digit) {
            self.tell_flow(now, id, FlowInput::Digit(digit));
        }
    }

    pub(super) fn play_done(&mut self, now: Instant, leg: LegId) {
        let Some((id, call)) = self.call_of(leg) else {
            return;
        };
        if leg != call.lead || call.pair.is_some() {
            return;
        }
        let waits = call.state == CallState::InQueue;
        if self.deadlines.of((id, Why::Farewell)).is_some() {
            return self.end_call(now, id, Cause::FlowEnded);
        }
        if waits {
            return self.play_queue(id);
        }
        self.tell_flow(now, id, FlowInput::PlayDone);
    }

    /// The trunk did not take the lead over.
    pub(super) fn transfer_failed(&mut self, now: Instant, leg: LegId) {
        if let Some((id, _)) = self.call_of(leg) {
            self.back_to_flow(now, id, FlowInput::TransferFailed);
        }
    }

    pub(super) fn back_to_flow(&mut self, now: Instant, id: CallId, input: FlowInput) {
        if let Some(call) = self.calls.get_mut(&id).filter(|call| call.is_running()) {
            call.turn(now, CallState::InFlow, Phase::Flow);
        }
        self.tell_flow(now, id, input);
    }

    pub(super) fn flow_timeout(&mut self, now: Instant, id: CallId) {
        let call = self.calls.get_mut(&id).filter(|call| call.is_running());
        if let Some(run) = call.and_then(|call| call.run.as_mut()) {
            run.handle_timeout(now);
            self.walk(now, id);
        }
    }

    /// Tells the flow of a running call, and does what it says.
    pub(super) fn tell_flow(&mut self, now: Instant, id: CallId, input: FlowInput) {
        let call = self.calls.get_mut(&id).filter(|call| call.is_running());
        if let Some(run) = call.and_then(|call| call.run.as_mut()) {
            run.handle(now, input);
            self.walk(now, id);
        }
    }

    /// Does what the flow of a call says, and keeps its next deadline.
    pub(super) fn walk(&mut self, now: Instant, id: CallId) {
        let mut moved = false;
        while let Some(act) = self.next_act(id) {
            moved |= self.act(now, id, act);
        }
        let call = self.calls.get(&id).filter(|call| call.is_running());
        let run = call.and_then(|call| call.run.as_ref());
        match run.and_then(Run::poll_timeout) {
            Some((at, _)) => self.deadlines.set((id, Why::Flow), at),
            None => self.deadlines.clear((id, Why::Flow)),
        }
        if moved {
            self.show_change(id);
        }
    }

    fn next_act(&mut self, id: CallId) -> Option<FlowAct> {
        let call = self.calls.get_mut(&id).filter(|call| call.is_running());
        call?.run.as_mut()?.poll()
    }

    /// Does one act; true when a person would tell it as a change.
    fn act(&mut self, now: Instant, id: CallId, act: FlowAct) -> bool {
        let Some(lead) = self.calls.get(&id).map(|call| call.lead) else {
            return false;
        };
        match act {
            FlowAct::Play { prompts, repeat } => self.switchboard.play(lead, prompts, repeat),
            FlowAct::StopPlay => self.switchboard.stop_play(lead),
            // The tap runs for the whole call, for the transcript; the run itself knows when
            // words matter.
            FlowAct::Listening(_) => {}
            FlowAct::Enter { .. } => return true,
            FlowAct::Queue { queue } => {
                self.enter_queue(now, id, &queue);
                return true;
            }
            FlowAct::Transfer { to } => {
                self.hand_over(now, id, &to);
                return true;
            }
            FlowAct::HangUp { cause } => self.end_call(now, id, cause),
        }
        false
    }

    /// The flow hands the lead over: to a phone or an agent of the branch, over a route, or back
    /// to the trunk that brought it, where the branch knows no such number.
    fn hand_over(&mut self, now: Instant, id: CallId, to: &str) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        call.turn(now, CallState::Transferring, Phase::Ring);
        let (lead, site) = (call.lead, Arc::clone(&call.site));
        let people = site.people();
        let is_ours = people.device(to).is_some()
            || people.agent_of_number(to).is_some()
            || !site.ways_out(to, None).is_empty();
        if !is_ours {
            return self.switchboard.transfer(now, lead, to);
        }
        if !site.hold().is_empty() {
            self.switchboard.play(lead, site.hold().to_vec(), true);
        }
        let wanted = Wanted {
            to,
            device: None,
            patience: INSIDE_PATIENCE,
        };
        self.connect(now, id, wanted, Otherwise::Flow);
    }
}
