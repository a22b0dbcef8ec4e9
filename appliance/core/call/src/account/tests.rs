//! Carriers that answer, move, fail and come back.

use super::*;
use crate::limits::{BACK_OFF, MAX_BACK_OFF, REFUSED_BACK_OFF};
use crate::trunk::Login;
use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng;
use std::net::SocketAddr;

/// The headers of a 200 with these fields.
fn headers(fields: &str) -> Headers {
    let text = format!(
        "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
         To: <sip:a@h>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n{fields}Content-Length: 0\r\n\r\n"
    );
    let local: SocketAddr = "192.0.2.9:5060".parse().unwrap();
    let mut endpoint = sip::Endpoint::new(sip::EndpointConfig::new(local), [1; 32]);
    endpoint.handle_message(Instant::now(), peer(1), text.as_bytes());
    match endpoint.poll_event() {
        Some(sip::Event::Request { request, .. }) => request.headers,
        other => panic!("{other:?}"),
    }
}

fn peer(n: u8) -> Peer {
    Peer::from(SocketAddr::from(([198, 51, 100, n], 5060)))
}

fn trunk(host: &str, register: bool) -> Trunk {
    let mut outbound = Outbound::at(host);
    outbound.register = register;
    outbound.keepalive = (!register).then_some(Duration::from_secs(30));
    outbound.login = register.then(|| Login {
        username: "4001".into(),
        password: "s3cret".into(),
    });
    Trunk {
        trusted: true,
        name: "carrier".into(),
        peers: vec![],
        login: None,
        outbound: Some(outbound),
        sound: crate::Sound::of_trunk(),
    }
}

/// Accounts, their clock and chance.
struct Desk {
    accounts: Accounts,
    now: Instant,
    random: ChaCha12Rng,
    last_tx: u64,
}

impl Desk {
    fn new(trunk: Trunk) -> Self {
        let now = Instant::now();
        let mut accounts = Accounts::default();
        accounts.set(now, &[trunk]);
        Self {
            accounts,
            now,
            random: ChaCha12Rng::from_seed([3; 32]),
            last_tx: 0,
        }
    }

    /// Goes to the next deadline; the probe that is sent there, if one is.
    fn next(&mut self) -> Option<(Peer, TxId)> {
        self.now = self.accounts.next().unwrap();
        let todo = self.accounts.take_due(self.now);
        todo.probes
            .into_iter()
            .next()
            .map(|probe| self.send(&probe))
    }

    fn send(&mut self, probe: &Probe) -> (Peer, TxId) {
        self.last_tx += 1;
        let tx = TxId(self.last_tx);
        self.accounts.sent(probe.key, tx);
        (probe.peer, tx)
    }

    fn answer(&mut self, tx: TxId, status: u16, fields: &str) -> Option<News> {
        let headers = headers(fields);
        self.accounts
            .answered(self.now, tx, (status, &headers), &mut self.random)
            .unwrap()
    }

    /// How long until the next deadline.
    fn wait(&self) -> Duration {
        self.accounts.next().unwrap() - self.now
    }

    fn locate(&mut self, peers: Vec<Peer>) -> Option<(Peer, TxId)> {
        let id = self.accounts.poll_lookup().unwrap().id;
        let located = self.accounts.handle_located(self.now, id, peers).unwrap();
        located.probe.map(|probe| self.send(&probe))
    }
}

#[test]
fn a_registration_is_refreshed_before_it_ends() {
    let mut desk = Desk::new(trunk("198.51.100.1", true));
    let (to, tx) = desk.next().unwrap();
    assert_eq!(to, peer(1));
    let news = desk.answer(
        tx,
        200,
        "Contact: <sip:4001@192.0.2.9:5060>;expires=300\r\n",
    );
    assert!(news.unwrap().up);
    for _ in 0..50 {
        assert!(
            (150..=270).contains(&desk.wait().as_secs()),
            "{:?}",
            desk.wait()
        );
        let (_, tx) = desk.next().unwrap();
        assert_eq!(desk.answer(tx, 200, "Expires: 300\r\n"), None);
    }
    assert_eq!(
        desk.accounts.poll_lookup(),
        None,
        "an address asks no name server"
    );
}

#[test]
fn every_server_is_tried_before_a_carrier_is_down() {
    let mut desk = Desk::new(trunk("sip.carrier.example", true));
    assert_eq!(desk.next(), None);
    let (to, tx) = desk.locate(vec![peer(1), peer(2), peer(3)]).unwrap();
    assert_eq!(to, peer(1));
    assert_eq!(desk.answer(tx, 503, ""), None);
    let (to, tx) = desk.next().unwrap();
    assert_eq!(to, peer(2));
    assert_eq!(desk.answer(tx, 408, ""), None);
    let (to, tx) = desk.next().unwrap();
    assert_eq!(to, peer(3));
    let news = desk.answer(tx, 408, "").unwrap();
    assert_eq!((news.up, news.why.as_str()), (false, "no answer"));
    // The name may mean other servers by now.
    let (_, tx) = desk.next().unwrap();
    assert!(desk.accounts.poll_lookup().is_some());
    let news = desk.answer(tx, 200, "").unwrap();
    assert!(news.up);
    assert_eq!(desk.accounts.route(desk.now, "carrier").unwrap().len(), 3);
}

#[test]
fn the_server_that_works_is_called_first() {
    let mut desk = Desk::new(trunk("sip.carrier.example", true));
    desk.next();
    let (_, tx) = desk.locate(vec![peer(1), peer(2)]).unwrap();
    desk.answer(tx, 503, "");
    let (_, tx) = desk.next().unwrap();
    desk.answer(tx, 200, "");
    let route = |desk: &mut Desk| desk.accounts.route(desk.now, "carrier").unwrap();
    assert_eq!(route(&mut desk), [peer(2), peer(1)]);
    desk.accounts.avoid("carrier", peer(2));
    assert_eq!(route(&mut desk), [peer(1), peer(2)]);
    desk.accounts.avoid("carrier", peer(2));
    assert_eq!(
        route(&mut desk),
        [peer(1), peer(2)],
        "it is not first any more"
    );
}

#[test]
fn a_carrier_that_is_down_is_asked_less_and_less_often() {
    let mut desk = Desk::new(trunk("198.51.100.1", true));
    let mut waits = Vec::new();
    for round in 0..12 {
        let (_, tx) = desk.next().unwrap();
        let news = desk.answer(tx, 408, "");
        assert_eq!(news.is_some(), round == 0, "told once");
        waits.push(desk.wait());
    }
    assert!(waits[0] >= BACK_OFF / 2 && waits[0] <= BACK_OFF);
    assert!(waits.iter().all(|wait| *wait <= MAX_BACK_OFF));
    assert!(waits[11] >= MAX_BACK_OFF / 2);
    let (_, tx) = desk.next().unwrap();
    assert!(desk.answer(tx, 200, "").unwrap().up);
}

#[test]
fn a_carrier_that_refuses_our_account_is_left_alone_for_longer() {
    for status in [401, 403, 404] {
        let mut desk = Desk::new(trunk("198.51.100.1", true));
        let (_, tx) = desk.next().unwrap();
        let news = desk.answer(tx, status, "").unwrap();
        assert_eq!((news.up, news.why), (false, format!("answers {status}")));
        assert!(desk.wait() >= REFUSED_BACK_OFF / 2);
    }
    let mut desk = Desk::new(trunk("198.51.100.1", true));
    let (_, tx) = desk.next().unwrap();
    desk.answer(tx, 503, "Retry-After: 120 (busy);duration=60\r\n");
    assert!(desk.wait() >= Duration::from_secs(120));
}

#[test]
fn a_carrier_without_registration_is_asked_whether_it_is_there() {
    let mut desk = Desk::new(trunk("198.51.100.1", false));
    let (_, tx) = desk.next().unwrap();
    assert!(
        desk.answer(tx, 404, "").unwrap().up,
        "any answer is a sign of life"
    );
    assert_eq!(desk.wait(), Duration::from_secs(30));
    let (_, tx) = desk.next().unwrap();
    assert!(!desk.answer(tx, 503, "").unwrap().up);
    let mut silent = trunk("198.51.100.1", false);
    silent.outbound.as_mut().unwrap().keepalive = None;
    let mut desk = Desk::new(silent);
    assert_eq!(desk.next(), None, "nobody asked for a keep-alive");
}

#[test]
fn a_name_that_nobody_locates_is_looked_up_again() {
    let mut desk = Desk::new(trunk("sip.carrier.example", true));
    assert_eq!(desk.next(), None);
    let lookup = desk.accounts.poll_lookup().unwrap();
    assert_eq!(lookup.uri.as_str(), "sip:sip.carrier.example");
    desk.now = desk.accounts.next().unwrap();
    let todo = desk.accounts.take_due(desk.now);
    let news = todo.unlocated[0].news.clone().unwrap();
    assert_eq!((news.up, news.why.as_str()), (false, "not located"));
    let late = desk
        .accounts
        .handle_located(desk.now, lookup.id, vec![peer(1)]);
    assert_eq!(late, None, "its time was up");
    desk.next();
    let (to, _) = desk.locate(vec![peer(1)]).unwrap();
    assert_eq!(to, peer(1));
}

#[test]
fn a_carrier_that_is_as_it_was_is_not_begun_anew() {
    let mut desk = Desk::new(trunk("198.51.100.1", true));
    let (_, tx) = desk.next().unwrap();
    desk.answer(tx, 200, "");
    let wait = desk.wait();
    desk.accounts.set(desk.now, &[trunk("198.51.100.1", true)]);
    assert_eq!(desk.wait(), wait);
    desk.accounts.set(desk.now, &[trunk("198.51.100.2", true)]);
    assert_eq!(desk.wait(), Duration::ZERO);
    let (to, tx) = desk.next().unwrap();
    assert_eq!(to, peer(2));
    desk.accounts.set(desk.now, &[]);
    assert_eq!(desk.accounts.next(), None);
    let headers = Headers::default();
    let late = desk
        .accounts
        .answered(desk.now, tx, (200, &headers), &mut desk.random);
    assert_eq!(late, None, "an answer for nobody");
}

#[test]
fn a_grant_is_read_wherever_it_stands() {
    for (fields, granted) in [
        ("Contact: <sip:a@h>;expires=120\r\n", 120),
        (
            "Contact: <sip:b@x>;expires=900, <sip:a@h>;q=1;expires=\"60\"\r\n",
            60,
        ),
        ("Expires: 1800\r\n", 1800),
        ("Contact: <sip:a@h>\r\nExpires: 300\r\n", 300),
        ("Contact: <sip:a@h>;expires=99999999999999999999\r\n", 7200),
        ("Contact: <sip:a@h>;expires=x\r\n", 600),
        ("", 600),
    ] {
        assert_eq!(granted_s(&headers(fields), 600), granted, "{fields}");
    }
}
