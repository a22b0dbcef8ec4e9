//! A folder becomes a read-only file system that proves each of its blocks (dm-verity), in one file.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use board::{Variant, Verity};

use crate::shop::Shop;

/// dm-verity's block, bytes; the tree begins at a whole one.
const BLOCK: u64 = 4_096;
/// Fixed: hashes must depend on contents alone. A salt's secrecy is not what protects.
const SALT: &str = "6272616e63686c696e6520726f6f74000000000000000000000000000000000a";
const UUID: &str = "6272616e-6368-8c69-8e65-00726f6f7400";

/// The sealed root.
pub(crate) struct Sealed {
    pub(crate) file: PathBuf,
    pub(crate) verity: Verity,
}

pub(crate) fn seal(shop: &mut Shop, tree: &Path, variant: Variant) -> anyhow::Result<Sealed> {
    shop.step("root: squashfs and its hash tree");
    let file = shop.out.join("root.img");
    if file.exists() {
        fs::remove_file(&file)?;
    }
    let zstd = ["-comp", "zstd", "-Xcompression-level", effort(variant)];
    squash(shop, tree, &file, &zstd)?;
    let size = fs::metadata(&file)?.len().next_multiple_of(BLOCK);
    OpenOptions::new().write(true).open(&file)?.set_len(size)?;
    let hash = shop.out.join("root.hash");
    shop.run(
        Command::new("veritysetup")
            .arg("format")
            .args(["--data-block-size=4096", "--hash-block-size=4096"])
            .arg(format!("--data-blocks={}", size / BLOCK))
            .arg(format!("--hash-offset={size}"))
            .arg(format!("--salt={SALT}"))
            .arg(format!("--uuid={UUID}"))
            .arg(format!("--root-hash-file={}", hash.display()))
            .arg(&file)
            .arg(&file),
    )?;
    let root_hash = fs::read_to_string(&hash)
        .context("the root hash")?
        .trim()
        .to_owned();
    Ok(Sealed {
        file,
        verity: Verity {
            root_hash,
            hash_offset: size,
        },
    })
}

/// Makes a read-only file system of a folder; the same contents give the same bytes.
pub(crate) fn squash(
    shop: &mut Shop,
    tree: &Path,
    file: &Path,
    packing: &[&str],
) -> anyhow::Result<()> {
    let epoch = shop.epoch.to_string();
    shop.run(
        Command::new("env")
            .args(["-u", "SOURCE_DATE_EPOCH", "mksquashfs"])
            .arg(tree)
            .arg(file)
            .args(packing)
            .args(["-b", "256K", "-noappend", "-no-progress", "-quiet"])
            // SOURCE_DATE_EPOCH would only cap times; every file is to carry the same one.
            .args(["-reproducible", "-all-time", &epoch, "-mkfs-time", &epoch]),
    )
}

/// How hard zstd tries: what ships is small, what is tested is soon there.
pub(crate) fn effort(variant: Variant) -> &'static str {
    match variant {
        Variant::Release => "19",
        Variant::Dev => "3",
    }
}
