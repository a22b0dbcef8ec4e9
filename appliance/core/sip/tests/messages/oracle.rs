//! Compared with `rsip` on the grammar it gets right: UTF-8, long header names, registered methods, sip and
//! sips URIs with a host name or IPv4, no escapes, no `;` or `.` in the user part, no folding, exact Content-Length, no
//! `transport=ws`. Outside it only "neither panics" would be left, and the mutation tests say that of us.

use proptest::prelude::*;
use rsip::headers::{ToTypedHeader, UntypedHeader};
use rsip::message::HeadersExt;
use sip::{Message, judge};

#[derive(Clone, Debug)]
struct Case {
    text: String,
}

fn uri() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        "[a-z][a-z0-9]{0,8}(\\.[a-z][a-z0-9]{0,8}){0,2}",
        (1..255_u8, 0..255_u8, 0..255_u8, 1..255_u8)
            .prop_map(|(a, b, c, d)| format!("{a}.{b}.{c}.{d}")),
    ];
    let port = prop::option::of(1..65535_u16);
    (
        "(sip|sips)",
        prop::option::of("[a-zA-Z0-9_+-]{1,12}"),
        host,
        port,
        prop::option::of("transport=(udp|tcp|tls)"),
    )
        .prop_map(|(scheme, user, host, port, param)| {
            let user = user.map(|u| format!("{u}@")).unwrap_or_default();
            let port = port.map(|p| format!(":{p}")).unwrap_or_default();
            let param = param.map(|p| format!(";{p}")).unwrap_or_default();
            format!("{scheme}:{user}{host}{port}{param}")
        })
}

fn case() -> impl Strategy<Value = Case> {
    let method = prop::sample::select(vec![
        "INVITE", "BYE", "OPTIONS", "REGISTER", "INFO", "CANCEL",
    ]);
    let names = (
        uri(),
        uri(),
        uri(),
        uri(),
        "[A-Za-z0-9]{1,10}",
        prop::option::of("[A-Za-z0-9]{1,10}"),
    );
    let numbers = (
        "[A-Za-z0-9]{1,20}",
        0..0x7fff_ffff_u32,
        1..=70_u8,
        "[a-z0-9@.-]{1,20}",
    );
    (method, names, numbers, "[ -~]{0,60}").prop_map(|(method, names, numbers, body)| {
        let (request, from, to, contact, from_tag, to_tag) = names;
        let (branch, cseq, forwards, call_id) = numbers;
        let to_tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let text = format!(
            "{method} {request} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK{branch};rport\r\n\
             Max-Forwards: {forwards}\r\nFrom: \"Ann\" <{from}>;tag={from_tag}\r\nTo: <{to}>{to_tag}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: <{contact}>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Case { text }
    })
}

fn same_uri(ours: &sip::UriRef<'_>, theirs: &rsip::Uri) {
    let user = ours.user().map(|u| String::from_utf8_lossy(u).into_owned());
    assert_eq!(user, theirs.user().map(ToOwned::to_owned));
    assert_eq!(
        String::from_utf8_lossy(ours.host()),
        theirs.host().to_string()
    );
    assert_eq!(ours.port(), theirs.port().map(|p| *p.value()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn we_read_what_rsip_reads(case in case()) {
        let bytes = case.text.as_bytes();
        let ours = Message::parse(bytes).unwrap();
        let e = judge(bytes).essentials.unwrap();
        let theirs = rsip::Request::try_from(bytes).unwrap();
        let method = String::from_utf8_lossy(e.cseq_method).into_owned();
        prop_assert_eq!(&method, &theirs.method.to_string());
        same_uri(&e.uri.unwrap(), &theirs.uri);
        let from = theirs.from_header().unwrap().typed().unwrap();
        let to = theirs.to_header().unwrap().typed().unwrap();
        let contact = theirs.contact_header().unwrap().typed().unwrap();
        same_uri(&e.from.uri, &from.uri);
        same_uri(&e.to.uri, &to.uri);
        same_uri(&e.contact.unwrap().uri, &contact.uri);
        let tag = |tag: Option<&[u8]>| tag.map(|t| String::from_utf8_lossy(t).into_owned());
        prop_assert_eq!(tag(e.from.tag()), from.tag().map(ToString::to_string));
        prop_assert_eq!(tag(e.to.tag()), to.tag().map(ToString::to_string));
        // rsip keeps the quotes of a display name.
        prop_assert_eq!(tag(e.from.display), from.display_name.clone());
        prop_assert_eq!(e.call_id, theirs.call_id_header().unwrap().value().as_bytes());
        prop_assert_eq!(e.cseq, theirs.cseq_header().unwrap().typed().unwrap().seq);
        let via = theirs.via_header().unwrap().typed().unwrap();
        prop_assert_eq!(tag(e.via.branch()), via.branch().map(ToString::to_string));
        prop_assert_eq!(e.via.port, via.uri.port().map(|p| *p.value()));
        let forwards = theirs.max_forwards_header().unwrap().num().unwrap();
        prop_assert_eq!(ours.max_forwards(), Some(forwards));
        prop_assert_eq!(ours.body(), &theirs.body[..]);
    }
}
