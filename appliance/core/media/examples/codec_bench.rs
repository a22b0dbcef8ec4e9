//! Microseconds that 20 ms of audio cost each step: `cargo run -p media --release --example codec_bench`.
//!
//! One JSON row for each job, the best of many rounds, as figures to compare. The audio is a voice
//! made of harmonics that rise, fall and pause, because coders cost less for silence and for tones.
#![allow(clippy::disallowed_methods, reason = "a bench has a clock")]

use std::hint::black_box;
use std::time::Instant;

use media::dtmf::DtmfDetector;
use media::limits::{FRAME, MAX_PAYLOAD, MAX_SAMPLES};
use media::plc::{NARROW, Plc};
use media::resample::Resampler;
use media::srtp::{MAX_KEY, MAX_TRAILER, MasterKey, Opener, Sealer, Suite};
use media::{AudioDecoder, AudioEncoder, Codec, Transcoder};

const ROUNDS: usize = 40;
/// Frames of one round: a second.
const FRAMES: usize = 50;
/// 80 calls in 60 % of a core, transcoded both ways, leave each 150 us of 20 ms.
const CALLS: f64 = 80.0;
const CALL_GOAL: f64 = 150.0;

/// Seconds of a voice at a rate.
fn voice(rate: u32) -> Vec<i16> {
    let (mut turn, mut noise) = (0.0f64, 1u32);
    (0..rate * 2)
        .map(|n| {
            let time = f64::from(n) / f64::from(rate);
            let pitch = 120.0 + 40.0 * (time * 5.0).sin();
            turn += std::f64::consts::TAU * pitch / f64::from(rate);
            let loud = (time * 9.0).sin().max(0.0) * 3_000.0;
            let voiced: f64 = (1..12)
                .map(|k| (turn * f64::from(k)).sin() / f64::from(k))
                .sum();
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
            (voiced * loud + hiss * 300.0) as i16
        })
        .collect()
}

/// Runs `job` for each frame of a second, again and again; the microseconds one frame took at best.
fn best(mut job: impl FnMut(usize)) -> f64 {
    let mut least = f64::MAX;
    for round in 0..ROUNDS {
        let start = Instant::now();
        for n in 0..FRAMES {
            job((round % 2) * FRAMES + n);
        }
        least = least.min(start.elapsed().as_secs_f64() * 1e6 / FRAMES as f64);
    }
    least
}

fn row(name: &str, value: f64, unit: &str, goal: Option<f64>) {
    let goal = goal.map_or_else(|| "null".to_owned(), |goal| goal.to_string());
    println!(
        r#"{{"name": "codec_{name}", "value": {value:.3}, "unit": "{unit}", "goal": {goal}}}"#
    );
}

const UNIT: &str = "us per 20 ms";

/// One codec at a rate: encode, decode, conceal.
fn steps(name: &str, mut encoder: AudioEncoder, mut decoder: AudioDecoder) {
    let pcm = voice(encoder.rate());
    let frame = encoder.frame();
    let frames: Vec<&[i16]> = pcm.chunks_exact(frame).collect();
    let mut payload = [0; MAX_PAYLOAD];
    let us = best(|n| {
        black_box(encoder.encode(frames[n], &mut payload));
    });
    row(&format!("{name}_encode"), us, UNIT, None);
    let packets: Vec<Vec<u8>> = frames
        .iter()
        .map(|part| {
            let count = encoder.encode(part, &mut payload);
            payload[..count].to_vec()
        })
        .collect();
    let mut out = [0; MAX_SAMPLES];
    let us = best(|n| {
        black_box(decoder.decode(&packets[n], &mut out));
    });
    row(&format!("{name}_decode"), us, UNIT, None);
    // One frame in ten is lost; what that costs more than the nine is one's.
    let with = best(|n| {
        black_box(if n % 10 == 5 {
            decoder.conceal(&mut out[..frame])
        } else {
            decoder.decode(&packets[n], &mut out)
        });
    });
    row(
        &format!("{name}_conceal"),
        (with * 10.0 - us * 9.0).max(0.0),
        UNIT,
        None,
    );
}

/// A call between two codecs, both directions.
fn call(name: &str, one: Codec, other: Codec) -> f64 {
    let mut ends = [(one, other), (other, one)].map(|(from, to)| {
        let mut source = AudioEncoder::new(from).expect("memory for a coder");
        let frame = source.frame();
        let mut payload = [0; MAX_PAYLOAD];
        let packets: Vec<Vec<u8>> = voice(source.rate())
            .chunks_exact(frame)
            .map(|part| {
                let count = source.encode(part, &mut payload);
                payload[..count].to_vec()
            })
            .collect();
        (
            packets,
            Transcoder::new(from, to).expect("memory for a coder"),
        )
    });
    let mut out = [0; MAX_PAYLOAD];
    let us = best(|n| {
        for (packets, transcoder) in &mut ends {
            black_box(transcoder.transcode(&packets[n], &mut out));
        }
    });
    let goal = (name == "g711_opus").then_some(CALL_GOAL);
    row(&format!("call_{name}"), us, UNIT, goal);
    us
}

fn main() {
    let coders = |codec| {
        let encoder = AudioEncoder::new(codec).expect("memory for a coder");
        (
            encoder,
            AudioDecoder::new(codec).expect("memory for a coder"),
        )
    };
    let (encoder, decoder) = coders(Codec::Pcma);
    steps("pcma", encoder, decoder);
    let (encoder, decoder) = coders(Codec::G722);
    steps("g722", encoder, decoder);
    let (encoder, decoder) = coders(Codec::Opus);
    steps("opus_8k", encoder, decoder);
    let wide = AudioEncoder::opus(16_000).expect("memory for a coder");
    let decoder = AudioDecoder::opus(16_000).expect("memory for a coder");
    steps("opus_16k", wide, decoder);

    for (from, to) in [
        (8_000, 16_000),
        (16_000, 8_000),
        (8_000, 48_000),
        (48_000, 8_000),
    ] {
        let mut resampler = Resampler::new(from, to).expect("a whole ratio");
        let pcm = voice(from);
        let frame = from as usize / 50;
        let mut out = [0; 960];
        let us = best(|n| {
            black_box(resampler.take(&pcm[n * frame..][..frame], &mut out));
        });
        row(
            &format!("resample_{}k_{}k", from / 1_000, to / 1_000),
            us,
            UNIT,
            None,
        );
    }

    let pcm = voice(8_000);
    let frames: Vec<&[i16]> = pcm.chunks_exact(FRAME).collect();
    let mut detector = DtmfDetector::default();
    let us = best(|n| {
        black_box(detector.take(frames[n]));
    });
    row("dtmf_detect", us, UNIT, None);
    let mut plc = Plc::<NARROW>::default();
    plc.good(&mut frames.concat());
    let mut lost = [0; FRAME];
    let us = best(|n| {
        plc.good(&mut frames[n].to_vec());
        black_box(plc.between(&mut lost, 0, frames[(n + 1) % frames.len()]));
    });
    row("pcma_conceal_between", us, UNIT, None);

    let key = MasterKey::new(Suite::Aes128Sha80, &[7; MAX_KEY]).expect("a whole key");
    let (mut sealer, mut opener) = (Sealer::new(&key), Opener::new(&key));
    let mut sequence = 0u16;
    let us = best(|_| {
        let mut packet = [0; FRAME + 12 + MAX_TRAILER];
        packet[0] = 0x80;
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        sequence = sequence.wrapping_add(1);
        let length = sealer.protect_rtp(&mut packet, FRAME + 12);
        black_box(opener.open_rtp(&mut packet[..length.unwrap_or(0)])).expect("our own packet");
    });
    row("srtp_both", us, "us per packet", None);

    call("g711_g722", Codec::Pcma, Codec::G722);
    let us = call("g711_opus", Codec::Pcma, Codec::Opus);
    call("g722_opus", Codec::G722, Codec::Opus);
    let part = CALLS * us * 50.0 / 1e6 * 100.0;
    row("80_calls_g711_opus", part, "% of a core", Some(60.0));
}
