//! From what was written to what is true: people, routes and what they name.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{Notes, did_you_mean};
use super::file::PhonesFile;
use super::numbers::Calling;
use super::people_file::{AgentFile, DeviceFile};
use super::queue_file::QueueFile;
use super::route_file::RouteFile;
use super::trunk_file::TrunkFile;
use super::{Device, People, Plan, Protection, Trunk};
use crate::flow::draft::Spot;

/// All names that people and routes may mention.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) devices: BTreeSet<String>,
    pub(super) agents: BTreeSet<String>,
    queues: BTreeMap<String, (BTreeSet<String>, Vec<Spot>)>,
    trunks: BTreeSet<String>,
}

impl Named {
    pub(super) fn of(phones: &PhonesFile, queues: &[QueueFile], trunks: &[TrunkFile]) -> Self {
        let names = |spot: &Spot| spot.text.clone();
        Self {
            devices: phones.devices.iter().map(|d| names(&d.name)).collect(),
            agents: phones.agents.iter().map(|a| names(&a.name)).collect(),
            queues: queues
                .iter()
                .map(|q| (names(&q.name), (q.rules.skills.clone(), q.skills.clone())))
                .collect(),
            trunks: trunks.iter().map(|t| names(&t.name)).collect(),
        }
    }
}

/// People and ways out, their names looked up.
pub(super) fn phones(
    file: PhonesFile,
    trunks: &[Trunk],
    named: &Named,
    notes: &mut Notes,
) -> (People, Calling) {
    let plan = file.plan.clone().unwrap_or_default();
    let agents = agents(file.agents, named, notes);
    unheld_skills(named, &agents, notes);
    let devices = devices(file.devices, trunks, &plan, notes);
    open_door(&file.routes, &plan, &file.protection, notes);
    let calling = Calling {
        routes: routes(file.routes, trunks, &plan, named, notes),
        plan,
        protection: file.protection,
    };
    let people = People {
        devices,
        agents,
        callers: file.callers,
    };
    (people, calling)
}

/// Notes a name that is not there.
pub(super) fn look_up(what: &str, spot: &Spot, known: &BTreeSet<String>, notes: &mut Notes) {
    if known.contains(&spot.text) {
        return;
    }
    let hint = match did_you_mean(&spot.text, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add [{what}.{}], or name one that is there", spot.text),
    };
    notes.error(spot.at, format!("there is no {what} `{}`", spot.text), hint);
}

fn agents(
    written: Vec<AgentFile>,
    named: &Named,
    notes: &mut Notes,
) -> BTreeMap<String, super::Agent> {
    let queues: BTreeSet<String> = named.queues.keys().cloned().collect();
    let (mut numbers, mut phones) = (BTreeMap::new(), BTreeMap::new());
    let mut agents = BTreeMap::new();
    for file in written {
        let name = file.name.text.clone();
        if let Some(device) = &file.device {
            look_up("device", device, &named.devices, notes);
            if let Some(other) = phones.insert(device.text.clone(), name.clone()) {
                let message = format!(
                    "device `{}` belongs to agent `{other}` already",
                    device.text
                );
                let hint = "one phone signs one agent in: leave `device` out of the other";
                notes.error(device.at, message, hint);
            }
        }
        for queue in file.queues.iter().flatten() {
            look_up("queue", queue, &queues, notes);
            let wanted = named.queues.get(&queue.text).map(|(skills, _)| skills);
            let lacking = wanted.and_then(|all| all.difference(&file.agent.skills).next());
            if let Some(skill) = lacking {
                let message = format!("queue `{}` wants `{skill}`, which they lack", queue.text);
                notes.warn(queue.at, message, "add the skill, or take the queue away");
            }
        }
        if let Some(number) = &file.number {
            let other = numbers.insert(number.text.clone(), name.clone());
            let device = named.devices.contains(&number.text);
            if other.is_some() || device {
                let owner = other.map_or_else(|| "a device".to_owned(), |o| format!("agent `{o}`"));
                let message = format!("`{}` is the number of {owner} already", number.text);
                notes.error(number.at, message, "give each a number of its own");
            }
        }
        agents.insert(name, file.agent);
    }
    agents
}

/// A queue whose skills nobody has is never answered.
fn unheld_skills(named: &Named, agents: &BTreeMap<String, super::Agent>, notes: &mut Notes) {
    for (_, spots) in named.queues.values() {
        let held = |skill: &str| agents.values().any(|a| a.skills.contains(skill));
        for spot in spots.iter().filter(|spot| !held(&spot.text)) {
            let skills = agents.values().flat_map(|agent| &agent.skills);
            let hint = match did_you_mean(&spot.text, skills.map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add it to the skills of an agent".to_owned(),
            };
            notes.warn(
                spot.at,
                format!("no agent has the skill `{}`", spot.text),
                hint,
            );
        }
    }
}

fn devices(
    written: Vec<DeviceFile>,
    trunks: &[Trunk],
    plan: &Plan,
    notes: &mut Notes,
) -> BTreeMap<String, Device> {
    let mut devices = BTreeMap::new();
    for file in written {
        let carried = |shown: &&Spot| trunks.iter().any(|trunk| carries(trunk, plan, &shown.text));
        for shown in file.shown.iter().filter(|shown| !carried(shown)) {
            let message = format!("no trunk carries the number `{}`", shown.text);
            let hint = "add it to `numbers` of a trunk; other numbers are never shown";
            notes.error(shown.at, message, hint);
        }
        devices.insert(file.name.text, file.device);
    }
    devices
}

fn carries(trunk: &Trunk, plan: &Plan, number: &str) -> bool {
    trunk.numbers.iter().any(|own| plan.same(own, number))
}

fn routes(
    written: Vec<RouteFile>,
    trunks: &[Trunk],
    plan: &Plan,
    named: &Named,
    notes: &mut Notes,
) -> Vec<super::Route> {
    let mut routes = Vec::new();
    for file in written {
        for spot in &file.trunks {
            look_up("trunk", spot, &named.trunks, notes);
            let Some(trunk) = trunks.iter().find(|trunk| trunk.name == spot.text) else {
                continue;
            };
            if trunk.account.is_none() {
                let message = format!("trunk `{}` cannot be called", spot.text);
                let hint = format!("add [trunk.{}.account] with server = \"..\"", spot.text);
                notes.error(spot.at, message, hint);
            }
            if let Some(shown) = &file.caller_id
                && !carries(trunk, plan, &shown.text)
            {
                let message = format!("trunk `{}` does not carry `{}`", spot.text, shown.text);
                let hint = "add it to `numbers` of the trunk; other numbers are never shown";
                notes.error(shown.at, message, hint);
            }
        }
        routes.push(file.route);
    }
    routes
}

/// Routes that protection lets nobody use.
fn open_door(routes: &[RouteFile], plan: &Plan, protection: &Protection, notes: &mut Notes) {
    if protection.allow.is_some() || !plan.country().is_empty() {
        return;
    }
    if let Some(route) = routes.first() {
        let message = format!("route `{}` may reach nobody", route.name.text);
        let hint = "add [plan] with country = \"86\", or [protection] with allow = [\"+86*\"]";
        notes.warn(route.name.at, message, hint);
    }
}
