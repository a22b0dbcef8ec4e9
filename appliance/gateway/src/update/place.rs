//! Where the box keeps how its updates fare: `update.json`, the floor it has reached, and the lock of who works at it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rustix::fs::{FlockOperation, flock};

use super::phase::{Step, Update};

const UPDATE: &str = "update.json";
const FLOOR: &str = "floor";
const LOCK: &str = "update.lock";
/// What the health gate leaves when a start was no good.
const REPORT: &str = "boot-report.json";
/// Largest of these files that is read, bytes.
const LARGEST: u64 = 64 << 10;

/// The folder of them all.
#[derive(Clone, Debug)]
pub(super) struct Place(pub(super) PathBuf);

/// Held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Said, not left to the last copy of the file: a program that was just begun may hold one for a moment.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl Place {
    /// Only one works at an update at a time.
    pub(super) fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.0.join(LOCK);
        let lock = File::create(&path).with_context(|| {
            let path = path.display();
            format!("could not write `{path}`\nhint: updates are root's, on a box that runs Branchline's image")
        })?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!("another update is at work\nhint: `branchline update status` says how far it is");
        }
        Ok(Lock(lock))
    }

    /// The last update that was asked for, if any was.
    pub(super) fn update(&self) -> anyhow::Result<Option<Update>> {
        let path = self.0.join(UPDATE);
        let Some(text) = read(&path)? else {
            return Ok(None);
        };
        let update = serde_json::from_str(&text);
        Ok(Some(update.with_context(|| path.display().to_string())?))
    }

    /// Takes a step and writes down what then is.
    pub(super) fn step(&self, update: &mut Update, step: Step) -> anyhow::Result<()> {
        update.step(crate::unix_ms(), step)?;
        self.keep(update)
    }

    /// Writes an update down.
    pub(super) fn keep(&self, update: &Update) -> anyhow::Result<()> {
        self.write(UPDATE, &serde_json::to_vec_pretty(update)?)
    }

    /// Bundles below this are refused.
    pub(super) fn floor(&self) -> anyhow::Result<u32> {
        let path = self.0.join(FLOOR);
        let text = read(&path)?;
        let floor = text.map_or(Ok(0), |text| text.trim().parse());
        // A floor that cannot be read lets nothing in: it is the only wall against old holes.
        floor.with_context(|| format!("`{}` holds no number", path.display()))
    }

    /// Raises the floor; it never sinks.
    pub(super) fn raise(&self, floor: u32) -> anyhow::Result<()> {
        if floor <= self.floor()? {
            return Ok(());
        }
        self.write(FLOOR, format!("{floor}\n").as_bytes())
    }

    /// Why the last start was no good: the first thing that failed.
    pub(super) fn why(&self) -> Option<String> {
        let text = read(&self.0.join(REPORT)).ok()??;
        let report: serde_json::Value = serde_json::from_str(&text).ok()?;
        let checks = report.get("checks")?.as_array()?;
        checks.iter().find_map(|check| {
            let why = check.get("failed")?.as_str()?;
            Some(format!("{}: {why}", check.get("name")?.as_str()?))
        })
    }

    /// What an older start said is no news of the one to come.
    pub(super) fn forget_why(&self) {
        // Where there is none there is nothing to forget.
        let _ = fs::remove_file(self.0.join(REPORT));
    }

    /// Whole or not at all, also when the power goes.
    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let (path, part) = (self.0.join(name), self.0.join(format!("{name}.part")));
        let written = || -> std::io::Result<()> {
            let mut file = File::create(&part)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&part, &path)?;
            File::open(&self.0)?.sync_all()
        };
        written().with_context(|| format!("could not write `{}`", path.display()))
    }
}

/// A file's text; none where there is no file.
fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let said = || format!("could not read `{}`", path.display());
    let _about = match fs::metadata(path) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(about) if about.len() > LARGEST => bail!("`{}` is too long", path.display()),
        about => about.with_context(said)?,
    };
    fs::read_to_string(path).map(Some).with_context(said)
}
