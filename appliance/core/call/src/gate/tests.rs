//! Who is let in, who is asked, who is refused, who meets silence.

use super::*;
use crate::limits::{BAN, BAN_MEMORY, MAX_BAN, MAX_BANS};
use std::net::Ipv4Addr;
use std::time::Duration;

fn trunk(name: &str, peers: &[&str], login: bool) -> Trunk {
    let peers = peers.iter().map(|net| net.parse().unwrap()).collect();
    let login = login.then(|| Login {
        username: name.to_owned(),
        password: "secret".to_owned(),
    });
    Trunk {
        name: name.to_owned(),
        trusted: true,
        peers,
        login,
        outbound: None,
        sound: Sound::of_trunk(),
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

fn knock<'a>(source: &str, users: &'a [String]) -> Knock<'a> {
    Knock {
        source: ip(source),
        users,
        agent: "",
        is_known: false,
    }
}

fn anonymous(source: &str) -> Knock<'_> {
    knock(source, &[])
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_configured_address_needs_no_password() {
    let verdict = gate(true).judge(Instant::now(), anonymous("192.0.2.9"), |_| {
        DigestVerdict::Missing
    });
    assert_eq!(verdict, Verdict::Admit(Account::Trunk("carrier".into())));
}

#[test]
fn a_trunk_with_address_and_password_must_show_both() {
    let (mut gate, now) = (gate(true), Instant::now());
    let users = ["strict".to_owned()];
    let strict = |login: &Login| match login.username.as_str() {
        "strict" => DigestVerdict::Good,
        _ => DigestVerdict::Wrong,
    };
    assert_eq!(
        gate.judge(now, knock("198.51.100.1", &users), strict),
        Verdict::Challenge
    );
    assert_eq!(
        gate.judge(now, knock("203.0.113.5", &users), strict),
        Verdict::Admit(Account::Trunk("strict".into()))
    );
    let without = gate.judge(now, anonymous("203.0.113.5"), |_| DigestVerdict::Missing);
    assert_eq!(without, Verdict::Challenge);
}

#[test]
fn a_trunk_with_neither_address_nor_password_lets_nobody_in() {
    let mut gate = Gate::default();
    gate.set_trunks(vec![trunk("open", &[], false)]);
    let verdict = gate.judge(Instant::now(), anonymous("192.0.2.9"), |_| {
        DigestVerdict::Missing
    });
    assert_eq!(verdict, Verdict::Refuse);
}

#[test]
fn an_unknown_source_is_refused_once_and_then_met_with_silence() {
    let (mut gate, start) = (gate(false), Instant::now());
    let stranger = anonymous("198.51.100.1");
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
    let users = ["roaming".to_owned()];
    let stranger = knock("198.51.100.1", &users);
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
        Verdict::Admit(Account::Trunk("roaming".into()))
    );
    assert_eq!(gate.sources(), 0);
}

#[test]
fn a_flood_of_strangers_keeps_the_memory_bounded() {
    let (mut gate, now) = (gate(false), Instant::now());
    for n in 0..20_000u32 {
        gate.judge(
            now,
            Knock {
                source: IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n)),
                users: &[],
                agent: "",
                is_known: false,
            },
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
        gate.judge(now, anonymous("2001:db8::1"), |_| DigestVerdict::Missing),
        Verdict::Refuse
    );
    assert_eq!(
        gate.judge(now, anonymous("2001:db8::2"), |_| DigestVerdict::Missing),
        Verdict::Silence
    );
}

fn phones() -> Gate {
    let mut gate = gate(false);
    gate.set_devices(vec![Device {
        name: "1001".into(),
        login: Login {
            username: "1001".into(),
            password: "secret".into(),
        },
        nets: vec![],
        sound: Sound::of_device(),
        trusted: false,
    }]);
    gate
}

#[test]
fn a_device_is_asked_for_its_password_in_its_own_networks_only() {
    let (mut gate, now) = (phones(), Instant::now());
    let users = ["1001".to_owned()];
    let lan = gate.judge(now, anonymous("192.168.1.20"), |_| DigestVerdict::Missing);
    assert_eq!(lan, Verdict::Challenge);
    let good = gate.judge(now, knock("192.168.1.20", &users), |_| DigestVerdict::Good);
    assert_eq!(good, Verdict::Admit(Account::Device("1001".into())));
    let outside = gate.judge(now, knock("203.0.113.77", &users), |_| DigestVerdict::Good);
    assert_eq!(outside, Verdict::Refuse);
}

#[test]
fn a_busy_phone_is_challenged_more_often_than_a_stranger() {
    let (mut gate, now) = (phones(), Instant::now());
    let known = Knock {
        is_known: true,
        ..anonymous("192.168.1.20")
    };
    for _ in 0..MAX_CHALLENGES * 2 {
        let verdict = gate.judge(now, known, |_| DigestVerdict::Missing);
        assert_eq!(verdict, Verdict::Challenge);
    }
    let stranger = anonymous("192.168.1.20");
    let verdict = gate.judge(now, stranger, |_| DigestVerdict::Missing);
    assert_eq!(verdict, Verdict::Silence);
}

#[test]
fn an_unknown_name_is_answered_as_a_wrong_password() {
    let (mut gate, now) = (phones(), Instant::now());
    let mut verdicts = |source, name: &str| {
        let users = [name.to_owned()];
        let ask = || gate.judge(now, knock(source, &users), |_| DigestVerdict::Wrong);
        std::iter::repeat_with(ask).take(4).collect::<Vec<_>>()
    };
    let wrong_password = verdicts("192.168.1.21", "1001");
    assert_eq!(wrong_password, verdicts("192.168.1.22", "nobody"));
    assert_eq!(wrong_password[3], Verdict::Silence);
}

#[test]
fn a_scanner_is_answered_once_and_then_ignored_for_long() {
    let (mut gate, now) = (phones(), Instant::now());
    let scanner = Knock {
        agent: "friendly-scanner",
        ..anonymous("192.168.1.66")
    };
    let mut judge = |at| gate.judge(at, scanner, |_| DigestVerdict::Missing);
    assert_eq!(judge(now), Verdict::Refuse);
    for minute in 0..9 {
        let at = now + Duration::from_secs(60 * minute);
        assert_eq!(judge(at), Verdict::Silence);
    }
    let bans = gate.bans(now);
    assert_eq!((bans.len(), bans[0].why), (1, BanReason::Scanner));
    assert_eq!(bans[0].ignored, 9);
    assert_eq!(bans[0].until, now + BAN);
}

#[test]
fn a_ban_ends_and_the_next_one_is_longer() {
    let (mut gate, mut now) = (gate(false), Instant::now());
    let stranger = anonymous("203.0.113.99");
    for round in 0..12 {
        for _ in 0..=MAX_PROBES {
            gate.judge(now, stranger, |_| DigestVerdict::Missing);
        }
        let bans = gate.bans(now);
        assert_eq!((bans.len(), bans[0].times), (1, round + 1));
        assert_eq!(bans[0].why, BanReason::Probing);
        let length = bans[0].until - now;
        assert_eq!(length, (BAN * (1 << round)).min(MAX_BAN));
        now = bans[0].until;
        assert_eq!(gate.bans(now), [], "it is over");
    }
    now += BAN_MEMORY;
    for _ in 0..=MAX_PROBES {
        gate.judge(now, stranger, |_| DigestVerdict::Missing);
    }
    assert_eq!(gate.bans(now)[0].times, 1, "long ago is forgotten");
}

#[test]
fn a_guesser_is_banned_and_guesses_no_faster_for_it() {
    let (mut gate, now) = (phones(), Instant::now());
    let users = ["1001".to_owned()];
    let guesser = knock("192.168.1.66", &users);
    for _ in 0..MAX_GUESSES {
        gate.judge(now, guesser, |_| DigestVerdict::Wrong);
    }
    assert_eq!(gate.bans(now)[0].why, BanReason::Guessing);
    let checked = std::cell::Cell::new(0);
    for _ in 0..100 {
        gate.judge(now, guesser, |_| {
            checked.set(checked.get() + 1);
            DigestVerdict::Wrong
        });
    }
    assert_eq!(checked.get(), MAX_WRONG_CREDENTIALS);
    // Whoever knows the password is not locked out by a forged address.
    let later = now + SOURCE_MEMORY;
    let good = gate.judge(later, guesser, |_| DigestVerdict::Good);
    assert_eq!(good, Verdict::Admit(Account::Device("1001".into())));
}

#[test]
fn a_ban_is_lifted_by_hand() {
    let (mut gate, now) = (gate(false), Instant::now());
    let stranger = anonymous("2001:db8::7");
    for _ in 0..=MAX_PROBES {
        gate.judge(now, stranger, |_| DigestVerdict::Missing);
    }
    assert_eq!(gate.bans(now)[0].source, ip("2001:db8::"));
    assert!(
        gate.lift_ban(ip("2001:db8::99")),
        "any address of its network"
    );
    assert!(!gate.lift_ban(ip("2001:db8::99")));
    let verdict = gate.judge(now, stranger, |_| DigestVerdict::Missing);
    assert_eq!(verdict, Verdict::Refuse, "it begins anew");
}

#[test]
fn a_source_where_a_phone_is_at_home_is_never_banned() {
    let (mut gate, now) = (phones(), Instant::now());
    let users = ["1001".to_owned()];
    let known = Knock {
        is_known: true,
        ..knock("192.168.1.20", &users)
    };
    for _ in 0..1_000 {
        gate.judge(now, known, |_| DigestVerdict::Wrong);
    }
    assert_eq!(gate.bans(now), []);
}

#[test]
fn bans_never_outgrow_their_room() {
    let (mut gate, now) = (gate(false), Instant::now());
    for n in 0..MAX_BANS as u32 + 100 {
        let scanner = Knock {
            source: IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n)),
            users: &[],
            agent: "sipvicious 0.3.3",
            is_known: false,
        };
        gate.judge(now, scanner, |_| DigestVerdict::Missing);
    }
    assert_eq!(gate.bans(now).len(), MAX_BANS);
    assert_eq!(gate.bans_held(), MAX_BANS);
}

#[test]
fn nobody_gets_a_proven_source_locked_out_by_forging_its_address() {
    let (mut gate, now) = (gate(true), Instant::now());
    let users = ["roaming".to_owned()];
    let peer = knock("198.51.100.1", &users);
    let mut judge = |at, verdict| gate.judge(at, peer, |_| verdict);
    judge(now, DigestVerdict::Good);
    for _ in 0..1_000 {
        judge(now, DigestVerdict::Wrong);
    }
    let admitted = Verdict::Admit(Account::Trunk("roaming".into()));
    assert_eq!(judge(now, DigestVerdict::Good), admitted);
    assert_eq!(gate.bans(now), []);
}
