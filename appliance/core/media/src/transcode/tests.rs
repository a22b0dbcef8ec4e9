use super::*;
use crate::limits::MAX_PAYLOAD;

const ALL: [Codec; 4] = [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus];

fn tone(rate: u32, count: usize) -> Vec<i16> {
    let step = std::f64::consts::TAU * 440.0 / f64::from(rate);
    (0..count)
        .map(|n| ((n as f64 * step).sin() * 8_000.0) as i16)
        .collect()
}

/// Strength of the tone of 440 Hz and of everything else.
fn heard(pcm: &[i16], rate: u32) -> (f64, f64) {
    let step = std::f64::consts::TAU * 440.0 / f64::from(rate);
    let (mut re, mut im, mut power) = (0.0, 0.0, 0.0);
    for (n, sample) in pcm.iter().enumerate() {
        let (sine, cosine) = (n as f64 * step).sin_cos();
        re += f64::from(*sample) * cosine;
        im += f64::from(*sample) * sine;
        power += f64::from(*sample).powi(2);
    }
    let tone = (re * re + im * im) * 2.0 / pcm.len() as f64;
    (
        (tone / pcm.len() as f64).sqrt() * 2f64.sqrt(),
        (power - tone).max(0.0) / power,
    )
}

#[test]
fn a_tone_survives_the_way_between_any_two_codecs() {
    for from in ALL {
        for to in ALL {
            let mut source = AudioEncoder::new(from).unwrap();
            let mut transcoder = Transcoder::new(from, to).unwrap();
            let mut sink = AudioDecoder::new(to).unwrap();
            let frame = source.frame();
            let (mut one, mut two) = ([0; MAX_PAYLOAD], [0; MAX_PAYLOAD]);
            let mut pcm = [0; MAX_SAMPLES];
            let mut out = Vec::new();
            for part in tone(source.rate(), frame * 50).chunks(frame) {
                let count = source.encode(part, &mut one);
                let count = transcoder.transcode(&one[..count], &mut two);
                assert!(count > 0, "{from:?} to {to:?}");
                let count = sink.decode(&two[..count], &mut pcm);
                assert_eq!(count, sink.frame(), "{from:?} to {to:?}");
                out.extend_from_slice(&pcm[..count]);
            }
            let (level, rest) = heard(&out[out.len() / 2..], sink.rate());
            assert!(
                (6_500.0..9_500.0).contains(&level),
                "{from:?} to {to:?}: {level}"
            );
            assert!(rest < 0.02, "{from:?} to {to:?}: {rest}");
        }
    }
}

#[test]
fn a_missing_frame_is_made_up_in_any_codec() {
    for from in ALL {
        let mut source = AudioEncoder::new(from).unwrap();
        let mut decoder = AudioDecoder::new(from).unwrap();
        let frame = source.frame();
        let mut payload = [0; MAX_PAYLOAD];
        let mut pcm = vec![0; frame];
        for (n, part) in tone(source.rate(), frame * 12).chunks(frame).enumerate() {
            let count = source.encode(part, &mut payload);
            if n == 10 {
                assert_eq!(decoder.conceal(&mut pcm), frame, "{from:?}");
                let (level, _) = heard(&pcm, decoder.rate());
                assert!(level > 4_000.0, "{from:?}: {level}");
            } else {
                assert_eq!(decoder.decode(&payload[..count], &mut pcm), frame);
            }
        }
    }
}

#[test]
fn what_is_no_payload_gives_nothing_and_breaks_nothing() {
    for from in ALL {
        for to in ALL {
            let mut transcoder = Transcoder::new(from, to).unwrap();
            let mut out = [0; MAX_PAYLOAD];
            assert_eq!(transcoder.transcode(&[], &mut out), 0);
            transcoder.transcode(&[0xFF; MAX_PAYLOAD], &mut out);
            transcoder.transcode(&[0x55; 3], &mut out[..1]);
            assert!(transcoder.conceal(None, &mut out) > 0, "{from:?} to {to:?}");
            assert!(transcoder.conceal(Some(&[]), &mut out) > 0);
        }
    }
}
