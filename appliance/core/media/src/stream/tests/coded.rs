//! Legs that speak G.722 or Opus: alone, bridged with their like, and with others.

use std::f64::consts::TAU;

use super::*;
use crate::transcode::{AudioDecoder, AudioEncoder};

/// A leg's description in a codec.
fn of(codec: Codec) -> StreamSpec {
    StreamSpec {
        codec,
        payload: codec.static_payload(),
        events_clock: codec.clock(),
        ..spec()
    }
}

/// A peer that sings, and listens to what it is sent.
struct Singer {
    encoder: AudioEncoder,
    decoder: AudioDecoder,
    hz: f64,
    sung: usize,
    heard: Vec<i16>,
}

impl Singer {
    fn new(codec: Codec, hz: f64) -> Self {
        Self {
            encoder: AudioEncoder::new(codec).unwrap(),
            decoder: AudioDecoder::new(codec).unwrap(),
            hz,
            sung: 0,
            heard: Vec::new(),
        }
    }

    /// 20 ms of its tone.
    fn sing(&mut self) -> Vec<u8> {
        let rate = f64::from(self.encoder.rate());
        let pcm: Vec<i16> = (self.sung..self.sung + self.encoder.frame())
            .map(|n| ((TAU * self.hz * n as f64 / rate).sin() * 10_000.0) as i16)
            .collect();
        self.sung += pcm.len();
        let mut out = [0; MAX_PACKET];
        let length = self.encoder.encode(&pcm, &mut out);
        out[..length].to_vec()
    }

    fn listen(&mut self, payload: &[u8]) {
        let mut pcm = [0; 1_920];
        let count = self.decoder.decode(payload, &mut pcm);
        self.heard.extend(&pcm[..count]);
    }

    /// Part of what it heard last that is a tone of `hz`.
    fn share(&self, hz: f64) -> f64 {
        let tail = &self.heard[self.heard.len() / 2..];
        share(tail, hz, self.decoder.rate())
    }
}

fn share(pcm: &[i16], hz: f64, rate: u32) -> f64 {
    let (mut re, mut im, mut all) = (0.0, 0.0, 1.0);
    for (n, sample) in pcm.iter().enumerate() {
        let (sample, turn) = (f64::from(*sample), TAU * hz * n as f64 / f64::from(rate));
        re += sample * turn.cos();
        im += sample * turn.sin();
        all += sample * sample;
    }
    2.0 * (re * re + im * im) / pcm.len() as f64 / all
}

/// Two singers in a bridge, each with its leg.
struct Duet {
    legs: [Leg; 2],
    singers: [Singer; 2],
}

impl Duet {
    fn new(one: Codec, two: Codec) -> Self {
        let mut legs = [Leg::new(of(one)), Leg::new(of(two))];
        for leg in &mut legs {
            leg.stream.bridge(true);
        }
        Self {
            legs,
            singers: [Singer::new(one, 440.0), Singer::new(two, 660.0)],
        }
    }

    /// 20 ms in which both sing.
    fn sing(&mut self) {
        let mut out = [0; MAX_PACKET];
        for n in [0, 1] {
            let payload = self.singers[n].sing();
            let [one, two] = &mut self.legs;
            let (from, to) = if n == 0 { (one, two) } else { (two, one) };
            let spec = from.stream.spec().clone();
            let bytes = from.packet(spec.payload, false, &payload);
            from.timestamp = from.timestamp.wrapping_add(spec.codec.clock() / 50);
            let passing = from.stream.handle_rtp(from.now, rtp(), &bytes);
            let length = passing.and_then(|passing| to.stream.pass(&passing, &mut out));
            if let Some(length) = length {
                self.singers[1 - n].listen(&sent(&out[..length]).payload);
            }
            from.stream.faces(Some(to.stream.spec().codec));
            let made = from.tick();
            if let Some(pcm) = from.stream.voice_frame(from.now) {
                to.stream.hear(pcm);
            }
            if let Some(made) = made.filter(|made| made.payload_type == spec.payload) {
                self.singers[n].listen(&made.payload);
            }
        }
    }
}

const ALL: [Codec; 4] = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];

#[test]
fn two_parties_hear_each_other_whatever_they_speak() {
    for one in ALL {
        for two in ALL {
            let mut duet = Duet::new(one, two);
            for _ in 0..100 {
                duet.sing();
            }
            let [low, high] = &duet.singers;
            assert!(
                low.heard.len() > 90 * low.decoder.frame(),
                "{one:?} {two:?}"
            );
            let (a, b) = (low.share(660.0), high.share(440.0));
            assert!(a > 0.9 && b > 0.9, "{one:?} {two:?}: {a:.2} {b:.2}");
        }
    }
}

#[test]
fn a_recording_has_both_parties_whatever_they_speak() {
    for (one, two) in [
        (Codec::Opus, Codec::Pcma),
        (Codec::G722, Codec::Opus),
        (Codec::Opus, Codec::Opus),
        (Codec::G722, Codec::G722),
    ] {
        let mut duet = Duet::new(one, two);
        duet.legs[0].stream.record(true);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for n in 0..150 {
            duet.sing();
            let frame = duet.legs[0].stream.recording_frame().unwrap();
            if n >= 50 {
                left.extend(frame.iter().step_by(2).map(|c| Codec::Pcma.decode(*c)));
                let other = frame.iter().skip(1).step_by(2);
                right.extend(other.map(|c| Codec::Pcma.decode(*c)));
            }
        }
        let (a, b) = (share(&left, 440.0, 8_000), share(&right, 660.0, 8_000));
        assert!(a > 0.9 && b > 0.9, "{one:?} {two:?}: {a:.2} {b:.2}");
    }
}

#[test]
fn prompts_are_heard_in_every_codec_and_step_by_its_clock() {
    let tone: Vec<i16> = (0..100 * FRAME)
        .map(|n| ((TAU * 440.0 * n as f64 / 8_000.0).sin() * 10_000.0) as i16)
        .collect();
    let prompt = Arc::new(Prompt::from_samples("tone", &tone));
    for codec in ALL {
        let mut leg = Leg::new(of(codec));
        let mut singer = Singer::new(codec, 0.0);
        leg.stream.play(1, Playlist::new([prompt.clone()], false));
        let sent = leg.ticks(100);
        assert_eq!(sent.len(), 100, "{codec:?}");
        let step = sent[1].timestamp.wrapping_sub(sent[0].timestamp);
        assert_eq!(step, codec.clock() / 50);
        for packet in sent {
            singer.listen(&packet.payload);
        }
        assert!(singer.share(440.0) > 0.9, "{codec:?}");
    }
}

#[test]
fn keys_beside_opus_are_counted_by_the_clock_that_was_agreed() {
    for (clock, held) in [(48_000, 4_800u16), (8_000, 800)] {
        let mut leg = Leg::new(StreamSpec {
            events_clock: clock,
            ..of(Codec::Opus)
        });
        assert!(leg.stream.send_digit('5'));
        let sent = leg.ticks(8);
        assert!(sent.iter().all(|packet| packet.payload_type == 101));
        let [high, low] = held.to_be_bytes();
        assert_eq!(sent[4].payload, [5, 10, high, low]);
    }
}

#[test]
fn a_key_sung_into_g722_or_opus_is_heard_once_where_it_is_looked_for() {
    for (codec, step) in [(Codec::G722, 160), (Codec::Opus, 960)] {
        for tones in [true, false] {
            let sung = StreamSpec {
                events: None,
                tones,
                ..of(codec)
            };
            let (mut leg, mut other) = (Leg::new(sung.clone()), Leg::new(sung));
            assert!(other.stream.send_digit('7'));
            for _ in 0..40 {
                if let Some(made) = other.tick() {
                    leg.hear(codec.static_payload(), false, &made.payload);
                }
                leg.timestamp = leg.timestamp.wrapping_add(step);
                leg.tick();
            }
            assert_eq!(leg.stream.take_key(), tones.then_some('7'), "{codec:?}");
            assert_eq!(leg.digits(), if tones { "7" } else { "" }, "{codec:?}");
        }
    }
}

#[test]
fn a_leg_changes_its_codec_in_the_middle_of_a_bridge() {
    let mut duet = Duet::new(Codec::Pcma, Codec::Pcma);
    duet.sing();
    for (n, codec) in [(0, Codec::Opus), (1, Codec::G722), (0, Codec::G722)] {
        let spec = of(codec);
        let leg = &mut duet.legs[n];
        drop(leg.stream.fit(Gear::new(&spec), false));
        leg.stream.update(leg.now, spec);
        leg.ssrc += 1;
        duet.singers[n] = Singer::new(codec, duet.singers[n].hz);
        duet.singers[n].heard.clear();
        duet.singers[1 - n].heard.clear();
        for _ in 0..100 {
            duet.sing();
        }
        let [low, high] = &duet.singers;
        let (a, b) = (low.share(660.0), high.share(440.0));
        assert!(a > 0.9 && b > 0.9, "{codec:?}: {a:.2} {b:.2}");
    }
}
