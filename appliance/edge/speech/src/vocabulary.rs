//! A recogniser's vocabulary: token numbers to text and back, from `tokenizer.json`.
//!
//! Byte-level BPE: every token is a string of bytes, written in the file with one printable
//! character for each byte. Reading needs no merges; writing (only the fixed prompt) takes the
//! longest token each time. The file is a pack's, so its size and numbers are checked here.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use crate::SpeechError;
use crate::limits::MAX_VOCABULARY;
use crate::script::is_han;

/// Tokens of one model.
#[derive(Debug)]
pub struct Vocabulary {
    /// Bytes of every text token, empty for numbers without text.
    texts: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, u32>,
    specials: HashMap<String, u32>,
}

#[derive(Deserialize)]
struct Written {
    model: WrittenModel,
    #[serde(default)]
    added_tokens: Vec<WrittenSpecial>,
}

#[derive(Deserialize)]
struct WrittenModel {
    vocab: HashMap<String, u32>,
}

#[derive(Deserialize)]
struct WrittenSpecial {
    id: u32,
    content: String,
}

impl Vocabulary {
    /// Reads `tokenizer.json` at `file`.
    pub fn load(file: &Path) -> Result<Self, SpeechError> {
        let text = std::fs::read_to_string(file)
            .map_err(|e| SpeechError::system(format!("reading {}", file.display()), e))?;
        Self::parse(&text).map_err(|what| SpeechError::Model {
            file: file.to_owned(),
            what,
            hint: "the pack's tokenizer.json must be a byte-level BPE tokenizer".to_owned(),
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let written: Written =
            serde_json::from_str(text).map_err(|e| format!("not a tokenizer: {e}"))?;
        let specials = written
            .added_tokens
            .into_iter()
            .map(|t| (t.content, t.id))
            .collect::<HashMap<_, _>>();
        let mut vocabulary = Self {
            texts: Vec::new(),
            numbers: HashMap::new(),
            specials,
        };
        for (token, number) in written.model.vocab {
            let place = number as usize;
            if place >= MAX_VOCABULARY {
                return Err(format!("token number {number} is not possible"));
            }
            if vocabulary.specials.contains_key(&token) {
                continue;
            }
            let bytes = token.chars().map(byte_of).collect::<Option<Vec<u8>>>();
            let bytes = bytes.ok_or_else(|| format!("token {token:?} is not byte-level"))?;
            if vocabulary.texts.len() <= place {
                vocabulary.texts.resize(place + 1, Vec::new());
            }
            if let Some(slot) = vocabulary.texts.get_mut(place) {
                slot.clone_from(&bytes);
            }
            vocabulary.numbers.insert(bytes, number);
        }
        Ok(vocabulary)
    }

    /// Number of the special token written `name`, such as `<|zh|>`.
    pub fn special(&self, name: &str) -> Option<u32> {
        self.specials.get(name).copied()
    }

    /// The text of `tokens`; specials say nothing, broken characters are left out.
    pub fn text(&self, tokens: &[u32]) -> String {
        let bytes = tokens
            .iter()
            .filter_map(|t| self.texts.get(*t as usize))
            .flatten()
            .copied();
        String::from_utf8_lossy(&bytes.collect::<Vec<u8>>())
            .replace(char::REPLACEMENT_CHARACTER, "")
    }

    /// Tokens that read as `text`: the longest token each time.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        let mut rest = text.as_bytes();
        let mut tokens = Vec::new();
        while !rest.is_empty() {
            let longest = (1..=rest.len().min(32)).rev().find_map(|n| {
                let head = rest.get(..n)?;
                self.numbers.get(head).map(|number| (n, *number))
            });
            let (length, number) = match longest {
                Some((length, number)) => (length, Some(number)),
                None => (1, None),
            };
            tokens.extend(number);
            rest = rest.get(length..).unwrap_or(&[]);
        }
        tokens
    }

    /// Text tokens a Mandarin phrase can be made of: Chinese characters, pieces of them, and
    /// punctuation; no Latin letters, no digits (spoken numbers come out as characters), no
    /// other script.
    pub fn chinese(&self) -> Vec<u32> {
        let tokens = self.texts.iter().enumerate();
        tokens
            .filter(|(_, bytes)| can_be_chinese(bytes))
            .map(|(number, _)| number as u32)
            .collect()
    }

    /// All text tokens.
    pub fn all(&self) -> Vec<u32> {
        let tokens = self.texts.iter().enumerate();
        tokens
            .filter(|(_, bytes)| !bytes.is_empty())
            .map(|(number, _)| number as u32)
            .collect()
    }
}

fn can_be_chinese(bytes: &[u8]) -> bool {
    let plain = |c: char| {
        is_han(c)
            || matches!(
                c,
                ' ' | ',' | '.' | '?' | '!' | '、' | '。' | '，' | '？' | '！'
            )
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => !text.is_empty() && text.chars().all(plain),
        // A piece of a character: whole characters before it must be plain, and the piece must be
        // of a three-byte character's range (E3..E9) or its continuation.
        Err(e) => {
            let (whole, piece) = bytes.split_at(e.valid_up_to());
            std::str::from_utf8(whole).is_ok_and(|text| text.chars().all(plain))
                && piece
                    .iter()
                    .all(|byte| matches!(byte, 0x80..=0xbf | 0xe3..=0xe9))
        }
    }
}

/// The byte a character of the file stands for: printable ones themselves, the rest from U+0100 on.
fn byte_of(c: char) -> Option<u8> {
    let code = u32::from(c);
    let itself = |code: u32| matches!(code, 33..=126 | 161..=172 | 174..=255);
    if itself(code) {
        return u8::try_from(code).ok();
    }
    let index = code.checked_sub(256)?;
    (0..=255u8)
        .filter(|byte| !itself(u32::from(*byte)))
        .nth(index as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Vocabulary {
        // é is byte E9 itself; ¦ A6; ĸ.. from U+0100 are the unprintable bytes.
        Vocabulary::parse(
            r#"{"model": {"vocab": {"ä½ł": 0, "å¥½": 1, "a": 2, "Ġ": 3, "ä½": 4, "ł": 5, "7": 6, ",": 7}},
                "added_tokens": [{"id": 9, "content": "<|zh|>"}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn bytes_become_text_across_token_borders() {
        let vocabulary = small();
        assert_eq!(vocabulary.text(&[0, 1, 3, 2]), "你好 a");
        assert_eq!(vocabulary.text(&[4, 5, 1]), "你好");
        assert_eq!(vocabulary.text(&[4, 1, 9, 70_000]), "好");
    }

    #[test]
    fn text_becomes_the_longest_tokens() {
        assert_eq!(small().tokens("你好 a"), vec![0, 1, 3, 2]);
        assert_eq!(small().special("<|zh|>"), Some(9));
    }

    #[test]
    fn a_mandarin_phrase_is_made_of_characters_their_pieces_and_punctuation() {
        assert_eq!(small().chinese(), vec![0, 1, 3, 4, 5, 7]);
        assert_eq!(small().all().len(), 8);
    }

    #[test]
    fn broken_tokenizers_are_refused_in_words() {
        assert!(
            Vocabulary::parse("{}")
                .unwrap_err()
                .contains("not a tokenizer")
        );
        let huge = r#"{"model": {"vocab": {"a": 4000000000}}}"#;
        assert!(Vocabulary::parse(huge).unwrap_err().contains("4000000000"));
        let foreign = r#"{"model": {"vocab": {"▁你": 1}}}"#;
        assert!(
            Vocabulary::parse(foreign)
                .unwrap_err()
                .contains("byte-level")
        );
    }
}
