//! What an endpoint holds besides calls, as a value: another endpoint made of it goes on where this one was.
//!
//! Asked for while nothing is under way. Answered server transactions travel along, so that a late copy of a
//! request is still answered like the first; finished client ones do not: a late copy of their answer is dropped
//! either way. The logins in it are as secret as the accounts that they belong to.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::draft::Names;
use crate::endpoint::alone::Registration;
use crate::endpoint::tables::Inbound;
use crate::endpoint::{Endpoint, Stats, TxId};
use crate::lane::Owner;
use crate::limits::MAX_LINGERING;
use crate::login::Login;
use crate::offset::Offset;
use crate::transaction::server::{Lingering, Server};
use crate::uri::Uri;

/// What an endpoint holds besides calls.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// Words drawn of the random stream.
    drawn: u128,
    /// What nonces count their age from.
    born: Option<Offset>,
    last_id: u64,
    registrations: Vec<Place>,
    lingering: Vec<Lingering>,
    stats: Stats,
}

/// A place at a registrar.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    id: u64,
    registrar: String,
    aor: String,
    names: Names,
    cseq: u32,
    used: u64,
    login: Option<Login>,
    /// Older files have none.
    #[serde(default)]
    least: u32,
}

impl Endpoint {
    /// Whether nothing is under way: no dialog, nothing that waits for an answer, nothing to send or to tell.
    pub fn is_at_rest(&self) -> bool {
        self.is_left_alone() && self.tables.has_asked_nothing(false)
    }

    /// The same, but for requests outside any dialog that wait for their answers.
    pub fn is_left_alone(&self) -> bool {
        self.tables.dialogs() == 0
            && self.tables.transactions() <= MAX_LINGERING
            && self.tables.are_answered()
            && self.tables.has_asked_nothing(true)
            && self.lane.out.is_empty()
            && self.lane.events.is_empty()
    }

    /// What it holds besides calls, told from `now`.
    pub fn standing(&self, now: Instant) -> Standing {
        let place = |(id, r): (&TxId, &Registration)| Place {
            id: id.0,
            registrar: r.registrar.as_str().to_owned(),
            aor: r.aor.as_str().to_owned(),
            names: r.names.clone(),
            cseq: r.cseq,
            used: r.used.0,
            login: r.login.clone(),
            least: r.least,
        };
        let lingers = |inbound: &Inbound| {
            let wakes = self.lane.deadlines.of(Owner::Tx(inbound.server.id));
            let wakes = wakes.map(|(reason, at)| (reason, Offset::of(at, now)));
            inbound.server.lingering(wakes.collect())
        };
        let answered = |inbound: &&Inbound| inbound.server.is_answered();
        Standing {
            drawn: self.identity.drawn(),
            born: self.identity.birth().map(|at| Offset::of(at, now)),
            last_id: self.tables.last_id(),
            registrations: self.registrations.iter().map(place).collect(),
            lingering: self
                .tables
                .servers()
                .filter(answered)
                .map(lingers)
                .collect(),
            stats: self.lane.stats,
        }
    }

    /// Goes on where another endpoint of the same seed stood; its moment was `base`. For a new one only.
    pub fn go_on(&mut self, base: Instant, standing: Standing) {
        let born = standing.born.map(|at| at.at(base));
        self.identity.go_on(standing.drawn, born);
        self.tables.skip_to(standing.last_id);
        self.lane.stats = standing.stats;
        for place in standing.registrations {
            let (Ok(registrar), Ok(aor)) = (Uri::parse(&place.registrar), Uri::parse(&place.aor))
            else {
                continue;
            };
            let registration = Registration {
                registrar,
                aor,
                names: place.names,
                cseq: place.cseq,
                used: TxId(place.used),
                login: place.login,
                least: place.least,
            };
            self.registrations.insert(TxId(place.id), registration);
        }
        for lingering in standing.lingering.into_iter().take(MAX_LINGERING) {
            let wakes = lingering.wakes.clone();
            let server = Server::lingered(lingering);
            for (reason, at) in wakes {
                (self.lane.deadlines).set(Owner::Tx(server.id), reason, at.at(base));
            }
            self.tables.add_server(Inbound::finished(server));
        }
    }
}
