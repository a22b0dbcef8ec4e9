//! Single values of tables: numbers, choices, spans of time, lists of patterns.

use std::time::Duration;

use super::diagnostic::did_you_mean;
use super::limits::MAX_SKILLS;
use super::table::{Reader, Table};
use super::text::{NAME_HINT, duration, is_name, shorten};
use crate::flow::draft::Spot;

/// What a value must be: how messages call it, and how it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) what: &'static str,
    pub(super) hint: &'static str,
}

impl<'t> Reader<'t, '_> {
    /// A whole number within bounds.
    pub(super) fn number(
        &mut self,
        table: &Table<'t>,
        key: &str,
        bounds: (u32, u32),
    ) -> Option<u32> {
        let (at, text) = self.integer(table, key)?;
        let (least, most) = bounds;
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                let message = format!("`{}` is out of bounds", shorten(&text));
                let hint = format!("`{key}` is a whole number, {least} to {most}");
                self.notes.error(at, message, hint);
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        table: &Table<'t>,
        key: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let spot = self.string(table, key)?;
        let found = choices.iter().find(|(word, _)| *word == spot.text);
        if found.is_none() {
            let words = || choices.iter().map(|(word, _)| *word);
            let hint = match did_you_mean(&spot.text, words()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of: {}", words().collect::<Vec<_>>().join(", ")),
            };
            let message = format!("`{}` is no {key}", shorten(&spot.text));
            self.notes.error(spot.at, message, hint);
        }
        found.map(|(_, choice)| *choice)
    }

    /// A span of time within bounds; `otherwise` where none or a wrong one is written.
    pub(super) fn span(
        &mut self,
        table: &Table<'t>,
        key: &str,
        bounds: (Duration, Duration),
        otherwise: Duration,
    ) -> Duration {
        self.string(table, key).map_or(otherwise, |spot| {
            duration(&spot.text, bounds).unwrap_or_else(|(message, hint)| {
                self.notes.error(spot.at, message, hint);
                otherwise
            })
        })
    }

    /// A value that `parse` understands.
    pub(super) fn parsed<T>(
        &mut self,
        table: &Table<'t>,
        key: &str,
        wanted: Wanted,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let spot = self.string(table, key)?;
        self.understood(&spot, wanted, parse)
    }

    /// A list of values that `parse` understands, at most `most`; `None` where nothing is written.
    pub(super) fn all_parsed<T>(
        &mut self,
        table: &Table<'t>,
        key: &str,
        wanted: Wanted,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !table.has(key) {
            return None;
        }
        let spots = self.listed(table, key);
        let values = spots
            .iter()
            .filter_map(|spot| self.understood(spot, wanted, &parse));
        Some(values.collect())
    }

    /// A list of names, each of which may be one.
    pub(super) fn names(&mut self, table: &Table<'t>, key: &str) -> Vec<Spot> {
        let spots = self.listed(table, key);
        for spot in spots.iter().filter(|spot| !is_name(&spot.text)) {
            let message = format!("`{}` cannot be a name", shorten(&spot.text));
            self.notes.error(spot.at, message, NAME_HINT);
        }
        spots
    }

    fn listed(&mut self, table: &Table<'t>, key: &str) -> Vec<Spot> {
        let mut spots = self.strings(table, key).unwrap_or_default();
        if let Some(beyond) = spots.get(MAX_SKILLS) {
            let message = format!("`{key}` lists {} values", spots.len());
            self.notes
                .error(beyond.at, message, format!("at most {MAX_SKILLS}"));
            spots.truncate(MAX_SKILLS);
        }
        spots
    }

    fn understood<T>(
        &mut self,
        spot: &Spot,
        wanted: Wanted,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(&spot.text);
        if value.is_none() {
            let message = format!("`{}` is no {}", shorten(&spot.text), wanted.what);
            self.notes.error(spot.at, message, wanted.hint);
        }
        value
    }
}
