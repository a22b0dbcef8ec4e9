//! Traditional to simplified characters.
//!
//! Whisper flips between the two scripts from phrase to phrase; a flow's words and a transcript's
//! reader need one. Character by character from a compact table of common characters, so a few
//! one-to-many cases (乾, 著, 瞭) get their commonest reading. It never changes the text's length.

use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("script/simplified.txt");

static PAIRS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let mut characters = lines.flat_map(str::chars);
    let mut pairs = HashMap::new();
    while let (Some(traditional), Some(simplified)) = (characters.next(), characters.next()) {
        pairs.insert(traditional, simplified);
    }
    pairs
});

/// `text` in simplified characters.
pub fn simplified(text: &str) -> String {
    text.chars()
        .map(|c| PAIRS.get(&c).copied().unwrap_or(c))
        .collect()
}

/// Whether `c` is a Chinese character.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_whisper_wrote_in_traditional_reads_simplified() {
        assert_eq!(
            simplified("大學生利用漏洞免費吃肯德基獲刑"),
            "大学生利用漏洞免费吃肯德基获刑"
        );
        assert_eq!(
            simplified("請問有什麼可以幫您,燈亮著"),
            "请问有什么可以帮您,灯亮着"
        );
        assert_eq!(simplified("查询订单 OK 123"), "查询订单 OK 123");
    }

    #[test]
    fn the_table_is_whole_and_its_results_are_final() {
        assert!(PAIRS.len() > 2400, "{}", PAIRS.len());
        for (traditional, simplified) in PAIRS.iter() {
            assert!(
                is_han(*traditional) && is_han(*simplified),
                "{traditional}{simplified}"
            );
            assert!(
                !PAIRS.contains_key(simplified),
                "{traditional} becomes {simplified}, which changes again"
            );
        }
    }
}
