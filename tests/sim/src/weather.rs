//! What the network does to a datagram: loses it, doubles it, delays it past its neighbours.

use std::time::Duration;

use crate::chance::Chance;

/// The state of the network.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Datagrams lost, of 1000.
    pub lost: u64,
    /// Datagrams that arrive twice, of 1000.
    pub doubled: u64,
    /// Shortest and longest time on the way, milliseconds; a wide span reorders.
    pub delay_ms: (u64, u64),
}

impl Weather {
    /// Nothing is lost and everything keeps its order.
    pub const CALM: Self = Self {
        lost: 0,
        doubled: 0,
        delay_ms: (5, 6),
    };
    /// A bad afternoon on a shared line.
    pub const RAIN: Self = Self {
        lost: 30,
        doubled: 30,
        delay_ms: (5, 120),
    };
    /// One datagram in five is gone, the rest arrives in any order.
    pub const STORM: Self = Self {
        lost: 200,
        doubled: 150,
        delay_ms: (1, 900),
    };

    /// How long each copy of one datagram is on its way; empty when it is lost.
    pub fn copies(&self, chance: &mut Chance) -> Vec<Duration> {
        if chance.hits(self.lost) {
            return Vec::new();
        }
        let copies = 1 + usize::from(chance.hits(self.doubled));
        (0..copies)
            .map(|_| chance.millis(self.delay_ms.0, self.delay_ms.1))
            .collect()
    }
}
