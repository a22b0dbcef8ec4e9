//! Calls of peers: server INVITE transactions and the dialogs they make.

use sip::{EndedBy, Event, Reply};

use crate::world::{Stage, ack_refusal, cancel, field, in_dialog, invite, ok, tag};

#[test]
fn invite_without_a_word_from_the_owner_is_told_trying_after_200_ms() {
    let mut stage = Stage::new();
    stage.invited();
    assert_eq!(stage.run_until(199), []);
    assert_eq!(
        stage.run_until(200),
        [(200, "SIP/2.0 100 Trying".to_owned())]
    );
    stage.receive(&invite("a"));
    assert!(stage.sent_one().starts_with("SIP/2.0 100"));
    assert_eq!(stage.events(), []);
}

#[test]
fn refusal_is_repeated_by_timer_g_until_timer_h() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    stage.endpoint.respond(stage.now, tx, &Reply::new(486));
    let answer = stage.sent_one();
    assert!(answer.starts_with("SIP/2.0 486 Busy Here\r\n"), "{answer}");
    assert_eq!(
        field(&answer, "Via"),
        "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;received=192.0.2.1;rport=5060"
    );
    let times: Vec<u128> = stage
        .run_until(32_000)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(
        times,
        [
            500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500
        ]
    );
    assert_eq!(stage.endpoint.stats().transactions, 0, "timer H");
    assert_eq!(stage.endpoint.poll_timeout(), None);
}

#[test]
fn acknowledged_refusal_is_quiet_and_forgotten_after_timer_i() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    stage.endpoint.respond(stage.now, tx, &Reply::new(486));
    let our_tag = tag(&stage.sent_one(), "To");
    stage.receive(&ack_refusal("a", &our_tag));
    stage.receive(&ack_refusal("a", &our_tag));
    stage.receive(&invite("a"));
    assert_eq!(stage.sent(), Vec::<String>::new());
    assert_eq!(stage.wake(), Some((5000, sip::Reason::AckLinger)));
    assert_eq!(stage.endpoint.stats().transactions, 0);
    assert_eq!(stage.events(), []);
}

#[test]
fn copies_of_an_invite_get_the_last_answer_again() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(180), false);
    let ringing = stage.sent_one();
    assert!(
        ringing.contains("Record-Route: <sip:192.0.2.1;lr>\r\n"),
        "{ringing}"
    );
    assert_eq!(field(&ringing, "Contact"), "<sip:192.0.2.9:5060>");
    stage.receive(&invite("a"));
    assert_eq!(stage.sent_one(), ringing);
    stage.endpoint.respond(stage.now, tx, &Reply::new(603));
    let refusal = stage.sent_one();
    stage.receive(&invite("a"));
    assert_eq!(stage.sent_one(), refusal);
    assert_eq!(tag(&ringing, "To"), tag(&refusal, "To"));
    assert_eq!(stage.endpoint.stats().retransmissions_received, 2);
    assert_eq!(
        stage.endpoint.stats().dialogs,
        0,
        "the early dialog is gone"
    );
}

#[test]
fn lost_2xx_is_repeated_until_its_ack_and_copies_of_the_invite_are_absorbed() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let answer = stage.sent_one();
    let our_tag = tag(&answer, "To");
    stage.receive(&invite("a"));
    assert_eq!(
        stage.sent(),
        Vec::<String>::new(),
        "accepted: absorbed (RFC 6026)"
    );
    let times: Vec<u128> = stage
        .run_until(9000)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(times, [500, 1500, 3500, 7500]);
    stage.receive(&in_dialog("ACK", 1, "ack", &our_tag));
    assert_eq!(stage.event(), Event::Acked { dialog, body: None });
    stage.receive(&in_dialog("ACK", 1, "ack", &our_tag));
    assert_eq!(stage.events(), [], "a copy of the ACK tells nothing");
    assert_eq!(stage.run_until(31_999), []);
    assert_eq!(stage.endpoint.stats().transactions, 1);
    stage.run_until(32_000);
    assert_eq!(stage.endpoint.stats().transactions, 0, "timer L");
    assert_eq!(stage.endpoint.stats().dialogs, 1);
}

#[test]
fn ack_with_a_body_brings_the_answer() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let our_tag = tag(&stage.sent_one(), "To");
    let ack = in_dialog("ACK", 1, "ack", &our_tag).replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\nv=1\n",
    );
    stage.receive(&ack);
    let Event::Acked {
        dialog: acked,
        body,
    } = stage.event()
    else {
        panic!()
    };
    assert_eq!((acked, body.unwrap().bytes), (dialog, b"v=1\r\n".to_vec()));
}

#[test]
fn lost_ack_ends_in_bye_after_64_t1() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    stage.sent();
    let sent = stage.run_until(32_000);
    assert_eq!(sent.len(), 11, "{sent:?}");
    assert_eq!(
        sent[10],
        (32_000, "BYE sip:ann@192.0.2.1:5060 SIP/2.0".to_owned())
    );
    assert_eq!(stage.event(), Event::Unacknowledged { dialog });
    stage.run_until(64_000);
    assert_eq!(stage.endpoint.stats().dialogs, 0, "timer F");
    assert_eq!(stage.endpoint.stats().transactions, 0);
    assert_eq!(stage.events(), []);
}

#[test]
fn cancel_is_answered_and_its_invite_refused_487() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(180), false);
    stage.sent();
    stage.receive(&cancel("a"));
    let sent = stage.sent();
    assert!(sent[0].starts_with("SIP/2.0 200 OK\r\n") && sent[0].contains("CSeq: 1 CANCEL"));
    assert!(sent[1].starts_with("SIP/2.0 487 Request Terminated\r\n"));
    assert_eq!(tag(&sent[0], "To"), tag(&sent[1], "To"));
    assert_eq!(stage.event(), Event::Cancelled { tx, reason: None });
    assert_eq!(stage.endpoint.stats().dialogs, 0);
    stage.receive(&cancel("a"));
    assert!(
        stage.sent_one().starts_with("SIP/2.0 200"),
        "a copy of the CANCEL"
    );
    assert_eq!(stage.events(), []);
    stage.endpoint.accept(stage.now, tx, &ok());
    assert_eq!(stage.sent(), Vec::<String>::new(), "too late to accept");
}

#[test]
fn cancel_after_the_answer_changes_nothing() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let our_tag = tag(&stage.sent_one(), "To");
    stage.receive(&cancel("a"));
    assert!(stage.sent_one().contains("CSeq: 1 CANCEL"));
    assert_eq!(stage.events(), []);
    stage.receive(&in_dialog("ACK", 1, "ack", &our_tag));
    assert_eq!(stage.event(), Event::Acked { dialog, body: None });
}

#[test]
fn cancel_of_nothing_is_the_owners_to_answer() {
    let mut stage = Stage::new();
    stage.receive(&cancel("zzz"));
    let Event::Request {
        tx,
        dialog: None,
        request,
        ..
    } = stage.event()
    else {
        panic!()
    };
    assert_eq!(request.method, sip::Method::Cancel);
    stage.endpoint.respond(stage.now, tx, &Reply::new(481));
    assert!(stage.sent_one().starts_with("SIP/2.0 481"));
}

#[test]
fn bye_of_the_peer_is_answered_and_ends_the_dialog() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let our_tag = tag(&stage.sent_one(), "To");
    stage.receive(&in_dialog("ACK", 1, "ack", &our_tag));
    stage.events();
    let bye = in_dialog("BYE", 2, "bye", &our_tag)
        .replace("Max-Forwards", "Reason: Q.850;cause=16\nMax-Forwards");
    stage.receive(&bye);
    assert!(stage.sent_one().starts_with("SIP/2.0 200 OK"));
    let reason = Some("Q.850;cause=16".to_owned());
    assert_eq!(
        stage.event(),
        Event::Ended {
            dialog,
            by: EndedBy::Peer { reason }
        }
    );
    stage.receive(&bye);
    assert!(
        stage.sent_one().starts_with("SIP/2.0 200 OK"),
        "its copy is absorbed (timer J)"
    );
    assert_eq!(stage.events(), []);
    assert_eq!(stage.endpoint.stats().dialogs, 0);
    stage.run_until(32_000);
    assert_eq!(stage.endpoint.stats().transactions, 0);
    assert_eq!(stage.endpoint.poll_timeout(), None);
}

#[test]
fn bye_in_an_early_dialog_ends_the_invite_too() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    let dialog = stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(183), false);
    let our_tag = tag(&stage.sent_one(), "To");
    stage.receive(&in_dialog("BYE", 2, "bye", &our_tag));
    let lines: Vec<String> = stage
        .sent()
        .iter()
        .map(|m| m.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(lines, ["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"]);
    assert_eq!(
        stage.event(),
        Event::Ended {
            dialog,
            by: EndedBy::Peer { reason: None }
        }
    );
}

#[test]
fn our_bye_waits_for_the_ack_of_our_answer() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let our_tag = tag(&stage.sent_one(), "To");
    let cause = vec![("Reason".to_owned(), "Q.850;cause=16".to_owned())];
    stage.endpoint.bye(stage.now, dialog, cause);
    assert_eq!(stage.sent(), Vec::<String>::new());
    stage.receive(&in_dialog("ACK", 1, "ack", &our_tag));
    let bye = stage.sent_one();
    assert!(bye.starts_with("BYE sip:ann@192.0.2.1:5060 SIP/2.0"));
    assert_eq!(field(&bye, "Route"), "<sip:192.0.2.1;lr>");
    assert_eq!(field(&bye, "Reason"), "Q.850;cause=16");
    assert_eq!(stage.events(), []);
    // Both sides hang up at once: the peer's BYE is answered too, and told to nobody.
    stage.receive(&in_dialog("BYE", 2, "bye", &our_tag));
    assert!(stage.sent_one().starts_with("SIP/2.0 200"));
    stage.receive(&crate::world::answer(&bye, "200 OK", ""));
    assert_eq!(stage.events(), []);
    assert_eq!(stage.endpoint.stats().dialogs, 0);
}

#[test]
fn our_bye_before_the_answer_refuses_the_call() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    let dialog = stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(180), false);
    stage.sent();
    stage.endpoint.bye(stage.now, dialog, Vec::new());
    assert!(stage.sent_one().starts_with("SIP/2.0 480"));
    assert_eq!(stage.endpoint.stats().dialogs, 0);
}

#[test]
fn dropped_invite_leaves_nothing_behind() {
    let mut stage = Stage::new();
    let tx = stage.invited();
    stage.endpoint.drop_silently(tx);
    assert_eq!(stage.endpoint.poll_timeout(), None);
    assert_eq!(
        (stage.sent(), stage.endpoint.stats().transactions),
        (Vec::new(), 0)
    );
}

#[test]
fn rfc_2543_callers_are_matched_by_their_fields() {
    let mut stage = Stage::new();
    let old = invite("a")
        .replace(";branch=z9hG4bKa;rport", "")
        .replace(";tag=ann", "");
    stage.receive(&old);
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    stage.receive(&old);
    assert_eq!(stage.events(), [], "a copy");
    stage.receive(&old.replace("Call-ID: c1", "Call-ID: c2"));
    assert!(
        matches!(stage.event(), Event::Invite { .. }),
        "another call"
    );
    stage.endpoint.respond(stage.now, tx, &Reply::new(486));
    let our_tag = tag(&stage.sent_one(), "To");
    let ack = ack_refusal("a", &our_tag)
        .replace(";branch=z9hG4bKa;rport", "")
        .replace(";tag=ann", "");
    stage.receive(&ack);
    let ours = stage.run_until(4000);
    assert!(
        ours.iter().all(|(_, line)| !line.contains("486")),
        "{ours:?}"
    );
}

#[test]
fn the_same_request_by_two_paths_is_a_loop() {
    let mut stage = Stage::new();
    stage.invited();
    stage.receive(&invite("other"));
    assert!(stage.sent_one().starts_with("SIP/2.0 482"));
    assert_eq!(stage.events(), []);
}
