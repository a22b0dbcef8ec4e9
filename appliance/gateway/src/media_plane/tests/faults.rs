//! What ends badly: a peer that is gone, a bug in a stream, a plane that is taken away.

use std::time::Instant;

use rtrb::RingBuffer;
use rustix::event::{EventfdFlags, eventfd};

use super::*;
use crate::media_plane::outlets::Outlets;
use crate::media_plane::seat::Seat;
use crate::media_plane::sockets;
use crate::media_plane::start::idle;

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_gone_neither_spins_nor_kills_the_thread() {
    let mut bench = Bench::new(2);
    let mut peer = bench.open(1);
    peer.hear();
    // Only a proved source is connected to, and only then the system tells of its end.
    peer.say();
    for _ in 0..5 {
        peer.hear();
    }
    let spec = peer.spec();
    drop(peer);
    // Every packet is answered "port unreachable" now; the second call goes on beside it.
    let port = bench.plane.ports()[1];
    let second = Peer::new(port);
    let other = second.spec();
    bench.plane.command(StreamCommand::Open {
        stream: StreamId(2),
        port,
        spec: other,
    });
    for _ in 0..5 {
        second.hear();
    }
    let stats = bench.plane.stats();
    assert!(stats.is_alive && stats.refused_by_peer > 0, "{stats:?}");
    // Held in the old spelling: the address of zeros is left alone.
    let nobody = SocketAddr::from(([0, 0, 0, 0], 9));
    let held = StreamSpec {
        remote_rtp: nobody,
        direction: Direction::RecvOnly,
        ..spec
    };
    bench.plane.command(StreamCommand::Update {
        stream: StreamId(1),
        spec: held,
    });
    bench.plane.command(StreamCommand::Close {
        stream: StreamId(1),
    });
    assert!(matches!(
        bench.event().await,
        StreamEvent::Closed {
            stream: StreamId(1),
            ..
        }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_one_stream_ends_that_one_and_the_others_go_on() {
    let mut bench = Bench::new(2);
    let (lost, kept) = (StreamId(1), StreamId(2));
    let first = bench.open(1);
    let second = bench.open_on(1, 2);
    bench
        .plane
        .command(StreamCommand::Bridge { a: lost, b: kept });
    bench.plane.command(StreamCommand::Record {
        stream: lost,
        file: "lost.wav".into(),
    });
    second.hear();
    bench.plane.order(lost, Act::Fail);
    assert_eq!(bench.event().await, StreamEvent::Lost { stream: lost });
    // The other party hears silence, and the thread lives.
    for _ in 0..5 {
        second.hear();
    }
    let stats = bench.plane.stats();
    assert!(stats.is_alive && stats.lost == 1, "{stats:?}");
    // What the lost stream is told now does nothing, and its end is as any other.
    bench.plane.command(StreamCommand::SendDigits {
        stream: lost,
        digits: "1".into(),
    });
    bench.plane.command(StreamCommand::Close { stream: lost });
    let words = bench.last_words().await;
    let is_closed = |event: &StreamEvent| matches!(event, StreamEvent::Closed { stream, .. } if *stream == lost);
    let is_recorded = |event: &StreamEvent| matches!(event, StreamEvent::Recorded { stream, .. } if *stream == lost);
    assert!(
        words.iter().any(is_closed) && words.iter().any(is_recorded),
        "{words:?}"
    );
    drop(first);
    // The seat takes the next call.
    let third = bench.open(3);
    third.hear();
    assert_eq!(bench.plane.stats().misdirected, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_plane_goes_the_recording_is_whole_and_the_peer_is_told() {
    let mut bench = Bench::new(1);
    let peer = bench.open(1);
    let stream = StreamId(1);
    bench.plane.command(StreamCommand::Record {
        stream,
        file: "call.wav".into(),
    });
    for _ in 0..5 {
        peer.hear();
    }
    let Bench {
        plane,
        mut events,
        folder,
    } = bench;
    drop(plane);
    assert!(!frames(&folder.path().join("call.wav")).is_empty());
    let left: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
    assert!(
        left.iter()
            .any(|event| matches!(event, StreamEvent::Recorded { gaps: 0, .. }))
    );
    assert!(
        left.iter()
            .any(|event| matches!(event, StreamEvent::Closed { .. }))
    );
    let mut buffer = [0; MAX_PACKET];
    let length = peer.rtcp.recv(&mut buffer).unwrap();
    let mut bye = false;
    media::rtcp::read(&buffer[..length], |item| {
        bye |= matches!(item, media::rtcp::Item::Bye { .. });
    })
    .unwrap();
    assert!(bye);
}

#[test]
fn a_lost_stream_is_told_when_the_ring_has_room_again_and_once() {
    let counters = Arc::new(Counters::default());
    let (events, mut told) = RingBuffer::new(1);
    let mut out = Outlets {
        counters,
        events,
        takes: RingBuffer::new(1).0,
        taps: RingBuffer::new(1).0,
        spent: RingBuffer::new(1).0,
        control: Arc::new(eventfd(0, EventfdFlags::CLOEXEC).unwrap()),
        recorder: std::thread::current(),
        told: false,
    };
    let stream = StreamId(7);
    let now = Instant::now();
    let pair = sockets::bind(LOCALHOST, None, 1).unwrap().remove(0);
    let mut seat = Seat::new(pair, idle(now, stream));
    out.event(StreamEvent::Flowing { stream });
    seat.lose(idle(now, stream), &mut out);
    let mut buffer = [0; MAX_PACKET];
    assert!(!seat.tick(now, None, &mut buffer, &mut out));
    assert_eq!(told.pop(), Ok(StreamEvent::Flowing { stream }));
    assert!(told.pop().is_err(), "there was no room");
    seat.tick(now, None, &mut buffer, &mut out);
    assert_eq!(told.pop(), Ok(StreamEvent::Lost { stream }));
    seat.tick(now, None, &mut buffer, &mut out);
    assert!(told.pop().is_err(), "told once");
}
