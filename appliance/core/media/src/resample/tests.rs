use super::*;

/// A tone of `hertz` at `rate`, loud.
fn tone(hertz: f64, rate: u32, count: usize) -> Vec<i16> {
    let step = std::f64::consts::TAU * hertz / f64::from(rate);
    (0..count)
        .map(|n| ((n as f64 * step).sin() * 16_000.0) as i16)
        .collect()
}

/// Level of what comes out, against the tone that goes in, dB; frames of 20 ms.
fn level(hertz: f64, from: u32, to: u32) -> f64 {
    let mut resampler = Resampler::new(from, to).unwrap();
    let input = tone(hertz, from, from as usize / 5);
    let mut out = Vec::new();
    let mut frame = [0; 960];
    for block in input.chunks(from as usize / 50) {
        let count = resampler.take(block, &mut frame);
        assert_eq!(count, to as usize / 50);
        out.extend_from_slice(&frame[..count]);
    }
    let settled = &out[out.len() / 2..];
    let power: f64 = settled.iter().map(|s| f64::from(*s).powi(2)).sum();
    let rms = (power / settled.len() as f64).sqrt();
    20.0 * (rms.max(0.1) * 2f64.sqrt() / 16_000.0).log10()
}

const PAIRS: [(u32, u32); 6] = [
    (8_000, 16_000),
    (8_000, 48_000),
    (16_000, 48_000),
    (16_000, 8_000),
    (48_000, 8_000),
    (48_000, 16_000),
];

#[test]
fn speech_passes_level_and_what_would_fold_does_not() {
    for (from, to) in PAIRS {
        let half = f64::from(from.min(to)) / 2.0;
        for part in [0.05, 0.25, 0.5, 0.75, 0.85] {
            let level = level(half * part, from, to);
            assert!(level.abs() < 0.2, "{from} to {to} at {part}: {level} dB");
        }
        if from > to {
            for part in [1.15, 1.5, 1.9] {
                let level = level(half * part, from, to);
                assert!(level < -50.0, "{from} to {to} at {part}: {level} dB");
            }
        }
    }
}

#[test]
fn up_and_down_again_is_the_same_a_few_samples_later() {
    for high in [16_000, 48_000] {
        let mut up = Resampler::new(8_000, high).unwrap();
        let mut down = Resampler::new(high, 8_000).unwrap();
        let input = tone(1_000.0, 8_000, 1_600);
        let mut wide = [0; 960];
        let mut out = Vec::new();
        let mut narrow = [0; 160];
        for frame in input.chunks(160) {
            let count = up.take(frame, &mut wide);
            assert_eq!(down.take(&wide[..count], &mut narrow), 160);
            out.extend_from_slice(&narrow);
        }
        // Both filters delay by half their length: together by 23 samples of the lower rate.
        let pairs = out[200..].iter().zip(&input[200 - 23..]);
        let worst = pairs.map(|(a, b)| (a - b).unsigned_abs()).max().unwrap();
        assert!(worst < 400, "{high}: {worst}");
    }
}

#[test]
fn a_tone_that_is_raised_leaves_no_image() {
    for (from, to) in PAIRS.into_iter().filter(|(from, to)| from < to) {
        let hertz = f64::from(from) / 4.0;
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = vec![0; to as usize];
        resampler.take(&tone(hertz, from, from as usize), &mut out);
        let strength = |hertz: f64| {
            let step = std::f64::consts::TAU * hertz / f64::from(to);
            let (mut re, mut im) = (0.0, 0.0);
            for (n, sample) in out.iter().enumerate().skip(to as usize / 2) {
                re += f64::from(*sample) * (n as f64 * step).cos();
                im += f64::from(*sample) * (n as f64 * step).sin();
            }
            f64::hypot(re, im)
        };
        let image = strength(f64::from(from) - hertz) / strength(hertz);
        assert!(image < 0.003, "{from} to {to}: {image}");
    }
}

#[test]
fn how_the_input_is_cut_changes_nothing() {
    for (from, to) in PAIRS {
        let input = tone(700.0, from, 4_800);
        let ratio = if from > to { (from / to) as usize } else { 1 };
        let mut whole = Resampler::new(from, to).unwrap();
        let mut pieces = whole.clone();
        let mut expected = vec![0; 30_000];
        let count = whole.take(&input, &mut expected);
        let mut out = Vec::new();
        let mut part = vec![0; 30_000];
        let mut rest = &input[..];
        for n in (1..).map(|n| n * 7 % 100 + 1) {
            let (now, later) = rest.split_at((n * ratio).min(rest.len()));
            let written = pieces.take(now, &mut part);
            out.extend_from_slice(&part[..written]);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(out, expected[..count], "{from} to {to}");
    }
}

#[test]
fn full_scale_noise_is_clipped_and_never_wraps() {
    for (from, to) in PAIRS {
        let mut resampler = Resampler::new(from, to).unwrap();
        let input: Vec<i16> = (0..960)
            .map(|n| if n * n % 7 < 3 { i16::MAX } else { i16::MIN })
            .collect();
        let mut out = [0; 5_760];
        assert_eq!(
            resampler.take(&input, &mut out),
            960 * to as usize / from as usize
        );
    }
}

#[test]
fn other_ratios_are_refused_by_name() {
    for (from, to) in [(8_000, 11_025), (44_100, 48_000), (8_000, 0), (0, 8_000)] {
        let why = Resampler::new(from, to).unwrap_err().to_string();
        assert!(why.contains(&from.to_string()), "{why}");
    }
}
