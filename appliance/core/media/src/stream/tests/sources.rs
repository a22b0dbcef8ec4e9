//! Whose packets are listened to.

use super::*;
use crate::limits::{LATCH_PACKETS, LATCH_QUIET, LATCH_WINDOW};

/// Somebody who sends from an address of his own.
struct Sender {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
}

impl Sender {
    fn new(from: &str, ssrc: u32) -> Self {
        Self {
            from: from.parse().unwrap(),
            ssrc,
            sequence: 1_000,
        }
    }

    /// Sends a packet of this payload type; says whether it was listened to.
    fn send(&mut self, leg: &mut Leg, payload_type: u8) -> bool {
        let packet = Packet {
            payload_type,
            marker: false,
            sequence: self.sequence,
            timestamp: u32::from(self.sequence) * 160,
            ssrc: self.ssrc,
            payload: &[1; FRAME],
        };
        let mut buffer = [0; MAX_PACKET];
        let length = packet.write(&mut buffer).unwrap();
        self.sequence = self.sequence.wrapping_add(1);
        let before = leg.stream.stats().packets_in;
        leg.stream.handle_rtp(leg.now, self.from, &buffer[..length]);
        leg.stream.stats().packets_in > before
    }

    /// Sends `count` packets, one a frame; says how many were listened to.
    fn talk(&mut self, leg: &mut Leg, count: u32) -> u32 {
        let heard = (0..count).map(|_| {
            leg.tick();
            u32::from(self.send(leg, 8))
        });
        heard.sum()
    }
}

const STRANGER: &str = "203.0.113.9:4000";
const AGREED: &str = "192.0.2.1:6000";

fn behind_nat() -> Leg {
    Leg::new(StreamSpec {
        remote_rtp: "192.168.1.20:6000".parse().unwrap(),
        remote_rtcp: "192.168.1.20:6001".parse().unwrap(),
        ..spec()
    })
}

#[test]
fn the_agreed_address_is_heard_from_its_first_packet() {
    let mut leg = Leg::new(spec());
    assert_eq!(Sender::new(AGREED, 1).talk(&mut leg, 3), 3);
    assert!(leg.stream.is_settled(leg.now));
}

#[test]
fn a_phone_behind_nat_is_followed_to_where_it_sends_from() {
    let mut leg = behind_nat();
    let mut phone = Sender::new("203.0.113.7:31000", 1);
    let heard = phone.talk(&mut leg, 10);
    assert_eq!(heard, 10 - (LATCH_PACKETS - 1));
    assert_eq!(leg.stream.remote(PacketKind::Rtp), phone.from);
    let rtcp: SocketAddr = "203.0.113.7:31001".parse().unwrap();
    assert_eq!(leg.stream.remote(PacketKind::Rtcp), rtcp);
    let elsewhere: SocketAddr = "203.0.113.7:31777".parse().unwrap();
    let report = [0x80, 201, 0, 1, 0, 0, 0, 7];
    leg.stream.handle_rtcp(leg.now, elsewhere, &report);
    assert_eq!(leg.stream.remote(PacketKind::Rtcp), elsewhere);
}

#[test]
fn a_stranger_never_wins_while_the_true_source_sends() {
    for mut leg in [Leg::new(spec()), behind_nat()] {
        let agreed = leg.stream.spec().remote_rtp.to_string();
        let mut phone = Sender::new(&agreed, 1);
        let mut stranger = Sender::new(STRANGER, 2);
        phone.talk(&mut leg, 1);
        for _ in 0..1_000 {
            assert_eq!(phone.talk(&mut leg, 1), 1);
            // Ten times the rate.
            assert!((0..10).all(|_| !stranger.send(&mut leg, 8)));
        }
        assert_eq!(leg.stream.remote(PacketKind::Rtp), phone.from);
        let stats = leg.stream.stats();
        assert_eq!((stats.packets_in, stats.refused), (1_001, 10_000));
    }
}

#[test]
fn a_stranger_never_wins_from_a_phone_that_was_followed_either() {
    let mut leg = behind_nat();
    let mut phone = Sender::new("203.0.113.7:31000", 1);
    phone.talk(&mut leg, 10);
    let mut stranger = Sender::new(STRANGER, 2);
    for _ in 0..500 {
        assert_eq!(phone.talk(&mut leg, 1), 1);
        assert!(!stranger.send(&mut leg, 8));
    }
}

#[test]
fn the_agreed_address_wins_back_at_once() {
    let mut leg = Leg::new(spec());
    let mut stranger = Sender::new(STRANGER, 2);
    assert!(stranger.talk(&mut leg, 20) > 0);
    let mut phone = Sender::new(AGREED, 1);
    assert_eq!(phone.talk(&mut leg, 1), 1);
    assert_eq!(leg.stream.remote(PacketKind::Rtp), phone.from);
    assert!(!stranger.send(&mut leg, 8));
}

#[test]
fn another_payload_type_or_a_wild_sequence_never_latches() {
    let mut leg = behind_nat();
    let mut odd = Sender::new(STRANGER, 2);
    for n in 0..100u16 {
        leg.tick();
        assert!(!odd.send(&mut leg, 18), "no payload type of ours");
        odd.sequence = n.wrapping_mul(7_919);
        assert!(!odd.send(&mut leg, 8), "no sequence");
        odd.ssrc = u32::from(n);
        assert!(!odd.send(&mut leg, 8), "no source");
    }
}

#[test]
fn two_strangers_do_not_keep_the_phone_out_and_neither_gets_in_beside_it() {
    let mut leg = behind_nat();
    let mut phone = Sender::new("203.0.113.7:31000", 1);
    let mut strangers = [Sender::new(STRANGER, 2), Sender::new("203.0.113.9:4001", 3)];
    phone.send(&mut leg, 8);
    for n in 0..50 {
        leg.tick();
        for stranger in &mut strangers {
            assert!(!stranger.send(&mut leg, 8));
        }
        assert_eq!(
            phone.send(&mut leg, 8),
            n >= LATCH_PACKETS as usize - 2,
            "{n}"
        );
    }
}

#[test]
fn with_a_public_address_nobody_new_is_heard_after_the_first_seconds() {
    let mut leg = Leg::new(spec());
    let window = LATCH_WINDOW.as_millis() as usize / 20;
    leg.ticks(window);
    assert_eq!(Sender::new(STRANGER, 2).talk(&mut leg, 500), 0);
    // A re-INVITE opens it again.
    leg.stream.update(leg.now, spec());
    assert!(Sender::new(STRANGER, 3).talk(&mut leg, 10) > 0);
}

#[test]
fn a_silent_source_is_replaced_after_two_seconds_only_where_it_may_have_moved() {
    let quiet = LATCH_QUIET.as_millis() as u32 / 20;
    let mut leg = behind_nat();
    Sender::new("192.168.1.20:6000", 1).talk(&mut leg, 600);
    let mut moved = Sender::new("203.0.113.7:31000", 2);
    let heard = moved.talk(&mut leg, quiet + 20);
    assert!((15..=22).contains(&heard), "{heard}");

    let mut leg = Leg::new(spec());
    Sender::new(AGREED, 1).talk(&mut leg, 600);
    assert_eq!(Sender::new(STRANGER, 2).talk(&mut leg, 1_000), 0);
}

#[test]
fn a_source_that_goes_on_from_another_address_is_followed_at_any_time() {
    let mut leg = Leg::new(spec());
    let mut phone = Sender::new(AGREED, 1);
    phone.talk(&mut leg, 1_000);
    phone.from = "192.0.2.1:6100".parse().unwrap();
    assert!(phone.talk(&mut leg, 20) >= 10);
    // Whoever does not know its SSRC does not go on with it.
    let mut stranger = Sender::new(STRANGER, 9);
    stranger.sequence = phone.sequence;
    assert_eq!(stranger.talk(&mut leg, 50), 0);
}

#[test]
fn strangers_change_no_figure_and_are_no_sign_of_life() {
    let mut leg = Leg::new(spec());
    let mut phone = Sender::new(AGREED, 1);
    phone.talk(&mut leg, 600);
    let before = leg.stream.stats();
    let mut stranger = Sender::new(STRANGER, 2);
    for _ in 0..3_000 {
        stranger.talk(&mut leg, 1);
        leg.stream
            .handle_rtcp(leg.now, stranger.from, &[0x80, 201, 0, 1, 0, 0, 0, 7]);
    }
    let after = leg.stream.stats();
    assert_eq!(after.refused, 6_000);
    assert_eq!(
        (after.lost, after.packets_in),
        (before.lost, before.packets_in)
    );
    let events = leg.events();
    assert!(events.contains(&StreamEvent::MediaTimeout {
        stream: StreamId(7)
    }));
}

#[test]
fn the_kernel_may_keep_others_away_only_while_the_proved_source_speaks() {
    let mut leg = Leg::new(spec());
    assert!(!leg.stream.is_settled(leg.now));
    Sender::new(AGREED, 1).talk(&mut leg, 5);
    assert!(leg.stream.is_settled(leg.now));
    leg.ticks(LATCH_QUIET.as_millis() as usize / 20);
    assert!(!leg.stream.is_settled(leg.now));

    let mut leg = behind_nat();
    let mut phone = Sender::new("203.0.113.7:31000", 1);
    phone.talk(&mut leg, 100);
    assert!(
        !leg.stream.is_settled(leg.now),
        "the agreed one may yet speak"
    );
    phone.talk(&mut leg, 500);
    assert!(leg.stream.is_settled(leg.now));
}
