//! The toll-fraud shield: whether a call to the outside may be placed, and go on.
//!
//! `Centre` asks it before every call that leaves by a trunk and tells it when that call is
//! answered and when it ends. What the site does not allow is refused; where money is capped and
//! nobody knows the price, the call is refused too. Each minute is bought before it begins, for
//! the trunk and the device both, so that a cap is never passed; a call that cannot buy its next
//! minute is cut off. Emergency calls pass it by. It dials nothing and knows no clock.

mod moment;
mod money;
mod standing;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use call::{Deadlines, LegId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::moment::Moment;
pub(crate) use self::standing::Standing;

use self::money::Purse;
use crate::site::{Limits, Price, Protection, Site};

/// How far back the rate of calls is counted.
const HOUR: Duration = Duration::from_secs(3_600);
/// What is bought at once.
const MINUTE: Duration = Duration::from_secs(60);

/// Why a call to the outside was refused or cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalWhy {
    /// The device may not call outside.
    NoOutbound,
    /// The destination is not allowed.
    Destination,
    /// It is not the time of the day or of the week.
    Hours,
    /// Too many calls at once.
    Calls,
    /// Too many calls within the hour.
    Rate,
    /// Money is capped and the call has no price.
    NoPrice,
    /// The money of the day is spent.
    Money,
}

/// A refusal, as the admin is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The call.
    pub call: Uuid,
    /// The number that was wanted.
    pub to: String,
    /// The device that wanted it; `None` where the box did.
    pub device: Option<String>,
    /// The trunk whose limit was reached, where it was a trunk's.
    pub trunk: Option<String>,
    /// Why.
    pub why: RefusalWhy,
    /// It ran already and was cut off.
    pub cut: bool,
}

/// Whose limits count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Account {
    Trunk(String),
    Device(String),
}

/// A call to the outside that somebody wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) dialled: &'a str,
    /// The number as the carrier will see it, for its price.
    pub(crate) number: &'a str,
    pub(crate) trunk: &'a str,
    pub(crate) device: Option<&'a str>,
}

/// Permission for one call.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    accounts: Vec<Account>,
    price: Option<Price>,
    is_free: bool,
}

/// A call that runs by the shield's leave.
#[derive(Debug)]
struct Running {
    ticket: Ticket,
    /// The day it pays for, and what it has paid.
    paid: u64,
    answered: bool,
}

/// All that was granted and spent.
#[derive(Debug, Default)]
pub(crate) struct Shield {
    running: BTreeMap<LegId, Running>,
    begun: BTreeMap<Account, VecDeque<Instant>>,
    purse: Purse,
    deadlines: Deadlines<LegId>,
    cut: VecDeque<LegId>,
    /// How often something was granted or spent.
    changes: u64,
}

impl Shield {
    /// Whether the call may be placed; where not, why, and whose limit it is.
    pub(crate) fn ask(
        &mut self,
        now: Instant,
        local: Moment,
        site: &Site,
        wish: Wish<'_>,
    ) -> Result<Ticket, (RefusalWhy, Option<Account>)> {
        let trunk = Account::Trunk(wish.trunk.to_owned());
        let device = wish.device.map(|name| Account::Device(name.to_owned()));
        let accounts: Vec<Account> = std::iter::once(trunk).chain(device).collect();
        if site.plan().is_emergency(wish.dialled) {
            return Ok(Ticket {
                accounts,
                price: None,
                is_free: true,
            });
        }
        let protection = site.protection();
        let whole = site.plan().e164(wish.number);
        let number = whole.as_deref().unwrap_or(wish.number);
        if !is_allowed(site, protection, number, whole.is_some()) {
            return Err((RefusalWhy::Destination, None));
        }
        let is_open = protection.hours.is_empty()
            || protection
                .hours
                .iter()
                .any(|hours| hours.contains(local.weekday, local.minute));
        if !is_open {
            return Err((RefusalWhy::Hours, None));
        }
        let price = price(protection, number).cloned();
        for account in &accounts {
            let limits = limits(site, account);
            let refuse = |why| Err((why, Some(account.clone())));
            if limits
                .calls
                .is_some_and(|most| self.at_once(account) >= most)
            {
                return refuse(RefusalWhy::Calls);
            }
            if limits
                .rate
                .is_some_and(|most| self.within_hour(now, account) >= most)
            {
                return refuse(RefusalWhy::Rate);
            }
            match (limits.cap, &price) {
                (Some(_), None) => return refuse(RefusalWhy::NoPrice),
                (Some(cap), Some(price)) => {
                    let spent = self.purse.spent(account, local.day);
                    if spent.saturating_add(price.setup + price.minute) > cap {
                        return refuse(RefusalWhy::Money);
                    }
                }
                (None, _) => {}
            }
        }
        Ok(Ticket {
            accounts,
            price,
            is_free: false,
        })
    }

    /// The call was placed as `leg`: its first minute is laid aside.
    pub(crate) fn begin(&mut self, now: Instant, local: Moment, leg: LegId, ticket: Ticket) {
        self.changes += 1;
        let price = ticket.price.as_ref();
        let first = price.map_or(0, |price| price.setup + price.minute);
        for account in &ticket.accounts {
            self.purse.spend(account, local.day, first);
            if !ticket.is_free {
                self.begun
                    .entry(account.clone())
                    .or_default()
                    .push_back(now);
            }
        }
        let running = Running {
            ticket,
            paid: first,
            answered: false,
        };
        self.running.insert(leg, running);
    }

    /// It was answered: from now on it costs.
    pub(crate) fn answered(&mut self, now: Instant, leg: LegId) {
        if let Some(running) = self
            .running
            .get_mut(&leg)
            .filter(|running| !running.answered)
        {
            running.answered = true;
            if running.ticket.price.is_some() {
                self.deadlines.set(leg, now + MINUTE);
            }
        }
    }

    /// It ended: what it cost. What was laid aside for a call that nobody answered comes back.
    pub(crate) fn ended(&mut self, local: Moment, leg: LegId) -> u64 {
        self.deadlines.clear(leg);
        let Some(running) = self.running.remove(&leg) else {
            return 0;
        };
        self.changes += 1;
        if running.answered {
            return running.paid;
        }
        for account in &running.ticket.accounts {
            self.purse.give_back(account, local.day, running.paid);
        }
        0
    }

    /// Buys the minutes that begin at `now`; who cannot pay is cut off.
    pub(crate) fn handle_timeout(&mut self, now: Instant, local: Moment, site: &Site) {
        for leg in self.deadlines.take_due(now) {
            let Some(running) = self.running.get_mut(&leg) else {
                continue;
            };
            let minute = running
                .ticket
                .price
                .as_ref()
                .map_or(0, |price| price.minute);
            let accounts = &running.ticket.accounts;
            let can_pay = accounts.iter().all(|account| {
                let cap = limits(site, account).cap;
                let spent = self.purse.spent(account, local.day);
                cap.is_none_or(|cap| spent.saturating_add(minute) <= cap)
            });
            if !can_pay {
                self.cut.push_back(leg);
                continue;
            }
            for account in accounts {
                self.purse.spend(account, local.day, minute);
            }
            self.changes += 1;
            running.paid = running.paid.saturating_add(minute);
            self.deadlines.set(leg, now + MINUTE);
        }
    }

    /// The next call that must be cut off.
    pub(crate) fn poll_cut(&mut self) -> Option<LegId> {
        self.cut.pop_front()
    }

    /// When to call `handle_timeout`.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next().map(|(at, _)| at)
    }

    /// How many deadlines are set.
    pub(crate) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    fn at_once(&self, account: &Account) -> u32 {
        let mine = |running: &&Running| running.ticket.accounts.contains(account);
        u32::try_from(self.running.values().filter(mine).count()).unwrap_or(u32::MAX)
    }

    fn within_hour(&mut self, now: Instant, account: &Account) -> u32 {
        let Some(begun) = self.begun.get_mut(account) else {
            return 0;
        };
        while begun
            .front()
            .is_some_and(|at| now.saturating_duration_since(*at) >= HOUR)
        {
            begun.pop_front();
        }
        u32::try_from(begun.len()).unwrap_or(u32::MAX)
    }
}

/// Whether a destination may be called: not blocked, and allowed by name, or within the country
/// where nothing is named.
fn is_allowed(site: &Site, protection: &Protection, number: &str, is_whole: bool) -> bool {
    if protection
        .block
        .iter()
        .any(|pattern| pattern.matches(number))
    {
        return false;
    }
    match &protection.allow {
        Some(allow) => allow.iter().any(|pattern| pattern.matches(number)),
        None => {
            let country = site.plan().country();
            let at_home = number
                .strip_prefix('+')
                .is_some_and(|n| n.starts_with(country));
            is_whole && !country.is_empty() && at_home
        }
    }
}

fn price<'a>(protection: &'a Protection, number: &str) -> Option<&'a Price> {
    let matching = protection
        .prices
        .iter()
        .filter(|price| price.pattern.matches(number));
    matching.max_by_key(|price| price.pattern.weight())
}

fn limits(site: &Site, account: &Account) -> Limits {
    match account {
        Account::Trunk(name) => site.trunk_limits(name),
        Account::Device(name) => site.device_limits(name),
    }
}

#[cfg(test)]
mod tests;
