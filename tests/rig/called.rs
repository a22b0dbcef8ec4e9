//! Who is called: a SIPp that rings, answers each call with A-law and waits for its end.
//!
//! It stands behind a proxy, or registers at a box as one of its phones.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::process::{Process, is_bound, wait_for};
use crate::root;
use crate::sipp::{MEDIA, free_ports};

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);

/// A SIPp that answers. Dropping it ends it.
#[derive(Debug)]
pub struct Called {
    process: Process,
    /// Where it takes calls, UDP.
    pub sip: SocketAddrV4,
}

impl Called {
    /// Starts it on a host of loopback with its files in `dir`; where it `echoes`, it sends back what
    /// it hears.
    pub fn start(dir: &Path, host: Ipv4Addr, echoes: bool) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let dir = &dir.canonicalize()?;
        let ports = free_ports()?;
        let sip = SocketAddrV4::new(host, ports);
        let mut sipp = Command::new("sipp");
        sipp.arg("-sf")
            .arg(root().join("tests/interop/answer.xml"))
            .args(["-i", &host.to_string(), "-mi", &host.to_string()])
            .args(["-nostdin", "-p", &sip.port().to_string()])
            .args(["-mp", &(ports + MEDIA).to_string()])
            .stderr(Stdio::null())
            .current_dir(dir);
        if echoes {
            sipp.arg("-rtp_echo");
        }
        let process = Process::start("SIPp", &mut sipp)?;
        let called = Self { process, sip };
        let is_up = wait_for(START, || is_bound(sip).then_some(()));
        is_up.context("the SIPp that is called does not listen")?;
        Ok(called)
    }

    /// Registers it at a box as `device`, for an hour.
    pub fn register(
        &self,
        dir: &Path,
        registrar: SocketAddr,
        device: &str,
        password: &str,
    ) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(root().join("tests/interop/register.xml"))?;
        let file = dir.join("register.xml");
        std::fs::write(&file, text.replace("CONTACT", &self.sip.port().to_string()))?;
        let (host, ports) = (*self.sip.ip(), free_ports()?);
        let output = Command::new("sipp")
            .arg(registrar.to_string())
            .arg("-sf")
            .arg(&file)
            .args(["-s", device, "-au", device, "-ap", password])
            .args(["-i", &host.to_string(), "-nostdin", "-m", "1"])
            .args(["-timeout", "20", "-recv_timeout", "5000"])
            .args(["-p", &ports.to_string()])
            .args(["-mp", &(ports + MEDIA).to_string()])
            .current_dir(dir)
            .output()
            .context("SIPp could not be started")?;
        if !output.status.success() {
            bail!(
                "{device} could not register: {}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        // It would wait for its last calls.
        self.process.kill();
    }
}
