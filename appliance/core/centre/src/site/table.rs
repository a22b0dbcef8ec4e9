//! Reads TOML tables by hand, so that every fault is noted at its place and reading goes on.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{At, Notes, Source, did_you_mean};
use super::place::Place;
use super::text::shorten;
use crate::flow::draft::Spot;

/// One table of the text with its name, as messages call it.
pub(super) struct Table<'t> {
    pub(super) at: At,
    pub(super) name: String,
    entries: &'t DeTable<'t>,
    /// What holds where nothing is written: a template of ours, which has no place in the text.
    usual: Option<&'t DeTable<'t>>,
}

impl<'t> Table<'t> {
    /// Whether the key is written, or has a usual value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Takes `usual` for what is not written.
    pub(super) fn follow(&mut self, usual: Option<&'t DeTable<'t>>) {
        self.usual = usual;
    }

    fn entry(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        let written = self.entries.get(key);
        written.or_else(|| self.usual?.get(key))
    }
}

pub(super) struct Reader<'t, 'n> {
    pub(super) source: &'t Source<'t>,
    pub(super) notes: &'n mut Notes,
}

impl<'t> Reader<'t, '_> {
    /// The root; keys it does not know are noted.
    pub(super) fn root(&mut self, root: &'t DeTable<'t>, known: &[&str]) -> Table<'t> {
        let table = Table {
            at: At { line: 1, column: 1 },
            name: "the site".to_owned(),
            entries: root,
            usual: None,
        };
        self.refuse_unknown(&table, known);
        table
    }

    /// A table inside another; keys it does not know are noted.
    pub(super) fn table(
        &mut self,
        outer: &Table<'t>,
        key: &str,
        known: &[&str],
    ) -> Option<Table<'t>> {
        let (at, value) = self.value(outer, key)?;
        let name = match outer.name.strip_suffix(']') {
            Some(outer) => format!("{outer}.{key}]"),
            None => format!("[{key}]"),
        };
        let mut table = self.as_table(at, name, value)?;
        let usual = outer
            .usual
            .and_then(|usual| usual.get(key)?.get_ref().as_table());
        table.follow(usual);
        self.refuse_unknown(&table, known);
        Some(table)
    }

    /// The named tables in a table, such as every `[queue.NAME]`, at most `most` of them.
    pub(super) fn tables(
        &mut self,
        outer: &Table<'t>,
        key: &str,
        known: &[&str],
        most: usize,
    ) -> Vec<(Spot, Table<'t>)> {
        let Some((at, value)) = self.value(outer, key) else {
            return Vec::new();
        };
        let Some(group) = self.as_table(at, format!("[{key}]"), value) else {
            return Vec::new();
        };
        if group.entries.len() > most {
            let message = format!("{} {key} tables, {most} are allowed", group.entries.len());
            self.notes.error(at, message, "remove some");
        }
        let mut found = Vec::new();
        for (name, value) in group.entries.iter().take(most) {
            let at = self.source.at(name.span().start);
            let text = name.get_ref().to_string();
            let shown = format!("[{key}.{}]", shorten(&text));
            if let Some(table) = self.as_table(at, shown, value.get_ref()) {
                self.refuse_unknown(&table, known);
                found.push((Spot { text, at }, table));
            }
        }
        found
    }

    /// A string with the place where its text begins.
    pub(super) fn string(&mut self, table: &Table<'t>, key: &str) -> Option<Spot> {
        let value = table.entry(key)?;
        let at = self.inside(value);
        match value.get_ref().as_str() {
            Some(text) => Some(Spot {
                text: text.to_owned(),
                at,
            }),
            None => self.wrong_type(at, key, value.get_ref(), "a string, in quotes"),
        }
    }

    pub(super) fn flag(&mut self, table: &Table<'t>, key: &str, otherwise: bool) -> bool {
        let Some(value) = table.entry(key) else {
            return otherwise;
        };
        let at = self.source.at(value.span().start);
        let wrong = || self.wrong_type(at, key, value.get_ref(), "`true` or `false`");
        value
            .get_ref()
            .as_bool()
            .or_else(wrong)
            .unwrap_or(otherwise)
    }

    /// A list of strings, empty where the key is not there; None where it is no list.
    pub(super) fn strings(&mut self, table: &Table<'t>, key: &str) -> Option<Vec<Spot>> {
        let Some(value) = table.entry(key) else {
            return Some(Vec::new());
        };
        let at = self.source.at(value.span().start);
        let Some(array) = value.get_ref().as_array() else {
            let wanted = "a list of strings: [\"..\", \"..\"]";
            return self.wrong_type(at, key, value.get_ref(), wanted);
        };
        let mut strings = Vec::new();
        for value in array.iter() {
            let at = self.inside(value);
            match value.get_ref().as_str() {
                Some(text) => strings.push(Spot {
                    text: text.to_owned(),
                    at,
                }),
                None => _ = self.wrong_type::<()>(at, key, value.get_ref(), "a list of strings"),
            }
        }
        Some(strings)
    }

    /// Whether a list is missing or empty; false where it is no list.
    pub(super) fn is_empty_list(&self, table: &Table<'t>, key: &str) -> bool {
        table.entry(key).is_none_or(|value| {
            let array = value.get_ref().as_array();
            array.is_some_and(|array| array.is_empty())
        })
    }

    /// The digits of a whole number and their place.
    pub(super) fn integer(&mut self, table: &Table<'t>, key: &str) -> Option<(At, String)> {
        let value = table.entry(key)?;
        let at = self.source.at(value.span().start);
        match value.get_ref().as_integer().filter(|i| i.radix() == 10) {
            Some(integer) => Some((at, integer.as_str().to_owned())),
            None => self.wrong_type(at, key, value.get_ref(), "a whole number, without quotes"),
        }
    }

    /// A string as a text of its own, for faults inside it.
    pub(super) fn text(&mut self, table: &Table<'t>, key: &str) -> Option<(&'t str, Place<'t>)> {
        let spot = self.string(table, key)?;
        let value = table.entry(key)?;
        let text = value.get_ref().as_str()?;
        Some((
            text,
            Place::toml_string(self.source, value.span().start, &spot.text),
        ))
    }

    /// Notes that a table lacks a key.
    pub(super) fn missing(&mut self, table: &Table<'t>, key: &str, hint: &str) {
        let message = format!("{} lacks `{key}`", table.name);
        self.notes.error(table.at, message, hint);
    }

    fn inside(&self, value: &Spanned<DeValue<'_>>) -> At {
        match value.get_ref().as_str() {
            Some(text) => Place::toml_string(self.source, value.span().start, text).at(0),
            None => self.source.at(value.span().start),
        }
    }

    fn value(&self, table: &Table<'t>, key: &str) -> Option<(At, &'t DeValue<'t>)> {
        let (name, value) = table
            .entries
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)?;
        Some((self.source.at(name.span().start), value.get_ref()))
    }

    fn as_table(&mut self, at: At, name: String, value: &'t DeValue<'t>) -> Option<Table<'t>> {
        match value.as_table() {
            Some(entries) => Some(Table {
                at,
                name,
                entries,
                usual: None,
            }),
            None => self.wrong_type(at, &name, value, "a table"),
        }
    }

    fn wrong_type<T>(&mut self, at: At, key: &str, value: &DeValue<'_>, wanted: &str) -> Option<T> {
        let message = format!("`{key}` is a value of type {}", value.type_str());
        self.notes.error(at, message, format!("write {wanted}"));
        None
    }

    fn refuse_unknown(&mut self, table: &Table<'t>, known: &[&str]) {
        for key in table.entries.keys() {
            let text = key.get_ref().as_ref();
            if known.contains(&text) {
                continue;
            }
            let hint = match did_you_mean(text, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it may have: {}", known.join(", ")),
            };
            let at = self.source.at(key.span().start);
            self.notes.error(
                at,
                format!("{} has no key `{}`", table.name, shorten(text)),
                hint,
            );
        }
    }
}
