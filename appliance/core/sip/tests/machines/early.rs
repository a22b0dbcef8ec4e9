//! Before the answer: reliable 1xx both ways, early dialogs of forks, UPDATE in them, offers that come late.

use sip::{Body, DialogId, Event, Method, OutgoingInvite, ReasonHeader, Reply, TxId};

use crate::world::{SDP, Stage, answer, field, in_dialog, invite, ok, outgoing, tag};

const CONTACT: &str = "Contact: <sip:bob@192.0.2.1>\n";

fn sdp() -> Body {
    Body::new("application/sdp", SDP)
}

/// A response of one of the phones a call was forked to.
fn from_fork(request: &str, tag: &str, status: &str, extra: &str) -> String {
    answer(request, status, extra).replace(";tag=bob", &format!(";tag={tag}"))
}

fn reliable(rseq: u32) -> String {
    format!("Require: 100rel\nRSeq: {rseq}\n{CONTACT}")
}

fn placed(stage: &mut Stage) -> (DialogId, String) {
    let dialog = stage.endpoint.invite(stage.now, outgoing());
    (dialog, stage.sent_one())
}

/// An INVITE of a caller who knows reliable 1xx; `tag` is Supported or Require.
fn invited(stage: &mut Stage, header: &str) -> TxId {
    let line = format!("{header}: 100rel\nMax-Forwards");
    stage.receive(&invite("a").replace("Max-Forwards", &line));
    match stage.event() {
        Event::Invite { tx, .. } => tx,
        other => panic!("{other:?}"),
    }
}

fn prack(cseq: u32, rack: &str, our_tag: &str) -> String {
    let line = format!("RAck: {rack}\nMax-Forwards");
    in_dialog("PRACK", cseq, &format!("p{cseq}{}", rack.len()), our_tag)
        .replace("Max-Forwards", &line)
}

#[test]
fn a_reliable_ringing_is_acknowledged_once_and_in_order() {
    let mut stage = Stage::new();
    let (dialog, call) = placed(&mut stage);
    assert!(call.contains("Supported: 100rel\r\n"));
    let ringing = from_fork(&call, "bob", "180 Ringing", &reliable(10));
    stage.receive(&ringing);
    let prack = stage.sent_one();
    assert!(prack.starts_with("PRACK sip:bob@192.0.2.1 SIP/2.0\r\n"));
    assert_eq!(field(&prack, "RAck"), "10 1 INVITE");
    assert_eq!(field(&prack, "CSeq"), "2 PRACK");
    assert!(field(&prack, "To").ends_with(";tag=bob"));
    assert!(matches!(
        stage.event(),
        Event::Progress { dialog: told, fork: 0, status: 180, is_reliable: true, .. } if told == dialog
    ));
    stage.receive(&ringing);
    stage.receive(&from_fork(&call, "bob", "183 Early", &reliable(12)));
    assert_eq!(stage.sent(), [] as [String; 0], "a copy, and one too early");
    assert_eq!(stage.events(), []);
    stage.receive(&answer(&prack, "200 OK", ""));
    stage.receive(&from_fork(&call, "bob", "183 Early", &reliable(11)));
    assert_eq!(field(&stage.sent_one(), "RAck"), "11 1 INVITE");
    stage.events();
    stage.receive(&from_fork(&call, "bob", "200 OK", CONTACT));
    assert_eq!(field(&stage.sent_one(), "CSeq"), "1 ACK");
    assert!(matches!(stage.event(), Event::Answered { .. }));
    stage.endpoint.bye(stage.now, dialog, Vec::new());
    assert_eq!(field(&stage.sent_one(), "CSeq"), "4 BYE");
}

#[test]
fn phones_of_a_fork_are_told_apart_and_the_first_to_answer_has_the_call() {
    let mut stage = Stage::new();
    let (dialog, call) = placed(&mut stage);
    for (phone, rseq) in [("desk", 1), ("soft", 70)] {
        stage.receive(&from_fork(&call, phone, "180 Ringing", &reliable(rseq)));
        let prack = stage.sent_one();
        assert!(field(&prack, "To").ends_with(&format!(";tag={phone}")));
        assert_eq!(field(&prack, "RAck"), format!("{rseq} 1 INVITE"));
    }
    let forks: Vec<usize> = stage
        .events()
        .iter()
        .map(|event| match event {
            Event::Progress { fork, .. } => *fork,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(forks, [0, 1]);
    stage.receive(&from_fork(&call, "desk", "200 OK", CONTACT));
    assert!(field(&stage.sent_one(), "To").ends_with(";tag=desk"));
    assert!(matches!(stage.event(), Event::Answered { dialog: told, .. } if told == dialog));
    stage.receive(&from_fork(&call, "soft", "200 OK", CONTACT));
    let sent = stage.sent();
    assert!(
        sent[0].starts_with("ACK ") && sent[1].starts_with("BYE "),
        "{sent:?}"
    );
    assert!(sent.iter().all(|m| field(m, "To").ends_with(";tag=soft")));
    assert_eq!(stage.events(), []);
    assert_eq!(stage.endpoint.stats().dialogs, 1);
}

#[test]
fn more_phones_than_there_is_room_for_are_passed_over() {
    let mut stage = Stage::new();
    let (_, call) = placed(&mut stage);
    for n in 0..20 {
        stage.receive(&from_fork(&call, &format!("t{n}"), "180 Ringing", CONTACT));
    }
    assert_eq!(stage.events().len(), sip::limits::MAX_FORKS);
}

#[test]
fn an_update_goes_and_comes_before_the_answer() {
    let mut stage = Stage::new();
    let (dialog, call) = placed(&mut stage);
    let now = stage.now;
    let early = stage
        .endpoint
        .request(now, dialog, Method::Update, Vec::new(), Some(sdp()));
    assert!(matches!(stage.event(), Event::Response { tx, status: 481, .. } if tx == early));
    stage.receive(&from_fork(&call, "bob", "183 Early", &reliable(5)));
    stage.sent();
    stage.events();
    stage
        .endpoint
        .request(now, dialog, Method::Update, Vec::new(), Some(sdp()));
    let update = stage.sent_one();
    assert!(update.starts_with("UPDATE sip:bob@192.0.2.1 SIP/2.0\r\n"));
    assert_eq!(field(&update, "CSeq"), "3 UPDATE");
    stage.receive(&answer(&update, "200 OK", CONTACT));
    assert!(matches!(stage.event(), Event::Response { status: 200, .. }));
    let ours = tag(&call, "From");
    let theirs = format!(
        "UPDATE sip:192.0.2.9:5060 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKu;rport\n\
         From: <sip:bob@192.0.2.1>;tag=bob\nTo: <sip:box@192.0.2.9>;tag={ours}\nCall-ID: {}\n\
         CSeq: 7 UPDATE\nMax-Forwards: 70\nContact: <sip:bob@192.0.2.1>\nContent-Length: 0\n\n",
        field(&call, "Call-ID")
    );
    stage.receive(&theirs);
    match stage.event() {
        Event::Request {
            dialog: found, tx, ..
        } => {
            assert_eq!(found, Some(dialog));
            stage.endpoint.respond(stage.now, tx, &Reply::new(200));
        }
        other => panic!("{other:?}"),
    }
    assert!(stage.sent_one().starts_with("SIP/2.0 200 "));
    let bye = theirs
        .replace("UPDATE", "BYE")
        .replace("CSeq: 7", "CSeq: 8")
        .replace("bKu", "bKb");
    stage.receive(&bye);
    assert!(
        stage.sent_one().starts_with("SIP/2.0 481 "),
        "it refuses instead"
    );
}

#[test]
fn our_reliable_ringing_is_repeated_until_its_prack() {
    let mut stage = Stage::new();
    let tx = invited(&mut stage, "Supported");
    let dialog = stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(180), true);
    let ringing = stage.sent_one();
    assert_eq!(field(&ringing, "Require"), "100rel");
    let rseq = field(&ringing, "RSeq");
    let sent = stage.run_until(1_600);
    assert_eq!(
        sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        [500, 1_500]
    );
    let our_tag = tag(&ringing, "To");
    stage.receive(&prack(2, "1 1 INVITE", &our_tag));
    assert!(
        stage.sent_one().starts_with("SIP/2.0 481 "),
        "of nothing of ours"
    );
    stage.receive(&prack(3, &format!("{rseq} 1 INVITE"), &our_tag));
    assert!(stage.sent_one().starts_with("SIP/2.0 200 "));
    let pracked = Event::Pracked {
        tx,
        dialog,
        body: None,
    };
    assert_eq!(stage.event(), pracked);
    assert_eq!(stage.run_until(40_000), []);
    assert_eq!(stage.endpoint.accept(stage.now, tx, &ok()), dialog);
    assert!(stage.sent_one().starts_with("SIP/2.0 200 "));
}

#[test]
fn an_answer_waits_behind_early_media_that_was_not_acknowledged() {
    let mut stage = Stage::new();
    let tx = invited(&mut stage, "Supported");
    let media = Reply::new(183).with_body(sdp());
    stage.endpoint.progress(stage.now, tx, &media, true);
    stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(180), true);
    stage.endpoint.accept(stage.now, tx, &ok());
    let first = stage.sent_one();
    let (our_tag, rseq) = (tag(&first, "To"), field(&first, "RSeq"));
    stage.receive(&prack(2, &format!("{rseq} 1 INVITE"), &our_tag));
    let sent = stage.sent();
    assert!(sent[0].contains("CSeq: 2 PRACK"));
    assert!(sent[1].starts_with("SIP/2.0 180 "), "{sent:?}");
    let next: u32 = rseq.parse::<u32>().unwrap() + 1;
    assert_eq!(field(&sent[1], "RSeq"), next.to_string());
    stage.receive(&prack(3, &format!("{next} 1 INVITE"), &our_tag));
    let sent = stage.sent();
    assert!(sent[1].starts_with("SIP/2.0 200 ") && sent[1].contains("CSeq: 1 INVITE"));
}

#[test]
fn a_caller_who_requires_it_gets_every_ringing_reliably_and_one_who_does_not_know_it_none() {
    let mut stage = Stage::new();
    let tx = invited(&mut stage, "Require");
    stage.endpoint.respond(stage.now, tx, &Reply::new(180));
    assert_eq!(field(&stage.sent_one(), "Require"), "100rel");
    let mut stage = Stage::new();
    let tx = stage.invited();
    stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(180), true);
    assert!(!stage.sent_one().contains("RSeq"));
}

#[test]
fn a_ringing_that_is_never_acknowledged_ends_the_call() {
    let mut stage = Stage::new();
    let tx = invited(&mut stage, "Supported");
    let dialog = stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(180), true);
    let sent = stage.run_until(33_000);
    assert!(
        sent.iter()
            .any(|(at, line)| *at == 32_000 && line.starts_with("SIP/2.0 504 "))
    );
    assert_eq!(stage.event(), Event::Unacknowledged { dialog });
    assert_eq!(stage.endpoint.stats().dialogs, 0);
}

#[test]
fn an_offer_of_ours_in_ringing_is_answered_in_the_prack() {
    let mut stage = Stage::new();
    let bare = invite("a")
        .replace("Max-Forwards", "Supported: 100rel\nMax-Forwards")
        .replace(
            "Content-Type: application/sdp\nContent-Length: 5\n\nv=0\n",
            "Content-Length: 0\n\n",
        );
    stage.receive(&bare);
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    let offer = Reply::new(183).with_body(sdp());
    stage.endpoint.progress(stage.now, tx, &offer, true);
    let sent = stage.sent_one();
    let named = format!("{} 1 INVITE", field(&sent, "RSeq"));
    let with_answer = prack(2, &named, &tag(&sent, "To")).replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\nv=0\n",
    );
    stage.receive(&with_answer);
    assert!(stage.sent_one().starts_with("SIP/2.0 200 "));
    assert!(matches!(stage.event(), Event::Pracked { body: Some(body), .. } if body == sdp()));
}

#[test]
fn an_offer_of_the_caller_in_the_prack_is_the_owners_to_answer() {
    let mut stage = Stage::new();
    let tx = invited(&mut stage, "Supported");
    stage
        .endpoint
        .progress(stage.now, tx, &Reply::new(180), true);
    let sent = stage.sent_one();
    let named = format!("{} 1 INVITE", field(&sent, "RSeq"));
    let with_offer = prack(2, &named, &tag(&sent, "To")).replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\nv=0\n",
    );
    stage.receive(&with_offer);
    assert_eq!(stage.sent(), [] as [String; 0]);
    let events = stage.events();
    assert!(matches!(events[0], Event::Pracked { body: None, .. }));
    let Event::Request {
        tx, ref request, ..
    } = events[1]
    else {
        panic!("{events:?}")
    };
    assert_eq!(request.method, Method::Prack);
    stage.endpoint.respond(stage.now, tx, &ok());
    assert!(stage.sent_one().contains("CSeq: 2 PRACK"));
}

#[test]
fn an_offer_in_the_answer_is_acknowledged_with_our_answer() {
    let mut stage = Stage::new();
    let call = OutgoingInvite {
        body: None,
        ..outgoing()
    };
    let dialog = stage.endpoint.invite(stage.now, call);
    let sent = stage.sent_one();
    assert!(
        !sent.contains("100rel"),
        "nobody could answer an offer in a 1xx"
    );
    let with_offer = answer(&sent, "200 OK", CONTACT).replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\nv=0\n",
    );
    stage.receive(&with_offer);
    assert!(matches!(stage.event(), Event::Answered { body: Some(body), .. } if body == sdp()));
    stage.receive(&with_offer);
    assert_eq!(stage.sent(), [] as [String; 0], "the owner has the word");
    stage.endpoint.acknowledge(dialog, sdp());
    let ack = stage.sent_one();
    assert!(
        ack.starts_with("ACK ") && ack.ends_with("\r\n\r\nv=0\r\n"),
        "{ack}"
    );
    stage.receive(&with_offer);
    assert_eq!(stage.sent_one(), ack, "a copy gets the same ACK");
    stage.endpoint.acknowledge(dialog, sdp());
    assert_eq!(stage.sent(), [] as [String; 0], "once is enough");
}

#[test]
fn a_call_ended_before_its_late_offer_was_answered_is_acknowledged_all_the_same() {
    let mut stage = Stage::new();
    let call = OutgoingInvite {
        body: None,
        ..outgoing()
    };
    let dialog = stage.endpoint.invite(stage.now, call);
    let sent = stage.sent_one();
    let with_offer = answer(&sent, "200 OK", CONTACT).replace(
        "Content-Length: 0\n\n",
        "Content-Type: application/sdp\nContent-Length: 5\n\nv=0\n",
    );
    stage.receive(&with_offer);
    stage.endpoint.bye(stage.now, dialog, Vec::new());
    let sent = stage.sent();
    assert!(
        sent[0].starts_with("ACK ") && sent[1].starts_with("BYE "),
        "{sent:?}"
    );
}

#[test]
fn a_cancel_says_why_and_is_told_with_its_reason() {
    let mut stage = Stage::new();
    let (dialog, call) = placed(&mut stage);
    let elsewhere = ReasonHeader::sip(200, "Call completed elsewhere").to_string();
    let why = vec![("Reason".to_owned(), elsewhere.clone())];
    stage.endpoint.cancel_because(stage.now, dialog, why);
    assert_eq!(stage.sent(), [] as [String; 0], "not before a 1xx");
    stage.receive(&from_fork(&call, "bob", "180 Ringing", CONTACT));
    assert_eq!(field(&stage.sent_one(), "Reason"), elsewhere);
    let tx = stage.invited();
    let line = format!("Reason: {elsewhere}\nMax-Forwards");
    stage.receive(&crate::world::cancel("a").replace("Max-Forwards", &line));
    let reason = Some(elsewhere);
    assert_eq!(stage.event(), Event::Cancelled { tx, reason });
}
