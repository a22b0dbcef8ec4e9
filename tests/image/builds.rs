//! The images the proofs need, made by the real builder: the first one, a good update and a release that fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use rig::{binary, root};

/// Versions of the three.
const FIRST_VERSION: &str = "0.1.0";
pub(crate) const GOOD_VERSION: &str = "0.1.1";
const FAILING_VERSION: &str = "0.1.2";
/// What the good update moves the floor to.
const FLOOR: u32 = 2;

/// Folders with what was built.
pub(crate) struct Builds {
    pub(crate) first: PathBuf,
    pub(crate) good: PathBuf,
    pub(crate) failing: PathBuf,
}

impl Builds {
    pub(crate) fn make(dir: &Path) -> anyhow::Result<Self> {
        let plain = dir.join("overlay");
        let failing = dir.join("overlay-failing");
        for overlay in [&plain, &failing] {
            lay(overlay)?;
        }
        // Everything is as in a release, but the program: it ends at once.
        let units = failing.join("etc/systemd/system/branchline.service.d");
        write(
            &units.join("10-fails.conf"),
            "[Service]\nExecStart=\nExecStart=/bin/false\n",
        )?;
        let builds = Self {
            first: dir.join("first"),
            good: dir.join("good"),
            failing: dir.join("failing"),
        };
        build(&builds.first, FIRST_VERSION, 0, &plain)?;
        build(&builds.good, GOOD_VERSION, FLOOR, &plain)?;
        build(&builds.failing, FAILING_VERSION, FLOOR, &failing)?;
        Ok(builds)
    }
}

/// What the tests lay over each image: a site that lets this side call, two tries, a gate that decides sooner.
fn lay(overlay: &Path) -> anyhow::Result<()> {
    if overlay.exists() {
        fs::remove_dir_all(overlay)?;
    }
    let site = fs::read_to_string(root().join("appliance/core/centre/src/site/default.toml"))?;
    let peers = "peers = [\"127.0.0.1\", \"::1\"]";
    ensure!(site.contains(peers), "the default site has another trunk");
    let here = site.replace(
        peers,
        &format!("peers = [\"{}\"]", rig::netns::Socket::HERE),
    );
    write(&overlay.join("usr/lib/branchline/site.toml"), &here)?;
    let board = |file: &str| fs::read_to_string(root().join("board").join(file));
    let boot = board("common/overlay/usr/lib/branchline/boot.toml")?;
    let boot = format!("site = \"/usr/lib/branchline/site.toml\"\n{boot}");
    write(&overlay.join("usr/lib/branchline/boot.toml"), &boot)?;
    let common = board("common/board.toml")?;
    let tries = "tries = 5";
    ensure!(common.contains(tries), "the boards have other tries");
    let board = board::Board::parse(
        &common.replace(tries, "tries = 2"),
        &board("x86-64/board.toml")?,
    )?;
    write(
        &overlay.join("usr/lib/branchline/board.toml"),
        &board.to_toml()?,
    )?;
    let gate = "[Service]\nExecStart=\nExecStart=/usr/bin/branchline health --deadline 60 --report /data/system/boot-report.json\nExecStart=/usr/lib/branchline/boot-backend mark-good\n";
    write(
        &overlay.join("etc/systemd/system/branchline-health.service.d/10-sooner.conf"),
        gate,
    )
}

fn build(out: &Path, version: &str, floor: u32, overlay: &Path) -> anyhow::Result<()> {
    println!("-- builds {}, version {version}", out.display());
    let status = Command::new(binary("image"))
        .args([
            "build",
            "x86-64",
            "dev",
            "--version",
            version,
            "--floor",
            &floor.to_string(),
        ])
        .arg("--binary")
        .arg(binary("branchline"))
        .arg("--overlay")
        .arg(overlay)
        .arg("--out")
        .arg(out)
        .status()?;
    ensure!(status.success(), "the builder ended with {status}");
    Ok(())
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::create_dir_all(file.parent().context("a folder")?)?;
    fs::write(file, text)?;
    Ok(())
}
