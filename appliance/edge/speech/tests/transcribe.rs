//! Real phrases through the whole path: detector, segmenter, recogniser, emotion.
//!
//! Needs the packs (`BRANCHLINE_PACKS`, else `.cache/packs`); absent, the tests say so and end, or
//! fail where `BRANCHLINE_REQUIRE_PACKS` is set. The clips of the shared test data are optional.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use speech::transcribe::{Options, Transcriber, Transcript, transcribe_file};

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
}

/// The file as a caller on an A-law line would be heard; none where the packs are absent.
fn heard(file: &Path) -> Option<Transcript> {
    static LOADED: OnceLock<Option<Mutex<Transcriber>>> = OnceLock::new();
    let loaded = LOADED.get_or_init(|| {
        let packs = std::env::var_os("BRANCHLINE_PACKS").map(PathBuf::from);
        let packs = packs.unwrap_or_else(|| repository().join(".cache/packs"));
        if !packs.join("whisper-base-zh").is_dir() {
            let absent = format!("the packs are not in {}", packs.display());
            assert!(
                std::env::var_os("BRANCHLINE_REQUIRE_PACKS").is_none(),
                "{absent}"
            );
            eprintln!("NOT RUN: {absent}; install them with scripts/models");
            return None;
        }
        let manifest = repository().join("models/manifest.toml");
        let options = Options {
            packs,
            manifest,
            recogniser: None,
            telephone: true,
        };
        Some(Mutex::new(Transcriber::load(&options).unwrap()))
    });
    let mut transcriber = loaded.as_ref()?.lock().unwrap();
    Some(transcribe_file(&mut transcriber, file).unwrap())
}

fn data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BRANCHLINE_DATA").map(PathBuf::from);
    let file = root
        .unwrap_or_else(|| repository().join("../shared/data"))
        .join(name);
    if !file.exists() {
        eprintln!("NOT RUN: {} is absent", file.display());
        return None;
    }
    Some(file)
}

fn han(text: &str) -> Vec<char> {
    text.chars()
        .filter(|c| speech::script::is_han(*c))
        .collect()
}

/// Characters wrong, missing or too many, per character of the truth.
fn error_rate(truth: &str, said: &str) -> f64 {
    let (truth, said) = (han(truth), han(said));
    let mut row = (0..=said.len()).collect::<Vec<_>>();
    for (i, t) in truth.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, s) in said.iter().enumerate() {
            let best = (corner + usize::from(t != s))
                .min(row[j] + 1)
                .min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = best;
        }
    }
    row[said.len()] as f64 / truth.len() as f64
}

#[test]
fn the_demo_callers_sentences_are_understood() {
    let sentences = [
        ("caller_net", "的网络断了，上不了网"),
        ("caller_bill", "账单"),
        ("caller_angry", "我等了三天，网络还是不能用，我要投诉"),
    ];
    for (name, words) in sentences {
        let Some(heard) = heard(&repository().join(format!("models/prompts/{name}.wav"))) else {
            return;
        };
        let (said, words) = (han(&heard.text()), han(words));
        assert!(
            said.windows(words.len()).any(|part| part == words),
            "{name}: {heard}"
        );
        assert!(
            heard
                .phrases
                .iter()
                .all(|phrase| phrase.words.confidence > 0.5),
            "{heard}"
        );
        assert!(
            heard.phrases.iter().any(|phrase| phrase.mood.is_some()),
            "{heard}"
        );
    }
}

#[test]
fn real_readers_are_understood_over_an_a_law_line() {
    let clips = [
        (
            "mandarin-16k/a.wav",
            "欢迎大家来体验达摩院推出的语音识别模型",
            0.25,
        ),
        ("mandarin-16k/c.wav", "大学生利用漏洞免费吃肯德基获刑", 0.2),
    ];
    for (name, truth, most) in clips {
        let Some(file) = data(name) else { continue };
        let Some(heard) = heard(&file) else { return };
        let rate = error_rate(truth, &heard.text());
        assert!(
            rate <= most,
            "{name}: {rate:.2} of the characters are wrong: {heard}"
        );
        assert!(!heard.text().chars().any(|c| c.is_ascii()), "{heard}");
    }
}

#[test]
fn a_file_that_is_no_sound_is_refused() {
    let manifest = repository().join("models/manifest.toml");
    let refused = speech::wav::read(&manifest).unwrap_err().to_string();
    assert!(
        refused.contains("not a WAV file") && refused.contains("hint:"),
        "{refused}"
    );
}
