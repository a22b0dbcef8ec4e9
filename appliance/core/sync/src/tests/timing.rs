use std::time::{Duration, Instant};

use super::row;
use crate::limits::MAX_IN_FLIGHT;
use crate::{
    Ack, BoxId, Epoch, Heard, Lane, Pace, Reason, Rejection, Rows, Uplink, UplinkAct, UplinkConfig,
    decode_batch,
};

const SECOND: Duration = Duration::from_secs(1);

/// An uplink over an endless or finite live lane, in virtual time.
struct Bench {
    uplink: Uplink,
    now: Instant,
    last: u64,
}

impl Bench {
    /// `rows` rows are in the outbox, and the connection is up.
    fn new(rows: u64) -> Self {
        let now = Instant::now();
        let config = UplinkConfig {
            box_id: BoxId::new("b").unwrap(),
            epoch: Epoch(1),
            pace: Pace::default(),
        };
        let mut uplink = Uplink::new(config, now);
        uplink.handle_connected(now, false);
        Self {
            uplink,
            now,
            last: rows,
        }
    }

    /// Does what the machine says; returns first and last number of what it published, and the
    /// other acts.
    fn drain(&mut self) -> (Vec<(u64, u64, u64)>, Vec<UplinkAct>) {
        let (mut published, mut others) = (vec![], vec![]);
        while let Some(act) = self.uplink.poll() {
            match act {
                UplinkAct::Fetch {
                    lane,
                    after_seq,
                    limit,
                } => {
                    let end = if lane == Lane::Live { self.last } else { 0 };
                    let upto = end.min(after_seq + limit as u64);
                    let rows = (after_seq + 1..=upto)
                        .map(|n| row(n, u128::from(n)))
                        .collect();
                    let rows = Rows {
                        lane,
                        rows,
                        more: upto < end,
                        last_given: end,
                    };
                    self.uplink.handle_rows(self.now, rows);
                }
                UplinkAct::Publish { payload, token, .. } => {
                    let header = decode_batch(&payload).unwrap().header;
                    published.push((header.first_seq, header.last_seq(), token));
                }
                other => others.push(other),
            }
        }
        (published, others)
    }

    fn ack(&mut self, epoch: u32, hi: u64, rejected: Vec<Rejection>, max_rate: Option<u32>) {
        let ack = Ack {
            epoch: Epoch(epoch),
            lane: Lane::Live,
            hi_contiguous: hi,
            rejected,
            max_rate,
        };
        self.uplink.handle_ack(self.now, &ack.encode()).unwrap();
    }

    /// Jumps to the next deadline.
    fn wake(&mut self) -> (Duration, Reason) {
        let (at, why) = self.uplink.poll_timeout().unwrap();
        let waited = at.saturating_duration_since(self.now);
        self.now = self.now.max(at);
        self.uplink.handle_timeout(self.now);
        (waited, why)
    }
}

#[test]
fn an_unacknowledged_batch_goes_again_at_30_s_doubling_to_10_min() {
    let mut bench = Bench::new(1);
    let mut waits = vec![];
    for _ in 0..7 {
        let (published, _) = bench.drain();
        assert_eq!(published.len(), 1);
        bench
            .uplink
            .handle_puback(bench.now, published[0].2, Heard::Taken);
        let (waited, why) = bench.wake();
        assert_eq!(why, Reason::Resend);
        waits.push(waited.as_secs());
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600]);
}

#[test]
fn a_puback_lets_nothing_go() {
    let mut bench = Bench::new(3);
    let (published, others) = bench.drain();
    bench
        .uplink
        .handle_puback(bench.now, published[0].2, Heard::Taken);
    assert_eq!(others, []);
    assert_eq!(bench.drain(), (vec![], vec![]));
    bench.ack(1, 3, vec![], None);
    let settle = UplinkAct::Settle {
        lane: Lane::Live,
        upto: 3,
        rejected: vec![],
    };
    assert_eq!(bench.drain().1, [settle]);
    assert_eq!(
        (bench.uplink.in_flight(), bench.uplink.stats().acked_rows),
        (0, 3)
    );
}

#[test]
fn no_more_than_the_receive_maximum_is_under_way() {
    let mut bench = Bench::new(100_000);
    assert_eq!(bench.drain().0.len(), MAX_IN_FLIGHT);
    bench.ack(1, 250, vec![], None);
    let (published, _) = bench.drain();
    assert_eq!(published.len(), 2);
    assert_eq!(published[0].0, 100 * MAX_IN_FLIGHT as u64 + 1);
}

#[test]
fn a_lone_row_leaves_at_once_and_company_gathers_for_a_second() {
    let mut bench = Bench::new(1);
    assert_eq!(bench.drain().0.len(), 1);
    bench.last = 5;
    bench.uplink.handle_wake(bench.now);
    assert_eq!(bench.drain().0, []);
    assert_eq!(bench.wake(), (SECOND, Reason::Linger));
    let (published, _) = bench.drain();
    assert_eq!((published[0].0, published[0].1), (2, 5));
}

#[test]
fn central_s_rate_is_honoured() {
    let mut bench = Bench::new(1000);
    bench.ack(1, 0, vec![], Some(50));
    let mut sent = vec![];
    for _ in 0..5 {
        sent.push(bench.drain().0.len());
        let (published, _) = bench.drain();
        assert_eq!(published, []);
        let (waited, why) = bench.wake();
        assert_eq!((waited, why), (2 * SECOND, Reason::Rate));
    }
    assert_eq!(sent, [1, 1, 1, 1, 1]);
    bench.ack(1, 0, vec![], None);
    assert_eq!(bench.drain().0.len(), 5);
}

#[test]
fn a_batch_that_nobody_heard_goes_again_soon() {
    let mut bench = Bench::new(1);
    let mut waits = vec![];
    for _ in 0..7 {
        let (published, _) = bench.drain();
        bench
            .uplink
            .handle_puback(bench.now, published[0].2, Heard::ByNobody);
        waits.push(bench.wake().0.as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
}

#[test]
fn a_broker_that_forgot_the_session_gets_everything_again() {
    let mut bench = Bench::new(150);
    let (first, _) = bench.drain();
    bench
        .uplink
        .handle_puback(bench.now, first[0].2, Heard::Taken);
    bench.wake();
    assert_eq!(bench.drain().0.len(), 1);
    bench.uplink.handle_disconnected(bench.now);
    assert_eq!(bench.uplink.poll_timeout(), None);
    bench.uplink.handle_connected(bench.now, false);
    let (second, _) = bench.drain();
    assert_eq!(second.len(), 2);
    bench
        .uplink
        .handle_puback(bench.now, second[0].2, Heard::Taken);
    bench.uplink.handle_disconnected(bench.now);
    bench.uplink.handle_connected(bench.now, true);
    // This time the broker remembers: what it PUBACKed it will deliver.
    let again: Vec<_> = bench.drain().0.iter().map(|p| (p.0, p.1)).collect();
    assert_eq!(again, [(101, 150)]);
}

#[test]
fn a_connection_without_pubacks_is_given_up() {
    let mut bench = Bench::new(1);
    bench.drain();
    assert_eq!(bench.wake(), (20 * SECOND, Reason::Stall));
    assert_eq!(bench.drain().1, [UplinkAct::Reconnect]);
    assert_eq!(bench.uplink.stats().stalls, 1);
}

#[test]
fn rejected_rows_go_to_the_dead_letters_with_the_ack_that_covers_them() {
    let mut bench = Bench::new(10);
    bench.drain();
    let reject = |seq| Rejection {
        seq,
        id: uuid::Uuid::nil(),
        why: "bad".into(),
    };
    bench.ack(1, 5, vec![reject(2), reject(7)], None);
    bench.ack(1, 10, vec![reject(2), reject(7)], None);
    let settle = |upto, seq| UplinkAct::Settle {
        lane: Lane::Live,
        upto,
        rejected: vec![reject(seq)],
    };
    assert_eq!(bench.drain().1, [settle(5, 2), settle(10, 7)]);
}

#[test]
fn old_and_odd_acks_change_nothing() {
    let mut bench = Bench::new(10);
    bench.drain();
    bench.ack(9, 10, vec![], None);
    bench.ack(1, 0, vec![], None);
    for bytes in [
        &b""[..],
        b"{",
        b"null",
        b"{\"epoch\":1}",
        &[0xff; 300],
        &[b' '; 300_000],
    ] {
        assert!(bench.uplink.handle_ack(bench.now, bytes).is_err());
    }
    assert_eq!(bench.drain(), (vec![], vec![]));
    let stats = bench.uplink.stats();
    assert_eq!((stats.stale_acks, stats.malformed_acks), (2, 6));
}

#[test]
fn an_ack_beyond_what_this_life_sent_lets_go_only_what_it_sent() {
    let mut bench = Bench::new(5000);
    bench.drain();
    bench.ack(1, 5000, vec![], None);
    let (published, others) = bench.drain();
    assert_eq!(
        others,
        [UplinkAct::Settle {
            lane: Lane::Live,
            upto: 2000,
            rejected: vec![]
        }]
    );
    assert_eq!(published[0].0, 2001);
}

#[test]
fn a_store_restored_from_a_backup_begins_a_new_epoch() {
    let mut bench = Bench::new(5);
    bench.drain();
    bench.ack(1, 40, vec![], None);
    assert_eq!(bench.drain(), (vec![], vec![UplinkAct::NewEpoch]));
    bench.ack(1, 41, vec![], None);
    assert_eq!(bench.drain(), (vec![], vec![]));
    bench.uplink.handle_epoch(bench.now, Epoch(2));
    let (published, _) = bench.drain();
    assert_eq!((published[0].0, published[0].1), (1, 5));
    bench.ack(2, 5, vec![], None);
    assert_eq!(bench.drain().1.len(), 1);
}
