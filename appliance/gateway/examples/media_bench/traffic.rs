//! Many phones on loopback: each sends a packet each 20 ms on the absolute clock and takes what comes,
//! with the kernel's own time of arrival.
//!
//! One thread sends, one takes; both on the first core with real-time priority where it is granted, so
//! that the machine's other work is not what is measured.

use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use media::Codec;
use media::limits::FRAME;
use media::rtp::Packet;
use rustix::event::epoll;
use rustix::thread::CpuSet;
use rustix::time::{ClockId, clock_gettime};

const LOCALHOST: Ipv4Addr = Ipv4Addr::LOCALHOST;
const FRAME_NS: u64 = 20_000_000;
/// How often what came is taken; the kernel keeps its times.
const TAKE_EACH: Duration = Duration::from_millis(4);
/// Where in a payload the time of sending stands, and the mark before it.
const MARK: [u8; 8] = *b"SENT-AT:";

/// One phone.
#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
}

impl Phone {
    pub(crate) fn new() -> anyhow::Result<Self> {
        loop {
            let rtp = UdpSocket::bind((LOCALHOST, 0))?;
            let port = rtp.local_addr()?.port();
            if let (0, Ok(rtcp)) = (port % 2, UdpSocket::bind((LOCALHOST, port + 1))) {
                rtp.set_nonblocking(true)?;
                rtcp.set_nonblocking(true)?;
                stamp_arrivals(&rtp)?;
                return Ok(Self { rtp, rtcp });
            }
        }
    }

    /// Calls the port of the box or of its peer.
    pub(crate) fn connect(&self, port: u16) -> anyhow::Result<()> {
        self.rtp.connect((LOCALHOST, port))?;
        self.rtcp.connect((LOCALHOST, port + 1))?;
        Ok(())
    }

    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.rtp.local_addr()?)
    }
}

/// When in the 20 ms the phones speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phases {
    /// Each at its own moment, as people do: at worst each packet wakes who carries it.
    Spread,
    /// All at once, as most load generators do.
    Burst,
    /// Never.
    Mute,
}

/// What came in the window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) packets: u64,
    /// From sending to arrival, ns; of packets that carry their time.
    pub(crate) latency: Vec<u32>,
    /// How far the time between two packets of one stream is from 20 ms, ns.
    pub(crate) deviation: Vec<u32>,
}

/// Phones that talk until it is dropped.
#[derive(Debug)]
pub(crate) struct Traffic {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Seen>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    measures: AtomicBool,
}

impl Traffic {
    /// Lets the phones talk and hear.
    pub(crate) fn start(phones: Vec<Phone>, phases: Phases) -> Self {
        let shared = Arc::new(Shared::default());
        let phones = Arc::new(phones);
        let mut threads = Vec::new();
        if phases != Phases::Mute {
            let (shared, phones) = (shared.clone(), phones.clone());
            threads.push(std::thread::spawn(move || send(&phones, phases, &shared)));
        }
        let taken = shared.clone();
        threads.push(std::thread::spawn(move || take(&phones, &taken)));
        Self { shared, threads }
    }

    /// Counts from now on.
    pub(crate) fn measure(&self) {
        self.shared.measures.store(true, Relaxed);
    }

    /// Counts no more, and says what came.
    pub(crate) fn finish(mut self) -> Seen {
        self.shared.stop.store(true, Relaxed);
        let mut seen = Seen::default();
        for thread in self.threads.drain(..) {
            let part = thread.join().unwrap_or_default();
            seen.packets += part.packets;
            seen.latency.extend(part.latency);
            seen.deviation.extend(part.deviation);
        }
        seen.latency.sort_unstable();
        seen.deviation.sort_unstable();
        seen
    }
}

/// The value below which `part` of the sorted values lie.
pub(crate) fn quantile(sorted: &[u32], part: f64) -> f64 {
    let at = (sorted.len() as f64 * part) as usize;
    f64::from(
        sorted
            .get(at.min(sorted.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0),
    )
}

/// Wall clock, ns: the kernel stamps arrivals with it.
fn wall_ns() -> u64 {
    ns(clock_gettime(ClockId::Realtime))
}

fn ns(time: rustix::time::Timespec) -> u64 {
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// One core, before all that has no priority.
pub(crate) fn take_core(core: usize, priority: i32) {
    let mut set = CpuSet::new();
    set.set(core);
    // A machine that does not let us measures a little worse.
    let _ = rustix::thread::sched_setaffinity(None, &set);
    let wanted = libc::sched_param {
        sched_priority: priority,
    };
    if priority > 0 {
        #[expect(unsafe_code, reason = "rustix does not offer sched_setscheduler")]
        // SAFETY: 0 is the calling thread; `wanted` lives across the call, which only reads it.
        let _ = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const wanted) };
    }
}

fn send(phones: &[Phone], phases: Phases, shared: &Shared) -> Seen {
    take_core(0, 20);
    let begin = wall_ns() + FRAME_NS;
    let step = match phases {
        Phases::Spread => FRAME_NS / phones.len() as u64,
        Phases::Burst | Phases::Mute => 0,
    };
    let mut payload = [Codec::Pcma.silence(); FRAME];
    payload[..8].copy_from_slice(&MARK);
    let mut out = [0; 256];
    for turn in 0u64.. {
        for (n, phone) in phones.iter().enumerate() {
            let due = begin + turn * FRAME_NS + n as u64 * step;
            let mut now = wall_ns();
            while now < due {
                std::thread::sleep(Duration::from_nanos(due - now));
                now = wall_ns();
            }
            if shared.stop.load(Relaxed) {
                return Seen::default();
            }
            payload[8..16].copy_from_slice(&wall_ns().to_be_bytes());
            let packet = Packet {
                payload_type: 8,
                marker: turn == 0,
                sequence: turn as u16,
                timestamp: (turn as u32).wrapping_mul(FRAME as u32),
                ssrc: 1_000 + n as u32,
                payload: &payload,
            };
            let length = packet.write(&mut out).unwrap_or(0);
            // What is not sent is missed at the other end.
            let _ = phone.rtp.send(&out[..length]);
            if turn % 250 == n as u64 % 250 {
                report(phone, 1_000 + n as u32);
            }
        }
    }
    Seen::default()
}

/// An empty receiver report with a name.
fn report(phone: &Phone, ssrc: u32) {
    let mut bytes = [0u8; 24];
    bytes[..4].copy_from_slice(&[0x80, 201, 0, 1]);
    bytes[4..8].copy_from_slice(&ssrc.to_be_bytes());
    bytes[8..12].copy_from_slice(&[0x81, 202, 0, 3]);
    bytes[12..16].copy_from_slice(&ssrc.to_be_bytes());
    bytes[16..24].copy_from_slice(&[1, 4, b'n', b'a', b'm', b'e', 0, 0]);
    let _ = phone.rtcp.send(&bytes);
}

fn take(phones: &[Phone], shared: &Shared) -> Seen {
    take_core(0, 21);
    let mut seen = Seen::default();
    let mut before = vec![0u64; phones.len()];
    let Ok(epoll) = epoll::create(epoll::CreateFlags::CLOEXEC) else {
        return seen;
    };
    for (n, phone) in phones.iter().enumerate() {
        for (kind, socket) in [&phone.rtp, &phone.rtcp].into_iter().enumerate() {
            let token = epoll::EventData::new_u64(2 * n as u64 + kind as u64);
            // A phone that is not watched misses all its packets, which is seen.
            let _ = epoll::add(&epoll, socket, token, epoll::EventFlags::IN);
        }
    }
    let none = epoll::Event {
        flags: epoll::EventFlags::empty(),
        data: epoll::EventData::new_u64(0),
    };
    let mut events = vec![none; 2 * phones.len()];
    let now = rustix::time::Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut buffer = [0; 2_048];
    while !shared.stop.load(Relaxed) {
        std::thread::sleep(TAKE_EACH);
        let ready = epoll::wait(&epoll, &mut events, Some(&now)).unwrap_or(0);
        let measures = shared.measures.load(Relaxed);
        for event in &events[..ready] {
            let token = event.data.u64();
            let phone = &phones[token as usize / 2];
            if token % 2 == 1 {
                while phone.rtcp.recv(&mut buffer).is_ok() {}
                continue;
            }
            while let Some((length, at)) = receive(&phone.rtp, &mut buffer) {
                let last = std::mem::replace(&mut before[token as usize / 2], at);
                if !measures {
                    continue;
                }
                seen.packets += 1;
                if last > 0 {
                    let off = (at - last).abs_diff(FRAME_NS);
                    seen.deviation.push(off.min(u64::from(u32::MAX)) as u32);
                }
                if let Some(sent) = sent_at(&buffer[..length]) {
                    let took = at.saturating_sub(sent);
                    seen.latency.push(took.min(u64::from(u32::MAX)) as u32);
                }
            }
        }
    }
    seen
}

/// When a packet was sent, where it says so.
fn sent_at(bytes: &[u8]) -> Option<u64> {
    let payload = Packet::parse(bytes).ok()?.payload;
    let (mark, rest) = payload.split_first_chunk::<8>()?;
    let (time, _) = rest.split_first_chunk::<8>()?;
    (*mark == MARK).then(|| u64::from_be_bytes(*time))
}

fn stamp_arrivals(socket: &UdpSocket) -> anyhow::Result<()> {
    let on: libc::c_int = 1;
    #[expect(unsafe_code, reason = "rustix does not offer SO_TIMESTAMPNS")]
    // SAFETY: `on` is an int, as this option wants, and lives across the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    anyhow::ensure!(result == 0, "arrivals cannot be stamped");
    Ok(())
}

/// One packet and when the kernel got it, wall clock ns.
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, u64)> {
    let mut control = [0u64; 8];
    let mut part = IoSliceMut::new(buffer);
    #[expect(unsafe_code, reason = "rustix does not read SCM_TIMESTAMPNS")]
    // SAFETY: the header points to one IoSliceMut, which is an iovec, and to 64 bytes of control, both
    // alive across the call; the message walked is the one the kernel has just filled in.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = (&raw mut part).cast();
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control);
        let length = libc::recvmsg(socket.as_raw_fd(), &raw mut header, libc::MSG_DONTWAIT);
        let length = usize::try_from(length).ok()?;
        let message = libc::CMSG_FIRSTHDR(&raw const header);
        if message.is_null() || (*message).cmsg_type != libc::SCM_TIMESTAMPNS {
            return Some((length, 0));
        }
        let time: libc::timespec = std::ptr::read_unaligned(libc::CMSG_DATA(message).cast());
        Some((
            length,
            time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64,
        ))
    }
}
