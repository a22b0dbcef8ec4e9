//! Phones that come, stay, go and are forgotten.

use super::*;
use sip::{Endpoint, EndpointConfig, Event};

const PHONE: &str = "192.168.1.20:5062";

/// A REGISTER as it comes out of an endpoint, with `headers` ending in CRLF each.
fn request(call_id: &str, cseq: u32, user: &str, headers: &str) -> Request {
    let text = format!(
        "REGISTER sip:192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP {PHONE};branch=z9hG4bK{call_id}{cseq}\r\n\
         From: <sip:{user}@192.0.2.9>;tag=1\r\nTo: <sip:{user}@192.0.2.9>\r\n\
         Call-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\n{headers}\
         Content-Length: 0\r\n\r\n"
    );
    let local: SocketAddr = "192.0.2.9:5060".parse().unwrap();
    let mut endpoint = Endpoint::new(EndpointConfig::new(local), [1; 32]);
    endpoint.handle_message(Instant::now(), phone(), text.as_bytes());
    match endpoint.poll_event() {
        Some(Event::Request { request, .. }) => request,
        other => panic!("{other:?}"),
    }
}

fn phone() -> Peer {
    peer(PHONE)
}

fn peer(text: &str) -> Peer {
    Peer::from(text.parse::<SocketAddr>().unwrap())
}

struct Desk {
    registrar: Registrar,
    now: Instant,
    cseq: u32,
}

impl Desk {
    fn new() -> Self {
        Self {
            registrar: Registrar::default(),
            now: Instant::now(),
            cseq: 0,
        }
    }

    fn send(&mut self, call_id: &str, headers: &str) -> Outcome {
        self.cseq += 1;
        let request = request(call_id, self.cseq, "1001", headers);
        let source = phone();
        self.registrar.register(self.now, "1001", source, &request)
    }

    fn uris(&self) -> Vec<String> {
        let contacts = self.registrar.contacts("1001");
        contacts.iter().map(|c| c.uri.to_string()).collect()
    }
}

fn contacts_of(reply: &Reply) -> Vec<&str> {
    let fields = reply.headers.iter();
    fields
        .filter(|(name, _)| name == "Contact")
        .map(|(_, value)| value.as_str())
        .collect()
}

#[test]
fn a_phone_registers_refreshes_and_goes() {
    let mut desk = Desk::new();
    let first = desk.send("a", "Contact: <sip:1001@192.168.1.20:5062>;expires=300\r\n");
    assert_eq!((first.reply.status, first.changed), (200, Some(1)));
    assert_eq!(
        contacts_of(&first.reply),
        ["<sip:1001@192.168.1.20:5062>;expires=300"]
    );
    desk.now += Duration::from_secs(200);
    let again = desk.send(
        "a",
        "Contact: <sip:1001@192.168.1.20:5062;ob>\r\nExpires: 300\r\n",
    );
    assert_eq!((again.reply.status, again.changed), (200, None));
    assert_eq!(desk.uris(), ["sip:1001@192.168.1.20:5062;ob"]);
    let gone = desk.send("a", "Contact: <sip:1001@192.168.1.20:5062>;expires=0\r\n");
    assert_eq!((gone.reply.status, gone.changed), (200, Some(0)));
    assert_eq!(desk.registrar.next(), None);
    assert_eq!(desk.registrar.len(), 0);
    assert!(!desk.registrar.knows("192.168.1.20".parse().unwrap()));
}

#[test]
fn several_phones_of_one_device_are_all_there_and_a_star_sends_all_away() {
    let mut desk = Desk::new();
    desk.send(
        "a",
        "Contact: <sip:1001@192.168.1.20>, <sip:1001@192.168.1.21>\r\n",
    );
    desk.send("b", "Contact: sip:1001@192.168.1.22\r\n");
    assert_eq!(desk.uris().len(), 3);
    let listed = desk.send("c", "");
    assert_eq!(contacts_of(&listed.reply).len(), 3);
    assert_eq!(listed.changed, None);
    let star = "Contact: *\r\n";
    assert_eq!(
        desk.send("c", star).reply.status,
        400,
        "`*` needs Expires 0"
    );
    let gone = desk.send("c", &format!("{star}Expires: 0\r\n"));
    assert_eq!((gone.reply.status, gone.changed), (200, Some(0)));
}

#[test]
fn a_registration_ends_by_itself() {
    let mut desk = Desk::new();
    desk.send("a", "Contact: <sip:1001@192.168.1.20>;expires=60\r\n");
    desk.send("b", "Contact: <sip:1001@192.168.1.21>;expires=90\r\n");
    let start = desk.now;
    assert_eq!(desk.registrar.next(), Some(start + Duration::from_secs(60)));
    assert_eq!(desk.registrar.expire(start + Duration::from_secs(59)), []);
    assert_eq!(
        desk.registrar.expire(start + Duration::from_secs(60)),
        [("1001".to_owned(), 1)]
    );
    assert_eq!(
        desk.registrar.expire(start + Duration::from_secs(90)),
        [("1001".to_owned(), 0)]
    );
    assert_eq!(desk.registrar.next(), None);
}

#[test]
fn too_short_a_wish_is_told_what_is_the_least_and_too_long_a_one_is_cut() {
    let mut desk = Desk::new();
    let short = desk.send("a", "Contact: <sip:1001@192.168.1.20>;expires=59\r\n");
    assert_eq!(short.reply.status, 423);
    assert_eq!(
        short.reply.headers,
        [("Min-Expires".to_owned(), "60".to_owned())]
    );
    let long = desk.send(
        "a",
        "Contact: <sip:1001@192.168.1.20>;expires=4294967296\r\n",
    );
    assert_eq!(
        contacts_of(&long.reply),
        ["<sip:1001@192.168.1.20>;expires=3600"]
    );
}

#[test]
fn a_register_that_comes_late_changes_nothing() {
    let mut desk = Desk::new();
    desk.cseq = 9;
    desk.send("a", "Contact: <sip:1001@192.168.1.20>;expires=300\r\n");
    desk.cseq = 4;
    let late = desk.send("a", "Contact: <sip:1001@192.168.1.20>;expires=0\r\n");
    assert_eq!((late.reply.status, late.changed), (500, None));
    // The same number of another Call-ID is a phone that restarted.
    let other = desk.send("b", "Contact: <sip:1001@192.168.1.20>;expires=0\r\n");
    assert_eq!((other.reply.status, other.changed), (200, Some(0)));
}

#[test]
fn a_phone_with_a_new_address_takes_the_place_of_its_old_self() {
    let mut desk = Desk::new();
    let instance = ";+sip.instance=\"<urn:uuid:1>\"";
    desk.send(
        "a",
        &format!("Contact: <sip:1001@192.168.1.20>{instance}\r\n"),
    );
    desk.send(
        "b",
        &format!("Contact: <sip:1001@192.168.1.77>{instance}\r\n"),
    );
    assert_eq!(desk.uris(), ["sip:1001@192.168.1.77"]);
}

#[test]
fn a_device_never_holds_more_phones_than_allowed() {
    let mut desk = Desk::new();
    for n in 0..30 {
        desk.send(
            &n.to_string(),
            &format!("Contact: <sip:1001@192.168.1.{n}>\r\n"),
        );
    }
    assert_eq!(desk.uris().len(), MAX_CONTACTS);
    assert_eq!(desk.uris()[0], "sip:1001@192.168.1.29");
    assert_eq!(desk.registrar.index.deadlines.len(), MAX_CONTACTS);
    let many: Vec<_> = (0..30).map(|n| format!("<sip:1001@10.0.0.{n}>")).collect();
    let many = desk.send("x", &format!("Contact: {}\r\n", many.join(",")));
    assert_eq!(many.reply.status, 400);
}

#[test]
fn a_device_registers_nobody_but_itself() {
    let mut desk = Desk::new();
    let source = phone();
    let foreign = request("a", 1, "1002", "Contact: <sip:1002@192.168.1.20>\r\n");
    let outcome = desk.registrar.register(desk.now, "1001", source, &foreign);
    assert_eq!((outcome.reply.status, outcome.changed), (403, None));
    assert_eq!(
        desk.send("a", "Contact: <mailto:a@b>\r\n").reply.status,
        400
    );
}

#[test]
fn a_phone_behind_a_nat_is_called_where_its_messages_come_from() {
    let mut desk = Desk::new();
    desk.send("a", "Contact: <sip:1001@10.9.9.9:5060>\r\n");
    assert_eq!(desk.registrar.contacts("1001")[0].way(), phone());
    desk.send("b", "Contact: <sip:1001@192.168.1.20:6000>\r\n");
    let way = desk.registrar.contacts("1001")[0].way();
    assert_eq!(way, peer("192.168.1.20:6000"));
}

#[test]
fn phones_of_a_device_that_is_no_more_are_forgotten() {
    let mut desk = Desk::new();
    desk.send("a", "Contact: <sip:1001@192.168.1.20>\r\n");
    assert!(desk.registrar.keep_only(|name| name == "1001").is_empty());
    assert_eq!(desk.registrar.keep_only(|_| false), ["1001"]);
    assert_eq!((desk.registrar.len(), desk.registrar.next()), (0, None));
}

#[test]
fn a_phone_whose_connection_broke_cannot_be_called_any_more() {
    let mut desk = Desk::new();
    let stream = Peer::new(Transport::Tcp, phone().addr);
    let by_tcp = request(
        "a",
        1,
        "1001",
        "Contact: <sip:1001@192.168.1.20;transport=tcp>\r\n",
    );
    desk.registrar.register(desk.now, "1001", stream, &by_tcp);
    desk.send("b", "Contact: <sip:1001@192.168.1.21>\r\n");
    assert_eq!(desk.registrar.contacts("1001").len(), 2);
    assert_eq!(
        desk.registrar.lost(phone()),
        [],
        "datagrams know no connection"
    );
    assert_eq!(desk.registrar.lost(stream), [("1001".to_owned(), 1)]);
    assert_eq!(desk.registrar.lost(stream), []);
}
