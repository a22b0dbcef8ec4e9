//! The update: the sealed root and both kernels, signed, in RAUC's verity format.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use board::Board;

use crate::keys::Keys;
use crate::seal::Sealed;
use crate::shop::{Shop, write};

/// What the bundle says of itself.
pub(crate) struct Stamp<'a> {
    pub(crate) version: &'a str,
    /// Boxes that ran this refuse bundles of a lower floor.
    pub(crate) floor: u32,
}

pub(crate) fn make(
    shop: &mut Shop,
    board: &Board,
    root: &Sealed,
    kernels: &[PathBuf],
    stamp: &Stamp<'_>,
    keys: &Keys,
) -> anyhow::Result<PathBuf> {
    shop.step("update bundle");
    let dir = shop.fresh("bundle")?;
    fs::hard_link(&root.file, dir.join("root.img"))?;
    for kernel in kernels {
        // Both travel: which slot is free is known on the box alone.
        fs::hard_link(kernel, dir.join(kernel.file_name().unwrap_or_default()))?;
    }
    write(
        &dir.join("manifest.raucm"),
        format!(
            "[update]\ncompatible={}\nversion={}\nbuild=floor-{}\n\n[bundle]\nformat=verity\n\n[image.rootfs]\nfilename=root.img\n",
            board.compatible(),
            stamp.version,
            stamp.floor
        ),
    )?;
    let file = shop.out.join("update.raucb");
    if file.exists() {
        fs::remove_file(&file)?;
    }
    shop.run(
        Command::new("rauc")
            .arg("bundle")
            .arg(format!("--cert={}", keys.signer_certificate().display()))
            .arg(format!("--key={}", keys.signer_key().display()))
            .arg(format!("--keyring={}", keys.authority().display()))
            .arg(&dir)
            .arg(&file),
    )?;
    fs::remove_dir_all(&dir)?;
    Ok(file)
}
