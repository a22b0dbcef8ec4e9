//! The wheel: 20 slots of 1 ms on the absolute clock; each open seat has its slot and is due in it
//! every 20 ms. Few seats share few slots, so that the thread wakes seldom; many are spread. A seat
//! that has nothing to do rests for some turns, and a slot whose seats all rest wakes nobody.
//!
//! Pure: times are nanoseconds of the monotonic clock and arguments. Driven by the media thread.
//! Nothing here allocates after [`Wheel::new`]. Moments are counted in slots since the origin.

/// Slots of one turn.
pub(super) const SLOTS: usize = 20;
/// Time of one slot.
const SLOT_NS: u64 = 1_000_000;
/// Seats a slot is filled with before the next one is begun. A wake-up costs about what three seats
/// do, and the last of these waits for the others: about 0.1 ms, of the 0.5 ms a packet may be late.
const FILL: usize = 16;
/// How far behind the clock the wheel works off every turn it missed; beyond it they are left out
/// and counted, so that peers get a gap and not a flood.
const MAX_BEHIND_NS: u64 = 200 * SLOT_NS;

/// Which seats are due when.
#[derive(Debug)]
pub(super) struct Wheel {
    slots: [Slot; SLOTS],
    places: Vec<Place>,
    /// Clock of slot number 0.
    origin: u64,
    /// The moment that comes next: those before it are over.
    next: u64,
    overruns: u64,
}

#[derive(Clone, Debug)]
struct Slot {
    seats: Vec<usize>,
    /// When one of the seats is due next, or sooner; [`NEVER`] without seats.
    wake: u64,
}

/// Where a seat is, while a stream sits on it.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    slot: usize,
    /// Moment of the last turn that was ticked or told.
    done: u64,
    /// Moment of the next tick.
    wake: u64,
}

/// The moment of a slot without seats.
const NEVER: u64 = u64::MAX;
/// Moments of one turn.
const TURN: u64 = SLOTS as u64;

/// A slot whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Index of the slot.
    pub(super) slot: usize,
    /// When it was due, nanoseconds.
    pub(super) at: u64,
    moment: u64,
}

impl Wheel {
    /// A wheel that starts turning at `now`, with room for `seats`.
    pub(super) fn new(now: u64, seats: usize) -> Self {
        let slot = || Slot {
            seats: Vec::with_capacity(seats),
            wake: NEVER,
        };
        Self {
            slots: std::array::from_fn(|_| slot()),
            places: vec![Place::default(); seats],
            origin: now,
            next: 0,
            overruns: 0,
        }
    }

    /// Puts a seat into the fullest slot that holds fewer than [`FILL`], or where all hold that many
    /// into the emptiest; of those the one that comes soonest after `now`.
    pub(super) fn insert(&mut self, now: u64, seat: usize) {
        if self.next_moment().is_none() {
            // While no seat was taken nobody turned the wheel.
            self.next = now.saturating_sub(self.origin) / SLOT_NS + 1;
        }
        let next = self.next;
        let slot = (0..TURN)
            .map(|n| ((next + n) % TURN) as usize)
            .min_by_key(|slot| match self.slots[*slot].seats.len() {
                few if few < FILL => FILL - few,
                many => many + 1,
            })
            .unwrap_or(0);
        let wake = self.upcoming(slot);
        self.slots[slot].seats.push(seat);
        self.slots[slot].wake = self.slots[slot].wake.min(wake);
        // Its first turn is that to come: none before it was missed.
        self.places[seat] = Place {
            slot,
            done: wake.saturating_sub(TURN),
            wake,
        };
    }

    /// Takes a seat out of its slot.
    pub(super) fn remove(&mut self, seat: usize) {
        let slot = &mut self.slots[self.places[seat].slot];
        if let Some(at) = slot.seats.iter().position(|each| *each == seat) {
            slot.seats.swap_remove(at);
        }
        if slot.seats.is_empty() {
            slot.wake = NEVER;
        }
    }

    /// How many seats are in a slot.
    pub(super) fn seats(&self, slot: usize) -> usize {
        self.slots[slot].seats.len()
    }

    /// The seat at a place of a slot, if it is to be ticked; the caller counts down, so that it may
    /// remove the one it looks at.
    pub(super) fn wakes(&self, due: Due, at: usize) -> Option<usize> {
        let seat = self.slots[due.slot].seats[at];
        (self.places[seat].wake <= due.moment).then_some(seat)
    }

    /// Turns of a seat that went by since this was asked, or since its last tick.
    pub(super) fn missed(&mut self, seat: usize) -> u32 {
        let place = &mut self.places[seat];
        // The last moment of its slot that is over.
        let ago = (self.next + TURN - 1 - place.slot as u64) % TURN;
        let Some(over) = (self.next.saturating_sub(1)).checked_sub(ago) else {
            return 0;
        };
        let turns = over.saturating_sub(place.done) / TURN;
        place.done += turns * TURN;
        u32::try_from(turns).unwrap_or(u32::MAX)
    }

    /// Turns of a seat that went by before that of `due` and were not [missed](Self::missed) yet.
    pub(super) fn missed_before(&self, due: Due, seat: usize) -> u32 {
        let turns = due.moment.saturating_sub(self.places[seat].done) / TURN;
        u32::try_from(turns.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// A seat was ticked and has nothing to do in the `rest` turns to come.
    pub(super) fn ticked(&mut self, due: Due, seat: usize, rest: u32) {
        let place = &mut self.places[seat];
        place.done = due.moment;
        place.wake = due.moment + (1 + u64::from(rest)) * TURN;
    }

    /// A resting seat is to be ticked in the turn to come.
    pub(super) fn wake(&mut self, seat: usize) {
        let slot = self.places[seat].slot;
        let wake = self.upcoming(slot);
        let place = &mut self.places[seat];
        // One that is due and was not ticked has failed.
        if wake < place.wake || place.wake < self.next {
            place.wake = wake;
            self.slots[slot].wake = self.slots[slot].wake.min(wake);
        }
    }

    /// Whether a seat is left alone in the turn to come.
    pub(super) fn rests(&self, seat: usize) -> bool {
        let place = &self.places[seat];
        place.wake > self.upcoming(place.slot)
    }

    /// The next slot whose time has come with a seat in it that does not rest; it is
    /// [done](Self::done) before the next one is asked for.
    pub(super) fn due(&mut self, now: u64) -> Option<Due> {
        self.leave_out(now);
        let past = now.checked_sub(self.origin)? / SLOT_NS;
        let (slot, moment) = self.soonest()?;
        if moment > past {
            self.next = self.next.max(past + 1);
            return None;
        }
        self.next = self.next.max(moment + 1);
        let at = self.time_of(moment);
        Some(Due { slot, at, moment })
    }

    /// All seats of a slot had their turn.
    pub(super) fn done(&mut self, due: Due) {
        let slot = &mut self.slots[due.slot];
        let wakes = slot.seats.iter().map(|seat| self.places[*seat].wake);
        slot.wake = wakes.min().unwrap_or(NEVER);
    }

    /// When the next slot with a seat that does not rest is due; `None` while there is no seat.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.next_moment().map(|moment| self.time_of(moment))
    }

    /// The next multiple of `step` after `now`, counted from where the slots are.
    pub(super) fn next_on_grid(&self, now: u64, step: u64) -> u64 {
        let since = now.saturating_sub(self.origin);
        self.origin + (since / step + 1) * step
    }

    /// Turns that were left out because the thread came too late.
    pub(super) fn overruns(&self) -> u64 {
        self.overruns
    }

    fn soonest(&self) -> Option<(usize, u64)> {
        let wakes = self.slots.iter().map(|slot| slot.wake);
        let first = wakes.enumerate().min_by_key(|(_, wake)| *wake);
        first.filter(|(_, wake)| *wake != NEVER)
    }

    fn next_moment(&self) -> Option<u64> {
        self.soonest().map(|(_, moment)| moment)
    }

    /// The first moment of a slot that is not over.
    fn upcoming(&self, slot: usize) -> u64 {
        self.next + (TURN + slot as u64 - self.next % TURN) % TURN
    }

    fn time_of(&self, moment: u64) -> u64 {
        self.origin + moment * SLOT_NS
    }

    fn leave_out(&mut self, now: u64) {
        let Some(first) = self.next_due() else {
            return;
        };
        let behind = now.saturating_sub(first);
        if behind < MAX_BEHIND_NS {
            return;
        }
        let turns = behind / (TURN * SLOT_NS);
        let late = turns * TURN;
        self.next += late;
        self.overruns += turns;
        for slot in &mut self.slots {
            for seat in &slot.seats {
                self.places[*seat].done += late;
                self.places[*seat].wake += late;
            }
            slot.wake = slot.wake.saturating_add(late);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn all_due(wheel: &mut Wheel, now: u64) -> Vec<u64> {
        rest_after(wheel, now, 0)
    }

    /// Ticks all that is due, which then rests; says when each slot was.
    fn rest_after(wheel: &mut Wheel, now: u64, rest: u32) -> Vec<u64> {
        let mut times = Vec::new();
        while let Some(due) = wheel.due(now) {
            for at in (0..wheel.seats(due.slot)).rev() {
                if let Some(seat) = wheel.wakes(due, at) {
                    wheel.ticked(due, seat, rest);
                }
            }
            wheel.done(due);
            times.push(due.at / MS);
        }
        times
    }

    #[test]
    fn few_seats_share_a_slot_and_many_are_spread() {
        let mut wheel = Wheel::new(0, 501);
        let used = |wheel: &Wheel| (0..SLOTS).filter(|s| wheel.seats(*s) > 0).count();
        for seat in 0..FILL {
            wheel.insert(0, seat);
        }
        assert_eq!(used(&wheel), 1);
        wheel.insert(0, FILL);
        assert_eq!(used(&wheel), 2);
        for seat in FILL + 1..500 {
            wheel.insert(0, seat);
        }
        assert!((0..SLOTS).all(|slot| wheel.seats(slot) == 25));
        let second = wheel.places[FILL].slot;
        wheel.remove(FILL);
        wheel.insert(0, 500);
        assert_eq!(wheel.places[500].slot, second);
    }

    #[test]
    fn a_seat_is_due_every_twenty_milliseconds_of_the_absolute_clock() {
        let mut wheel = Wheel::new(999 * MS, 4);
        assert_eq!(wheel.next_due(), None);
        wheel.insert(999 * MS, 0);
        let mut due = Vec::new();
        let mut now = 1_000 * MS;
        // However late each look is, the next turn keeps its time.
        for late in [0, 3, 1, 9, 0, 14] {
            due.extend(all_due(&mut wheel, now + late * MS));
            now = wheel.next_due().unwrap();
        }
        assert_eq!(due, [1_000, 1_020, 1_040, 1_060, 1_080, 1_100]);
    }

    #[test]
    fn the_grid_of_packets_lies_on_the_slots() {
        let wheel = Wheel::new(7, 4);
        assert_eq!(wheel.next_on_grid(7, MS / 2), 7 + MS / 2);
        assert_eq!(wheel.next_on_grid(6 + MS, MS / 2), 7 + MS);
        assert_eq!(wheel.next_on_grid(7 + MS, MS / 2), 7 + MS + MS / 2);
        assert_eq!(wheel.next_on_grid(0, MS / 2), 7 + MS / 2);
    }

    #[test]
    fn missed_turns_are_made_up_for_when_few_and_left_out_when_many() {
        let mut wheel = Wheel::new(0, 4);
        wheel.insert(0, 0);
        assert_eq!(all_due(&mut wheel, 101 * MS), [1, 21, 41, 61, 81, 101]);
        assert_eq!(all_due(&mut wheel, 1_106 * MS), [1_101]);
        assert_eq!(wheel.overruns(), 49);
        assert_eq!(all_due(&mut wheel, 1_125 * MS), [1_121]);
    }

    #[test]
    fn an_idle_hour_is_no_overrun() {
        let mut wheel = Wheel::new(0, 4);
        assert!(all_due(&mut wheel, 3_600_000 * MS).is_empty());
        wheel.insert(3_600_000 * MS, 0);
        assert_eq!(wheel.next_due(), Some(3_600_001 * MS));
        assert_eq!(all_due(&mut wheel, 3_600_002 * MS), [3_600_001]);
        assert_eq!(wheel.overruns(), 0);
    }

    #[test]
    fn a_resting_seat_wakes_nobody_and_what_it_missed_is_told_once() {
        let mut wheel = Wheel::new(0, 4);
        wheel.insert(0, 0);
        assert_eq!(rest_after(&mut wheel, MS, 4), [1]);
        assert_eq!(wheel.next_due(), Some(101 * MS));
        assert!(all_due(&mut wheel, 65 * MS).is_empty());
        assert_eq!(wheel.missed(0), 3, "those of 21, 41 and 61 ms");
        assert_eq!(wheel.missed(0), 0);
        let due = wheel.due(101 * MS).unwrap();
        assert_eq!(wheel.wakes(due, 0), Some(0));
        assert_eq!(wheel.missed_before(due, 0), 1, "that of 81 ms");
    }

    #[test]
    fn a_woken_seat_is_due_in_the_turn_to_come_beside_one_that_rests_on() {
        let mut wheel = Wheel::new(0, 4);
        wheel.insert(0, 0);
        wheel.insert(0, 1);
        assert_eq!(rest_after(&mut wheel, MS, 9), [1]);
        assert!(all_due(&mut wheel, 50 * MS).is_empty());
        assert!(wheel.rests(0) && wheel.rests(1));
        wheel.wake(1);
        assert!(wheel.rests(0) && !wheel.rests(1));
        let due = wheel.due(61 * MS).unwrap();
        assert_eq!((wheel.wakes(due, 0), wheel.wakes(due, 1)), (None, Some(1)));
        wheel.ticked(due, 1, 0);
        wheel.done(due);
        assert_eq!(wheel.next_due(), Some(81 * MS));
    }

    #[test]
    fn a_seat_that_failed_at_its_tick_is_not_due_at_once_again() {
        let mut wheel = Wheel::new(0, 4);
        wheel.insert(0, 0);
        let due = wheel.due(MS).unwrap();
        assert_eq!(wheel.wakes(due, 0), Some(0));
        wheel.wake(0);
        assert_eq!(all_due(&mut wheel, MS), [1], "the slot is finished");
        assert_eq!(wheel.next_due(), Some(21 * MS));
    }
}
