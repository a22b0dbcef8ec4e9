//! Patterns of numbers: `0*`, `1XXXXXXXXXX`, `+86*`.
//!
//! A pattern is digits, `X` for any digit, and a `*` at its end for any rest. Routes, prices and
//! protection are written with them; whether a number is written as dialled or in E.164 is the
//! matter of who asks.

use super::limits::MAX_DIALLED;

/// Numbers that are meant together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern of a text; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_suffix('*').unwrap_or(text);
        let digits = body.strip_prefix('+').unwrap_or(body);
        let fits = text.len() <= MAX_DIALLED && !text.is_empty();
        let plain = digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, 'X' | '#'));
        (fits && plain && text != "+").then(|| Self(text.to_owned()))
    }

    /// Whether `number` is meant.
    pub fn matches(&self, number: &str) -> bool {
        let (body, open) = match self.0.strip_suffix('*') {
            Some(body) => (body, true),
            None => (self.0.as_str(), false),
        };
        let mut rest = number.chars();
        let same = body.chars().all(|wanted| match rest.next() {
            Some(c) if wanted == 'X' => c.is_ascii_digit(),
            Some(c) => c == wanted,
            None => false,
        });
        same && (open || rest.next().is_none())
    }

    /// How narrow it is: of two patterns that match, the one with more written digits means more.
    pub fn weight(&self) -> usize {
        let written = |c: &char| *c != 'X' && *c != '*';
        2 * self.0.chars().filter(written).count() + usize::from(!self.0.ends_with('*'))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_digits_any_digit_and_any_rest() {
        let meant = |pattern: &str, number: &str| {
            Pattern::parse(pattern).is_some_and(|pattern| pattern.matches(number))
        };
        assert!(meant("0*", "01062345678") && meant("0*", "0") && !meant("0*", "10"));
        assert!(meant("1XXXXXXXXXX", "13800138000") && !meant("1XXXXXXXXXX", "1380013800"));
        assert!(meant("+86*", "+8610") && !meant("+86*", "8610") && !meant("1XX", "1a0"));
        assert!(meant("110", "110") && !meant("110", "1100") && meant("*", ""));
    }

    #[test]
    fn junk_is_no_pattern() {
        for text in ["", "+", "1*2", "**", "abc", "1 2", "1X?", &"1".repeat(65)] {
            assert_eq!(Pattern::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_narrower_pattern_weighs_more() {
        let weight = |text: &str| Pattern::parse(text).map(|pattern| pattern.weight());
        assert!(weight("*") < weight("0*") && weight("0*") < weight("00*"));
        assert!(weight("110*") < weight("110") && weight("1XX") < weight("110"));
    }
}
