//! The floor: a loop that takes each packet and sends it on, and does nothing else.
//!
//! No RTP, no statistics, no RTCP, no rules who may speak; what it takes is the kernel's price of one
//! `epoll_wait`, one `recv` and one `send` on sockets like ours. It runs as the media thread does, on the
//! last core and in real time where that is granted.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use rustix::event::epoll;
use rustix::net::{RecvFlags, SendFlags};
use rustix::time::Timespec;

use crate::traffic::{self, Phone};

/// Name of its thread, to count its time by.
pub(crate) const THREAD: &str = "bare";
/// How often it looks whether it shall end.
const LOOK_EACH: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// A running loop. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Bare {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bare {
    /// Joins the phones two by two.
    pub(crate) fn start(phones: &[Phone]) -> anyhow::Result<Self> {
        let mut sockets = Vec::with_capacity(phones.len());
        for phone in phones {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_nonblocking(true)?;
            socket.connect(phone.address()?)?;
            phone.rtp.connect(socket.local_addr()?)?;
            sockets.push(socket);
        }
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        let last = std::thread::available_parallelism()?.get() - 1;
        let thread = std::thread::Builder::new()
            .name(THREAD.into())
            .spawn(move || {
                traffic::take_core(last, 40);
                // A loop that cannot watch its sockets carries nothing, which is seen.
                let _ = relay(&sockets, &seen);
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        // It cannot panic.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn relay(sockets: &[UdpSocket], stop: &AtomicBool) -> std::io::Result<()> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (n, socket) in sockets.iter().enumerate() {
        let token = epoll::EventData::new_u64(n as u64);
        epoll::add(&epoll, socket, token, epoll::EventFlags::IN)?;
    }
    let none = epoll::Event {
        flags: epoll::EventFlags::empty(),
        data: epoll::EventData::new_u64(0),
    };
    let mut events = [none; 128];
    let mut buffer = [0; 2_048];
    while !stop.load(Relaxed) {
        let ready = epoll::wait(&epoll, &mut events, Some(&LOOK_EACH)).unwrap_or(0);
        for event in &events[..ready] {
            let at = event.data.u64() as usize;
            let came = rustix::net::recv(&sockets[at], &mut buffer, RecvFlags::DONTWAIT);
            if let (Ok((length, _)), Some(other)) = (came, sockets.get(at ^ 1)) {
                let _ = rustix::net::send(other, &buffer[..length], SendFlags::DONTWAIT);
            }
        }
    }
    Ok(())
}
