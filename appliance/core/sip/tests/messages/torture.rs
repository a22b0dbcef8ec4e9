//! The 49 messages of RFC 4475: verdict, reason and the answer an endpoint sends on UDP.

use std::collections::BTreeMap;
use std::time::Instant;

use sip::{Endpoint, EndpointConfig, Event, Message, Method};

use crate::{torture_files, verdict};

/// (message, verdict, status answered on UDP or 0, why).
#[rustfmt::skip] // one message a line
const TABLE: [(&str, &str, u16, &str); 49] = [
    // 3.1.1: valid, each of them accepted.
    ("wsinv", "accepted INVITE", 0, "odd folding, compact names, LWS inside SIP / 2.0 / UDP"),
    ("intmeth", "accepted !interesting-Method0123456789_*+`.%indeed'~", 0, "any token is a method"),
    ("esc01", "accepted INVITE", 0, "escapes stay where they are"),
    ("escnull", "accepted REGISTER", 0, "%00 is a legal escape"),
    ("esc02", "accepted RE%47IST%45R", 0, "an escaped token is another method"),
    ("lwsdisp", "accepted OPTIONS", 0, "no space between display name and <"),
    ("longreq", "accepted INVITE", 0, "34 Vias and long values are legal"),
    ("dblreq", "accepted REGISTER", 0, "what follows the body is ignored on UDP (18.3)"),
    ("semiuri", "accepted OPTIONS", 0, "; belongs to the user part before @"),
    ("transports", "accepted OPTIONS", 0, "any token is a transport in Via"),
    ("mpart01", "accepted MESSAGE", 0, "binary multipart body, kept byte for byte"),
    ("unreason", "accepted 200", 0, "UTF-8 reason phrase"),
    ("noreason", "accepted 100", 0, "empty reason phrase"),
    // 3.1.2: malformed.
    ("badinv01", "refused 400", 400, "empty parameters in Via and Contact"),
    ("clerr", "refused 400", 400, "Content-Length beyond the datagram (18.3)"),
    ("ncl", "refused 400", 400, "negative Content-Length"),
    ("scalar02", "refused 400", 400, "CSeq, Max-Forwards and Expires beyond their range"),
    ("scalarlg", "refused drop", 0, "a response with CSeq beyond its range is not ours to answer"),
    ("quotbal", "refused 400", 400, "display name whose quote does not close"),
    ("ltgtruri", "refused 400", 400, "Request-URI in <>; we do not guess"),
    ("lwsruri", "refused 400", 400, "white space in the Request-URI; we do not guess"),
    ("lwsstart", "refused 400", 400, "two spaces in the request line; we do not guess"),
    ("trws", "accepted OPTIONS", 0, "tolerated: white space after SIP/2.0 changes nothing"),
    ("escruri", "refused 400", 400, "headers in a Request-URI (19.1.1)"),
    ("baddate", "accepted INVITE", 0, "a Date that is not GMT is ignored: nothing here depends on it"),
    ("regbadct", "refused 400", 400, "? in a Contact without <> (20.10)"),
    ("badaspec", "accepted OPTIONS", 0, "tolerated: spaces inside <> are unambiguous"),
    ("baddn", "refused 400", 400, "unquoted comma in a display name, and no empty line"),
    ("badvers", "refused 505", 505, "SIP/7.0"),
    ("mismatch01", "refused 400", 400, "CSeq names another method"),
    ("mismatch02", "refused 501", 501, "unknown method, CSeq names another"),
    ("bigcode", "refused drop", 0, "status code beyond 699 in a response"),
    // 3.2 to 3.4: transaction and application level.
    ("badbranch", "accepted OPTIONS", 0, "a bare magic cookie is matched by RFC 2543 rules"),
    ("insuf", "refused 400", 400, "no Call-ID, From or To"),
    ("unkscm", "refused 416", 416, "Request-URI of an unknown scheme"),
    ("novelsc", "refused 416", 416, "Request-URI of a known scheme that is not ours"),
    ("unksm2", "accepted REGISTER", 0, "any scheme may stand in To, From and Contact"),
    ("bext01", "refused 420", 420, "Require; Proxy-Require is for proxies"),
    ("invut", "refused 415", 415, "INVITE with a body of unknown type"),
    ("regaut01", "accepted REGISTER", 0, "an unknown scheme is as no credentials: the owner challenges"),
    ("multi01", "refused 400", 400, "Call-ID, CSeq, From, To, Max-Forwards given twice"),
    ("mcl01", "refused 400", 400, "two Content-Lengths that differ"),
    ("bcast", "refused drop", 0, "a response with a second Via was not sent to us (8.1.3.3)"),
    ("zeromf", "refused 483", 483, "Max-Forwards 0"),
    ("cparam01", "accepted REGISTER", 0, "without <> the parameter is the header's"),
    ("cparam02", "accepted REGISTER", 0, "inside <> the parameter is the URI's"),
    ("regescrt", "accepted REGISTER", 0, "escaped headers of a Contact URI are kept"),
    ("sdp01", "refused 406", 406, "Accept without application/sdp: no answer can be given"),
    ("inv2543", "accepted INVITE", 0, "no branch, no From tag, no Max-Forwards: RFC 2543"),
];

fn table() -> Option<BTreeMap<String, Vec<u8>>> {
    Some(torture_files()?.into_iter().collect())
}

fn endpoint() -> Endpoint {
    Endpoint::new(
        EndpointConfig::new(std::net::SocketAddr::from(([192, 0, 2, 200], 5060))),
        [7; 32],
    )
}

#[test]
fn each_torture_message_gets_its_verdict() {
    let Some(files) = table() else { return };
    assert_eq!(files.len(), 49);
    let wrong: Vec<String> = TABLE
        .iter()
        .filter_map(|(name, expected, _, why)| {
            let found = verdict(&files[*name]);
            (found != *expected).then(|| format!("{name}: {found}, not {expected} ({why})"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_torture_message_gets_its_answer_on_udp() {
    let Some(files) = table() else { return };
    for (name, expected, status, why) in TABLE {
        let mut endpoint = endpoint();
        endpoint.handle_message(
            Instant::now(),
            "192.0.2.1:5060".parse().unwrap(),
            &files[name],
        );
        let answer = endpoint.poll_transmit();
        if status == 0 {
            assert_eq!(answer, None, "{name}: {why}");
        } else {
            let bytes = answer
                .unwrap_or_else(|| panic!("{name} was not answered"))
                .bytes;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(
                text.starts_with(&format!("SIP/2.0 {status} ")),
                "{name}: {text}"
            );
            let response = Message::parse(&bytes).unwrap();
            assert!(
                response.fields().any(|f| f.kind == sip::Kind::Via),
                "{name}"
            );
        }
        let is_told = endpoint.poll_event().is_some();
        let is_request = expected.starts_with("accepted ") && !expected.ends_with("00");
        assert_eq!(is_told, is_request, "{name}");
    }
}

#[test]
fn refusals_say_what_their_status_obliges_to() {
    let Some(files) = table() else { return };
    let cases = [
        (
            "bext01",
            "Unsupported: nothingSupportsThis, nothingSupportsThisEither\r\n",
        ),
        ("invut", "Accept: application/sdp"),
        ("badvers", "Call-ID: badvers.31417@c.example.com\r\n"),
        ("insuf", "CSeq: 193942 INVITE\r\n"),
        ("badinv01", "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n"),
    ];
    for (name, line) in cases {
        let mut endpoint = endpoint();
        endpoint.handle_message(
            Instant::now(),
            "192.0.2.1:5060".parse().unwrap(),
            &files[name],
        );
        let bytes = endpoint.poll_transmit().unwrap().bytes;
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(line), "{name}: {text}");
    }
}

#[test]
fn wsinv_reads_as_if_it_were_written_plainly() {
    let Some(files) = table() else { return };
    let message = Message::parse(&files["wsinv"]).unwrap();
    let to = message.to().unwrap();
    assert_eq!(to.uri.as_bytes(), b"sip:vivekg@chair-dnrc.example.com");
    assert_eq!(to.tag(), Some(&b"1918181833n"[..]));
    let from = message.from().unwrap();
    assert_eq!(from.display_text().unwrap(), r#"J Rosenberg \""#);
    assert_eq!(from.tag(), Some(&b"98asjd8"[..]));
    assert_eq!(message.cseq(), Some((9, &b"INVITE"[..])));
    assert_eq!(message.max_forwards(), Some(68));
    let via = message.top_via().unwrap();
    assert_eq!(
        (via.host, via.branch()),
        (&b"192.0.2.2"[..], Some(&b"390skdjuw"[..]))
    );
    let contact = message.contacts().next().unwrap().unwrap();
    assert_eq!(contact.display_text().unwrap(), r#"Quoted string """#);
    assert_eq!(contact.params.get("newparam"), Some(&b"newvalue"[..]));
    assert_eq!(contact.params.get("q"), Some(&b"0.33"[..]));
    assert_eq!(message.body().len(), 150);
}

#[test]
fn parameters_belong_to_the_header_outside_brackets_and_to_the_uri_inside() {
    let Some(files) = table() else { return };
    let bare = Message::parse(&files["cparam01"]).unwrap();
    let bare = bare.contacts().next().unwrap().unwrap();
    assert!(bare.params.get("unknownparam").is_some());
    assert!(bare.uri.param("unknownparam").is_none());
    let bracketed = Message::parse(&files["cparam02"]).unwrap();
    let bracketed = bracketed.contacts().next().unwrap().unwrap();
    assert!(bracketed.params.get("unknownparam").is_none());
    assert_eq!(bracketed.uri.param("unknownparam"), Some(None));
    let escaped = Message::parse(&files["regescrt"]).unwrap();
    let escaped = escaped.contacts().next().unwrap().unwrap();
    assert_eq!(escaped.uri.headers(), b"Route=%3Csip:sip.example.com%3E");
}

#[test]
fn escapes_and_binary_bodies_reach_the_owner_unchanged() {
    let Some(files) = table() else { return };
    let told = |name: &str| {
        let mut endpoint = endpoint();
        endpoint.handle_message(
            Instant::now(),
            "192.0.2.1:5060".parse().unwrap(),
            &files[name],
        );
        match endpoint.poll_event() {
            Some(Event::Invite { request, .. } | Event::Request { request, .. }) => request,
            other => panic!("{name}: {other:?}"),
        }
    };
    let esc01 = told("esc01");
    assert_eq!(
        esc01.uri.as_str(),
        "sip:sips%3Auser%40example.com@example.net"
    );
    assert_eq!(esc01.uri.user_decoded().unwrap(), "sips:user@example.com");
    assert_eq!(esc01.to.uri.as_str(), "sip:%75se%72@example.com");
    let contact = esc01.contact.unwrap();
    assert_eq!(
        contact.as_str(),
        "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31"
    );
    assert_eq!(told("semiuri").uri.user(), Some("user;par=u%40example.net"));
    assert_eq!(
        told("esc02").method,
        Method::Other("RE%47IST%45R".to_owned())
    );
    let mpart = told("mpart01").body.unwrap();
    assert_eq!(mpart.bytes.len(), 553);
    assert_eq!(
        sip::part(&mpart.content_type, &mpart.bytes, "text", "plain"),
        Some(&b"Hello"[..])
    );
}
