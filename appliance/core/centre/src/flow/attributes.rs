//! The attributes of one element, read by the grammar's table: unknown, missing and badly
//! written ones are noted, and reading goes on.

use std::ops::Range;
use std::time::Duration;

use call::Cause;
use roxmltree::Node;

use super::draft::Spot;
use super::grammar::{Kind, is_key};
use super::words::{self, Phrase};
use crate::site::diagnostic::{At, Notes, did_you_mean};
use crate::site::limits::{ANSWER_WAIT, MAX_PHRASE_CHARS, MAX_PROMPTS, MAX_RETRIES};
use crate::site::place::Place;
use crate::site::text::{NAME_HINT, duration, is_address, is_name, shorten};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

pub(super) struct Attributes<'a, 'n> {
    node: Node<'a, 'a>,
    kind: Kind,
    place: &'a Place<'a>,
    notes: &'n mut Notes,
}

impl<'a, 'n> Attributes<'a, 'n> {
    /// Notes what the table does not know and what it misses.
    pub(super) fn new(
        node: Node<'a, 'a>,
        kind: Kind,
        place: &'a Place<'a>,
        notes: &'n mut Notes,
    ) -> Self {
        let known = kind.attributes();
        let names = || known.iter().map(|attribute| attribute.name);
        // What a schema-aware editor writes on the root is no business of ours.
        for written in node
            .attributes()
            .filter(|attribute| attribute.namespace() != Some(XSI))
        {
            let name = written.name();
            if written.namespace().is_none() && names().any(|known| known == name) {
                continue;
            }
            let hint = match did_you_mean(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it may have: {}", names().collect::<Vec<_>>().join(", ")),
            };
            let at = place.at(written.range().start);
            let what = describe(kind);
            notes.error(
                at,
                format!("{what} has no attribute `{}`", shorten(name)),
                hint,
            );
        }
        let missing = known
            .iter()
            .filter(|a| a.required && node.attribute(a.name).is_none());
        for attribute in missing {
            let message = format!("{} lacks `{}`", describe(kind), attribute.name);
            notes.error(place.at(node.range().start), message, attribute.hint(kind));
        }
        Self {
            node,
            kind,
            place,
            notes,
        }
    }

    /// Reads on in an element whose attributes were checked before.
    pub(super) fn again(
        node: Node<'a, 'a>,
        kind: Kind,
        place: &'a Place<'a>,
        notes: &'n mut Notes,
    ) -> Self {
        Self {
            node,
            kind,
            place,
            notes,
        }
    }

    pub(super) fn at(&self) -> At {
        self.place.at(self.node.range().start)
    }

    /// A name; None where it is missing or wrong, which was noted.
    pub(super) fn name(&mut self, attribute: &str) -> Option<Spot> {
        let spot = self.spot(attribute)?;
        if is_name(&spot.text) {
            return Some(spot);
        }
        let message = format!("`{}` cannot be a name", shorten(&spot.text));
        self.notes.error(spot.at, message, NAME_HINT);
        None
    }

    /// A target as written; an empty one is noted.
    pub(super) fn target(&mut self, attribute: &str) -> Option<Spot> {
        let spot = self.spot(attribute)?;
        if spot.text.split('/').count() <= 2 && spot.text.split('/').all(is_name) {
            return Some(spot);
        }
        let message = format!("`{}` cannot be a target", shorten(&spot.text));
        self.notes.error(
            spot.at,
            message,
            "name a step, a flow, `flow/step`, a queue or `hangup`",
        );
        None
    }

    /// Names parted by blanks, each with its own place.
    pub(super) fn prompts(&mut self, attribute: &str) -> Vec<Spot> {
        let Some((value, range)) = self.value(attribute) else {
            return Vec::new();
        };
        let is_verbatim = range.len() == value.len();
        let mut spots = Vec::new();
        for text in value.split_whitespace() {
            let within = text.as_ptr() as usize - value.as_ptr() as usize;
            let at = self
                .place
                .at(range.start + if is_verbatim { within } else { 0 });
            if is_name(text) {
                spots.push(Spot {
                    text: text.to_owned(),
                    at,
                });
            } else {
                self.notes.error(
                    at,
                    format!("`{}` cannot be a prompt's name", shorten(text)),
                    NAME_HINT,
                );
            }
        }
        if spots.len() > MAX_PROMPTS {
            let message = format!("`{attribute}` names {} prompts", spots.len());
            self.notes.error(
                self.place.at(range.start),
                message,
                format!("at most {MAX_PROMPTS}"),
            );
            spots.truncate(MAX_PROMPTS);
        }
        spots
    }

    pub(super) fn key(&mut self) -> Option<char> {
        let spot = self.spot("key")?;
        let mut chars = spot.text.chars();
        match (chars.next(), chars.next()) {
            (Some(key), None) if is_key(key) => return Some(key),
            _ => {}
        }
        let message = format!("`{}` is not a key", shorten(&spot.text));
        self.notes
            .error(spot.at, message, "one of 0 1 2 3 4 5 6 7 8 9 * # A B C D");
        None
    }

    pub(super) fn flag(&mut self, attribute: &str, otherwise: bool) -> bool {
        let Some(spot) = self.spot(attribute) else {
            return otherwise;
        };
        match spot.text.as_str() {
            "true" => true,
            "false" => false,
            text => {
                let message = format!("`{}` is neither true nor false", shorten(text));
                self.notes
                    .error(spot.at, message, "write `true` or `false`");
                otherwise
            }
        }
    }

    pub(super) fn duration(&mut self, attribute: &str, otherwise: Duration) -> Duration {
        let Some(spot) = self.spot(attribute) else {
            return otherwise;
        };
        duration(&spot.text, ANSWER_WAIT).unwrap_or_else(|(message, hint)| {
            self.notes.error(spot.at, message, hint);
            otherwise
        })
    }

    pub(super) fn count(&mut self, attribute: &str, otherwise: u32) -> u32 {
        let Some(spot) = self.spot(attribute) else {
            return otherwise;
        };
        match spot.text.parse::<u32>() {
            Ok(count) if count <= MAX_RETRIES && spot.text.bytes().all(|b| b.is_ascii_digit()) => {
                count
            }
            _ => {
                let message = format!("`{}` is not a number of retries", shorten(&spot.text));
                self.notes.error(
                    spot.at,
                    message,
                    format!("a whole number, 0 to {MAX_RETRIES}"),
                );
                otherwise
            }
        }
    }

    pub(super) fn phrases(&mut self) -> Vec<Phrase> {
        let Some(spot) = self.spot("words") else {
            return Vec::new();
        };
        let mut phrases = Vec::new();
        for text in words::split(&spot.text) {
            match Phrase::new(&text) {
                Some(phrase) if text.chars().count() <= MAX_PHRASE_CHARS => phrases.push(phrase),
                _ => {
                    let message = format!("`{}` cannot be listened for", shorten(&text));
                    let hint =
                        format!("a phrase has letters and at most {MAX_PHRASE_CHARS} characters");
                    self.notes.error(spot.at, message, hint);
                }
            }
        }
        if words::split(&spot.text).is_empty() {
            self.notes.error(
                spot.at,
                "no words to listen for",
                "phrases parted by commas",
            );
        }
        phrases
    }

    pub(super) fn address(&mut self) -> String {
        let Some(spot) = self.spot("to") else {
            return String::new();
        };
        if !is_address(&spot.text) {
            let message = format!("`{}` cannot be dialled", shorten(&spot.text));
            self.notes.error(
                spot.at,
                message,
                "a number, or an address such as `sip:desk@192.0.2.7`",
            );
        }
        spot.text
    }

    pub(super) fn cause(&mut self) -> Cause {
        let Some(spot) = self.spot("cause") else {
            return Cause::FlowEnded;
        };
        match spot.text.as_str() {
            "normal" => Cause::FlowEnded,
            "busy" => Cause::Busy,
            text => {
                let message = format!("`{}` is no cause", shorten(text));
                self.notes
                    .error(spot.at, message, "write `normal` or `busy`");
                Cause::FlowEnded
            }
        }
    }

    fn spot(&self, attribute: &str) -> Option<Spot> {
        let (value, range) = self.value(attribute)?;
        Some(Spot {
            text: value.to_owned(),
            at: self.place.at(range.start),
        })
    }

    fn value(&self, attribute: &str) -> Option<(&'a str, Range<usize>)> {
        let node = self.node;
        self.kind
            .attributes()
            .iter()
            .find(|known| known.name == attribute)?;
        let mut written = node.attributes().filter(|a| a.namespace().is_none());
        let found = written.find(|a| a.name() == attribute)?;
        Some((node.attribute(attribute)?, found.range_value()))
    }
}

pub(super) fn describe(kind: Kind) -> String {
    match kind {
        Kind::Ivr => "the flow".to_owned(),
        kind => format!("a step of type `{}`", kind.name()),
    }
}
