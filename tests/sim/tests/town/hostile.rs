//! Peers that flood, lie and break off: nothing grows, nothing breaks, every call is remembered.

use std::net::SocketAddr;
use std::time::Duration;

use call::limits::{MAX_LEGS, MAX_SOURCES};
use call::{StreamEvent, StreamId, StreamStats};
use centre::record::Utterance;
use centre::{Input, Output};
use sim::{Act, Chance, Plan, Raw, Town, TownConfig, phone_address};

#[test]
fn a_flood_of_invites_from_unknown_sources_keeps_memory_bounded() {
    let mut town = Town::new(TownConfig::new(1));
    let mut answers = 0;
    for n in 0..6_000u32 {
        let [_, a, b, c] = n.to_be_bytes();
        let from = SocketAddr::from(([172, a, b, c], 5060));
        let raw = Raw::new(from, &format!("flood-{n}"), "4000");
        town.centre.handle(
            town.now,
            Input::Datagram {
                from: from.into(),
                bytes: raw.invite(&raw.sdp("RTP/AVP 8")).into(),
            },
        );
        answers += std::iter::from_fn(|| town.centre.poll()).count();
    }
    let stats = town.centre.stats();
    assert!(stats.switchboard.sources <= MAX_SOURCES);
    assert_eq!((stats.calls, stats.switchboard.legs), (0, 0));
    assert_eq!(
        stats.switchboard.sip.transactions, 0,
        "strangers are answered without state"
    );
    assert_eq!(answers, 6_000, "and once each");
    assert_eq!(
        town.centre.poll_timeout(),
        None,
        "nothing is ever sent again"
    );
}

#[test]
fn one_source_that_floods_is_answered_a_bounded_number_of_times() {
    let mut town = Town::new(TownConfig::new(2));
    let from = SocketAddr::from(([203, 0, 113, 9], 5060));
    let mut answers = 0u32;
    for n in 0..2_000 {
        let raw = Raw::new(from, &format!("one-{n}"), "4000");
        let bytes = raw.invite(&raw.sdp("RTP/AVP 8")).into();
        town.centre.handle(
            town.now,
            Input::Datagram {
                from: from.into(),
                bytes,
            },
        );
        while let Some(output) = town.centre.poll() {
            answers += u32::from(matches!(output, Output::Transmit { .. }));
        }
    }
    assert_eq!(answers, call::limits::MAX_CHALLENGES);
    town.run_out();
}

#[test]
fn more_calls_than_there_is_room_for_are_refused_and_the_rest_goes_on() {
    let ports = (0..MAX_LEGS as u16 + 10).map(|n| 20_000 + 2 * n).collect();
    let mut town = Town::new(TownConfig {
        ports,
        ..TownConfig::new(3)
    });
    for n in 0..MAX_LEGS as u16 + 5 {
        let raw = Raw::new(phone_address(n), &format!("room-{n}"), "4004");
        town.throw(phone_address(n), raw.invite(&raw.sdp("RTP/AVP 8")));
    }
    let stats = town.centre.stats();
    assert_eq!((stats.calls, stats.switchboard.refused.full), (MAX_LEGS, 5));
    town.give(Input::Stop);
    town.run_out();
    assert_eq!(town.records.len(), MAX_LEGS);
}

#[test]
fn a_flood_of_digits_is_bounded_in_the_record() {
    let mut town = Town::new(TownConfig::new(4));
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(10_000, Act::HangUp),
    );
    town.pass(Duration::from_secs(1));
    let stream = *town.plane.running.keys().next().unwrap();
    for n in 0..5_000u32 {
        let digit = char::from_digit(n % 10, 10).unwrap();
        town.give(Input::Stream(StreamEvent::Digit { stream, digit }));
    }
    town.run_out();
    assert_eq!(
        town.record().path.digits.len(),
        centre::site::limits::MAX_DIGITS
    );
}

#[test]
fn a_caller_that_never_stops_talking_fills_its_transcript_and_no_more() {
    let mut town = Town::new(TownConfig::new(5));
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(10_000, Act::HangUp),
    );
    town.pass(Duration::from_secs(1));
    let stream = *town.plane.running.keys().next().unwrap();
    let utterance = Utterance {
        at_ms: u64::MAX,
        length_ms: u64::MAX,
        words: "喂".repeat(10_000),
        dialect: "zh".into(),
        confidence: f32::NAN,
        emotion: None,
    };
    for _ in 0..centre::limits::MAX_TRANSCRIPT + 5 {
        town.centre.handle(
            town.now,
            Input::Heard {
                stream,
                utterance: utterance.clone(),
            },
        );
        while town.centre.poll().is_some() {}
    }
    assert_eq!(town.centre.stats().heard_cut, 5);
    town.run_out();
    let transcript = &town.record().transcript;
    assert_eq!(transcript.len(), centre::limits::MAX_TRANSCRIPT);
    assert!(
        transcript
            .iter()
            .all(|u| u.words.chars().count() == centre::limits::MAX_WORDS)
    );
}

#[test]
fn stream_events_of_nobody_are_counted_and_forgotten() {
    let mut town = Town::new(TownConfig::new(6));
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(1_000, Act::HangUp),
    );
    let stream = StreamId(4_000_000_000);
    for event in [
        StreamEvent::Digit { stream, digit: '1' },
        StreamEvent::PlayDone { stream, id: 1 },
        StreamEvent::MediaTimeout { stream },
        StreamEvent::MissingPrompt {
            stream,
            prompt: "x".into(),
        },
        StreamEvent::Recorded {
            stream,
            file: "../../etc/passwd".into(),
            length_ms: u64::MAX,
            gaps: u64::MAX,
        },
        StreamEvent::Closed {
            stream,
            stats: StreamStats::default(),
        },
    ] {
        town.give(Input::Stream(event));
    }
    town.give(Input::SpeechDone { stream });
    town.run_out();
    assert_eq!(
        town.centre.stats().switchboard.refused.stray_stream_events,
        6
    );
    assert_eq!(town.records.len(), 1);
}

#[test]
fn late_words_of_the_media_plane_change_no_record() {
    let mut town = Town::new(TownConfig::new(7));
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(2_000, Act::HangUp),
    );
    town.pass(Duration::from_secs(1));
    let stream = *town.plane.running.keys().next().unwrap();
    town.run_out();
    let before = town.record().clone();
    town.give(Input::Stream(StreamEvent::Digit { stream, digit: '1' }));
    town.give(Input::Stream(StreamEvent::Closed {
        stream,
        stats: StreamStats::default(),
    }));
    town.run_out();
    assert_eq!(*town.record(), before);
}

#[test]
fn noise_on_the_sip_port_breaks_nothing() {
    let mut chance = Chance::new(8);
    let mut town = Town::new(TownConfig::new(8));
    let raw = Raw::new(phone_address(1), "mutant", "4000");
    let seed = raw.invite(&raw.sdp("RTP/AVP 8 101")).into_bytes();
    for _ in 0..3_000 {
        let mut bytes = seed.clone();
        for _ in 0..1 + chance.below(8) {
            let at = chance.below(bytes.len() as u64) as usize;
            match chance.below(3) {
                0 => bytes[at] = chance.below(256) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, chance.below(256) as u8),
            }
        }
        town.throw(phone_address(chance.below(20) as u16), bytes);
        town.pass(chance.millis(0, 200));
    }
    town.run_out();
}

#[test]
fn huge_numbers_in_sip_headers_break_nothing() {
    let huge = "99999999999999999999999999999999";
    let mut town = Town::new(TownConfig::new(9));
    let raw = Raw::new(phone_address(1), "huge", "4004");
    let sdp = raw.sdp("RTP/AVP 8");
    for headers in [
        format!("Session-Expires: {huge}\r\nSupported: timer\r\nMin-SE: {huge}\r\n"),
        format!("Expires: {huge}\r\n"),
        format!("Max-Forwards: {huge}\r\n"),
        format!("Content-Length: {huge}\r\n"),
        format!("RSeq: {huge}\r\nTimestamp: {huge}.{huge}\r\n"),
    ] {
        let headers = format!("{headers}Content-Type: application/sdp\r\n");
        town.throw(
            phone_address(1),
            raw.request("INVITE", "1", None, &headers, &sdp),
        );
        town.pass(Duration::from_secs(1));
    }
    town.throw(
        phone_address(2),
        raw.request("INVITE", huge, None, "", &sdp),
    );
    town.run_out();
}

#[test]
fn requests_inside_a_call_that_make_no_sense_leave_it_alone() {
    let mut town = Town::new(TownConfig::new(10));
    let raw = Raw::new(phone_address(1), "nonsense", "4004");
    town.throw(phone_address(1), raw.invite(&raw.sdp("RTP/AVP 8")));
    town.pass(Duration::from_millis(10));
    let tag = Raw::to_tag(&town.letters, phone_address(1)).unwrap();
    town.throw(phone_address(1), raw.ack(&tag, ""));
    town.letters.clear();
    let relay = "Content-Type: application/dtmf-relay\r\n";
    for (cseq, method, headers, body, status) in [
        ("2", "DANCE", "", "", 501),
        (
            "3",
            "REFER",
            "Refer-To: <sip:premium@example.net>\r\n",
            "",
            603,
        ),
        ("4", "NOTIFY", "Event: refer\r\n", "SIP/2.0 200 OK", 481),
        ("5", "INFO", relay, "Signal=99999999999999", 400),
        ("6", "INFO", "Content-Type: text/plain\r\n", "hello", 415),
        ("7", "INFO", "", "", 200),
        ("8", "OPTIONS", "", "", 200),
        ("9", "MESSAGE", "", "", 405),
    ] {
        town.letters.clear();
        town.throw(
            phone_address(1),
            raw.request(method, cseq, Some(&tag), headers, body),
        );
        town.pass(Duration::from_millis(20));
        assert_eq!(
            Raw::statuses(&town.letters, phone_address(1)),
            [status],
            "{method} {body}"
        );
    }
    assert_eq!(town.centre.live().len(), 1);
    town.throw(
        phone_address(1),
        raw.request("BYE", "10", Some(&tag), "", ""),
    );
    town.run_out();
}
