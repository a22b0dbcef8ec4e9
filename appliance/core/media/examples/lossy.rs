//! A line that loses packets: samples in, what is heard at its end out, to be judged by ear or PESQ.
//!
//! usage: `lossy CODEC PERCENT SEED HOW < IN > OUT`. CODEC is pcma, g722 or opus; samples are 16-bit
//! little endian at the codec's rate (8000, 16000, 16000); packets hold 20 ms and are lost at random;
//! HOW is silence, repeat (the last frame again, half as loud), conceal or recover (conceal, but with the
//! next packet at hand).
#![allow(clippy::disallowed_methods, reason = "a program reads its input")]

use std::io::{Read as _, Write as _};

use media::limits::{MAX_PAYLOAD, MAX_SAMPLES};
use media::{AudioDecoder, AudioEncoder, Codec};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [codec, percent, seed, how] = &words[..] else {
        panic!("usage: lossy CODEC PERCENT SEED HOW < IN > OUT");
    };
    let (mut encoder, mut decoder) = match codec.as_str() {
        "pcma" => coders(Codec::Pcma),
        "g722" => coders(Codec::G722),
        "opus" => (AudioEncoder::opus(16_000), AudioDecoder::opus(16_000)),
        other => panic!("no codec is called {other}"),
    };
    let (Ok(encoder), Ok(decoder)) = (&mut encoder, &mut decoder) else {
        panic!("there is no memory for a coder");
    };
    let percent: f64 = percent.parse().expect("PERCENT is a number");
    let mut random: u64 = seed.parse().expect("SEED is a number");
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .expect("samples on standard input");
    let pcm: Vec<i16> = bytes
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect();
    let frame = encoder.frame();
    let packets: Vec<Vec<u8>> = pcm
        .chunks_exact(frame)
        .map(|part| {
            let mut payload = [0; MAX_PAYLOAD];
            let count = encoder.encode(part, &mut payload);
            payload[..count].to_vec()
        })
        .collect();
    let mut lost = || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as f64 / f64::from(1u32 << 31) * 100.0 < percent
    };
    let lost: Vec<bool> = packets.iter().map(|_| lost()).collect();
    let mut out = std::io::stdout().lock();
    let mut line = [0; MAX_SAMPLES];
    for (n, packet) in packets.iter().enumerate() {
        let line = &mut line[..frame];
        let next_came = lost.get(n + 1) == Some(&false);
        match (lost[n], how.as_str()) {
            (false, _) => decoder.decode(packet, line),
            (true, "silence") => {
                line.fill(0);
                frame
            }
            (true, "repeat") => {
                line.iter_mut().for_each(|sample| *sample /= 2);
                frame
            }
            (true, "recover") if next_came => decoder.recover(&packets[n + 1], line),
            (true, _) => decoder.conceal(line),
        };
        let bytes: Vec<u8> = line
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        out.write_all(&bytes).expect("standard output takes it");
    }
}

fn coders(
    codec: Codec,
) -> (
    Result<AudioEncoder, media::opus::OpusError>,
    Result<AudioDecoder, media::opus::OpusError>,
) {
    (AudioEncoder::new(codec), AudioDecoder::new(codec))
}
