//! One direction of a device: the card while it is there, and when it is tried again while it is not.

use std::time::Instant;

use crate::card::{Card, Facts, Fault, Rack, Way};
use crate::limits::{BREAKS, CUSHION};
use crate::reopen::Reopen;
use crate::status::{State, Status};

/// What works on an open card: a mouth or an ear.
pub(crate) trait Work {
    /// Work on a card that was just opened.
    fn begin(facts: Facts) -> Self;
    /// The card starts again.
    fn restarted(&mut self);
    /// Its card's clock, and whether it has one.
    fn clock(&self) -> (i32, bool);
}

/// One direction of a device.
#[derive(Debug)]
pub(crate) struct Side<C, W> {
    name: String,
    way: Way,
    open: Option<(C, W)>,
    reopen: Reopen,
    /// Frames in a row that broke off.
    breaks: u32,
    status: Status,
}

impl<C: Card, W: Work> Side<C, W> {
    pub(crate) fn new(now: Instant, name: String, way: Way) -> Self {
        Self {
            name,
            way,
            open: None,
            reopen: Reopen::new(now),
            breaks: 0,
            status: Status::default(),
        }
    }

    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    /// When it is tried next, while it is not there.
    pub(crate) fn next_try(&self) -> Option<Instant> {
        self.open.is_none().then(|| self.reopen.next())
    }

    /// One frame of work, where the card is there or comes back now.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        rack: &mut impl Rack<Card = C>,
        work: impl FnOnce(&mut C, &mut W, &mut Status) -> Result<(), Fault>,
    ) {
        if self.open.is_none() && now >= self.reopen.next() {
            self.try_open(now, rack);
        }
        let Some((card, worker)) = &mut self.open else {
            return;
        };
        let done = work(card, worker, &mut self.status);
        let fault = match done {
            Ok(()) => {
                self.breaks = 0;
                self.show();
                return;
            }
            Err(Fault::Gone(why)) => Some(why),
            Err(Fault::Broke | Fault::Slept) => {
                match self.way {
                    Way::Playback => self.status.underruns += 1,
                    Way::Capture => self.status.overruns += 1,
                }
                self.breaks += 1;
                worker.restarted();
                match card.restart() {
                    Ok(()) if self.breaks < BREAKS => None,
                    Ok(()) => Some("it breaks off again and again".to_owned()),
                    Err(why) => Some(why.to_string()),
                }
            }
        };
        if let Some(why) = fault {
            self.lose(now, why);
        }
    }

    fn try_open(&mut self, now: Instant, rack: &mut impl Rack<Card = C>) {
        match rack.open(&self.name, self.way) {
            Ok(card) => {
                let work = W::begin(card.facts());
                self.open = Some((card, work));
                self.reopen.opened(now);
                self.breaks = 0;
                self.status.opened += 1;
                self.show();
            }
            Err(why) => self.lose(now, why.to_string()),
        }
    }

    fn lose(&mut self, now: Instant, why: String) {
        self.open = None;
        self.reopen.lost(now);
        self.status.drift_ppm = 0;
        self.status.state = State::Absent { why };
    }

    fn show(&mut self) {
        if let Some((card, work)) = &self.open {
            let Facts { rate, period, .. } = card.facts();
            let (drift_ppm, paces) = work.clock();
            self.status.drift_ppm = drift_ppm;
            self.status.state = State::Open {
                rate,
                period,
                paces,
            };
        }
    }
}

/// What is kept in a card's buffer, frames: the cushion, but never more than half of it.
pub(crate) fn cushion(facts: Facts) -> usize {
    let wanted = (f64::from(facts.rate) * CUSHION.as_secs_f64()) as usize;
    wanted.min(facts.buffer as usize / 2)
}
