//! Every way a leg can end, each with its one cause.

use std::time::Duration;

use call::Cause;
use centre::Input;
use sim::{Act, Plan, Raw, Town, TownConfig, Weather, phone_address};

fn answered(town: &mut Town, raw: &Raw, call: u16) -> String {
    town.throw(phone_address(call), raw.invite(&raw.sdp("RTP/AVP 8")));
    town.pass(Duration::from_millis(10));
    Raw::to_tag(&town.letters, phone_address(call)).unwrap()
}

#[test]
fn a_caller_that_hangs_up_ends_the_call() {
    let mut town = Town::new(TownConfig::new(1));
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(3_000, Act::HangUp),
    );
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
    let talk = town.record().times.talk_ms();
    assert!((2_900..3_100).contains(&talk), "{talk}");
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut town = Town::new(TownConfig::new(2));
    let raw = Raw::new(phone_address(1), "late-cancel", "4004");
    let tag = answered(&mut town, &raw, 1);
    town.throw(phone_address(1), raw.ack(&tag, ""));
    town.throw(phone_address(1), raw.cancel());
    town.pass(Duration::from_secs(2));
    assert_eq!(town.centre.live().len(), 1, "the call goes on");
    town.throw(phone_address(1), raw.bye(&tag));
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
}

#[test]
fn a_bye_before_the_ack_ends_the_call_once() {
    let mut town = Town::new(TownConfig::new(3));
    let raw = Raw::new(phone_address(1), "early-bye", "4000");
    let tag = answered(&mut town, &raw, 1);
    town.throw(phone_address(1), raw.bye(&tag));
    town.throw(phone_address(1), raw.ack(&tag, ""));
    town.throw(phone_address(1), raw.bye(&tag));
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
}

#[test]
fn an_answer_that_is_never_acknowledged_ends_as_unreachable() {
    let mut town = Town::new(TownConfig::new(4));
    let raw = Raw::new(phone_address(1), "no-ack", "4004");
    let site = include_str!("../../src/site.toml").replace("20s", "20m");
    town.give(Input::Site(sim::site(&site)));
    answered(&mut town, &raw, 1);
    town.run_out();
    assert_eq!(town.record().cause, Cause::PeerUnreachable);
    let talk = town.record().times.talk_ms();
    assert!((31_000..34_000).contains(&talk), "64*T1, not {talk}");
}

#[test]
fn a_caller_whose_media_stops_ends_as_media_timeout() {
    let mut town = Town::new(TownConfig::new(5));
    let site = include_str!("../../src/site.toml").replace("20s", "20m");
    town.give(Input::Site(sim::site(&site)));
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(2_000, Act::Vanish),
    );
    town.run_out();
    assert_eq!(town.record().cause, Cause::MediaTimeout);
}

#[test]
fn a_caller_on_hold_may_be_silent_for_as_long_as_it_likes() {
    let mut town = Town::new(TownConfig::new(6));
    let site = include_str!("../../src/site.toml").replace("20s", "20m");
    town.give(Input::Site(sim::site(&site)));
    let plan = Plan::dial("4004")
        .then(1_000, Act::Hold)
        .then(600_000, Act::HangUp);
    town.dial(phone_address(1), plan);
    town.pass(Duration::from_secs(2));
    let rtp = std::net::SocketAddr::new(phone_address(1).ip(), 40_000);
    town.plane.mute(rtp);
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
    assert!(town.record().times.talk_ms() > 600_000);
}

#[test]
fn a_silent_peer_on_hold_is_found_out_by_a_sign_of_life() {
    let mut town = Town::new(TownConfig::new(7));
    let site = include_str!("../../src/site.toml").replace("20s", "20h");
    town.give(Input::Site(sim::site(&site)));
    let plan = Plan::dial("4004")
        .then(1_000, Act::Hold)
        .then(5_000, Act::Vanish);
    town.dial(phone_address(1), plan);
    town.run_out();
    assert_eq!(town.record().cause, Cause::PeerUnreachable);
}

#[test]
fn a_session_that_its_caller_does_not_refresh_is_ended() {
    let mut town = Town::new(TownConfig::new(8));
    let site = include_str!("../../src/site.toml").replace("20s", "20h");
    town.give(Input::Site(sim::site(&site)));
    let raw = Raw::new(phone_address(1), "timer", "4004");
    let headers = "Supported: timer\r\nSession-Expires: 90\r\nContent-Type: application/sdp\r\n";
    town.throw(
        phone_address(1),
        raw.request("INVITE", "1", None, headers, &raw.sdp("RTP/AVP 8")),
    );
    town.pass(Duration::from_millis(10));
    let tag = Raw::to_tag(&town.letters, phone_address(1)).unwrap();
    town.throw(phone_address(1), raw.ack(&tag, ""));
    town.pass(Duration::from_secs(40));
    let update = raw.request(
        "UPDATE",
        "2",
        Some(&tag),
        "Supported: timer\r\nSession-Expires: 90\r\n",
        "",
    );
    town.throw(phone_address(1), update);
    town.pass(Duration::from_secs(55));
    assert_eq!(town.centre.live().len(), 1, "a refreshed session lives on");
    town.run_out();
    assert_eq!(town.record().cause, Cause::PeerUnreachable);
    let talk = town.record().times.talk_ms();
    assert!((99_000..102_000).contains(&talk), "{talk}");
}

#[test]
fn a_session_that_the_box_shall_refresh_is_refreshed_by_update() {
    let update = refresh_of_the_box("INVITE, UPDATE");
    assert!(update.starts_with("UPDATE "), "{update}");
}

#[test]
fn a_session_that_the_box_shall_refresh_is_refreshed_by_invite_where_the_phone_takes_no_update() {
    let invite = refresh_of_the_box("INVITE, BYE");
    assert!(invite.starts_with("INVITE "), "{invite}");
    assert!(invite.contains("m=audio "), "{invite}");
}

/// What a box sends after half of the session that a phone wants it to refresh; the phone never answers.
fn refresh_of_the_box(allow: &str) -> String {
    let mut town = Town::new(TownConfig::new(13));
    let site = include_str!("../../src/site.toml").replace("20s", "20h");
    town.give(Input::Site(sim::site(&site)));
    let raw = Raw::new(phone_address(1), "by-us", "4004");
    let headers = format!(
        "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\nAllow: {allow}\r\n\
         Content-Type: application/sdp\r\n"
    );
    town.throw(
        phone_address(1),
        raw.request("INVITE", "1", None, &headers, &raw.sdp("RTP/AVP 8")),
    );
    town.pass(Duration::from_millis(10));
    let tag = Raw::to_tag(&town.letters, phone_address(1)).unwrap();
    town.throw(phone_address(1), raw.ack(&tag, ""));
    town.letters.clear();
    town.pass(Duration::from_secs(301));
    let refresh = String::from_utf8_lossy(&town.letters[0].1).into_owned();
    assert!(
        refresh.contains("Session-Expires: 600;refresher=uac"),
        "{refresh}"
    );
    town.run_out();
    assert_eq!(
        town.record().cause,
        Cause::PeerUnreachable,
        "nobody answered it"
    );
    refresh
}

#[test]
fn an_interval_too_small_is_answered_422_with_the_smallest() {
    let mut town = Town::new(TownConfig::new(9));
    let raw = Raw::new(phone_address(1), "short", "4004");
    let headers = "Supported: timer\r\nSession-Expires: 30\r\nContent-Type: application/sdp\r\n";
    town.throw(
        phone_address(1),
        raw.request("INVITE", "1", None, headers, &raw.sdp("RTP/AVP 8")),
    );
    town.pass(Duration::from_millis(10));
    assert_eq!(Raw::statuses(&town.letters, phone_address(1)), [422]);
    town.run_out();
}

#[test]
fn a_box_that_stops_ends_every_call_and_takes_no_new_one() {
    let mut town = Town::new(TownConfig::new(10).weather(Weather::RAIN));
    for n in 0..10 {
        town.dial(phone_address(n), Plan::dial("4004"));
    }
    town.pass(Duration::from_secs(8));
    town.give(Input::Stop);
    town.dial(phone_address(99), Plan::dial("4004"));
    town.run_out();
    assert_eq!(town.phones[&phone_address(99)].fate.rejected, Some(503));
    assert_eq!(town.records.len(), 10);
    assert_eq!(town.causes()["box_stopped"], 10);
    for n in 0..10 {
        let hung_up = town.phones[&phone_address(n)].fate.hung_up.clone();
        assert_eq!(
            hung_up,
            Some(Some(
                "Q.850;cause=27;text=\"box_stopped\", SIP;cause=503;text=\"box_stopped\"".into()
            )),
            "phone {n}"
        );
    }
}

#[test]
fn a_box_that_stops_does_not_change_why_a_call_ended_before() {
    let mut town = Town::new(TownConfig::new(14));
    town.plane.hangs = true;
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(1_000, Act::HangUp),
    );
    town.pass(Duration::from_millis(1_500));
    assert_eq!(
        town.records.len(),
        0,
        "the media plane has not said its last word"
    );
    town.give(Input::Stop);
    town.run_out();
    assert_eq!(town.record().cause, Cause::CallerHungUp);
}

#[test]
fn a_call_that_finds_no_free_port_is_answered_503_and_recorded() {
    let mut town = Town::new(TownConfig {
        ports: vec![30_000],
        ..TownConfig::new(11)
    });
    for n in 0..2 {
        town.dial(
            phone_address(n),
            Plan::dial("4004").then(3_000, Act::HangUp),
        );
    }
    town.pass(Duration::from_secs(4));
    // The port of the first call still rests.
    town.dial(phone_address(2), Plan::dial("4004"));
    town.pass(Duration::from_secs(3));
    town.dial(
        phone_address(3),
        Plan::dial("4004").then(1_000, Act::HangUp),
    );
    town.run_out();
    let causes = town.causes();
    assert_eq!(
        (causes["overload"], causes["caller_hung_up"]),
        (2, 2),
        "{causes:?}"
    );
    assert_eq!(town.phones[&phone_address(1)].fate.rejected, Some(503));
}

#[test]
fn a_wall_clock_that_jumps_back_never_ends_a_call_before_it_began() {
    let mut town = Town::new(TownConfig::new(12));
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(5_000, Act::HangUp),
    );
    town.pass(Duration::from_secs(2));
    town.give(Input::WallClock { unix_ms: 0 });
    town.run_out();
    let times = town.record().times;
    assert!(times.ended - times.started >= 5_000, "{times:?}");
}

#[test]
fn a_box_that_drained_for_nothing_takes_calls_again_and_one_that_stops_does_not() {
    let mut town = Town::new(TownConfig::new(16));
    town.give(Input::Drain);
    town.dial(phone_address(1), Plan::dial("4004"));
    town.pass(Duration::from_secs(2));
    assert_eq!(town.phones[&phone_address(1)].fate.rejected, Some(503));
    town.give(Input::Reopen);
    town.dial(
        phone_address(2),
        Plan::dial("4004").then(3_000, Act::HangUp),
    );
    town.pass(Duration::from_secs(10));
    assert_eq!(town.record().cause, Cause::CallerHungUp);
    town.give(Input::Stop);
    town.give(Input::Reopen);
    town.dial(phone_address(3), Plan::dial("4004"));
    town.run_out();
    assert_eq!(town.phones[&phone_address(3)].fate.rejected, Some(503));
}

#[test]
fn a_box_that_drains_takes_no_new_call_and_lets_the_running_ones_end_by_themselves() {
    let mut town = Town::new(TownConfig::new(15));
    town.dial(
        phone_address(1),
        Plan::dial("4004").then(9_000, Act::HangUp),
    );
    town.pass(Duration::from_secs(2));
    town.give(Input::Drain);
    town.dial(phone_address(2), Plan::dial("4004"));
    town.run_out();
    assert_eq!(town.phones[&phone_address(2)].fate.rejected, Some(503));
    assert_eq!(town.record().cause, Cause::CallerHungUp);
}
