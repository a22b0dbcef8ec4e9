//! The media thread takes no memory after it was started: an allocator counts for every thread but
//! the test's own, while calls in every kind of codec open, talk, press keys, play, are tapped and close.
//!
//! One test in a binary of its own, so that nothing else allocates while it counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gateway::media_plane::{MediaConfig, MediaEvents, MediaPlane, PromptShelf};
use media::limits::{FRAME, MAX_PACKET};
use media::rtp::Packet;
use media::sdp::Direction;
use media::{Codec, Prompt, StreamCommand, StreamEvent, StreamId, StreamSpec};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(20);

static TAKEN: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The test's own thread: the control side may allocate.
    static IS_CONTROL: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

#[expect(
    unsafe_code,
    reason = "an allocator cannot be written without; it only counts"
)]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !IS_CONTROL.get() {
            TAKEN.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Talks for `frames` frames at the pace of what comes back, pressing a key every fifth.
fn talk(rtp: &UdpSocket, frames: u16) {
    let mut buffer = [0; MAX_PACKET];
    for n in 0..frames {
        rtp.recv(&mut buffer).expect("a packet in time");
        let key = [(n % 10) as u8, 10, 0, 160];
        let is_key = n % 5 == 4;
        let packet = Packet {
            payload_type: if is_key { 101 } else { 8 },
            marker: is_key,
            sequence: n,
            timestamp: u32::from(n) * 160,
            ssrc: 7,
            payload: if is_key { &key } else { &[0x55; FRAME] },
        };
        let length = packet.write(&mut buffer).expect("it fits");
        rtp.send(&buffer[..length]).expect("sent");
    }
}

/// Waits for `last` words of a stream (closed, recorded); says how many digits came before.
fn wait_for(last: usize, events: &mut MediaEvents) -> usize {
    let deadline = Instant::now() + PATIENCE;
    let (mut digits, mut left) = (0, last);
    while left > 0 {
        match events.try_next() {
            Some(StreamEvent::Closed { .. } | StreamEvent::Recorded { .. }) => left -= 1,
            Some(StreamEvent::Digit { .. }) => digits += 1,
            Some(_) => {}
            None => assert!(Instant::now() < deadline, "the stream did not close"),
        }
        std::thread::yield_now();
    }
    digits
}

/// A-law with a peer at this address.
fn agreed(peer: SocketAddr) -> StreamSpec {
    StreamSpec {
        codec: Codec::Pcma,
        payload: 8,
        events: Some(101),
        tones: false,
        mute_keys: false,
        events_clock: 8_000,
        keys: None,
        ptime_ms: 20,
        remote_rtp: peer,
        remote_rtcp: peer,
        direction: Direction::SendRecv,
    }
}

#[test]
fn the_media_thread_takes_no_memory_while_calls_come_and_go() {
    IS_CONTROL.set(true);
    let folder = tempfile::tempdir().unwrap();
    let config = MediaConfig {
        ip: LOCALHOST,
        ports: None,
        max_streams: 2,
        core: None,
        recordings: folder.path().to_owned(),
    };
    let tone = Arc::new(Prompt::from_samples("tone", &[4_000; 1_000]));
    let shelf = PromptShelf::from([("tone".into(), tone)]);
    let (mut plane, mut events) = MediaPlane::start(config, shelf).unwrap();
    let mut taps = plane.take_tap().unwrap();
    let rtp = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    rtp.set_read_timeout(Some(PATIENCE)).unwrap();
    rtp.connect((LOCALHOST, plane.ports()[0])).unwrap();

    // The counter counts what other threads take.
    let before = TAKEN.load(Ordering::Relaxed);
    std::thread::spawn(|| drop(vec![0u8; 10])).join().unwrap();
    assert!(TAKEN.load(Ordering::Relaxed) > before);

    let spec = agreed(rtp.local_addr().unwrap());
    let port = plane.ports()[0];

    // Both threads have begun when a recorded call is over.
    let stream = StreamId(100);
    plane.command(StreamCommand::Open {
        stream,
        port,
        spec: spec.clone(),
    });
    plane.command(StreamCommand::Record {
        stream,
        file: "first.wav".into(),
    });
    talk(&rtp, 4);
    plane.command(StreamCommand::Close { stream });
    wait_for(2, &mut events);

    let before = TAKEN.load(Ordering::Relaxed);
    let mut digits = 0;
    let codecs = [Codec::Pcma, Codec::G722, Codec::Opus];
    for (call, codec) in (0..).zip(codecs) {
        let stream = StreamId(call);
        let spec = StreamSpec {
            codec,
            ..spec.clone()
        };
        plane.command(StreamCommand::Open {
            stream,
            port,
            spec: spec.clone(),
        });
        plane.command(StreamCommand::Tap { stream, on: true });
        let prompts = vec!["tone".into()];
        plane.command(StreamCommand::Play {
            stream,
            id: 1,
            prompts,
            repeat: call == 1,
        });
        plane.command(StreamCommand::SendDigits {
            stream,
            digits: "12".into(),
        });
        talk(&rtp, 50);
        plane.command(StreamCommand::Update {
            stream,
            spec: spec.clone(),
        });
        plane.command(StreamCommand::StopPlay { stream });
        plane.command(StreamCommand::Close { stream });
        digits += wait_for(1, &mut events);
    }
    let taken = TAKEN.load(Ordering::Relaxed) - before;
    assert_eq!(taken, 0, "allocations outside the control side");
    assert!(digits > 20 && taps.pop().is_some(), "{digits} digits");
}
