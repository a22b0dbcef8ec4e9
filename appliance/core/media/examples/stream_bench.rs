//! Nanoseconds a packet costs a stream: `cargo run -p media --release --example stream_bench`.
//!
//! One line for each job: the best of several rounds and the median, as figures to compare.
#![allow(clippy::disallowed_methods, reason = "a bench has a clock")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use media::limits::{FRAME, MAX_PACKET};
use media::rtp::Packet;
use media::sdp::Direction;
use media::{Codec, Playlist, Prompt, Stream, StreamId, StreamSeed, StreamSpec};

const ROUNDS: usize = 400;
const PACKETS: u32 = 500;

fn stream(now: Instant) -> Stream {
    let spec = StreamSpec {
        codec: Codec::Pcma,
        payload: 8,
        events: Some(101),
        tones: false,
        mute_keys: false,
        events_clock: 8_000,
        keys: None,
        ptime_ms: 20,
        remote_rtp: "192.0.2.1:6000".parse().expect("an address"),
        remote_rtcp: "192.0.2.1:6001".parse().expect("an address"),
        direction: Direction::SendRecv,
    };
    let seed = StreamSeed {
        random: [7; 32],
        ntp: 1 << 40,
    };
    Stream::new(now, StreamId(1), spec, &seed)
}

/// Runs `job` for packet 0.. and prints what one took.
fn measure(name: &str, mut job: impl FnMut(u32)) {
    let mut rounds: Vec<f64> = (0..ROUNDS as u32)
        .map(|round| {
            let start = Instant::now();
            for n in 0..PACKETS {
                job(round * PACKETS + n);
            }
            start.elapsed().as_nanos() as f64 / f64::from(PACKETS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!(
        "{name:32} {:7.1} ns best  {:7.1} ns median",
        rounds[0],
        rounds[ROUNDS / 2]
    );
}

/// Packet number `n` of a peer, as it comes from the socket; a few nanoseconds of what is measured.
fn build(n: u32, out: &mut [u8]) -> usize {
    let rtp = Packet {
        payload_type: 8,
        marker: false,
        sequence: n as u16,
        timestamp: n.wrapping_mul(FRAME as u32),
        ssrc: 1,
        payload: &[0x55; FRAME],
    };
    rtp.write(out).unwrap_or(0)
}

fn main() {
    let now = Instant::now();
    let at = |n: u32| now + Duration::from_millis(20) * n;
    let peer = "192.0.2.1:6000".parse().expect("an address");
    let mut packet = [0; MAX_PACKET];
    let mut out = [0; MAX_PACKET];
    let prompt = Arc::new(Prompt::from_samples("tone", &[5_000; 80_000]));

    let mut idle = stream(now);
    measure("rtp in, not decoded", |n| {
        let length = build(n, &mut packet);
        black_box(idle.handle_rtp(at(n), peer, &packet[..length]));
    });
    let (mut hears, mut sends) = (stream(now), stream(now));
    sends.bridge(true);
    measure("rtp in, passed on", |n| {
        let length = build(n, &mut packet);
        let passing = hears.handle_rtp(at(n), peer, &packet[..length]);
        black_box(passing.and_then(|passing| sends.pass(&passing, &mut out)));
    });
    let mut plays = stream(now);
    plays.play(1, Playlist::new([prompt.clone()], true));
    measure("tick and rtp out, prompt", |n| {
        plays.handle_tick(at(n));
        while let Some(sent) = plays.poll_transmit(&mut out) {
            black_box(sent);
        }
    });
    let mut all = stream(now);
    all.play(1, Playlist::new([prompt], true));
    all.record(true);
    all.tap(true);
    measure("in and out, recorded and tapped", |n| {
        let length = build(n, &mut packet);
        all.handle_rtp(at(n), peer, &packet[..length]);
        all.handle_tick(at(n));
        while let Some(sent) = all.poll_transmit(&mut out) {
            black_box(sent);
        }
        black_box((all.recording_frame(), all.tap_frame()));
    });
}
