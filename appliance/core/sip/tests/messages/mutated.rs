//! Broken bytes never panic, whatever reads them.

use std::time::Instant;

use proptest::prelude::*;
use sip::{AuthParams, Endpoint, EndpointConfig, Event, Message, Reply, UriRef, part};

use crate::torture_files;

/// One blow to a message.
#[derive(Clone, Debug)]
enum Blow {
    Set(usize, u8),
    Delete(usize, usize),
    Insert(usize, u8),
    Repeat(usize, usize),
}

fn blow() -> impl Strategy<Value = Blow> {
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"\r\n \t:;,<>\"\\=@[]%?/0".to_vec()),
    ];
    prop_oneof![
        (any::<usize>(), byte.clone()).prop_map(|(at, b)| Blow::Set(at, b)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, n)| Blow::Delete(at, n)),
        (any::<usize>(), byte).prop_map(|(at, b)| Blow::Insert(at, b)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, n)| Blow::Repeat(at, n)),
    ]
}

fn strike(bytes: &mut Vec<u8>, blow: &Blow) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match *blow {
        Blow::Set(at, b) => bytes[at % length] = b,
        Blow::Insert(at, b) => bytes.insert(at % length, b),
        Blow::Delete(at, n) => {
            let at = at % length;
            bytes.drain(at..(at + n).min(length));
        }
        Blow::Repeat(at, n) => {
            let at = at % length;
            let piece = bytes[at..(at + n).min(length)].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

/// Everything that reads a message.
fn read_all(bytes: &[u8]) {
    if let Ok(message) = Message::parse(bytes) {
        let _ = (
            message.from(),
            message.to(),
            message.top_via(),
            message.cseq(),
        );
        let _ = (message.contacts().count(), message.record_routes().count());
        let _ = (message.max_forwards(), sip::write(&message));
        for field in message.fields() {
            let text = String::from_utf8_lossy(field.value).into_owned();
            let _ = (AuthParams::parse(&text), UriRef::parse(field.value));
            let _ = part(&text, message.body(), "application", "sdp");
        }
    }
    let now = Instant::now();
    let mut endpoint = Endpoint::new(
        EndpointConfig::new(std::net::SocketAddr::from(([192, 0, 2, 9], 5060))),
        [1; 32],
    );
    endpoint.handle_message(now, "192.0.2.1:5060".parse().unwrap(), bytes);
    while let Some(event) = endpoint.poll_event() {
        match event {
            Event::Invite { tx, .. } => {
                endpoint.accept(now, tx, &Reply::new(200));
            }
            Event::Request { tx, .. } => endpoint.challenge(now, tx, "test"),
            _ => {}
        }
    }
    while let Some(transmit) = endpoint.poll_transmit() {
        let answer = Message::parse(&transmit.bytes);
        assert!(
            answer.is_ok(),
            "{:?} in {}",
            answer.err(),
            String::from_utf8_lossy(&transmit.bytes)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_torture_messages_never_panic(pick in any::<prop::sample::Index>(), blows in prop::collection::vec(blow(), 0..8)) {
        if let Some(files) = torture_files() {
            let (_, mut bytes) = files[pick.index(files.len())].clone();
            for blow in &blows {
                strike(&mut bytes, blow);
            }
            read_all(&bytes);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
        let line = [b"INVITE sip:a@b SIP/2.0\r\n".as_slice(), &bytes, b"\r\n\r\n"].concat();
        read_all(&line);
    }
}
