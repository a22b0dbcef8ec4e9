//! The town: who is there, what is in the air, and what must hold after every step.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use call::Cause;
use centre::blackbox::Birth;
use centre::event::Event;
use centre::record::Record;
use centre::{Centre, CentreConfig, Input, Output, Standing};

use crate::black_box::BlackBox;
use crate::chance::Chance;
use crate::desk::Desk;
use crate::phone::{Phone, Plan, Wish};
use crate::place::{TownConfig, box_address, site, utterance};
use crate::plane::Plane;
use crate::twin::Twin;
use crate::weather::Weather;

/// Steps that may pass at one moment before the town calls it a circle.
const MAX_STEPS_AT_ONCE: u32 = 20_000;

/// A datagram on its way.
#[derive(Clone, Debug)]
pub(crate) struct Flying {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// Everything that happens between phones and the box.
#[derive(Debug)]
pub struct Town {
    /// Now, in the town.
    pub now: Instant,
    /// The box.
    pub centre: Centre,
    /// Its media plane.
    pub plane: Plane,
    /// The phones, by address.
    pub phones: BTreeMap<SocketAddr, Phone>,
    /// Desk phones and carriers, by address.
    pub desks: BTreeMap<SocketAddr, Desk>,
    /// Records made, in order.
    pub records: Vec<Record>,
    /// Live events shown, in order.
    pub events: Vec<Event>,
    /// Inputs given to the box, with their time; its black box has them where it writes one.
    pub log: Vec<(Duration, Input)>,
    /// Datagrams that came to an address without a phone.
    pub letters: Vec<(SocketAddr, Vec<u8>)>,
    /// Everything the box put out, in order, as text; not where it writes a black box.
    pub outputs: Vec<String>,
    /// What the box wrote of itself, where its town wants it.
    pub black_box: Option<BlackBox>,
    /// A second box that is told the same, where its town wants it.
    pub twin: Option<Twin>,
    birth: Birth,
    weather: Weather,
    pub(crate) chance: Chance,
    air: BTreeMap<(Instant, u64), Flying>,
    count: u64,
    start: Instant,
    pub(crate) started: Vec<String>,
    at_once: (Option<Instant>, u32),
}

impl Town {
    /// A town without phones.
    pub fn new(config: TownConfig) -> Self {
        let mut chance = Chance::new(config.seed);
        let start = Instant::now();
        let born = CentreConfig {
            seed: chance.seed(),
            ports: config.ports,
            local: box_address().into(),
            media_ip: box_address().ip(),
            now: start,
            unix_ms: 1_795_383_000_000,
        };
        let birth = Birth::of(&born, &site(&config.site));
        let black_box = (config.black_box).then(|| BlackBox::new(&birth, start));
        let twin = config.twin.then(|| Twin::new(birth.clone(), start));
        Self {
            now: start,
            centre: birth.centre(start),
            plane: Plane::default(),
            phones: BTreeMap::new(),
            desks: BTreeMap::new(),
            records: Vec::new(),
            events: Vec::new(),
            log: Vec::new(),
            letters: Vec::new(),
            outputs: Vec::new(),
            black_box,
            twin,
            birth,
            weather: config.weather,
            chance,
            air: BTreeMap::new(),
            count: 0,
            start,
            started: Vec::new(),
            at_once: (None, 0),
        }
    }

    /// A phone at `address` dials now.
    pub fn dial(&mut self, address: SocketAddr, plan: Plan) {
        let seed = self.chance.seed();
        let phone = Phone::dial(self.now, address, box_address(), plan, seed);
        self.phones.insert(address, phone);
        self.collect(address);
    }

    /// Throws `bytes` at the box as if they came from `from`, at once and unharmed.
    pub fn throw(&mut self, from: SocketAddr, bytes: impl Into<Vec<u8>>) {
        self.give(Input::Datagram {
            from: from.into(),
            bytes: bytes.into(),
        });
    }

    /// Gives the box one input.
    pub fn give(&mut self, input: Input) {
        if let Some(black_box) = &mut self.black_box {
            black_box.told(self.now, Some(&input));
        } else {
            self.log.push((self.now - self.start, input.clone()));
        }
        self.centre.handle(self.now, input.clone());
        self.drain(Some(&input));
    }

    /// The box of another program, which begins `later` with `standing`.
    pub fn another_life(&self, later: Duration, standing: Standing) -> Centre {
        let mut config = self.birth.config(self.now + later);
        let age = i64::try_from((self.age() + later).as_millis()).expect("a day");
        config.unix_ms += age;
        config.seed = [9; 32];
        Centre::with_standing(config, self.birth.site().clone(), standing)
    }

    /// Steps until nothing is left to do, at most `limit` of the town's time.
    ///
    /// # Panics
    /// When something that must hold does not.
    pub fn run(&mut self, limit: Duration) {
        let end = self.now + limit;
        while self.next().is_some_and(|at| at <= end) {
            self.step();
        }
    }

    /// Runs for exactly `time`.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.run(time);
        self.now = end;
    }

    /// How long the town has lived.
    pub fn age(&self) -> Duration {
        self.now - self.start
    }

    /// Plays written inputs to a fresh box of the same seed, up to `end`; its outputs as text.
    pub fn replay(config: TownConfig, log: &[(Duration, Input)], end: Duration) -> Vec<String> {
        let mut town = Self::new(config);
        town.plane.hangs = true;
        for (at, input) in log {
            let at = town.start + *at;
            town.wake_until(at);
            town.now = at;
            town.centre.handle(at, input.clone());
            town.note();
        }
        // The last thing it did may have been due at the end itself.
        town.wake_until(town.start + end + Duration::from_nanos(1));
        town.outputs
    }

    /// The one record of a town with one call.
    ///
    /// # Panics
    /// When there is none, or more than one.
    pub fn record(&self) -> &Record {
        assert_eq!(self.records.len(), 1, "one call, one record");
        &self.records[0]
    }

    /// How many records ended for each cause.
    pub fn causes(&self) -> BTreeMap<&'static str, usize> {
        let mut causes = BTreeMap::new();
        for record in &self.records {
            *causes.entry(Cause::word(record.cause)).or_default() += 1;
        }
        causes
    }

    fn wake_until(&mut self, end: Instant) {
        while let Some((at, _)) = self.centre.poll_timeout().filter(|(at, _)| *at < end) {
            self.now = self.now.max(at);
            self.centre.handle_timeout(self.now);
            self.note();
        }
    }

    fn note(&mut self) {
        while let Some(output) = self.centre.poll() {
            self.outputs
                .push(format!("{:?} {output:?}", self.now - self.start));
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        let air = self.air.keys().map(|(at, _)| *at).next();
        let phones = self.phones.values().filter_map(Phone::next);
        let desks = self.desks.values().filter_map(Desk::next);
        let phones = phones.chain(desks).min();
        let centre = self.centre.poll_timeout().map(|(at, _)| at);
        air.into_iter()
            .chain(phones)
            .chain(centre)
            .chain(self.plane.next())
            .min()
    }

    fn step(&mut self) {
        let Some(at) = self.next() else { return };
        self.now = self.now.max(at);
        self.guard_against_circles();
        if let Some(flying) = self.air.first_entry().filter(|e| e.key().0 <= self.now) {
            let flying = flying.remove();
            self.land(flying);
        } else if let Some(address) = self.due_phone() {
            let wish = self
                .phones
                .get_mut(&address)
                .and_then(|phone| phone.act(self.now));
            self.collect(address);
            self.grant(wish);
        } else if let Some(address) = self.due_desk() {
            self.desk_acts(address);
        } else if self.plane.next().is_some_and(|at| at <= self.now) {
            if let Some(input) = self.plane.say(self.now) {
                self.give(input);
            }
        } else {
            if let Some(black_box) = &mut self.black_box {
                black_box.told(self.now, None);
            }
            self.centre.handle_timeout(self.now);
            self.drain(None);
        }
        self.check();
    }

    fn due_phone(&self) -> Option<SocketAddr> {
        let due = |phone: &&Phone| phone.next().is_some_and(|at| at <= self.now);
        self.phones.values().find(due).map(Phone::address)
    }

    fn land(&mut self, flying: Flying) {
        if flying.to == box_address() {
            self.give(Input::Datagram {
                from: flying.from.into(),
                bytes: flying.bytes,
            });
        } else if let Some(phone) = self.phones.get_mut(&flying.to) {
            phone.hear(self.now, flying.from, &flying.bytes);
            self.collect(flying.to);
        } else if self.desks.contains_key(&flying.to) {
            self.desk_hears(&flying.to, flying.from, &flying.bytes);
        } else {
            self.letters.push((flying.to, flying.bytes));
        }
    }

    pub(crate) fn grant(&mut self, wish: Option<Wish>) {
        match wish {
            Some(Wish::Press(rtp, digit)) => self.plane.press(self.now, rtp, digit),
            Some(Wish::Mute(rtp)) => self.plane.mute(rtp),
            Some(Wish::Say(rtp, words)) => self.plane.speak(self.now, rtp, utterance(words)),
            None => {}
        }
    }

    fn collect(&mut self, address: SocketAddr) {
        while let Some(t) = self.phones.get_mut(&address).and_then(Phone::send) {
            self.fly(Flying {
                from: address,
                to: t.to.addr,
                bytes: t.bytes,
            });
        }
    }

    fn drain(&mut self, input: Option<&Input>) {
        let outputs: Vec<Output> = std::iter::from_fn(|| self.centre.poll()).collect();
        if let Some(twin) = &mut self.twin {
            twin.step(self.now, input, (&self.centre, &outputs));
        }
        for output in outputs {
            match &mut self.black_box {
                Some(black_box) => black_box.answered(&output),
                None => (self.outputs).push(format!("{:?} {output:?}", self.now - self.start)),
            }
            match output {
                Output::Transmit { to, bytes } => self.fly(Flying {
                    from: box_address(),
                    to: to.addr,
                    bytes,
                }),
                Output::Stream(command) => self.plane.command(self.now, command),
                Output::Event(event) => {
                    if let Event::Started(call) = &event {
                        self.started.push(call.parties.sip_call_id.clone());
                    }
                    self.events.push(event);
                }
                Output::Record(record) => self.records.push(*record),
                // The town's carriers are written as addresses.
                Output::Lookup { uri, .. } => panic!("nobody asks for {uri} here"),
            }
        }
        if let Some(black_box) = &mut self.black_box {
            black_box.settle(&self.centre);
        }
    }

    pub(crate) fn fly(&mut self, flying: Flying) {
        for delay in self.weather.copies(&mut self.chance) {
            self.count += 1;
            self.air
                .insert((self.now + delay, self.count), flying.clone());
        }
    }

    fn guard_against_circles(&mut self) {
        match &mut self.at_once {
            (at, steps) if *at == Some(self.now) => {
                *steps += 1;
                assert!(*steps < MAX_STEPS_AT_ONCE, "the town runs in a circle");
            }
            other => *other = (Some(self.now), 0),
        }
    }
}
