//! What the media plane tells the control side, as one stream of events.

use std::os::fd::OwnedFd;

use media::StreamEvent;
use rtrb::Consumer;
use tokio::net::unix::pipe;

/// Events of the media thread, of the recorder and of the control side's own look-ups.
#[derive(Debug)]
pub struct MediaEvents {
    rings: [Consumer<StreamEvent>; 3],
    bell: Bell,
}

/// The end of the pipe that those who told something write to.
#[derive(Debug)]
enum Bell {
    /// Not waited for yet: watching it needs the runtime.
    Still(OwnedFd),
    Watched(pipe::Receiver),
    /// It cannot be watched.
    Broken,
}

impl MediaEvents {
    pub(super) fn new(rings: [Consumer<StreamEvent>; 3], bell: OwnedFd) -> Self {
        Self {
            rings,
            bell: Bell::Still(bell),
        }
    }

    /// The next event, without waiting.
    pub fn try_next(&mut self) -> Option<StreamEvent> {
        self.rings.iter_mut().find_map(|ring| ring.pop().ok())
    }

    /// The next event; waits for it. Nothing is lost where the wait is given up.
    ///
    /// Never ends: when the plane has stopped there is simply nothing more to tell.
    pub async fn next(&mut self) -> StreamEvent {
        loop {
            if let Some(event) = self.try_next() {
                return event;
            }
            self.wait().await;
        }
    }

    async fn wait(&mut self) {
        self.bell = match std::mem::replace(&mut self.bell, Bell::Broken) {
            Bell::Still(bell) => {
                pipe::Receiver::from_owned_fd(bell).map_or(Bell::Broken, Bell::Watched)
            }
            other => other,
        };
        let Bell::Watched(bell) = &self.bell else {
            // No room to watch one more file, or all who could ring are gone.
            return std::future::pending().await;
        };
        let mut rings = [0; 256];
        // Emptied before the rings are looked at again, so that no wake is missed.
        if bell.readable().await.is_err() || matches!(bell.try_read(&mut rings), Ok(0)) {
            self.bell = Bell::Broken;
        }
    }
}
