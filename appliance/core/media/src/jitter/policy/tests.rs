use super::*;
use crate::jitter::{Jitter, Landed};

/// What became of a stream of packets: frames heard, made up, and the mean wait in ms.
#[derive(Debug)]
struct Outcome {
    late: u32,
    packets: u32,
    missing: u32,
    wait: f64,
    target: u32,
}

/// A minute or more of packets, each `delay(n)` ms late, read every 20 ms; whether anybody
/// speaks changes every second.
fn run(packets: u32, drift: f64, delay: impl Fn(u32) -> f64) -> Outcome {
    let mut arrivals: Vec<(f64, u32)> = (0..packets)
        .map(|n| (f64::from(n) * 20.0 * (1.0 + drift) + delay(n), n))
        .collect();
    arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut jitter = Jitter::new();
    let mut outcome = Outcome {
        late: 0,
        packets,
        missing: 0,
        wait: 0.0,
        target: 0,
    };
    let mut waits = 0;
    let mut coming = arrivals.into_iter().peekable();
    let mut tick = 7.0;
    let sent = |n: u32| f64::from(n) * 20.0 * (1.0 + drift);
    while coming.peek().is_some() {
        while let Some((at, n)) = coming.next_if(|(at, _)| *at <= tick) {
            jitter.arrived((at * 8.0) as u32, n * 160);
            let mut codes = [0; FRAME];
            codes[..4].copy_from_slice(&n.to_be_bytes());
            outcome.late += u32::from(jitter.write(n * 160, &codes) != Landed::InTime);
        }
        let second = (tick / 1_000.0) as u32;
        match jitter.read_at((tick * 8.0) as u32, second.is_multiple_of(2)) {
            Some(frame) if frame[0].is_some() => {
                let bytes = [0, 1, 2, 3].map(|n| frame[n].unwrap());
                let n = u32::from_be_bytes(bytes);
                if n > packets / 2 {
                    outcome.wait += tick - sent(n);
                    waits += 1;
                }
            }
            Some(_) => outcome.missing += 1,
            None => {}
        }
        tick += 20.0;
    }
    outcome.wait /= f64::from(waits.max(1));
    outcome.target = jitter.target();
    outcome
}

fn random(n: u32) -> f64 {
    f64::from(n.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24)
}

#[test]
fn even_packets_wait_less_than_a_frame_or_two() {
    let outcome = run(6_000, 0.0, |_| 3.0);
    assert!(outcome.wait < 35.0 && outcome.late == 0, "{outcome:?}");
    // The buffer's start, and nothing after it.
    assert!(outcome.missing <= 4, "{outcome:?}");
}

#[test]
fn jittery_packets_are_waited_for_and_few_are_late() {
    for most in [20.0, 50.0, 100.0, 150.0] {
        let outcome = run(12_000, 0.0, |n| random(n) * most);
        assert!(outcome.late < outcome.packets / 50, "{most}: {outcome:?}");
        assert!(outcome.wait < most + 45.0, "{most}: {outcome:?}");
        assert!(outcome.wait > most * 0.8, "{most}: {outcome:?}");
    }
}

#[test]
fn a_burst_of_jitter_is_grown_for_at_once_and_forgotten_in_half_a_minute() {
    let outcome = run(6_000, 0.0, |n| {
        if (1_000..1_500).contains(&n) {
            random(n) * 120.0
        } else {
            2.0
        }
    });
    assert!(outcome.late < 30, "{outcome:?}");
    assert!(outcome.wait < 40.0, "{outcome:?}");
}

#[test]
fn a_stall_that_comes_once_does_not_stay() {
    // Everything of 150 ms comes at its end.
    let outcome = run(6_000, 0.0, |n| {
        let into = n % 3_000;
        if (100..107).contains(&into) {
            f64::from(107 - into) * 20.0
        } else {
            2.0
        }
    });
    assert!(outcome.late <= 16, "{outcome:?}");
    assert!(outcome.wait < 60.0, "{outcome:?}");
}

#[test]
fn clocks_that_drift_neither_starve_nor_flood_the_buffer() {
    for drift in [-200e-6, 200e-6] {
        let outcome = run(90_000, drift, |n| random(n) * 10.0);
        assert!(outcome.late < 100, "{drift}: {outcome:?}");
        assert!(outcome.wait < 60.0, "{drift}: {outcome:?}");
        assert!(outcome.missing < 200, "{drift}: {outcome:?}");
    }
}

#[test]
fn a_clock_that_leaps_is_taken_anew() {
    let mut jitter = Jitter::new();
    for n in 0..1_000u32 {
        let leap = if n < 500 { 0 } else { 1 << 30 };
        jitter.arrived(n * 160, (n * 160).wrapping_add(leap));
        jitter.write((n * 160).wrapping_add(leap), &[9; FRAME]);
        jitter.read_at(n * 160 + 80, true);
    }
    assert!(jitter.target() < 320, "{}", jitter.target());
    let heard = (1_000..1_050u32).filter(|n| {
        let timestamp = (n * 160).wrapping_add(1 << 30);
        jitter.arrived(n * 160, timestamp);
        jitter.write(timestamp, &[9; FRAME]);
        jitter
            .read_at(n * 160 + 80, true)
            .is_some_and(|f| f[0].is_some())
    });
    assert_eq!(heard.count(), 50);
}
