//! Calls of ours: client INVITE transactions, CANCEL, forks, ACK.

use sip::{Body, Event, Method};

use crate::world::{SDP, Stage, answer, field, outgoing, tag};

const CONTACT: &str = "Contact: <sip:bob@192.0.2.1:5060>\n";

fn placed(stage: &mut Stage) -> (sip::DialogId, String) {
    let dialog = stage.endpoint.invite(stage.now, outgoing());
    (dialog, stage.sent_one())
}

#[test]
fn unanswered_invite_is_repeated_by_timer_a_and_given_up_by_timer_b() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    assert!(field(&invite, "Via").ends_with(";rport;oc;oc-algo=\"loss\""));
    assert_eq!(
        field(&invite, "From").split(';').next(),
        Some("\"The \\\"Box\\\"\" <sip:box@192.0.2.9>")
    );
    let times: Vec<u128> = stage
        .run_until(31_999)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(times, [500, 1500, 3500, 7500, 15_500, 31_500]);
    stage.run_until(32_000);
    let reason = "no answer".to_owned();
    assert_eq!(
        stage.event(),
        Event::Rejected {
            dialog,
            status: 408,
            reason,
            headers: sip::Headers::default()
        }
    );
    assert_eq!(
        (
            stage.endpoint.stats().transactions,
            stage.endpoint.stats().dialogs
        ),
        (0, 0)
    );
}

#[test]
fn ringing_stops_the_timers_for_as_long_as_it_likes() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    stage.receive(&answer(&invite, "100 Trying", ""));
    assert_eq!(stage.events(), []);
    stage.receive(&answer(&invite, "180 Ringing", CONTACT));
    assert_eq!(
        stage.event(),
        Event::Progress {
            dialog,
            fork: 0,
            is_reliable: false,
            status: 180,
            body: None
        }
    );
    assert_eq!(
        stage.endpoint.poll_timeout(),
        None,
        "no limit on ringing here"
    );
}

#[test]
fn an_answer_with_another_call_id_tag_or_number_is_no_answer() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    let ok = answer(&invite, "200 OK", CONTACT);
    let call_id = field(&ok, "Call-ID");
    let tag = tag(&ok, "From");
    for wrong in [
        ok.replace(&call_id, &format!("x{call_id}")),
        ok.replace(&tag, &format!("{tag}x")),
        ok.replace("CSeq: 1 INVITE", "CSeq: 2 INVITE"),
    ] {
        assert_ne!(wrong, ok);
        stage.receive(&wrong);
        assert_eq!((stage.events(), stage.sent()), (vec![], vec![]), "{wrong}");
    }
    assert_eq!(stage.endpoint.stats().received.strays, 3);
    stage.receive(&ok);
    assert!(matches!(stage.event(), Event::Answered { dialog: d, .. } if d == dialog));
    assert!(stage.sent_one().starts_with("ACK "));
    // Once it is answered too: it would be taken for another phone that picked up.
    stage.receive(&ok.replace(&call_id, &format!("x{call_id}")));
    assert_eq!(stage.sent(), Vec::<String>::new());
}

#[test]
fn answered_call_is_acknowledged_and_each_copy_of_the_answer_again() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    let routes = "Record-Route: <sip:192.0.2.2;lr>, <sip:192.0.2.3;lr>\n";
    let ok = answer(&invite, "200 OK", &format!("{CONTACT}{routes}"));
    stage.receive(&ok);
    let ack = stage.endpoint.poll_transmit().unwrap();
    assert_eq!(
        ack.to,
        "192.0.2.3:5060".parse().unwrap(),
        "the route set is reversed"
    );
    let text = crate::world::text(ack);
    assert!(text.starts_with("ACK sip:bob@192.0.2.1:5060 SIP/2.0"));
    assert!(
        text.contains("Route: <sip:192.0.2.3;lr>\r\nRoute: <sip:192.0.2.2;lr>\r\n"),
        "{text}"
    );
    assert_ne!(field(&text, "Via"), field(&invite, "Via"));
    assert!(matches!(stage.event(), Event::Answered { dialog: d, body: None, .. } if d == dialog));
    stage.receive(&ok);
    assert_eq!(stage.sent_one(), text);
    assert_eq!(stage.events(), []);
    stage.run_until(32_000);
    assert_eq!(stage.endpoint.stats().transactions, 0, "timer M");
    stage.endpoint.bye(stage.now, dialog, Vec::new());
    let bye = stage.sent_one();
    assert_eq!(field(&bye, "CSeq"), "2 BYE");
    stage.receive(&answer(&bye, "200 OK", ""));
    assert_eq!(stage.endpoint.stats().dialogs, 0);
    stage.run_until(37_000);
    assert_eq!(stage.endpoint.stats().transactions, 0, "timer K");
}

#[test]
fn strict_router_gets_itself_as_request_uri() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    let routes = "Record-Route: <sip:192.0.2.2>\n";
    stage.receive(&answer(&invite, "200 OK", &format!("{CONTACT}{routes}")));
    let ack = stage.sent_one();
    assert!(ack.starts_with("ACK sip:192.0.2.2 SIP/2.0"), "{ack}");
    assert_eq!(field(&ack, "Route"), "<sip:bob@192.0.2.1:5060>");
    let _ = dialog;
}

#[test]
fn refusal_is_acknowledged_on_its_own_branch_and_copies_for_timer_d() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    let busy = answer(&invite, "486 Busy Here", "");
    stage.receive(&busy);
    let ack = stage.sent_one();
    assert!(ack.starts_with("ACK sip:bob@192.0.2.1 SIP/2.0"));
    assert_eq!(field(&ack, "Via"), field(&invite, "Via"));
    assert_eq!(field(&ack, "CSeq"), "1 ACK");
    assert!(field(&ack, "To").ends_with(";tag=bob"));
    let Event::Rejected {
        dialog: rejected,
        status: 486,
        reason,
        headers,
    } = stage.event()
    else {
        panic!("not rejected")
    };
    assert_eq!((rejected, reason.as_str()), (dialog, "Busy Here"));
    assert_eq!(headers.first("CSeq"), Some("1 INVITE"));
    stage.receive(&busy);
    assert_eq!(stage.sent_one(), ack);
    assert_eq!(stage.wake(), Some((32_000, sip::Reason::RefusalLinger)));
    assert_eq!(stage.endpoint.stats().transactions, 0);
}

#[test]
fn cancel_waits_for_a_first_answer_then_ends_in_487() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    stage.endpoint.cancel(stage.now, dialog);
    assert_eq!(
        stage.sent(),
        Vec::<String>::new(),
        "nothing was heard yet (9.1)"
    );
    stage.receive(&answer(&invite, "100 Trying", ""));
    let cancel = stage.sent_one();
    assert!(cancel.starts_with("CANCEL sip:bob@192.0.2.1 SIP/2.0"));
    assert_eq!(field(&cancel, "Via"), field(&invite, "Via"));
    assert_eq!(field(&cancel, "CSeq"), "1 CANCEL");
    stage.receive(&answer(&invite, "180 Ringing", ""));
    assert_eq!(stage.sent(), Vec::<String>::new(), "one CANCEL is enough");
    stage.receive(&answer(&cancel, "200 OK", ""));
    stage.receive(&answer(&invite, "487 Request Terminated", ""));
    assert!(stage.sent_one().starts_with("ACK "));
    assert!(matches!(stage.event(), Event::Rejected { status: 487, .. }));
    stage.run_until(60_000);
    assert_eq!(
        (
            stage.endpoint.stats().transactions,
            stage.endpoint.stats().dialogs
        ),
        (0, 0)
    );
}

#[test]
fn answer_that_crosses_a_cancel_is_acknowledged_and_ended() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    stage.receive(&answer(&invite, "180 Ringing", ""));
    stage.events();
    stage.endpoint.cancel(stage.now, dialog);
    stage.sent();
    stage.receive(&answer(&invite, "200 OK", CONTACT));
    let sent = stage.sent();
    assert!(
        sent[0].starts_with("ACK ") && sent[1].starts_with("BYE "),
        "{sent:?}"
    );
    assert!(matches!(stage.event(), Event::Rejected { status: 487, .. }));
    stage.receive(&answer(&sent[1], "200 OK", ""));
    stage.run_until(120_000);
    assert_eq!(
        (
            stage.endpoint.stats().transactions,
            stage.endpoint.stats().dialogs
        ),
        (0, 0)
    );
}

#[test]
fn cancel_nobody_answers_ends_after_64_t1() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    stage.receive(&answer(&invite, "180 Ringing", ""));
    stage.events();
    stage.endpoint.cancel(stage.now, dialog);
    stage.run_until(32_000);
    assert!(matches!(stage.event(), Event::Rejected { status: 487, .. }));
    assert_eq!(
        (
            stage.endpoint.stats().transactions,
            stage.endpoint.stats().dialogs
        ),
        (0, 0)
    );
}

#[test]
fn second_phone_that_picks_up_is_acknowledged_and_ended() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    stage.receive(&answer(&invite, "200 OK", CONTACT));
    stage.sent();
    assert!(matches!(stage.event(), Event::Answered { dialog: d, body: None, .. } if d == dialog));
    let other = answer(&invite, "200 OK", CONTACT).replace(";tag=bob", ";tag=carol");
    stage.receive(&other);
    let sent = stage.sent();
    assert!(
        sent[0].starts_with("ACK ") && sent[1].starts_with("BYE "),
        "{sent:?}"
    );
    assert!(sent.iter().all(|m| field(m, "To").ends_with(";tag=carol")));
    assert_eq!(stage.events(), []);
    assert_eq!(stage.endpoint.stats().dialogs, 1);
}

#[test]
fn reinvite_is_acknowledged_and_a_second_one_meanwhile_refused() {
    let mut stage = Stage::new();
    let (dialog, invite) = placed(&mut stage);
    stage.receive(&answer(&invite, "200 OK", CONTACT));
    stage.sent();
    stage.events();
    let body = Some(Body::new("application/sdp", SDP));
    let tx = stage
        .endpoint
        .request(stage.now, dialog, Method::Invite, Vec::new(), body);
    let again = stage.sent_one();
    assert!(field(&again, "To").ends_with(";tag=bob"));
    let busy = stage
        .endpoint
        .request(stage.now, dialog, Method::Invite, Vec::new(), None);
    assert!(matches!(stage.event(), Event::Response { tx, status: 491, .. } if tx == busy));
    stage.receive(&answer(
        &again,
        "200 OK",
        "Contact: <sip:bob@192.0.2.7:5070>\n",
    ));
    assert!(
        stage
            .sent_one()
            .starts_with("ACK sip:bob@192.0.2.7:5070 SIP/2.0")
    );
    assert!(matches!(stage.event(), Event::Response { tx: told, status: 200, .. } if told == tx));
    stage.receive(&answer(
        &again,
        "200 OK",
        "Contact: <sip:bob@192.0.2.7:5070>\n",
    ));
    assert!(stage.sent_one().starts_with("ACK "), "its copy");
    assert_eq!(stage.events(), []);
}

/// A call of ours that asks for a session of so many seconds.
fn timed(stage: &mut Stage, seconds: &str) -> (sip::DialogId, String) {
    let mut invite = outgoing();
    let fields = [("Session-Expires", seconds), ("Min-SE", "90")];
    invite.headers = fields.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    let dialog = stage.endpoint.invite(stage.now, invite);
    (dialog, stage.sent_one())
}

#[test]
fn a_session_too_brief_for_the_peer_is_made_longer_in_the_same_call_once() {
    const BRIEF: &str = "422 Session Interval Too Small";
    let mut stage = Stage::new();
    let (dialog, first) = timed(&mut stage, "300;refresher=uac");
    stage.receive(&answer(&first, BRIEF, "Min-SE: 600;lr\n"));
    let sent = stage.sent();
    let [ack, second] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    assert!(ack.starts_with("ACK "));
    for name in ["Call-ID", "From", "To"] {
        assert_eq!(field(second, name), field(&first, name));
    }
    assert_eq!(field(second, "CSeq"), "2 INVITE");
    assert_eq!(field(second, "Session-Expires"), "600;refresher=uac");
    assert_eq!(field(second, "Min-SE"), "600");
    stage.receive(&answer(second, BRIEF, "Min-SE: 900\n"));
    assert!(matches!(
        stage.event(),
        Event::Rejected { dialog: told, status: 422, .. } if told == dialog
    ));
}

#[test]
fn a_peer_that_finds_a_session_too_brief_without_a_reason_is_not_asked_again() {
    for least in ["", "Min-SE: 300\n", "Min-SE: x\n", "Min-SE: 7201\n"] {
        let mut stage = Stage::new();
        let (_, first) = timed(&mut stage, "300");
        stage.receive(&answer(&first, "422 Session Interval Too Small", least));
        assert_eq!(stage.sent().len(), 1, "the ACK alone, with {least:?}");
        assert!(matches!(stage.event(), Event::Rejected { status: 422, .. }));
    }
}
