//! A sealed volume is made, or erased and made anew.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::Path;

use anyhow::{Context as _, ensure};

use super::{KEY, NAME, Place, label, tools, volume};
use crate::reset::{self, Kept};

/// The register that tells who was allowed to start this machine (Secure Boot: on or off, whose keys).
const PCR: &str = "--tpm2-pcrs=7";
/// Keys here are random: a slow derivation would only cost time at each start.
const DERIVATION: [&str; 4] = ["--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];

/// Makes a sealed volume with an empty file system, open; its recovery key. The label that calls it complete comes
/// last: what a power cut leaves before that is made anew.
pub(super) fn seal(place: &Place<'_>, mapped: &Path) -> anyhow::Result<String> {
    let partition = place.partition;
    let key = place.run.join(KEY);
    let made = (|| {
        write_key(&key, &crate::seed()?)?;
        let mut words: Vec<&std::ffi::OsStr> = vec![
            "luksFormat".as_ref(),
            "--batch-mode".as_ref(),
            "--type=luks2".as_ref(),
            "--key-size=512".as_ref(),
        ];
        words.extend(DERIVATION.iter().map(std::ffi::OsStr::new));
        words.extend([
            "--key-file".as_ref(),
            key.as_os_str(),
            partition.as_os_str(),
        ]);
        tools::cryptsetup(&words)?;
        bind(&key, partition)?;
        open(&key, partition)?;
        // The slot of the key above goes with this.
        let recovery = tools::enrol(&key, &["--recovery-key", "--wipe-slot=password"], partition)?;
        tools::format(mapped)?;
        label(partition, volume::COMPLETE)?;
        let recovery = recovery.trim().to_owned();
        ensure!(!recovery.is_empty(), "no recovery key was made");
        Ok(recovery)
    })();
    let _ = fs::remove_file(&key);
    if made.is_err() {
        let _ = tools::cryptsetup(&["close", NAME]);
    }
    made
}

/// Binds a volume to this TPM and to how this machine was started, in place of what it was bound to before.
pub(super) fn bind(key: &Path, partition: &Path) -> anyhow::Result<()> {
    let words = ["--wipe-slot=tpm2", "--tpm2-device=auto", PCR];
    tools::enrol(key, &words, partition).map(drop)
}

/// Opens a volume by the key in a file.
pub(super) fn open(key: &Path, partition: &Path) -> anyhow::Result<()> {
    let words: [&std::ffi::OsStr; 5] = [
        "open".as_ref(),
        "--key-file".as_ref(),
        key.as_os_str(),
        partition.as_os_str(),
        NAME.as_ref(),
    ];
    tools::cryptsetup(&words).map(drop)
}

/// Writes a key where only memory holds it and only root reads it.
pub(super) fn write_key(file: &Path, key: &[u8]) -> anyhow::Result<()> {
    let _ = fs::remove_file(file);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    Ok(file.write_all(key)?)
}

/// What a factory reset leaves, read from the volume before its keys go. Where it cannot be opened nothing is left.
pub(super) fn kept(place: &Place<'_>, mapped: &Path) -> Vec<Kept> {
    let read = || {
        tools::open_by_tpm(place.partition, NAME).map_err(anyhow::Error::msg)?;
        tools::check(mapped);
        let found = mounted(place, mapped, |root| Ok(reset::kept_files(root)));
        tools::cryptsetup(&["close", NAME])?;
        found
    };
    read().unwrap_or_else(|why| {
        tracing::warn!("factory reset: the floor of updates is lost with the data: {why:#}");
        Vec::new()
    })
}

/// Puts it into the new volume.
pub(super) fn lay_back(place: &Place<'_>, device: &Path, kept: &[Kept]) -> anyhow::Result<()> {
    if kept.is_empty() {
        return Ok(());
    }
    mounted(place, device, |root| {
        for one in kept {
            let path = root.join(one.way);
            let folder = path.parent().context("below the root")?;
            fs::create_dir_all(folder)?;
            let mut file = File::create(&path)?;
            file.write_all(&one.bytes)?;
            file.set_permissions(one.about.permissions())?;
            file.sync_all()?;
            // Its folders are its owner's too.
            for path in path.ancestors().take_while(|path| *path != root) {
                chown(path, Some(one.about.uid()), Some(one.about.gid()))?;
            }
        }
        Ok(())
    })
}

/// Does something in a file system that nobody else sees mounted.
fn mounted<T>(
    place: &Place<'_>,
    device: &Path,
    work: impl FnOnce(&Path) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let at = place.run.join("look");
    fs::create_dir_all(&at)?;
    let name = at.display().to_string();
    let device = device.display().to_string();
    tools::run(
        "mount",
        &["-t", "ext4", "-o", "nodev,nosuid,noexec", &device, &name],
    )?;
    let done = work(&at);
    tools::run("umount", &[&name])?;
    done
}
