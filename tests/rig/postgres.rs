//! A PostgreSQL cluster of our own: a folder, a Unix socket in it, and a free loopback port.
//!
//! PostgreSQL refuses to run as root; there it runs as `nobody`, who owns the folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::process::{Process, free_port, wait_for};

/// How long it may take to accept connections.
const START: Duration = Duration::from_secs(60);
/// `nobody` and `nogroup` on Debian.
const NOBODY: &str = "65534";

/// A running cluster with one database, `branchline`.
#[derive(Debug)]
pub struct Postgres {
    dir: PathBuf,
    bin: PathBuf,
    port: u16,
    process: Process,
}

impl Postgres {
    /// Starts the cluster in `dir`, made at the first start.
    pub fn start(dir: &Path) -> anyhow::Result<Self> {
        let bin = binaries()?;
        std::fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        if is_root()? {
            run(Command::new("chown")
                .arg("-R")
                .arg(format!("{NOBODY}:{NOBODY}"))
                .arg(&dir))?;
        }
        if !dir.join("data/PG_VERSION").exists() {
            let mut initdb = as_nobody(&bin.join("initdb"))?;
            initdb.args(["--username=branchline", "--auth=trust", "--encoding=UTF8"]);
            initdb
                .args(["--locale=C.UTF-8", "--no-sync", "--pgdata"])
                .arg(dir.join("data"))
                .current_dir(&dir);
            run(&mut initdb)?;
        }
        let port = free_port()?;
        let process = spawn(&bin, &dir, port)?;
        let mut cluster = Self {
            dir,
            bin,
            port,
            process,
        };
        cluster.wait_ready()?;
        if cluster
            .query(
                "postgres",
                "select 1 from pg_database where datname = 'branchline'",
            )?
            .is_empty()
        {
            cluster.query("postgres", "create database branchline")?;
        }
        Ok(cluster)
    }

    /// `postgres://branchline@127.0.0.1:PORT/branchline`.
    pub fn url(&self) -> String {
        format!("postgres://branchline@127.0.0.1:{}/branchline", self.port)
    }

    /// The same database over the socket, as `host=DIR ..`.
    pub fn socket_url(&self) -> String {
        let dir = self.dir.display();
        format!(
            "host={dir} port={} dbname=branchline user=branchline",
            self.port
        )
    }

    /// What a statement returns in the database `branchline`: lines of `|`-separated values.
    pub fn ask(&self, sql: &str) -> anyhow::Result<Vec<String>> {
        self.query("branchline", sql)
    }

    /// Kills the server at once, as a power cut would its memory.
    pub fn kill(&mut self) {
        // QUIT is PostgreSQL's immediate shutdown: no checkpoint, its children go with it.
        self.process.signal("QUIT");
        let _ = wait_for(START, || (!self.process.is_running()).then_some(()));
        self.process.kill();
    }

    /// Starts it again on the same port.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        if self.process.is_running() {
            self.kill();
        }
        self.process = spawn(&self.bin, &self.dir, self.port)?;
        self.wait_ready()
    }

    fn wait_ready(&mut self) -> anyhow::Result<()> {
        let ready = wait_for(START, || self.query("postgres", "select 1").ok());
        if ready.is_none() {
            bail!(
                "PostgreSQL does not answer, see {}",
                self.dir.join("postgres.log").display()
            );
        }
        Ok(())
    }

    fn query(&self, database: &str, sql: &str) -> anyhow::Result<Vec<String>> {
        let output = Command::new(self.bin.join("psql"))
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                "branchline",
            ])
            .args([
                "-d",
                database,
                "-X",
                "-A",
                "-t",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                sql,
            ])
            .output()?;
        if !output.status.success() {
            bail!("{sql}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?
            .lines()
            .map(str::to_owned)
            .collect())
    }
}

fn spawn(bin: &Path, dir: &Path, port: u16) -> anyhow::Result<Process> {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(dir.join("postgres.log"))?;
    let mut command = as_nobody(&bin.join("postgres"))?;
    command
        .arg("-D")
        .arg(dir.join("data"))
        .args(["-p", &port.to_string()])
        .arg("-k")
        .arg(dir);
    command
        .args(["-c", "listen_addresses=127.0.0.1"])
        .current_dir(dir)
        .stderr(Stdio::from(log));
    Process::start("PostgreSQL", &mut command)
}

fn binaries() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let found = versions
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists());
    found
        .max()
        .context("PostgreSQL is not installed\nhint: run scripts/setup run")
}

fn is_root() -> anyhow::Result<bool> {
    Ok(String::from_utf8(Command::new("id").arg("-u").output()?.stdout)?.trim() == "0")
}

/// The program as `nobody` where we are root; `setpriv` keeps the process id ours.
fn as_nobody(program: &Path) -> anyhow::Result<Command> {
    if !is_root()? {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
        .arg(program);
    Ok(command)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output()?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
