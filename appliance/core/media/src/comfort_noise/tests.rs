use proptest::prelude::*;

use super::*;

fn made(payload: &[u8]) -> Vec<i16> {
    let mut maker = NoiseMaker::new(7);
    maker.describe(payload);
    let mut pcm = vec![0; 16_000];
    maker.fill(&mut pcm);
    pcm.split_off(8_000)
}

#[test]
fn noise_is_as_loud_as_described_whatever_its_colour() {
    for level in [20, 40, 60, 70] {
        for colour in [
            vec![],
            vec![40],
            vec![214, 80],
            vec![30, 200, 100, 140, 127],
        ] {
            let payload = [&[level], &colour[..]].concat();
            let mut again = [0; 1];
            describe(&made(&payload), &mut again);
            assert!(again[0].abs_diff(level) <= 1, "{payload:?}: {again:?}");
        }
    }
}

#[test]
fn the_colour_that_was_described_is_found_again() {
    for colour in [[20u8, 127, 127], [220, 60, 127], [60, 200, 90]] {
        let payload = [&[30], &colour[..]].concat();
        let mut again = [0; 4];
        assert_eq!(describe(&made(&payload), &mut again), 4);
        for (said, found) in colour.iter().zip(&again[1..]) {
            assert!(said.abs_diff(*found) < 8, "{payload:?}: {again:?}");
        }
    }
}

#[test]
fn silence_and_full_scale_have_the_ends_of_the_scale() {
    let mut out = [9; 3];
    assert_eq!(describe(&[0; 160], &mut out), 3);
    assert_eq!(out, [127, 127, 127]);
    assert_eq!(describe(&[i16::MIN; 160], &mut out[..1]), 1);
    assert_eq!(out[0], 0);
    assert_eq!(describe(&[1; 160], &mut []), 0);
    // Below one step of 16 bits nothing is heard.
    assert!(made(&[127]).iter().all(|s| *s == 0));
}

#[test]
fn noise_fades_in_and_out_without_a_click() {
    let mut maker = NoiseMaker::new(1);
    maker.describe(&[40, 127]);
    let mut pcm = [0; 160];
    maker.fill(&mut pcm);
    let first = pcm[..8].iter().map(|s| s.unsigned_abs()).max().unwrap();
    assert!(first < 200, "{first}");
    maker.stop();
    let mut pcm = [0; 800];
    maker.fill(&mut pcm);
    assert_eq!(pcm[760..], [0; 40]);
}

proptest! {
    #[test]
    fn any_description_makes_noise_that_stays_within_bounds(
        payload in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut maker = NoiseMaker::new(3);
        maker.describe(&[&[60], &payload[..]].concat());
        let mut pcm = [0; 4_000];
        maker.fill(&mut pcm);
        let most = pcm.iter().map(|s| s.unsigned_abs()).max().unwrap();
        prop_assert!(most < 32_767, "{}", most);
        maker.describe(&payload);
        maker.fill(&mut pcm);
    }

    #[test]
    fn any_samples_have_a_description(pcm in prop::collection::vec(any::<i16>(), 0..300)) {
        let mut out = [0; 16];
        prop_assert_eq!(describe(&pcm, &mut out), 11);
    }
}
