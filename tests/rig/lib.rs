//! What the acceptance tests and the demo share: where things stand, and private servers on loopback.

pub mod admin;
pub mod appliance;
pub mod baresip;
pub mod broker;
pub mod called;
pub mod central;
pub mod kamailio;
pub mod netns;
pub mod peer;
pub mod postgres;
pub mod process;
pub mod records;
pub mod sipp;
pub mod tone;
pub mod tpm;
pub mod vm;

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the workspace stands")
}

/// A binary of ours that `scripts/build` put beside the running one, e.g. `branchline`.
pub fn binary(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("a running program has a path");
    let found = me
        .ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "no `{name}` beside {}\nhint: run scripts/build debug",
            me.display()
        )
    })
}

/// Installed model packs, where `scripts/models` put them.
pub fn packs() -> Option<PathBuf> {
    let named = std::env::var_os("BRANCHLINE_PACKS").map(PathBuf::from);
    let packs = named.unwrap_or_else(|| root().join(".cache/packs"));
    packs.join("whisper-base-zh").is_dir().then_some(packs)
}
