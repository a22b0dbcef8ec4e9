//! `branchline reset --factory`: the box forgets its customer and keeps its two releases.
//!
//! The wish is written down and the machine starts anew; before the box's own service runs, `--finish` deletes. A
//! power cut in between is therefore only a later start. What stays: slots, the floor, model packs, the label's code.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::cli::ResetArgs;

/// The wish, below the root of all data; it goes last.
const WISH: &str = "system/reset";
/// What a reset leaves, below the root of all data.
const KEPT: [&str; 5] = [
    "system/floor",
    "system/rauc.status",
    "packs",
    "lost+found",
    "branchline/web/claim-code",
];

/// What a reset does with a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    /// The folder stays, with its owner; what is in it has its own fate.
    Emptied,
    Goes,
}

/// Writes the wish down and starts the machine anew, or does what was wished.
pub fn run(args: &ResetArgs) -> anyhow::Result<()> {
    let wish = args.root.join(WISH);
    if args.finish {
        return match wish.try_exists() {
            Ok(false) => Ok(()),
            _ => finish(&args.root),
        };
    }
    if !args.factory {
        bail!(
            "nothing is said to be reset\nhint: --factory deletes records, recordings, settings and keys"
        );
    }
    // A sealed volume goes by its keys, before it is opened again.
    let sealed = crate::seal::wish_erasure(&args.partition)?;
    let written = if sealed {
        Ok(())
    } else {
        File::create(&wish).and_then(|wish| wish.sync_all())
    };
    written.with_context(|| {
        let wish = wish.display();
        format!("could not write `{wish}`\nhint: a reset is root's, on a box that runs Branchline's image")
    })?;
    println!("the box deletes its data as it starts anew");
    let done = std::process::Command::new("systemctl")
        .arg("reboot")
        .status();
    if !done.is_ok_and(|status| status.success()) {
        bail!(
            "the machine could not be started anew\nhint: switch it off and on, the reset follows"
        );
    }
    Ok(())
}

/// A file that a reset leaves, to be laid into a new volume.
pub(crate) struct Kept {
    /// Its way below the root of all data.
    pub(crate) way: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// Whose it is, and its mode.
    pub(crate) about: fs::Metadata,
}

/// The files of a data partition that a reset leaves.
pub(crate) fn kept_files(root: &Path) -> Vec<Kept> {
    let file = |way: &&'static str| {
        let path = root.join(way);
        let about = fs::symlink_metadata(&path)
            .ok()
            .filter(fs::Metadata::is_file)?;
        let bytes = fs::read(&path).ok()?;
        Some(Kept { way, bytes, about })
    };
    KEPT.iter().filter_map(file).collect()
}

/// Deletes all that does not stay; the wish goes when everything else is on disk.
fn finish(root: &Path) -> anyhow::Result<()> {
    empty(root, "")?;
    let all = File::open(root)?;
    rustix::fs::syncfs(&all).context("could not write the data partition out")?;
    fs::remove_file(root.join(WISH))?;
    rustix::fs::syncfs(&all).context("could not write the data partition out")?;
    tracing::info!("factory reset: the customer's data is deleted");
    Ok(())
}

/// Empties a folder below `root`, named by its way there; links are deleted, never followed.
fn empty(root: &Path, below: &str) -> anyhow::Result<()> {
    let folder = root.join(below);
    let said = || format!("could not empty `{}`", folder.display());
    for entry in fs::read_dir(&folder).with_context(said)? {
        let entry = entry.with_context(said)?;
        let name = entry.file_name();
        // A name that is no text is none of what stays.
        let way = match (name.to_str(), below) {
            (None, _) => String::new(),
            (Some(name), "") => name.to_owned(),
            (Some(name), below) => format!("{below}/{name}"),
        };
        let is_folder = entry.file_type().with_context(said)?.is_dir();
        match fate(&way, is_folder) {
            Fate::Stays => {}
            Fate::Emptied => empty(root, &way)?,
            Fate::Goes if is_folder => fs::remove_dir_all(entry.path()).with_context(said)?,
            Fate::Goes => fs::remove_file(entry.path()).with_context(said)?,
        }
    }
    Ok(())
}

fn fate(way: &str, is_folder: bool) -> Fate {
    if way == WISH || KEPT.contains(&way) {
        return Fate::Stays;
    }
    let leads = |to: &str| {
        to.strip_prefix(way)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    let is_first = !way.is_empty() && !way.contains('/');
    let leads_on = KEPT.iter().any(|kept| leads(kept)) || leads(WISH);
    if is_folder && !way.is_empty() && (is_first || leads_on) {
        return Fate::Emptied;
    }
    Fate::Goes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn box_of(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        root
    }

    fn left(root: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let way = path.strip_prefix(root).unwrap();
                    found.push(way.to_str().unwrap().to_owned());
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn a_reset_deletes_records_keys_and_settings_and_keeps_floor_packs_and_label() {
        let root = box_of(&[
            "branchline/branchline.db",
            "branchline/recordings/2026/11/a.opus",
            "branchline/web/web-key.pem",
            "branchline/web/claim-code",
            "branchline/blackbox/1.blbox",
            "packs/silero-8k/vad.onnx",
            "system/floor",
            "system/rauc.status",
            "system/update.json",
            "system/boot-report.json",
            "system/reset",
            "stray",
        ]);
        std::os::unix::fs::symlink("/etc", root.path().join("branchline/away")).unwrap();
        let args = ResetArgs {
            factory: false,
            finish: true,
            root: root.path().to_owned(),
            partition: "/nowhere".into(),
        };
        run(&args).unwrap();
        let expected = [
            "branchline/web/claim-code",
            "packs/silero-8k/vad.onnx",
            "system/floor",
            "system/rauc.status",
        ];
        assert_eq!(left(root.path()), expected);
        assert!(Path::new("/etc/passwd").exists());
        fs::write(root.path().join("branchline/new"), "x").unwrap();
        run(&args).unwrap();
        assert!(
            root.path().join("branchline/new").exists(),
            "nothing was wished"
        );
    }

    #[test]
    fn the_wish_outlives_a_cut_and_a_name_that_is_no_text_goes() {
        assert_eq!(fate("system/reset", false), Fate::Stays);
        assert_eq!(fate("", true), Fate::Goes);
        assert_eq!(fate("branchline", true), Fate::Emptied);
        assert_eq!(fate("branchline/web", true), Fate::Emptied);
        assert_eq!(fate("branchline/webs", true), Fate::Goes);
        assert_eq!(fate("branchline", false), Fate::Goes);
    }

    #[test]
    fn nothing_is_reset_that_was_not_said() {
        let root = box_of(&["system/floor"]);
        let args = ResetArgs {
            factory: false,
            finish: false,
            root: root.path().to_owned(),
            partition: "/nowhere".into(),
        };
        assert!(run(&args).unwrap_err().to_string().contains("--factory"));
    }
}
