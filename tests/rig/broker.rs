//! A mosquitto of our own: loopback, a free port, no persistence beyond its folder.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::process::{Process, free_port, wait_for};

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);

/// A running broker.
#[derive(Debug)]
pub struct Broker {
    dir: PathBuf,
    port: u16,
    certificates: Option<PathBuf>,
    process: Process,
}

impl Broker {
    /// Starts one with its files in `dir`.
    pub fn start(dir: &Path) -> anyhow::Result<Self> {
        Self::start_as(dir, None)
    }

    /// Starts one that speaks TLS and asks its clients for certificates: `ca.pem`, `broker.pem`
    /// and `broker.key` lie in `certificates`.
    pub fn start_tls(dir: &Path, certificates: &Path) -> anyhow::Result<Self> {
        Self::start_as(dir, Some(certificates))
    }

    fn start_as(dir: &Path, certificates: Option<&Path>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let port = free_port()?;
        let process = spawn(dir, port, certificates)?;
        Ok(Self {
            dir: dir.to_owned(),
            port,
            certificates: certificates.map(Path::to_owned),
            process,
        })
    }

    /// `mqtt://127.0.0.1:PORT`, or `mqtts://` with TLS.
    pub fn url(&self) -> String {
        let tls = self.certificates.as_ref().map_or("", |_| "s");
        format!("mqtt{tls}://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it (SIGKILL): whatever it held in memory is gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.process.kill();
        self.process = spawn(&self.dir, self.port, self.certificates.as_deref())?;
        Ok(())
    }
}

fn spawn(dir: &Path, port: u16, certificates: Option<&Path>) -> anyhow::Result<Process> {
    let config = dir.join("mosquitto.conf");
    let mut text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n\
         max_queued_messages 10000\nmax_inflight_messages 100\n"
    );
    if let Some(dir) = certificates.map(Path::display) {
        // As root it would change to a user who cannot read the key; of others it asks nothing.
        text += &format!(
            "cafile {dir}/ca.pem\ncertfile {dir}/broker.pem\nkeyfile {dir}/broker.key\n\
             require_certificate true\nuser root\n"
        );
    }
    std::fs::write(&config, text)?;
    let log = std::fs::File::create(dir.join("mosquitto.log"))?;
    let program = [
        "/usr/sbin/mosquitto",
        "/usr/local/sbin/mosquitto",
        "/usr/bin/mosquitto",
    ]
    .into_iter()
    .find(|path| Path::new(path).exists())
    .context("mosquitto is not installed\nhint: run scripts/setup run")?;
    let mut command = Command::new(program);
    command.arg("-c").arg(&config).stderr(Stdio::from(log));
    let mut process = Process::start("mosquitto", &mut command)?;
    let up = wait_for(START, || TcpStream::connect(("127.0.0.1", port)).ok());
    if up.is_none() {
        process.kill();
        bail!(
            "mosquitto does not listen, see {}",
            dir.join("mosquitto.log").display()
        );
    }
    Ok(process)
}
