//! What the acceptance tests and the demo share: where things stand, and private servers on loopback.

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
