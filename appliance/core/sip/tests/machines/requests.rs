//! Everything but calls: non-INVITE transactions, both sides, in and out of dialogs.

use sip::{Body, EndedBy, Event, Method, Reply};

use crate::world::{Stage, answer, field, in_dialog, invite, ok, tag};

fn options(branch: &str) -> String {
    format!(
        "OPTIONS sip:192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{branch}\n\
         From: <sip:ann@192.0.2.1>;tag=o{branch}\nTo: <sip:192.0.2.9>\nCall-ID: {branch}\nCSeq: 1 OPTIONS\n\
         Max-Forwards: 70\nContent-Length: 0\n\n"
    )
}

#[test]
fn options_goes_to_the_owner_and_its_answer_lingers_for_timer_j() {
    let mut stage = Stage::new();
    stage.receive(&options("a"));
    let Event::Request {
        tx,
        dialog: None,
        request,
        ..
    } = stage.event()
    else {
        panic!()
    };
    assert_eq!(request.method, Method::Options);
    stage.receive(&options("a"));
    assert_eq!(
        (stage.sent(), stage.events()),
        (Vec::new(), Vec::new()),
        "nothing to repeat yet"
    );
    stage.endpoint.respond(
        stage.now,
        tx,
        &Reply::new(200).with_header("Allow", "INVITE"),
    );
    let answer = stage.sent_one();
    assert!(!answer.contains("Contact"));
    stage.receive(&options("a"));
    assert_eq!(stage.sent_one(), answer);
    assert_eq!(stage.wake(), Some((32_000, sip::Reason::RequestLinger)));
    assert_eq!(stage.endpoint.stats().transactions, 0);
}

#[test]
fn unanswered_request_is_repeated_by_timer_e_and_given_up_by_timer_f() {
    let mut stage = Stage::new();
    let tx = stage
        .endpoint
        .send_options(stage.now, stage.peer, "sip:192.0.2.1");
    stage.sent_one();
    let times: Vec<u128> = stage
        .run_until(31_999)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(
        times,
        [
            500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
    stage.run_until(32_000);
    assert!(matches!(stage.event(), Event::Response { tx: t, status: 408, .. } if t == tx));
    assert_eq!(stage.endpoint.poll_timeout(), None);
}

#[test]
fn provisional_answer_slows_timer_e_down_to_t2() {
    let mut stage = Stage::new();
    stage
        .endpoint
        .send_options(stage.now, stage.peer, "sip:192.0.2.1");
    let request = stage.sent_one();
    stage.run_until(500);
    stage.receive(&answer(&request, "100 Trying", ""));
    let times: Vec<u128> = stage
        .run_until(12_000)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(times, [1500, 5500, 9500]);
}

#[test]
fn answer_is_told_once_and_its_copies_absorbed_for_timer_k() {
    let mut stage = Stage::new();
    let tx = stage
        .endpoint
        .send_options(stage.now, stage.peer, "sip:192.0.2.1");
    let request = stage.sent_one();
    let ok = answer(&request, "200 OK", "Allow: INVITE\n");
    stage.receive(&ok);
    let Event::Response {
        tx: told,
        status,
        headers,
        ..
    } = stage.event()
    else {
        panic!()
    };
    assert_eq!(
        (told, status, headers.first("allow")),
        (tx, 200, Some("INVITE"))
    );
    stage.receive(&ok);
    assert_eq!(stage.events(), []);
    assert_eq!(stage.wake(), Some((5000, sip::Reason::AnswerLinger)));
    stage.receive(&ok);
    assert_eq!(stage.endpoint.stats().received.strays, 1);
}

/// A call that stands; the dialog and our tag.
fn standing(stage: &mut Stage) -> (sip::DialogId, String) {
    let tx = stage.invited();
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let our_tag = tag(&stage.sent_one(), "To");
    stage.receive(&in_dialog("ACK", 1, "ack", &our_tag));
    stage.events();
    (dialog, our_tag)
}

#[test]
fn requests_inside_a_call_name_their_dialog_and_keep_their_order() {
    let mut stage = Stage::new();
    let (dialog, our_tag) = standing(&mut stage);
    stage.receive(&in_dialog("INFO", 5, "i", &our_tag));
    let Event::Request {
        tx,
        dialog: Some(found),
        ..
    } = stage.event()
    else {
        panic!()
    };
    assert_eq!(found, dialog);
    stage.endpoint.respond(stage.now, tx, &Reply::new(200));
    stage.sent();
    stage.receive(&in_dialog("INFO", 4, "late", &our_tag));
    assert!(
        stage.sent_one().starts_with("SIP/2.0 500"),
        "an older CSeq (12.2.2)"
    );
    assert_eq!(stage.events(), []);
    stage.receive(&in_dialog("INFO", 6, "x", "unknown"));
    assert!(
        matches!(stage.event(), Event::Request { dialog: None, .. }),
        "for the owner to refuse"
    );
}

#[test]
fn refer_and_its_answer_travel_inside_the_dialog() {
    let mut stage = Stage::new();
    let (dialog, our_tag) = standing(&mut stage);
    let headers = vec![("Refer-To".to_owned(), "<sip:5000@192.0.2.1>".to_owned())];
    let tx = stage
        .endpoint
        .request(stage.now, dialog, Method::Refer, headers, None);
    let refer = stage.sent_one();
    assert_eq!(field(&refer, "Refer-To"), "<sip:5000@192.0.2.1>");
    assert_eq!(tag(&refer, "From"), our_tag);
    stage.receive(&answer(&refer, "202 Accepted", ""));
    let Event::Response {
        tx: told,
        status: 202,
        request_dialog,
        ..
    } = stage.event()
    else {
        panic!()
    };
    assert_eq!((told, request_dialog), (tx, Some(dialog)));
    let notify = in_dialog("NOTIFY", 2, "n", &our_tag).replace(
        "Content-Length: 0\n\n",
        "Event: refer\nContent-Type: message/sipfrag\nContent-Length: 16\n\nSIP/2.0 200 OK\n",
    );
    stage.receive(&notify);
    let Event::Request { request, .. } = stage.event() else {
        panic!()
    };
    assert_eq!(request.headers.first("Event"), Some("refer"));
    assert_eq!(
        request.body,
        Some(Body::new("message/sipfrag", "SIP/2.0 200 OK\r\n"))
    );
}

#[test]
fn peer_that_no_longer_knows_the_call_ends_it() {
    let mut stage = Stage::new();
    let (dialog, _) = standing(&mut stage);
    stage
        .endpoint
        .request(stage.now, dialog, Method::Info, Vec::new(), None);
    let info = stage.sent_one();
    stage.receive(&answer(&info, "481 Call/Transaction Does Not Exist", ""));
    let events = stage.events();
    assert!(matches!(events[0], Event::Response { status: 481, .. }));
    assert_eq!(
        events[1],
        Event::Ended {
            dialog,
            by: EndedBy::Timeout
        }
    );
    assert!(stage.sent_one().starts_with("BYE "));
}

#[test]
fn request_in_a_dialog_that_is_gone_is_answered_481_at_once() {
    let mut stage = Stage::new();
    let gone = sip::DialogId(999);
    let tx = stage
        .endpoint
        .request(stage.now, gone, Method::Info, Vec::new(), None);
    assert!(matches!(stage.event(), Event::Response { tx: t, status: 481, .. } if t == tx));
    stage.endpoint.bye(stage.now, gone, Vec::new());
    stage.endpoint.cancel(stage.now, gone);
    assert_eq!((stage.sent(), stage.events()), (Vec::new(), Vec::new()));
}

#[test]
fn reinvite_of_the_peer_is_answered_like_an_invite() {
    let mut stage = Stage::new();
    let (dialog, our_tag) = standing(&mut stage);
    let again = in_dialog("INVITE", 2, "re", &our_tag).replace(
        "Contact: <sip:ann@192.0.2.1:5060>",
        "Contact: <sip:ann@192.0.2.1:5099>",
    );
    stage.receive(&again);
    let Event::Request {
        tx,
        dialog: Some(_),
        ..
    } = stage.event()
    else {
        panic!()
    };
    stage.endpoint.respond(stage.now, tx, &ok());
    stage.sent();
    stage.receive(&in_dialog("INVITE", 3, "re2", &our_tag));
    let refused = stage.sent_one();
    assert!(
        refused.starts_with("SIP/2.0 500") && refused.contains("Retry-After: "),
        "{refused}"
    );
    assert_eq!(
        stage.run_until(500).len(),
        2,
        "our 2xx, and the refusal, are repeated"
    );
    stage.receive(&in_dialog("ACK", 2, "reack", &our_tag));
    assert_eq!(stage.event(), Event::Acked { dialog, body: None });
    stage.endpoint.bye(stage.now, dialog, Vec::new());
    let bye = stage.sent().pop().unwrap();
    assert!(
        bye.starts_with("BYE sip:ann@192.0.2.1:5099"),
        "the new target: {bye}"
    );
}

#[test]
fn reinvite_that_crosses_ours_is_pending() {
    let mut stage = Stage::new();
    let (dialog, our_tag) = standing(&mut stage);
    stage
        .endpoint
        .request(stage.now, dialog, Method::Invite, Vec::new(), None);
    stage.sent();
    stage.receive(&in_dialog("INVITE", 2, "re", &our_tag));
    assert!(stage.sent_one().starts_with("SIP/2.0 491"));
}

#[test]
fn answers_go_where_rport_or_the_via_says() {
    let mut stage = Stage::new();
    stage.peer = "203.0.113.5:40000".parse().unwrap();
    stage.receive(&options("p").replace("192.0.2.1:5060;", "10.0.0.1:5080;rport;"));
    let Event::Request { tx, .. } = stage.event() else {
        panic!()
    };
    stage.endpoint.respond(stage.now, tx, &Reply::new(200));
    let transmit = stage.endpoint.poll_transmit().unwrap();
    assert_eq!(transmit.to, stage.peer);
    let via = field(&crate::world::text(transmit), "Via");
    assert!(via.ends_with(";received=203.0.113.5;rport=40000"), "{via}");
    stage.receive(&options("q").replace("192.0.2.1:5060;", "10.0.0.1:5080;"));
    let Event::Request { tx, .. } = stage.event() else {
        panic!()
    };
    stage.endpoint.respond(stage.now, tx, &Reply::new(200));
    assert_eq!(
        stage.endpoint.poll_transmit().unwrap().to,
        "203.0.113.5:5080".parse().unwrap()
    );
}

#[test]
fn requests_to_a_peer_behind_nat_go_where_it_is_seen() {
    let mut stage = Stage::new();
    stage.peer = "203.0.113.5:40000".parse().unwrap();
    let nat = invite("n")
        .replace("Record-Route: <sip:192.0.2.1;lr>\n", "")
        .replace("ann@192.0.2.1:5060", "ann@10.0.0.1:5060");
    stage.receive(&nat);
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let our_tag = tag(&stage.sent_one(), "To");
    stage.receive(&in_dialog("ACK", 1, "ack", &our_tag));
    stage.endpoint.bye(stage.now, dialog, Vec::new());
    let bye = stage.endpoint.poll_transmit().unwrap();
    assert_eq!(bye.to, stage.peer);
    assert!(crate::world::text(bye).starts_with("BYE sip:ann@10.0.0.1:5060"));
}
