//! The real `branchline-central` as a child process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::appliance::tail;
use crate::binary;
use crate::process::Process;

/// How long it may take to be subscribed.
const START: Duration = Duration::from_secs(60);

/// A running central service.
#[derive(Debug)]
pub struct Central {
    process: Process,
    /// Where its log goes.
    pub log: PathBuf,
}

impl Central {
    /// Starts one between a broker and a database; its log goes to `dir`.
    pub fn start(dir: &Path, broker: &str, database: &str) -> anyhow::Result<Self> {
        Self::start_with(dir, broker, database, &[])
    }

    /// The same with further arguments.
    pub fn start_with(
        dir: &Path,
        broker: &str,
        database: &str,
        more: &[&str],
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let log = dir.join("central.log");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)?;
        let mut command = Command::new(binary("branchline-central"));
        command
            .args(["serve", "--broker", broker, "--database", database])
            .args(more)
            .stderr(Stdio::from(file));
        let mut process = Process::start("branchline-central", &mut command)?;
        process.line(START).with_context(|| tail(&log))?;
        Ok(Self { process, log })
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to finish what it has in hand and end. Whether it ended well.
    pub fn stop(&mut self) -> bool {
        self.process.stop()
    }

    /// The end of its log, for a failing test.
    pub fn log_tail(&self) -> String {
        tail(&self.log)
    }
}
