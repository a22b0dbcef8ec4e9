//! What happens when an endpoint is full, and what strays in.

use sip::{Capacity, EndpointConfig, Event};

use crate::world::{Stage, in_dialog, invite, ok, outgoing, tag};

fn small(transactions: usize, dialogs: usize) -> Stage {
    let mut config = EndpointConfig::new(std::net::SocketAddr::from(([192, 0, 2, 9], 5060)));
    config.capacity = Capacity {
        transactions,
        dialogs,
    };
    Stage::with(config)
}

fn call(number: usize) -> String {
    invite(&format!("b{number}")).replace("Call-ID: c1", &format!("Call-ID: n{number}"))
}

#[test]
fn full_endpoint_answers_503_and_keeps_nothing() {
    let mut stage = small(3, 100);
    for number in 0..10 {
        stage.receive(&call(number));
    }
    assert_eq!(stage.events().len(), 3);
    let sent = stage.sent();
    assert_eq!(sent.len(), 7);
    assert!(
        sent.iter()
            .all(|m| m.starts_with("SIP/2.0 503") && m.contains("Retry-After: 5\r\n"))
    );
    assert_eq!(
        (
            stage.endpoint.stats().transactions,
            stage.endpoint.stats().overloads
        ),
        (3, 7)
    );
    stage.receive(&call(5));
    let again = stage.sent_one();
    assert_eq!(
        tag(&again, "To"),
        tag(&sent[2], "To"),
        "the same answer to a copy"
    );
}

#[test]
fn calls_that_run_can_end_on_a_full_endpoint() {
    let mut stage = small(1, 1);
    let tx = stage.invited();
    stage.endpoint.accept(stage.now, tx, &ok());
    let our_tag = tag(&stage.sent_one(), "To");
    stage.receive(&in_dialog("ACK", 1, "ack", &our_tag));
    stage.receive(&in_dialog("BYE", 2, "bye", &our_tag));
    assert!(stage.sent_one().starts_with("SIP/2.0 200"));
}

#[test]
fn no_room_for_a_dialog_is_503_both_ways() {
    let mut stage = small(100, 1);
    let tx = stage.invited();
    stage.endpoint.accept(stage.now, tx, &ok());
    stage.sent();
    stage.receive(&call(7));
    assert!(stage.sent_one().starts_with("SIP/2.0 503"));
    let dialog = stage.endpoint.invite(stage.now, outgoing());
    assert!(matches!(stage.event(), Event::Rejected { dialog: d, status: 503, .. } if d == dialog));
    assert_eq!(stage.sent(), Vec::<String>::new());
}

#[test]
fn strays_and_noise_are_counted_and_never_answered() {
    let mut stage = Stage::new();
    stage.receive(&in_dialog("ACK", 1, "x", "y"));
    stage.receive("SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKq\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: 1\nCSeq: 1 BYE\n\n");
    stage.receive("hello");
    stage.receive("\n\n");
    stage.receive("INVITE sip:a@b SIP/2.0\nNo-Via: 1\n\n");
    let stats = stage.endpoint.stats();
    let r = stats.received;
    assert_eq!(
        (r.strays, r.dropped, r.keepalives, r.malformed),
        (2, 1, 1, 1)
    );
    assert_eq!((stage.sent(), stage.events()), (Vec::new(), Vec::new()));
}
