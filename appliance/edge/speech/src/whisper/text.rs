//! From the model's Chinese text to words a flow and a reader can use. Private to `whisper`.

use crate::script::{is_han, simplified};

/// Shown to the model as what was said before: it answers in the same script and language.
pub(super) const BIAS: &str = "以下是普通话的句子。";
/// Said of noise, the bias comes back in pieces; no caller says this.
const ECHO: &str = "普通话的句子";

/// Simplified, Chinese punctuation between characters only; none where it is no Mandarin.
pub(super) fn chinese(text: &str) -> Option<String> {
    let text = simplified(text);
    if text.contains(ECHO) || !text.chars().any(is_han) {
        return None;
    }
    let mut words = String::with_capacity(text.len());
    let mut pause = None;
    for c in text.chars() {
        match c {
            ' ' | ',' | '、' | '，' => pause = pause.or(Some('，')),
            '.' | '。' | '!' | '！' => pause = Some('。'),
            '?' | '？' => pause = Some('？'),
            c => {
                words.extend(pause.take().filter(|_| !words.is_empty()));
                words.push(c);
            }
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_simplified_and_its_punctuation_chinese() {
        assert_eq!(
            chinese("但是現在不同了, 英國").as_deref(),
            Some("但是现在不同了，英国")
        );
        assert_eq!(
            chinese(" 你好.我要查询?"),
            Some("你好。我要查询".to_owned())
        );
    }

    #[test]
    fn noise_is_no_text() {
        assert_eq!(chinese("..., "), None);
        assert_eq!(chinese("我说这些人是普通话的句子"), None);
    }
}
