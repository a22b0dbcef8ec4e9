//! `branchline seal`: the data partition opens on this box alone, and only as it was started when it was sealed.
//!
//! `open` runs once at each start, before /data is mounted, and always leaves something to mount: the sealed volume,
//! a plain file system where no TPM 2.0 is, or, where the data stays locked, an empty stand-in that is gone at the
//! next start. A box whose data is locked is up, says why, and asks for its recovery key (`recover`); it never makes
//! anything anew that may hold a customer's data, and a fault of the TPM never ends a start.

mod making;
mod recovery;
mod tools;
mod volume;

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::cli::{SealArgs, SealVerb};
use volume::Volume;

/// Name of the opened volume below /dev/mapper.
const NAME: &str = "data";
/// What /data is mounted from, below the run folder.
const DEVICE: &str = "data";
/// How it stands, below the run folder; anybody may read it.
const STATE: &str = "state.json";
/// There while the recovery key is asked for, below the run folder.
const LOCKED: &str = "locked";
/// A key while it is needed, below the run folder: in memory alone.
const KEY: &str = "key";
/// The stand-in, below the run folder, and its bytes.
const STAND_IN: &str = "stand-in";
const STAND_IN_BYTES: u64 = 96 << 20;
/// Where the kernel says which version of TPM there is, and what speaks with it.
const TPM_VERSION: &str = "/sys/class/tpm/tpm0/tpm_version_major";

/// How the customer's data is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum State {
    /// By this box's TPM and the way it was started.
    Sealed,
    /// In the open: whoever has the disk can read it.
    Unsealed { why: String },
    /// Sealed, and not to be opened without the recovery key.
    Locked { why: String },
}

/// Where things are.
struct Place<'a> {
    partition: &'a Path,
    run: &'a Path,
}

/// Opens the data, asks for the recovery key, or says how the data is kept.
pub fn run(args: &SealArgs) -> anyhow::Result<()> {
    let place = Place {
        partition: &args.partition,
        run: &args.run,
    };
    match args.verb {
        SealVerb::Open => place.open(),
        SealVerb::Recover => recovery::ask(&place),
        SealVerb::Status => {
            let file = args.run.join(STATE);
            let text = fs::read_to_string(&file).with_context(|| {
                format!(
                    "no `{}`\nhint: it is written by an image at each start",
                    file.display()
                )
            })?;
            println!("{}", text.trim());
            Ok(())
        }
    }
}

/// Says that a sealed volume is to be erased at the next start, keys first; false where the data is not sealed.
pub fn wish_erasure(partition: &Path) -> anyhow::Result<bool> {
    if !partition.exists() || !matches!(look(partition)?, Volume::Sealed | Volume::ToErase) {
        return Ok(false);
    }
    label(partition, volume::TO_ERASE)?;
    Ok(true)
}

impl Place<'_> {
    fn open(&self) -> anyhow::Result<()> {
        fs::create_dir_all(self.run)?;
        let mapped = Path::new("/dev/mapper").join(NAME);
        if tpm().is_ok() {
            tools::forgive();
        }
        let (state, device) = match look(self.partition)? {
            Volume::Plain => (
                State::unsealed(tpm().map_or_else(
                    |why| why,
                    |()| {
                        "the data was there before it could be sealed; a factory reset seals it"
                            .to_owned()
                    },
                )),
                self.partition.to_owned(),
            ),
            found @ (Volume::Fresh | Volume::Unfinished) => self.make(found, &mapped)?,
            Volume::ToErase => self.erase(&mapped)?,
            Volume::Sealed => match tpm().and_then(|()| tools::open_by_tpm(self.partition, NAME)) {
                Ok(()) => (State::Sealed, mapped),
                Err(why) => (State::Locked { why }, self.stand_in()?),
            },
            Volume::Unknown => (
                State::Locked {
                    why: "what lies on the data partition is neither ours nor empty".to_owned(),
                },
                self.stand_in()?,
            ),
        };
        tools::check(&device);
        self.give(&device)?;
        self.say(&state)
    }

    /// A first start: sealed where that is possible.
    fn make(&self, found: Volume, mapped: &Path) -> anyhow::Result<(State, PathBuf)> {
        let why = match tpm() {
            Ok(()) => match making::seal(self, mapped) {
                Ok(recovery) => {
                    console(&format!(
                        "This box's recovery key, shown now and never again:\n\n    {recovery}\n\nWrite it down. It opens the data where the TPM no longer does."
                    ));
                    return Ok((State::Sealed, mapped.to_owned()));
                }
                Err(why) => format!("{why:#}"),
            },
            Err(why) => why,
        };
        if found != Volume::Fresh || look(self.partition)? != Volume::Fresh {
            // A volume that was begun may still be open.
            let _ = tools::cryptsetup(&["close", NAME]);
            tools::format(self.partition)?;
        }
        Ok((State::unsealed(why), self.partition.to_owned()))
    }

    /// The rest of a factory reset: without its keys nothing of the old volume can be read by anybody.
    fn erase(&self, mapped: &Path) -> anyhow::Result<(State, PathBuf)> {
        let kept = making::kept(self, mapped);
        let words = ["erase", "--batch-mode"].map(std::ffi::OsStr::new);
        if let Err(why) = tools::cryptsetup(&[&words[..], &[self.partition.as_os_str()]].concat()) {
            // The new volume is laid over the keys; a start that stops here would stop at each.
            tracing::error!("factory reset: the keys could not be erased by themselves: {why:#}");
        }
        let made = self.make(Volume::Unfinished, mapped)?;
        making::lay_back(self, &made.1, &kept)?;
        tracing::info!("factory reset: the keys of the customer's data are erased");
        Ok(made)
    }

    /// Something to mount while the data is locked. It is in memory, and gone at the next start.
    fn stand_in(&self) -> anyhow::Result<PathBuf> {
        let file = self.run.join(STAND_IN);
        File::create(&file)?.set_len(STAND_IN_BYTES)?;
        tools::format(&file)?;
        Ok(file)
    }

    /// What /data is mounted from.
    fn give(&self, device: &Path) -> anyhow::Result<()> {
        let link = self.run.join(DEVICE);
        let _ = fs::remove_file(&link);
        symlink(device, link).context("could not say where the data lies")
    }

    fn say(&self, state: &State) -> anyhow::Result<()> {
        let mark = self.run.join(LOCKED);
        match state {
            State::Sealed => tracing::info!("the data is sealed to this box"),
            State::Unsealed { why } => {
                tracing::warn!("the data is not sealed: {why}");
                console(&format!(
                    "WARNING: the data is not sealed, whoever takes the disk can read it: {why}"
                ));
            }
            State::Locked { why } => {
                tracing::error!("the data is locked: {why}");
                console(&format!(
                    "WARNING: the data is locked: {why}\nThe box runs without its settings and records until its recovery key is typed here."
                ));
                File::create(&mark)?;
            }
        }
        if !matches!(state, State::Locked { .. }) {
            let _ = fs::remove_file(mark);
        }
        let text = serde_json::to_string(state)?;
        let file = self.run.join(STATE);
        fs::write(&file, text + "\n")?;
        // The page tells it too.
        Ok(fs::set_permissions(
            &file,
            fs::Permissions::from_mode(0o644),
        )?)
    }
}

impl State {
    fn unsealed(why: String) -> Self {
        Self::Unsealed { why }
    }
}

fn look(partition: &Path) -> anyhow::Result<Volume> {
    let mut head = vec![0; volume::HEAD];
    let mut file =
        File::open(partition).with_context(|| format!("no `{}`", partition.display()))?;
    file.read_exact(&mut head)?;
    Ok(Volume::of(&head))
}

fn label(partition: &Path, label: &str) -> anyhow::Result<()> {
    let words = ["config", "--label", label].map(std::ffi::OsStr::new);
    tools::cryptsetup(&[&words[..], &[partition.as_os_str()]].concat()).map(drop)
}

/// Whether there is a TPM that can seal.
fn tpm() -> Result<(), String> {
    match fs::read_to_string(TPM_VERSION) {
        Ok(version) if version.trim() == "2" => Ok(()),
        Ok(version) => Err(format!(
            "the TPM is a {}.x, it must be a 2.0",
            version.trim()
        )),
        Err(_) => Err("there is no TPM".to_owned()),
    }
}

/// Says something on the box's own console and nowhere else: what is secret must not stand in the journal.
fn console(text: &str) {
    let text = text.replace('\n', "\r\n");
    let console = File::options().write(true).open("/dev/console");
    let said = console.and_then(|mut console| write!(console, "\r\n{text}\r\n\r\n"));
    if let Err(why) = said {
        tracing::warn!("nothing can be said on the console: {why}");
    }
}
