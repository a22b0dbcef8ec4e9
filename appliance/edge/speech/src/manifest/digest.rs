//! Size and SHA-256 of a file against what the manifest says. Private to `manifest`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::PackFile;

/// Says in words what differs.
pub(super) fn check(file: &Path, wanted: &PackFile) -> Result<(), String> {
    let unreadable = |e: std::io::Error| format!("cannot be read: {e}");
    let mut input = File::open(file).map_err(unreadable)?;
    let size = input.metadata().map_err(unreadable)?.len();
    if size != wanted.bytes {
        return Err(format!(
            "has {size} bytes, the manifest says {}",
            wanted.bytes
        ));
    }
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        match input.read(&mut chunk).map_err(unreadable)? {
            0 => break,
            n => hash.update(chunk.get(..n).unwrap_or(&[])),
        }
    }
    let found = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    if found.eq_ignore_ascii_case(&wanted.sha256) {
        Ok(())
    } else {
        Err(format!(
            "has sha256 {found}, the manifest says {}",
            wanted.sha256
        ))
    }
}
