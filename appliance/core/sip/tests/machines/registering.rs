//! Registrations of ours and other requests outside any dialog.

use sip::{Credentials, Event, Method, OutgoingRegister, OutgoingRequest, Uri};

use crate::world::{Stage, answer, field};

fn register(expires: u32) -> OutgoingRegister {
    OutgoingRegister {
        to: "192.0.2.1:5060".parse().unwrap(),
        registrar: Uri::parse("sip:carrier.example").unwrap(),
        aor: Uri::parse("sip:4000@carrier.example").unwrap(),
        contact_params: "+sip.instance=\"<urn:uuid:1>\"".to_owned(),
        expires,
        credentials: Some(Credentials {
            user: "4000".to_owned(),
            password: "secret".to_owned(),
        }),
    }
}

fn challenge(nonce: &str) -> String {
    format!("WWW-Authenticate: Digest realm=\"carrier.example\", nonce=\"{nonce}\", qop=\"auth\"\n")
}

fn status(event: Event) -> (u16, Option<String>) {
    match event {
        Event::Response {
            status, headers, ..
        } => (status, headers.first("Expires").map(str::to_owned)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_registration_is_challenged_once_and_refreshed_without_asking() {
    let mut stage = Stage::new();
    let tx = stage.endpoint.register(stage.now, register(3600));
    let first = stage.sent_one();
    assert!(first.starts_with("REGISTER sip:carrier.example SIP/2.0\r\n"));
    assert_eq!(field(&first, "To"), "<sip:4000@carrier.example>");
    assert_eq!(
        field(&first, "Contact"),
        "<sip:4000@192.0.2.9:5060>;+sip.instance=\"<urn:uuid:1>\""
    );
    assert_eq!(field(&first, "Expires"), "3600");
    stage.receive(&answer(&first, "401 Unauthorized", &challenge("n1")));
    let second = stage.sent_one();
    assert_eq!(field(&second, "CSeq"), "2 REGISTER");
    assert!(field(&second, "Authorization").contains("nc=00000001"));
    stage.receive(&answer(&second, "200 OK", "Expires: 1800\n"));
    match stage.event() {
        Event::Response {
            tx: told,
            status: 200,
            headers,
            ..
        } => {
            assert_eq!(told, tx);
            assert_eq!(headers.first("Expires"), Some("1800"));
        }
        other => panic!("{other:?}"),
    }
    stage.endpoint.register(stage.now, register(3600));
    let third = stage.sent_one();
    assert_eq!(field(&third, "Call-ID"), field(&first, "Call-ID"));
    assert_eq!(field(&third, "CSeq"), "3 REGISTER");
    let auth = field(&third, "Authorization");
    assert!(auth.contains("nc=00000002") && auth.contains("nonce=\"n1\""));
    // A registrar that wants each nonce once gets what it wants.
    stage.receive(&answer(&third, "401 Unauthorized", &challenge("n2")));
    let fourth = stage.sent_one();
    assert!(field(&fourth, "Authorization").contains("nonce=\"n2\""));
    stage.receive(&answer(&fourth, "401 Unauthorized", &challenge("n3")));
    assert_eq!(stage.sent(), [] as [String; 0], "the password is wrong");
    assert_eq!(status(stage.event()).0, 401);
}

#[test]
fn a_registration_too_brief_for_the_registrar_is_made_longer_once() {
    let mut stage = Stage::new();
    stage.endpoint.register(stage.now, register(60));
    let first = stage.sent_one();
    let brief = "423 Interval Too Brief";
    stage.receive(&answer(&first, brief, "Min-Expires: 300\n"));
    let second = stage.sent_one();
    assert_eq!(field(&second, "Expires"), "300");
    stage.receive(&answer(&second, "401 Unauthorized", &challenge("n")));
    let third = stage.sent_one();
    assert_eq!(field(&third, "Expires"), "300");
    stage.receive(&answer(&third, brief, "Min-Expires: 301\n"));
    assert_eq!(status(stage.event()).0, 423, "once is enough");
    stage.endpoint.register(stage.now, register(60));
    let next = stage.sent_one();
    stage.receive(&answer(&next, brief, "Min-Expires: 4294967295\n"));
    assert_eq!(
        status(stage.event()).0,
        423,
        "nobody registers for a century"
    );
}

#[test]
fn a_registrar_that_wanted_longer_once_is_asked_for_that_at_once() {
    let mut stage = Stage::new();
    stage.endpoint.register(stage.now, register(60));
    let first = stage.sent_one();
    stage.receive(&answer(
        &first,
        "423 Interval Too Brief",
        "Min-Expires: 300\n",
    ));
    let second = stage.sent_one();
    stage.receive(&answer(&second, "200 OK", ""));
    assert_eq!(status(stage.event()).0, 200);
    stage.endpoint.register(stage.now, register(60));
    assert_eq!(field(&stage.sent_one(), "Expires"), "300");
    stage.endpoint.register(stage.now, register(600));
    assert_eq!(field(&stage.sent_one(), "Expires"), "600");
    stage.endpoint.register(stage.now, register(0));
    assert_eq!(field(&stage.sent_one(), "Expires"), "0", "taken back");
}

#[test]
fn a_proxy_and_the_server_behind_it_may_both_ask() {
    let mut stage = Stage::new();
    stage.endpoint.register(stage.now, register(60));
    let first = stage.sent_one();
    let proxy = challenge("p")
        .replace("WWW", "Proxy")
        .replace("carrier", "proxy");
    stage.receive(&answer(&first, "407 Proxy Authentication Required", &proxy));
    let second = stage.sent_one();
    assert!(field(&second, "Proxy-Authorization").contains("nonce=\"p\""));
    stage.receive(&answer(&second, "401 Unauthorized", &challenge("w")));
    let third = stage.sent_one();
    assert!(field(&third, "Proxy-Authorization").contains("nc=00000002"));
    assert!(field(&third, "Authorization").contains("nonce=\"w\""));
    stage.receive(&answer(&third, "200 OK", ""));
    assert_eq!(status(stage.event()).0, 200);
}

#[test]
fn a_registrar_that_is_silent_or_unreachable_is_told() {
    let mut stage = Stage::new();
    stage.endpoint.register(stage.now, register(60));
    stage.run_until(33_000);
    assert_eq!(status(stage.event()).0, 408);
    let to = "tcp:192.0.2.1:5060".parse().unwrap();
    stage
        .endpoint
        .register(stage.now, OutgoingRegister { to, ..register(60) });
    let sent = stage.sent_one();
    assert!(field(&sent, "Contact").contains(";transport=tcp>"));
    stage.endpoint.transport_lost(stage.now, to);
    assert_eq!(status(stage.event()).0, 503);
}

#[test]
fn more_registrations_than_there_is_room_for_forget_the_oldest_only() {
    let mut stage = Stage::new();
    let mut call_ids = Vec::new();
    for n in 0..=sip::limits::MAX_REGISTRATIONS {
        let aor = Uri::parse(&format!("sip:{n}@carrier.example")).unwrap();
        stage.endpoint.register(
            stage.now,
            OutgoingRegister {
                aor,
                ..register(60)
            },
        );
        call_ids.push(field(&stage.sent_one(), "Call-ID"));
    }
    let again = |stage: &mut Stage, n: usize| {
        let aor = Uri::parse(&format!("sip:{n}@carrier.example")).unwrap();
        stage.endpoint.register(
            stage.now,
            OutgoingRegister {
                aor,
                ..register(60)
            },
        );
        field(&stage.sent_one(), "Call-ID")
    };
    assert_eq!(again(&mut stage, 1), call_ids[1]);
    assert_ne!(again(&mut stage, 0), call_ids[0]);
}

#[test]
fn a_request_outside_any_dialog_is_sent_and_its_answer_told() {
    let mut stage = Stage::new();
    let to = "192.0.2.1:5060".parse().unwrap();
    let uri = Uri::parse("sip:1001@192.0.2.1").unwrap();
    let headers = vec![("Event".to_owned(), "message-summary".to_owned())];
    let notify = OutgoingRequest {
        to,
        method: Method::Notify,
        uri,
        headers,
        body: None,
    };
    let tx = stage.endpoint.request_to(stage.now, notify.clone());
    let sent = stage.sent_one();
    assert!(sent.starts_with("NOTIFY sip:1001@192.0.2.1 SIP/2.0\r\n"));
    assert_eq!(field(&sent, "Event"), "message-summary");
    stage.receive(&answer(&sent, "202 Accepted", ""));
    assert!(matches!(stage.event(), Event::Response { tx: told, status: 202, .. } if told == tx));
    let method = Method::Cancel;
    let cancel = OutgoingRequest { method, ..notify };
    let tx = stage.endpoint.request_to(stage.now, cancel);
    assert!(matches!(stage.event(), Event::Response { tx: told, status: 400, .. } if told == tx));
}
