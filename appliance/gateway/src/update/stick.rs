//! A stick that somebody plugged in: which bundle on it is meant, and whether it is news. Pure, but for a look at the
//! folder.
//!
//! A stick may stay plugged in. So the version that runs is not written again, nor one that was refused, taken back or
//! waits already: else a box would go from one slot to the other for ever.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::phase::{Phase, Update};

/// How bundles are named.
const EXTENSION: &str = "raucb";
/// Names looked at.
const NAMES: usize = 2_000;

/// The one bundle that lies in a folder; none where none does.
pub(super) fn bundle_in(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let looked = || format!("could not look into `{}`", folder.display());
    let mut found: Option<PathBuf> = None;
    for entry in std::fs::read_dir(folder).with_context(looked)?.take(NAMES) {
        let path = entry.with_context(looked)?.path();
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if is_hidden || path.extension().is_none_or(|kind| kind != EXTENSION) || !path.is_file() {
            continue;
        }
        if let Some(other) = &found {
            bail!(
                "`{}` and `{}` are both updates\nhint: leave one of them on the stick",
                other.display(),
                path.display()
            );
        }
        found = Some(path);
    }
    Ok(found)
}

/// Why a version is not taken from a stick, where that is so.
pub(super) fn old_news(
    version: Option<&str>,
    running: Option<&str>,
    last: Option<&Update>,
) -> Option<&'static str> {
    let version = version?;
    if running == Some(version) {
        return Some("this box runs it");
    }
    let last = last.filter(|last| last.version.as_deref() == Some(version))?;
    match last.phase {
        Phase::Refused => Some("it was refused"),
        Phase::RolledBack => Some("it was tried, and did not do its work"),
        Phase::Written | Phase::Draining | Phase::Trying => Some("it is written already"),
        // Taken out while it was read, or cut off by the power: the next try may be the good one.
        Phase::Checking | Phase::Installing | Phase::Failed => None,
        // It ran, and another was put in its place since: somebody wants it back.
        Phase::Healthy => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::phase::Step;
    use super::*;

    fn last(steps: &[Step]) -> Update {
        let mut update = Update::asked("stick", 'B', 0);
        for step in steps {
            update.step(1, step.clone()).unwrap();
        }
        update
    }

    #[test]
    fn one_bundle_is_meant_two_are_asked_about_and_other_files_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(bundle_in(dir.path()).unwrap(), None);
        fs::write(dir.path().join("holiday.jpg"), "").unwrap();
        fs::write(dir.path().join("._update.raucb"), "").unwrap();
        fs::create_dir(dir.path().join("old.raucb")).unwrap();
        assert_eq!(bundle_in(dir.path()).unwrap(), None);
        let one = dir.path().join("update.raucb");
        fs::write(&one, "").unwrap();
        assert_eq!(bundle_in(dir.path()).unwrap(), Some(one));
        fs::write(dir.path().join("other.raucb"), "").unwrap();
        let why = bundle_in(dir.path()).unwrap_err().to_string();
        assert!(
            why.contains("other.raucb") && why.contains("hint:"),
            "{why}"
        );
        assert!(bundle_in(&dir.path().join("gone")).is_err());
    }

    #[test]
    fn a_stick_that_stays_plugged_in_does_not_send_the_box_round_in_circles() {
        let accepted = Step::Accepted {
            version: "2.0.0".into(),
            floor: 0,
        };
        let armed = [accepted.clone(), Step::Written, Step::Drain, Step::Armed];
        let mut taken_back = armed.to_vec();
        taken_back.push(Step::Started {
            slot: 'A',
            why: None,
        });
        for (version, running, last, is_news) in [
            ("2.0.0", "1.0.0", None, true),
            ("2.0.0", "2.0.0", None, false),
            ("2.0.0", "1.0.0", Some(last(&armed)), false),
            ("2.0.0", "1.0.0", Some(last(&taken_back)), false),
            ("2.0.1", "1.0.0", Some(last(&taken_back)), true),
            (
                "2.0.0",
                "1.0.0",
                Some(last(&[accepted, Step::Failed { why: "cut".into() }])),
                true,
            ),
        ] {
            let old = old_news(Some(version), Some(running), last.as_ref());
            assert_eq!(old.is_none(), is_news, "{version} on {running}, {last:?}");
        }
    }
}
