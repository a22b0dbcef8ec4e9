//! One child process of a test or the demo: started, read line by line, ended by its own pid.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddrV4;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// How long a process may take to end after SIGTERM before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// A running child. Dropping it ends it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts a command; its standard output is read, its standard error goes to ours or to a file.
    pub fn start(name: &str, command: &mut Command) -> anyhow::Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("could not start {name}"))?;
        let output = child.stdout.take().context("standard output is a pipe")?;
        let (line, lines) = channel();
        std::thread::spawn(move || {
            for text in BufReader::new(output).lines().map_while(Result::ok) {
                if line.send(text).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            name: name.to_owned(),
            child,
            lines,
        })
    }

    /// The next line of its standard output.
    pub fn line(&mut self, limit: Duration) -> anyhow::Result<String> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => {
                bail!("{} said nothing for {} s", self.name, limit.as_secs())
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait()?;
                bail!("{} ended early with {status}", self.name)
            }
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal by name, e.g. `TERM` or `KILL`.
    pub fn signal(&self, signal: &str) {
        // A process that is gone already has what it was to get.
        let _ = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(self.pid().to_string())
            .status();
    }

    /// Kills it at once and waits until it is gone.
    pub fn kill(&mut self) {
        // Fails only where it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, and kills it where it does not. Whether it ended by itself and well.
    pub fn stop(&mut self) -> bool {
        self.signal("TERM");
        let status = wait_for(GRACE, || self.child.try_wait().ok().flatten());
        if status.is_none() {
            self.kill();
        }
        status.is_some_and(|status| status.success())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            self.stop();
        }
    }
}

/// Asks until there is an answer or the time is up. For things that no event can tell.
pub fn wait_for<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// A free TCP port on loopback. It is free now; who needs it takes it at once.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

/// Whether somebody listens on this UDP address.
pub fn is_bound(address: SocketAddrV4) -> bool {
    is_listed("/proc/net/udp", address, "")
}

/// Whether somebody takes connections on this address.
pub fn is_listening(address: SocketAddrV4) -> bool {
    // Nobody at the other end, and the state that tcp(7) calls LISTEN.
    is_listed("/proc/net/tcp", address, "00000000:0000 0A ")
}

fn is_listed(table: &str, address: SocketAddrV4, rest: &str) -> bool {
    let host = u32::from_ne_bytes(address.ip().octets());
    let entry = format!(" {host:08X}:{:04X} {rest}", address.port());
    std::fs::read_to_string(table).is_ok_and(|text| text.contains(&entry))
}
