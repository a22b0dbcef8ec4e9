//! IPv6 in the spirit of RFC 5118, and URIs of other schemes.

use sip::{Message, Scheme, Uri, UriRef};

use crate::{verdict, wire};

fn register(uri: &str, via: &str) -> Vec<u8> {
    wire(&format!(
        "REGISTER {uri} SIP/2.0\nTo: sip:user@example.com\nFrom: sip:user@example.com;tag=81x2\n\
         Via: SIP/2.0/UDP {via}\nCall-ID: SSG9559905523997077@hlau_4100\nMax-Forwards: 70\n\
         Contact: \"Caller\" <sip:caller@[2001:db8::1]>\nCSeq: 98176 REGISTER\nContent-Length: 0\n\n"
    ))
}

#[test]
fn ipv6_references_are_accepted_and_bare_addresses_refused() {
    let via = "[2001:db8::9:1];branch=z9hG4bKas3-111";
    let cases = [
        ("sip:[2001:db8::10]", "accepted REGISTER"),
        ("sip:2001:db8::10", "refused 400"),
        ("sip:[2001:db8::10:5070]", "accepted REGISTER"),
        ("sip:[2001:db8::10]:5070", "accepted REGISTER"),
        ("sip:[2001:db8::10]:", "refused 400"),
        ("sip:[2001:db8::10", "refused 400"),
        ("sip:[2001:db8::10]x", "refused 400"),
        ("sip:[::ffff:192.0.2.1]", "accepted REGISTER"),
        // RFC 5118 4.10: a fault of the grammar of 3261, tolerated before an embedded IPv4 address alone.
        ("sip:user@[2001:db8:::192.0.2.1]", "accepted REGISTER"),
        ("sip:user@[2001:db8:::1]", "refused 400"),
    ];
    for (uri, expected) in cases {
        assert_eq!(verdict(&register(uri, via)), expected, "{uri}");
    }
}

#[test]
fn via_takes_received_with_and_without_brackets() {
    for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
        let via = format!("[2001:db8::9:1]:5070;received={received};branch=z9hG4bKas3-111");
        let bytes = register("sip:example.com", &via);
        let message = Message::parse(&bytes).unwrap();
        let via = message.top_via().unwrap();
        assert_eq!(via.params.get("received"), Some(received.as_bytes()));
        assert_eq!((via.host, via.port), (&b"[2001:db8::9:1]"[..], Some(5070)));
        assert_eq!(verdict(&bytes), "accepted REGISTER");
    }
}

#[test]
fn ambiguous_ports_are_read_as_part_of_the_address() {
    let uri = Uri::parse("sip:[2001:db8::10:5070]").unwrap();
    assert_eq!((uri.port(), uri.host()), (None, "[2001:db8::10:5070]"));
    let uri = Uri::parse("sip:[2001:db8::10]:5070").unwrap();
    assert_eq!(
        (uri.port(), uri.host_ip()),
        (Some(5070), Some("2001:db8::10".parse().unwrap()))
    );
    let mapped = Uri::parse("sip:user@[2001:db8:::192.0.2.1]").unwrap();
    assert_eq!(
        mapped.host_ip(),
        Some("2001:db8::192.0.2.1".parse().unwrap())
    );
}

#[test]
fn uris_of_all_schemes_are_taken_apart_or_carried_whole() {
    let tel = Uri::parse("tel:+86-138-0013-8000;phone-context=example.com").unwrap();
    assert_eq!(
        (tel.scheme(), tel.user()),
        (Scheme::Tel, Some("+86-138-0013-8000"))
    );
    assert_eq!(tel.param("Phone-Context"), Some(Some("example.com")));
    let sos = Uri::parse("urn:service:sos").unwrap();
    assert_eq!(
        (sos.scheme(), sos.as_str(), sos.host()),
        (Scheme::Other, "urn:service:sos", "")
    );
    let dialled =
        Uri::parse("sip:*21%2313800138000%23:secret@pbx.example.com;user=phone?a=b").unwrap();
    assert_eq!(dialled.user_decoded().unwrap(), "*21#13800138000#");
    assert_eq!(
        (dialled.param("user"), dialled.headers()),
        (Some(Some("phone")), "a=b")
    );
    assert_eq!(Uri::parse("SIPS:a@b").unwrap().scheme(), Scheme::Sips);
    for wrong in [
        "",
        "sip",
        "sip:",
        "sip:@b",
        "sip:a@",
        "sip:a@b:",
        "sip:a@b:99999",
        "sip:a@b;",
        "sip:a@b;=c",
        "sip:a@b?",
        "sip:a b@c",
        "sip:a%4@b",
        "sip:a@b@c",
        "sip:a@1.2.3.999",
        "sip:a@b..c",
        "tel:",
        "tel:abc-xyz",
        "1sip:a@b",
        "sip:<a@b>",
        "sip:a@b\u{e9}",
    ] {
        assert!(UriRef::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
