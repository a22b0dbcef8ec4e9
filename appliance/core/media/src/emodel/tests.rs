use super::*;

fn of(delay_ms: f32, percent: f32, burst: f32) -> Quality {
    quality(Conditions {
        codec: Codec::Pcma,
        delay_ms,
        loss: percent / 100.0,
        burst,
    })
}

/// G.107 annex B and G.108's planning examples: ratings and their scores.
#[test]
fn ratings_have_the_scores_of_the_recommendation() {
    for (r, expected) in [
        (93.2, 4.41),
        (90.0, 4.34),
        (80.0, 4.03),
        (70.0, 3.60),
        (60.0, 3.10),
        (50.0, 2.58),
        (0.0, 1.0),
        (100.0, 4.5),
    ] {
        assert!((mos(r) - expected).abs() < 0.01, "{r}: {}", mos(r));
    }
}

/// Idd by equation 7-27, worked by hand at three points.
#[test]
fn delay_costs_nothing_up_to_100_ms_and_much_from_300_on() {
    assert_eq!(of(0.0, 0.0, 1.0).r, BEST);
    assert_eq!(of(100.0, 0.0, 1.0).r, BEST);
    for (delay, cost) in [(200.0, 3.0), (300.0, 15.1), (400.0, 24.0)] {
        let lost = BEST - of(delay, 0.0, 1.0).r;
        assert!((lost - cost).abs() < 0.6, "{delay}: {lost}");
    }
}

#[test]
fn loss_costs_what_the_codec_cannot_conceal_and_bursts_cost_more() {
    // 95 * p / (p + 25.1).
    for (percent, cost) in [(1.0, 3.64), (5.0, 15.78), (10.0, 27.07)] {
        let lost = BEST - of(50.0, percent, 1.0).r;
        assert!((lost - cost).abs() < 0.02, "{percent}: {lost}");
    }
    assert!(of(50.0, 5.0, 2.0).r < of(50.0, 5.0, 1.0).r);
    assert_eq!(of(50.0, 100.0, 1_000.0).mos, 1.0);
}

#[test]
fn what_is_no_measurement_makes_no_nonsense() {
    for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -5.0, 1e30] {
        for quality in [of(odd, 0.0, 1.0), of(0.0, odd, 1.0), of(0.0, 3.0, odd)] {
            assert!((0.0..=100.0).contains(&quality.r), "{odd}: {quality:?}");
            assert!((1.0..=4.5).contains(&quality.mos), "{odd}: {quality:?}");
        }
    }
}

#[test]
fn bursts_are_told_from_random_loss() {
    let mut single = Bursts::default();
    let mut bursty = Bursts::default();
    assert_eq!((single.loss(), single.ratio()), (0.0, 1.0));
    for n in 0..10_000u32 {
        single.take(n % 20 != 0);
        bursty.take(n % 100 >= 5);
    }
    assert!((single.loss() - 0.05).abs() < 1e-6 && (bursty.loss() - 0.05).abs() < 1e-6);
    assert_eq!(single.ratio(), 1.0);
    assert!((bursty.ratio() - 4.75).abs() < 0.01, "{}", bursty.ratio());
}
