//! The rings that lead out of the media thread, and who is woken for them.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread::Thread;

use media::{Gear, StreamEvent};
use rtrb::Producer;

use super::TapFrame;
use super::counters::{Counters, count};
use crate::recorder::Take;

/// Ways out. Full: events wait in their stream, frames of the recorder and of speech are dropped
/// and counted, and both readers see the gap in the numbers.
#[derive(Debug)]
pub(super) struct Outlets {
    pub(super) counters: Arc<Counters>,
    pub(super) events: Producer<StreamEvent>,
    pub(super) takes: Producer<Take>,
    pub(super) taps: Producer<TapFrame>,
    /// What streams need no more, to be freed by the control side; full: freed here.
    pub(super) spent: Producer<Gear>,
    /// Wakes the control side.
    pub(super) control: Arc<OwnedFd>,
    /// Writes the recordings.
    pub(super) recorder: Thread,
    pub(super) told: bool,
}

impl Outlets {
    pub(super) fn has_room_for_event(&mut self) -> bool {
        let has_room = self.events.slots() > 0;
        if !has_room {
            count(&self.counters.events_full);
        }
        has_room
    }

    /// Needs [`has_room_for_event`](Self::has_room_for_event) just before.
    pub(super) fn event(&mut self, event: StreamEvent) {
        self.told = true;
        if self.events.push(event).is_err() {
            count(&self.counters.events_full);
        }
    }

    /// Says whether the recorder's ring had room.
    pub(super) fn take(&mut self, take: Take) -> bool {
        let is_end = matches!(take, Take::End { .. });
        if self.takes.push(take).is_err() {
            count(&self.counters.recorder_full);
            return false;
        }
        if is_end {
            self.recorder.unpark();
        }
        true
    }

    /// Hands memory back to whoever may free it.
    pub(super) fn give_back(&mut self, gear: Gear) {
        if !gear.is_empty() && self.spent.push(gear).is_err() {
            count(&self.counters.events_full);
        }
    }

    pub(super) fn tap(&mut self, frame: TapFrame) {
        if self.taps.push(frame).is_err() {
            count(&self.counters.taps_full);
        }
    }

    /// Wakes the control side once for all it was told since the last time.
    pub(super) fn flush(&mut self) {
        if std::mem::take(&mut self.told) {
            wake(&self.control);
        }
    }
}

/// Rings an eventfd or a pipe, without waiting. It fails only where so many rings are unread that
/// one more says nothing new.
pub(crate) fn wake(bell: &OwnedFd) {
    let _ = rustix::io::write(bell, &1u64.to_ne_bytes());
}
