//! What a switchboard holds besides legs, as a value: another one made of it goes on where it was.
//!
//! Phones, carriers and bans outlive the program. What belongs to one run of it (transactions that
//! linger, ports that rest, random streams, counters) travels along only while no leg is there.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use sip::Offset;

use super::Switchboard;
use crate::cause::Cause;
use crate::gate::GateStats;
use crate::ports::Rest;
use crate::stats::Refused;
use crate::{account, gate, registrar};

/// What a switchboard holds besides legs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    phones: registrar::Standing,
    accounts: account::Standing,
    gate: gate::Standing,
    life: Option<Life>,
}

/// What ends with the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Life {
    sip: sip::Standing,
    ports: Rest,
    /// Words drawn of the random stream.
    drawn: u128,
    shed_until: Option<Offset>,
    gate: GateStats,
    refused: Refused,
    legs_started: u64,
    legs_ended: Vec<(Cause, u64)>,
}

impl Standing {
    /// Leaves what is true after a restart of the program too.
    #[must_use]
    pub fn for_restart(mut self) -> Self {
        self.life = None;
        self.phones.drop_connections();
        self.accounts.ask_anew();
        self
    }
}

impl Switchboard {
    /// Whether no leg is there and nothing is under way: another switchboard made of its standing
    /// answers everything as it would.
    pub fn is_at_rest(&self) -> bool {
        self.is_left_alone() && self.accounts.is_at_rest() && self.endpoint.is_at_rest()
    }

    /// The same, but that carriers may be asked just now: by another switchboard they are asked
    /// once more.
    pub fn is_left_alone(&self) -> bool {
        self.legs.is_empty()
            && self.ports.out() == 0
            && self.commands.is_empty()
            && self.events.is_empty()
            && self.endpoint.is_left_alone()
    }

    /// What it holds besides legs, told from `now`.
    pub fn standing(&self, now: Instant) -> Standing {
        let offset = |at: Instant| Offset::of(at, now);
        let life = || Life {
            sip: self.endpoint.standing(now),
            ports: self.ports.rest(now),
            drawn: self.house.random.get_word_pos(),
            shed_until: self.house.load.shed_until().map(offset),
            gate: self.gate.stats(),
            refused: self.stats.refused,
            legs_started: self.stats.legs_started,
            legs_ended: (self.stats.legs_ended.iter())
                .filter_map(|(word, count)| Some((Cause::of_word(word)?, *count)))
                .collect(),
        };
        Standing {
            phones: self.registrar.standing(now),
            accounts: self.accounts.standing(now),
            gate: self.gate.standing(now),
            life: self.is_left_alone().then(life),
        }
    }

    /// Goes on where another switchboard stood; its moment was `base`, and it is `now`. For a new
    /// one that knows its lines.
    pub fn go_on(&mut self, now: Instant, base: Instant, standing: Standing) {
        let times = (now, base);
        let gate = &self.gate;
        (self.registrar).go_on(times, standing.phones, |name| gate.has_device(name));
        self.accounts.go_on(times, standing.accounts);
        self.gate.go_on(times, standing.gate);
        for name in self.accounts.names() {
            self.know_servers(&name);
        }
        let Some(life) = standing.life else {
            return;
        };
        self.endpoint.go_on(base, life.sip);
        self.ports.go_on(base, life.ports);
        self.house.random.set_word_pos(life.drawn);
        if let Some(until) = life.shed_until {
            self.house.load.go_on(until.at(base));
        }
        self.gate.count_on(life.gate);
        self.stats.refused = life.refused;
        self.stats.legs_started = life.legs_started;
        let ended = life.legs_ended.into_iter();
        self.stats.legs_ended = ended.map(|(cause, count)| (cause.word(), count)).collect();
    }

    /// Numbers that are others when what a restart should know has changed.
    pub fn changes(&self) -> [u64; 3] {
        let bans = u64::try_from(self.gate.bans_held()).unwrap_or(u64::MAX);
        [self.registrar.changes(), self.gate.stats().banned, bans]
    }
}
