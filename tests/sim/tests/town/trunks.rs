//! Who may call: addresses, passwords, and the silence that scanners meet.

use std::net::SocketAddr;
use std::time::Duration;

use sim::{Act, Plan, Raw, Town, TownConfig, phone_address};
use sip::Credentials;

fn stranger(n: u8) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, n], 5060))
}

/// The town's site without the trunk that takes passwords.
fn addresses_only() -> Town {
    let site = include_str!("../../src/site.toml");
    let start = site.find("[trunk.roaming]").unwrap();
    let end = start + site[start..].find("[number").unwrap();
    let site = format!("{}{}", &site[..start], &site[end..]);
    Town::new(TownConfig {
        site,
        ..TownConfig::new(1)
    })
}

fn with_password(password: &str) -> Town {
    let mut town = Town::new(TownConfig::new(1));
    let mut plan = Plan::dial("4004").then(2_000, Act::HangUp);
    plan.credentials = Some(Credentials {
        user: "roaming".into(),
        password: password.into(),
    });
    town.dial(stranger(1), plan);
    town.run_out();
    town
}

#[test]
fn a_caller_with_the_right_password_is_let_in_from_anywhere() {
    let town = with_password("a long secret");
    assert_eq!(town.record().parties.trunk, "roaming");
    let gate = town.centre.stats().switchboard.gate;
    assert_eq!(
        (gate.challenged, gate.by_digest, gate.wrong_credentials),
        (1, 1, 0)
    );
}

#[test]
fn a_caller_with_a_wrong_password_is_not_let_in_and_counted() {
    let town = with_password("a wrong secret");
    assert!(town.records.is_empty());
    let fate = &town.phones[&stranger(1)].fate;
    assert!(matches!(fate.rejected, Some(401 | 403)), "{fate:?}");
    assert_eq!(town.centre.stats().switchboard.gate.wrong_credentials, 1);
}

#[test]
fn an_unknown_source_is_refused_once_and_then_met_with_silence() {
    let mut town = addresses_only();
    for n in 0..20 {
        let raw = Raw::new(stranger(1), &format!("scan-{n}"), "4000");
        town.throw(stranger(1), raw.invite(&raw.sdp("RTP/AVP 8")));
        town.throw(stranger(1), raw.request("OPTIONS", "9", None, "", ""));
    }
    town.pass(Duration::from_millis(20));
    let mut statuses = Raw::statuses(&town.letters, stranger(1));
    statuses.dedup();
    assert_eq!(statuses, [403]);
    town.run_out();
    assert!(town.records.is_empty());
    let gate = town.centre.stats().switchboard.gate;
    assert_eq!((gate.refused_unknown, gate.silenced), (1, 39));
}

#[test]
fn options_from_a_trunk_are_answered_with_what_the_box_can() {
    let mut town = addresses_only();
    let raw = Raw::new(phone_address(1), "ping", "box");
    town.throw(phone_address(1), raw.request("OPTIONS", "1", None, "", ""));
    town.pass(Duration::from_millis(20));
    let letter = String::from_utf8_lossy(&town.letters[0].1).into_owned();
    assert!(letter.starts_with("SIP/2.0 200 "), "{letter}");
    assert!(
        letter.contains("Allow: INVITE") && letter.contains("Accept: application/sdp"),
        "{letter}"
    );
    town.run_out();
}

#[test]
fn a_trunk_that_asks_for_what_nobody_serves_is_told_so() {
    let mut town = addresses_only();
    for (cseq, method, status) in [
        ("1", "REGISTER", 403),
        ("2", "MESSAGE", 405),
        ("3", "DANCE", 501),
        ("4", "BYE", 481),
        ("5", "NOTIFY", 481),
    ] {
        let raw = Raw::new(phone_address(1), method, "4000");
        town.letters.clear();
        town.throw(phone_address(1), raw.request(method, cseq, None, "", ""));
        town.pass(Duration::from_millis(20));
        assert_eq!(
            Raw::statuses(&town.letters, phone_address(1)),
            [status],
            "{method}"
        );
    }
    town.run_out();
    let refused = town.centre.stats().switchboard.refused;
    assert_eq!(refused.method, 2, "a trunk registers nobody: {refused:?}");
}
