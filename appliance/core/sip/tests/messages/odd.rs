//! Odd but legal, and legal-looking but wrong: one line each.

use sip::{Message, part};

use crate::{verdict, wire};

const SDP: &str =
    "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 49170 RTP/AVP 8\n";

fn invite(extra: &str, body: &str) -> Vec<u8> {
    let body = body.replace('\n', "\r\n");
    let mut bytes = wire(&format!(
        "INVITE sip:4000@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK77\n\
         From: \"A\" <sip:a@192.0.2.1>;tag=1\nTo: <sip:4000@192.0.2.9>\nCall-ID: 1@192.0.2.1\nCSeq: 1 INVITE\n\
         Contact: <sip:a@192.0.2.1:5060>\nMax-Forwards: 70\n{extra}Content-Length: {}\n\n",
        body.len()
    ));
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

#[test]
fn extra_headers_of_real_calls_change_nothing_unless_they_must() {
    let cases = [
        ("", "accepted INVITE"),
        (
            "Supported: 100rel, timer, replaces\nAllow: INVITE, ACK, BYE\n",
            "accepted INVITE",
        ),
        (
            "P-Asserted-Identity: \"Bob\" <sip:b@c>, <tel:+1555>\nPrivacy: id\n",
            "accepted INVITE",
        ),
        (
            "Session-Expires: 1800;refresher=uac\nMin-SE: 90\n",
            "accepted INVITE",
        ),
        (
            "X-Latin: caf\u{e9}\nDiversion: <sip:x@y>;reason=unconditional\n",
            "accepted INVITE",
        ),
        (
            "Record-Route: <sip:192.0.2.7;lr>, <sip:192.0.2.8;lr;ftag=1>\n",
            "accepted INVITE",
        ),
        (
            "Accept: application/sdp, multipart/mixed\n",
            "accepted INVITE",
        ),
        ("Accept: */*\n", "accepted INVITE"),
        ("Accept: application/*;q=0.5\n", "accepted INVITE"),
        ("Accept: text/plain\n", "refused 406"),
        ("Accept:\n", "refused 406"),
        ("Require: 100rel\n", "accepted INVITE"),
        ("Require: 100rel, foo\n", "refused 420"),
        ("Require:\n", "accepted INVITE"),
        ("Proxy-Require: foo\n", "accepted INVITE"),
        (
            "Expires: 60\nDate: nonsense\nTimestamp: 54.2\n",
            "accepted INVITE",
        ),
        ("Expires: 4294967296\n", "refused 400"),
        ("Content-Length: 0148\n", "refused 400"),
        ("No-Colon-Here\n", "refused 400"),
        ("Bad Name: x\n", "refused 400"),
        (": nameless\n", "refused 400"),
        ("Route: sip:192.0.2.7;lr\n", "refused 400"),
        ("Contact: *\n", "refused 400"),
        ("Subject: a\n folded\n \tline\n", "accepted INVITE"),
        ("Subject:\n", "accepted INVITE"),
        (
            "Content-Disposition: session;handling=required\n",
            "accepted INVITE",
        ),
    ];
    for (extra, expected) in cases {
        let extra = format!("{extra}Content-Type: application/sdp\n");
        assert_eq!(verdict(&invite(&extra, SDP)), expected, "{extra}");
    }
}

#[test]
fn bodies_are_taken_by_type_encoding_and_disposition() {
    let multipart = format!(
        "--b1\nContent-Type: application/isup;version=x\n\n\u{1}\u{2}\n--b1\nContent-Type: application/sdp\n\n{SDP}\n--b1--\n"
    );
    let cases = [
        ("Content-Type: APPLICATION/SDP\n", SDP, "accepted INVITE"),
        ("c: application/sdp;charset=utf-8\n", SDP, "accepted INVITE"),
        ("Content-Type: application / sdp\n", SDP, "accepted INVITE"),
        (
            "Content-Type: multipart/mixed;boundary=b1\n",
            &multipart,
            "accepted INVITE",
        ),
        (
            "Content-Type: multipart/mixed;boundary=\"b1\"\n",
            &multipart,
            "accepted INVITE",
        ),
        (
            "Content-Type: multipart/mixed;boundary=b2\n",
            &multipart,
            "refused 415",
        ),
        ("Content-Type: multipart/mixed\n", &multipart, "refused 415"),
        ("Content-Type: text/plain\n", "hello", "refused 415"),
        (
            "Content-Type: text/plain\nContent-Disposition: x;handling=optional\n",
            "hi",
            "accepted INVITE",
        ),
        (
            "Content-Type: application/sdp\nContent-Encoding: gzip\n",
            SDP,
            "refused 415",
        ),
        (
            "Content-Type: application/sdp\nContent-Encoding: identity\n",
            SDP,
            "accepted INVITE",
        ),
        ("Content-Type: nonsense\n", SDP, "refused 400"),
        ("", SDP, "refused 400"),
        ("", "", "accepted INVITE"),
    ];
    for (extra, body, expected) in cases {
        assert_eq!(verdict(&invite(extra, body)), expected, "{extra}");
    }
    let sdp = part(
        "multipart/mixed;boundary=b1",
        multipart.replace('\n', "\r\n").as_bytes(),
        "application",
        "sdp",
    )
    .map(<[u8]>::to_vec);
    assert_eq!(sdp, Some(SDP.replace('\n', "\r\n").into_bytes()));
}

#[test]
fn start_lines_are_read_to_the_letter() {
    let base = String::from_utf8(invite("Content-Type: application/sdp\n", SDP)).unwrap();
    let cases = [
        ("INVITE sip:4000@192.0.2.9 sip/2.0", "accepted INVITE"),
        ("INVITE tel:+4930123456 SIP/2.0", "accepted INVITE"),
        ("INVITE sips:4000@192.0.2.9 SIP/2.0", "accepted INVITE"),
        ("INVITE urn:service:sos SIP/2.0", "refused 416"),
        ("INVITE sip:4000@192.0.2.9 SIP/3.0", "refused 505"),
        ("INVITE sip:4000@192.0.2.9 SIP/2", "refused 400"),
        ("INVITE sip:4000@192.0.2.9 HTTP/1.1", "refused 400"),
        ("INVITE 4000 SIP/2.0", "refused 400"),
        ("INVITE  SIP/2.0", "refused 400"),
        (" INVITE sip:4000@192.0.2.9 SIP/2.0", "refused 400"),
        (
            "\r\n\r\nINVITE sip:4000@192.0.2.9 SIP/2.0",
            "accepted INVITE",
        ),
        ("INV(TE sip:4000@192.0.2.9 SIP/2.0", "refused drop"),
        ("invite sip:4000@192.0.2.9 SIP/2.0", "refused 501"),
        ("SIP/2.0 200 OK", "accepted 200"),
        ("SIP/2.0 200", "accepted 200"),
        ("SIP/2.0 99 Low", "refused drop"),
        ("SIP/2.0 700 High", "refused drop"),
        ("SIP/2.0 2000 Long", "refused drop"),
        ("SIP/3.0 200 OK", "refused drop"),
    ];
    for (line, expected) in cases {
        let text = base.replacen("INVITE sip:4000@192.0.2.9 SIP/2.0", line, 1);
        assert_eq!(verdict(text.as_bytes()), expected, "{line}");
    }
}

#[test]
fn line_ends_control_bytes_and_sizes_are_held_to_the_rules() {
    let good = invite("Content-Type: application/sdp\n", SDP);
    let text = String::from_utf8(good.clone()).unwrap();
    assert_eq!(
        verdict(text.replacen("\r\nTo:", "\nTo:", 1).as_bytes()),
        "refused 400"
    );
    assert_eq!(
        verdict(text.replacen("tag=1", "tag=1\0", 1).as_bytes()),
        "refused 400"
    );
    assert_eq!(
        verdict(text.replacen("tag=1", "tag=1\rX: y", 1).as_bytes()),
        "refused 400"
    );
    assert_eq!(
        verdict(text.split("\r\n\r\n").next().unwrap().as_bytes()),
        "refused 400"
    );
    assert_eq!(verdict(&good[..good.len() - 1]), "refused 400");
    let many = "X: y\n".repeat(60);
    assert_eq!(verdict(&invite(&many, "")), "refused 513");
    assert_eq!(
        verdict(&invite(&"Via: SIP/2.0/UDP a\n".repeat(50), "")),
        "accepted INVITE"
    );
    let huge = format!("X: {}\n", "y".repeat(66_000));
    assert_eq!(verdict(&invite(&huge, "")), "refused 513");
    for nothing in [&b""[..], b"\r\n", b"\r\n\r\n", b"\0\0\0\0"] {
        assert_eq!(verdict(nothing), "keep-alive");
    }
    for noise in [
        &b"hello"[..],
        b"\xff\xfe",
        b"GET / HTTP",
        b"SIP",
        b" \r\n\r\n",
    ] {
        assert_eq!(verdict(noise), "refused drop");
    }
}

#[test]
fn malformed_acks_are_never_answered_and_cancels_are_refused_only_for_their_bytes() {
    let text = String::from_utf8(invite("Require: foo\n", "")).unwrap();
    let ack = text.replace("INVITE", "ACK");
    assert_eq!(verdict(ack.as_bytes()), "accepted ACK");
    assert_eq!(
        verdict(ack.replacen("Call-ID", "X", 1).as_bytes()),
        "refused drop"
    );
    let cancel = text.replace("INVITE", "CANCEL");
    assert_eq!(verdict(cancel.as_bytes()), "accepted CANCEL");
    assert_eq!(
        verdict(cancel.replacen("Call-ID", "X", 1).as_bytes()),
        "refused 400"
    );
}

#[test]
fn latin1_display_names_are_read_and_kept() {
    let mut bytes = invite("Content-Type: application/sdp\n", SDP);
    let at = bytes.windows(3).position(|w| w == b"\"A\"").unwrap();
    bytes[at + 1] = 0xe9;
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.from().unwrap().display_text().unwrap(), "\u{e9}");
    assert_eq!(verdict(&bytes), "accepted INVITE");
}
