//! The disk as it leaves the factory: partitions, boot loader, slot A, an empty data partition.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;
use board::{Board, Place, Role, Slot};

use crate::base::Base;
use crate::keys::Keys;
use crate::shop::{Shop, write};
use crate::uki;

/// The loader decides by names and counts alone: no `default`, which would boot entries that are spent.
const LOADER: &str = "timeout 0\neditor no\nauto-entries no\nauto-firmware no\n";
const VOLUME_ID: &str = "B7A9C11E";
/// Copied at once.
const CHUNK: usize = 1 << 20;

/// What a disk leaves the factory with.
pub(crate) struct Parts<'a> {
    /// The boot loader, signed.
    pub(crate) loader: &'a Path,
    /// The sealed root.
    pub(crate) root: &'a Path,
    /// The kernel of slot A, signed.
    pub(crate) kernel: &'a Path,
    /// The file system of model packs.
    pub(crate) packs: &'a Path,
    /// What the firmware can be taught, each with its name; may be nothing.
    pub(crate) firmware_keys: &'a [(PathBuf, String)],
}

/// The boot loader of the packages, signed.
pub(crate) fn loader(
    shop: &mut Shop,
    board: &Board,
    base: &Base,
    keys: &Keys,
) -> anyhow::Result<PathBuf> {
    let loader = shop.out.join("loader.efi");
    let unsigned = base.tree.join(format!(
        "usr/lib/systemd/boot/efi/systemd-boot{}.efi",
        board.arch.efi()
    ));
    uki::sign(shop, &unsigned, &loader, keys)?;
    Ok(loader)
}

/// Lays out the disk from its parts.
pub(crate) fn assemble(
    shop: &mut Shop,
    board: &Board,
    parts: &Parts<'_>,
) -> anyhow::Result<PathBuf> {
    shop.step("disk");
    let disk = shop.out.join("disk.img");
    let mut image = File::create(&disk)?;
    image.set_len(board.disk_bytes())?;
    let layout = shop.out.join("layout.sfdisk");
    write(&layout, board::sfdisk(board))?;
    shop.run(
        Command::new("sh")
            .args(["-ec", "sfdisk -q \"$1\" < \"$2\"", "sh"])
            .arg(&disk)
            .arg(&layout),
    )?;
    for place in board.places() {
        let content = match place.partition.role {
            Role::Esp => Some(esp(shop, board, place.size, parts)?),
            Role::Root if place.partition.name == Board::root_partition(Slot::A) => {
                Some(parts.root.to_owned())
            }
            // The other slot waits for an update; the data partition is made at first boot, on the whole disk.
            Role::Root | Role::Data => None,
            Role::Packs => Some(parts.packs.to_owned()),
        };
        if let Some(content) = content {
            lay(&mut image, place, &content)?;
        }
    }
    Ok(disk)
}

/// The EFI system partition as a file of its own.
fn esp(shop: &mut Shop, board: &Board, size: u64, parts: &Parts<'_>) -> anyhow::Result<PathBuf> {
    let file = shop.out.join("esp.img");
    File::create(&file)?.set_len(size)?;
    shop.run(
        Command::new("mkfs.vfat")
            .args(["-F", "32", "-n", "ESP", "-i", VOLUME_ID, "--invariant"])
            .arg(&file),
    )?;
    let config = shop.out.join("loader.conf");
    write(&config, LOADER)?;
    let mtools = |name: &str| {
        let mut command = Command::new(name);
        command.arg("-i").arg(&file);
        command
    };
    shop.run(mtools("mmd").args(["::EFI", "::EFI/BOOT", "::EFI/Linux", "::loader"]))?;
    let first = format!("::EFI/Linux/branchline-1-a+{}.efi", board.boot.tries);
    let removable = format!("::EFI/BOOT/{}", board.arch.removable_loader());
    for (from, to) in [
        (parts.loader, removable.as_str()),
        (&config, "::loader/loader.conf"),
        (parts.kernel, &first),
    ] {
        shop.run(mtools("mcopy").arg(from).arg(to))?;
    }
    if !parts.firmware_keys.is_empty() {
        shop.run(mtools("mmd").args(["::loader/keys", "::loader/keys/auto"]))?;
    }
    for (from, name) in parts.firmware_keys {
        let to = format!("::loader/keys/auto/{name}");
        shop.run(mtools("mcopy").arg(from).arg(to))?;
    }
    Ok(file)
}

/// Writes a file into its partition; blocks of zeros stay holes.
fn lay(image: &mut File, place: Place<'_>, content: &Path) -> anyhow::Result<()> {
    let length = fs::metadata(content)?.len();
    if length > place.size {
        bail!(
            "{} bytes do not fit partition `{}` of {} MiB\nhint: make the partition larger or leave something out",
            length,
            place.partition.name,
            place.partition.size_mib
        );
    }
    let mut from = File::open(content)?;
    let mut chunk = vec![0; CHUNK];
    let mut at = place.offset;
    loop {
        let read = from.read(&mut chunk)?;
        let bytes = &chunk[..read];
        if read == 0 {
            return Ok(());
        }
        if bytes.iter().any(|byte| *byte != 0) {
            image.seek(SeekFrom::Start(at))?;
            image.write_all(bytes)?;
        }
        at += read as u64;
    }
}
