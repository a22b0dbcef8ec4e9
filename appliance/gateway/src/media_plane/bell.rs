//! The bell of the media thread: rung by whoever pushed something into its ring, heard while it sleeps.
//!
//! A thread that is awake looks into the ring before it sleeps again, so ringing it would be a system
//! call for nothing: most orders come in handfuls, and under load the thread is hardly ever asleep.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use rustix::event::{EventfdFlags, eventfd};

use super::outlets::wake;

/// An eventfd that is written only where somebody listens.
#[derive(Debug)]
pub(super) struct Bell {
    fd: OwnedFd,
    is_heard: AtomicBool,
}

impl Bell {
    pub(super) fn new() -> anyhow::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let fd = eventfd(0, flags).context("could not make an eventfd")?;
        let is_heard = AtomicBool::new(false);
        Ok(Self { fd, is_heard })
    }

    /// What to wait for.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// From now on it is rung. What the ring holds by now may not be rung for: the listener looks
    /// into it after this and before it sleeps.
    pub(super) fn listen(&self) {
        // Sequentially consistent with `ring`: either the look that follows finds what was pushed,
        // or whoever pushed it finds a listener.
        self.is_heard.store(true, Ordering::SeqCst);
        std::sync::atomic::fence(Ordering::SeqCst);
    }

    /// The listener is awake.
    pub(super) fn listens_no_more(&self) {
        self.is_heard.store(false, Ordering::Relaxed);
    }

    /// Rings, after something was pushed.
    pub(super) fn ring(&self) {
        std::sync::atomic::fence(Ordering::SeqCst);
        if self.is_heard.swap(false, Ordering::SeqCst) {
            wake(&self.fd);
        }
    }

    /// Makes it silent after it was heard.
    pub(super) fn clear(&self) {
        let mut count = [0; 8];
        let _ = rustix::io::read(&self.fd, &mut count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_rung(bell: &Bell) -> bool {
        rustix::io::read(&bell.fd, &mut [0; 8]).is_ok()
    }

    #[test]
    fn only_a_listener_is_rung_for_and_only_once() {
        let bell = Bell::new().unwrap();
        bell.ring();
        assert!(!is_rung(&bell));
        bell.listen();
        bell.ring();
        bell.ring();
        assert!(is_rung(&bell));
        bell.ring();
        assert!(!is_rung(&bell));
        bell.listen();
        bell.listens_no_more();
        bell.ring();
        assert!(!is_rung(&bell));
    }

    #[test]
    fn nothing_pushed_is_slept_over() {
        let bell = Bell::new().unwrap();
        let (mut push, mut ring) = rtrb::RingBuffer::<u32>::new(64);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..20_000 {
                    while push.push(n).is_err() {
                        std::hint::spin_loop();
                    }
                    bell.ring();
                }
            });
            let mut wanted = 0..20_000;
            while !wanted.is_empty() {
                bell.listen();
                if ring.is_empty() {
                    let mut fds = [rustix::event::PollFd::new(
                        &bell.fd,
                        rustix::event::PollFlags::IN,
                    )];
                    let patience = rustix::time::Timespec {
                        tv_sec: 60,
                        tv_nsec: 0,
                    };
                    let ready = rustix::event::poll(&mut fds, Some(&patience)).unwrap();
                    assert_eq!(ready, 1, "slept over an order");
                    bell.clear();
                }
                bell.listens_no_more();
                while let Ok(n) = ring.pop() {
                    assert_eq!(Some(n), wanted.next());
                }
            }
        });
    }
}
