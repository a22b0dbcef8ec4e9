//! Does what was heard contain what a flow listens for?
//!
//! Both sides are cut into tokens: each Han, kana or Hangul character is one, each run of other
//! letters or digits is one, all else is dropped. So blanks and punctuation of a recogniser do
//! not matter, and `bill` is not found in `mobility`. Letters are lower-cased, full-width forms
//! narrowed, common traditional characters made simplified. The longest phrase wins; of equal
//! ones the first written.

use super::hanzi::simplified;
use crate::site::limits::MAX_HEARD_CHARS;

/// Words to listen for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Phrase {
    tokens: Vec<String>,
}

impl Phrase {
    /// None where no letter or digit is in it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let tokens = tokens(text);
        (!tokens.is_empty()).then_some(Self { tokens })
    }

    fn is_in(&self, heard: &[String]) -> bool {
        heard
            .windows(self.tokens.len())
            .any(|window| window == self.tokens)
    }

    fn length(&self) -> usize {
        self.tokens.iter().map(|token| token.chars().count()).sum()
    }
}

impl std::fmt::Display for Phrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is_word = |token: &&String| token.chars().all(|c| !is_syllable(c));
        let mut after_word = false;
        for token in &self.tokens {
            let blank = if after_word && is_word(&token) {
                " "
            } else {
                ""
            };
            write!(f, "{blank}{token}")?;
            after_word = is_word(&token);
        }
        Ok(())
    }
}

/// What belongs to the longest phrase contained in the heard words.
pub(crate) fn best<'a, T>(phrases: &'a [(Phrase, T)], heard: &str) -> Option<&'a T> {
    let heard: String = heard.chars().take(MAX_HEARD_CHARS).collect();
    let heard = tokens(&heard);
    let mut found: Option<&(Phrase, T)> = None;
    for candidate in phrases.iter().filter(|(phrase, _)| phrase.is_in(&heard)) {
        if found.is_none_or(|(best, _)| candidate.0.length() > best.length()) {
            found = Some(candidate);
        }
    }
    found.map(|(_, belongs)| belongs)
}

/// The phrases of one `words` attribute: parted by `,` `，` `、` `;` `；` `|`, and by a blank
/// between two Han characters (nobody writes a blank inside a Chinese phrase).
pub(crate) fn split(attribute: &str) -> Vec<String> {
    let mut phrases = vec![String::new()];
    let mut rest = attribute.chars().peekable();
    while let Some(c) = rest.next() {
        let last = phrases
            .last()
            .and_then(|phrase| phrase.trim_end().chars().last());
        let parts = if c.is_whitespace() {
            while rest.peek().is_some_and(|c| c.is_whitespace()) {
                rest.next();
            }
            last.is_some_and(is_han) && rest.peek().copied().is_some_and(is_han)
        } else {
            matches!(c, ',' | '，' | '、' | ';' | '；' | '|')
        };
        match phrases.last_mut() {
            Some(phrase) if !parts => phrase.push(c),
            _ => phrases.push(String::new()),
        }
    }
    phrases
        .iter()
        .map(|phrase| phrase.trim().to_owned())
        .filter(|phrase| !phrase.is_empty())
        .collect()
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.chars().map(narrow).flat_map(char::to_lowercase) {
        if is_syllable(c) {
            tokens.push(simplified(c).to_string());
            in_word = false;
        } else if c.is_alphanumeric() {
            match tokens.last_mut() {
                Some(word) if in_word => word.push(c),
                _ => tokens.push(c.to_string()),
            }
            in_word = true;
        } else if c != '\'' && c != '’' {
            in_word = false;
        }
    }
    tokens
}

/// Full-width ASCII (U+FF01..U+FF5E) to ASCII.
fn narrow(c: char) -> char {
    match u32::from(c) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x2_0000..=0x3_FFFF)
}

/// Characters that are written without blanks between words: Han, kana, Hangul.
fn is_syllable(c: char) -> bool {
    is_han(c) || matches!(u32::from(c), 0x3041..=0x30FF | 0xAC00..=0xD7A3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(phrases: &[&str]) -> Vec<(Phrase, usize)> {
        let cut = phrases.iter().enumerate();
        cut.filter_map(|(i, text)| Some((Phrase::new(text)?, i)))
            .collect()
    }

    #[test]
    fn blanks_and_punctuation_of_the_recogniser_do_not_matter() {
        let phrases = listening(&["网络", "人工", "my bill"]);
        for (heard, wanted) in [
            ("我家 网 络 断了。", Some(0)),
            ("请转人工！", Some(1)),
            ("家裡網絡斷了", Some(0)),
            ("What's MY, bill?", Some(2)),
            ("ＭＹ　ＢＩＬＬ", Some(2)),
            ("my billing", None),
            ("你好", None),
            ("", None),
        ] {
            assert_eq!(best(&phrases, heard).copied(), wanted, "{heard}");
        }
    }

    #[test]
    fn the_longest_phrase_wins_and_then_the_first() {
        let phrases = listening(&["网络", "网络缴费", "缴费"]);
        assert_eq!(best(&phrases, "我要网络缴费"), Some(&1));
        assert_eq!(best(&phrases, "缴费，网络"), Some(&0));
    }

    #[test]
    fn phrases_are_parted_by_commas_and_by_blanks_between_han() {
        assert_eq!(
            split("网络，上网、断网 连不上"),
            ["网络", "上网", "断网", "连不上"]
        );
        assert_eq!(
            split("my internet | no signal ;"),
            ["my internet", "no signal"]
        );
        assert_eq!(split("wifi 断了"), ["wifi 断了"]);
        assert!(split(" ,， ").is_empty());
    }
}
