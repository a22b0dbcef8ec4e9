use super::*;

/// A voice of `period` samples: a few harmonics.
fn voice(period: f64, count: usize) -> Vec<i16> {
    (0..count)
        .map(|n| {
            let turn = std::f64::consts::TAU * n as f64 / period;
            let sum = turn.sin() + (2.0 * turn + 0.7).sin() * 0.6 + (5.0 * turn + 2.0).sin() * 0.3;
            (sum * 5_000.0) as i16
        })
        .collect()
}

fn decibel(signal: &[i16], other: &[i16]) -> f64 {
    let (mut power, mut error) = (0.0, 0.01);
    for (a, b) in signal.iter().zip(other) {
        power += f64::from(*a).powi(2);
        error += (f64::from(*a) - f64::from(*b)).powi(2);
    }
    10.0 * (power / error).log10()
}

/// Runs a voice with frame `gap` missing (and the next `more`); gives what was heard.
fn heard<const N: usize>(pcm: &[i16], gap: usize, more: usize) -> Vec<i16> {
    let frame = N * 160 / NARROW;
    let mut plc = Plc::<N>::default();
    let mut out = pcm.to_vec();
    for (n, part) in out.chunks_mut(frame).enumerate() {
        if (gap..=gap + more).contains(&n) {
            part.fill(0x5555);
            assert!(plc.lost(part));
        } else {
            plc.good(part);
        }
    }
    out
}

#[test]
fn a_steady_voice_is_continued_in_step() {
    for period in [41.0, 57.0, 80.0, 100.5, 119.0] {
        let pcm = voice(period, 1_600);
        let out = heard::<NARROW>(&pcm, 5, 0);
        assert_eq!(out[..800], pcm[..800]);
        let first_ten = decibel(&pcm[800..880], &out[800..880]);
        assert!(first_ten > 12.0, "{period}: {first_ten} dB");
        assert_eq!(out[1_120..], pcm[1_120..]);
        let wide = voice(period * 2.0, 3_200);
        let out = heard::<WIDE>(&wide, 5, 0);
        let first_ten = decibel(&wide[1_600..1_760], &out[1_600..1_760]);
        assert!(first_ten > 12.0, "wide {period}: {first_ten} dB");
    }
}

#[test]
fn no_seam_jumps_more_than_the_voice_itself() {
    for period in [44.0, 63.0, 97.0] {
        let pcm = voice(period, 1_600);
        let most = |samples: &[i16]| {
            let steps = samples
                .windows(2)
                .map(|w| i32::from(w[1]) - i32::from(w[0]));
            steps.map(i32::abs).max().unwrap()
        };
        for more in 0..3 {
            let out = heard::<NARROW>(&pcm, 4, more);
            assert!(most(&out) < most(&pcm) * 3 / 2, "{period} {more}");
        }
    }
}

#[test]
fn a_long_gap_fades_within_60_ms_and_then_nothing_is_made_up() {
    let mut plc = Plc::<NARROW>::default();
    let mut pcm = voice(64.0, 800);
    plc.good(&mut pcm);
    let mut levels = Vec::new();
    let mut frame = [0; 80];
    for n in 0..8 {
        assert_eq!(plc.lost(&mut frame), n < 6, "{n}");
        levels.push(frame.iter().map(|s| s.unsigned_abs()).max().unwrap());
    }
    assert!(
        levels[0] > 6_000 && levels.is_sorted_by(|a, b| a + 200 >= *b),
        "{levels:?}"
    );
    assert_eq!(levels[6..], [0, 0]);
    // Full loudness comes back within 10 ms.
    let mut back = voice(64.0, 160);
    plc.good(&mut back);
    assert_eq!(back[80..], voice(64.0, 160)[80..]);
}

/// The same with what follows the gap at hand, `ahead` samples of it.
fn filled<const N: usize>(pcm: &[i16], gap: usize, ahead: usize) -> Vec<i16> {
    let frame = N * 160 / NARROW;
    let mut plc = Plc::<N>::default();
    let mut out = pcm.to_vec();
    for (n, part) in out.chunks_mut(frame).enumerate() {
        if n == gap {
            part.fill(0x5555);
            assert!(plc.between(part, 0, &pcm[(n + 1) * frame..][..ahead]));
        } else {
            plc.good(part);
        }
    }
    out
}

#[test]
fn a_gap_whose_end_is_known_is_right_at_both_ends() {
    for period in [41.0, 57.0, 80.0] {
        let pcm = voice(period, 1_600);
        let out = filled::<NARROW>(&pcm, 5, 320);
        assert_eq!((&out[..800], &out[960..]), (&pcm[..800], &pcm[960..]));
        for at in [800, 920] {
            let there = decibel(&pcm[at..at + 40], &out[at..at + 40]);
            assert!(there > 6.0, "{period} at {at}: {there} dB");
        }
        let wide = voice(period * 2.0, 3_200);
        let out = filled::<WIDE>(&wide, 5, 640);
        let end = decibel(&wide[1_840..1_920], &out[1_840..1_920]);
        assert!(end > 6.0, "wide {period}: {end} dB");
    }
}

#[test]
fn a_voice_that_begins_within_the_gap_is_not_missed() {
    let pcm = [vec![0; 960], voice(60.0, 640)].concat();
    let out = filled::<NARROW>(&pcm, 5, 160);
    let most = |part: &[i16]| part.iter().map(|s| s.unsigned_abs()).max().unwrap();
    assert!(most(&out[880..960]) > 4_000);
    assert!(most(&out[800..820]) < 1_500);
}

#[test]
fn silence_and_full_scale_stay_what_they_are() {
    for level in [0, i16::MAX, i16::MIN] {
        let mut plc = Plc::<NARROW>::default();
        let mut pcm = [level; 400];
        plc.good(&mut pcm);
        let mut frame = [1; 80];
        plc.lost(&mut frame);
        assert_eq!(frame, [level; 80]);
    }
}

#[test]
fn gaps_of_any_length_at_any_place_are_survived() {
    let mut plc = Plc::<WIDE>::default();
    let mut seed = 1u32;
    for n in 0..3_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut part = vec![(seed >> 16) as i16; (seed >> 8) as usize % 1_000];
        if n % 6 == 0 {
            plc.lost(&mut part);
        } else if n % 3 == 0 {
            let next = vec![(seed >> 3) as i16; (seed >> 12) as usize % 700];
            plc.between(&mut part, 0, &next);
        } else {
            plc.good(&mut part);
        }
    }
}
