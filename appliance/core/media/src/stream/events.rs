//! What happened on a stream and was not yet polled: a ring of fixed length.

use crate::limits::MAX_EVENTS;

/// One thing that the owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Digit(char),
    PlayDone(u32),
    MediaTimeout,
    OneWay(u32),
    Flowing,
}

/// Oldest first. When it is full the newest is dropped and counted.
#[derive(Clone, Debug)]
pub(super) struct Events {
    waiting: [Option<Happened>; MAX_EVENTS],
    first: usize,
    count: usize,
    dropped: u32,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            waiting: [None; MAX_EVENTS],
            first: 0,
            count: 0,
            dropped: 0,
        }
    }
}

impl Events {
    pub(super) fn push(&mut self, happened: Happened) {
        let at = (self.first + self.count) % MAX_EVENTS;
        match self.waiting.get_mut(at) {
            Some(place @ None) => {
                *place = Some(happened);
                self.count += 1;
            }
            _ => self.dropped = self.dropped.saturating_add(1),
        }
    }

    pub(super) fn pop(&mut self) -> Option<Happened> {
        let happened = self.waiting.get_mut(self.first)?.take()?;
        self.first = (self.first + 1) % MAX_EVENTS;
        self.count -= 1;
        Some(happened)
    }

    /// Whether somebody is still to be told of something.
    pub(super) fn wait(&self) -> bool {
        self.count > 0
    }

    pub(super) fn dropped(&self) -> u32 {
        self.dropped
    }
}
