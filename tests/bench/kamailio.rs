//! The peer of the answer bench: Kamailio as a stateful proxy before a SIPp that answers.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rig::process::{Process, wait_for};
use rig::root;

use crate::usage;

const PROGRAM: &str = "/usr/sbin/kamailio";
/// How long each of both may take to listen.
const START: Duration = Duration::from_secs(20);

/// A running proxy and who answers behind it.
#[derive(Debug)]
pub(crate) struct Kamailio {
    proxy: Process,
    called: Process,
    /// Where it takes calls.
    pub(crate) sip: SocketAddr,
}

impl Kamailio {
    /// Starts both with their files in `dir`; none where Kamailio is not installed.
    pub(crate) fn start(dir: &Path) -> anyhow::Result<Option<Self>> {
        if !Path::new(PROGRAM).exists() {
            return Ok(None);
        }
        std::fs::create_dir_all(dir)?;
        let dir = &dir.canonicalize()?;
        let (here, there) = free_ports()?;
        let text = std::fs::read_to_string(root().join("tests/interop/kamailio.cfg"))?
            .replace("PROXY", &here.to_string())
            .replace("CALLED", &there.to_string());
        let config = dir.join("kamailio.cfg");
        std::fs::write(&config, text)?;

        let mut sipp = Command::new("sipp");
        sipp.arg("-sf")
            .arg(root().join("tests/interop/answer.xml"))
            .args(["-i", "127.0.0.1", "-mi", "127.0.0.1", "-nostdin", "-p"])
            .arg(there.to_string())
            .stderr(Stdio::null())
            .current_dir(dir);
        let called = Process::start("SIPp", &mut sipp)?;
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
        let proxy = Process::start("Kamailio", &mut kamailio)?;
        let up = || (usage::is_bound(here) && usage::is_bound(there)).then_some(());
        if wait_for(START, up).is_none() {
            let log = std::fs::read_to_string(dir.join("kamailio.log")).unwrap_or_default();
            bail!("Kamailio or the SIPp behind it does not listen\n{log}");
        }
        Ok(Some(Self {
            proxy,
            called,
            sip: SocketAddr::from((Ipv4Addr::LOCALHOST, here)),
        }))
    }

    /// Process id of the proxy; its workers are its children.
    pub(crate) fn pid(&self) -> u32 {
        self.proxy.pid()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        self.proxy.stop();
        // SIPp would wait for its last calls.
        self.called.kill();
    }
}

/// Two UDP ports that are free now; who needs them takes them at once.
fn free_ports() -> anyhow::Result<(u16, u16)> {
    let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no free UDP port");
    let (one, two) = (bind()?, bind()?);
    Ok((one.local_addr()?.port(), two.local_addr()?.port()))
}
