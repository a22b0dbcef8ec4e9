//! Where a build happens: its folders, its log, its clock, and the tools it calls.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use sha2::{Digest as _, Sha256};

/// Lines of a failed tool that are shown; all of them are in the log.
const SHOWN_LINES: usize = 15;
/// What files say they were made at where neither SOURCE_DATE_EPOCH nor git tells.
const NO_EPOCH: u64 = 1_700_000_000;

/// One build.
pub(crate) struct Shop {
    /// The repository's root.
    pub(crate) repo: PathBuf,
    /// What costs much and changes seldom: packages.
    pub(crate) cache: PathBuf,
    /// Results.
    pub(crate) out: PathBuf,
    /// Seconds since 1970 that every file of the image carries.
    pub(crate) epoch: u64,
    log: File,
    steps: u32,
    began: Instant,
}

impl Shop {
    pub(crate) fn open(repo: &Path, out: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(out).with_context(|| format!("could not make `{}`", out.display()))?;
        let cache = repo.join(".cache/image");
        fs::create_dir_all(&cache)?;
        let log = out.join("build.log");
        Ok(Self {
            repo: repo.to_owned(),
            cache: cache.canonicalize()?,
            out: out.canonicalize()?,
            epoch: epoch(repo),
            log: File::create(&log)
                .with_context(|| format!("could not write `{}`", log.display()))?,
            steps: 0,
            began: Instant::now(),
        })
    }

    /// Says which step begins.
    pub(crate) fn step(&mut self, what: &str) {
        self.steps += 1;
        println!(
            "[{:2}] {:>4} s  {what}",
            self.steps,
            self.began.elapsed().as_secs()
        );
    }

    /// An empty folder below the results.
    pub(crate) fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let dir = self.out.join(name);
        if dir.exists() {
            fs::remove_dir_all(&dir)
                .with_context(|| format!("could not empty `{}`", dir.display()))?;
        }
        fs::create_dir_all(&dir)?;
        Ok(dir)
    }

    /// A tool whose clock stands at the build's time: for those that write it down and ask nobody.
    pub(crate) fn frozen(&mut self, tool: &str) -> anyhow::Result<Command> {
        let mut date = Command::new("date");
        let now = self.output(date.args(["-u", "-d", &format!("@{}", self.epoch), "+%F %T"]))?;
        let mut command = Command::new("faketime");
        command.env("TZ", "UTC").args(["-f", now.trim(), tool]);
        Ok(command)
    }

    /// Runs a tool to its end; what it printed goes to the log.
    pub(crate) fn run(&mut self, command: &mut Command) -> anyhow::Result<()> {
        self.output(command).map(drop)
    }

    /// Runs a tool to its end and gives its standard output.
    pub(crate) fn output(&mut self, command: &mut Command) -> anyhow::Result<String> {
        let name = command.get_program().to_string_lossy().into_owned();
        writeln!(self.log, "$ {command:?}")?;
        let done = command
            .env("SOURCE_DATE_EPOCH", self.epoch.to_string())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .map_err(|why| {
                anyhow!("could not start `{name}`: {why}\nhint: scripts/setup image installs it")
            })?;
        self.log.write_all(&done.stdout)?;
        self.log.write_all(&done.stderr)?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let lines: Vec<_> = said.lines().collect();
            let last = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n  ");
            bail!(
                "`{name}` ended with {}:\n  {last}\nhint: the whole build is in {}",
                done.status,
                self.out.join("build.log").display()
            );
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }
}

/// SHA-256 of a file, hex.
pub(crate) fn sha256(file: &Path) -> anyhow::Result<String> {
    let mut from =
        File::open(file).with_context(|| format!("could not read `{}`", file.display()))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

/// SHA-256 of a text, hex.
pub(crate) fn sha256_of(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

pub(crate) fn megabytes(file: &Path) -> anyhow::Result<f64> {
    use std::os::unix::fs::MetadataExt as _;
    // Blocks, not length: the disk is sparse.
    let blocks = fs::metadata(file)?.blocks();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    Ok(blocks as f64 * 512.0 / 1e6)
}

/// Writes a file and the folders above it.
pub(crate) fn write(file: &Path, text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(file, text).with_context(|| format!("could not write `{}`", file.display()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SOURCE_DATE_EPOCH, or the time of the commit that is built.
fn epoch(repo: &Path) -> u64 {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok();
    let commit = || {
        let git = Command::new("git")
            .current_dir(repo)
            .args(["log", "-1", "--format=%ct"])
            .output()
            .ok()?;
        String::from_utf8(git.stdout).ok()
    };
    told.or_else(commit)
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(NO_EPOCH)
}
