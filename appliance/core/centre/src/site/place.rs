//! Where an offset of a text inside another text stands in the outer one.

use super::diagnostic::{At, Source};

/// A text that is a whole source, or a string value in a TOML source.
#[derive(Clone, Debug)]
pub(crate) struct Place<'a> {
    source: &'a Source<'a>,
    /// (offset inside, offset in the source), sorted; between two points both run in step.
    points: Vec<(usize, usize)>,
}

impl<'a> Place<'a> {
    pub(crate) fn whole(source: &'a Source<'a>) -> Self {
        Self {
            source,
            points: vec![(0, 0)],
        }
    }

    /// The TOML string written (quotes included) at `start` of the source, `value` once decoded.
    pub(crate) fn toml_string(source: &'a Source<'a>, start: usize, value: &str) -> Self {
        let raw = source.text().get(start..).unwrap_or("");
        let mut points = Vec::new();
        let (is_basic, mut at) = opening(raw);
        for (inside, c) in value.char_indices() {
            at += skipped(raw.get(at..).unwrap_or(""), is_basic, c);
            if points
                .last()
                .is_none_or(|(i, o)| inside - i != start + at - o)
            {
                points.push((inside, start + at));
            }
            let rest = raw.get(at..).unwrap_or("");
            at += if is_basic && rest.starts_with('\\') {
                escape(rest)
            } else {
                c.len_utf8()
            };
        }
        if points.is_empty() {
            points.push((0, start + at));
        }
        Self { source, points }
    }

    pub(crate) fn at(&self, inside: usize) -> At {
        let after = self.points.partition_point(|(i, _)| *i <= inside);
        let point = self.points.get(after.saturating_sub(1)).copied();
        self.source.at(point.map_or(0, |(i, o)| o + (inside - i)))
    }
}

/// Whether escapes count, and the length of the opening quotes with the break they swallow.
fn opening(raw: &str) -> (bool, usize) {
    let is_basic = raw.starts_with('"');
    for quotes in ["'''", "\"\"\""] {
        if let Some(rest) = raw.strip_prefix(quotes) {
            let swallowed = if rest.starts_with("\r\n") {
                2
            } else {
                usize::from(rest.starts_with('\n'))
            };
            return (is_basic, quotes.len() + swallowed);
        }
    }
    (is_basic, 1)
}

/// What stands before the next character but is not part of the value: a backslash at a line's
/// end with the blanks after it, the first half of a line break that was made one character.
fn skipped(rest: &str, is_basic: bool, next: char) -> usize {
    if rest.starts_with("\r\n") && next == '\n' {
        return 1;
    }
    let Some(after) = rest.strip_prefix('\\').filter(|_| is_basic) else {
        return 0;
    };
    let blanks = after.len() - after.trim_start().len();
    if after
        .get(..blanks)
        .is_some_and(|blanks| blanks.contains('\n'))
    {
        1 + blanks
    } else {
        0
    }
}

fn escape(rest: &str) -> usize {
    match rest.as_bytes().get(1) {
        Some(b'u') => 6,
        Some(b'U') => 10,
        Some(b'x') => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_a_string_is_found_however_the_string_is_quoted() {
        for text in [
            "x = '''\n<a>\n  WORD'''",
            "x = '<a> WORD'",
            "x = \"<a b=\\\"c\\\"> \\u4f60\\U00004f60 WORD\"",
            "x = \"\"\"\n<a> \\\n     \\t WORD\"\"\"",
            "x = '''\r\n<a>\r\n  WORD'''",
            "x = \"\"\"WORD\"\"\"",
        ] {
            let table = toml::de::DeTable::parse(text).expect("toml");
            let value = table.get_ref().get("x").expect("x");
            let decoded = value.get_ref().as_str().expect("a string");
            let source = Source::new(text);
            let place = Place::toml_string(&source, value.span().start, decoded);
            let found = place.at(decoded.find("WORD").expect("in it"));
            assert_eq!(
                found,
                source.at(text.find("WORD").expect("in it")),
                "{text:?}"
            );
        }
    }
}
