//! The wheel: 20 slots of 1 ms on the absolute clock; each open seat has its slot and is due in it
//! every 20 ms. Few seats share few slots, so that the thread wakes seldom; many are spread.
//!
//! Pure: times are nanoseconds of the monotonic clock and arguments. Driven by the media thread.
//! Nothing here allocates after [`Wheel::new`].

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
    slots: [Vec<usize>; SLOTS],
    /// Clock of slot number 0.
    origin: u64,
    /// The slot that comes next, counted from the origin.
    next: u64,
    overruns: u64,
}

/// A slot whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Index of the slot.
    pub(super) slot: usize,
    /// When it was due, nanoseconds.
    pub(super) at: u64,
}

impl Wheel {
    /// A wheel that starts turning at `now`, with room for `seats`.
    pub(super) fn new(now: u64, seats: usize) -> Self {
        Self {
            slots: std::array::from_fn(|_| Vec::with_capacity(seats)),
            origin: now,
            next: 0,
            overruns: 0,
        }
    }

    /// Puts a seat into the fullest slot that holds fewer than [`FILL`], or where all hold that many
    /// into the emptiest; of those the one that comes soonest after `now`. Says which.
    pub(super) fn insert(&mut self, now: u64, seat: usize) -> usize {
        if self.slots.iter().all(Vec::is_empty) {
            // While no seat was taken nobody turned the wheel.
            self.next = now.saturating_sub(self.origin) / SLOT_NS + 1;
        }
        let next = self.next;
        let slot = (0..SLOTS as u64)
            .map(|n| ((next + n) % SLOTS as u64) as usize)
            .min_by_key(|slot| match self.slots[*slot].len() {
                few if few < FILL => FILL - few,
                many => many + 1,
            })
            .unwrap_or(0);
        self.slots[slot].push(seat);
        slot
    }

    /// Takes a seat out of its slot.
    pub(super) fn remove(&mut self, seat: usize, slot: usize) {
        let seats = &mut self.slots[slot];
        if let Some(at) = seats.iter().position(|each| *each == seat) {
            seats.swap_remove(at);
        }
    }

    /// Seats of a slot; the caller counts down, so that it may remove the one it looks at.
    pub(super) fn seats(&self, slot: usize) -> &[usize] {
        &self.slots[slot]
    }

    /// The next slot with a seat in it whose time has come.
    pub(super) fn due(&mut self, now: u64) -> Option<Due> {
        if self.slots.iter().all(Vec::is_empty) {
            return None;
        }
        self.leave_out(now);
        while self.time_of(self.next) <= now {
            let due = Due {
                slot: (self.next % SLOTS as u64) as usize,
                at: self.time_of(self.next),
            };
            self.next += 1;
            if !self.slots[due.slot].is_empty() {
                return Some(due);
            }
        }
        None
    }

    /// When the next slot with a seat in it is due; `None` while there is no seat.
    pub(super) fn next_due(&self) -> Option<u64> {
        (self.next..self.next + SLOTS as u64)
            .find(|n| !self.slots[(n % SLOTS as u64) as usize].is_empty())
            .map(|n| self.time_of(n))
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

    fn time_of(&self, n: u64) -> u64 {
        self.origin + n * SLOT_NS
    }

    fn leave_out(&mut self, now: u64) {
        let behind = now.saturating_sub(self.time_of(self.next));
        if behind < MAX_BEHIND_NS {
            return;
        }
        let turns = behind / (SLOTS as u64 * SLOT_NS);
        self.next += turns * SLOTS as u64;
        self.overruns += turns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn all_due(wheel: &mut Wheel, now: u64) -> Vec<u64> {
        std::iter::from_fn(|| wheel.due(now))
            .map(|due| due.at / MS)
            .collect()
    }

    #[test]
    fn few_seats_share_a_slot_and_many_are_spread() {
        let mut wheel = Wheel::new(0, 500);
        let used = |wheel: &Wheel| (0..SLOTS).filter(|s| !wheel.seats(*s).is_empty()).count();
        for seat in 0..FILL {
            wheel.insert(0, seat);
        }
        assert_eq!(used(&wheel), 1);
        let second = wheel.insert(0, FILL);
        assert_eq!(used(&wheel), 2);
        for seat in FILL + 1..500 {
            wheel.insert(0, seat);
        }
        assert!((0..SLOTS).all(|slot| wheel.seats(slot).len() == 25));
        wheel.remove(FILL, second);
        assert_eq!(wheel.insert(0, 500), second);
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
        assert!(all_due(&mut wheel, 1_106 * MS).is_empty());
        assert_eq!(wheel.overruns(), 50);
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
}
