use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{Answer, Blacklist, Locator, Naptr, Query, Srv};
use crate::transport::{Peer, Transport};
use crate::uri::Uri;

const ALL: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

/// A name service of a few records.
#[derive(Default)]
struct Zone {
    naptr: BTreeMap<&'static str, Vec<Naptr>>,
    srv: BTreeMap<&'static str, Vec<Srv>>,
    hosts: BTreeMap<&'static str, Vec<IpAddr>>,
    asked: Vec<Query>,
}

impl Zone {
    fn naptr(mut self, at: &'static str, records: &[(u16, u16, &str, &str)]) -> Self {
        let record = |(order, preference, service, replacement): &(u16, u16, &str, &str)| Naptr {
            order: *order,
            preference: *preference,
            flags: "S".to_owned(),
            service: (*service).to_owned(),
            replacement: (*replacement).to_owned(),
        };
        self.naptr.insert(at, records.iter().map(record).collect());
        self
    }

    fn srv(mut self, at: &'static str, records: &[(u16, u16, u16, &str)]) -> Self {
        let record = |(priority, weight, port, target): &(u16, u16, u16, &str)| Srv {
            priority: *priority,
            weight: *weight,
            port: *port,
            target: (*target).to_owned(),
        };
        self.srv.insert(at, records.iter().map(record).collect());
        self
    }

    fn host(mut self, at: &'static str, ip: &str) -> Self {
        self.hosts.entry(at).or_default().push(ip.parse().unwrap());
        self
    }

    fn answer(&mut self, query: &Query) -> Answer {
        self.asked.push(query.clone());
        let answer = match query {
            Query::Naptr(name) => self.naptr.get(name.as_str()).cloned().map(Answer::Naptr),
            Query::Srv(name) => self.srv.get(name.as_str()).cloned().map(Answer::Srv),
            Query::Addresses(name) => self
                .hosts
                .get(name.as_str())
                .cloned()
                .map(Answer::Addresses),
        };
        answer.unwrap_or(Answer::Nothing)
    }

    fn locate_by(&mut self, uri: &str, usable: &[Transport], seed: u8) -> Vec<String> {
        let uri = Uri::parse(uri).unwrap();
        let mut locator = Locator::new(uri.view(), usable, [seed; 32]);
        while let Some(query) = locator.poll_query() {
            let answer = self.answer(&query);
            locator.handle_answer(&query, answer);
        }
        let found = locator.found().expect("nothing is left to ask");
        found.iter().map(ToString::to_string).collect()
    }

    fn locate(&mut self, uri: &str) -> Vec<String> {
        self.locate_by(uri, &ALL, 1)
    }
}

#[test]
fn an_address_is_asked_of_nobody() {
    let mut zone = Zone::default();
    for (uri, peer) in [
        ("sip:1@192.0.2.1", "udp:192.0.2.1:5060"),
        ("sip:1@192.0.2.1:5080;transport=tcp", "tcp:192.0.2.1:5080"),
        (
            "sip:1@[2001:db8::1];transport=TLS",
            "tls:[2001:db8::1]:5061",
        ),
        ("sips:1@192.0.2.1", "tls:192.0.2.1:5061"),
        ("sips:1@192.0.2.1;transport=tcp", "tls:192.0.2.1:5061"),
    ] {
        assert_eq!(zone.locate(uri), [peer], "{uri}");
    }
    assert_eq!(zone.asked, []);
}

#[test]
fn a_port_leaves_only_the_address_to_be_asked() {
    let mut zone = Zone::default().host("example.com", "192.0.2.1");
    assert_eq!(
        zone.locate("sip:1@Example.com:5070"),
        ["udp:192.0.2.1:5070"]
    );
    assert_eq!(zone.asked, [Query::Addresses("example.com".to_owned())]);
}

/// The example of RFC 3263 4.1 and 4.2.
#[test]
fn the_rfcs_example_prefers_tcp_and_fails_over_to_the_second_server() {
    let mut zone = Zone::default()
        .naptr(
            "example.com",
            &[
                (100, 50, "SIP+D2U", "_sip._udp.example.com"),
                (50, 50, "SIPS+D2T", "_sips._tcp.example.com."),
                (90, 50, "SIP+D2T", "_sip._tcp.example.com"),
            ],
        )
        .srv(
            "_sip._tcp.example.com",
            &[
                (0, 1, 5060, "server1.example.com"),
                (0, 2, 5060, "server2.example.com"),
            ],
        )
        .host("server1.example.com", "192.0.2.1")
        .host("server2.example.com", "192.0.2.2");
    let usable = [Transport::Udp, Transport::Tcp];
    let mut found = zone.locate_by("sip:user@example.com", &usable, 1);
    found.sort();
    assert_eq!(found, ["tcp:192.0.2.1:5060", "tcp:192.0.2.2:5060"]);
    let asked = format!("{:?}", zone.asked);
    assert!(
        !asked.contains("_sips"),
        "what we cannot speak is not asked for"
    );
}

#[test]
fn without_naptr_every_transport_is_tried_by_srv() {
    let mut zone = Zone::default()
        .srv(
            "_sip._udp.example.com",
            &[
                (20, 0, 5060, "b.example.com"),
                (10, 0, 5062, "a.example.com"),
            ],
        )
        .srv("_sips._tcp.example.com", &[(10, 0, 5061, "a.example.com")])
        .host("a.example.com", "192.0.2.1")
        .host("a.example.com", "2001:db8::1")
        .host("b.example.com", "192.0.2.2");
    assert_eq!(
        zone.locate("sip:example.com"),
        [
            "udp:192.0.2.1:5062",
            "udp:[2001:db8::1]:5062",
            "udp:192.0.2.2:5060",
            "tls:192.0.2.1:5061",
            "tls:[2001:db8::1]:5061"
        ]
    );
    assert_eq!(
        zone.locate("sips:example.com"),
        ["tls:192.0.2.1:5061", "tls:[2001:db8::1]:5061"]
    );
}

#[test]
fn without_any_record_the_host_itself_is_called() {
    let mut zone = Zone::default().host("pbx.example.com", "192.0.2.7");
    assert_eq!(zone.locate("sip:1@pbx.example.com"), ["udp:192.0.2.7:5060"]);
    assert_eq!(
        zone.locate("sips:1@pbx.example.com"),
        ["tls:192.0.2.7:5061"]
    );
    let tcp = "sip:1@pbx.example.com;transport=tcp";
    assert_eq!(zone.locate(tcp), ["tcp:192.0.2.7:5060"]);
    assert_eq!(zone.locate("sip:1@nowhere.example"), [] as [&str; 0]);
}

#[test]
fn a_service_that_is_refused_is_not_guessed() {
    let mut zone = Zone::default()
        .srv("_sip._udp.example.com", &[(0, 0, 0, ".")])
        .srv("_sip._tcp.example.com", &[(0, 0, 0, ".")])
        .srv("_sips._tcp.example.com", &[(0, 0, 0, ".")])
        .host("example.com", "192.0.2.7");
    assert_eq!(zone.locate("sip:example.com"), [] as [&str; 0]);
}

#[test]
fn what_cannot_be_spoken_or_asked_leads_nowhere_at_once() {
    let mut zone = Zone::default();
    let long = format!("sip:1@{}.example", "x".repeat(64));
    for uri in [
        "sip:1@192.0.2.1;transport=sctp",
        "sip:1@example.com;transport=ws",
        &long,
    ] {
        assert_eq!(zone.locate(uri), [] as [&str; 0], "{uri}");
    }
    let usable = [Transport::Udp];
    assert_eq!(
        zone.locate_by("sips:example.com", &usable, 1),
        [] as [&str; 0]
    );
    assert_eq!(zone.asked, []);
}

#[test]
fn weights_share_the_calls_as_they_say() {
    let mut first = BTreeMap::new();
    for seed in 0..=255 {
        let mut zone = Zone::default()
            .srv(
                "_sip._udp.example.com",
                &[
                    (0, 30, 5060, "small.example.com"),
                    (0, 90, 5060, "large.example.com"),
                    (0, 0, 5060, "rare.example.com"),
                    (1, 60_000, 5060, "spare.example.com"),
                ],
            )
            .host("small.example.com", "192.0.2.1")
            .host("large.example.com", "192.0.2.2")
            .host("rare.example.com", "192.0.2.3")
            .host("spare.example.com", "192.0.2.4");
        let found = zone.locate_by("sip:example.com;transport=udp", &ALL, seed);
        assert_eq!(found.len(), 4);
        assert_eq!(
            found[3], "udp:192.0.2.4:5060",
            "a lower priority is the last"
        );
        *first.entry(found[0].clone()).or_insert(0) += 1;
    }
    let times = |n: u8| *first.get(&format!("udp:192.0.2.{n}:5060")).unwrap_or(&0);
    assert!((40..90).contains(&times(1)), "{first:?}");
    assert!((160..220).contains(&times(2)), "{first:?}");
    assert!(times(3) < 12, "{first:?}");
}

#[test]
fn a_flood_of_records_is_bounded() {
    let mut zone = Zone::default().host("h.example.com", "192.0.2.1");
    let many: Vec<(u16, u16, u16, String)> = (1..2000)
        .map(|n| (0, 1, n, format!("h{n}.example.com")))
        .collect();
    let many: Vec<(u16, u16, u16, &str)> = many
        .iter()
        .map(|(a, b, c, d)| (*a, *b, *c, d.as_str()))
        .collect();
    zone = zone.srv("_sip._udp.example.com", &many);
    zone.locate("sip:example.com;transport=udp");
    assert!(
        zone.asked.len() <= 1 + crate::limits::MAX_NAMES,
        "{}",
        zone.asked.len()
    );
}

#[test]
fn answers_nobody_asked_for_change_nothing() {
    let uri = Uri::parse("sip:example.com").unwrap();
    let mut locator = Locator::new(uri.view(), &ALL, [1; 32]);
    let query = locator.poll_query().unwrap();
    let stranger = Query::Addresses("example.com".to_owned());
    locator.handle_answer(
        &stranger,
        Answer::Addresses(vec!["192.0.2.1".parse().unwrap()]),
    );
    assert_eq!(locator.found(), None);
    locator.handle_answer(&query, Answer::Addresses(Vec::new()));
    assert!(matches!(locator.poll_query(), Some(Query::Srv(_))));
}

#[test]
fn an_address_that_failed_is_asked_last_for_a_while_that_grows() {
    let peer = |n: u8| Peer::from(std::net::SocketAddr::from(([192, 0, 2, n], 5060)));
    let (mut list, mut now) = (Blacklist::default(), Instant::now());
    list.note_failure(now, peer(1));
    let mut peers = [peer(1), peer(2), peer(3)];
    list.put_last(now, &mut peers);
    assert_eq!(peers, [peer(2), peer(3), peer(1)]);
    now += Duration::from_secs(31);
    assert!(!list.holds(now, peer(1)));
    list.note_failure(now, peer(1));
    now += Duration::from_secs(59);
    assert!(list.holds(now, peer(1)), "the second time counts double");
    list.note_success(peer(1));
    assert!(!list.holds(now, peer(1)));
    list.note_failure(now, peer(2));
    now += Duration::from_secs(600);
    list.note_failure(now, peer(2));
    now += Duration::from_secs(31);
    assert!(!list.holds(now, peer(2)), "long ago is forgotten");
    for n in 0..5_000u16 {
        let [a, b] = n.to_be_bytes();
        let stranger = std::net::SocketAddr::from(([10, 0, a, b], 5060));
        list.note_failure(now, stranger.into());
    }
    assert!(list.len() <= crate::limits::MAX_BLACKLIST);
}
