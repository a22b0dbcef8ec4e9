//! Something that wants a whole core: a thread that counts for nothing, on the first core.
//!
//! The media thread takes the last core where it has real-time priority, so on a machine of two or
//! more this is another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use crate::traffic;

/// A thread that never rests. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Spinner {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Spinner {
    /// Starts it, without any priority.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        let thread = std::thread::Builder::new()
            .name("spinner".into())
            .spawn(move || {
                traffic::take_core(0, 0);
                while !seen.load(Relaxed) {
                    std::hint::spin_loop();
                }
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        // It cannot panic.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
