//! What is wrong with a text, where, and the way out.
//!
//! Site and flow checks collect every fault before they answer. Lines and columns count from 1,
//! columns in characters, always in the text the person edits (for a flow inside a site text:
//! the site text).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::limits::{MAX_DIAGNOSTICS, MAX_NAME_CHARS};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The text cannot be used.
    Error,
    /// It works, but a caller may suffer.
    Warning,
}

/// One fault in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong, naming the value.
    pub message: String,
    /// The way out.
    pub hint: String,
}

impl Diagnostic {
    /// Whether the text cannot be used because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = if self.is_error() { "" } else { "warning: " };
        let Self {
            line,
            column,
            message,
            ..
        } = self;
        write!(f, "line {line}, column {column}: {warning}{message}")?;
        if !self.hint.is_empty() {
            write!(f, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// A place in a text a person edits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Finds the place of a byte offset, in a time that does not grow with the text or its lines.
#[derive(Clone, Debug)]
pub(crate) struct Source<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    /// Characters before every `BLOCK`th byte.
    characters: Vec<usize>,
}

const BLOCK: usize = 256;

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let line_starts = std::iter::once(0)
            .chain(breaks.map(|(i, _)| i + 1))
            .collect();
        let mut before = 0;
        let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
            let so_far = before;
            before += block.iter().filter(|b| begins_character(**b)).count();
            so_far
        });
        let characters = blocks.collect();
        Self {
            text,
            line_starts,
            characters,
        }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// An offset beyond the end is the end; one inside a character is that character.
    pub(crate) fn at(&self, offset: usize) -> At {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self
            .line_starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let column = self.characters_before(offset) - self.characters_before(start);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        At {
            line: count(line),
            column: count(column).saturating_add(1),
        }
    }

    fn characters_before(&self, offset: usize) -> usize {
        // The end of the text may stand where a block would begin.
        let block = (offset / BLOCK).min(self.characters.len().saturating_sub(1));
        let rest = self
            .text
            .as_bytes()
            .get(block * BLOCK..offset)
            .unwrap_or_default();
        let before = self.characters.get(block).copied().unwrap_or(0);
        before + rest.iter().filter(|b| begins_character(**b)).count()
    }
}

/// Whether a byte of UTF-8 is the first of its character.
fn begins_character(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// Faults being collected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    kept: Vec<Diagnostic>,
    more: usize,
}

impl Notes {
    pub(crate) fn error(&mut self, at: At, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Error, at, message.into(), hint.into());
    }

    pub(crate) fn warn(&mut self, at: At, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Warning, at, message.into(), hint.into());
    }

    /// Whether further ones are only counted, so that hints need not be looked for.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= MAX_DIAGNOSTICS
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.more > 0 || self.kept.iter().any(Diagnostic::is_error)
    }

    /// All that was found, in reading order.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.kept.sort_by(|a, b| {
            (a.line, a.column, a.severity, &a.message)
                .cmp(&(b.line, b.column, b.severity, &b.message))
        });
        self.kept.dedup();
        if self.more > 0 {
            let (line, column) = self.kept.last().map_or((1, 1), |d| (d.line, d.column));
            self.kept.push(Diagnostic {
                severity: Severity::Error,
                line,
                column,
                message: format!("and {} more", self.more),
                hint: "mend the first ones and check again".to_owned(),
            });
        }
        self.kept
    }

    fn add(&mut self, severity: Severity, at: At, message: String, hint: String) {
        if self.is_full() {
            self.more += 1;
            return;
        }
        let At { line, column } = at;
        self.kept.push(Diagnostic {
            severity,
            line,
            column,
            message,
            hint,
        });
    }
}

/// The known name nearest to a wrong one, where one is near.
pub(crate) fn did_you_mean<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = wrong.chars().count();
    if length > 2 * MAX_NAME_CHARS {
        return None;
    }
    let limit = (length / 3).clamp(1, 3);
    let near = known
        .into_iter()
        .filter(|name| name.chars().count().abs_diff(length) <= limit)
        .map(|name| (distance(wrong, name), name));
    near.filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, name)| name)
}

/// Edits (insert, delete, replace, swap of neighbours) between two names, letter case ignored.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let cost = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut best = (cost(&row, j) + usize::from(ca != cb))
                .min(cost(&row, j + 1) + 1)
                .min(cost(&next, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(cb) && b.get(j - 1) == Some(ca);
            if swapped {
                best = best.min(cost(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        let source = Source::new("名字 = 1\n  x = 'é'\n");
        assert_eq!(source.at(0), At { line: 1, column: 1 });
        assert_eq!(source.at(7), At { line: 1, column: 4 });
        assert_eq!(source.at(11), At { line: 2, column: 1 });
        assert_eq!(source.at(13), At { line: 2, column: 3 });
        assert_eq!(source.at(9_999), At { line: 3, column: 1 });
        let long = format!("名\n{}x", "字".repeat(1_000));
        let last = At {
            line: 2,
            column: 1_001,
        };
        assert_eq!(Source::new(&long).at(long.len() - 1), last);
        assert_eq!(
            Source::new(&long[..BLOCK * 3 + 1]).at(BLOCK * 3 + 1).line,
            2
        );
    }

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let known = ["tech_support", "sales", "queue_wait"];
        assert_eq!(did_you_mean("tech_supports", known), Some("tech_support"));
        assert_eq!(did_you_mean("slaes", known), Some("sales"));
        assert_eq!(did_you_mean("Sales", known), Some("sales"));
        assert_eq!(did_you_mean("billing", known), None);
    }

    #[test]
    fn the_rest_beyond_the_limit_is_counted() {
        let mut notes = Notes::default();
        for line in 0..MAX_DIAGNOSTICS as u32 + 5 {
            notes.error(At { line, column: 1 }, "wrong", "mend it");
        }
        let all = notes.finish();
        assert_eq!(all.len(), MAX_DIAGNOSTICS + 1);
        assert_eq!(all.last().map(|d| d.message.as_str()), Some("and 5 more"));
    }
}
