//! Changes of what was agreed before a call is answered: UPDATE in an early dialog (RFC 3311).

use std::net::SocketAddr;

use call::{Cause, LegEvent, StreamCommand};
use sip::{DialogId, Event, Method, OutgoingInvite, Reply, TxId, Uri};

use crate::world::{BOX, CARRIER, World, at, sdp, to_carrier};

impl World {
    /// Where the media plane was told last to send.
    fn remote(&self) -> SocketAddr {
        let mut commands = self.commands.iter().rev();
        let spec = commands.find_map(|command| match command {
            StreamCommand::Open { spec, .. } | StreamCommand::Update { spec, .. } => Some(spec),
            _ => None,
        });
        spec.unwrap().remote_rtp
    }

    /// The carrier calls, and knows reliable 1xx.
    fn carrier_calls(&mut self) -> DialogId {
        let uri = Uri::parse(&format!("sip:200@{BOX}")).unwrap();
        let invite = OutgoingInvite {
            to: at(BOX).into(),
            request_uri: uri.clone(),
            from_uri: Uri::parse("sip:13800000007@carrier.example").unwrap(),
            to_uri: uri,
            display: None,
            body: Some(sdp(40_000, "sendrecv")),
            credentials: None,
            headers: vec![("Supported".into(), "100rel".into())],
        };
        let now = self.now;
        let dialog = self.peer(at(CARRIER)).invite(now, invite);
        self.settle();
        dialog
    }

    /// The answer of the box to a request of the carrier: status, Retry-After, body.
    fn answered(&mut self, asked: TxId) -> (u16, Option<String>, bool) {
        let told = self.told(at(CARRIER));
        let answer = told.iter().find_map(|event| match event {
            Event::Response {
                tx,
                status,
                headers,
                body,
                ..
            } if *tx == asked => {
                let wait = headers.first("Retry-After").map(str::to_owned);
                Some((*status, wait, body.is_some()))
            }
            _ => None,
        });
        answer.unwrap_or_else(|| panic!("{told:?}"))
    }
}

#[test]
fn an_offer_before_the_first_was_answered_is_put_off_and_the_call_goes_on() {
    let mut world = World::new();
    let dialog = world.carrier_calls();
    let leg = world.incoming();
    let now = world.now;
    world.board.ring(now, leg);
    world.settle();
    let offer = Some(sdp(50_000, "sendrecv"));
    let tx = world.ask(at(CARRIER), dialog, Method::Update, offer);
    assert_eq!(world.answered(tx), (500, Some("2".into()), false));
    let now = world.now;
    world.board.answer(now, leg);
    world.settle();
    assert_eq!(world.events()[0], LegEvent::Answered { leg });
    assert_eq!(world.remote(), at("198.51.100.7:40000"));
}

#[test]
fn a_caller_that_moves_its_sound_before_the_answer_is_not_sent_back_by_it() {
    let mut world = World::new();
    let dialog = world.carrier_calls();
    let leg = world.incoming();
    let now = world.now;
    world.board.open_early(now, leg);
    world.settle();
    assert_eq!(world.remote(), at("198.51.100.7:40000"));
    let offer = Some(sdp(50_000, "sendrecv"));
    let tx = world.ask(at(CARRIER), dialog, Method::Update, offer);
    assert_eq!(world.answered(tx), (200, None, true));
    assert_eq!(world.remote(), at("198.51.100.7:50000"));
    let now = world.now;
    world.board.answer(now, leg);
    world.settle();
    let told = world.told(at(CARRIER));
    assert!(
        matches!(&told[..], [Event::Answered { body: None, .. }]),
        "{told:?}"
    );
    assert_eq!(world.remote(), at("198.51.100.7:50000"));
    let now = world.now;
    world.board.end(now, leg, Cause::FlowEnded);
    world.run_out();
}

#[test]
fn a_called_party_that_moves_its_sound_before_it_answers_is_followed() {
    for is_reliable in [true, false] {
        let (mut world, carrier) = (World::new(), at(CARRIER));
        let leg = world.dial(to_carrier("1"));
        let (tx, _) = world.rung(carrier);
        let now = world.now;
        let progress = Reply::new(183).with_body(sdp(40_000, "sendrecv"));
        let dialog = world
            .peer(carrier)
            .progress(now, tx, &progress, is_reliable);
        world.settle();
        world.told(carrier);
        let offer = Some(sdp(50_000, "sendrecv"));
        let update = world.ask(carrier, dialog, Method::Update, offer);
        // What was answered by an unreliable 1xx may be answered otherwise yet.
        let status = if is_reliable { 200 } else { 491 };
        assert_eq!(world.answered(update), (status, None, is_reliable));
        world.reply(carrier, tx, 200);
        let port = if is_reliable { 50_000 } else { 40_000 };
        assert_eq!(
            world.remote(),
            SocketAddr::new(at("198.51.100.7:0").ip(), port)
        );
        let now = world.now;
        world.board.end(now, leg, Cause::FlowEnded);
        world.run_out();
    }
}
