//! How a call is conducted: taken, opened, walked through its flow, ended, remembered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use call::{Caller, Cause, LegId, Origin, StreamId};

use super::call_state::Call;
use super::{Centre, Why};
use crate::call_id::CallId;
use crate::event::{CallState, Event};
use crate::flow::{FlowAct, FlowInput, Run, Target};
use crate::input::Output;
use crate::limits::SPEECH_GRACE;
use crate::queue::Waiter;
use crate::record::Parties;
use crate::report::Report;
use crate::site::Door;

impl Centre {
    /// A trunk calls: a number that leads nowhere is refused, every other one is answered.
    pub(super) fn take_call(&mut self, now: Instant, leg: LegId, caller: Caller) {
        let unix_ms = self.wall.at(now);
        let id = self.identities.uuid_v7(unix_ms);
        let Caller {
            origin,
            from,
            to,
            sip_call_id,
            ..
        } = caller;
        let (Origin::Trunk(trunk) | Origin::Device(trunk)) = origin;
        tracing::info!(call = %id, %leg, trunk, "a call came in");
        let site = Arc::clone(&self.site);
        let entry = site.number(&to).and_then(|number| match &number.door {
            Door::Target(target) => Some(target.clone()),
            Door::Device(_) | Door::Agent(_) => None,
        });
        let refusal = match &entry {
            None => Some(Cause::NoRoute),
            Some(entry) => refused_at_once(now, &site, entry),
        };
        let report = Report::new(
            id,
            now,
            unix_ms,
            Parties {
                trunk,
                from,
                to,
                sip_call_id,
            },
        );
        let call = Call::new(report, site, entry);
        self.outputs
            .push_back(Output::Event(Event::Started(call.live())));
        self.calls.insert(leg, call);
        match refusal {
            Some(cause) => self.switchboard.end(now, leg, cause),
            None => self.switchboard.answer(now, leg),
        }
    }

    /// The stream runs: the flow begins.
    pub(super) fn open(&mut self, now: Instant, leg: LegId, stream: StreamId) {
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        call.stream = Some(stream);
        self.streams.insert(stream, leg);
        if call.site.records() {
            self.switchboard.record(leg, call.recording_file());
        }
        if call.site.speech() {
            call.listen(now);
            self.switchboard.tap(leg, true);
        }
        if let Some(entry) = call.entry.take() {
            call.state = CallState::InFlow;
            call.run = Some(Run::start(now, Arc::clone(&call.site), entry));
            self.walk(now, leg);
        }
    }

    pub(super) fn press(&mut self, now: Instant, leg: LegId, digit: char) {
        let Some(call) = self.calls.get(&leg) else {
            return;
        };
        let call = call.id();
        self.show(Event::Digit { call, digit });
        self.tell_flow(now, leg, FlowInput::Digit(digit));
    }

    pub(super) fn transfer_failed(&mut self, now: Instant, leg: LegId) {
        if let Some(call) = self.calls.get_mut(&leg) {
            call.state = CallState::InFlow;
        }
        self.tell_flow(now, leg, FlowInput::TransferFailed);
    }

    pub(super) fn queue_timeout(&mut self, now: Instant, leg: LegId) {
        if let Some(call) = self.calls.get_mut(&leg) {
            call.state = CallState::InFlow;
        }
        self.switchboard.stop_play(leg);
        self.tell_flow(now, leg, FlowInput::QueueTimeout);
    }

    pub(super) fn flow_timeout(&mut self, now: Instant, leg: LegId) {
        let call = self.calls.get_mut(&leg).filter(|call| call.is_running());
        if let Some(run) = call.and_then(|call| call.run.as_mut()) {
            run.handle_timeout(now);
            self.walk(now, leg);
        }
    }

    /// Tells the flow of a running call, and does what it says.
    pub(super) fn tell_flow(&mut self, now: Instant, leg: LegId, input: FlowInput) {
        let call = self.calls.get_mut(&leg).filter(|call| call.is_running());
        if let Some(run) = call.and_then(|call| call.run.as_mut()) {
            run.handle(now, input);
            self.walk(now, leg);
        }
    }

    pub(super) fn ended(&mut self, now: Instant, leg: LegId, cause: Cause) {
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        call.end(now, cause);
        tracing::info!(call = %call.id(), %leg, cause = cause.word(), "a call ended");
        self.queues.leave(now, CallId(leg.0));
        self.deadlines.clear((leg, Why::Flow));
        self.show_change(leg);
    }

    pub(super) fn speech_done(&mut self, stream: StreamId) {
        let Some(leg) = self.streams.get(&stream).copied() else {
            return;
        };
        if let Some(call) = self.calls.get_mut(&leg) {
            call.speech.is_owing = false;
        }
        self.conclude(leg, false);
    }

    /// The leg is closed: makes the record, or gives speech its time to finish.
    pub(super) fn await_speech(&mut self, now: Instant, leg: LegId) {
        self.deadlines.set((leg, Why::Speech), now + SPEECH_GRACE);
        self.conclude(leg, false);
    }

    /// Makes the record of a closed call, once speech is done or `overdue`. The only place that
    /// makes one: it takes the call out of the table.
    pub(super) fn conclude(&mut self, leg: LegId, overdue: bool) {
        let Some(call) = self.calls.get(&leg).filter(|call| call.is_closed()) else {
            return;
        };
        if call.speech.is_owing && !overdue && !self.stopping {
            return;
        }
        self.deadlines.clear((leg, Why::Speech));
        let Some(call) = self.calls.remove(&leg) else {
            return;
        };
        if let Some(stream) = call.stream {
            self.streams.remove(&stream);
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

    /// Does what the flow of `leg` says, and keeps its next deadline.
    fn walk(&mut self, now: Instant, leg: LegId) {
        let mut moved = false;
        while let Some(act) = self.next_act(leg) {
            moved |= self.act(now, leg, act);
        }
        let call = self.calls.get(&leg).filter(|call| call.is_running());
        match call
            .and_then(|call| call.run.as_ref())
            .and_then(Run::poll_timeout)
        {
            Some((at, _)) => self.deadlines.set((leg, Why::Flow), at),
            None => self.deadlines.clear((leg, Why::Flow)),
        }
        if moved {
            self.show_change(leg);
        }
    }

    fn next_act(&mut self, leg: LegId) -> Option<FlowAct> {
        self.calls.get_mut(&leg)?.run.as_mut()?.poll()
    }

    /// Does one act; true when a person would tell it as a change.
    fn act(&mut self, now: Instant, leg: LegId, act: FlowAct) -> bool {
        match act {
            FlowAct::Play { prompts, repeat } => self.switchboard.play(leg, prompts, repeat),
            FlowAct::StopPlay => self.switchboard.stop_play(leg),
            // The tap runs for the whole call, for the transcript; the run itself knows when
            // words matter.
            FlowAct::Listening(_) => {}
            FlowAct::Enter { .. } => return true,
            FlowAct::Queue { queue } => {
                self.enter_queue(now, leg, &queue);
                return true;
            }
            FlowAct::Transfer { to } => {
                self.set_state(leg, CallState::Transferring);
                self.switchboard.transfer(now, leg, &to);
                return true;
            }
            FlowAct::HangUp { cause } => self.switchboard.end(now, leg, cause),
        }
        false
    }

    fn enter_queue(&mut self, now: Instant, leg: LegId, name: &str) {
        let Some(call) = self.calls.get_mut(&leg) else {
            return;
        };
        let site = Arc::clone(&call.site);
        let Some(queue) = site.queue(name) else {
            return;
        };
        call.state = CallState::InQueue;
        let waiter = Waiter {
            call: CallId(leg.0),
            queue: name.to_owned(),
            level: 0,
            skills: BTreeSet::new(),
            wish: None,
            max_wait: queue.max_wait(),
            announce: None,
        };
        self.queues.enter(now, waiter);
        if !queue.prompts().is_empty() {
            self.switchboard.play(leg, queue.prompts().to_vec(), true);
        }
    }

    fn set_state(&mut self, leg: LegId, state: CallState) {
        if let Some(call) = self.calls.get_mut(&leg) {
            call.state = state;
        }
    }

    fn show_change(&mut self, leg: LegId) {
        if let Some(call) = self.calls.get(&leg) {
            let live = call.live();
            self.show(Event::Changed(live));
        }
    }
}

/// The cause a call is refused for without being answered: its number leads to a step that hangs
/// up before a word is said.
fn refused_at_once(now: Instant, site: &Arc<crate::site::Site>, entry: &Target) -> Option<Cause> {
    let mut run = Run::start(now, Arc::clone(site), entry.clone());
    std::iter::from_fn(|| run.poll()).find_map(|act| match act {
        FlowAct::Enter { .. } | FlowAct::Listening(_) | FlowAct::StopPlay => None,
        FlowAct::HangUp { cause } => Some(Some(cause)),
        FlowAct::Play { .. } | FlowAct::Queue { .. } | FlowAct::Transfer { .. } => Some(None),
    })?
}
