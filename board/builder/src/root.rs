//! The root as a folder: packages without what a box never needs, the overlay, the program, what the board states.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use board::{Board, Partition, Role, Variant};

use crate::base::{Base, words};
use crate::keys::Keys;
use crate::shop::{Shop, write};

/// Where the product's own read-only files lie.
const HOME: &str = "usr/lib/branchline";
/// Where the box looks for what it is made of.
pub(crate) const BILL: &str = "usr/lib/branchline/sbom.cdx.json";
/// Names under which the program is called by others, each a part of its own.
const CALLED_AS: &[&str] = &["boot-backend", "before-install"];

/// Where other file systems come to stand; the root itself cannot make them.
const MOUNT_POINTS: &[&str] = &[
    "data",
    "efi",
    "dev",
    "proc",
    "sys",
    "run",
    "tmp",
    "var",
    "usr/lib/branchline/packs",
];

/// What is built.
pub(crate) struct Release<'a> {
    pub(crate) board: &'a Board,
    pub(crate) variant: Variant,
    pub(crate) version: &'a str,
    /// Where it is not in the tree already.
    pub(crate) binary: Option<&'a Path>,
    pub(crate) overlay: Option<&'a Path>,
}

/// Whose updates the box takes.
pub(crate) struct Updates<'a> {
    /// Certificate that signers must descend from.
    pub(crate) authority: &'a Path,
    pub(crate) throw_away: bool,
}

pub(crate) fn make(
    shop: &mut Shop,
    base: &Base,
    release: &Release<'_>,
    keys: &Keys,
) -> anyhow::Result<PathBuf> {
    shop.step("root: packages, overlay, program");
    let tree = shop.fresh("root")?;
    let remove = shop.repo.join("board/common/root.remove");
    shop.run(
        Command::new("tar")
            .arg("-xf")
            .arg(&base.tar)
            .arg("-C")
            .arg(&tree)
            .args(["--anchored", "--wildcards", "--exclude-from"])
            .arg(&remove),
    )?;
    keep_modules(shop, &tree, base, release.board)?;
    if release.variant == Variant::Release {
        keep_programs(shop, &tree)?;
    }
    let updates = Updates {
        authority: &keys.authority(),
        throw_away: keys.throw_away,
    };
    lay(shop, &tree, release, &updates)?;
    bill(shop, &tree, release)?;
    shop.run(Command::new("systemd-sysusers").arg(format!("--root={}", tree.display())))?;
    for left in [
        "etc/machine-id",
        "etc/passwd-",
        "etc/group-",
        "etc/shadow-",
        "etc/gshadow-",
        "etc/.pwd.lock",
    ] {
        let _ = fs::remove_file(tree.join(left));
    }
    write(&tree.join("etc/machine-id"), "")?;
    // Who knows names is learnt anew on each network.
    symlink(
        "../run/systemd/resolve/stub-resolv.conf",
        tree.join("etc/resolv.conf"),
    )?;
    Ok(tree)
}

/// What the image is made of, as the image carries it.
fn bill(shop: &mut Shop, tree: &Path, release: &Release<'_>) -> anyhow::Result<()> {
    shop.run(
        Command::new(shop.repo.join("scripts/sbom"))
            .args(["--board", &release.board.name])
            .args(["--version", release.version])
            .arg("--out")
            .arg(tree.join(BILL)),
    )
}

/// Lays over a tree of packages what makes it this product on this board; whoever made the packages.
pub(crate) fn lay(
    shop: &mut Shop,
    tree: &Path,
    release: &Release<'_>,
    updates: &Updates<'_>,
) -> anyhow::Result<()> {
    lay_over(shop, &shop.repo.join("board/common/overlay"), tree)?;
    for place in MOUNT_POINTS {
        fs::create_dir_all(tree.join(place))?;
    }
    product(shop, tree, release)?;
    stated(tree, release, updates)?;
    if let Some(overlay) = release.overlay {
        lay_over(shop, overlay, tree)?;
    }
    switch_units(shop, tree, release.variant)
}

/// Leaves the modules that the board names, and those they depend on.
fn keep_modules(shop: &mut Shop, tree: &Path, base: &Base, board: &Board) -> anyhow::Result<()> {
    let folder = Path::new("usr/lib/modules").join(&base.kernel);
    let all =
        fs::read_to_string(base.tree.join(&folder).join("modules.dep")).context("modules.dep")?;
    let mut kept = std::collections::BTreeSet::new();
    let mut unused: Vec<_> = board.kernel.keep.iter().map(String::as_str).collect();
    for line in all.lines() {
        let Some((module, needs)) = line.split_once(':') else {
            continue;
        };
        let inner = module.strip_prefix("kernel/").unwrap_or(module);
        let bare = inner.strip_suffix(".ko").unwrap_or(inner);
        let named = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => bare.starts_with(start),
            None if pattern.ends_with('/') => bare.starts_with(pattern),
            None => bare == pattern,
        };
        let short = bare.rsplit('/').next().unwrap_or(bare).replace('-', "_");
        let early = board
            .kernel
            .initrd
            .iter()
            .any(|name| name.replace('-', "_") == short);
        if early || board.kernel.keep.iter().any(|pattern| named(pattern)) {
            unused.retain(|pattern| !named(pattern));
            kept.insert(module);
            kept.extend(needs.split_whitespace());
        }
    }
    for module in all
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(module, _)| module)
    {
        if !kept.contains(module) {
            fs::remove_file(tree.join(&folder).join(module)).with_context(|| module.to_owned())?;
        }
    }
    if !unused.is_empty() {
        println!(
            "     note: kernel.keep names nothing in {}: {}",
            base.kernel,
            unused.join(" ")
        );
    }
    shop.run(
        Command::new("find")
            .arg(tree.join(&folder))
            .args(["-type", "d", "-empty", "-delete"]),
    )?;
    shop.run(Command::new("depmod").arg("-b").arg(tree).arg(&base.kernel))
}

/// Leaves the programs of the list: no shell, no interpreter, no package tool.
fn keep_programs(shop: &Shop, tree: &Path) -> anyhow::Result<()> {
    let list = shop.repo.join("board/common/programs.keep");
    let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let mut wanted: std::collections::BTreeSet<_> = words(&text).collect();
    for dir in ["usr/bin", "usr/sbin"] {
        for entry in fs::read_dir(tree.join(dir))? {
            let entry = entry?;
            let name = entry.file_name();
            if !wanted.remove(name.to_string_lossy().as_ref()) {
                fs::remove_file(entry.path())?;
            }
        }
    }
    if !wanted.is_empty() {
        bail!(
            "board/common/programs.keep names what the packages do not have: {wanted:?}\nhint: leave it out, or add its package to board/common/packages"
        );
    }
    Ok(())
}

fn lay_over(shop: &mut Shop, from: &Path, tree: &Path) -> anyhow::Result<()> {
    shop.run(
        Command::new("cp")
            .args([
                "-r",
                "--no-dereference",
                "--preserve=mode,links",
                "--no-preserve=ownership",
            ])
            .arg(from.join("."))
            .arg(tree),
    )
}

/// The program, its units and its files.
fn product(shop: &mut Shop, tree: &Path, release: &Release<'_>) -> anyhow::Result<()> {
    if let Some(binary) = release.binary {
        let program = tree.join("usr/bin/branchline");
        shop.run(Command::new("strip").arg("-o").arg(&program).arg(binary))?;
        fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    }
    let home = tree.join(HOME);
    fs::create_dir_all(&home)?;
    for name in CALLED_AS {
        symlink("../../bin/branchline", home.join(name))?;
    }
    let dist = shop.repo.join("appliance/gateway/dist");
    for entry in fs::read_dir(&dist).with_context(|| dist.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let to = match name.rsplit('.').next() {
            Some("service" | "socket" | "timer" | "target") => {
                tree.join("usr/lib/systemd/system").join(&name)
            }
            Some("d") => {
                lay_over(shop, &entry.path(), &tree.join("usr/lib").join(&name))?;
                continue;
            }
            _ => continue,
        };
        fs::copy(entry.path(), to)?;
    }
    let prompts = shop.repo.join("models/prompts");
    fs::create_dir_all(home.join("prompts"))?;
    for entry in fs::read_dir(&prompts)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "wav") {
            fs::copy(
                &path,
                home.join("prompts")
                    .join(path.file_name().unwrap_or_default()),
            )?;
        }
    }
    fs::copy(
        shop.repo.join("models/manifest.toml"),
        home.join("manifest.toml"),
    )?;
    Ok(())
}

/// What is made from the board's statement and from the release's name.
fn stated(tree: &Path, release: &Release<'_>, updates: &Updates<'_>) -> anyhow::Result<()> {
    let board = release.board;
    write(&tree.join(HOME).join("board.toml"), board.to_toml()?)?;
    write(&tree.join("etc/nftables.conf"), board::nftables(board))?;
    let variant = release.variant;
    let about = format!(
        "ID=branchline\nNAME=Branchline\nPRETTY_NAME=\"Branchline {version}{mark}\"\nVERSION_ID={version}\nVARIANT_ID={variant}\nIMAGE_ID=branchline\nBRANCHLINE_BOARD={board}\nBRANCHLINE_KEYS={keys}\n",
        version = release.version,
        mark = if variant == Variant::Dev {
            " (dev: console open)"
        } else {
            ""
        },
        board = board.name,
        keys = if updates.throw_away {
            "throw-away"
        } else {
            "release"
        },
    );
    let _ = fs::remove_file(tree.join("etc/os-release"));
    write(&tree.join("usr/lib/os-release"), about)?;
    symlink("../usr/lib/os-release", tree.join("etc/os-release"))?;
    let template = tree.join("etc/rauc/system.conf");
    let rauc = fs::read_to_string(&template).with_context(|| template.display().to_string())?;
    write(&template, rauc.replace("@COMPATIBLE@", &board.compatible()))?;
    fs::copy(updates.authority, tree.join("etc/rauc/authority.pem"))?;
    let patterns = board
        .network
        .lan
        .iter()
        .chain(&board.network.wan)
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    let network = tree.join("etc/systemd/network/20-branchline.network");
    let text = fs::read_to_string(&network).with_context(|| network.display().to_string())?;
    write(&network, text.replace("@INTERFACES@", &patterns))?;
    for (at, partition) in board.partitions.iter().enumerate() {
        let file = tree.join(format!("usr/lib/repart.d/{at}0-{}.conf", partition.name));
        write(&file, repart(board, partition))?;
    }
    let watchdog = format!("[Manager]\nRuntimeWatchdogSec={}s\n", board.boot.watchdog_s);
    write(
        &tree.join("etc/systemd/system.conf.d/20-watchdog.conf"),
        watchdog,
    )
}

/// A partition as systemd-repart reads it: what is there is found again, what is missing is made, the last one grows.
fn repart(board: &Board, partition: &Partition) -> String {
    let kind = partition.role.gpt_type(board).to_lowercase();
    let size = u64::from(partition.size_mib) << 20;
    let mut text = format!(
        "[Partition]\nType={kind}\nLabel={}\nSizeMinBytes={size}\n",
        partition.name
    );
    match partition.role {
        Role::Esp | Role::Root | Role::Packs => text.push_str(&format!("SizeMaxBytes={size}\n")),
        Role::Data => text.push_str("Format=ext4\nFactoryReset=yes\n"),
    }
    text
}

/// Enables and masks units as the list says.
fn switch_units(shop: &mut Shop, tree: &Path, variant: Variant) -> anyhow::Result<()> {
    let list = shop.repo.join("board/common/units");
    let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    for line in words(&text) {
        let (verb, unit) = line
            .split_once(' ')
            .with_context(|| format!("{}: `{line}` is not VERB UNIT", list.display()))?;
        let verb = match (verb, variant) {
            ("dev", Variant::Dev) => "enable",
            ("dev", Variant::Release) => "remove",
            ("enable" | "mask", _) => verb,
            _ => bail!("{}: `{verb}` is none of enable, mask, dev", list.display()),
        };
        if verb == "remove" {
            // What only the dev variant runs is not even there in a release.
            fs::remove_file(tree.join("usr/lib/systemd/system").join(unit))
                .with_context(|| unit.to_owned())?;
            continue;
        }
        shop.run(
            Command::new("systemctl")
                .arg(format!("--root={}", tree.display()))
                .args(["--quiet", verb, unit]),
        )?;
    }
    shop.run(
        Command::new("systemctl")
            .arg(format!("--root={}", tree.display()))
            .args(["--quiet", "set-default", "multi-user.target"]),
    )
}
