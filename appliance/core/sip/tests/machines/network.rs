//! Two endpoints on a network that loses, doubles and reorders: whatever happens, both agree in the end and
//! nothing is left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use sip::{Body, DialogId, Endpoint, EndpointConfig, Event, OutgoingInvite, Reply, TxId, Uri};

use crate::world::SDP;

/// The weather of a network, in percent.
struct Weather {
    loss: u64,
    copies: u64,
    /// How many callers give up within three seconds.
    impatience: u64,
}

/// What one side knows of its calls.
#[derive(Default, Debug)]
struct Diary {
    placed: usize,
    offered: usize,
    answered: BTreeSet<DialogId>,
    over: BTreeMap<DialogId, String>,
    waiting: Vec<(Instant, TxId)>,
}

struct Side {
    endpoint: Endpoint,
    address: SocketAddr,
    diary: Diary,
}

struct World {
    sides: [Side; 2],
    now: Instant,
    rng: ChaCha8Rng,
    weather: Weather,
    air: BTreeMap<(Instant, u64), (usize, SocketAddr, Vec<u8>)>,
    serial: u64,
}

impl World {
    fn new(seed: u8, weather: Weather) -> Self {
        let side = |address: &str, seed: u8| {
            let address: SocketAddr = address.parse().unwrap();
            let endpoint = Endpoint::new(EndpointConfig::new(address), [seed; 32]);
            Side {
                endpoint,
                address,
                diary: Diary::default(),
            }
        };
        Self {
            sides: [
                side("192.0.2.1:5060", seed),
                side("192.0.2.2:5060", seed.wrapping_add(100)),
            ],
            now: Instant::now(),
            rng: ChaCha8Rng::from_seed([seed; 32]),
            weather,
            air: BTreeMap::new(),
            serial: 0,
        }
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.rng.next_u64() % 100 < percent
    }

    fn place_call(&mut self, from: usize) -> DialogId {
        let (caller, called) = (self.sides[from].address, self.sides[1 - from].address);
        let uri = |at: SocketAddr| Uri::parse(&format!("sip:x@{at}")).unwrap();
        let side = &mut self.sides[from];
        side.diary.placed += 1;
        side.endpoint.invite(
            self.now,
            OutgoingInvite {
                to: called.into(),
                request_uri: uri(called),
                from_uri: uri(caller),
                to_uri: uri(called),
                display: None,
                body: Some(Body::new("application/sdp", SDP)),
                credentials: None,
                headers: Vec::new(),
            },
        )
    }

    /// Puts what the endpoints sent into the air.
    fn carry(&mut self) {
        for from in 0..2 {
            while let Some(transmit) = self.sides[from].endpoint.poll_transmit() {
                let to = self
                    .sides
                    .iter()
                    .position(|side| side.address == transmit.to.addr)
                    .unwrap();
                let copies = 1 + usize::from(self.chance(self.weather.copies));
                for _ in 0..copies {
                    if self.chance(self.weather.loss) {
                        continue;
                    }
                    let delay = Duration::from_millis(5 + self.rng.next_u64() % 200);
                    self.serial += 1;
                    let source = self.sides[from].address;
                    let packet = (to, source, transmit.bytes.clone());
                    self.air.insert((self.now + delay, self.serial), packet);
                }
            }
        }
    }

    /// What the owners do: the called side answers after a while or refuses, both note what they are told.
    fn listen(&mut self) {
        for index in 0..2 {
            while let Some(event) = self.sides[index].endpoint.poll_event() {
                let roll = self.rng.next_u64() % 10;
                let now = self.now;
                let side = &mut self.sides[index];
                match event {
                    Event::Invite { tx, .. } => {
                        side.diary.offered += 1;
                        match roll {
                            0 => side.endpoint.respond(now, tx, &Reply::new(486)),
                            1..4 => {
                                side.endpoint.progress(now, tx, &Reply::new(180), true);
                                side.diary
                                    .waiting
                                    .push((now + Duration::from_secs(roll), tx));
                            }
                            _ => side
                                .diary
                                .waiting
                                .push((now + Duration::from_millis(roll * 40), tx)),
                        }
                    }
                    Event::Cancelled { tx, .. } => side.diary.waiting.retain(|(_, t)| *t != tx),
                    Event::Answered { dialog, .. } | Event::Acked { dialog, .. } => {
                        assert!(side.diary.answered.insert(dialog), "answered twice");
                    }
                    Event::Rejected { dialog, status, .. } => {
                        side.over(dialog, format!("rejected {status}"))
                    }
                    Event::Ended { dialog, by } => side.over(dialog, format!("{by:?}")),
                    Event::Unacknowledged { dialog } => {
                        side.over(dialog, "unacknowledged".to_owned())
                    }
                    Event::Request { tx, .. } => side.endpoint.respond(now, tx, &Reply::new(481)),
                    Event::Progress { .. } | Event::Pracked { .. } | Event::Response { .. } => {}
                }
            }
        }
    }

    fn answer_waiting(&mut self) {
        for side in &mut self.sides {
            let due: Vec<TxId> = side
                .diary
                .waiting
                .iter()
                .filter(|(at, _)| *at <= self.now)
                .map(|(_, tx)| *tx)
                .collect();
            side.diary.waiting.retain(|(at, _)| *at > self.now);
            for tx in due {
                let reply = Reply::new(200).with_body(Body::new("application/sdp", SDP));
                side.endpoint.accept(self.now, tx, &reply);
            }
        }
    }

    /// Runs for this long.
    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            self.carry();
            self.listen();
            self.carry();
            let timers = self
                .sides
                .iter()
                .filter_map(|s| s.endpoint.poll_timeout().map(|(at, _)| at));
            let answers = self
                .sides
                .iter()
                .flat_map(|s| s.diary.waiting.iter().map(|(at, _)| *at));
            let packets = self.air.keys().map(|(at, _)| *at);
            let Some(next) = timers
                .chain(answers)
                .chain(packets)
                .min()
                .filter(|at| *at <= end)
            else {
                break;
            };
            self.now = next.max(self.now);
            while let Some(entry) = self.air.first_entry().filter(|e| e.key().0 <= self.now) {
                let (to, from, bytes) = entry.remove();
                self.sides[to]
                    .endpoint
                    .handle_message(self.now, from.into(), &bytes);
            }
            self.answer_waiting();
            for side in &mut self.sides {
                side.endpoint.handle_timeout(self.now);
            }
        }
        self.now = end;
    }
}

impl Side {
    fn over(&mut self, dialog: DialogId, how: String) {
        let before = self.diary.over.insert(dialog, how);
        assert_eq!(before, None, "ended twice");
    }
}

/// Twenty calls each way, some given up, some ended by one side, some by both at once.
fn twenty_calls(seed: u8, weather: Weather) -> World {
    let mut world = World::new(seed, weather);
    let mut ended: [BTreeSet<DialogId>; 2] = Default::default();
    for _ in 0..20 {
        for side in 0..2 {
            let dialog = world.place_call(side);
            if world.chance(world.weather.impatience) {
                let wait = Duration::from_millis(world.rng.next_u64() % 3000);
                world.run(wait);
                let now = world.now;
                if !world.sides[side].diary.answered.contains(&dialog) {
                    world.sides[side].endpoint.cancel(now, dialog);
                }
            }
        }
        world.run(Duration::from_secs(5));
        for (side, ended) in ended.iter_mut().enumerate() {
            let open: Vec<DialogId> = world.sides[side]
                .diary
                .answered
                .difference(ended)
                .copied()
                .collect();
            for dialog in open {
                if world.chance(50) {
                    let now = world.now;
                    world.sides[side].endpoint.bye(now, dialog, Vec::new());
                    ended.insert(dialog);
                }
            }
        }
    }
    for (side, ended) in ended.iter().enumerate() {
        let open: Vec<DialogId> = world.sides[side]
            .diary
            .answered
            .difference(ended)
            .copied()
            .collect();
        for dialog in open {
            let now = world.now;
            world.sides[side].endpoint.bye(now, dialog, Vec::new());
        }
    }
    world.run(Duration::from_secs(300));
    world
}

fn nothing_is_left(world: &World) {
    for side in &world.sides {
        let stats = side.endpoint.stats();
        assert_eq!(
            (stats.transactions, stats.dialogs),
            (0, 0),
            "{:?}",
            side.diary
        );
        assert_eq!(side.endpoint.poll_timeout(), None);
    }
}

#[test]
fn on_a_fair_day_every_call_that_is_answered_is_known_to_both() {
    let world = twenty_calls(
        1,
        Weather {
            loss: 0,
            copies: 0,
            impatience: 0,
        },
    );
    nothing_is_left(&world);
    let answered = |i: usize| world.sides[i].diary.answered.len();
    assert!(answered(0) > 10 && answered(1) > 10);
    for side in &world.sides {
        assert_eq!(side.diary.placed, 20);
        assert_eq!(side.diary.offered, 20, "each call was offered once");
        assert_eq!(side.endpoint.stats().timeouts, 0);
    }
    // Every answered call is in both diaries: as Answered with the caller, as Acked with the called.
    assert_eq!(answered(0), answered(1));
}

#[test]
fn in_bad_weather_every_call_ends_on_both_sides() {
    for seed in 1..=12 {
        let world = twenty_calls(
            seed,
            Weather {
                loss: 20,
                copies: 20,
                impatience: 20,
            },
        );
        nothing_is_left(&world);
        for side in &world.sides {
            assert!(
                side.diary.offered <= 20,
                "seed {seed}: a copy was taken for a new call"
            );
            assert!(side.endpoint.stats().retransmissions_sent > 0);
        }
    }
}

#[test]
fn when_the_network_dies_both_sides_give_up() {
    let mut world = World::new(
        9,
        Weather {
            loss: 0,
            copies: 0,
            impatience: 0,
        },
    );
    let dialog = world.place_call(0);
    world.run(Duration::from_secs(5));
    let was_answered = world.sides[0].diary.answered.contains(&dialog);
    world.weather.loss = 100;
    let second = world.place_call(0);
    let now = world.now;
    world.sides[0].endpoint.bye(now, dialog, Vec::new());
    world.run(Duration::from_secs(120));
    assert_eq!(
        world.sides[0].diary.over.get(&second),
        Some(&"rejected 408".to_owned())
    );
    assert_eq!(world.sides[0].endpoint.stats().dialogs, 0);
    // The called side hears nothing and keeps its dialog: finding that out is the media's and the owner's part.
    assert_eq!(
        world.sides[1].endpoint.stats().dialogs,
        usize::from(was_answered)
    );
}
