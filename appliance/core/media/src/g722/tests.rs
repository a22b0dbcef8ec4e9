use proptest::prelude::*;

use super::*;

/// FNV-1a, 64 bits.
fn fingerprint(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

fn next(seed: &mut u32) -> u32 {
    *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *seed
}

/// Four seconds of noise and saw teeth in turn, from full scale down to the last bits.
fn signal(seed: &mut u32) -> Vec<i16> {
    (0..64_000i32)
        .map(|n| {
            let noise = (next(seed) >> 16) as i32 - 32_768;
            let saw = ((n * (n / 1_600 + 3) * 37) & 0xFFFF) - 32_768;
            let chosen = if n / 2_000 % 2 == 1 { noise } else { saw };
            (chosen >> (n / 4_000 % 8)) as i16
        })
        .collect()
}

/// The fingerprints were made by the public-domain C code that passes the recommendation's own
/// test sequences.
#[test]
fn codes_and_samples_are_the_references_bit_for_bit() {
    let mut seed = 1;
    let pcm = signal(&mut seed);
    let mut codes = vec![0; 32_000];
    assert_eq!(Encoder::default().encode(&pcm, &mut codes), 32_000);
    assert_eq!(fingerprint(codes.iter().copied()), 0x85B6_CE66_24AA_E320);

    let mut back = vec![0; 64_000];
    assert_eq!(Decoder::default().decode(&codes, &mut back), 64_000);
    let bytes = back.iter().flat_map(|sample| sample.to_le_bytes());
    assert_eq!(fingerprint(bytes), 0xEBB8_6377_A5F2_B7B2);

    codes.fill_with(|| (next(&mut seed) >> 24) as u8);
    assert_eq!(Decoder::default().decode(&codes, &mut back), 64_000);
    let bytes = back.iter().flat_map(|sample| sample.to_le_bytes());
    assert_eq!(fingerprint(bytes), 0xFDD9_4BD0_BD2A_7000);
}

#[test]
fn a_decoder_that_followed_the_gap_is_right_behind_it() {
    let wave = |n: usize| {
        let turn = n as f64 * 0.12;
        ((turn.sin() + (turn * 3.0).sin() * 0.5) * 6_000.0) as i16
    };
    let pcm: Vec<i16> = (0..6_400).map(wave).collect();
    let mut codes = vec![0; 3_200];
    Encoder::default().encode(&pcm, &mut codes);
    let mut whole = vec![0; 6_400];
    Decoder::default().decode(&codes, &mut whole);
    let behind = |follows: bool| {
        let mut decoder = Decoder::default();
        let mut out = [0; 3_200];
        decoder.decode(&codes[..1_600], &mut out);
        if follows {
            let after = whole[3_520..][..DELAY].try_into().unwrap();
            decoder.follow(&whole[3_200..3_520], &after);
        }
        decoder.decode(&codes[1_760..], &mut out);
        let pairs = out.iter().zip(&whole[3_520..]).take(320);
        pairs
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
            .sum::<f64>()
    };
    let (followed, stood) = (behind(true), behind(false));
    assert!(followed < stood / 10.0, "{followed} {stood}");
}

#[test]
fn how_the_audio_is_cut_changes_nothing() {
    let pcm = signal(&mut 7);
    let mut whole = vec![0; 32_000];
    Encoder::default().encode(&pcm, &mut whole);
    let mut encoder = Encoder::default();
    let mut pieces = Vec::new();
    let mut codes = [0; 160];
    for frame in pcm.chunks(250) {
        let count = encoder.encode(frame, &mut codes);
        pieces.extend_from_slice(&codes[..count]);
    }
    assert_eq!(pieces, whole);
}

#[test]
fn a_tone_of_each_band_comes_back_as_loud_as_it_went() {
    for (hertz, least) in [
        (300.0, 30.0),
        (1_000.0, 30.0),
        (3_000.0, 25.0),
        (6_000.0, 8.0),
    ] {
        let step = std::f64::consts::TAU * hertz / 16_000.0;
        let pcm: Vec<i16> = (0..16_000)
            .map(|n| ((f64::from(n) * step).sin() * 8_000.0) as i16)
            .collect();
        let (mut codes, mut back) = (vec![0; 8_000], vec![0; 16_000]);
        Encoder::default().encode(&pcm, &mut codes);
        Decoder::default().decode(&codes, &mut back);
        // Both filters together delay by 22 samples.
        let (mut signal, mut error) = (0.0, 0.0);
        for (sent, heard) in pcm[800..].iter().zip(&back[822..]) {
            signal += f64::from(*sent).powi(2);
            error += (f64::from(*sent) - f64::from(*heard)).powi(2);
        }
        let decibel = 10.0 * (signal / error).log10();
        assert!(decibel > least, "{hertz}: {decibel} dB");
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_and_any_samples_encode(
        codes in prop::collection::vec(any::<u8>(), 0..400),
        pcm in prop::collection::vec(any::<i16>(), 0..400),
        room in 0..500usize,
    ) {
        let mut samples = vec![0; room];
        let count = Decoder::default().decode(&codes, &mut samples);
        prop_assert_eq!(count, (codes.len() * 2).min(room & !1));
        let mut bytes = vec![0; room];
        let count = Encoder::default().encode(&pcm, &mut bytes);
        prop_assert_eq!(count, (pcm.len() / 2).min(room));
    }
}
