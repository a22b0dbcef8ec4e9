//! Debian's Kamailio as a child process: a proxy of ours beside or in front of a box.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::bail;

use crate::process::{Process, is_bound, wait_for};
use crate::root;
use crate::sipp::free_ports;

const PROGRAM: &str = "/usr/sbin/kamailio";
/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub struct Kamailio {
    proxy: Process,
    /// Where it takes calls.
    pub sip: SocketAddr,
}

impl Kamailio {
    /// Whether this machine has it.
    pub fn is_installed() -> bool {
        Path::new(PROGRAM).exists()
    }

    /// Starts it with its files in `dir` and the configuration `name` of `tests/interop`, whose PROXY
    /// is its own port; `words` are put in for others.
    pub fn start(dir: &Path, name: &str, words: &[(&str, u16)]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let dir = &dir.canonicalize()?;
        let port = free_ports()?;
        let mut text = std::fs::read_to_string(root().join("tests/interop").join(name))?
            .replace("PROXY", &port.to_string());
        for (word, port) in words {
            text = text.replace(word, &port.to_string());
        }
        let config = dir.join("kamailio.cfg");
        std::fs::write(&config, text)?;

        let log = std::fs::File::create(dir.join("kamailio.log"))?;
        let mut kamailio = Command::new(PROGRAM);
        kamailio
            .args(["-DD", "-E", "-m", "64", "-M", "8", "-f"])
            .arg(&config)
            .arg("-w")
            .arg(dir)
            .arg("-Y")
            .arg(dir)
            .arg("-P")
            .arg(dir.join("kamailio.pid"))
            .stderr(Stdio::from(log));
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let proxy = Process::start("Kamailio", &mut kamailio)?;
        if wait_for(START, || is_bound(address).then_some(())).is_none() {
            let log = std::fs::read_to_string(dir.join("kamailio.log")).unwrap_or_default();
            bail!("Kamailio does not listen\n{log}");
        }
        Ok(Self {
            proxy,
            sip: SocketAddr::V4(address),
        })
    }

    /// Its process id; its workers are its children.
    pub fn pid(&self) -> u32 {
        self.proxy.pid()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        self.proxy.stop();
    }
}
