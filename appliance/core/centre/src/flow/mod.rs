//! Flows: what the caller hears, presses and says, and where that leads.
//!
//! XML (schema/ivr.md) -> [`Flow`], held by [`crate::site::Site`]; [`check`] names the faults of
//! one text; [`Run`] walks one call through under virtual time. Nothing here plays or routes.

mod act;
mod answers;
mod attributes;
pub(crate) mod draft;
mod grammar;
mod hanzi;
pub(crate) mod lint;
pub(crate) mod model;
pub(crate) mod parse;
pub(crate) mod resolve;
mod run;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use act::{FlowAct, FlowInput, Reason};
pub use model::{Flow, Step, Target};
pub use run::Run;

use crate::site::Diagnostic;
use crate::site::diagnostic::{Notes, Source};
use crate::site::place::Place;

/// Names a flow may mention besides its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Other flows, with the ids of their steps.
    pub flows: BTreeMap<String, BTreeSet<String>>,
    /// Queues.
    pub queues: BTreeSet<String>,
    /// Prompts that can be played; None where nobody knows, then they are not checked.
    pub prompts: Option<BTreeSet<String>>,
}

/// Everything wrong with one flow's XML, in reading order; empty where nothing is.
pub fn check(xml: &str, known: &Known) -> Vec<Diagnostic> {
    let (source, mut notes) = (Source::new(xml), Notes::default());
    if let Some(draft) = parse::parse(xml, &Place::whole(&source), &mut notes) {
        let flow = resolve::resolve(draft, known, &mut notes);
        let flows = BTreeMap::from([(flow.name.clone(), flow)]);
        lint::lint(&flows, &BTreeMap::new(), &[], &mut notes);
    }
    notes.finish()
}

/// The flow's name and the ids of its steps, as far as they can be read; None where the text is
/// no flow. For checks of several texts that name one another.
pub fn outline(xml: &str) -> Option<(String, BTreeSet<String>)> {
    let (source, mut notes) = (Source::new(xml), Notes::default());
    let draft = parse::parse(xml, &Place::whole(&source), &mut notes)?;
    Some((
        draft.name,
        draft.steps.into_iter().map(|step| step.id).collect(),
    ))
}

#[cfg(test)]
mod tests;
