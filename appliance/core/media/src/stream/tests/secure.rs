//! Legs whose packets are protected: sealed, opened, counted, and led on by new keys.

use super::*;
use crate::sdp::StreamKeys;
use crate::srtp::{MAX_KEY, MasterKey, Suite};

fn key(byte: u8) -> MasterKey {
    MasterKey::new(Suite::Aes128Sha80, &[byte; MAX_KEY]).unwrap()
}

fn secure(send: u8, receive: u8) -> StreamSpec {
    StreamSpec {
        keys: Some(StreamKeys {
            send: key(send),
            receive: key(receive),
        }),
        ..spec()
    }
}

/// Hands what one leg sends in a tick to the other; says what came of it.
fn carry(from: &mut Leg, to: &mut Leg) -> Vec<Vec<u8>> {
    from.now += FRAME_TIME;
    from.stream.handle_tick(from.now);
    let mut buffer = [0; MAX_PACKET];
    let mut wire = Vec::new();
    while let Some((kind, length)) = from.stream.poll_transmit(&mut buffer) {
        wire.push(buffer[..length].to_vec());
        let Some(length) = to.stream.open(kind, &mut buffer[..length]) else {
            continue;
        };
        match kind {
            PacketKind::Rtp => drop(to.stream.handle_rtp(to.now, rtp(), &buffer[..length])),
            PacketKind::Rtcp => to.stream.handle_rtcp(to.now, rtcp(), &buffer[..length]),
        }
    }
    wire
}

#[test]
fn two_protected_legs_understand_each_other_and_nobody_else_does() {
    let (mut one, mut two) = (Leg::new(secure(1, 2)), Leg::new(secure(2, 1)));
    for _ in 0..IDLE_TAIL {
        let wire = carry(&mut one, &mut two);
        assert!(wire.iter().all(|packet| packet.len() == 12 + FRAME + 10));
        assert!(wire.iter().all(|packet| packet[12..20] != [0xD5; 8]));
    }
    assert_eq!(two.stream.stats().packets_in, u64::from(IDLE_TAIL));
    let (mut one, mut stranger) = (Leg::new(secure(1, 2)), Leg::new(secure(2, 3)));
    for _ in 0..IDLE_TAIL {
        carry(&mut one, &mut stranger);
    }
    let stats = stranger.stream.stats();
    assert_eq!(
        (stats.packets_in, stats.unproved),
        (0, u64::from(IDLE_TAIL))
    );
}

#[test]
fn a_packet_that_comes_twice_is_counted_and_not_heard() {
    let (mut one, mut two) = (Leg::new(secure(1, 2)), Leg::new(secure(2, 1)));
    let wire = carry(&mut one, &mut two);
    let mut again = wire[0].clone();
    assert_eq!(two.stream.open(PacketKind::Rtp, &mut again), None);
    assert_eq!(two.stream.stats().replayed, 1);
}

#[test]
fn new_keys_take_over_and_old_ones_go_on_where_they_stay() {
    let (mut one, mut two) = (Leg::new(secure(1, 2)), Leg::new(secure(2, 1)));
    let wire = carry(&mut one, &mut two);
    for leg in [(&mut one, secure(5, 2)), (&mut two, secure(2, 5))] {
        let (leg, spec) = leg;
        drop(leg.stream.fit(Gear::new(&spec), false));
        leg.stream.update(leg.now, spec);
    }
    carry(&mut one, &mut two);
    assert_eq!(two.stream.stats().packets_in, 2);
    assert_eq!(two.stream.open(PacketKind::Rtp, &mut wire[0].clone()), None);
    // The same description once more, as a hold brings it: what came before is still known.
    let wire = carry(&mut one, &mut two);
    let spec = secure(2, 5);
    drop(two.stream.fit(Gear::new(&spec), false));
    two.stream.update(two.now, spec);
    let before = two.stream.stats().replayed;
    assert_eq!(two.stream.open(PacketKind::Rtp, &mut wire[0].clone()), None);
    assert_eq!(two.stream.stats().replayed, before + 1);
}

#[test]
fn without_its_key_a_protected_leg_sends_nothing() {
    let mut leg = Leg::new(spec());
    leg.stream.update(leg.now, secure(1, 2));
    assert!(leg.ticks(10).is_empty());
}
