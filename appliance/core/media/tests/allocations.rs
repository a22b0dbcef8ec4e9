//! The hot path takes no memory after set-up: a counting allocator watches streams and coders at
//! work.
//!
//! In a binary of its own, because it counts every allocation; each thread counts for itself.
#![allow(clippy::disallowed_methods, reason = "a test has an origin instant")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use media::comfort_noise::{self, NoiseMaker};
use media::dtmf::{DtmfDetector, DtmfGenerator};
use media::limits::{FRAME, MAX_PACKET};
use media::opus::OpusReceiver;
use media::rtp::Packet;
use media::sdp::Direction;
use media::srtp::{MAX_KEY, MAX_TRAILER, MasterKey, Opener, Sealer, Suite};
use media::tone::{Tone, TonePlayer};
use media::{
    AudioEncoder, Codec, PacketKind, Playlist, Prompt, Stream, StreamEvent, StreamId, StreamSeed,
    StreamSpec, Transcoder,
};

thread_local! {
    /// Counted per thread: the test harness has threads of its own.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
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
        TAKEN.set(TAKEN.get() + 1);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn rtp() -> SocketAddr {
    "192.0.2.1:6000".parse().unwrap()
}

fn rtcp() -> SocketAddr {
    "192.0.2.1:6001".parse().unwrap()
}

fn spec() -> StreamSpec {
    StreamSpec {
        codec: Codec::Pcma,
        payload: 8,
        events: Some(101),
        tones: false,
        mute_keys: false,
        events_clock: 8_000,
        keys: None,
        ptime_ms: 20,
        remote_rtp: rtp(),
        remote_rtcp: rtcp(),
        direction: Direction::SendRecv,
    }
}

/// Two streams talk to each other for `frames` frames; every hundredth packet is lost.
fn talk(one: &mut Stream, two: &mut Stream, start: Instant, frames: u32) -> (u32, u32) {
    let mut buffer = [0; MAX_PACKET];
    let (mut digits, mut frames_seen) = (0, 0);
    for n in 0..frames {
        let now = start + Duration::from_millis(20) * n;
        for turn in 0..2 {
            let (from, to) = if turn == 0 {
                (&mut *one, &mut *two)
            } else {
                (&mut *two, &mut *one)
            };
            from.handle_tick(now);
            while let Some((kind, length)) = from.poll_transmit(&mut buffer) {
                match kind {
                    PacketKind::Rtp if n % 100 == 50 => {}
                    PacketKind::Rtp => drop(to.handle_rtp(now, rtp(), &buffer[..length])),
                    PacketKind::Rtcp => to.handle_rtcp(now, rtcp(), &buffer[..length]),
                }
            }
            frames_seen += u32::from(from.recording_frame().is_some());
            frames_seen += u32::from(from.tap_frame().is_some());
            while let Some(event) = from.poll_event() {
                digits += u32::from(matches!(event, StreamEvent::Digit { .. }));
            }
        }
    }
    (digits, frames_seen)
}

#[test]
fn a_stream_takes_no_memory_after_it_was_made() {
    let now = Instant::now();
    let seed = |byte| StreamSeed {
        random: [byte; 32],
        ntp: 1 << 40,
    };
    let mut one = Stream::new(now, StreamId(1), spec(), &seed(1));
    let mut two = Stream::new(now, StreamId(2), spec(), &seed(2));
    let prompt = Arc::new(Prompt::from_samples("tone", &[5_000; 1_000]));
    let garbage = [[0x80u8, 8, 0, 1, 2, 3], [0x81, 201, 0, 9, 0, 0]];
    let other = Packet {
        payload_type: 13,
        marker: false,
        sequence: 9,
        timestamp: 9,
        ssrc: 9,
        payload: &[1; FRAME],
    };
    let mut noise = [0; 256];
    let length = other.write(&mut noise).unwrap();

    // The counter counts.
    let before = TAKEN.get();
    drop(vec![0u8; 10]);
    assert_eq!(TAKEN.get() - before, 1);

    let before = TAKEN.get();
    for stream in [&mut one, &mut two] {
        stream.record(true);
        stream.tap(true);
    }
    one.play(1, Playlist::new([prompt.clone(), prompt.clone()], true));
    two.play(1, Playlist::new([prompt.clone()], false));
    assert!("123#".chars().all(|key| one.send_digit(key)));
    let (digits, frames) = talk(&mut one, &mut two, now, 2_000);
    for bytes in garbage {
        one.handle_rtp(now, rtp(), &bytes);
        one.handle_rtcp(now, rtcp(), &bytes);
    }
    two.handle_rtp(now, rtp(), &noise[..length]);
    two.update(
        now,
        StreamSpec {
            codec: Codec::Pcmu,
            payload: 0,
            ..spec()
        },
    );
    talk(&mut one, &mut two, now, 100);
    one.close(now);
    one.reopen(now, StreamId(3), spec(), &seed(3));
    talk(&mut one, &mut two, now, 100);
    let stats = one.stats();
    let taken = TAKEN.get() - before;

    assert_eq!(taken, 0, "allocations on the hot path");
    assert_eq!((digits, frames), (4, 8_000));
    assert!(stats.packets_in > 0 && stats.packets_out > 0);
}

#[test]
fn a_bridge_takes_no_memory_whatever_passes_and_is_recorded() {
    let now = Instant::now();
    let seed = |byte| StreamSeed {
        random: [byte; 32],
        ntp: 1 << 40,
    };
    let other = StreamSpec {
        codec: Codec::Pcmu,
        payload: 0,
        events: None,
        ..spec()
    };
    let mut one = Stream::new(now, StreamId(1), spec(), &seed(1));
    let mut two = Stream::new(now, StreamId(2), other, &seed(2));
    let prompt = Arc::new(Prompt::from_samples("tone", &[5_000; 1_000]));
    let (mut came, mut goes) = ([0; MAX_PACKET], [0; MAX_PACKET]);

    let before = TAKEN.get();
    let (mut passed, mut frames) = (0, 0);
    one.bridge(true);
    two.bridge(true);
    two.record(true);
    one.tap(true);
    for n in 0..1_000u32 {
        let now = now + Duration::from_millis(20) * n;
        let is_key = n % 50 > 45;
        let packet = Packet {
            payload_type: if is_key { 101 } else { 8 },
            marker: false,
            sequence: n as u16,
            timestamp: n * 160,
            ssrc: 7 + n / 500,
            payload: if is_key {
                &[5, 10, 0, 160]
            } else {
                &[1; FRAME]
            },
        };
        let length = packet.write(&mut came).unwrap();
        if let Some(passing) = one.handle_rtp(now, rtp(), &came[..length]) {
            passed += u32::from(two.pass(&passing, &mut goes).is_some());
        }
        if n == 700 {
            two.play(1, Playlist::new([prompt.clone()], false));
        }
        for stream in [&mut one, &mut two] {
            stream.handle_tick(now);
            while stream.poll_transmit(&mut goes).is_some() {}
            while stream.poll_event().is_some() {}
        }
        frames += u32::from(two.recording_frame().is_some());
        frames += u32::from(one.tap_frame().is_some());
    }
    assert_eq!(TAKEN.get() - before, 0);
    assert!(passed > 500 && frames == 2_000, "{passed} {frames}");
}

#[test]
fn coders_take_no_memory_after_they_were_made() {
    let all = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];
    let pcm: Vec<i16> = (0..320).map(|n| (n * 77 % 5_000) as i16).collect();
    for from in all {
        for to in all {
            let mut source = AudioEncoder::new(from).unwrap();
            let mut transcoder = Transcoder::new(from, to).unwrap();
            let frame = source.frame();
            let (mut one, mut two) = ([0; MAX_PACKET], [0; MAX_PACKET]);
            let before = TAKEN.get();
            for n in 0..100 {
                let count = source.encode(&pcm[..frame], &mut one);
                if n % 10 == 5 {
                    transcoder.conceal(None, &mut two);
                    transcoder.conceal(Some(&one[..count]), &mut two);
                }
                assert!(transcoder.transcode(&one[..count], &mut two) > 0);
                transcoder.encoder().expect_loss(n as f32 / 100.0);
            }
            assert_eq!(TAKEN.get() - before, 0, "{from:?} to {to:?}");
        }
    }
}

#[test]
fn tones_noise_and_their_detector_take_no_memory_at_all() {
    let before = TAKEN.get();
    let mut detector = DtmfDetector::default();
    let mut key = DtmfGenerator::new('5').unwrap();
    let mut player = TonePlayer::new(Tone::Busy);
    let mut maker = NoiseMaker::new(1);
    let mut frame = [0; FRAME];
    let mut heard = 0;
    for _ in 0..10 {
        key.fill(&mut frame);
        heard += u32::from(detector.take(&frame).is_some());
        player.fill(&mut frame);
        let mut description = [0; 11];
        comfort_noise::describe(&frame, &mut description);
        maker.describe(&description);
        maker.fill(&mut frame);
    }
    assert_eq!(TAKEN.get() - before, 0);
    assert_eq!(heard, 1);
}

#[test]
fn protecting_and_opening_packets_takes_no_memory() {
    for suite in Suite::ALL {
        let key = MasterKey::new(suite, &[7; MAX_KEY]).unwrap();
        let (mut sealer, mut opener) = (Sealer::new(&key), Opener::new(&key));
        let mut buffer = [0; FRAME + 12 + MAX_TRAILER];
        let before = TAKEN.get();
        for sequence in 0..1_000 {
            let packet = Packet {
                payload_type: 8,
                marker: false,
                sequence,
                timestamp: 0,
                ssrc: 1,
                payload: &[9; FRAME],
            };
            let length = packet.write(&mut buffer).unwrap();
            let length = sealer.protect_rtp(&mut buffer, length).unwrap();
            assert_eq!(opener.open_rtp(&mut buffer[..length]), Ok(FRAME + 12));
            assert!(opener.open_rtp(&mut buffer[..length]).is_err());
            let length = sealer.protect_rtcp(&mut buffer, FRAME).unwrap();
            assert_eq!(opener.open_rtcp(&mut buffer[..length]), Ok(FRAME));
        }
        assert_eq!(TAKEN.get() - before, 0, "{suite:?}");
    }
}

#[test]
fn receiving_opus_takes_no_memory() {
    let mut encoder = AudioEncoder::new(Codec::Opus).unwrap();
    let mut receiver = OpusReceiver::new(8_000).unwrap();
    let (mut packet, mut pcm) = ([0; MAX_PACKET], [0; FRAME]);
    let before = TAKEN.get();
    for n in 0..500u32 {
        let wave: [i16; FRAME] = std::array::from_fn(|i| (i as i16 * 171) ^ n as i16);
        let length = encoder.encode(&wave, &mut packet);
        if n % 9 != 4 {
            receiver.write(n * 160, n * 960, &packet[..length]);
        }
        receiver.read_at(n * 160 + 80, n % 50 == 0, &mut pcm);
    }
    receiver.reset();
    assert_eq!(TAKEN.get() - before, 0);
}

#[test]
fn a_bridge_of_opus_and_g722_takes_no_memory_after_it_was_made() {
    let now = Instant::now();
    let seed = |byte| StreamSeed {
        random: [byte; 32],
        ntp: 1 << 40,
    };
    let of = |codec: Codec| StreamSpec {
        codec,
        payload: codec.static_payload(),
        events: None,
        ..spec()
    };
    let codecs = [Codec::Opus, Codec::G722];
    let mut streams = codecs.map(|codec| Stream::new(now, StreamId(1), of(codec), &seed(1)));
    let mut sources = codecs.map(|codec| AudioEncoder::new(codec).unwrap());
    let prompt = Arc::new(Prompt::from_samples("tone", &[5_000; 1_000]));
    let wave: Vec<i16> = (0..320).map(|n| (n * 77 % 5_000) as i16).collect();
    let (mut came, mut goes) = ([0; MAX_PACKET], [0; MAX_PACKET]);

    let before = TAKEN.get();
    let (mut sent, mut frames) = (0, 0);
    for stream in &mut streams {
        stream.bridge(true);
        stream.record(true);
        stream.tap(true);
    }
    for n in 0..500u32 {
        let now = now + Duration::from_millis(20) * n;
        if n == 300 {
            streams[0].play(1, Playlist::new([prompt.clone()], false));
            assert!(streams[1].send_digit('5'));
        }
        for at in [0, 1] {
            let [one, two] = &mut streams;
            let (from, to) = if at == 0 { (one, two) } else { (two, one) };
            let frame = sources[at].frame();
            let length = sources[at].encode(&wave[..frame], &mut goes);
            let packet = Packet {
                payload_type: codecs[at].static_payload(),
                marker: false,
                sequence: n as u16,
                timestamp: n * codecs[at].clock() / 50,
                ssrc: 7,
                payload: &goes[..length],
            };
            let length = packet.write(&mut came).unwrap();
            if n % 25 != 7 {
                from.handle_rtp(now, rtp(), &came[..length]);
            }
            from.faces(Some(codecs[1 - at]));
            from.handle_tick(now);
            if let Some(pcm) = from.voice_frame(now) {
                to.hear(pcm);
            }
            while from.poll_transmit(&mut goes).is_some() {
                sent += 1;
            }
            while from.poll_event().is_some() {}
            frames += u32::from(from.recording_frame().is_some());
        }
    }
    assert_eq!(TAKEN.get() - before, 0);
    assert!(sent > 900 && frames == 1_000, "{sent} {frames}");
}
