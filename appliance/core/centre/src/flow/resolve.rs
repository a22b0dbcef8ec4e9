//! A draft to a flow: every name is looked up, dangling ones are noted with the nearest known.
//!
//! `next` means a step of this flow, then a flow, then a queue, then `hangup`. Where a name is
//! near a known one, the known one stands in for it so that one slip is one diagnostic.

use std::collections::{BTreeMap, BTreeSet};

use super::Known;
use super::draft::{Answer, Draft, DraftStep, Given, Spot};
use super::grammar::{HANG_UP, Kind};
use super::model::{Act, Ask, Flow, Step, Target};
use crate::site::diagnostic::{Notes, did_you_mean};

/// The flow of a draft. Use it only where `notes` has no errors.
pub(crate) fn resolve(draft: Draft, known: &Known, notes: &mut Notes) -> Flow {
    let ids = draft.steps.iter().map(|step| step.id.clone()).collect();
    let entry = draft
        .steps
        .first()
        .map(|step| step.id.clone())
        .unwrap_or_default();
    let mut resolver = Resolver {
        flow: draft.name.clone(),
        ids,
        known,
        notes,
    };
    let steps = draft
        .steps
        .into_iter()
        .map(|step| resolver.step(step))
        .collect();
    Flow {
        name: draft.name,
        at: draft.at,
        entry,
        steps,
    }
}

/// A target written outside of any flow: a number's or a queue's.
pub(crate) fn target(spot: &Spot, known: &Known, notes: &mut Notes) -> Target {
    let ids = BTreeSet::new();
    Resolver {
        flow: String::new(),
        ids,
        known,
        notes,
    }
    .target(spot)
}

/// A prompt's name, looked up.
pub(crate) fn prompts(spots: Vec<Spot>, known: &Known, notes: &mut Notes) -> Vec<String> {
    for spot in &spots {
        let Some(prompts) = known
            .prompts
            .as_ref()
            .filter(|all| !all.contains(&spot.text))
        else {
            continue;
        };
        let candidates = prompts.iter().filter(|_| !notes.is_full());
        let hint = match did_you_mean(&spot.text, candidates.map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "add a prompt `{}.wav`, or name one that is there",
                spot.text
            ),
        };
        notes.error(spot.at, format!("there is no prompt `{}`", spot.text), hint);
    }
    spots.into_iter().map(|spot| spot.text).collect()
}

struct Resolver<'a, 'n> {
    flow: String,
    ids: BTreeSet<String>,
    known: &'a Known,
    notes: &'n mut Notes,
}

impl Resolver<'_, '_> {
    fn step(&mut self, draft: DraftStep) -> (String, Step) {
        let DraftStep {
            id,
            at,
            kind,
            barge_in,
            answers,
            next,
            queue,
            ..
        } = draft;
        let next = next.map_or_else(unknown, |next| self.target(&next));
        let act = match kind {
            Kind::Ivr | Kind::Input | Kind::Words | Kind::Menu | Kind::Listen => {
                let (keys, phrases, default) = self.answers(answers);
                let no_input = prompts(draft.asking.no_input, self.known, self.notes);
                let invalid = prompts(draft.asking.invalid, self.known, self.notes);
                let (timeout, retries) = (draft.asking.timeout, draft.asking.retries);
                Act::Ask(Box::new(Ask {
                    timeout,
                    retries,
                    no_input,
                    invalid,
                    keys,
                    phrases,
                    default,
                }))
            }
            Kind::Say => Act::GoOn(next),
            Kind::Queue => Act::Queue(queue.map(|spot| self.queue(&spot)).unwrap_or_default()),
            Kind::Transfer => Act::Transfer {
                to: draft.to,
                failed: next,
            },
            Kind::HangUp => Act::HangUp(draft.cause),
        };
        let prompts = prompts(draft.prompts, self.known, self.notes);
        (
            id,
            Step {
                at,
                prompts,
                barge_in,
                act,
            },
        )
    }

    fn answers(
        &mut self,
        answers: Vec<Answer>,
    ) -> (
        BTreeMap<char, Target>,
        Vec<(super::words::Phrase, Target)>,
        Target,
    ) {
        let (mut keys, mut phrases, mut default) = (BTreeMap::new(), Vec::new(), unknown());
        for answer in answers {
            let target = answer.next.map_or_else(unknown, |next| self.target(&next));
            match answer.given {
                Given::Key(key) => _ = keys.insert(key, target),
                Given::Words(words) => {
                    phrases.extend(words.into_iter().map(|w| (w, target.clone())))
                }
                Given::Nothing => default = target,
            }
        }
        (keys, phrases, default)
    }

    fn queue(&mut self, spot: &Spot) -> String {
        if self.known.queues.contains(&spot.text) {
            return spot.text.clone();
        }
        let near = did_you_mean(&spot.text, self.known.queues.iter().map(String::as_str));
        let hint = near.map_or_else(
            || format!("add [queue.{}] to the site", spot.text),
            |near| format!("did you mean `{near}`?"),
        );
        self.notes
            .error(spot.at, format!("there is no queue `{}`", spot.text), hint);
        near.unwrap_or(&spot.text).to_owned()
    }

    fn target(&mut self, spot: &Spot) -> Target {
        if let Some(target) = self.look_up(&spot.text) {
            return target;
        }
        let near = did_you_mean(&spot.text, self.candidates(&spot.text)).map(str::to_owned);
        let hint = match &near {
            Some(near) => format!("did you mean `{near}`?"),
            None if self.flow.is_empty() => {
                format!(
                    "add [flow.{0}] or [queue.{0}], or name one that is there",
                    spot.text
                )
            }
            None => format!(
                "add a step with id=\"{}\", or name a flow or queue that is there",
                spot.text
            ),
        };
        let message = format!("`{}` is no step, flow or queue", spot.text);
        self.notes.error(spot.at, message, hint);
        near.and_then(|near| self.look_up(&near))
            .unwrap_or_else(unknown)
    }

    fn look_up(&self, text: &str) -> Option<Target> {
        let step_of = |flow: &str, step: &str| Target::Step {
            flow: flow.to_owned(),
            step: step.to_owned(),
        };
        if let Some((flow, step)) = text.split_once('/') {
            let own = flow == self.flow && self.ids.contains(step);
            let has = |steps: &BTreeSet<String>| steps.contains(step);
            let other = flow != self.flow && self.known.flows.get(flow).is_some_and(has);
            return (own || other).then(|| step_of(flow, step));
        }
        if self.ids.contains(text) {
            return Some(step_of(&self.flow, text));
        }
        let name = text.to_owned();
        match text {
            _ if text == self.flow || self.known.flows.contains_key(text) => {
                Some(Target::Flow { name })
            }
            _ if self.known.queues.contains(text) => Some(Target::Queue { name }),
            HANG_UP => Some(Target::HangUp),
            _ => None,
        }
    }

    /// Names a wrong target may have meant.
    fn candidates(&self, text: &str) -> impl Iterator<Item = &str> {
        let ids = self
            .ids
            .iter()
            .chain(self.known.flows.keys())
            .chain(&self.known.queues);
        let plain = !text.contains('/') && !self.notes.is_full();
        ids.map(String::as_str)
            .chain([HANG_UP])
            .filter(move |_| plain)
    }
}

/// Stands for a target that was noted as missing: a way out, so that one slip is one diagnostic.
fn unknown() -> Target {
    Target::Flow {
        name: String::new(),
    }
}
