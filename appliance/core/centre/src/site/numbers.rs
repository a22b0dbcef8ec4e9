//! Where a call goes by its number: the doors of the branch, inside and out.

use std::time::Duration;

use super::pattern::Pattern;
use super::people::Device;
use super::plan::{Form, Plan};
use super::protection::{Limits, Protection};
use super::routes::Route;
use super::{KnownCaller, Site, Trunk};
use crate::flow::Target;

/// A number that callers reach us by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Where it leads.
    pub door: Door,
    /// How much its callers matter: 0 to 9.
    pub level: u8,
    /// How long a device or an agent rings.
    pub ring: Duration,
    /// What follows where a device or an agent does not answer.
    pub then: Option<Target>,
}

/// What stands behind a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// A flow or a queue.
    Target(Target),
    /// A phone.
    Device(String),
    /// A person, at whatever phone they are signed in.
    Agent(String),
}

/// Everything about calls to the outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Calling {
    pub(super) plan: Plan,
    /// By name.
    pub(super) routes: Vec<Route>,
    pub(super) protection: Protection,
}

/// One way to place a call to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOut {
    /// The route it follows.
    pub route: String,
    /// The trunk it takes.
    pub trunk: String,
    /// The number as the carrier wants it.
    pub to: String,
    /// The number shown, as the carrier wants it; empty where the trunk has none.
    pub from: String,
    /// The called party shall not see it.
    pub hide: bool,
}

impl Site {
    /// Where a called number leads: its own entry, else one that is the same number written
    /// otherwise, else that of `*`.
    pub fn number(&self, dialled: &str) -> Option<&Number> {
        self.inner_number(dialled).or_else(|| self.numbers.get("*"))
    }

    /// As [`Site::number`], but never that of `*`: a number the site names.
    pub fn inner_number(&self, dialled: &str) -> Option<&Number> {
        let plan = &self.calling.plan;
        let same = || {
            let whole = plan.e164(dialled)?;
            let mut all = self.numbers.iter();
            all.find(|(number, _)| plan.e164(number).as_ref() == Some(&whole))
                .map(|(_, number)| number)
        };
        let own = self.numbers.get(dialled).filter(|_| dialled != "*");
        own.or_else(same)
    }

    /// The number plan.
    pub fn plan(&self) -> &Plan {
        &self.calling.plan
    }

    /// What calls to the outside may cost.
    pub fn protection(&self) -> &Protection {
        &self.calling.protection
    }

    /// All routes, by name.
    pub fn routes(&self) -> &[Route] {
        &self.calling.routes
    }

    /// What is known of a caller by the number that came with the call.
    pub fn caller(&self, number: &str) -> Option<&KnownCaller> {
        let whole = self.calling.plan.e164(number);
        self.people.caller(|pattern: &Pattern| {
            pattern.matches(number) || whole.as_ref().is_some_and(|whole| pattern.matches(whole))
        })
    }

    /// Every way to call `dialled`, best first: routes by priority, then by how narrowly they
    /// match, then by name, each with its trunks in order.
    pub fn ways_out(&self, dialled: &str, device: Option<&Device>) -> Vec<WayOut> {
        self.ways_out_as(dialled, device, None)
    }

    /// The same for a caller who asks to be shown with the number `claim`, and may.
    pub fn ways_out_as(
        &self,
        dialled: &str,
        device: Option<&Device>,
        claim: Option<&str>,
    ) -> Vec<WayOut> {
        let own = device.and_then(|device| device.caller_id.as_deref());
        let own = claim.or(own);
        let mut routes: Vec<(&Route, usize)> = self
            .routes()
            .iter()
            .filter_map(|route| Some((route, route.weight(dialled)?)))
            .collect();
        routes.sort_by_key(|(route, weight)| {
            let first = std::cmp::Reverse((route.priority, *weight));
            (first, route.name.clone())
        });
        let ways = routes.iter().flat_map(|(route, _)| {
            let trunks = route.trunks.iter().filter_map(|name| self.trunk(name));
            trunks.map(|trunk| self.way(route, trunk, dialled, own))
        });
        ways.collect()
    }

    /// Whether a device may ask to be shown with `number`: one of its own, which a trunk carries.
    pub fn may_claim(&self, device: &str, number: &str) -> bool {
        let device = self.people.device(device);
        device.is_some_and(|device| {
            let mut own = device.caller_id.iter().chain(&device.claims);
            own.any(|own| self.plan().same(own, number))
        })
    }

    /// The trunk of that name.
    pub fn trunk(&self, name: &str) -> Option<&Trunk> {
        self.trunks.iter().find(|trunk| trunk.name == name)
    }

    /// What one trunk may carry and cost.
    pub fn trunk_limits(&self, name: &str) -> Limits {
        let own = self.trunk(name).map(|trunk| trunk.limits);
        own.unwrap_or_default().or(self.protection().trunk)
    }

    /// What one device may call and cost.
    pub fn device_limits(&self, name: &str) -> Limits {
        let own = self.people.device(name).map(|device| device.limits);
        own.unwrap_or_default().or(self.protection().device)
    }

    fn way(&self, route: &Route, trunk: &Trunk, dialled: &str, own: Option<&str>) -> WayOut {
        let plan = &self.calling.plan;
        let wanted = route.number(dialled);
        // Help is called as it is dialled, whatever the carrier likes otherwise.
        let to = if plan.is_emergency(dialled) {
            dialled.to_owned()
        } else {
            plan.written(&wanted, trunk.forms.called)
        };
        let from = trunk.shown(plan, route.caller_id.as_deref().or(own));
        WayOut {
            route: route.name.clone(),
            trunk: trunk.name.clone(),
            to,
            from: match trunk.forms.caller {
                Form::Dialled => from,
                form => plan.written(&from, form),
            },
            hide: route.hide,
        }
    }
}

impl Trunk {
    /// The number to show on this trunk: the wanted one where the trunk carries it, else the first
    /// of its own. No other number ever leaves the branch.
    fn shown(&self, plan: &Plan, wanted: Option<&str>) -> String {
        let own = |wanted: &&str| self.numbers.iter().any(|number| plan.same(number, wanted));
        let chosen = wanted.filter(own);
        chosen
            .map(str::to_owned)
            .or_else(|| self.numbers.first().cloned())
            .or_else(|| self.account.as_ref().and_then(super::Account::own_user))
            .unwrap_or_default()
    }
}

impl super::Account {
    fn own_user(&self) -> Option<String> {
        let username = || self.credentials.as_ref().map(|c| c.username.clone());
        self.user.clone().or_else(username)
    }
}
