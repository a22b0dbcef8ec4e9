//! Kernel, initial RAM disk and command line as one signed EFI program (a unified kernel image), one for each slot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use board::{Board, Slot};

use crate::base::Base;
use crate::keys::Keys;
use crate::shop::{Shop, write};

/// Sections begin at whole pages.
const PAGE: u64 = 4_096;

/// Which kernel.
pub(crate) struct Kernel<'a> {
    pub(crate) board: &'a Board,
    pub(crate) slot: Slot,
    /// Its command line.
    pub(crate) line: &'a str,
    pub(crate) version: &'a str,
}

pub(crate) fn make(
    shop: &mut Shop,
    base: &Base,
    initrd: &Path,
    kernel: &Kernel<'_>,
    keys: &Keys,
) -> anyhow::Result<PathBuf> {
    shop.step(&format!("kernel of slot {}", kernel.slot));
    let letter = kernel.slot.letter();
    let stub = base.tree.join(format!(
        "usr/lib/systemd/boot/efi/linux{}.efi.stub",
        kernel.board.arch.efi()
    ));
    let line = shop.out.join(format!("command-line-{letter}"));
    write(&line, kernel.line)?;
    // No IMAGE_VERSION: the boot loader would rank entries by it instead of by their names.
    let about = shop.out.join("osrel");
    write(
        &about,
        format!(
            "ID=branchline\nPRETTY_NAME=\"Branchline {}\"\n",
            kernel.version
        ),
    )?;
    let vmlinuz = base
        .tree
        .join("boot")
        .join(format!("vmlinuz-{}", base.kernel));
    let mut at = end_of_sections(shop, &stub)?;
    // The header names its time.
    let mut command = shop.frozen("objcopy")?;
    for (section, file) in [
        (".osrel", about.as_path()),
        (".cmdline", &line),
        (".initrd", initrd),
        (".linux", &vmlinuz),
    ] {
        command
            .arg("--add-section")
            .arg(format!("{section}={}", file.display()));
        command
            .arg("--change-section-vma")
            .arg(format!("{section}={at:#x}"));
        at = (at
            + fs::metadata(file)
                .with_context(|| format!("`{}`", file.display()))?
                .len())
        .next_multiple_of(PAGE);
    }
    let plain = shop.out.join(format!("kernel-{letter}.unsigned"));
    shop.run(command.arg(&stub).arg(&plain))?;
    let signed = shop.out.join(format!("kernel-{letter}.efi"));
    sign(shop, &plain, &signed, keys)?;
    fs::remove_file(&plain)?;
    Ok(signed)
}

/// Signs an EFI program for Secure Boot.
pub(crate) fn sign(shop: &mut Shop, from: &Path, to: &Path, keys: &Keys) -> anyhow::Result<()> {
    // The signature names its time.
    let mut command = shop.frozen("sbsign")?;
    command.arg("--key").arg(keys.boot_key());
    command.arg("--cert").arg(keys.boot_certificate());
    shop.run(command.arg("--output").arg(to).arg(from))
}

/// The first page after the stub's last section.
fn end_of_sections(shop: &mut Shop, stub: &Path) -> anyhow::Result<u64> {
    let said = shop.output(Command::new("objdump").arg("-h").arg(stub))?;
    let hex = |word: &str| u64::from_str_radix(word, 16).ok();
    said.lines()
        .filter_map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let [number, _, size, address, ..] = words[..] else {
                return None;
            };
            number.parse::<u32>().ok()?;
            Some(hex(size)? + hex(address)?)
        })
        .max()
        .map(|end| end.next_multiple_of(PAGE))
        .with_context(|| format!("`{}` has no sections", stub.display()))
}
