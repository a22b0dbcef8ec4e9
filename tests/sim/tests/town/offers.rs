//! Offer and answer: who offers, what is refused, and changes in the middle of a call.

use std::time::Duration;

use call::{Cause, StreamCommand};
use sim::{Act, Plan, Raw, Town, TownConfig, phone_address};

fn invited(sdp: impl Fn(&Raw) -> String) -> (Town, Raw) {
    let mut town = Town::new(TownConfig::new(1));
    let raw = Raw::new(phone_address(1), "offer", "4004");
    town.throw(phone_address(1), raw.invite(&sdp(&raw)));
    town.pass(Duration::from_millis(10));
    (town, raw)
}

fn last_letter(town: &Town) -> String {
    String::from_utf8_lossy(&town.letters.last().unwrap().1).into_owned()
}

#[test]
fn an_offer_without_a_codec_of_ours_is_answered_488_with_a_warning() {
    let (mut town, raw) = invited(|raw| raw.sdp("RTP/AVP 9 18"));
    let letter = last_letter(&town);
    assert!(letter.starts_with("SIP/2.0 488 "), "{letter}");
    assert!(letter.contains("Warning: 305 10.0.0.1:5060 \""), "{letter}");
    town.throw(phone_address(1), raw.ack("x", ""));
    town.run_out();
    assert_eq!(town.record().cause, Cause::NoCommonCodec);
    assert_eq!(town.centre.stats().switchboard.ports_out, 0);
}

#[test]
fn a_malformed_offer_is_answered_400_and_costs_no_port() {
    for sdp in [
        "garbage",
        "v=0\r\nm=audio",
        "v=0\r\no=- 1 1 IN IP4 x\r\ns=-\r\nc=IN IP4 999.1.1.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n",
    ] {
        let (mut town, _) = invited(|_| sdp.into());
        let status = Raw::statuses(&town.letters, phone_address(1))[0];
        assert!(matches!(status, 400 | 488), "{sdp:?} {status}");
        town.run_out();
        assert!(matches!(
            town.record().cause,
            Cause::ProtocolError | Cause::NoCommonCodec
        ));
    }
}

#[test]
fn huge_numbers_in_an_offer_are_refused_and_nothing_breaks() {
    let huge = "99999999999999999999999999";
    for sdp in [
        format!(
            "v=0\r\no=- {huge} {huge} IN IP4 10.1.0.1\r\ns=-\r\nc=IN IP4 10.1.0.1\r\nt={huge} 0\r\nm=audio 40000 RTP/AVP 8\r\n"
        ),
        format!(
            "v=0\r\no=- 1 1 IN IP4 10.1.0.1\r\ns=-\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\nm=audio {huge} RTP/AVP 8\r\n"
        ),
        format!(
            "v=0\r\no=- 1 1 IN IP4 10.1.0.1\r\ns=-\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP {huge}\r\n"
        ),
        format!(
            "v=0\r\no=- 1 1 IN IP4 10.1.0.1\r\ns=-\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\na=ptime:{huge}\r\n"
        ),
    ] {
        let (mut town, _) = invited(|_| sdp.clone());
        town.run_out();
        town.record();
    }
}

#[test]
fn an_invite_without_an_offer_gets_ours_and_the_ack_brings_the_answer() {
    let (mut town, raw) = invited(|_| String::new());
    let letter = last_letter(&town);
    assert!(
        letter.starts_with("SIP/2.0 200 ") && letter.contains("m=audio 30000 RTP/AVP 8"),
        "{letter}"
    );
    assert!(town.plane.running.is_empty(), "no stream before the answer");
    let tag = Raw::to_tag(&town.letters, phone_address(1)).unwrap();
    town.throw(phone_address(1), raw.ack(&tag, &raw.sdp("RTP/AVP 0")));
    town.pass(Duration::from_secs(1));
    assert_eq!(town.plane.running.len(), 1);
    town.throw(phone_address(1), raw.bye(&tag));
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
}

#[test]
fn an_ack_without_the_answer_it_owes_ends_the_call() {
    for sdp in ["", "garbage"] {
        let (mut town, raw) = invited(|_| String::new());
        let tag = Raw::to_tag(&town.letters, phone_address(1)).unwrap();
        town.throw(phone_address(1), raw.ack(&tag, sdp));
        town.run_out();
        let cause = town.record().cause;
        assert!(
            matches!(cause, Cause::ProtocolError | Cause::NoCommonCodec),
            "{cause:?}"
        );
    }
}

#[test]
fn hold_and_resume_change_the_direction_of_the_stream() {
    let mut town = Town::new(TownConfig::new(2));
    let plan = Plan::dial("4004")
        .then(1_000, Act::Hold)
        .then(1_000, Act::Resume)
        .then(1_000, Act::HangUp);
    town.dial(phone_address(1), plan);
    town.run_out();
    let directions: Vec<&str> = town
        .plane
        .commands
        .iter()
        .filter_map(|command| match command {
            StreamCommand::Open { spec, .. } | StreamCommand::Update { spec, .. } => {
                Some(spec.direction.name())
            }
            _ => None,
        })
        .collect();
    assert_eq!(directions, ["sendrecv", "inactive", "sendrecv"]);
    assert_eq!(town.record().cause, Cause::CallerHungUp);
}

#[test]
fn a_change_that_nobody_can_follow_is_refused_and_the_call_goes_on() {
    let (mut town, raw) = invited(|raw| raw.sdp("RTP/AVP 8"));
    let tag = Raw::to_tag(&town.letters, phone_address(1)).unwrap();
    town.throw(phone_address(1), raw.ack(&tag, ""));
    let kind = "Content-Type: application/sdp\r\n";
    let reinvite = raw.request("INVITE", "2", Some(&tag), kind, &raw.sdp("RTP/AVP 18"));
    town.throw(phone_address(1), reinvite);
    let update = raw.request("UPDATE", "3", Some(&tag), kind, "garbage");
    town.throw(phone_address(1), update);
    town.pass(Duration::from_millis(20));
    let statuses = Raw::statuses(&town.letters, phone_address(1));
    assert_eq!(&statuses[statuses.len() - 2..], [488, 400]);
    assert_eq!(town.plane.running.len(), 1);
    town.throw(
        phone_address(1),
        raw.request("BYE", "4", Some(&tag), "", ""),
    );
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
}

#[test]
fn an_update_moves_the_stream_to_another_address() {
    let (mut town, raw) = invited(|raw| raw.sdp("RTP/AVP 8"));
    let tag = Raw::to_tag(&town.letters, phone_address(1)).unwrap();
    town.throw(phone_address(1), raw.ack(&tag, ""));
    let moved = raw.sdp("RTP/AVP 8").replace("40000", "40100");
    let update = raw.request(
        "UPDATE",
        "2",
        Some(&tag),
        "Content-Type: application/sdp\r\n",
        &moved,
    );
    town.throw(phone_address(1), update);
    town.pass(Duration::from_secs(1));
    let letter = last_letter(&town);
    assert!(
        letter.starts_with("SIP/2.0 200 ") && letter.contains("m=audio 30000 "),
        "{letter}"
    );
    let running = town.plane.running.values().next().unwrap();
    assert_eq!(running.spec.remote_rtp.port(), 40_100);
    town.throw(
        phone_address(1),
        raw.request("BYE", "3", Some(&tag), "", ""),
    );
    town.run_out();
}
