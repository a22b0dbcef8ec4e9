//! packages.lock: which version of which package a board's image is made of, with the hash the registry gave.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use board::{Board, Variant};

use crate::base;
use crate::shop::{Shop, write};

/// Differences that are printed; the rest are counted.
const SHOWN: usize = 10;

/// Packages by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lock(BTreeMap<String, Held>);

/// One package as held.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    version: String,
    arch: String,
    sha256: String,
}

impl Lock {
    /// Reads a lock; a board that has none yet holds nothing.
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        if !file.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(file)?;
        let mut held = BTreeMap::new();
        for (at, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.starts_with('#'))
        {
            let words: Vec<_> = line.split(' ').collect();
            let [name, version, arch, sha256] = words[..] else {
                bail!(
                    "{}:{}: `{line}` is not NAME VERSION ARCH SHA256\nhint: scripts/image lock writes this file anew",
                    file.display(),
                    at + 1
                );
            };
            held.insert(
                name.to_owned(),
                Held {
                    version: version.to_owned(),
                    arch: arch.to_owned(),
                    sha256: sha256.to_owned(),
                },
            );
        }
        Ok(Self(held))
    }

    /// Takes what `apt-cache show` printed.
    pub(crate) fn from_apt(text: &str) -> Self {
        let mut held = BTreeMap::new();
        for paragraph in text.split("\n\n") {
            let field = |name: &str| {
                let start = format!("{name}: ");
                paragraph
                    .lines()
                    .find_map(|line| line.strip_prefix(&start))
                    .map(str::to_owned)
            };
            if let (Some(name), Some(version), Some(arch), Some(sha256)) = (
                field("Package"),
                field("Version"),
                field("Architecture"),
                field("SHA256"),
            ) {
                held.insert(
                    name,
                    Held {
                        version,
                        arch,
                        sha256,
                    },
                );
            }
        }
        Self(held)
    }

    /// Pins for apt: the held version, whatever else the registry has.
    pub(crate) fn as_preferences(&self) -> String {
        self.0
            .iter()
            .map(|(name, held)| {
                format!(
                    "Package: {name}\nPin: version {}\nPin-Priority: 1001\n\n",
                    held.version
                )
            })
            .collect()
    }

    fn to_text(&self) -> String {
        let head = "# Package versions of this board's image: NAME VERSION ARCH SHA256, written by scripts/image lock.\n";
        let lines: String = self
            .0
            .iter()
            .map(|(name, held)| format!("{name} {} {} {}\n", held.version, held.arch, held.sha256))
            .collect();
        format!("{head}{lines}")
    }
}

pub(crate) fn path(shop: &Shop, board: &Board) -> PathBuf {
    shop.repo
        .join("board")
        .join(&board.name)
        .join("packages.lock")
}

/// What was installed must be what is held.
pub(crate) fn compare(held: &Lock, found: &Lock, variant: Variant) -> anyhow::Result<()> {
    let names = held
        .0
        .keys()
        .chain(found.0.keys())
        .collect::<std::collections::BTreeSet<_>>();
    let version = |lock: &Lock, name: &str| {
        lock.0.get(name).map_or_else(
            || "none".to_owned(),
            |held| format!("{} ({:.8})", held.version, held.sha256),
        )
    };
    let moved: Vec<_> = names
        .into_iter()
        .filter(|name| held.0.get(*name) != found.0.get(*name))
        .map(|name| {
            format!(
                "{name}: held {}, had {}",
                version(held, name),
                version(found, name)
            )
        })
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    let more = moved.len().saturating_sub(SHOWN);
    let list = moved
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n  ");
    let list = if more == 0 {
        list
    } else {
        format!("{list}\n  and {more} more")
    };
    if variant == Variant::Release {
        bail!(
            "packages are not those of packages.lock:\n  {list}\nhint: take the new versions with scripts/image lock, look at the change, and commit it"
        );
    }
    println!("     note: not reproducible, packages are not those of packages.lock:\n  {list}");
    Ok(())
}

/// Writes the board's lock anew from what the registry has.
pub(crate) fn renew(shop: &mut Shop, board: &Board) -> anyhow::Result<()> {
    shop.step("Debian packages: newest versions, some minutes");
    let found = base::newest(shop, board)?;
    if found.0.is_empty() {
        bail!(
            "the registry named no package\nhint: see {}",
            shop.out.join("build.log").display()
        );
    }
    let file = path(shop, board);
    let before = Lock::read(&file)?;
    write(&file, found.to_text()).context("packages.lock")?;
    compare(&before, &found, Variant::Dev)?;
    println!("{} packages held in {}", found.0.len(), file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const APT: &str = "Package: zlib1g\nVersion: 1:1.2.13\nArchitecture: amd64\nDescription: x\nSHA256: aa\n\nPackage: adduser\nArchitecture: all\nVersion: 3.134\nSHA256: bb\n";

    #[test]
    fn a_lock_reads_back_what_it_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("packages.lock");
        let lock = Lock::from_apt(APT);
        fs::write(&file, lock.to_text()).unwrap();
        assert_eq!(Lock::read(&file).unwrap(), lock);
        assert!(
            lock.as_preferences()
                .contains("Package: zlib1g\nPin: version 1:1.2.13\n")
        );
    }

    #[test]
    fn a_broken_line_is_named_with_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("packages.lock");
        fs::write(&file, "# head\nzlib1g 1\n").unwrap();
        let error = Lock::read(&file).unwrap_err().to_string();
        assert!(
            error.contains(":2: `zlib1g 1`") && error.contains("hint:"),
            "{error}"
        );
    }

    #[test]
    fn a_release_of_other_packages_is_refused_by_name() {
        let held = Lock::from_apt(APT);
        let found = Lock::from_apt(&APT.replace("3.134", "3.135"));
        let error = compare(&held, &found, Variant::Release)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("adduser: held 3.134 (bb), had 3.135 (bb)"),
            "{error}"
        );
        compare(&held, &found, Variant::Dev).unwrap();
        compare(&held, &held, Variant::Release).unwrap();
    }
}
