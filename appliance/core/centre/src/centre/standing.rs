//! What outlives calls, as a value: who is signed in and registered, who is owed a call, who is
//! banned, what was spent.
//!
//! Two lives begin with it. A centre that is [at rest](Centre::is_at_rest) can be put down and
//! another one, born of its standing at the same moment, goes on as it would have: the same answers
//! to the same inputs, byte for byte. After a restart of the program a centre begins with what was
//! written last, of [`Standing::for_restart`]: identifiers, ports and counters are new, phones
//! that came by a connection come again, free agents are left in peace for [`AGENT_REST`]
//! (`crate::limits`), and carriers are asked at once. What expired meanwhile falls away.
//!
//! Moments are told from the moment of the standing, and that one by the wall clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use call::Offset;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::calling_back::Promise;
use super::{Centre, CentreConfig, Stats, Why};
use crate::call_id::CallId;
use crate::clock::WallClock;
use crate::limits::MAX_CALL_BACKS;
use crate::queue::{KeptPlace, Place};
use crate::record::UnixMillis;
use crate::site::Site;
use crate::{queue, shield};

/// The form of what is written; another one is not read.
const FORM: u32 = 1;

/// Why bytes are no standing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StandingError {
    /// They cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// They are of another version of the program.
    #[error("it has form {0}, this program reads form {FORM}")]
    Form(u32),
}

/// All that outlives calls.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standing {
    form: u32,
    unix_ms: UnixMillis,
    lines: call::Standing,
    people: queue::Standing,
    promises: Vec<Owed>,
    /// Promises ever given.
    promised: u64,
    shield: shield::Standing,
    life: Option<Life>,
}

/// What ends with the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Life {
    /// When the wall clock was told last, and what it showed.
    clock: (Offset, UnixMillis),
    /// Words drawn of the random stream.
    drawn: u128,
    started: u64,
    records: u64,
    refused: u64,
    heard: u64,
    heard_cut: u64,
    heard_stray: u64,
}

/// A call that is owed to somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Owed {
    id: u64,
    first: Uuid,
    /// The name of that call while this program runs.
    first_id: u64,
    number: String,
    place: KeptPlace,
    until: Offset,
    tries: u32,
    rings: u32,
    /// When they stand in the queue again.
    due: Option<Offset>,
    /// Where they stand in the queue now, and until when.
    stands: Option<(KeptPlace, Offset)>,
}

impl Standing {
    /// Leaves what is true after a restart of the program too.
    #[must_use]
    pub fn for_restart(self) -> Self {
        let mut promises = self.promises;
        for owed in &mut promises {
            // The next program counts its calls from 1 again.
            owed.first_id = 0;
        }
        Self {
            lines: self.lines.for_restart(),
            promises,
            life: None,
            ..self
        }
    }

    /// As bytes that another version of the program reads too, or refuses.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain data with names for keys: nothing in it can fail to be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads bytes of [`Standing::to_bytes`].
    ///
    /// # Errors
    /// [`StandingError`] where they are damaged or of another form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StandingError> {
        #[derive(Deserialize)]
        struct Head {
            form: u32,
        }
        let unreadable = |why: serde_json::Error| StandingError::Unreadable(why.to_string());
        let Head { form } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if form != FORM {
            return Err(StandingError::Form(form));
        }
        serde_json::from_slice(bytes).map_err(unreadable)
    }

    /// When it was written.
    pub fn unix_ms(&self) -> UnixMillis {
        self.unix_ms
    }

    /// Its moment as the clock of `config` tells it.
    fn moment(&self, config: &CentreConfig) -> Instant {
        // Within one program it is the very moment; a wall clock has only milliseconds.
        if self.life.is_some() {
            return config.now;
        }
        let elapsed = config.unix_ms.saturating_sub(self.unix_ms);
        let elapsed = Duration::from_millis(u64::try_from(elapsed).unwrap_or(0));
        config.now.checked_sub(elapsed).unwrap_or(config.now)
    }
}

impl Centre {
    /// A centre without calls that begins with what another one stood for.
    pub fn with_standing(config: CentreConfig, site: Arc<Site>, standing: Standing) -> Self {
        let (now, base) = (config.now, standing.moment(&config));
        let mut centre = Self::new(config, Arc::clone(&site));
        let is_restart = standing.life.is_none();
        centre.switchboard.go_on(now, base, standing.lines);
        (centre.queues).go_on((now, base), &site, standing.people, is_restart);
        centre.shield.go_on((now, base), standing.shield);
        centre.index.promised = standing.promised;
        for owed in standing.promises.into_iter().take(MAX_CALL_BACKS) {
            centre.owe_again((now, base), owed);
        }
        if let Some(life) = standing.life {
            centre.wall = WallClock::new(life.clock.0.at(base), life.clock.1);
            centre.identities.skip_to(life.drawn);
            centre.stats = Stats {
                started: life.started,
                records: life.records,
                refused: life.refused,
                heard: life.heard,
                heard_cut: life.heard_cut,
                heard_stray: life.heard_stray,
                ..Stats::default()
            };
        }
        centre
    }

    /// Whether another centre, born of this one's standing, would answer all later inputs as this
    /// one: no call is there, nothing is under way or overdue.
    pub fn is_at_rest(&self, now: Instant) -> bool {
        self.is_left_alone(now) && self.switchboard.is_at_rest()
    }

    /// The same, but that carriers may be asked just now: the other centre asks them once more.
    pub fn is_left_alone(&self, now: Instant) -> bool {
        !self.stopping
            && !self.draining
            && self.is_idle()
            && self.index.legs.is_empty()
            && self.index.streams.is_empty()
            && self.index.phones.is_empty()
            && self.queues.is_at_rest()
            && self.shield.is_at_rest()
            && self.switchboard.is_left_alone()
            && self.poll_timeout().is_none_or(|(at, _)| at > now)
    }

    /// What outlives the calls of this centre, as of `now`. While calls run it is what would be
    /// left if they ended now, and good for a restart only.
    pub fn standing(&self, now: Instant) -> Standing {
        let promises = self.index.promises.iter();
        let life = || Life {
            clock: self.wall.told(now),
            drawn: self.identities.drawn(),
            started: self.stats.started,
            records: self.stats.records,
            refused: self.stats.refused,
            heard: self.stats.heard,
            heard_cut: self.stats.heard_cut,
            heard_stray: self.stats.heard_stray,
        };
        Standing {
            form: FORM,
            unix_ms: self.wall.at(now),
            lines: self.switchboard.standing(now),
            people: self.queues.standing(now),
            promises: promises.map(|(id, p)| self.owed(now, *id, p)).collect(),
            promised: self.index.promised,
            shield: self.shield.standing(now),
            life: self.is_left_alone(now).then(life),
        }
    }

    /// Numbers that are others when what a restart should know may have changed.
    pub fn changes(&self) -> [u64; 5] {
        let [phones, banned, bans] = self.switchboard.changes();
        [phones, banned, bans, self.changes, self.shield.changes()]
    }

    fn owed(&self, now: Instant, id: CallId, promise: &Promise) -> Owed {
        let stands = self.queues.kept(now, id);
        let due = self.deadlines.of((id, Why::CallBack));
        let due = due.map(|at| Offset::of(at, now));
        Owed {
            id: id.0,
            first: promise.first.1,
            first_id: promise.first.0.0,
            number: promise.number.clone(),
            place: promise.place.kept(now),
            until: Offset::of(promise.until, now),
            tries: promise.tries,
            rings: promise.rings,
            // Who is being called stands in no queue; if that comes to nothing, it is their turn.
            due: due.or_else(|| stands.is_none().then(Offset::default)),
            stands,
        }
    }

    fn owe_again(&mut self, (now, base): (Instant, Instant), owed: Owed) {
        let id = CallId(owed.id);
        let promise = Promise {
            first: (CallId(owed.first_id), owed.first),
            number: owed.number,
            place: Place::of(owed.place, base),
            until: owed.until.at(base),
            tries: owed.tries,
            rings: owed.rings,
            attempt: None,
        };
        self.index.promises.insert(id, promise);
        if let Some(due) = owed.due {
            let due = due.at(base).max(now);
            self.deadlines.set((id, Why::CallBack), due);
        }
        if let Some((place, until)) = owed.stands {
            let until = until.at(base).max(now);
            let place = Place::of(place, base);
            self.queues.stand_again(id, place, until);
        }
    }
}
