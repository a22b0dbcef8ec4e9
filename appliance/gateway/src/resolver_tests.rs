//! Searches against a name server of our own on loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, NAPTR, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use sip::Transport;
use tokio::net::UdpSocket;

use super::{Found, Resolver};

/// Longer than a search may take.
const SOON: Duration = Duration::from_secs(30);
const ALL: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

type Zone = BTreeMap<(String, RecordType), Vec<RData>>;

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn zone() -> Zone {
    let srv = |priority, port, host: &str| RData::SRV(SRV::new(priority, 10, port, name(host)));
    let address = |n| RData::A(A::new(127, 0, 0, n));
    let naptr = |order, service: &str, to: &str| {
        let text = |text: &str| text.as_bytes().to_vec().into_boxed_slice();
        let (flags, services, regexp) = (text("s"), text(service), text(""));
        RData::NAPTR(NAPTR::new(order, 10, flags, services, regexp, name(to)))
    };
    BTreeMap::from([
        (
            ("carrier.example.".to_owned(), RecordType::NAPTR),
            vec![
                naptr(20, "SIP+D2U", "_sip._udp.carrier.example."),
                naptr(10, "SIPS+D2T", "_sips._tcp.carrier.example."),
            ],
        ),
        (
            ("_sips._tcp.carrier.example.".to_owned(), RecordType::SRV),
            vec![srv(1, 5061, "one.carrier.example.")],
        ),
        (
            ("_sip._udp.carrier.example.".to_owned(), RecordType::SRV),
            vec![
                srv(2, 5070, "two.carrier.example."),
                srv(1, 5060, "one.carrier.example."),
            ],
        ),
        (
            ("one.carrier.example.".to_owned(), RecordType::A),
            vec![address(11)],
        ),
        (
            ("two.carrier.example.".to_owned(), RecordType::A),
            vec![address(12)],
        ),
    ])
}

/// A name server that knows `zone`, or one that never answers.
async fn name_server(zone: Option<Zone>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut datagram = [0; 1500];
        loop {
            let (length, from) = socket.recv_from(&mut datagram).await.unwrap();
            let Some(zone) = &zone else { continue };
            let mut message = Message::from_vec(&datagram[..length]).unwrap();
            let query = message.queries[0].clone();
            let key = (query.name().to_lowercase().to_ascii(), query.query_type());
            let found = zone.get(&key);
            message.metadata.message_type = MessageType::Response;
            message.metadata.response_code = match found {
                Some(_) => ResponseCode::NoError,
                None => ResponseCode::NXDomain,
            };
            for data in found.into_iter().flatten() {
                let record = Record::from_rdata(query.name().clone(), 60, data.clone());
                message.add_answer(record);
            }
            let answer = message.to_vec().unwrap();
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    at
}

async fn find(resolver: &mut Resolver, id: u64, uri: &str) -> Vec<String> {
    assert!(resolver.ask(id, uri));
    let found = tokio::time::timeout(SOON, resolver.next()).await.unwrap();
    assert_eq!(found.id, id);
    found.peers.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_carriers_name_leads_to_its_servers_in_their_order() {
    let server = name_server(Some(zone())).await;
    let mut resolver = Resolver::start(vec![server], ALL.to_vec());
    let found = find(&mut resolver, 7, "sip:carrier.example").await;
    let expected = [
        "tls:127.0.0.11:5061",
        "udp:127.0.0.11:5060",
        "udp:127.0.0.12:5070",
    ];
    assert_eq!(found, expected);
    let found = find(&mut resolver, 8, "sip:two.carrier.example:5080").await;
    assert_eq!(found, ["udp:127.0.0.12:5080"]);
    let found = find(&mut resolver, 9, "sip:nowhere.example").await;
    assert_eq!(found, [] as [&str; 0]);
    assert!(!resolver.ask(10, "no uri"));
}

#[tokio::test]
async fn a_name_server_that_hangs_costs_its_search_seconds_and_no_other_anything() {
    let hanging = name_server(None).await;
    let mut resolver = Resolver::start(vec![hanging], ALL.to_vec());
    assert!(resolver.ask(1, "sip:carrier.example"));
    assert!(resolver.ask(2, "sip:192.0.2.1:5070;transport=tcp"));
    let first = tokio::time::timeout(SOON, resolver.next()).await.unwrap();
    assert_eq!(
        (first.id, first.peers.len()),
        (2, 1),
        "an address waits for nobody"
    );
    let second = tokio::time::timeout(SOON, resolver.next()).await.unwrap();
    let host = "carrier.example".to_owned();
    assert_eq!(
        second,
        Found {
            id: 1,
            peers: Vec::new(),
            host
        }
    );
}

#[tokio::test]
async fn more_searches_than_may_wait_are_refused_at_once() {
    let hanging = name_server(None).await;
    let resolver = Resolver::start(vec![hanging], ALL.to_vec());
    let taken = (0..1000)
        .filter(|id| resolver.ask(*id, "sip:carrier.example"))
        .count();
    assert!(taken < 200, "{taken}");
}
