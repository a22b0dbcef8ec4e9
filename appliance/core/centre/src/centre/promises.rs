//! Call-backs that are owed, as a supervisor sees them, and those that come to nothing.
//!
//! A promise that is neither kept nor tried leaves a record all the same: a call to the outside
//! that never began, which names the first call and says why.

use std::time::Instant;

use call::{Cause, LegId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::call_state::{Call, Party};
use super::calling_back::Promise;
use super::{Centre, Why};
use crate::call_id::CallId;
use crate::event::Event;
use crate::limits::MAX_CALL_BACKS_SHOWN;
use crate::record::{Direction, Parties, UnixMillis};
use crate::report::Report;

/// Digits at the beginning and the end of a number that are shown.
const SHOWN: (usize, usize) = (3, 2);

/// A call that is owed to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallBackView {
    /// The call in which it was promised.
    pub call: Uuid,
    /// The queue whose agents call back.
    pub queue: String,
    /// Who is called, all but the ends of the number hidden.
    pub caller: String,
    /// Since when they wait, the time before the promise included.
    pub since: UnixMillis,
    /// Their place in the queue, counted from 1, while they stand there.
    pub position: Option<usize>,
    /// When they stand in the queue again, after a call that came to nothing.
    pub due: Option<UnixMillis>,
    /// When the promise is given up.
    pub until: UnixMillis,
    /// How often they were called.
    pub tries: u32,
    /// An agent's phone rings for them, or theirs does.
    pub is_calling: bool,
}

impl Centre {
    /// Calls that are owed, in the order in which they were promised; of many the first.
    pub fn call_backs(&self) -> Vec<CallBackView> {
        let promises = self.index.promises.iter().rev();
        let shown = promises.take(MAX_CALL_BACKS_SHOWN);
        shown
            .map(|(id, promise)| self.call_back_view(*id, promise))
            .collect()
    }

    fn call_back_view(&self, id: CallId, promise: &Promise) -> CallBackView {
        let due = self.deadlines.of((id, Why::CallBack));
        CallBackView {
            call: promise.first.1,
            queue: promise.place.queue().to_owned(),
            caller: masked(&promise.number),
            since: self.wall.at(promise.place.since()),
            position: self.queues.position(id),
            due: due.map(|at| self.wall.at(at)),
            until: self.wall.at(promise.until),
            tries: promise.tries,
            is_calling: promise.attempt.is_some(),
        }
    }

    /// What is owed is another than before.
    pub(super) fn promises_changed(&mut self) {
        self.changes += 1;
        self.index.shows_promises = true;
    }

    /// Shows what is owed, where it changed since it was shown.
    pub(super) fn show_promises(&mut self) {
        if std::mem::take(&mut self.index.shows_promises) {
            let owed = self.call_backs();
            self.show(Event::CallBacks(owed));
        }
    }

    /// A supervisor takes the promise back that was given in `call`.
    pub(super) fn cancel_call_back(&mut self, now: Instant, call: Uuid) {
        let mut promises = self.index.promises.iter();
        let found = promises.find(|(_, promise)| promise.first.1 == call);
        let Some(id) = found.map(|(id, _)| *id) else {
            return tracing::info!(%call, "no call-back is owed for this call");
        };
        let Some(promise) = self.withdraw(now, id) else {
            return;
        };
        match promise.attempt {
            // The call that rings for it leaves the record.
            Some(attempt) => self.end_call(now, attempt, Cause::Cancelled),
            None => self.unkept(now, &promise, Cause::Cancelled),
        }
    }

    /// A promise has waited long enough; false where `id` is none.
    pub(super) fn promise_ran_out(&mut self, now: Instant, id: CallId) -> bool {
        let Some(promise) = self.withdraw(now, id) else {
            return false;
        };
        if promise.attempt.is_none() {
            self.unkept(now, &promise, Cause::QueueTimeout);
        }
        true
    }

    fn withdraw(&mut self, now: Instant, id: CallId) -> Option<Promise> {
        let promise = self.index.promises.remove(&id)?;
        self.deadlines.clear((id, Why::CallBack));
        self.queues.leave(now, id);
        self.promises_changed();
        Some(promise)
    }

    /// The record of a promise that nobody kept.
    fn unkept(&mut self, now: Instant, promise: &Promise, cause: Cause) {
        let unix_ms = self.wall.at(now);
        let uuid = self.identities.uuid_v7(unix_ms);
        tracing::info!(call = %promise.first.1, cause = cause.word(), "a call-back is not made");
        let parties = Parties {
            to: promise.number.clone(),
            ..Parties::default()
        };
        let mut report = Report::new(uuid, now, unix_ms, parties);
        let handled = report.handled_mut();
        handled.direction = Direction::Outbound;
        handled.queue = Some(promise.place.queue().to_owned());
        handled.call_back_of = Some(promise.first.1);
        self.stats.started += 1;
        let id = CallId(self.stats.started);
        let nobody = Party::Trunk {
            trunk: String::new(),
            number: promise.number.clone(),
        };
        let mut call = Call::new(report, self.site.clone(), LegId(0), nobody);
        call.sides.clear();
        self.show(Event::Started(call.live()));
        call.end(now, cause);
        self.calls.insert(id, call);
        self.conclude(id, true);
    }
}

/// A number with all but its ends hidden.
fn masked(number: &str) -> String {
    let (first, last) = SHOWN;
    let length = number.chars().count();
    let is_end = |n: usize| n + last >= length || n < first && length > 2 * (first + last);
    let shown = number.chars().enumerate();
    shown
        .map(|(n, c)| if is_end(n) { c } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn of_a_number_only_the_ends_are_shown() {
        assert_eq!(masked("13800001234"), "138******34");
        assert_eq!(masked("62340000"), "******00");
        assert_eq!(masked("1"), "1");
        assert_eq!(masked(""), "");
    }
}
