//! The initial RAM disk: a shell, veritysetup and the modules that reach a disk; it opens the verified root.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use board::{Board, Variant};

use crate::base::Base;
use crate::seal::effort;
use crate::shop::{Shop, write};

/// What its `init` calls, all of them busybox.
const APPLETS: &[&str] = &[
    "sh",
    "mount",
    "umount",
    "switch_root",
    "sleep",
    "cat",
    "insmod",
    "mkdir",
    "sed",
    "cut",
    "reboot",
    "ls",
    "basename",
    "dirname",
    "readlink",
];

pub(crate) fn make(
    shop: &mut Shop,
    base: &Base,
    board: &Board,
    variant: Variant,
) -> anyhow::Result<PathBuf> {
    shop.step("initial RAM disk");
    let tree = shop.fresh("initrd")?;
    for dir in ["bin", "dev", "proc", "sys", "run", "sysroot", "etc"] {
        fs::create_dir_all(tree.join(dir))?;
    }
    copy(&base.tree.join("bin/busybox"), &tree.join("bin/busybox"))?;
    for applet in APPLETS {
        symlink("busybox", tree.join("bin").join(applet))?;
    }
    program(shop, base, &tree, "usr/sbin/veritysetup")?;
    let order = modules(shop, base, board, &tree)?;
    write(&tree.join("etc/modules"), order)?;
    copy(
        &shop.repo.join("board/common/initrd/init"),
        &tree.join("init"),
    )?;
    let file = shop.out.join("initrd.zst");
    // Names in one order, no owner, no time but the build's.
    let pack = "find . -exec touch -hd \"@$SOURCE_DATE_EPOCH\" {} + && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --reproducible -R 0:0 --quiet | zstd -q -$2 -T1 -f -o \"$1\"";
    shop.run(
        Command::new("sh")
            .args(["-ec", pack, "sh"])
            .arg(&file)
            .arg(effort(variant))
            .current_dir(&tree),
    )?;
    Ok(file)
}

/// A program and what it is linked with, at the same places.
fn program(shop: &mut Shop, base: &Base, tree: &Path, name: &str) -> anyhow::Result<()> {
    copy(&base.tree.join(name), &tree.join(name))?;
    let mut wanted = needed(shop, &base.tree.join(name))?;
    let mut seen = BTreeSet::new();
    while let Some(library) = wanted.pop() {
        if !seen.insert(library.clone()) {
            continue;
        }
        let place = find_library(base, &library)?;
        copy(&base.tree.join(&place), &tree.join(&place))?;
        wanted.extend(needed(shop, &base.tree.join(&place))?);
    }
    // The loader's own path, as programs name it.
    for link in ["lib", "lib64"] {
        if !tree.join(link).exists() {
            symlink(format!("usr/{link}"), tree.join(link))?;
        }
    }
    Ok(())
}

/// Libraries and loader that an ELF file names.
fn needed(shop: &mut Shop, file: &Path) -> anyhow::Result<Vec<String>> {
    let said = shop.output(Command::new("readelf").args(["-d", "-l", "-W"]).arg(file))?;
    let between = |line: &str, from: &str, to: char| {
        line.split_once(from)
            .and_then(|(_, rest)| rest.split_once(to))
            .map(|(name, _)| name.to_owned())
    };
    Ok(said
        .lines()
        .filter_map(|line| {
            between(line, "Shared library: [", ']')
                .or_else(|| between(line, "program interpreter: ", ']'))
        })
        .map(|name| name.rsplit('/').next().unwrap_or_default().to_owned())
        .collect())
}

fn find_library(base: &Base, name: &str) -> anyhow::Result<PathBuf> {
    let dirs = [
        "usr/lib64",
        "usr/lib/x86_64-linux-gnu",
        "usr/lib/aarch64-linux-gnu",
        "usr/lib",
    ];
    dirs.iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|place| base.tree.join(place).exists())
        .with_context(|| {
            format!("no `{name}` in the packages\nhint: add its package to board/common/packages")
        })
}

/// Copies the modules with all they depend on; gives their load order.
fn modules(shop: &mut Shop, base: &Base, board: &Board, tree: &Path) -> anyhow::Result<String> {
    let mut order = Vec::new();
    for module in &board.kernel.initrd {
        let shown = shop
            .output(Command::new("modprobe").arg("-d").arg(&base.tree).args([
                "-S",
                &base.kernel,
                "--show-depends",
                module,
            ]))
            .with_context(|| {
                format!(
                    "`{module}` of kernel.initrd is no module of {}",
                    base.kernel
                )
            })?;
        for line in shown.lines() {
            // "builtin NAME" is in the kernel itself.
            let Some(path) = line.strip_prefix("insmod ") else {
                continue;
            };
            let path = Path::new(path.trim())
                .strip_prefix(&base.tree)
                .context("a module outside the packages")?;
            let name = format!("/{}", path.display());
            if !order.contains(&name) {
                copy(&base.tree.join(path), &tree.join(path))?;
                order.push(name);
            }
        }
    }
    if order.is_empty() {
        bail!("kernel.initrd names no module that is not built in");
    }
    Ok(order.join("\n") + "\n")
}

/// Copies a file, following links, and keeps its mode.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if let Some(dir) = to.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::copy(from, to).with_context(|| format!("could not copy `{}`", from.display()))?;
    Ok(())
}
