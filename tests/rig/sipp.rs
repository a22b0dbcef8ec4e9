//! SIPp as a carrier: runs one of our scenarios against a box.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::bail;

use crate::root;

/// Where SIPp's own ports lie: below the system's ephemeral ones (32768 and up), above the box's media.
const PORTS: Range<u16> = 28_000..32_000;
/// Ports of one SIPp: SIP, and from [`MEDIA`] on RTP and RTCP of sound and of video, which it binds unasked.
const RUN: u16 = 8;
pub(crate) const MEDIA: u16 = 2;
/// Lines of SIPp's output told from its begin (why it did not start) and its end (what it counted).
const TOLD: usize = 25;

/// A SIPp run under way.
#[derive(Debug)]
pub struct Sipp {
    name: String,
    child: Child,
    log: PathBuf,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Scenario<'a> {
    /// File below `tests/interop`, without `.xml`.
    pub name: &'a str,
    /// Key to press, where the scenario presses one.
    pub digit: Option<char>,
    /// Number dialled.
    pub number: &'a str,
    /// Milliseconds between the last act and the BYE.
    pub hold_ms: u32,
    /// Calls in all, and calls a second.
    pub calls: (u32, u32),
}

impl Sipp {
    /// Starts it over UDP; scenario and logs lie in `dir`.
    pub fn start(dir: &Path, sip: SocketAddr, scenario: &Scenario<'_>) -> anyhow::Result<Self> {
        Self::start_by(dir, sip, scenario, "u1")
    }

    /// Starts it over one of SIPp's transports: `u1`, `t1` for one TCP connection, `tn` for one a call.
    pub fn start_by(
        dir: &Path,
        sip: SocketAddr,
        scenario: &Scenario<'_>,
        transport: &str,
    ) -> anyhow::Result<Self> {
        let source = root()
            .join("tests/interop")
            .join(format!("{}.xml", scenario.name));
        let digit = scenario.digit.map(String::from).unwrap_or_default();
        let text = std::fs::read_to_string(source)?.replace("DIGIT", &digit);
        let name = format!("{}{digit}", scenario.name);
        let file = dir.join(format!("{name}.xml"));
        std::fs::write(&file, text)?;
        let log = dir.join(format!("{name}.log"));
        let output = std::fs::File::create(&log)?;
        let ports = free_ports()?;
        let child = Command::new("sipp")
            .arg(sip.to_string())
            .args(["-t", transport, "-max_socket", "1000", "-sf"])
            .arg(&file)
            .args([
                "-s",
                scenario.number,
                "-i",
                "127.0.0.1",
                "-mi",
                "127.0.0.1",
                "-nostdin",
            ])
            .args([
                "-m",
                &scenario.calls.0.to_string(),
                "-r",
                &scenario.calls.1.to_string(),
            ])
            .args([
                "-d",
                &scenario.hold_ms.to_string(),
                "-l",
                "10000",
                "-timeout",
                "120",
            ])
            .args(["-recv_timeout", "20000"])
            .args(["-p", &ports.to_string()])
            .args(["-mp", &(ports + MEDIA).to_string()])
            .current_dir(dir)
            .stdout(Stdio::from(output.try_clone()?))
            .stderr(Stdio::from(output))
            .spawn()?;
        Ok(Self { name, child, log })
    }

    /// Ends it in the middle of its calls.
    pub fn abandon(mut self) {
        // Fails only where it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end; an error when a call failed.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        if !status.success() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().filter(|line| !line.is_empty()).collect();
            let begin = &lines[..lines.len().min(TOLD)];
            let end = &lines[lines.len().saturating_sub(TOLD).max(begin.len())..];
            bail!(
                "SIPp {} ended with {status}\n{}\n[..]\n{}",
                self.name,
                begin.join("\n"),
                end.join("\n")
            );
        }
        Ok(())
    }
}

/// The first of [`RUN`] free ports below those that the system hands out by itself.
///
/// Several SIPps at once must not share their default ports. A port that the system gave for UDP is
/// no port of ours for TCP: any connection of any program may hold it, and SIPp then ends at once.
pub(crate) fn free_ports() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let runs = (PORTS.end - PORTS.start) / RUN;
    let first = u16::try_from(std::process::id() % u32::from(runs))?;
    let is_free = |port: u16| {
        let address = ("127.0.0.1", port);
        UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok()
    };
    for _ in 0..runs {
        let run = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % runs;
        let port = PORTS.start + run * RUN;
        if (port..port + RUN).all(is_free) {
            return Ok(port);
        }
    }
    bail!("no {RUN} free ports in {PORTS:?}")
}
