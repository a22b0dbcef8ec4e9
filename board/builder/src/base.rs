//! The Debian packages of a board, unpacked and configured once and kept as a tar.
//!
//! Versions come from the board's packages.lock. A registry that no longer has one of them is told apart from a
//! broken build: a release is refused, a dev image goes on with what there is and says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use board::{Board, Variant};

use crate::lock::{self, Lock};
use crate::shop::{Shop, sha256_of};

/// Debian release the image is made of.
const SUITE: &str = "bookworm";
/// Nobody reads these on a box; left out before they are unpacked.
const UNREAD: &[&str] = &["doc", "man", "info", "locale", "lintian", "bug"];
/// But for these: under which terms each package may be used is shown by the page.
const READ: &[&str] = &["doc/*/copyright"];

/// Packages, unpacked.
pub(crate) struct Base {
    /// The whole tree as a tar.
    pub(crate) tar: PathBuf,
    /// The same tree as a folder, for tools that read single files of it.
    pub(crate) tree: PathBuf,
    /// Version of its kernel, as its modules' folder is named.
    pub(crate) kernel: String,
}

pub(crate) fn fetch(shop: &mut Shop, board: &Board, variant: Variant) -> anyhow::Result<Base> {
    let wanted = packages(shop, board)?;
    let held = Lock::read(&lock::path(shop, board))?;
    let key = sha256_of(format!("{SUITE} {wanted:?} {held:?} {UNREAD:?} {READ:?}").as_bytes());
    let tar = shop
        .cache
        .join(format!("base-{}-{}.tar", board.name, &key[..16]));
    if tar.is_file() {
        shop.step("Debian packages: as cached");
    } else {
        shop.step("Debian packages: fetched and configured, some minutes");
        let found = bootstrap(shop, board, &wanted, &held, &tar)?;
        lock::compare(&held, &found, variant).inspect_err(|_| drop(fs::remove_file(&tar)))?;
    }
    unpacked(shop, tar)
}

/// Builds a base from whatever versions the registry has now.
pub(crate) fn newest(shop: &mut Shop, board: &Board) -> anyhow::Result<Lock> {
    let wanted = packages(shop, board)?;
    let tar = shop.cache.join(format!("base-{}-newest.tar", board.name));
    let found = bootstrap(shop, board, &wanted, &Lock::default(), &tar)?;
    fs::remove_file(&tar)?;
    Ok(found)
}

fn packages(shop: &Shop, board: &Board) -> anyhow::Result<Vec<String>> {
    let list = shop.repo.join("board/common/packages");
    let text = fs::read_to_string(&list)
        .with_context(|| format!("could not read `{}`", list.display()))?;
    let mut wanted: Vec<_> = words(&text).map(str::to_owned).collect();
    wanted.push(board.kernel.package.clone());
    Ok(wanted)
}

/// Words of a list, one a line, comments left out.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let word = line.split('#').next().unwrap_or_default().trim();
        (!word.is_empty()).then_some(word)
    })
}

fn bootstrap(
    shop: &mut Shop,
    board: &Board,
    wanted: &[String],
    held: &Lock,
    tar: &Path,
) -> anyhow::Result<Lock> {
    let work = shop.fresh("base-work")?;
    let pins = work.join("branchline");
    fs::write(&pins, held.as_preferences())?;
    let shown = work.join("shown");
    let unfinished = tar.with_extension("part.tar");
    let mut command = Command::new("mmdebstrap");
    command.args([
        "--variant=minbase",
        "--skip=cleanup/apt/lists",
        "--aptopt=APT::Install-Recommends \"false\"",
    ]);
    command.arg(format!("--architectures={}", board.arch.debian()));
    command.arg(format!("--include={}", wanted.join(",")));
    for unread in UNREAD {
        command.arg(format!("--dpkgopt=path-exclude=/usr/share/{unread}/*"));
    }
    for read in READ {
        command.arg(format!("--dpkgopt=path-include=/usr/share/{read}"));
    }
    // Our own initial RAM disk is made later; Debian's would take longer than all else together.
    command.arg("--dpkgopt=force-confold");
    command.arg("--setup-hook=mkdir -p \"$1/etc/initramfs-tools\" \"$1/etc/apt/preferences.d\" && echo update_initramfs=no > \"$1/etc/initramfs-tools/update-initramfs.conf\"");
    command.arg(format!(
        "--setup-hook=copy-in '{}' /etc/apt/preferences.d",
        pins.display()
    ));
    command.arg(format!(
        "--customize-hook=chroot \"$1\" sh -c 'apt-cache show $(dpkg-query -W -f \"\\${{Package}}=\\${{Version}} \")' > '{}'",
        shown.display()
    ));
    command.arg(
        "--customize-hook=rm -rf \"$1/var/lib/apt/lists\" \"$1/etc/apt/preferences.d/branchline\"",
    );
    command.args([SUITE]).arg(&unfinished);
    shop.run(&mut command)
        .context("the packages could not be had")?;
    let found = Lock::from_apt(&fs::read_to_string(&shown)?);
    fs::rename(&unfinished, tar)?;
    Ok(found)
}

fn unpacked(shop: &mut Shop, tar: PathBuf) -> anyhow::Result<Base> {
    let tree = tar.with_extension("tree");
    if !tree.is_dir() {
        let part = tar.with_extension("part");
        if part.exists() {
            fs::remove_dir_all(&part)?;
        }
        fs::create_dir_all(&part)?;
        shop.run(
            Command::new("tar")
                .arg("-xf")
                .arg(&tar)
                .arg("-C")
                .arg(&part),
        )?;
        fs::rename(&part, &tree)?;
    }
    let kernel = fs::read_dir(tree.join("usr/lib/modules"))?
        .next()
        .context("the packages hold no kernel modules")??
        .file_name()
        .to_string_lossy()
        .into_owned();
    Ok(Base { tar, tree, kernel })
}
