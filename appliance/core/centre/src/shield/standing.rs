//! What was granted and spent, as a value: a restart opens no purse and forgets no rate.

use std::time::Instant;

use call::Offset;
use serde::{Deserialize, Serialize};

use super::money::Purse;
use super::{Account, HOUR, Shield};

/// What was granted and spent. Running calls are not part of it: they are over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Standing {
    begun: Vec<(Account, Vec<Offset>)>,
    /// By account: the day, and thousandths.
    spent: Vec<(Account, i64, u64)>,
}

impl Shield {
    /// Whether no call runs by its leave.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.running.is_empty() && self.cut.is_empty()
    }

    /// What was granted and spent, told from `now`. What a call that nobody answered yet laid
    /// aside counts as spent.
    pub(crate) fn standing(&self, now: Instant) -> Standing {
        let begun = self.begun.iter().map(|(account, begun)| {
            let begun = begun.iter().map(|at| Offset::of(*at, now));
            (account.clone(), begun.collect())
        });
        Standing {
            begun: begun.collect(),
            spent: self.purse.standing(),
        }
    }

    /// Counts on from there; for a new one only.
    pub(crate) fn go_on(&mut self, (now, base): (Instant, Instant), standing: Standing) {
        for (account, begun) in standing.begun {
            let begun = begun.into_iter().map(|at| at.at(base));
            let recent = begun.filter(|at| now.saturating_duration_since(*at) < HOUR);
            self.begun.insert(account, recent.collect());
        }
        self.purse = Purse::of(standing.spent);
    }

    /// A number that is another when something was granted or spent.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }
}
