//! Bundles that must not be installed: refused with the reason, and the running slot as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::ensure;
use rig::vm::tool;

use crate::{Bench, STICK};

/// A refusal may take so long under emulation.
const REFUSED: Duration = Duration::from_secs(200);
/// Bytes from a bundle's end that are damaged: its signature lies there, what is before it is its contents.
const FROM_THE_MIDDLE: u64 = 1 << 20;

/// Bundles made of a good one that a box must refuse, by name.
pub(crate) fn make(dir: &Path, good: &Path) -> anyhow::Result<Vec<(PathBuf, &'static str)>> {
    let dir = dir.join("refused");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    let bundle = good.join("update.raucb");
    let keys = [dir.join("foreign.key"), dir.join("foreign.pem")];
    let [key, certificate] = &keys;
    tool(
        Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=somebody else",
            ])
            .arg("-keyout")
            .arg(key)
            .arg("-out")
            .arg(certificate),
    )?;
    let damaged = dir.join("damaged.raucb");
    fs::copy(&bundle, &damaged)?;
    flip(&damaged)?;
    // The same contents under other manifests: `rauc bundle` signs what it is given.
    let contents = dir.join("contents");
    tool(
        Command::new("unsquashfs")
            .arg("-q")
            .arg("-n")
            .arg("-d")
            .arg(&contents)
            .arg(&bundle),
    )?;
    let foreign = dir.join("foreign.raucb");
    sign(&contents, key, certificate, &foreign)?;
    let manifest = contents.join("manifest.raucm");
    let stated = fs::read_to_string(&manifest)?;
    fs::write(
        &manifest,
        stated.replace(
            "compatible=branchline-x86-64",
            "compatible=branchline-toaster",
        ),
    )?;
    let ours = rig::root().join(".cache/image/keys");
    let other = dir.join("other-board.raucb");
    sign(
        &contents,
        &ours.join("signer.key"),
        &ours.join("signer.pem"),
        &other,
    )?;
    fs::remove_dir_all(&contents)?;
    Ok(vec![
        (foreign, "foreign.raucb"),
        (damaged, "damaged.raucb"),
        (other, "other.raucb"),
    ])
}

/// Each is refused in its own words.
pub(crate) fn refused(bench: &mut Bench) -> anyhow::Result<String> {
    let machine = &bench.machine;
    let before = state(bench)?;
    let mut told = Vec::new();
    for (file, reason) in [
        ("foreign.raucb", "signature"),
        ("damaged.raucb", ""),
        ("other.raucb", "this box is `branchline-x86-64`"),
    ] {
        let began = std::time::Instant::now();
        let (said, status) =
            machine.try_console(&format!("branchline update {STICK}/{file}"), REFUSED)?;
        ensure!(status != 0, "{file} was installed: {said}");
        ensure!(
            said.contains(reason),
            "{file} was refused for another reason: {said}"
        );
        told.push(format!("{file} in {} s", began.elapsed().as_secs()));
    }
    let after = state(bench)?;
    ensure!(
        before == after,
        "the running slot changed: {before} became {after}"
    );
    Ok(told.join(", "))
}

/// What boots next, and the running root's own proof.
fn state(bench: &Bench) -> anyhow::Result<String> {
    bench.machine.console("/usr/lib/branchline/boot-backend get-primary; dmsetup status root; ls /efi/EFI/Linux | grep -- -a")
}

fn flip(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::FileExt as _;
    let file = fs::File::options().read(true).write(true).open(file)?;
    let at = file.metadata()?.len() / 2 + FROM_THE_MIDDLE;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[!byte[0]], at)?;
    Ok(())
}

fn sign(contents: &Path, key: &Path, certificate: &Path, to: &Path) -> anyhow::Result<()> {
    let flag = |name: &str, file: &Path| format!("--{name}={}", file.display());
    tool(
        Command::new("rauc")
            .arg("bundle")
            .arg(flag("key", key))
            .arg(flag("cert", certificate))
            .arg(contents)
            .arg(to),
    )
}
