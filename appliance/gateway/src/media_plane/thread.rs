//! The media thread: waits for sockets, orders and the wheel, and drives the seats.
//!
//! One loop on the absolute clock. After [`MediaThread::new`] nothing here allocates, locks, logs
//! or blocks but in `epoll_wait`. A fault in one stream takes that stream alone: it is told as lost,
//! its seat gets a fresh one, and the others go on.

use std::os::fd::{AsFd as _, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use media::StreamId;
use rtrb::Consumer;
use rustix::event::epoll;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::bell::Bell;
use super::counters::count;
use super::host::Clock;
use super::order::{Act, Order};
use super::outlets::Outlets;
use super::seat::{BUFFER, Buffers, Seat};
use super::start::idle;
use super::wheel::Wheel;

/// Readiness events taken in one go.
const EVENTS: usize = 128;
/// While packets keep coming the thread lets them gather for this long, on a grid of the clock that
/// the wheel's slots lie on: a wake-up costs as much as a packet. It is the most a packet waits here,
/// half of the 1 ms a relay may add. Nanoseconds.
const GATHER_NS: u64 = 500_000;
/// Streams from which on packets gather. Below it hardly two of them meet in one [`GATHER_NS`].
const GATHER_FROM: u64 = 32;
/// Epoll tokens: orders, timer, then RTP and RTCP of each seat.
const ORDERS: u64 = 0;
const TIMER: u64 = 1;
const SEATS: u64 = 2;
/// Stands for a timer that went off and must be set again, were it only to be unset.
const WENT_OFF: Option<u64> = Some(u64::MAX);

/// All that the media thread owns.
#[derive(Debug)]
pub(super) struct MediaThread {
    epoll: OwnedFd,
    timer: OwnedFd,
    /// What the timer is set to.
    armed: Option<u64>,
    clock: Clock,
    wheel: Wheel,
    seats: Vec<Seat>,
    inlet: Inlet,
    outlets: Outlets,
    buffers: Buffers,
    /// The seat that is at work, to be blamed for a fault.
    at_work: Option<usize>,
    /// Packets came in the last round and more will at once.
    is_busy: bool,
}

/// What comes from the control side.
#[derive(Debug)]
pub(super) struct Inlet {
    pub(super) orders: Consumer<Order>,
    /// Wakes the thread for orders.
    pub(super) bell: Arc<Bell>,
    pub(super) stop: Arc<AtomicBool>,
}

impl MediaThread {
    pub(super) fn new(
        clock: Clock,
        seats: Vec<Seat>,
        inlet: Inlet,
        outlets: Outlets,
    ) -> anyhow::Result<Self> {
        let epoll =
            epoll::create(epoll::CreateFlags::CLOEXEC).context("could not make an epoll")?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, flags).context("could not make a timer")?;
        for (fd, token) in [(inlet.bell.fd(), ORDERS), (timer.as_fd(), TIMER)] {
            epoll::add(
                &epoll,
                fd,
                epoll::EventData::new_u64(token),
                epoll::EventFlags::IN,
            )
            .context("could not watch the media thread's timer and orders")?;
        }
        Ok(Self {
            wheel: Wheel::new(clock.now_ns(), seats.len()),
            epoll,
            timer,
            armed: None,
            clock,
            seats,
            inlet,
            outlets,
            buffers: Buffers {
                came: [0; BUFFER],
                goes: [0; BUFFER],
            },
            at_work: None,
            is_busy: false,
        })
    }

    /// Runs until it is told to stop; then every stream says goodbye.
    pub(super) fn run(mut self) {
        let none = epoll::Event {
            flags: epoll::EventFlags::empty(),
            data: epoll::EventData::new_u64(0),
        };
        let mut events = [none; EVENTS];
        while !self.inlet.stop.load(Ordering::Acquire) {
            let ready = self.wait(&mut events);
            // What was ready and not looked at for a fault is ready still.
            let done = catch_unwind(AssertUnwindSafe(|| self.round(&events[..ready])));
            if done.is_err() {
                self.blame();
            }
            self.outlets.flush();
            count(&self.outlets.counters.rounds);
        }
        let now = self.clock.instant(self.clock.now_ns());
        for seat in self.seats.iter_mut().filter(|seat| !seat.is_free()) {
            seat.close(now, &mut self.buffers.goes, &mut self.outlets);
        }
        self.outlets.flush();
    }

    /// Waits until there is something to do; says how much of `events` is filled.
    fn wait(&mut self, events: &mut [epoll::Event]) -> usize {
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // An interrupted wait is a wait that found nothing.
        if std::mem::take(&mut self.is_busy) {
            let grid = self.wheel.next_on_grid(self.clock.now_ns(), GATHER_NS);
            let until = self.wheel.next_due().map_or(grid, |due| due.min(grid));
            self.clock.sleep_until(until);
            if self.armed == WENT_OFF {
                self.arm();
            }
            return epoll::wait(&self.epoll, events, Some(&at_once)).unwrap_or(0);
        }
        self.arm();
        self.inlet.bell.listen();
        let is_told = !self.inlet.orders.is_empty() || self.inlet.stop.load(Ordering::Acquire);
        let patience = is_told.then_some(&at_once);
        let ready = epoll::wait(&self.epoll, events, patience).unwrap_or(0);
        self.inlet.bell.listens_no_more();
        ready
    }

    /// Packets, then orders, then what is due.
    fn round(&mut self, ready: &[epoll::Event]) {
        let now = self.clock.instant(self.clock.now_ns());
        // Where not all that is ready found room, the rest waits already.
        let gathers = ready.len() < EVENTS
            && self.outlets.counters.open.load(Ordering::Relaxed) >= GATHER_FROM;
        for event in ready {
            match event.data.u64() {
                ORDERS => self.inlet.bell.clear(),
                // Set again before the next wait, which makes it unready.
                TIMER => self.armed = WENT_OFF,
                token => {
                    self.is_busy = gathers;
                    self.readable(token - SEATS, now);
                }
            }
        }
        while let Ok(order) = self.inlet.orders.pop() {
            self.obey(now, order);
        }
        self.turn();
        self.at_work = None;
    }

    /// After a fault: the stream that was at work is lost, or all where none was. The message of the
    /// panic has gone to standard error.
    fn blame(&mut self) {
        // Whatever the timer did before the fault, it is set anew.
        self.armed = WENT_OFF;
        let (first, last) = match self.at_work.take() {
            Some(index) => (index, index + 1),
            None => (0, self.seats.len()),
        };
        let now = self.clock.instant(self.clock.now_ns());
        for index in first..last.min(self.seats.len()) {
            if !self.seats[index].is_open() {
                continue;
            }
            self.part(index);
            self.watch(index, false);
            // What it rested went with it.
            let _ = self.wheel.missed(index);
            self.wheel.wake(index);
            let seat = &mut self.seats[index];
            let fresh = idle(now, seat.stream());
            seat.lose(fresh, &mut self.outlets);
            count(&self.outlets.counters.lost);
        }
    }

    fn readable(&mut self, index: u64, now: Instant) {
        let at = (index / 2) as usize;
        self.at_work = Some(at);
        if at >= self.seats.len() {
            return;
        }
        self.catch_up(at);
        if !index.is_multiple_of(2) {
            self.seats[at].hear_report(now, &mut self.buffers.came, &self.outlets);
            return self.wake_if_busy(at, now);
        }
        let partner = self.seats[at].partner;
        if let Some(other) = partner {
            self.catch_up(other);
        }
        let Self {
            seats,
            buffers,
            outlets,
            ..
        } = self;
        match partner.and_then(|other| seats.get_disjoint_mut([at, other]).ok()) {
            Some([seat, partner]) => seat.hear(now, Some(partner), buffers, outlets),
            None => seats[at].hear(now, None, buffers, outlets),
        }
        self.wake_if_busy(at, now);
        if let Some(other) = partner {
            self.wake_if_busy(other, now);
        }
    }

    /// Before a seat is touched: it is as if each of its ticks had come.
    fn catch_up(&mut self, index: usize) {
        let missed = self.wheel.missed(index);
        if missed > 0 {
            self.seats[index].skip(missed);
        }
    }

    /// After a seat was touched: what came may have ended its rest.
    fn wake_if_busy(&mut self, index: usize, now: Instant) {
        if self.wheel.rests(index) && self.seats[index].rest(now) == 0 {
            self.wheel.wake(index);
        }
    }

    fn obey(&mut self, now: Instant, order: Order) {
        let Order {
            seat: index,
            stream,
            act,
        } = order;
        let is_here = self.has(index, stream);
        self.at_work = Some(index);
        if is_here {
            self.catch_up(index);
            self.wheel.wake(index);
        }
        match act {
            Act::Open(spec, seed, gear) if self.seats.get(index).is_some_and(Seat::is_free) => {
                count(&self.outlets.counters.open);
                let seat = &mut self.seats[index];
                self.wheel.insert(self.clock.now_ns(), index);
                let how = (spec, &seed, gear);
                let buffer = &mut self.buffers.came;
                seat.open(now, stream, how, buffer, &mut self.outlets);
                self.watch(index, true);
            }
            Act::Bridge(other, partner)
                if is_here
                    && other != index
                    && self.has(other, partner)
                    && self.seats[index].is_open()
                    && self.seats[other].is_open() =>
            {
                for (one, other) in [(index, other), (other, index)] {
                    self.part(one);
                    self.catch_up(one);
                    self.wheel.wake(one);
                    self.seats[one].bridge(Some(other));
                }
            }
            Act::Unbridge if is_here => self.part(index),
            Act::Close if is_here => {
                self.part(index);
                if self.seats[index].is_open() {
                    self.watch(index, false);
                }
                let seat = &mut self.seats[index];
                let is_free = seat.close(now, &mut self.buffers.goes, &mut self.outlets);
                if is_free {
                    self.free(index);
                }
            }
            Act::Open(..) | Act::Bridge(..) => count(&self.outlets.counters.misdirected),
            act if is_here => self.seats[index].act(now, act, &mut self.outlets),
            _ => count(&self.outlets.counters.misdirected),
        }
    }

    fn has(&self, index: usize, stream: StreamId) -> bool {
        let seat = self.seats.get(index);
        seat.is_some_and(|seat| seat.has(stream))
    }

    /// Whoever is bridged with the seat hears it no more, nor the other way round.
    fn part(&mut self, index: usize) {
        if let Some(other) = self.seats[index].partner {
            for one in [index, other] {
                self.catch_up(one);
                self.wheel.wake(one);
                self.seats[one].bridge(None);
            }
        }
    }

    /// Ticks every seat whose slot has come, unless it rests.
    fn turn(&mut self) {
        let mut now = self.clock.now_ns();
        while let Some(due) = self.wheel.due(now) {
            // Downward: a seat that stands up leaves its place to the last one.
            for at in (0..self.wheel.seats(due.slot)).rev() {
                let Some(index) = self.wheel.wakes(due, at) else {
                    continue;
                };
                self.outlets
                    .counters
                    .lateness
                    .add(now.saturating_sub(due.at) / 1_000);
                let instant = self.clock.instant(now);
                self.at_work = Some(index);
                let missed = self.wheel.missed_before(due, index);
                if missed > 0 {
                    self.seats[index].skip(missed);
                }
                if self.tick(index, instant) {
                    self.free(index);
                } else {
                    let rest = self.seats[index].rest(instant);
                    self.wheel.ticked(due, index, rest);
                }
                now = self.clock.now_ns();
            }
            self.wheel.done(due);
        }
        self.outlets
            .counters
            .overruns
            .store(self.wheel.overruns(), Ordering::Relaxed);
    }

    /// Ticks one seat beside that of its bridge; says whether it is free afterwards.
    fn tick(&mut self, index: usize, now: Instant) -> bool {
        let Self {
            seats,
            buffers,
            outlets,
            ..
        } = self;
        let partner = seats[index].partner;
        let is_free = match partner.and_then(|other| seats.get_disjoint_mut([index, other]).ok()) {
            Some([seat, partner]) => seat.tick(now, Some(partner), &mut buffers.goes, outlets),
            None => seats[index].tick(now, None, &mut buffers.goes, outlets),
        };
        if let Some(other) = partner {
            self.wake_if_busy(other, now);
        }
        is_free
    }

    fn free(&mut self, index: usize) {
        self.wheel.remove(index);
        self.outlets.counters.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Watches a seat's sockets while a stream sits on it: strangers' packets to the others wake
    /// nobody.
    fn watch(&self, index: usize, on: bool) {
        let pair = &self.seats[index].pair;
        for (n, socket) in [&pair.rtp, &pair.rtcp].into_iter().enumerate() {
            let token = epoll::EventData::new_u64(SEATS + 2 * index as u64 + n as u64);
            let done = if on {
                epoll::add(&self.epoll, socket, token, epoll::EventFlags::IN)
            } else {
                epoll::delete(&self.epoll, socket)
            };
            if done.is_err() {
                count(&self.outlets.counters.socket_errors);
            }
        }
    }

    /// Sets the timer to the next slot with a seat in it; with none the thread sleeps until told.
    fn arm(&mut self) {
        let next = self.wheel.next_due();
        if next == self.armed {
            return;
        }
        let at = next.unwrap_or(0);
        let timer = Itimerspec {
            it_interval: Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: Timespec {
                tv_sec: (at / 1_000_000_000) as i64,
                tv_nsec: (at % 1_000_000_000) as i64,
            },
        };
        if timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &timer).is_ok() {
            self.armed = next;
        }
    }
}
