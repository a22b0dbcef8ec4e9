//! Two streams that hear each other.

use super::*;

/// Two streams, bridged, and what their parties sent of each other.
struct Pair {
    a: Leg,
    b: Leg,
}

impl Pair {
    fn new(a: StreamSpec, b: StreamSpec) -> Self {
        let (mut a, mut b) = (Leg::new(a), Leg::new(b));
        b.now = a.now;
        b.stream
            .reopen(b.now, StreamId(8), b.stream.spec().clone(), &seed(b'b'));
        (b.ssrc, b.sequence, b.timestamp) = (9_000, 100, 77);
        a.stream.bridge(true);
        b.stream.bridge(true);
        Self { a, b }
    }

    /// The party of `a` sends a packet; says what the party of `b` gets.
    fn pass(&mut self, payload_type: u8, marker: bool, payload: &[u8]) -> Option<Sent> {
        let bytes = self.a.packet(payload_type, marker, payload);
        let from = self.a.stream.spec().remote_rtp;
        let mut buffer = [0; MAX_PACKET];
        let passing = self.a.stream.handle_rtp(self.a.now, from, &bytes)?;
        let length = self.b.stream.pass(&passing, &mut buffer)?;
        Some(sent(&buffer[..length]))
    }

    /// The same with 20 ms of audio after it.
    fn say(&mut self, code: u8) -> Option<Sent> {
        let payload_type = self.a.stream.spec().payload;
        let passed = self.pass(payload_type, false, &[code; FRAME]);
        self.a.timestamp = self.a.timestamp.wrapping_add(FRAME as u32);
        passed
    }

    fn tick(&mut self) -> Option<Sent> {
        self.a.tick();
        self.b.tick()
    }
}

fn ulaw() -> StreamSpec {
    StreamSpec {
        codec: Codec::Pcmu,
        payload: 0,
        events: Some(96),
        ..spec()
    }
}

#[test]
fn what_one_party_says_the_other_gets_at_once_with_our_numbers() {
    let mut pair = Pair::new(spec(), spec());
    let own = pair.tick().unwrap();
    let mut before: Option<Sent> = None;
    for code in 0..100 {
        let passed = pair.say(code).unwrap();
        assert_eq!(passed.ssrc, own.ssrc);
        assert_eq!(passed.payload, [code; FRAME]);
        if let Some(before) = before {
            assert_eq!(passed.sequence, before.sequence.wrapping_add(1));
            assert_eq!(passed.timestamp, before.timestamp.wrapping_add(160));
            assert!(!passed.marker);
        } else {
            assert_eq!(passed.sequence, own.sequence.wrapping_add(1));
            assert_eq!(passed.timestamp, own.timestamp.wrapping_add(160));
            assert!(passed.marker, "another voice begins");
        }
        before = Some(passed);
        assert_eq!(pair.tick(), None, "nothing of our own beside it");
    }
    let (a, b) = (pair.a.stream.stats(), pair.b.stream.stats());
    assert_eq!((a.packets_in, b.packets_out), (100, 101));
}

#[test]
fn gaps_markers_and_order_are_kept_and_doubles_are_not_sent() {
    let mut pair = Pair::new(spec(), spec());
    let first = pair.say(0).unwrap();
    let numbers = |pair: &mut Pair, place: u16| {
        pair.a.sequence = 65_530u16.wrapping_add(place);
        pair.a.timestamp = (u32::MAX - 300).wrapping_add(u32::from(place) * 160);
    };
    // The second is lost, the fourth comes before the third.
    for place in [3, 4, 6, 5] {
        numbers(&mut pair, place);
        let passed = pair.say(place as u8).unwrap();
        assert_eq!(passed.sequence, first.sequence.wrapping_add(place));
        let time = first.timestamp.wrapping_add(u32::from(place) * 160);
        assert_eq!(passed.timestamp, time);
    }
    numbers(&mut pair, 5);
    assert_eq!(pair.say(5), None);
    numbers(&mut pair, 30);
    let marked = pair.pass(8, true, &[1; FRAME]).unwrap();
    assert!(marked.marker);
    assert_eq!(pair.a.stream.stats().late, 1);
}

#[test]
fn another_source_goes_on_in_our_numbers() {
    let mut pair = Pair::new(spec(), spec());
    let before = pair.say(1).unwrap();
    pair.tick();
    (pair.a.ssrc, pair.a.sequence, pair.a.timestamp) = (12, 40_000, 5);
    assert_eq!(pair.say(2), None, "one packet makes no source");
    pair.tick();
    let after = pair.say(2).unwrap();
    assert!(after.marker);
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(3 * 160));
}

#[test]
fn the_other_law_is_turned_into_ours_word_by_word() {
    let mut pair = Pair::new(spec(), ulaw());
    for code in 0..=255 {
        let passed = pair.say(code).unwrap();
        let word = Codec::Pcmu.encode(Codec::Pcma.decode(code));
        assert_eq!(passed.payload_type, 0);
        assert_eq!(passed.payload, [word; FRAME], "{code}");
    }
}

#[test]
fn keys_pass_as_events_of_the_other_legs_payload_type() {
    let mut pair = Pair::new(spec(), ulaw());
    let before = pair.say(1).unwrap();
    for n in 1..=8u16 {
        let [high, low] = (n.min(6) * 160).to_be_bytes();
        let end = if n > 5 { 0x80 } else { 0 };
        let passed = pair.pass(101, n == 1, &[5, end | 10, high, low]).unwrap();
        assert_eq!((passed.payload_type, passed.marker), (96, n == 1));
        assert_eq!(passed.payload, [5, end | 10, high, low]);
        assert_eq!(passed.timestamp, before.timestamp.wrapping_add(160));
        assert_eq!(passed.sequence, before.sequence.wrapping_add(n));
    }
    assert_eq!(pair.a.digits(), "5");
}

#[test]
fn keys_become_tones_for_a_peer_without_events_and_leave_no_gap() {
    let mut pair = Pair::new(
        spec(),
        StreamSpec {
            events: None,
            ..spec()
        },
    );
    let before = pair.say(0xD5).unwrap();
    for n in 1..=8u16 {
        let [high, low] = (n.min(6) * 160).to_be_bytes();
        assert_eq!(pair.pass(101, n == 1, &[5, 10, high, low]), None);
    }
    let sounded: Vec<Sent> = (0..11).filter_map(|_| pair.tick()).collect();
    assert_eq!(sounded[0].sequence, before.sequence.wrapping_add(1));
    assert_eq!(tones(&sounded), "5");
    pair.a.timestamp = pair.a.timestamp.wrapping_add(11 * 160);
    let after = pair.say(0xD5).unwrap();
    assert_eq!(after.sequence, before.sequence.wrapping_add(12));
}

#[test]
fn keys_that_go_on_by_signalling_are_not_sounded_too() {
    let mut pair = Pair::new(
        spec(),
        StreamSpec {
            events: None,
            mute_keys: true,
            ..spec()
        },
    );
    pair.say(0xD5).unwrap();
    for n in 1..=8u16 {
        let [high, low] = (n.min(6) * 160).to_be_bytes();
        assert_eq!(pair.pass(101, n == 1, &[5, 10, high, low]), None);
    }
    let sounded: Vec<Sent> = (0..20).filter_map(|_| pair.tick()).collect();
    assert_eq!(tones(&sounded), "");
}

#[test]
fn tones_of_a_peer_without_events_are_keys_and_become_events() {
    let mut pair = Pair::new(
        StreamSpec {
            events: None,
            tones: true,
            ..spec()
        },
        spec(),
    );
    let mut key = crate::dtmf::DtmfGenerator::new('7').unwrap();
    let mut sent = Vec::new();
    for _ in 0..15 {
        let mut pcm = [0; FRAME];
        key.fill(&mut pcm);
        let codes = pcm.map(|sample| Codec::Pcma.encode(sample));
        pair.pass(8, false, &codes);
        pair.a.timestamp = pair.a.timestamp.wrapping_add(160);
        sent.extend(pair.tick());
    }
    assert_eq!(pair.a.digits(), "7");
    let events: Vec<&Sent> = sent.iter().filter(|s| s.payload_type == 101).collect();
    assert_eq!(events.len(), 8);
    assert!(events.iter().all(|event| event.payload[0] == 7));
}

#[test]
fn a_prompt_is_heard_in_place_of_the_other_party_until_it_ends() {
    let mut pair = Pair::new(spec(), spec());
    let before = pair.say(1).unwrap();
    pair.tick();
    pair.b.stream.play(9, Playlist::new([prompt(3)], false));
    for n in 1..=3 {
        assert_eq!(pair.say(1), None);
        let own = pair.tick().unwrap();
        assert_eq!(own.payload, [Codec::Pcma.encode(8_000); FRAME]);
        assert_eq!(own.sequence, before.sequence.wrapping_add(n));
    }
    pair.tick();
    let done = StreamEvent::PlayDone {
        stream: StreamId(8),
        id: 9,
    };
    assert_eq!(pair.b.events(), [done]);
    let after = pair.say(2).unwrap();
    assert!(after.marker);
    assert_eq!(after.sequence, before.sequence.wrapping_add(5));
    assert!((after.timestamp.wrapping_sub(before.timestamp) as i32) >= 5 * 160);
}

#[test]
fn a_party_on_hold_gets_nothing_and_a_bridge_undone_is_silence_again() {
    let mut pair = Pair::new(spec(), spec());
    pair.say(1).unwrap();
    let held = StreamSpec {
        direction: Direction::RecvOnly,
        ..spec()
    };
    pair.b.stream.update(pair.b.now, held);
    assert_eq!(pair.say(1), None);
    assert_eq!(pair.tick(), None);
    pair.b.stream.update(pair.b.now, spec());
    assert!(pair.say(1).is_some());
    pair.b.stream.bridge(false);
    assert_eq!(pair.say(1), None);
    assert_eq!(pair.tick().unwrap().payload, [0xD5; FRAME]);
}

#[test]
fn a_bridge_ends_what_plays_without_a_word() {
    let mut leg = Leg::new(spec());
    leg.stream.play(1, Playlist::new([prompt(3)], false));
    leg.tick();
    leg.stream.bridge(true);
    let sent = leg.ticks(10);
    assert!(sent.iter().all(|packet| packet.payload == [0xD5; FRAME]));
    assert_eq!(leg.events(), []);
}

#[test]
fn where_the_other_party_is_silent_the_path_is_kept_open() {
    let mut pair = Pair::new(spec(), spec());
    let before = pair.say(1).unwrap();
    let sent: Vec<Sent> = (0..150).filter_map(|_| pair.tick()).collect();
    assert_eq!(sent.len(), 3);
    let after = pair.say(1).unwrap();
    assert_eq!(after.sequence, before.sequence.wrapping_add(4));
    assert!((after.timestamp.wrapping_sub(sent[2].timestamp) as i32) > 0);
}

/// Both parties say a ramp of frames that no two share; says what the recording of `b` holds.
fn record(pair: &mut Pair, frames: usize) -> (Vec<u8>, Vec<u8>) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    pair.b.stream.record(true);
    for n in 0..frames {
        let code = (n % 200) as u8;
        pair.say(code);
        pair.b.hear_audio(code ^ 0x80);
        pair.tick();
        let frame = pair.b.stream.recording_frame().unwrap();
        left.extend(frame.iter().step_by(2));
        right.extend(frame.iter().skip(1).step_by(2));
    }
    (left, right)
}

#[test]
fn the_recording_has_the_party_left_and_what_it_hears_right_and_misses_no_sample() {
    let mut pair = Pair::new(spec(), spec());
    let (left, right) = record(&mut pair, 150);
    for (side, flip) in [(&left, 0x80u8), (&right, 0)] {
        let begins = side.iter().position(|code| *code == flip).unwrap();
        assert!(begins <= 4 * FRAME, "{begins}");
        let wanted = (0..150usize).flat_map(|n| [(n % 200) as u8 ^ flip; FRAME]);
        // Both zeros of A-law are one sample; every other word is its own.
        let heard = side[begins..].iter().copied();
        assert!(heard.clone().eq(wanted.take(side.len() - begins)));
    }
    let begins = |side: &[u8], code| side.iter().position(|c| *c == code).unwrap();
    assert_eq!(begins(&left, 0x80), begins(&right, 0), "both are as late");
}

#[test]
fn what_is_lost_of_the_other_party_is_made_up_in_the_recording_as_he_hears_it() {
    let mut pair = Pair::new(spec(), spec());
    pair.b.stream.record(true);
    let code = Codec::Pcma.encode(4_000);
    for n in 0..50 {
        if n == 20 {
            pair.a.packet(8, false, &[]);
            pair.a.timestamp = pair.a.timestamp.wrapping_add(160);
        } else {
            pair.say(code);
        }
        pair.tick();
        let frame = pair.b.stream.recording_frame().unwrap();
        let right = Codec::Pcma.decode(frame[2 * 80 + 1]);
        assert!(n < 5 || right > 2_000, "{n}: {right}");
    }
}

#[test]
fn speech_still_hears_a_bridged_party() {
    let mut pair = Pair::new(spec(), ulaw());
    pair.a.stream.tap(true);
    let code = Codec::Pcma.encode(4_000);
    for _ in 0..10 {
        pair.say(code).unwrap();
        pair.tick();
    }
    let tapped = pair.a.stream.tap_frame().unwrap();
    assert_eq!(*tapped, [Codec::Pcma.decode(code); FRAME]);
}
