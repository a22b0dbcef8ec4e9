//! What a stream tells of how it goes: RTCP both ways, one-way audio, the opinion score.

use super::*;

#[test]
fn a_silent_peer_is_told_once_and_not_while_on_hold() {
    let mut leg = Leg::new(spec());
    let stream = StreamId(7);
    let one_way = StreamEvent::OneWay {
        stream,
        since_ms: 4_900,
    };
    leg.ticks(244);
    assert_eq!(leg.events(), []);
    leg.ticks(2_755);
    assert_eq!(leg.events(), std::slice::from_ref(&one_way));
    leg.ticks(1_000);
    assert_eq!(leg.events(), [StreamEvent::MediaTimeout { stream }]);
    leg.hear_audio(1);
    leg.tick();
    assert_eq!(leg.events(), [StreamEvent::Flowing { stream }]);
    leg.stream.update(
        leg.now,
        StreamSpec {
            direction: Direction::SendOnly,
            ..spec()
        },
    );
    leg.ticks(4_000);
    assert_eq!(leg.events(), []);
    leg.stream.update(leg.now, spec());
    leg.ticks(3_000);
    assert_eq!(
        leg.events(),
        [one_way, StreamEvent::MediaTimeout { stream }]
    );
}

#[test]
fn one_way_audio_is_named_within_five_seconds_whatever_rtcp_says() {
    let mut leg = Leg::new(spec());
    leg.hear_audio(1);
    let empty_report = [0x80, 201, 0, 1, 0, 0, 0, 7];
    for n in 0..250 {
        leg.stream.handle_rtcp(leg.now, rtcp(), &empty_report);
        leg.tick();
        let told = leg.events();
        assert_eq!(told.len(), usize::from(n == 244), "{n}: {told:?}");
    }
}

#[test]
fn two_streams_measure_their_round_trip_and_loss() {
    let (mut one, mut two) = (Leg::new(spec()), Leg::new(spec()));
    two.now = one.now;
    for leg in [&mut one, &mut two] {
        leg.stream.play(1, Playlist::new([prompt(5)], true));
    }
    let way = Duration::from_millis(30);
    for n in 0..2_000 {
        let (a, b) = (one.tick().unwrap(), two.tick().unwrap());
        for (to, sent) in [(&mut one, b), (&mut two, a)] {
            (to.ssrc, to.sequence, to.timestamp) = (sent.ssrc, sent.sequence, sent.timestamp);
            if n % 4 != 0 {
                to.hear(8, false, &sent.payload);
            }
        }
        for report in std::mem::take(&mut one.reports) {
            two.stream.handle_rtcp(two.now + way, rtcp(), &report);
        }
        for report in std::mem::take(&mut two.reports) {
            one.stream.handle_rtcp(one.now + way, rtcp(), &report);
        }
    }
    for leg in [&one, &two] {
        let stats = leg.stream.stats();
        let trip = stats.round_trip_ms.unwrap();
        assert!((trip - 60.0).abs() < 1.0, "{trip}");
        assert!(
            (stats.remote_loss - 0.25).abs() < 0.02,
            "{}",
            stats.remote_loss
        );
        assert!((499..=500).contains(&stats.lost), "{}", stats.lost);
        assert!(stats.jitter_ms < 0.1);
        // A quarter lost, one by one, of G.711 with Bpl 25.1: R 45.8. Each is told the other's score.
        let (mos, remote) = (stats.mos.unwrap(), stats.remote_mos.unwrap());
        assert!((2.34..2.38).contains(&mos), "{mos}");
        assert!((mos - remote).abs() < 0.1, "{mos} {remote}");
    }
}

#[test]
fn a_clean_call_scores_high_and_a_silent_one_not_at_all() {
    let mut leg = Leg::new(spec());
    assert_eq!(leg.stream.stats().mos, None);
    leg.hear_audio(200);
    let mos = leg.stream.stats().mos.unwrap();
    assert!(mos > 4.3, "{mos}");
}

#[test]
fn closing_says_goodbye() {
    let mut leg = Leg::new(spec());
    leg.ticks(2);
    leg.stream.close(leg.now);
    assert_eq!(leg.drain(), None);
    let mut items = Vec::new();
    rtcp::read(leg.reports.last().unwrap(), |item| items.push(item)).unwrap();
    let [
        rtcp::Item::Sender { ssrc, .. },
        rtcp::Item::Bye { ssrc: gone },
    ] = items[..]
    else {
        panic!("{items:?}");
    };
    assert_eq!(ssrc, gone);
}

#[test]
fn packets_that_come_twice_cost_no_score() {
    let mut leg = Leg::new(spec());
    for _ in 0..100 {
        leg.hear_audio(200);
        leg.sequence = leg.sequence.wrapping_sub(1);
        leg.hear(8, false, &[200; FRAME]);
        leg.tick();
    }
    let stats = leg.stream.stats();
    assert_eq!((stats.lost, stats.late), (0, 100));
    let mos = stats.mos.unwrap();
    assert!(mos > 4.3, "{mos}");
}

#[test]
fn the_wait_of_an_opus_leg_is_told_in_milliseconds_of_its_own_clock() {
    let mut leg = Leg::new(StreamSpec {
        codec: Codec::Opus,
        payload: 111,
        events_clock: 48_000,
        ..spec()
    });
    // Every second packet is 20 ms late: jitter goes up to 20 ms, and a wait of twice that.
    for n in 0..200u32 {
        leg.timestamp = n * 960;
        let late = if n % 2 == 0 { 0 } else { 20 };
        leg.now += Duration::from_millis(late);
        leg.hear(111, false, &[0xF8, 0xFF, 0xFE]);
        leg.now += Duration::from_millis(20 - late);
        leg.stream.handle_tick(leg.now);
    }
    let stats = leg.stream.stats();
    assert!(
        (15.0..21.0).contains(&stats.jitter_ms),
        "{}",
        stats.jitter_ms
    );
    let mut buffer = [0; MAX_PACKET];
    leg.stream.close(leg.now);
    let mut told = Vec::new();
    while let Some((kind, length)) = leg.stream.poll_transmit(&mut buffer) {
        if kind == PacketKind::Rtcp {
            told = buffer[..length].to_vec();
        }
    }
    // The nominal wait of the VoIP metrics, which stand before the BYE of two words.
    let at = told.len() - 8 - 6;
    let wait = u16::from_be_bytes([told[at], told[at + 1]]);
    let twice = (2.0 * stats.jitter_ms) as u16;
    assert!(
        wait.abs_diff(twice) <= 1,
        "{wait} ms for {} ms",
        stats.jitter_ms
    );
}
