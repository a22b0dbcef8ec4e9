use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::dtmf::DtmfDetector;
use crate::limits::{IDLE_KEEPALIVE, IDLE_TAIL, MAX_EVENTS, MAX_PACKET};
use crate::prompt::Prompt;
use crate::rtcp;
use crate::rtp::Packet;
use crate::sdp::Direction;

const FRAME_TIME: Duration = Duration::from_millis(20);

mod bridge;
mod coded;
mod reports;
mod rests;
mod secure;
mod sources;

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

/// What we sent, read back.
#[derive(Clone, Debug, PartialEq)]
struct Sent {
    payload_type: u8,
    marker: bool,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: Vec<u8>,
}

fn seed(byte: u8) -> StreamSeed {
    StreamSeed {
        random: [byte; 32],
        ntp: 0xE800_0000 << 32,
    }
}

fn sent(bytes: &[u8]) -> Sent {
    let packet = Packet::parse(bytes).unwrap();
    Sent {
        payload_type: packet.payload_type,
        marker: packet.marker,
        sequence: packet.sequence,
        timestamp: packet.timestamp,
        ssrc: packet.ssrc,
        payload: packet.payload.to_vec(),
    }
}

/// A stream, its clock, and the peer's packet numbers.
struct Leg {
    stream: Stream,
    now: Instant,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    reports: Vec<Vec<u8>>,
}

impl Leg {
    fn new(spec: StreamSpec) -> Self {
        let now = Instant::now();
        Self {
            stream: Stream::new(now, StreamId(7), spec, &seed(b's')),
            now,
            sequence: 65_530,
            timestamp: u32::MAX - 300,
            ssrc: 4_711,
            reports: Vec::new(),
        }
    }

    /// The peer's next packet, with its present numbers.
    fn packet(&mut self, payload_type: u8, marker: bool, payload: &[u8]) -> Vec<u8> {
        let packet = Packet {
            payload_type,
            marker,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
            payload,
        };
        let mut buffer = [0; MAX_PACKET];
        let length = packet.write(&mut buffer).unwrap();
        self.sequence = self.sequence.wrapping_add(1);
        buffer[..length].to_vec()
    }

    /// The peer sends a packet.
    fn hear(&mut self, payload_type: u8, marker: bool, payload: &[u8]) {
        let bytes = self.packet(payload_type, marker, payload);
        let from = self.stream.spec().remote_rtp;
        self.stream.handle_rtp(self.now, from, &bytes);
    }

    fn hear_audio(&mut self, code: u8) {
        self.hear(8, false, &[code; FRAME]);
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
    }

    /// 20 ms go by; says what was sent in them.
    fn tick(&mut self) -> Option<Sent> {
        self.now += FRAME_TIME;
        self.stream.handle_tick(self.now);
        self.drain()
    }

    fn drain(&mut self) -> Option<Sent> {
        let mut buffer = [0; MAX_PACKET];
        let mut made = None;
        while let Some((kind, length)) = self.stream.poll_transmit(&mut buffer) {
            if kind == PacketKind::Rtcp {
                self.reports.push(buffer[..length].to_vec());
                continue;
            }
            assert_eq!(made, None, "two packets in one frame");
            made = Some(sent(&buffer[..length]));
        }
        made
    }

    fn ticks(&mut self, count: usize) -> Vec<Sent> {
        (0..count).filter_map(|_| self.tick()).collect()
    }

    fn events(&mut self) -> Vec<StreamEvent> {
        std::iter::from_fn(|| self.stream.poll_event()).collect()
    }

    fn digits(&mut self) -> String {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                StreamEvent::Digit { digit, .. } => Some(digit),
                _ => None,
            })
            .collect()
    }
}

/// The keys that sound in packets of A-law.
fn tones(sent: &[Sent]) -> String {
    let mut detector = DtmfDetector::default();
    let frames = sent.iter().map(|packet| &packet.payload);
    frames
        .filter_map(|codes| {
            let pcm: Vec<i16> = codes.iter().map(|code| Codec::Pcma.decode(*code)).collect();
            detector.take(&pcm)
        })
        .collect()
}

fn prompt(frames: usize) -> Arc<Prompt> {
    Arc::new(Prompt::from_samples("tone", &vec![8_000; frames * FRAME]))
}

#[test]
fn silence_is_sent_from_the_first_tick_on_and_then_once_a_second() {
    let mut leg = Leg::new(spec());
    let sent = leg.ticks(IDLE_TAIL as usize);
    assert_eq!(sent.len(), IDLE_TAIL as usize);
    assert!(sent[0].marker && sent[1..].iter().all(|packet| !packet.marker));
    for pair in sent.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
        assert_eq!(pair[1].payload, [0xD5; FRAME]);
    }
    let last = sent.last().unwrap();
    let later = leg.ticks(3 * IDLE_KEEPALIVE as usize);
    assert_eq!(later.len(), 3);
    for (n, packet) in later.iter().enumerate() {
        let n = n as u32 + 1;
        assert!(packet.marker, "time went by without a packet");
        assert_eq!(packet.sequence, last.sequence.wrapping_add(n as u16));
        let time = last.timestamp.wrapping_add(n * IDLE_KEEPALIVE * 160);
        assert_eq!(packet.timestamp, time);
    }
}

#[test]
fn a_prompt_after_long_silence_begins_a_spurt_at_its_time() {
    let mut leg = Leg::new(spec());
    let quiet = leg.ticks(100);
    leg.stream.play(1, Playlist::new([prompt(5)], false));
    let sent = leg.ticks(5);
    assert_eq!(sent.len(), 5);
    assert!(sent[0].marker && !sent[1].marker);
    assert_eq!(
        sent[0].timestamp,
        quiet[0].timestamp.wrapping_add(100 * 160)
    );
}

#[test]
fn a_prompt_is_sent_whole_and_its_end_is_told_once() {
    let mut leg = Leg::new(spec());
    leg.ticks(3);
    leg.stream.play(1, Playlist::new([prompt(5)], false));
    let sent = leg.ticks(5);
    assert!(sent[0].marker);
    let code = Codec::Pcma.encode(8_000);
    assert!(sent.iter().all(|packet| packet.payload == [code; FRAME]));
    assert_eq!(leg.events(), []);
    assert_eq!(leg.ticks(2)[1].payload, [0xD5; FRAME]);
    assert_eq!(
        leg.events(),
        [StreamEvent::PlayDone {
            stream: StreamId(7),
            id: 1
        }]
    );
    leg.ticks(5);
    assert_eq!(leg.events(), []);
}

#[test]
fn stopping_and_replacing_tell_no_end() {
    let mut leg = Leg::new(spec());
    leg.stream.play(1, Playlist::new([prompt(5)], false));
    leg.ticks(2);
    leg.stream.play(1, Playlist::new([prompt(3)], true));
    leg.ticks(20);
    leg.stream.stop_play();
    assert_eq!(leg.tick().unwrap().payload, [0xD5; FRAME]);
    assert_eq!(leg.events(), []);
}

#[test]
fn what_is_sent_follows_the_codec_and_payload_type_agreed() {
    let mut leg = Leg::new(StreamSpec {
        codec: Codec::Pcmu,
        payload: 97,
        ..spec()
    });
    leg.stream.play(1, Playlist::new([prompt(1)], false));
    let sent = leg.ticks(3);
    assert_eq!(sent[0].payload, [Codec::Pcmu.encode(8_000); FRAME]);
    assert_eq!(
        (sent[2].payload_type, &sent[2].payload[..]),
        (97, &[0xFF; FRAME][..])
    );
}

#[test]
fn on_hold_nothing_is_sent_but_time_goes_on() {
    let mut leg = Leg::new(spec());
    let before = leg.ticks(1).remove(0);
    leg.stream.play(1, Playlist::new([prompt(5)], false));
    leg.stream.update(
        leg.now,
        StreamSpec {
            direction: Direction::RecvOnly,
            ..spec()
        },
    );
    assert_eq!(leg.ticks(10), []);
    assert_eq!(
        leg.events(),
        [StreamEvent::PlayDone {
            stream: StreamId(7),
            id: 1
        }]
    );
    leg.stream.update(leg.now, spec());
    let after = leg.tick().unwrap();
    assert!(after.marker);
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(11 * 160));
}

#[test]
fn sent_keys_are_heard_by_another_stream() {
    let (mut one, mut two) = (Leg::new(spec()), Leg::new(spec()));
    assert!(
        "0123456789*#ABCD"
            .chars()
            .all(|key| one.stream.send_digit(key))
    );
    assert!(!one.stream.send_digit('x'));
    for _ in 0..200 {
        if let Some(sent) = one.tick() {
            two.timestamp = sent.timestamp;
            two.hear(sent.payload_type, sent.marker, &sent.payload);
        }
        two.tick();
    }
    assert_eq!(two.digits(), "0123456789*#ABCD");
    let mut without = Leg::new(StreamSpec {
        events: None,
        ..spec()
    });
    assert!(without.stream.send_digit('1'));
    assert!(!without.stream.send_digit('x'));
    let sent = without.ticks(20);
    assert!(sent.iter().all(|packet| packet.payload_type == 8));
    assert_eq!(tones(&sent), "1");
}

#[test]
fn digits_are_heard_from_any_source_and_more_than_can_wait_are_counted() {
    let mut leg = Leg::new(spec());
    leg.hear_audio(0xD5);
    for n in 0..MAX_EVENTS + 3 {
        leg.ssrc = 4_712 + (n % 2) as u32;
        leg.timestamp = leg.timestamp.wrapping_add(1_600);
        leg.hear(101, true, &[1, 10, 0, 160]);
        leg.now += Duration::from_millis(200);
    }
    assert_eq!(leg.digits().len(), MAX_EVENTS);
    assert_eq!(leg.stream.stats().events_dropped, 3);
}

#[test]
fn the_recording_has_the_caller_left_and_us_right() {
    let mut leg = Leg::new(StreamSpec {
        codec: Codec::Pcmu,
        payload: 0,
        ..spec()
    });
    leg.stream.record(true);
    leg.stream.play(1, Playlist::new([prompt(50)], false));
    let theirs = Codec::Pcmu.encode(-4_000);
    for _ in 0..10 {
        leg.hear(0, false, &[theirs; FRAME]);
        leg.timestamp = leg.timestamp.wrapping_add(160);
        leg.tick();
    }
    let frame = leg.stream.recording_frame().unwrap();
    let near = |code: u8, sample: i16| (Codec::Pcma.decode(code) - sample).abs() < 300;
    assert!(
        frame
            .chunks(2)
            .all(|pair| near(pair[0], -4_000) && near(pair[1], 8_000))
    );
    assert_eq!(leg.stream.tap_frame(), None);
    leg.stream.record(false);
    leg.tick();
    assert_eq!(leg.stream.recording_frame(), None);
}

#[test]
fn the_tap_hears_the_caller_in_order_through_loss_and_reordering() {
    let mut leg = Leg::new(spec());
    leg.stream.tap(true);
    let codes = [0x10, 0x11, 0x12, 0x13, 0x14, 0x15];
    let mut heard = Vec::new();
    // The third comes after the fourth; the fifth never comes.
    for (code, place) in [(0, 0u16), (1, 1), (3, 3), (2, 2), (5, 5)] {
        leg.sequence = 65_530u16.wrapping_add(place);
        leg.timestamp = (u32::MAX - 300).wrapping_add(u32::from(place) * 160);
        leg.hear_audio(codes[code]);
        leg.tick();
        heard.push(leg.stream.tap_frame().unwrap()[80]);
    }
    for _ in 0..5 {
        leg.tick();
        heard.push(leg.stream.tap_frame().unwrap()[80]);
    }
    let linear = codes.map(|code| Codec::Pcma.decode(code));
    assert_eq!(heard[..3], [0; 3]);
    assert_eq!(heard[3..7], linear[..4]);
    assert!(heard[7].abs() <= linear[3].abs() && heard[7] != 0);
    assert_eq!(heard[8], linear[5]);
    let stats = leg.stream.stats();
    assert_eq!((stats.lost, stats.late), (1, 0));
    assert_eq!(stats.concealed, 2);
}

#[test]
fn a_new_source_is_listened_to_from_its_second_packet_on() {
    let mut leg = Leg::new(spec());
    for _ in 0..5 {
        leg.hear_audio(1);
        leg.tick();
    }
    (leg.ssrc, leg.sequence, leg.timestamp) = (9, 100, 50_000);
    leg.hear_audio(2);
    leg.ssrc = 4_711;
    leg.sequence = 65_535;
    leg.hear_audio(1);
    assert_eq!(leg.stream.stats().lost, 0);
    (leg.ssrc, leg.sequence) = (9, 200);
    leg.hear_audio(2);
    leg.hear_audio(2);
    leg.hear_audio(2);
    let stats = leg.stream.stats();
    assert_eq!((stats.lost, stats.refused, stats.packets_in), (0, 0, 10));
}

#[test]
fn what_is_no_audio_of_ours_is_counted_and_comfort_noise_is_not() {
    let mut leg = Leg::new(spec());
    leg.hear_audio(1);
    leg.hear(13, false, &[60]);
    leg.hear(8, false, &[]);
    assert_eq!(leg.stream.stats().refused, 0);
    leg.hear(18, false, &[1; 20]);
    leg.hear(101, true, &[1, 2]);
    leg.stream.handle_rtp(leg.now, rtp(), b"hello");
    leg.stream.handle_rtp(leg.now, rtp(), &[0x80; 1_499]);
    leg.stream.handle_rtp(leg.now, rtp(), &[]);
    leg.stream.handle_rtcp(leg.now, rtcp(), &[0x80, 200, 0, 9]);
    assert_eq!(leg.stream.stats().refused, 6);
}

#[test]
fn repeated_packets_are_late_and_not_received_twice() {
    let mut leg = Leg::new(spec());
    leg.hear_audio(1);
    leg.hear_audio(1);
    leg.sequence = leg.sequence.wrapping_sub(1);
    leg.hear_audio(1);
    let stats = leg.stream.stats();
    assert_eq!((stats.packets_in, stats.late, stats.lost), (3, 1, 0));
}

#[test]
fn a_reopened_stream_knows_nothing_of_its_first_life() {
    let mut leg = Leg::new(spec());
    leg.stream.tap(true);
    leg.stream.play(1, Playlist::new([prompt(5)], true));
    for _ in 0..9 {
        leg.hear_audio(1);
        leg.tick();
    }
    let seed = StreamSeed {
        random: [9; 32],
        ntp: 1,
    };
    leg.stream.reopen(leg.now, StreamId(8), spec(), &seed);
    assert_eq!(leg.stream.stats(), StreamStats::default());
    let sent = leg.tick().unwrap();
    assert_eq!((sent.ssrc, sent.sequence), (0x0909_0909, 0x0909));
    assert_eq!(sent.payload, [0xD5; FRAME]);
    assert_eq!(leg.stream.tap_frame(), None);
}

proptest! {
    #[test]
    fn nothing_that_comes_makes_a_stream_panic(
        packets in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..60), 0u8..5), 1..60),
    ) {
        let mut leg = Leg::new(spec());
        leg.stream.record(true);
        leg.stream.tap(true);
        for (bytes, kind) in packets {
            match kind {
                0 => drop(leg.stream.handle_rtp(leg.now, rtp(), &bytes)),
                1 => leg.stream.handle_rtcp(leg.now, rtcp(), &bytes),
                2 => leg.hear(101, bytes.len() % 2 == 0, &bytes),
                _ => {
                    leg.timestamp = leg.timestamp.wrapping_add(u32::from(kind) * bytes.len() as u32);
                    leg.hear(8, false, &bytes);
                }
            }
            leg.tick();
        }
        leg.events();
    }
}
