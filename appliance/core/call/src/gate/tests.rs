//! Who is let in, who is asked, who is refused, who meets silence.

use super::*;
use std::net::Ipv4Addr;

fn trunk(name: &str, peers: &[&str], login: bool) -> Trunk {
    let peers = peers.iter().map(|net| net.parse().unwrap()).collect();
    let login = login.then(|| Login {
        username: name.to_owned(),
        password: "secret".to_owned(),
    });
    Trunk {
        name: name.to_owned(),
        peers,
        login,
        outbound: None,
    }
}

fn gate(login: bool) -> Gate {
    let mut gate = Gate::default();
    let mut trunks = vec![trunk("carrier", &["192.0.2.0/24"], false)];
    if login {
        trunks.push(trunk("roaming", &[], true));
        trunks.push(trunk("strict", &["203.0.113.0/24"], true));
    }
    gate.set_trunks(trunks);
    gate
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_configured_address_needs_no_password() {
    let verdict = gate(true).judge(Instant::now(), ip("192.0.2.9"), |_| DigestVerdict::Missing);
    assert_eq!(verdict, Verdict::Admit("carrier".into()));
}

#[test]
fn a_trunk_with_address_and_password_must_show_both() {
    let (mut gate, now) = (gate(true), Instant::now());
    let strict = |login: &Login| match login.username.as_str() {
        "strict" => DigestVerdict::Good,
        _ => DigestVerdict::Wrong,
    };
    assert_eq!(
        gate.judge(now, ip("198.51.100.1"), strict),
        Verdict::Challenge
    );
    assert_eq!(
        gate.judge(now, ip("203.0.113.5"), strict),
        Verdict::Admit("strict".into())
    );
    let without = gate.judge(now, ip("203.0.113.5"), |_| DigestVerdict::Missing);
    assert_eq!(without, Verdict::Challenge);
}

#[test]
fn a_trunk_with_neither_address_nor_password_lets_nobody_in() {
    let mut gate = Gate::default();
    gate.set_trunks(vec![trunk("open", &[], false)]);
    let verdict = gate.judge(Instant::now(), ip("192.0.2.9"), |_| DigestVerdict::Missing);
    assert_eq!(verdict, Verdict::Refuse);
}

#[test]
fn an_unknown_source_is_refused_once_and_then_met_with_silence() {
    let (mut gate, start) = (gate(false), Instant::now());
    let stranger = ip("198.51.100.1");
    assert_eq!(
        gate.judge(start, stranger, |_| DigestVerdict::Missing),
        Verdict::Refuse
    );
    for _ in 0..10 {
        assert_eq!(
            gate.judge(start, stranger, |_| DigestVerdict::Missing),
            Verdict::Silence
        );
    }
    let later = start + SOURCE_MEMORY;
    assert_eq!(
        gate.judge(later, stranger, |_| DigestVerdict::Missing),
        Verdict::Refuse
    );
    assert_eq!(
        (gate.stats().refused_unknown, gate.stats().silenced),
        (2, 10)
    );
}

#[test]
fn wrong_credentials_are_refused_after_the_allowed_tries() {
    let (mut gate, now) = (gate(true), Instant::now());
    let stranger = ip("198.51.100.1");
    let mut verdicts = Vec::new();
    for _ in 0..=MAX_WRONG_CREDENTIALS {
        verdicts.push(gate.judge(now, stranger, |_| DigestVerdict::Wrong));
    }
    assert_eq!(
        verdicts,
        [
            Verdict::Challenge,
            Verdict::Challenge,
            Verdict::Refuse,
            Verdict::Silence
        ]
    );
    assert_eq!(gate.stats().wrong_credentials, 4);
    assert_eq!(
        gate.judge(now, stranger, |_| DigestVerdict::Good),
        Verdict::Admit("roaming".into())
    );
    assert_eq!(gate.sources(), 0);
}

#[test]
fn a_flood_of_strangers_keeps_the_memory_bounded() {
    let (mut gate, now) = (gate(false), Instant::now());
    for n in 0..20_000u32 {
        gate.judge(
            now,
            IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n)),
            |_| DigestVerdict::Missing,
        );
    }
    assert_eq!(gate.sources(), MAX_SOURCES);
    assert_eq!(gate.forget.len(), MAX_SOURCES);
}

#[test]
fn an_ipv6_scanner_is_one_source_whatever_address_it_picks() {
    let (mut gate, now) = (gate(false), Instant::now());
    assert_eq!(
        gate.judge(now, ip("2001:db8::1"), |_| DigestVerdict::Missing),
        Verdict::Refuse
    );
    assert_eq!(
        gate.judge(now, ip("2001:db8::2"), |_| DigestVerdict::Missing),
        Verdict::Silence
    );
}
