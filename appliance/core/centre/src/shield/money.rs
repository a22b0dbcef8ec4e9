//! What each account has spent on a day.

use std::collections::BTreeMap;

use super::Account;

/// What was spent, per account: the day, and thousandths. A new day begins with nothing.
#[derive(Debug, Default)]
pub(super) struct Purse {
    spent: BTreeMap<Account, (i64, u64)>,
}

impl Purse {
    /// By account: the day, and what was spent on it.
    pub(super) fn standing(&self) -> Vec<(Account, i64, u64)> {
        let spent = self.spent.iter();
        spent
            .map(|(account, (day, sum))| (account.clone(), *day, *sum))
            .collect()
    }

    /// A purse out of which so much was spent.
    pub(super) fn of(spent: Vec<(Account, i64, u64)>) -> Self {
        let spent = spent.into_iter();
        Self {
            spent: spent
                .map(|(account, day, sum)| (account, (day, sum)))
                .collect(),
        }
    }

    pub(super) fn spent(&self, account: &Account, day: i64) -> u64 {
        match self.spent.get(account) {
            Some((of, spent)) if *of == day => *spent,
            _ => 0,
        }
    }

    pub(super) fn spend(&mut self, account: &Account, day: i64, sum: u64) {
        let before = self.spent(account, day);
        let now = (day, before.saturating_add(sum));
        self.spent.insert(account.clone(), now);
    }

    /// What was laid aside and not needed; nothing where another day has begun since.
    pub(super) fn give_back(&mut self, account: &Account, day: i64, sum: u64) {
        if let Some((of, spent)) = self.spent.get_mut(account)
            && *of == day
        {
            *spent = spent.saturating_sub(sum);
        }
    }
}
