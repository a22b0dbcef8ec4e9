use super::*;

fn tone(count: usize) -> Vec<i16> {
    (0..count)
        .map(|n| ((n as f64 * 0.3).sin() * 9_000.0) as i16)
        .collect()
}

fn energy(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    (sum / samples.len() as f64).sqrt()
}

#[test]
fn a_tone_comes_back_as_loud_as_it_went_at_each_rate() {
    for rate in [8_000, 16_000, 48_000] {
        let frame = rate as usize / 50;
        let mut encoder = OpusEncoder::new(rate).unwrap();
        let mut decoder = OpusDecoder::new(rate).unwrap();
        let (mut packet, mut out) = ([0; 400], vec![0; frame]);
        for pcm in tone(frame * 20).chunks(frame) {
            let length = encoder.encode(pcm, &mut packet);
            assert!((10..400).contains(&length), "{length}");
            assert_eq!(decoder.length_of(&packet[..length]), frame);
            assert_eq!(decoder.decode(&packet[..length], &mut out), frame);
        }
        let loudness = energy(&out) / energy(&tone(frame));
        assert!((0.8..1.25).contains(&loudness), "{rate}: {loudness}");
    }
}

#[test]
fn a_lost_packet_is_recovered_from_the_next_better_than_made_up() {
    // A chirp: what was before says little about what is missing.
    let chirp: Vec<i16> = (0..160 * 60)
        .map(|n| ((f64::from(n).powi(2) * 6e-5).sin() * 9_000.0) as i16)
        .collect();
    let mut encoder = OpusEncoder::new(8_000).unwrap();
    encoder.expect_loss(0.25);
    let packets: Vec<Vec<u8>> = chirp
        .chunks(160)
        .map(|pcm| {
            let mut packet = [0; 400];
            let length = encoder.encode(pcm, &mut packet);
            packet[..length].to_vec()
        })
        .collect();
    let heard = |recovers: Option<bool>| {
        let mut decoder = OpusDecoder::new(8_000).unwrap();
        let mut out = [0; 160];
        let mut all = Vec::new();
        for (n, packet) in packets.iter().enumerate() {
            let count = match recovers {
                Some(true) if n % 8 == 5 => decoder.recover(&packets[n + 1], &mut out),
                Some(false) if n % 8 == 5 => decoder.conceal(&mut out),
                _ => decoder.decode(packet, &mut out),
            };
            assert_eq!(count, 160);
            all.extend(out.map(f64::from));
        }
        all
    };
    let whole = heard(None);
    let error = |other: Vec<f64>| -> f64 {
        let pairs = whole.iter().zip(other);
        pairs.map(|(a, b)| (a - b).powi(2)).sum()
    };
    let (recovered, made_up) = (error(heard(Some(true))), error(heard(Some(false))));
    assert!(recovered < made_up / 2.0, "{recovered} {made_up}");
}

#[test]
fn garbage_gives_no_samples_and_the_next_packet_is_heard() {
    let mut encoder = OpusEncoder::new(8_000).unwrap();
    let mut decoder = OpusDecoder::new(8_000).unwrap();
    let (mut packet, mut out) = ([0; 400], [0; 160]);
    let length = encoder.encode(&tone(160), &mut packet);
    assert_eq!(decoder.decode(&[], &mut out), 0);
    assert_eq!(decoder.decode(&[0xFF, 0xFF, 0, 1], &mut out), 0);
    // A packet of 60 ms does not fit 20 ms.
    assert_eq!(decoder.decode(&[0x18 | 3, 0x43, 0, 0], &mut out), 0);
    assert_eq!(decoder.decode(&packet[..length], &mut out), 160);
    assert_eq!(encoder.encode(&tone(161), &mut packet), 0);
}

#[test]
fn a_rate_that_opus_lacks_is_refused_by_its_number() {
    let why = OpusDecoder::new(11_025).unwrap_err().to_string();
    assert!(why.contains("11025"), "{why}");
    assert!(OpusEncoder::new(44_100).is_err());
}
