use proptest::prelude::*;

use super::*;

/// A frame whose samples all say which packet they are of.
fn packet(n: u8) -> [u8; FRAME] {
    [n; FRAME]
}

fn whole(frame: Option<Frame>) -> Option<u8> {
    let frame = frame?;
    assert!(frame.iter().all(|sample| *sample == frame[0]), "{frame:?}");
    frame[0]
}

/// Writes packets and reads until `frames` were read; a read after each write.
fn heard(jitter: &mut Jitter, order: &[u32], frames: usize) -> Vec<Option<u8>> {
    let mut out = Vec::new();
    for n in order {
        jitter.write(n * 160, &packet(*n as u8));
        out.push(whole(jitter.read()));
    }
    while out.len() < frames {
        out.push(whole(jitter.read()));
    }
    out
}

#[test]
fn packets_are_heard_in_order_after_the_delay() {
    let out = heard(&mut Jitter::new(), &[5, 6, 7, 8], 8);
    assert_eq!(
        out,
        [None, None, None, Some(5), Some(6), Some(7), Some(8), None]
    );
}

#[test]
fn reordered_and_repeated_packets_are_heard_once_in_order() {
    let out = heard(&mut Jitter::new(), &[5, 7, 6, 6, 8], 8);
    assert_eq!(out[3..], [Some(5), Some(6), Some(7), Some(8), None]);
}

#[test]
fn a_lost_packet_leaves_a_hole_of_its_length() {
    let out = heard(&mut Jitter::new(), &[5, 6, 8, 9], 9);
    assert_eq!(out[3..], [Some(5), Some(6), None, Some(8), Some(9), None]);
}

#[test]
fn a_late_packet_is_not_heard_and_five_of_them_move_the_delay() {
    let mut jitter = Jitter::new();
    assert_eq!(jitter.write(16_000, &packet(1)), Landed::InTime);
    for _ in 0..8 {
        jitter.read();
    }
    for n in 1..=4 {
        assert_eq!(jitter.write(16_000 + n * 160, &packet(2)), Landed::Late);
        jitter.read();
    }
    assert_eq!(jitter.write(16_800, &packet(3)), Landed::InTime);
    assert_eq!(jitter.level(), JITTER_START + 2 * 160);
}

#[test]
fn packets_of_other_lengths_fit_together() {
    let mut jitter = Jitter::new();
    // 30 ms, 10 ms and 20 ms.
    jitter.write(0, &[1; 240]);
    jitter.write(240, &[2; 80]);
    jitter.write(320, &[3; 160]);
    for _ in 0..3 {
        assert_eq!(whole(jitter.read()), None);
    }
    assert_eq!(whole(jitter.read()), Some(1));
    let second = jitter.read().unwrap();
    assert_eq!((second[0], second[80]), (Some(1), Some(2)));
    assert_eq!(whole(jitter.read()), Some(3));
}

#[test]
fn the_timestamp_wraps_unnoticed() {
    let mut jitter = Jitter::new();
    let start = u32::MAX - 200;
    for n in 0..4u32 {
        jitter.write(start.wrapping_add(n * 160), &packet(n as u8));
    }
    let out: Vec<_> = (0..7).map(|_| whole(jitter.read())).collect();
    assert_eq!(out[3..], [Some(0), Some(1), Some(2), Some(3)]);
}

#[test]
fn one_wild_timestamp_is_passed_over_and_two_are_the_new_clock() {
    let mut jitter = Jitter::new();
    jitter.write(0, &packet(1));
    assert_eq!(jitter.write(4_000_000, &packet(9)), Landed::Far);
    assert_eq!(jitter.write(160, &packet(2)), Landed::InTime);
    assert_eq!(jitter.write(3_000_000_000, &packet(9)), Landed::Far);
    assert_eq!(jitter.write(3_000_000_160, &packet(7)), Landed::InTime);
    for _ in 0..3 {
        assert_eq!(whole(jitter.read()), None);
    }
    assert_eq!(whole(jitter.read()), Some(7));
}

#[test]
fn a_burst_at_the_start_is_worked_off_a_frame_a_second() {
    let mut jitter = Jitter::new();
    let mut sent = 0;
    while sent < 20 {
        jitter.write(sent * 160, &packet(1));
        sent += 1;
    }
    let before = jitter.level();
    for _ in 0..600 {
        jitter.write(sent * 160, &packet(1));
        sent += 1;
        jitter.read();
    }
    assert!(
        jitter.level() + 8 * 160 < before,
        "{} of {before}",
        jitter.level()
    );
    assert!(jitter.level() >= JITTER_START, "{}", jitter.level());
}

#[test]
fn after_half_a_second_of_nothing_no_old_packet_is_heard_again() {
    let mut jitter = Jitter::new();
    for n in 0..8 {
        jitter.write(n * 160, &packet(n as u8));
        jitter.read();
    }
    for _ in 0..2 * JITTER_CAPACITY / FRAME {
        jitter.read();
    }
    // The network gives out what it held back, the oldest once more.
    let landed = [2, 3, 4, 5].map(|n| jitter.write(n * 160, &packet(n as u8)));
    assert_eq!(landed, [Landed::Late; 4]);
    let heard: Vec<Frame> = (0..20).filter_map(|_| jitter.read()).collect();
    assert!(heard.iter().flatten().all(Option::is_none));
    // What is new is heard again, once it is sure that it keeps coming so late.
    let landed: Vec<Landed> = (8..80)
        .map(|n| jitter.write(n * 160, &packet(n as u8)))
        .collect();
    assert!(landed.contains(&Landed::InTime), "{landed:?}");
}

#[test]
fn empty_and_oversized_payloads_do_no_harm() {
    let mut jitter = Jitter::new();
    jitter.write(0, &[]);
    jitter.write(0, &[1; 3 * JITTER_CAPACITY]);
    jitter.read();
    assert!(jitter.level() <= JITTER_CAPACITY as u32);
}

proptest! {
    /// Times and timestamps of any kind, even impossible ones.
    #[test]
    fn the_wait_follows_anything(
        moves in proptest::collection::vec((any::<u32>(), any::<u32>(), any::<bool>()), 1..200),
        shift in 0u32..32,
    ) {
        let mut jitter = Jitter::new();
        for (arrival, timestamp, quiet) in moves {
            jitter.arrived(arrival >> shift, timestamp >> shift);
            jitter.write(timestamp >> shift, &[1; FRAME]);
            jitter.read_at(arrival, quiet);
            prop_assert!((80..=JITTER_MOST).contains(&jitter.target()));
        }
    }

    /// Whatever comes in whatever order, no sample is heard before one that is older.
    #[test]
    fn nothing_is_ever_heard_out_of_order(
        moves in proptest::collection::vec((0u32..200, 0usize..3), 1..300),
        origin: u32,
    ) {
        let mut jitter = Jitter::new();
        let mut last = None;
        for (writes, (n, reads)) in (0u32..).zip(moves) {
            // The hours of the day: late, early, repeated, jumping.
            let n = writes / 2 + n % 12;
            jitter.write(origin.wrapping_add(n * 160), &packet(n as u8));
            for _ in 0..reads {
                let Some(frame) = jitter.read() else { continue };
                for sample in frame.into_iter().flatten() {
                    if let Some(last) = last {
                        prop_assert!(sample >= last, "{sample} after {last}");
                    }
                    last = Some(sample);
                }
            }
        }
    }

    #[test]
    fn no_timestamps_and_lengths_make_it_panic(
        writes in proptest::collection::vec((any::<u32>(), 0usize..2_000, any::<bool>()), 0..200),
    ) {
        let codes = [1; 2_000];
        let mut jitter = Jitter::new();
        for (timestamp, length, near) in writes {
            let timestamp = if near { timestamp % 10_000 } else { timestamp };
            jitter.write(timestamp, &codes[..length]);
            jitter.read();
        }
    }
}

#[test]
fn what_is_ahead_is_seen_and_stays_where_it_is() {
    let mut jitter = Jitter::new();
    assert_eq!(jitter.ahead(), [None; 2 * FRAME]);
    jitter.write(0, &[7; FRAME]);
    for _ in 0..2 {
        assert_eq!(jitter.read(), Some([None; FRAME]));
    }
    let ahead = jitter.ahead();
    assert_eq!(ahead[..FRAME], [None; FRAME]);
    assert_eq!(ahead[FRAME..], [Some(7); FRAME]);
    assert_eq!(jitter.read(), Some([None; FRAME]));
    assert_eq!(jitter.ahead()[..FRAME], [Some(7); FRAME]);
    assert_eq!(jitter.read(), Some([Some(7); FRAME]));
    assert_eq!(jitter.ahead(), [None; 2 * FRAME]);
}

/// One packet and one reading a frame; gives what was heard.
fn even(jitter: &mut Jitter, packets: std::ops::Range<u32>, shrinks: bool) -> Vec<u8> {
    let mut heard = Vec::new();
    for n in packets {
        jitter.write(n * FRAME as u32, &packet(n as u8));
        if shrinks {
            jitter.shrink();
        }
        heard.extend(whole(jitter.read()));
    }
    heard
}

#[test]
fn a_delay_that_grew_shrinks_again_and_stays_within_its_bounds() {
    for stalls in 1..12 {
        let mut jitter = Jitter::new();
        let mut sent = 100;
        even(&mut jitter, 0..sent, false);
        for _ in 0..stalls {
            // Nothing comes for 300 ms, and all after it is late: the delay grows.
            for _ in 0..15 {
                jitter.read();
            }
            even(&mut jitter, sent..sent + 20, false);
            sent += 20;
            assert!((JITTER_START..=JITTER_MOST).contains(&jitter.delay));
        }
        assert!(jitter.delay > JITTER_START, "{stalls}");
        // Where somebody speaks all the time nothing is taken out.
        let grown = jitter.delay;
        even(&mut jitter, sent..sent + 3_000, false);
        assert_eq!(jitter.delay, grown);
        even(&mut jitter, sent + 3_000..sent + 9_000, true);
        assert_eq!(jitter.delay, JITTER_START, "{stalls}");
    }
}

#[test]
fn no_sample_is_lost_where_nothing_is_late() {
    let mut jitter = Jitter::new();
    let heard = even(&mut jitter, 0..5_000, true);
    let all: Vec<u8> = (0..4_997).map(|n| n as u8).collect();
    assert_eq!(heard, all);
}
