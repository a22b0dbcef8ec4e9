//! A stream that is left alone while it has nothing to do is not told from one that is not.

use super::*;

/// What happens between two ticks.
#[derive(Clone, Copy, Debug)]
enum Step {
    Nothing,
    /// The party of the one (or the other) speaks, or presses a key as an event.
    Says(bool),
    Presses(bool),
    Reports(bool),
    Plays(bool),
    Digit(bool),
    Holds(bool, Direction),
    Bridges(bool),
}

/// Two streams that may be bridged, ticked always or only where they do not rest.
struct House {
    legs: [Leg; 2],
    rests: bool,
    /// Ticks that may still be left out, and that were and are not told yet.
    left: [u32; 2],
    owed: [u32; 2],
    is_bridged: bool,
    ticks: u64,
    seen: Vec<(u64, usize, Vec<u8>)>,
    events: Vec<(u64, StreamEvent)>,
    left_out: u32,
}

impl House {
    fn new(now: Instant, rests: bool) -> Self {
        let mut legs = [Leg::new(spec()), Leg::new(spec())];
        for (n, leg) in legs.iter_mut().enumerate() {
            leg.now = now;
            let id = StreamId(n as u32);
            leg.stream.reopen(now, id, spec(), &seed(b'a' + n as u8));
        }
        Self {
            legs,
            rests,
            left: [0; 2],
            owed: [0; 2],
            is_bridged: false,
            ticks: 0,
            seen: Vec::new(),
            events: Vec::new(),
            left_out: 0,
        }
    }

    /// Whoever is touched is as if every tick had come.
    fn catch_up(&mut self, at: usize) {
        self.legs[at]
            .stream
            .skip(std::mem::take(&mut self.owed[at]));
    }

    fn wake_if_busy(&mut self, at: usize) {
        if self.legs[at].stream.rest(self.legs[at].now) == 0 {
            self.left[at] = 0;
        }
    }

    fn act(&mut self, step: Step) {
        let mut out = [0; MAX_PACKET];
        for at in 0..2 {
            self.catch_up(at);
        }
        match step {
            Step::Nothing => {}
            Step::Says(which) => {
                let at = usize::from(which);
                let bytes = self.legs[at].packet(8, false, &[0x3c; FRAME]);
                self.legs[at].timestamp = self.legs[at].timestamp.wrapping_add(160);
                self.takes(at, &bytes, &mut out);
            }
            Step::Presses(which) => {
                let at = usize::from(which);
                let bytes = self.legs[at].packet(101, true, &[5, 10, 0, 160]);
                self.takes(at, &bytes, &mut out);
            }
            Step::Reports(which) => {
                let leg = &mut self.legs[usize::from(which)];
                // A receiver report that says nothing.
                let empty = [0x80, 201, 0, 1, 0, 0, 0, 1];
                leg.stream.handle_rtcp(leg.now, rtcp(), &empty);
            }
            Step::Plays(which) => {
                let list = Playlist::new([prompt(5)], false);
                self.legs[usize::from(which)].stream.play(3, list);
            }
            Step::Digit(which) => {
                self.legs[usize::from(which)].stream.send_digit('4');
            }
            Step::Holds(which, direction) => {
                let leg = &mut self.legs[usize::from(which)];
                leg.stream.update(
                    leg.now,
                    StreamSpec {
                        direction,
                        ..spec()
                    },
                );
            }
            Step::Bridges(on) => {
                self.is_bridged = on;
                for leg in &mut self.legs {
                    leg.stream.bridge(on);
                }
            }
        }
        for at in 0..2 {
            self.wake_if_busy(at);
        }
    }

    /// A packet of the party of `at`, which the other one hears where they are bridged.
    fn takes(&mut self, at: usize, bytes: &[u8], out: &mut [u8]) {
        let [one, two] = &mut self.legs;
        let (leg, other) = if at == 0 { (one, two) } else { (two, one) };
        let passing = leg.stream.handle_rtp(leg.now, rtp(), bytes);
        if let (Some(passing), true) = (passing, self.is_bridged)
            && let Some(length) = other.stream.pass(&passing, out)
        {
            self.seen.push((self.ticks, 1 - at, out[..length].to_vec()));
        }
    }

    fn tick(&mut self) {
        self.ticks += 1;
        let mut out = [0; MAX_PACKET];
        for at in 0..2 {
            self.legs[at].now += FRAME_TIME;
            if self.left[at] > 0 {
                self.left[at] -= 1;
                self.owed[at] += 1;
                self.left_out += 1;
                continue;
            }
            self.catch_up(at);
            let leg = &mut self.legs[at];
            leg.stream.handle_tick(leg.now);
            while let Some((_, length)) = leg.stream.poll_transmit(&mut out) {
                self.seen.push((self.ticks, at, out[..length].to_vec()));
            }
            while let Some(event) = leg.stream.poll_event() {
                self.events.push((self.ticks, event));
            }
            if self.rests {
                self.left[at] = leg.stream.rest(leg.now);
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let directions = prop_oneof![Just(Direction::SendRecv), Just(Direction::RecvOnly)];
    prop_oneof![
        40 => Just(Step::Nothing),
        20 => any::<bool>().prop_map(Step::Says),
        2 => any::<bool>().prop_map(Step::Presses),
        2 => any::<bool>().prop_map(Step::Reports),
        1 => any::<bool>().prop_map(Step::Plays),
        1 => any::<bool>().prop_map(Step::Digit),
        1 => (any::<bool>(), directions).prop_map(|(which, to)| Step::Holds(which, to)),
        2 => any::<bool>().prop_map(Step::Bridges),
    ]
}

proptest! {
    #[test]
    fn a_stream_that_rests_sends_and_tells_what_one_that_never_does(
        steps in proptest::collection::vec((step(), 1..400u32), 1..60),
    ) {
        let now = Instant::now();
        let (mut busy, mut calm) = (House::new(now, false), House::new(now, true));
        for (step, ticks) in steps {
            for house in [&mut busy, &mut calm] {
                house.act(step);
                for _ in 0..ticks {
                    house.tick();
                }
            }
        }
        prop_assert_eq!(&busy.events, &calm.events);
        prop_assert_eq!(&busy.seen, &calm.seen);
    }
}

#[test]
fn a_stream_that_only_passes_on_needs_few_ticks() {
    let mut house = House::new(Instant::now(), true);
    house.act(Step::Bridges(true));
    for _ in 0..1_000 {
        house.act(Step::Says(false));
        house.act(Step::Says(true));
        house.tick();
    }
    let part = f64::from(house.left_out) / 2_000.0;
    assert!(part > 0.85, "{part} of the ticks were left out");
}
