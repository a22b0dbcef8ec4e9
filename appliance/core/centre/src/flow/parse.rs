//! Flow XML to a draft: every fault is noted at its place, reading goes on after each.
//!
//! The language is written down in schema/ivr.md; `grammar` holds its table. Names are only
//! looked up later, by `resolve`.

use std::collections::BTreeSet;
use std::time::Duration;

use roxmltree::{Document, Node, ParsingOptions};

use super::attributes::{Attributes, describe};
use super::draft::{Asking, Draft, DraftStep};
use super::grammar::{Kind, START};
use crate::site::diagnostic::{At, Notes, did_you_mean};
use crate::site::limits::{MAX_FLOW_BYTES, MAX_STEPS};
use crate::site::place::Place;
use crate::site::text::shorten;

/// Wait for a key, where nothing else is said.
const KEY_WAIT: Duration = Duration::from_secs(5);
/// Wait for words: thinking, speaking and recognising take longer than pressing.
const WORDS_WAIT: Duration = Duration::from_secs(8);
/// Times a question is put again, where nothing else is said: a human is two prompts away.
const RETRIES: u32 = 1;
/// XML nodes and attributes looked at; a flow of `MAX_STEPS` steps stays far below.
const MAX_NODES: u32 = 20_000;

/// The draft of an XML text; None where it is no flow at all. Everything wrong is in `notes`.
pub(crate) fn parse(xml: &str, place: &Place<'_>, notes: &mut Notes) -> Option<Draft> {
    if xml.len() > MAX_FLOW_BYTES {
        let message = format!(
            "the flow has {} bytes, {MAX_FLOW_BYTES} are allowed",
            xml.len()
        );
        notes.error(
            place.at(0),
            message,
            "split it: `next` may name another flow",
        );
        return None;
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document = match Document::parse_with_options(xml, options) {
        Ok(document) => document,
        Err(error) => {
            malformed(&error, xml, place, notes);
            return None;
        }
    };
    let root = document.root_element();
    if root.tag_name().name() != "ivr" || root.tag_name().namespace().is_some() {
        let message = format!(
            "a flow begins with <ivr>, not <{}>",
            shorten(root.tag_name().name())
        );
        notes.error(
            place.at(root.range().start),
            message,
            "write <ivr name=\"..\"> .. </ivr>",
        );
        return None;
    }
    Some(
        Reader {
            place,
            notes,
            phrases: 0,
        }
        .flow(root),
    )
}

fn malformed(error: &roxmltree::Error, xml: &str, place: &Place<'_>, notes: &mut Notes) {
    let pos = error.pos();
    let line_start = match pos.row {
        0 | 1 => 0,
        row => xml
            .match_indices('\n')
            .nth(row as usize - 2)
            .map_or(0, |(i, _)| i + 1),
    };
    let line = xml.get(line_start..).unwrap_or("");
    let column = (pos.col as usize).saturating_sub(1);
    let within = line
        .char_indices()
        .nth(column)
        .map_or(line.len(), |(i, _)| i);
    let (at, hint) = match error {
        roxmltree::Error::DtdDetected => (0, "remove the <!DOCTYPE ..>: a flow needs none"),
        roxmltree::Error::NodesLimitReached => (0, "split it: `next` may name another flow"),
        roxmltree::Error::DuplicatedAttribute(..) => (line_start + within, "keep one of the two"),
        roxmltree::Error::UnclosedRootNode => {
            (xml.len(), "close every element: <step .../> or </step>")
        }
        _ => (
            line_start + within,
            "check quotes, < > and closing tags near this place",
        ),
    };
    let text = error.to_string();
    // The library ends some messages with its own position; ours is the one that counts.
    let text = text.split(" at ").next().unwrap_or(&text);
    notes.error(
        place.at(at),
        format!("not well-formed xml: {}", shorten(text)),
        hint,
    );
}

pub(super) struct Reader<'a, 'n> {
    pub(super) place: &'a Place<'a>,
    pub(super) notes: &'n mut Notes,
    /// Phrases of the flow so far.
    pub(super) phrases: usize,
}

impl<'a> Reader<'a, '_> {
    fn flow(mut self, root: Node<'a, 'a>) -> Draft {
        let at = self.place.at(root.range().start);
        let mut read = Attributes::again(root, Kind::Ivr, self.place, self.notes);
        let name = read.name("name").map(|spot| spot.text).unwrap_or_default();
        let written = root.descendants().filter(Node::is_element).skip(1);
        if let Some(beyond) = written.clone().nth(MAX_STEPS) {
            let message = format!(
                "the flow has {} steps, {MAX_STEPS} are allowed",
                written.count()
            );
            let at = self.place.at(beyond.range().start);
            self.notes
                .error(at, message, "split it: `next` may name another flow");
        }
        let elements: Vec<_> = self.elements(root);
        let (answers, steps): (Vec<_>, Vec<_>) =
            elements.into_iter().partition(|(_, kind)| kind.is_answer());
        let opening = self.opening(root, &answers);
        let mut steps: Vec<DraftStep> = opening
            .into_iter()
            .chain(steps.into_iter().map(|(node, kind)| self.step(node, kind)))
            .collect();
        self.give_ids(&mut steps);
        if steps.is_empty() {
            self.notes
                .error(at, "the flow has no steps", "add a <step type=\"..\">");
        }
        Draft { name, at, steps }
    }

    /// The question made up by answers that stand directly in the flow.
    fn opening(
        &mut self,
        root: Node<'a, 'a>,
        answers: &[(Node<'a, 'a>, Kind)],
    ) -> Option<DraftStep> {
        let listens = answers.iter().any(|(_, kind)| *kind == Kind::Words);
        let kind = if listens { Kind::Listen } else { Kind::Menu };
        let mut step = self.asked(root, Kind::Ivr, kind);
        START.clone_into(&mut step.id);
        if answers.is_empty() {
            let asks = [
                "prompt", "no_input", "invalid", "timeout", "retries", "barge_in",
            ];
            if let Some(name) = asks.iter().find(|name| root.attribute(**name).is_some()) {
                let message = format!("`{name}` on <ivr> is for answers that stand directly in it");
                self.notes
                    .error(step.at, message, "move it to the flow's first step");
            }
            return None;
        }
        step.answers = answers
            .iter()
            .filter_map(|(node, kind)| self.answer(*node, *kind))
            .collect();
        self.check_answers(&step);
        Some(step)
    }

    fn step(&mut self, node: Node<'a, 'a>, kind: Kind) -> DraftStep {
        let mut step = self.asked(node, kind, kind);
        let inner = self.elements(node);
        for (node, inner_kind) in inner {
            let fits = inner_kind.is_answer() && kind.is_question();
            if fits && (kind == Kind::Listen || inner_kind != Kind::Words) {
                step.answers.extend(self.answer(node, inner_kind));
                continue;
            }
            let (message, hint) = if fits {
                let hint = "make it type=\"listen\"; keys work there too";
                (
                    "a step of type `menu` does not listen for words".to_owned(),
                    hint,
                )
            } else {
                let message = format!("{} stands inside {}", describe(inner_kind), describe(kind));
                (
                    message,
                    "only input and words steps stand inside a menu or listen step",
                )
            };
            self.notes
                .error(self.place.at(node.range().start), message, hint);
        }
        if kind.is_question() {
            self.check_answers(&step);
        }
        step
    }

    /// Reads the attributes of a step, `read_as` the table's kind.
    fn asked(&mut self, node: Node<'a, 'a>, read_as: Kind, kind: Kind) -> DraftStep {
        let mut read = Attributes::new(node, read_as, self.place, self.notes);
        let at = read.at();
        let id = read.name("id");
        let default_wait = if kind == Kind::Listen {
            WORDS_WAIT
        } else {
            KEY_WAIT
        };
        let asking = Asking {
            timeout: read.duration("timeout", default_wait),
            retries: read.count("retries", RETRIES),
            no_input: read.prompts("no_input"),
            invalid: read.prompts("invalid"),
        };
        DraftStep {
            id: id.map(|spot| spot.text).unwrap_or_default(),
            at,
            kind,
            prompts: read.prompts("prompt"),
            barge_in: read.flag("barge_in", kind.is_question()),
            asking,
            answers: Vec::new(),
            next: read.target("next"),
            queue: read.name("queue"),
            to: read.address(),
            cause: read.cause(),
        }
    }

    /// The first step may go without an id, others not; no id comes twice.
    fn give_ids(&mut self, steps: &mut Vec<DraftStep>) {
        let mut seen = BTreeSet::new();
        for (i, step) in steps.iter_mut().enumerate() {
            if i == 0 && step.id.is_empty() {
                START.clone_into(&mut step.id);
            }
            if step.id.is_empty() {
                let message = format!(
                    "{} has no `id`, so nothing leads to it",
                    describe(step.kind)
                );
                self.notes
                    .error(step.at, message, "add id=\"..\", or remove the step");
            } else if !seen.insert(step.id.clone()) {
                let hint = match step.id.as_str() {
                    START => "`start` is the opening question's; give this one another id",
                    _ => "give one of the two another id",
                };
                self.notes.error(
                    step.at,
                    format!("two steps have the id `{}`", step.id),
                    hint,
                );
                step.id.clear();
            }
        }
        steps.retain(|step| !step.id.is_empty());
    }

    /// The steps inside an element with their kinds; all else is noted.
    pub(super) fn elements(&mut self, node: Node<'a, 'a>) -> Vec<(Node<'a, 'a>, Kind)> {
        let mut found = Vec::new();
        for child in node.children().take(MAX_STEPS * 4) {
            let at = self.place.at(child.range().start);
            if let Some(text) = child.text().filter(|_| child.is_text()) {
                if !text.trim().is_empty() {
                    let blank = text.len() - text.trim_start().len();
                    let at = self.place.at(child.range().start + blank);
                    let message = format!("text outside of elements: `{}`", shorten(text.trim()));
                    self.notes
                        .error(at, message, "words a caller hears are prompts, by name");
                }
            } else if child.is_element() {
                found.extend(self.kind(child, at).map(|kind| (child, kind)));
            }
        }
        found
    }

    fn kind(&mut self, node: Node<'a, 'a>, at: At) -> Option<Kind> {
        let tag = node.tag_name();
        if tag.name() != "step" || tag.namespace().is_some() {
            let hint = match Kind::from_type(tag.name()) {
                Some(kind) => format!("write <step type=\"{}\" ..>", kind.name()),
                None => "a flow is made of <step type=\"..\"> elements".to_owned(),
            };
            self.notes.error(
                at,
                format!("unknown element <{}>", shorten(tag.name())),
                hint,
            );
            return None;
        }
        let names = || Kind::types().map(|(name, _)| name);
        let Some(written) = node.attribute("type") else {
            let hint = format!(
                "add type=\"..\", one of: {}",
                names().collect::<Vec<_>>().join(", ")
            );
            self.notes.error(at, "a step lacks `type`", hint);
            return None;
        };
        let kind = Kind::from_type(written);
        if kind.is_none() {
            let hint = match did_you_mean(written, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of: {}", names().collect::<Vec<_>>().join(", ")),
            };
            let type_at = node
                .attribute_node("type")
                .map_or(at, |a| self.place.at(a.range_value().start));
            self.notes.error(
                type_at,
                format!("unknown type of step: `{}`", shorten(written)),
                hint,
            );
        }
        kind
    }
}
