//! From what was written to what is true: every name of a site is looked up.
//!
//! After it no dangling name exists; a site with one is not made.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{Diagnostic, Notes, did_you_mean};
use super::file::{self, NumberFile, QueueFile};
use super::trunk_file::TrunkFile;
use super::{Queue, Site, SiteFile, Trunk};
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
    let known = Known {
        prompts: prompts.cloned(),
        ..file.known()
    };
    let mut notes = file.notes;
    hidden_queues(&file.queues, &known, &mut notes);
    let queues = queues(file.queues, &known, &mut notes);
    let numbers = numbers(file.numbers, &known, &mut notes);
    let trunks = trunks(file.trunks, &mut notes);
    let drafts = file.flows.into_iter();
    let flows: BTreeMap<String, Flow> = drafts
        .map(|draft| (draft.name.clone(), flow::resolve(draft, &known, &mut notes)))
        .collect();
    let then = queues
        .iter()
        .map(|(name, queue)| (name.clone(), queue.then.clone()))
        .collect();
    let doors: Vec<Target> = numbers.values().cloned().collect();
    lint::lint(&flows, &then, &doors, &mut notes);
    unused_flows(&flows, &then, doors, &mut notes);
    deaf_flows(&flows, file.speech, &mut notes);
    let site = Site {
        text: file.text,
        name: file.name,
        language: file.language,
        record: file.record,
        speech: file.speech,
        trunks,
        numbers,
        queues,
        flows,
        prompts: known.prompts.unwrap_or_default(),
        warnings: Vec::new(),
    };
    (site, notes)
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

fn queues(written: Vec<QueueFile>, known: &Known, notes: &mut Notes) -> BTreeMap<String, Queue> {
    let mut queues = BTreeMap::new();
    for QueueFile {
        name,
        prompts,
        max_wait,
        then,
    } in written
    {
        let name = name.text;
        let prompts = flow::prompts(prompts, known, notes);
        let then = flow::target(&then, known, notes);
        queues.insert(
            name.clone(),
            Queue {
                name,
                prompts,
                max_wait,
                then,
            },
        );
    }
    queues
}

fn numbers(written: Vec<NumberFile>, known: &Known, notes: &mut Notes) -> BTreeMap<String, Target> {
    let flows: BTreeSet<&str> = known.flows.keys().map(String::as_str).collect();
    let queues: BTreeSet<&str> = known.queues.iter().map(String::as_str).collect();
    let mut numbers = BTreeMap::new();
    for NumberFile {
        dialled,
        flow,
        queue,
    } in written
    {
        let target = match (flow, queue) {
            (Some(spot), _) => {
                look_up("flow", &spot, &flows, notes);
                Target::Flow { name: spot.text }
            }
            (None, Some(spot)) => {
                look_up("queue", &spot, &queues, notes);
                Target::Queue { name: spot.text }
            }
            (None, None) => Target::HangUp,
        };
        numbers.insert(dialled.text, target);
    }
    numbers
}

fn look_up(what: &str, spot: &Spot, known: &BTreeSet<&str>, notes: &mut Notes) {
    if known.contains(spot.text.as_str()) {
        return;
    }
    let hint = match did_you_mean(&spot.text, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add [{what}.{}], or name one that is there", spot.text),
    };
    notes.error(spot.at, format!("there is no {what} `{}`", spot.text), hint);
}

/// One peer or user name belongs to one trunk, or nobody could say who calls.
fn trunks(written: Vec<TrunkFile>, notes: &mut Notes) -> Vec<Trunk> {
    let (mut peers_seen, mut users_seen) = (BTreeMap::new(), BTreeMap::new());
    let mut trunks = Vec::new();
    for TrunkFile {
        name,
        peers,
        credentials,
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
            peers,
            credentials,
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
