//! Messages in a stream of bytes, cut wherever a network may cut them.

use std::time::Instant;

use sip::limits::MAX_MESSAGE;
use sip::{Endpoint, EndpointConfig, Frame, FrameError, Peer, StreamReader, Transport};

use crate::{torture_files, wire};

/// What a reader made of a stream, in order.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Message(Vec<u8>),
    Ping,
    Pong,
    Broken(Option<Vec<u8>>),
}

fn take(reader: &mut StreamReader, seen: &mut Vec<Seen>) {
    while let Some(frame) = reader.next_frame() {
        seen.push(match frame {
            Ok(Frame::Message(bytes)) => Seen::Message(bytes.to_vec()),
            Ok(Frame::Ping) => Seen::Ping,
            Ok(Frame::Pong) => Seen::Pong,
            Err(fault) => Seen::Broken(fault.head().map(<[u8]>::to_vec)),
        });
    }
}

fn read(pieces: &[&[u8]]) -> Vec<Seen> {
    let (mut reader, mut seen) = (StreamReader::default(), Vec::new());
    for piece in pieces {
        reader.push(piece);
        take(&mut reader, &mut seen);
    }
    seen
}

fn options(length: &str) -> Vec<u8> {
    wire(&format!(
        "OPTIONS sip:box@192.0.2.9 SIP/2.0\nVia: SIP/2.0/TCP 192.0.2.1:5070;branch=z9hG4bKs\n\
         From: <sip:a@192.0.2.1>;tag=a\nTo: <sip:box@192.0.2.9>\nCall-ID: s1\nCSeq: 1 OPTIONS\n\
         Max-Forwards: 70\n{length}\n"
    ))
}

#[test]
fn every_torture_message_cut_at_every_byte_is_framed_as_if_it_came_whole() {
    let Some(files) = torture_files() else { return };
    let after = options("Content-Length: 0\n");
    let mut whole_ones = 0;
    for (name, bytes) in files {
        let stream = [bytes.as_slice(), b"\r\n\r\n", &after].concat();
        let whole = read(&[&stream]);
        whole_ones += usize::from(whole.first() == Some(&Seen::Message(bytes.clone())));
        for cut in 0..=stream.len() {
            let (left, right) = stream.split_at(cut);
            assert_eq!(read(&[left, right]), whole, "{name} cut at {cut}");
        }
        let bytewise: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(read(&bytewise), whole, "{name} byte by byte");
    }
    assert!(whole_ones >= 35, "{whole_ones} came through whole");
}

#[test]
fn several_messages_in_one_read_come_one_after_another() {
    let one = options("Content-Length: 3\n");
    let stream = [one.as_slice(), b"abc", &one, b"d\0f"].concat();
    let with = |body: &[u8]| Seen::Message([one.as_slice(), body].concat());
    assert_eq!(read(&[&stream]), [with(b"abc"), with(b"d\0f")]);
}

#[test]
fn a_ping_is_two_line_ends_and_a_pong_is_one() {
    let message = options("l: 0\n");
    let stream = [b"\r\n\r\n".as_slice(), &message, b"\r\n", &message].concat();
    let told = Seen::Message(message);
    assert_eq!(
        read(&[&stream]),
        [Seen::Ping, told.clone(), Seen::Pong, told]
    );
    assert_eq!(read(&[b"\r\n"]), [], "it may be half of a ping");
    assert_eq!(read(&[b"\r\n\r", b"\n\r\n"]), [Seen::Ping]);
    let (mut reader, mut seen) = (StreamReader::default(), Vec::new());
    reader.expect_pong();
    reader.push(b"\r\n");
    take(&mut reader, &mut seen);
    assert_eq!(seen, [Seen::Pong], "an expected one is told at once");
    assert!(!reader.is_within_message());
}

#[test]
fn a_message_whose_end_nobody_knows_breaks_the_stream_and_is_answered_400() {
    for length in ["", "Content-Length: -1\n", "Content-Length: 1\nl: 2\n"] {
        let bytes = options(length);
        let seen = read(&[&bytes, b"OPTIONS"]);
        assert_eq!(seen, [Seen::Broken(Some(bytes.clone()))], "{length}");
        let local = std::net::SocketAddr::from(([192, 0, 2, 9], 5060));
        let mut endpoint = Endpoint::new(EndpointConfig::new(local), [3; 32]);
        let from = Peer::new(Transport::Tcp, "192.0.2.1:40000".parse().unwrap());
        endpoint.handle_message(Instant::now(), from, &bytes);
        let answer = endpoint.poll_transmit().unwrap();
        assert_eq!(answer.to, from, "on the connection it came by");
        assert!(answer.bytes.starts_with(b"SIP/2.0 400 "), "{length}");
    }
}

#[test]
fn what_is_too_long_or_no_sip_at_all_is_not_waited_for() {
    let long = [
        b"OPTIONS sip:a@b SIP/2.0\r\n".as_slice(),
        &[b'x'; MAX_MESSAGE],
    ]
    .concat();
    assert_eq!(read(&[&long]), [Seen::Broken(None)]);
    let body = options("Content-Length: 70000\n");
    assert_eq!(read(&[&body]), [Seen::Broken(Some(body.clone()))]);
    let body = options("Content-Length: 4294967295\n");
    assert_eq!(read(&[&body]), [Seen::Broken(Some(body.clone()))]);
    let hello = [0x16, 0x03, 0x01, 0x02, 0x00];
    assert_eq!(read(&[&hello, &hello]), [Seen::Broken(None)], "TLS hello");
    let web = read(&[b"GET / HTTP/1.1\r\n\r\n", b"more"]);
    assert!(matches!(web[..], [Seen::Broken(_)]), "{web:?}");
}

#[test]
fn a_reader_knows_whether_a_message_is_under_way() {
    let mut reader = StreamReader::default();
    assert!(!reader.is_within_message());
    let message = options("Content-Length: 0\n");
    reader.push(&message[..20]);
    assert_eq!(reader.next_frame(), None);
    assert!(reader.is_within_message());
    reader.push(&message[20..]);
    assert_eq!(reader.next_frame(), Some(Ok(Frame::Message(&message))));
    assert_eq!(reader.next_frame(), None);
    assert!(!reader.is_within_message());
    reader.push(&options("")[..]);
    assert!(matches!(
        reader.next_frame(),
        Some(Err(FrameError::Length { .. }))
    ));
    assert_eq!(reader.next_frame(), None, "and nothing more comes of it");
}
