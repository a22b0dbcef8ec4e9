//! Calls over streams: nothing is sent twice, nothing lingers, a broken connection is told at once.

use std::net::SocketAddr;
use std::time::Duration;

use sip::{Endpoint, EndpointConfig, Event, Local, Method, Peer, Reply, Transport};

use crate::world::{Stage, answer, field, in_dialog, invite, ok, outgoing, tag};

fn stage(transport: Transport) -> Stage {
    let local = Local {
        udp: SocketAddr::from(([192, 0, 2, 9], 5060)),
        tcp: Some(SocketAddr::from(([192, 0, 2, 9], 5062))),
        tls: Some(SocketAddr::from(([192, 0, 2, 9], 5061))),
    };
    let mut stage = Stage::with(EndpointConfig::new(local));
    stage.peer = Peer::new(transport, SocketAddr::from(([192, 0, 2, 1], 40_000)));
    stage
}

fn over(transport: &str, message: &str) -> String {
    message.replace(
        "SIP/2.0/UDP 192.0.2.1;",
        &format!("SIP/2.0/{transport} 192.0.2.1:5070;"),
    )
}

#[test]
fn a_call_of_ours_over_tcp_names_tcp_and_is_never_sent_again() {
    let mut stage = stage(Transport::Tcp);
    let mut call = outgoing();
    call.to = stage.peer;
    stage.endpoint.invite(stage.now, call);
    let sent = stage.sent_one();
    assert!(field(&sent, "Via").starts_with("SIP/2.0/TCP 192.0.2.9:5062;"));
    assert_eq!(
        field(&sent, "Contact"),
        "<sip:192.0.2.9:5062;transport=tcp>"
    );
    assert_eq!(
        stage.run_until(31_999),
        [],
        "the connection sends again, not we"
    );
    assert_eq!(stage.run_until(32_001), []);
    assert!(matches!(stage.event(), Event::Rejected { status: 408, .. }));
    assert_eq!(stage.endpoint.stats().transactions, 0);
}

#[test]
fn a_refused_call_over_tcp_is_forgotten_at_once() {
    let mut stage = stage(Transport::Tcp);
    let mut call = outgoing();
    call.to = stage.peer;
    stage.endpoint.invite(stage.now, call);
    let sent = stage.sent_one();
    stage.receive(&answer(&sent, "486 Busy Here", ""));
    assert!(stage.sent_one().starts_with("ACK "));
    assert!(matches!(stage.event(), Event::Rejected { status: 486, .. }));
    stage.run_until(0);
    assert_eq!(stage.endpoint.stats().transactions, 0, "timer D is zero");
}

#[test]
fn a_refusal_of_ours_over_tcp_waits_for_its_ack_without_repeating() {
    let mut stage = stage(Transport::Tcp);
    stage.receive(&over("TCP", &invite("r")));
    let Event::Invite { tx, from, .. } = stage.event() else {
        panic!()
    };
    assert_eq!(from, stage.peer);
    stage.endpoint.respond(stage.now, tx, &Reply::new(486));
    let sent = stage.sent_one();
    assert_eq!(stage.run_until(5_000), []);
    let ack = crate::world::ack_refusal("r", &tag(&sent, "To"));
    stage.receive(&over("TCP", &ack));
    stage.run_until(5_000);
    assert_eq!(stage.endpoint.stats().transactions, 0, "timer I is zero");
}

#[test]
fn a_call_over_tls_is_answered_and_ended_on_its_own_connection() {
    let mut stage = stage(Transport::Tls);
    let call = over("TLS", &invite("t"))
        .replace("Record-Route: <sip:192.0.2.1;lr>\n", "")
        .replace("ann@192.0.2.1:5060>", "ann@192.0.2.1:5070;transport=tls>");
    stage.receive(&call);
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let sent = stage.endpoint.poll_transmit().unwrap();
    assert_eq!(sent.to, stage.peer);
    let text = crate::world::text(sent);
    assert_eq!(
        field(&text, "Contact"),
        "<sip:192.0.2.9:5061;transport=tls>"
    );
    let our_tag = tag(&text, "To");
    stage.receive(&over("TLS", &in_dialog("ACK", 1, "ack", &our_tag)));
    stage.endpoint.bye(stage.now, dialog, Vec::new());
    let bye = stage.endpoint.poll_transmit().unwrap();
    assert_eq!(
        bye.to, stage.peer,
        "the flow it came by, not the port it names"
    );
    assert!(field(&crate::world::text(bye), "Via").starts_with("SIP/2.0/TLS 192.0.2.9:5061;"));
}

#[test]
fn a_sips_caller_gets_a_sips_contact() {
    let mut stage = stage(Transport::Tls);
    let call = over("TLS", &invite("s")).replace("INVITE sip:", "INVITE sips:");
    stage.receive(&call);
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    stage.endpoint.accept(stage.now, tx, &ok());
    assert_eq!(field(&stage.sent_one(), "Contact"), "<sips:192.0.2.9:5061>");
}

#[test]
fn a_broken_connection_fails_what_was_asked_on_it_at_once_and_nothing_else() {
    let mut stage = stage(Transport::Tcp);
    let mut call = outgoing();
    call.to = stage.peer;
    let calling = stage.endpoint.invite(stage.now, call);
    let other = Peer::new(Transport::Tcp, SocketAddr::from(([192, 0, 2, 7], 5060)));
    let probe = stage
        .endpoint
        .send_options(stage.now, other, "sip:192.0.2.7");
    stage.sent();
    stage.endpoint.transport_lost(stage.now, stage.peer);
    match stage.event() {
        Event::Rejected { dialog, status, .. } => assert_eq!((dialog, status), (calling, 503)),
        other => panic!("{other:?}"),
    }
    assert_eq!(stage.endpoint.stats().transactions, 1);
    stage.endpoint.transport_lost(stage.now, other);
    match stage.event() {
        Event::Response { tx, status, .. } => assert_eq!((tx, status), (probe, 503)),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        stage.endpoint.poll_timeout(),
        None,
        "nothing is left behind"
    );
}

#[test]
fn an_answer_whose_connection_broke_goes_to_the_port_the_caller_named() {
    let mut stage = stage(Transport::Tcp);
    stage.receive(&over("TCP", &invite("b")));
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    stage.endpoint.transport_lost(stage.now, stage.peer);
    stage.endpoint.accept(stage.now, tx, &ok());
    let named = Peer::new(Transport::Tcp, SocketAddr::from(([192, 0, 2, 1], 5070)));
    assert_eq!(stage.endpoint.poll_transmit().unwrap().to, named);
}

#[test]
fn a_running_call_outlives_its_connection_and_follows_a_new_one() {
    let mut stage = stage(Transport::Tcp);
    let call = over("TCP", &invite("c"))
        .replace("Record-Route: <sip:192.0.2.1;lr>\n", "")
        .replace("ann@192.0.2.1:5060>", "ann@192.0.2.1:5070;transport=tcp>");
    stage.receive(&call);
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    let dialog = stage.endpoint.accept(stage.now, tx, &ok());
    let our_tag = tag(&stage.sent_one(), "To");
    stage.receive(&over("TCP", &in_dialog("ACK", 1, "ack", &our_tag)));
    stage.endpoint.transport_lost(stage.now, stage.peer);
    assert!(matches!(stage.events().as_slice(), [Event::Acked { .. }]));
    let ask = |stage: &mut Stage| {
        let (now, info) = (stage.now, Method::Info);
        stage.endpoint.request(now, dialog, info, Vec::new(), None);
        stage.endpoint.poll_transmit().unwrap().to
    };
    let named = Peer::new(Transport::Tcp, SocketAddr::from(([192, 0, 2, 1], 5070)));
    assert_eq!(ask(&mut stage), named, "where the peer says it listens");
    stage.peer.addr.set_port(41_000);
    let info = in_dialog("INFO", 2, "info", &our_tag).replace("5060>", "5070;transport=tcp>");
    stage.receive(&over("TCP", &info));
    assert_eq!(ask(&mut stage), stage.peer, "the new connection");
}

#[test]
fn two_endpoints_over_tcp_complete_a_call_without_one_copy() {
    let address = |n: u8| SocketAddr::from(([192, 0, 2, n], 5060));
    let local = |n| Local {
        tcp: Some(address(n)),
        ..Local::from(address(n))
    };
    let mut now = std::time::Instant::now();
    let mut sides = [1, 2].map(|n| Endpoint::new(EndpointConfig::new(local(n)), [n; 32]));
    let mut call = outgoing();
    call.to = Peer::new(Transport::Tcp, address(2));
    let dialog = sides[0].invite(now, call);
    let mut called = None;
    for _ in 0..20 {
        for from in 0..2 {
            while let Some(sent) = sides[from].poll_transmit() {
                let source = Peer::new(Transport::Tcp, address(from as u8 + 1));
                sides[1 - from].handle_message(now, source, &sent.bytes);
            }
            while let Some(event) = sides[from].poll_event() {
                match event {
                    Event::Invite { tx, .. } => called = Some(sides[from].accept(now, tx, &ok())),
                    Event::Acked { .. } => sides[0].bye(now, dialog, Vec::new()),
                    _ => {}
                }
            }
        }
        now += Duration::from_millis(100);
        sides.iter_mut().for_each(|side| side.handle_timeout(now));
    }
    assert!(called.is_some());
    for side in &sides {
        let stats = side.stats();
        assert_eq!(
            stats.retransmissions_sent + stats.retransmissions_received,
            0
        );
        assert_eq!(stats.dialogs, 0);
    }
}
