//! SIPp as whoever one call needs: a carrier's server, a phone that calls, a phone that is called.
//!
//! It plays one scenario of `tests/interop`, as a rule for one call, keeps every message it saw, and fails
//! where the box does not act as the scenario says.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::process::{is_bound, is_listening, wait_for};
use crate::root;
use crate::sipp::{MEDIA, free_ports};

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);
/// How long it may take to see its call through.
const CALL: Duration = Duration::from_secs(40);
/// Bytes of its messages told where it failed.
const TOLD: usize = 12_000;

/// The part that a peer plays.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// File below `tests/interop`, without `.xml`.
    pub scenario: &'a str,
    /// What stands in it for words in capitals.
    pub words: &'a [(&'a str, &'a str)],
    /// Its address on loopback.
    pub host: Ipv4Addr,
    /// Number it calls, or user it registers.
    pub number: &'a str,
    /// What it proves itself with.
    pub login: (&'a str, &'a str),
    /// One of SIPp's transports: `u1`, `t1`.
    pub transport: &'a str,
    /// Calls of the scenario: more than one where the box tries again.
    pub calls: u32,
    /// Whether it sends again what is not answered. SIPp takes an ACK that comes again for one that
    /// wants the answer again, so who says an answer twice says no more than that.
    pub repeats: bool,
    /// Milliseconds of a pause without a length of its own.
    pub hold_ms: u32,
}

impl<'a> Part<'a> {
    /// A part without words, over UDP.
    pub fn of(scenario: &'a str, host: Ipv4Addr) -> Self {
        Self {
            scenario,
            words: &[],
            host,
            number: "peer",
            login: ("peer", "peer"),
            transport: "u1",
            calls: 1,
            repeats: true,
            hold_ms: 100,
        }
    }
}

/// A SIPp that plays its part. Dropping it ends it.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    scenario: String,
    log: PathBuf,
    errors: PathBuf,
    /// Where it is.
    pub sip: SocketAddrV4,
}

impl Peer {
    /// Starts one that waits for a call; with its files in `dir`.
    pub fn waits(dir: &Path, part: &Part<'_>) -> anyhow::Result<Self> {
        let mut peer = Self::start(dir, None, part)?;
        let is_up = wait_for(START, || {
            if !matches!(peer.child.try_wait(), Ok(None)) {
                return Some(false);
            }
            let is_up = match part.transport {
                "u1" => is_bound(peer.sip),
                _ => is_listening(peer.sip),
            };
            is_up.then_some(true)
        });
        if is_up != Some(true) {
            let errors = std::fs::read_to_string(&peer.errors).unwrap_or_default();
            bail!("{} does not listen\n{errors}", part.scenario);
        }
        Ok(peer)
    }

    /// Starts one that calls `box_sip`; with its files in `dir`.
    pub fn calls(dir: &Path, box_sip: SocketAddr, part: &Part<'_>) -> anyhow::Result<Self> {
        Self::start(dir, Some(box_sip), part)
    }

    fn start(dir: &Path, to: Option<SocketAddr>, part: &Part<'_>) -> anyhow::Result<Self> {
        let ports = free_ports()?;
        let name = format!("{}-{ports}", part.scenario);
        let source = root().join(format!("tests/interop/{}.xml", part.scenario));
        let mut text = std::fs::read_to_string(&source)
            .with_context(|| format!("no `{}`", source.display()))?;
        for (word, value) in part.words {
            text = text.replace(word, value);
        }
        let dir = &dir.canonicalize()?;
        let file = dir.join(format!("{name}.xml"));
        std::fs::write(&file, text)?;
        let (log, errors) = (
            dir.join(format!("{name}.messages")),
            dir.join(format!("{name}.errors")),
        );
        let (host, sip) = (part.host.to_string(), SocketAddrV4::new(part.host, ports));
        let mut sipp = Command::new("sipp");
        if let Some(to) = to {
            sipp.arg(to.to_string());
        }
        if !part.repeats {
            sipp.arg("-nr");
        }
        let child = sipp
            .arg("-sf")
            .arg(&file)
            .args(["-t", part.transport, "-s", part.number])
            .args(["-au", part.login.0, "-ap", part.login.1])
            // A Call-ID that may stand in a URI as it is.
            .args(["-cid_str", "%u-%p-%s"])
            .args(["-i", &host, "-mi", &host, "-nostdin"])
            .args(["-m", &part.calls.to_string()])
            .args(["-d", &part.hold_ms.to_string(), "-recv_timeout", "20000"])
            .args(["-timeout", &CALL.as_secs().to_string(), "-trace_msg"])
            .arg("-message_file")
            .arg(&log)
            .arg("-trace_err")
            .arg("-error_file")
            .arg(&errors)
            .args(["-p", &ports.to_string()])
            .args(["-mp", &(ports + MEDIA).to_string()])
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("SIPp could not be started")?;
        Ok(Self {
            child,
            scenario: part.scenario.to_owned(),
            log,
            errors,
            sip,
        })
    }

    /// What it saw until now.
    pub fn seen(&self) -> Seen {
        Seen(std::fs::read_to_string(&self.log).unwrap_or_default())
    }

    /// Waits until its call is over, and gives what it saw; an error where the call did not go by
    /// the scenario.
    pub fn finish(mut self) -> anyhow::Result<Seen> {
        let status = wait_for(CALL, || self.child.try_wait().ok().flatten());
        let seen = self.seen();
        if status.as_ref().is_some_and(ExitStatus::success) {
            return Ok(seen);
        }
        let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
        let end = seen.0.len().saturating_sub(TOLD);
        let end = (end..=seen.0.len()).find(|at| seen.0.is_char_boundary(*at));
        bail!(
            "{} ended with {status:?}\n{errors}\n[..]{}",
            self.scenario,
            &seen.0[end.unwrap_or_default()..]
        )
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Fails only where it is gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The messages that a peer saw, as SIPp's trace tells them.
#[derive(Clone, Debug)]
pub struct Seen(String);

impl Seen {
    /// The messages that came from the box and begin with `start`, e.g. `BYE ` or `SIP/2.0 200`.
    pub fn came(&self, start: &str) -> Vec<&str> {
        let blocks = self.0.split("\n-----").filter_map(|block| {
            let (head, message) = block.split_once("\n\n")?;
            head.contains("message received").then_some(message)
        });
        blocks
            .filter(|message| message.starts_with(start))
            .collect()
    }

    /// The only message that begins with `start`.
    pub fn only(&self, start: &str) -> &str {
        match self.came(start).as_slice() {
            [one] => one,
            all => panic!(
                "{} messages `{start}` instead of one\n{}",
                all.len(),
                self.0
            ),
        }
    }
}

/// The value of the first header field `name` of a message; empty where there is none.
pub fn header<'m>(message: &'m str, name: &str) -> &'m str {
    let found = message.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    });
    found.unwrap_or_default()
}
