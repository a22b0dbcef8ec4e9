//! From what was written to what is true: every name of a site is looked up.
//!
//! After it no dangling name exists; a site with one is not made.

use std::collections::{BTreeMap, BTreeSet};

use super::audio_file::LineInFile;
use super::diagnostic::{Diagnostic, Notes};
use super::file;
use super::number_file::NumberFile;
use super::queue::{Announce, CallBack, Overflow, POSITIONS, WAITS};
use super::queue_file::{AnnounceFile, CallBackFile, QueueFile};
use super::resolve_phones::{Named, look_up, phones};
use super::trunk_file::TrunkFile;
use super::{Door, LineIn, Number, Queue, Site, SiteFile, Trunk};
use crate::flow::draft::Spot;
use crate::flow::model::Act;
use crate::flow::{Flow, Known, Target, lint, resolve as flow};

pub(super) fn load(text: &str, prompts: &BTreeSet<String>) -> Result<Site, Vec<Diagnostic>> {
    match file::read(text) {
        Ok(file) => resolve(file, prompts),
        Err(notes) => Err(notes.finish()),
    }
}

pub(super) fn check(text: &str, prompts: Option<&BTreeSet<String>>) -> Vec<Diagnostic> {
    match file::read(text).map(|file| look_up_all(file, prompts)) {
        Ok((_, notes)) | Err(notes) => notes.finish(),
    }
}

pub(super) fn resolve(file: SiteFile, prompts: &BTreeSet<String>) -> Result<Site, Vec<Diagnostic>> {
    let (site, notes) = look_up_all(file, Some(prompts));
    if notes.has_errors() {
        return Err(notes.finish());
    }
    Ok(Site {
        warnings: notes.finish(),
        ..site
    })
}

#[cfg(test)]
pub(super) fn unchecked(text: &str) -> Option<Site> {
    file::read(text).ok().map(|file| look_up_all(file, None).0)
}

/// The site, to be used only where the notes have no errors.
fn look_up_all(file: SiteFile, prompts: Option<&BTreeSet<String>>) -> (Site, Notes) {
    let mut known = Known {
        prompts: prompts.cloned(),
        ..file.known()
    };
    let mut notes = file.notes;
    let lines_in = lines_in(&file.phones.lines_in, &mut known, &mut notes);
    hidden_queues(&file.queues, &known, &mut notes);
    let named = Named::of(&file.phones, &file.queues, &file.trunks);
    let queues = queues(file.queues, &known, &mut notes);
    let numbers = numbers(file.numbers, &known, &named, &mut notes);
    let trunks = trunks(file.trunks, &mut notes);
    let (people, calling) = phones(file.phones, &trunks, &named, &mut notes);
    let hold = flow::prompts(file.hold, &known, &mut notes);
    let drafts = file.flows.into_iter();
    let flows: BTreeMap<String, Flow> = drafts
        .map(|draft| (draft.name.clone(), flow::resolve(draft, &known, &mut notes)))
        .collect();
    let then = queues
        .iter()
        .map(|(name, queue)| (name.clone(), queue.then.clone()))
        .collect();
    let mut doors = doors(&numbers);
    lint::lint(&flows, &then, &doors, &mut notes);
    let full = queues.values().filter_map(Queue::overflow);
    doors.extend(full.map(|overflow| overflow.to.clone()));
    unused_flows(&flows, &then, doors, &mut notes);
    deaf_flows(&flows, file.branch.speech, &mut notes);
    let site = Site {
        text: file.text,
        branch: super::Branch {
            hold,
            ..file.branch
        },
        trunks,
        people,
        calling,
        numbers,
        queues,
        flows,
        lines_in,
        prompts: known.prompts.unwrap_or_default(),
        warnings: Vec::new(),
    };
    (site, notes)
}

/// Where calls come in.
fn doors(numbers: &BTreeMap<String, Number>) -> Vec<Target> {
    let led_to = numbers.values().filter_map(|number| match &number.door {
        Door::Target(target) => Some(target.clone()),
        Door::Device(_) | Door::Agent(_) => number.then.clone(),
    });
    led_to.collect()
}

fn hidden_queues(queues: &[QueueFile], known: &Known, notes: &mut Notes) {
    for queue in queues
        .iter()
        .filter(|queue| known.flows.contains_key(&queue.name.text))
    {
        let message = format!(
            "flow and queue are both called `{}`: `next` means the flow",
            queue.name.text
        );
        notes.warn(queue.name.at, message, "give one of the two another name");
    }
}

/// Lines in, and from here on their names are prompts like others.
fn lines_in(
    written: &[LineInFile],
    known: &mut Known,
    notes: &mut Notes,
) -> BTreeMap<String, LineIn> {
    let mut lines = BTreeMap::new();
    for file in written {
        let otherwise = file.otherwise.iter().cloned().collect();
        let otherwise = flow::prompts(otherwise, known, notes).into_iter().next();
        let line = LineIn {
            capture: file.capture.clone(),
            otherwise,
        };
        lines.insert(file.name.text.clone(), line);
    }
    let Some(prompts) = &mut known.prompts else {
        return lines;
    };
    for LineInFile { name, .. } in written {
        if !prompts.insert(name.text.clone()) {
            let message = format!(
                "there is a prompt of the name `{}`: it is not played",
                name.text
            );
            notes.warn(name.at, message, "give the line another name");
        }
    }
    lines
}

fn queues(written: Vec<QueueFile>, known: &Known, notes: &mut Notes) -> BTreeMap<String, Queue> {
    let mut queues = BTreeMap::new();
    for file in written {
        let then = flow::target(&file.then, known, notes);
        let overflow = file.overflow.map(|(max_waiting, to)| Overflow {
            max_waiting,
            to: to.map_or_else(|| then.clone(), |to| flow::target(&to, known, notes)),
        });
        let queue = Queue {
            name: file.name.text.clone(),
            prompts: flow::prompts(file.prompts, known, notes),
            max_wait: file.max_wait,
            then,
            overflow,
            rules: file.rules,
            announce: announce(file.announce, known, notes),
            call_back: file.call_back.map(|offer| call_back(offer, known, notes)),
        };
        queues.insert(file.name.text, queue);
    }
    queues
}

fn announce(written: AnnounceFile, known: &Known, notes: &mut Notes) -> Announce {
    let mut family = |name: Option<Spot>, endings: &[&str]| {
        let name = name?;
        let parts = endings.iter().map(|ending| Spot {
            text: format!("{}_{ending}", name.text),
            at: name.at,
        });
        let lacking = |spot: &Spot| {
            let prompts = known.prompts.as_ref();
            prompts.is_some_and(|all| !all.contains(&spot.text))
        };
        // One fault for a family of prompts, naming the first that is not there.
        flow::prompts(parts.filter(lacking).take(1).collect(), known, notes);
        Some(name.text)
    };
    Announce {
        every: written.every,
        position: family(written.position, &POSITIONS),
        wait: family(written.wait, &WAITS),
        prompts: flow::prompts(written.prompts, known, notes),
    }
}

fn call_back(written: CallBackFile, known: &Known, notes: &mut Notes) -> CallBack {
    CallBack {
        offer: flow::prompts(written.offer, known, notes),
        key: written.key,
        done: flow::prompts(written.done, known, notes),
    }
}

fn numbers(
    written: Vec<NumberFile>,
    known: &Known,
    named: &Named,
    notes: &mut Notes,
) -> BTreeMap<String, Number> {
    let flows: BTreeSet<String> = known.flows.keys().cloned().collect();
    let mut numbers = BTreeMap::new();
    for file in written {
        let door = match file.door {
            None => Door::Target(Target::HangUp),
            Some((what, spot)) => {
                let all = match what {
                    "flow" => &flows,
                    "queue" => &known.queues,
                    "device" => &named.devices,
                    _ => &named.agents,
                };
                look_up(what, &spot, all, notes);
                let name = spot.text;
                match what {
                    "flow" => Door::Target(Target::Flow { name }),
                    "queue" => Door::Target(Target::Queue { name }),
                    "device" => Door::Device(name),
                    _ => Door::Agent(name),
                }
            }
        };
        let number = Number {
            door,
            level: file.level,
            ring: file.ring,
            then: file.then.map(|then| flow::target(&then, known, notes)),
        };
        numbers.insert(file.dialled.text, number);
    }
    numbers
}

/// One peer or user name belongs to one trunk, or nobody could say who calls.
fn trunks(written: Vec<TrunkFile>, notes: &mut Notes) -> Vec<Trunk> {
    let (mut peers_seen, mut users_seen) = (BTreeMap::new(), BTreeMap::new());
    let mut trunks = Vec::new();
    for TrunkFile {
        name,
        template,
        trusted,
        peers,
        credentials,
        account,
        numbers,
        forms,
        sound,
        limits,
    } in written
    {
        for (net, at) in &peers {
            if let Some(other) = peers_seen.insert(*net, name.text.clone()) {
                let message = format!("peer `{net}` belongs to trunk `{other}` already");
                notes.error(*at, message, "keep it in one of the two");
            }
        }
        if let Some(credentials) = &credentials {
            let other = users_seen.insert(credentials.username.clone(), name.text.clone());
            if let Some(other) = other {
                let message = format!("trunk `{other}` has the same username");
                notes.error(name.at, message, "give each trunk a username of its own");
            }
        }
        let peers = peers.into_iter().map(|(net, _)| net).collect();
        trunks.push(Trunk {
            name: name.text,
            template,
            trusted,
            peers,
            credentials,
            account,
            numbers,
            forms,
            sound,
            limits,
        });
    }
    trunks
}

fn unused_flows(
    flows: &BTreeMap<String, Flow>,
    queues: &BTreeMap<String, Target>,
    mut open: Vec<Target>,
    notes: &mut Notes,
) {
    let (mut used, mut waited) = (BTreeSet::new(), BTreeSet::new());
    while let Some(target) = open.pop() {
        match target {
            Target::Step { flow: name, .. } | Target::Flow { name } => {
                if let Some(flow) = flows.get(&name).filter(|_| used.insert(name.clone())) {
                    open.extend(flow.steps.values().flat_map(|step| led_to(&step.act)));
                }
            }
            Target::Queue { name } => {
                open.extend(
                    queues
                        .get(&name)
                        .filter(|_| waited.insert(name.clone()))
                        .cloned(),
                );
            }
            Target::HangUp => {}
        }
    }
    for flow in flows.values().filter(|flow| !used.contains(&flow.name)) {
        let message = format!("no number and no step leads to flow `{}`", flow.name);
        notes.warn(
            flow.at,
            message,
            "add a [number] for it, lead to it by a `next`, or remove it",
        );
    }
}

fn led_to(act: &Act) -> Vec<Target> {
    match act {
        Act::Queue(name) => vec![Target::Queue { name: name.clone() }],
        act => act.ways().into_iter().cloned().collect(),
    }
}

fn deaf_flows(flows: &BTreeMap<String, Flow>, speech: bool, notes: &mut Notes) {
    let listens = |act: &Act| matches!(act, Act::Ask(ask) if !ask.phrases.is_empty());
    for flow in flows.values().filter(|_| !speech) {
        if let Some(step) = flow.steps.values().find(|step| listens(&step.act)) {
            let message = format!(
                "flow `{}` listens, but the site has speech = false",
                flow.name
            );
            notes.warn(
                step.at,
                message,
                "set speech = true, or offer keys for every word",
            );
        }
    }
}
