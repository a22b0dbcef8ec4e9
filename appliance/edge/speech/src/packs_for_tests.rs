//! Where tests find the packs: `BRANCHLINE_PACKS`, else `.cache/packs` of the repository.
//!
//! Absent packs are said loudly and the test that needs them ends there, unless
//! `BRANCHLINE_REQUIRE_PACKS` is set (as `scripts/test` does): then it fails.

use std::path::{Path, PathBuf};

use crate::manifest::Manifest;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
}

/// The manifest's path.
pub(crate) fn manifest_file() -> PathBuf {
    repository().join("models/manifest.toml")
}

/// The packs' folder and the manifest, if pack `name` is installed.
pub(crate) fn with_pack(name: &str) -> Option<(PathBuf, Manifest)> {
    let packs = std::env::var_os("BRANCHLINE_PACKS")
        .map_or_else(|| repository().join(".cache/packs"), PathBuf::from);
    if packs.join(name).is_dir() {
        return Some((
            packs,
            Manifest::load(&manifest_file()).expect("the manifest is part of the project"),
        ));
    }
    let packs = packs.display();
    assert!(
        std::env::var_os("BRANCHLINE_REQUIRE_PACKS").is_none(),
        "pack {name} is not in {packs}\n  hint: install the packs with scripts/models"
    );
    eprintln!("NOT RUN: pack {name} is not in {packs}; install the packs with scripts/models");
    None
}

/// A file of the shared test data, if it is there.
pub(crate) fn data(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BRANCHLINE_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let file = root.join(path);
    if !file.exists() {
        eprintln!("NOT RUN: {} is absent", file.display());
        return None;
    }
    Some(file)
}
