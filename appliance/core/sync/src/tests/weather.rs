//! Both sides in bad weather: the network loses, repeats and reorders, connections break, box and
//! central crash at any point. After every step: nothing was let go that central does not have.
//! When the weather clears: central's set is the box's set, once each, and the outbox is empty.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use uuid::Uuid;

use super::row;
use crate::{
    BoxId, Cursor, Epoch, Heard, Ingest, Lane, Pace, Rejection, Row, Rows, Uplink, UplinkAct,
    UplinkConfig, decode_batch,
};

/// One row in so many is one that central cannot keep.
const POISON: u128 = 13;

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }
}

#[derive(Default)]
struct Outbox {
    rows: BTreeMap<u64, Row>,
    last: u64,
    epoch: u32,
    dead: BTreeSet<Uuid>,
}

#[derive(Default)]
struct Database {
    records: BTreeSet<Uuid>,
    cursors: BTreeMap<Epoch, Cursor>,
    rejected: BTreeMap<(Epoch, u64), Uuid>,
    inserts: u64,
}

enum Packet {
    Batch(Vec<u8>),
    Puback(u64),
    Ack(Vec<u8>),
}

struct World {
    dice: Dice,
    bad: u64,
    now: Instant,
    made: u128,
    outbox: Outbox,
    uplink: Uplink,
    is_connected: bool,
    air: Vec<(Instant, Packet)>,
    database: Database,
}

fn uplink(outbox: &Outbox, now: Instant) -> Uplink {
    let box_id = BoxId::new("b").unwrap();
    Uplink::new(
        UplinkConfig {
            box_id,
            epoch: Epoch(outbox.epoch),
            pace: Pace::default(),
        },
        now,
    )
}

impl World {
    fn new(seed: u64, bad: u64) -> Self {
        let now = Instant::now();
        let outbox = Outbox {
            epoch: 1,
            ..Outbox::default()
        };
        let uplink = uplink(&outbox, now);
        let database = Database::default();
        let dice = Dice(seed | 1);
        Self {
            dice,
            bad,
            now,
            made: 0,
            outbox,
            uplink,
            is_connected: false,
            air: vec![],
            database,
        }
    }

    fn step(&mut self) {
        if self.dice.percent(self.bad / 4) {
            self.uplink = uplink(&self.outbox, self.now);
            self.is_connected = false;
        }
        if self.is_connected && self.dice.percent(self.bad / 3) {
            self.is_connected = false;
            self.uplink.handle_disconnected(self.now);
        } else if !self.is_connected && !self.dice.percent(self.bad) {
            self.is_connected = true;
            let session = self.dice.percent(50);
            self.uplink.handle_connected(self.now, session);
        }
        self.act();
        self.deliver();
        self.act();
        self.pass_time();
    }

    fn make_rows(&mut self) {
        for _ in 0..self.dice.below(40) {
            self.made += 1;
            self.outbox.last += 1;
            self.outbox
                .rows
                .insert(self.outbox.last, row(self.outbox.last, self.made));
        }
        self.uplink.handle_wake(self.now);
    }

    fn act(&mut self) {
        while let Some(act) = self.uplink.poll() {
            match act {
                UplinkAct::Fetch {
                    lane,
                    after_seq,
                    limit,
                } => {
                    let rows: Vec<Row> = match lane {
                        Lane::Live => self.outbox.rows.range(after_seq + 1..),
                        _ => self.outbox.rows.range(0..0),
                    }
                    .take(limit)
                    .map(|(_, row)| row.clone())
                    .collect();
                    let more = rows.len() == limit;
                    let last_given = if lane == Lane::Live {
                        self.outbox.last
                    } else {
                        0
                    };
                    self.uplink.handle_rows(
                        self.now,
                        Rows {
                            lane,
                            rows,
                            more,
                            last_given,
                        },
                    );
                }
                UplinkAct::Publish { payload, token, .. } => {
                    self.throw(Packet::Batch(payload.to_vec()));
                    self.throw(Packet::Puback(token));
                }
                UplinkAct::Settle { upto, rejected, .. } => self.settle(upto, &rejected),
                UplinkAct::Reconnect => {
                    self.is_connected = false;
                    self.uplink.handle_disconnected(self.now);
                }
                UplinkAct::NewEpoch => panic!("no store went back in time"),
            }
        }
    }

    fn settle(&mut self, upto: u64, rejected: &[Rejection]) {
        let named: BTreeMap<u64, Uuid> = rejected.iter().map(|r| (r.seq, r.id)).collect();
        while let Some(row) = self
            .outbox
            .rows
            .first_entry()
            .filter(|row| *row.key() <= upto)
        {
            let row = row.remove();
            if named.get(&row.seq) == Some(&row.id) {
                self.outbox.dead.insert(row.id);
            } else {
                assert!(
                    self.database.records.contains(&row.id),
                    "let go unsaved: {}",
                    row.seq
                );
            }
        }
    }

    fn throw(&mut self, packet: Packet) {
        if self.dice.percent(self.bad) {
            return;
        }
        let delay = Duration::from_millis(1 + self.dice.below(20 * self.bad + 20));
        let again = self.dice.percent(self.bad / 2);
        if let (true, Packet::Batch(bytes)) = (again, &packet) {
            self.air
                .push((self.now + 3 * delay, Packet::Batch(bytes.clone())));
        }
        self.air.push((self.now + delay, packet));
    }

    fn deliver(&mut self) {
        self.air.sort_by_key(|(at, _)| *at);
        let due = self.air.partition_point(|(at, _)| *at <= self.now);
        for (_, packet) in self.air.drain(..due).collect::<Vec<_>>() {
            match packet {
                Packet::Batch(bytes) => self.ingest(&bytes),
                Packet::Puback(token) if self.is_connected => {
                    let heard = if self.dice.percent(90) {
                        Heard::Taken
                    } else {
                        Heard::ByNobody
                    };
                    self.uplink.handle_puback(self.now, token, heard);
                }
                // A broker keeps an ack for a box that is away, or forgets it: both are seen.
                Packet::Ack(bytes) if self.is_connected || self.dice.percent(50) => {
                    self.uplink.handle_ack(self.now, &bytes).unwrap();
                }
                Packet::Puback(_) | Packet::Ack(_) => {}
            }
        }
    }

    /// One transaction of central; it may crash before the COMMIT or after it.
    fn ingest(&mut self, bytes: &[u8]) {
        if self.dice.percent(self.bad / 2) {
            return;
        }
        let batch = decode_batch(bytes).unwrap();
        let (epoch, db) = (batch.header.epoch, &mut self.database);
        let mut ingest = Ingest::new(epoch, Lane::Live, db.cursors.get(&epoch).cloned());
        ingest.handle_batch(&batch.header);
        assert_eq!(ingest.lost(), 0);
        for row in &batch.rows {
            if row.id.as_u128() % POISON == 0 {
                db.rejected.insert((epoch, row.seq), row.id);
            } else if db.records.insert(row.id) {
                db.inserts += 1;
            }
        }
        db.cursors.insert(epoch, ingest.cursor());
        let span = (epoch, ingest.base())..(epoch, ingest.base().max(ingest.cursor().hi + 1));
        let rejected = db.rejected.range(span).map(|(&(_, seq), &id)| Rejection {
            seq,
            id,
            why: "poison".into(),
        });
        let ack = ingest.ack(rejected.collect(), None);
        if !self.dice.percent(self.bad / 2) {
            self.throw(Packet::Ack(ack.encode()));
        }
    }

    fn pass_time(&mut self) {
        let air = self.air.iter().map(|(at, _)| *at).min();
        let timer = self.uplink.poll_timeout().map(|(at, _)| at);
        let next = air.into_iter().chain(timer).min();
        let idle = self.now + Duration::from_secs(1);
        self.now = next
            .unwrap_or(idle)
            .clamp(self.now + Duration::from_millis(1), idle.max(self.now));
        self.uplink.handle_timeout(self.now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn central_ends_with_the_box_s_set_whatever_the_weather(seed in any::<u64>(), bad in 0u64..60) {
        let mut world = World::new(seed, bad);
        for _ in 0..300 {
            if world.dice.percent(30) {
                world.make_rows();
            }
            world.step();
        }
        world.bad = 0;
        let clear_until = world.now + Duration::from_secs(7200);
        while !world.outbox.rows.is_empty() {
            prop_assert!(world.now < clear_until, "{} rows are stuck", world.outbox.rows.len());
            world.step();
        }
        let all: BTreeSet<Uuid> = (1..=world.made).map(Uuid::from_u128).collect();
        let (dead, kept): (BTreeSet<_>, BTreeSet<_>) =
            all.into_iter().partition(|id| id.as_u128() % POISON == 0);
        prop_assert_eq!(&world.database.records, &kept);
        prop_assert_eq!(world.database.inserts, kept.len() as u64);
        prop_assert_eq!(&world.outbox.dead, &dead);
    }
}
