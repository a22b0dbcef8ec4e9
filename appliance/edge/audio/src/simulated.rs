//! A card that lives in the test's own time: its clock may be off, and it may be pulled out.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::card::{Card, Facts, Fault, Rack, Way};

/// One card and the time it lives in.
#[derive(Clone, Debug)]
pub(crate) struct World(Rc<RefCell<Inside>>);

#[derive(Debug)]
struct Inside {
    began: Instant,
    now: Instant,
    rate: u32,
    /// How much faster its clock is.
    off: f64,
    is_plugged: bool,
    opens: u32,
    played: Vec<i16>,
}

impl World {
    pub(crate) fn new(rate: u32, off: f64) -> Self {
        let now = Instant::now();
        Self(Rc::new(RefCell::new(Inside {
            began: now,
            now,
            rate,
            off,
            is_plugged: true,
            opens: 0,
            played: Vec::new(),
        })))
    }

    pub(crate) fn now(&self) -> Instant {
        self.0.borrow().now
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.0.borrow_mut().now += time;
    }

    pub(crate) fn plug(&self, is_plugged: bool) {
        self.0.borrow_mut().is_plugged = is_plugged;
    }

    pub(crate) fn opens(&self) -> u32 {
        self.0.borrow().opens
    }

    pub(crate) fn played(&self) -> Vec<i16> {
        self.0.borrow().played.clone()
    }

    /// Frames that the card's clock has counted.
    fn clock(&self) -> f64 {
        let inside = self.0.borrow();
        let time = inside.now.duration_since(inside.began).as_secs_f64();
        time * f64::from(inside.rate) * (1.0 + inside.off)
    }
}

/// One direction of it.
#[derive(Debug)]
pub(crate) struct SimulatedCard {
    world: World,
    way: Way,
    /// Where its clock stood when it started.
    start: f64,
    moved: u64,
}

impl SimulatedCard {
    /// Frames in its buffer.
    fn held(&self) -> Result<usize, Fault> {
        let inside = self.world.0.borrow();
        if !inside.is_plugged {
            return Err(Fault::Gone("there is no such card".to_owned()));
        }
        drop(inside);
        let passed = self.world.clock() - self.start;
        let held = match self.way {
            _ if self.way == Way::Playback && self.moved == 0 => 0.0,
            Way::Playback => self.moved as f64 - passed,
            Way::Capture => passed - self.moved as f64,
        };
        let fits = 0.0..=f64::from(self.facts().buffer);
        if fits.contains(&held) {
            Ok(held as usize)
        } else {
            Err(Fault::Broke)
        }
    }
}

impl Card for SimulatedCard {
    fn facts(&self) -> Facts {
        let rate = self.world.0.borrow().rate;
        Facts {
            rate,
            period: rate / 100,
            buffer: rate * 16 / 100,
        }
    }

    fn room(&mut self) -> Result<usize, Fault> {
        let held = self.held()?;
        Ok(match self.way {
            Way::Playback => self.facts().buffer as usize - held,
            Way::Capture => held,
        })
    }

    fn write(&mut self, samples: &[i16]) -> Result<usize, Fault> {
        let count = samples.len().min(self.room()?);
        if self.moved == 0 {
            self.start = self.world.clock();
        }
        self.moved += count as u64;
        let mut inside = self.world.0.borrow_mut();
        inside.played.extend(&samples[..count]);
        Ok(count)
    }

    /// A line with a tone of 500 Hz by the card's own clock.
    fn read(&mut self, samples: &mut [i16]) -> Result<usize, Fault> {
        let count = samples.len().min(self.held()?);
        let step = std::f64::consts::TAU * 500.0 / f64::from(self.facts().rate);
        for place in &mut samples[..count] {
            *place = ((self.moved as f64 * step).sin() * 10_000.0) as i16;
            self.moved += 1;
        }
        Ok(count)
    }

    fn restart(&mut self) -> Result<(), Fault> {
        self.start = self.world.clock();
        self.moved = 0;
        self.held().map(drop)
    }
}

impl Rack for World {
    type Card = SimulatedCard;

    fn open(&mut self, _name: &str, way: Way) -> Result<SimulatedCard, Fault> {
        self.0.borrow_mut().opens += 1;
        if !self.0.borrow().is_plugged {
            return Err(Fault::Gone("there is no such card".to_owned()));
        }
        Ok(SimulatedCard {
            world: self.clone(),
            way,
            start: self.clock(),
            moved: 0,
        })
    }
}
