use std::time::Duration;

use super::*;
use crate::limits::FRAME_TIME;
use crate::simulated::World;
use crate::status::State;

fn names(playback: bool, capture: bool) -> Names {
    Names {
        playback: playback.then(|| "speaker".to_owned()),
        capture: capture.then(|| "line".to_owned()),
    }
}

/// A tone of 500 Hz, one frame after the other.
struct Tone(u64);

impl Tone {
    fn frame(&mut self) -> [i16; FRAME] {
        std::array::from_fn(|_| {
            self.0 += 1;
            let angle = std::f64::consts::TAU * 500.0 * self.0 as f64 / 8_000.0;
            (angle.sin() * 10_000.0) as i16
        })
    }
}

/// The most that a sample is away from where a sine through the two before it leads: clicks stand out.
fn roughness(samples: &[i16], rate: f64) -> f64 {
    let twice = 2.0 * (std::f64::consts::TAU * 500.0 / rate).cos();
    let bends = samples.windows(3).map(|s| {
        let [a, b, c] = [s[0], s[1], s[2]].map(f64::from);
        (twice * b - a - c).abs()
    });
    bends.fold(0.0, f64::max)
}

#[test]
fn speaker_whose_clock_is_off_plays_ten_minutes_without_a_gap() {
    for off in [-400e-6, 400e-6] {
        let world = World::new(8_000, off);
        let mut sound = Sound::on(world.clone(), world.now(), names(true, false));
        let mut tone = Tone(0);
        let mut heard = [0; FRAME];
        for _ in 0..50 * 600 {
            sound.turn(world.now(), &tone.frame(), &mut heard);
            world.pass(FRAME_TIME);
        }
        let status = sound.playback().unwrap();
        assert_eq!((status.underruns, status.overruns), (0, 0), "{off}");
        assert!((f64::from(status.drift_ppm) - off * 1e6).abs() < 10.0);
        let played = world.played();
        let rough = roughness(&played[8_000..], 8_000.0);
        assert!(rough < 100.0, "{off}: {rough}");
    }
}

#[test]
fn line_whose_clock_is_off_is_heard_ten_minutes_without_a_gap() {
    for off in [-400e-6, 400e-6] {
        let world = World::new(8_000, off);
        let mut sound = Sound::on(world.clone(), world.now(), names(false, true));
        let (mut heard, mut all) = ([0; FRAME], Vec::new());
        for _ in 0..50 * 600 {
            sound.turn(world.now(), &[0; FRAME], &mut heard);
            all.extend(heard);
            world.pass(FRAME_TIME);
        }
        let status = sound.capture().unwrap();
        assert_eq!((status.underruns, status.overruns), (0, 0), "{off}");
        assert!((f64::from(status.drift_ppm) - off * 1e6).abs() < 10.0);
        let rough = roughness(&all[8_000..], 8_000.0);
        assert!(rough < 100.0, "{off}: {rough}");
    }
}

#[test]
fn handset_at_48_khz_plays_and_listens_at_once() {
    let world = World::new(48_000, 80e-6);
    let mut sound = Sound::on(world.clone(), world.now(), names(true, true));
    let mut tone = Tone(0);
    let (mut heard, mut all) = ([0; FRAME], Vec::new());
    for _ in 0..50 * 20 {
        sound.turn(world.now(), &tone.frame(), &mut heard);
        all.extend(heard);
        world.pass(FRAME_TIME);
    }
    assert!(sound.is_present());
    assert!(roughness(&all[8_000..], 8_000.0) < 100.0);
    let played = world.played();
    assert!(roughness(&played[48_000..], 48_000.0) < 100.0);
}

#[test]
fn card_that_is_missing_for_an_hour_wakes_its_thread_a_hundred_times() {
    let world = World::new(8_000, 0.0);
    world.plug(false);
    let began = world.now();
    let mut sound = Sound::on(world.clone(), began, names(true, false));
    let (mut wakes, mut heard) = (0, [0; FRAME]);
    while let Some(next) = sound.next_try()
        && next < began + Duration::from_secs(3_600)
    {
        world.pass(next.saturating_duration_since(world.now()));
        sound.turn(world.now(), &[0; FRAME], &mut heard);
        wakes += 1;
        assert!(!sound.is_present());
    }
    assert!((100..130).contains(&wakes), "{wakes}");
    assert_eq!(world.opens(), wakes);
}

#[test]
fn card_that_is_pulled_out_is_a_status_and_works_again_when_it_is_back() {
    let world = World::new(8_000, 0.0);
    let mut sound = Sound::on(world.clone(), world.now(), names(true, true));
    let mut heard = [0; FRAME];
    let mut run = |sound: &mut Sound<World>, seconds: u32| {
        for _ in 0..50 * seconds {
            sound.turn(world.now(), &[500; FRAME], &mut heard);
            world.pass(FRAME_TIME);
        }
    };
    run(&mut sound, 30);
    assert!(sound.is_present());
    world.plug(false);
    run(&mut sound, 5);
    for status in [sound.playback(), sound.capture()] {
        let why = "there is no such card".to_owned();
        assert_eq!(status.unwrap().state, State::Absent { why });
    }
    // Not asked with every frame: after 1 and 3 seconds.
    assert_eq!(world.opens(), 2 + 2 * 2);
    world.plug(true);
    run(&mut sound, 5);
    assert!(sound.is_present());
    assert_eq!(sound.playback().unwrap().opened, 2);
}

#[test]
fn thread_that_comes_late_costs_an_underrun_and_no_more() {
    let world = World::new(8_000, 0.0);
    let mut sound = Sound::on(world.clone(), world.now(), names(true, true));
    let mut heard = [0; FRAME];
    for beat in 0..50 * 20 {
        sound.turn(world.now(), &[500; FRAME], &mut heard);
        world.pass(FRAME_TIME);
        if beat == 500 {
            world.pass(Duration::from_millis(400));
        }
    }
    assert!(sound.is_present());
    assert_eq!(sound.playback().unwrap().underruns, 1);
    assert_eq!(sound.capture().unwrap().overruns, 1);
    assert_eq!(world.opens(), 2);
}
