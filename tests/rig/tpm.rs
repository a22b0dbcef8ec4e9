//! A TPM 2.0 in software (swtpm): what it keeps outlives the machine's power, as a chip's memory does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

use crate::process::{Process, wait_for};

/// It listens at once; a busy machine takes longer.
const LISTENS: Duration = Duration::from_secs(20);

/// The chip.
#[derive(Debug)]
pub struct Tpm {
    dir: PathBuf,
    /// Runs while the machine is on: it ends with QEMU.
    running: Option<Process>,
}

impl Tpm {
    /// A new chip, or the one whose memory lies there already.
    pub fn new(dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self {
            // It changes its directory.
            dir: dir.canonicalize()?,
            running: None,
        })
    }

    /// Where QEMU speaks with it.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("control")
    }

    /// Gives it power, before QEMU starts.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.running = None;
        let socket = self.socket();
        let _ = fs::remove_file(&socket);
        let mut swtpm = Command::new("swtpm");
        swtpm
            .args(["socket", "--tpm2", "--terminate", "--tpmstate"])
            .arg(format!("dir={}", self.dir.display()))
            .arg("--ctrl")
            .arg(format!("type=unixio,path={}", socket.display()))
            .stderr(File::create(self.dir.join("swtpm.log"))?);
        self.running = Some(Process::start("swtpm", &mut swtpm)?);
        wait_for(LISTENS, || socket.exists().then_some(())).context("swtpm does not listen")
    }
}
