//! baresip as a desk phone: registers, dials, answers, plays a tone and keeps what it hears.
//!
//! Driven over its control socket (module `ctrl_tcp`: netstrings of JSON). What it hears is written
//! by its `sndfile` filter, 16-bit WAV at 8 kHz.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use crate::netns::Namespace;
use crate::process::{Process, free_port, wait_for};
use crate::tone;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(20);
/// How often it is started: a port that was free may be another's when it comes to take it.
const TRIES: u32 = 3;
/// Longest message of its control socket.
const MAX_MESSAGE: usize = 1 << 20;
/// Seconds of its tone; the call ends when they are over.
const TONE_SECONDS: usize = 60;

/// What a phone is set up with.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// User at the box, and its number.
    pub user: &'a str,
    /// Its digest password.
    pub password: &'a str,
    /// Where the box takes SIP.
    pub registrar: SocketAddr,
    /// The tone it plays, Hz.
    pub tone: f64,
    /// Further account parameters, e.g. `mediaenc=srtp-mand`.
    pub more: &'a str,
    /// Its one codec, e.g. `PCMA/8000/1`.
    pub codec: &'a str,
    /// It speaks TLS and believes this authority (PEM); UDP without one.
    pub ca: Option<&'a Path>,
    /// Where it runs, and its address there; on loopback where not.
    pub inside: Option<(&'a Namespace, IpAddr)>,
}

/// A running phone.
#[derive(Debug)]
pub struct Baresip {
    process: Process,
    control: TcpStream,
    dir: PathBuf,
    unread: Vec<u8>,
    /// Address and transport of the box, as its URIs say them.
    registrar: String,
    user: String,
}

impl Baresip {
    /// Starts a phone with its files in `dir`.
    pub fn start(dir: &Path, account: &Account<'_>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        tone::write(&dir.join("tone.wav"), account.tone, TONE_SECONDS)?;
        std::fs::write(dir.join("contacts"), "")?;
        std::fs::write(dir.join("accounts"), line(account))?;
        for _ in 0..TRIES {
            if let Some((process, control)) = begin(&dir, account)? {
                return Ok(Self {
                    process,
                    control,
                    dir,
                    unread: Vec::new(),
                    registrar: registrar(account),
                    user: account.user.to_owned(),
                });
            }
        }
        bail!("baresip opened no control socket\nhint: scripts/setup test installs it")
    }

    /// Waits for an event of this type, e.g. `REGISTER_OK`, and gives it.
    pub fn event(&mut self, kind: &str, limit: Duration) -> anyhow::Result<Value> {
        let end = Instant::now() + limit;
        let mut seen = Vec::new();
        while Instant::now() < end {
            let Some(message) = self.message(end)? else {
                break;
            };
            if message["type"] == kind {
                return Ok(message);
            }
            seen.push(message["type"].as_str().unwrap_or("answer").to_owned());
        }
        bail!("{}: no {kind} came, only {}", self.user, seen.join(", "))
    }

    /// Waits until its registration stands as `state`: `OK` or `ERR`.
    pub fn wait_registered(&mut self, state: &str, limit: Duration) -> anyhow::Result<()> {
        let end = Instant::now() + limit;
        let mut last = String::new();
        // The event of its first registration may come before anybody listens, so it is asked.
        while Instant::now() < end {
            self.command("reginfo", "")?;
            while let Some(message) = self.message(end)? {
                if message["response"] == true {
                    message["data"]
                        .as_str()
                        .unwrap_or_default()
                        .clone_into(&mut last);
                    break;
                }
            }
            if last.contains(state) {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        bail!(
            "{}: the registration is not {state} but `{last}`",
            self.user
        )
    }

    /// Dials a number at the box.
    pub fn dial(&mut self, number: &str) -> anyhow::Result<()> {
        let uri = format!("sip:{number}@{}", self.registrar);
        self.command("dial", &uri)
    }

    /// One of baresip's commands: `accept`, `hangup`, `hold`, `resume`, `transfer URI`.
    pub fn command(&mut self, command: &str, params: &str) -> anyhow::Result<()> {
        let text = json!({"command": command, "params": params}).to_string();
        let netstring = format!("{}:{text},", text.len());
        self.control.write_all(netstring.as_bytes())?;
        Ok(())
    }

    /// What it has heard of its last call so far, as samples at 8 kHz.
    pub fn heard(&self) -> anyhow::Result<Vec<i16>> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(&self.dir)?
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with("-dec.wav"))
            .collect();
        files.sort();
        let file = files.last().context("it has heard nothing yet")?;
        tone::read(file)
    }

    /// Waits until the last half second it heard is a tone of `hz`.
    pub fn wait_for_tone(&self, hz: f64, limit: Duration) -> anyhow::Result<()> {
        let heard = || {
            let samples = self.heard().ok()?;
            let tail = samples.get(samples.len().checked_sub(tone::HALF_SECOND)?..)?;
            tone::is_in(tail, hz).then_some(())
        };
        let found = wait_for(limit, heard);
        ensure!(
            found.is_some(),
            "{}: no tone of {hz} Hz came in {} samples",
            self.user,
            self.heard().map_or(0, |samples| samples.len())
        );
        Ok(())
    }

    /// Vanishes without a word, as a phone whose cable is pulled.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    fn message(&mut self, end: Instant) -> anyhow::Result<Option<Value>> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            let Some(rest) = end.checked_duration_since(Instant::now()) else {
                return Ok(None);
            };
            // Zero would mean for ever.
            self.control
                .set_read_timeout(Some(rest.max(Duration::from_millis(1))))?;
            let mut chunk = [0; 4096];
            match self.control.read(&mut chunk) {
                Ok(0) => bail!("{}: baresip ended", self.user),
                Ok(length) => self.unread.extend_from_slice(&chunk[..length]),
                Err(_) => return Ok(None),
            }
        }
    }

    /// The first whole netstring of what was read.
    fn take(&mut self) -> anyhow::Result<Option<Value>> {
        let Some(colon) = self.unread.iter().position(|byte| *byte == b':') else {
            return Ok(None);
        };
        let length: usize = std::str::from_utf8(&self.unread[..colon])?.trim().parse()?;
        ensure!(length < MAX_MESSAGE, "baresip announced {length} bytes");
        let end = colon + 1 + length;
        if self.unread.len() <= end {
            return Ok(None);
        }
        let message = serde_json::from_slice(&self.unread[colon + 1..end])?;
        self.unread.drain(..=end);
        Ok(Some(message))
    }
}

fn registrar(account: &Account<'_>) -> String {
    let transport = account.ca.map_or("", |_| ";transport=tls");
    format!("{}{transport}", account.registrar)
}

fn line(account: &Account<'_>) -> String {
    let Account {
        user,
        password,
        more,
        codec,
        ..
    } = account;
    let registrar = registrar(account);
    format!(
        "<sip:{user}@{registrar}>;auth_user={user};auth_pass={password};regint=60;answermode=auto;\
         audio_codecs={codec};ptime=20;{more}\n"
    )
}

/// Starts the program on ports that are free now, and takes hold of its control socket; `None` where
/// it did not open one.
fn begin(dir: &Path, account: &Account<'_>) -> anyhow::Result<Option<(Process, TcpStream)>> {
    let free = UdpSocket::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let sip = SocketAddr::new(account.inside.map_or(loopback, |(_, ip)| ip), free);
    let control = free_port()?;
    std::fs::write(dir.join("config"), config(dir, sip, control, account.ca))?;
    let log = std::fs::File::create(dir.join("log"))?;
    let mut command = match account.inside {
        Some((namespace, _)) => namespace.enter("baresip"),
        None => Command::new("baresip"),
    };
    command.arg("-f").arg(dir).stderr(Stdio::from(log));
    let mut process = Process::start("baresip", &mut command)?;
    let address = SocketAddr::from(([127, 0, 0, 1], control));
    let connect = || match account.inside {
        Some((namespace, _)) => namespace.connect(address).ok(),
        None => TcpStream::connect(address).ok(),
    };
    let opened = wait_for(START, || match connect() {
        None if process.is_running() => None,
        answer => Some(answer),
    });
    Ok(opened.flatten().map(|control| (process, control)))
}

fn config(dir: &Path, sip: SocketAddr, control: u16, ca: Option<&Path>) -> String {
    let ca = ca.map_or_else(String::new, |ca| format!("sip_cafile {}\n", ca.display()));
    let (dir, ip) = (dir.display(), sip.ip());
    let modules: String = ["g711", "g722", "opus", "aufile", "srtp", "sndfile"]
        .iter()
        .map(|module| format!("module {module}.so\n"))
        .collect();
    format!(
        "poll_method epoll\nsip_listen {sip}\n{ca}net_interface {ip}\n\
         audio_source aufile,{dir}/tone.wav\naudio_player aufile,{dir}/rx.wav\n\
         audio_alert aufile,{dir}/alert.wav\nausrc_srate 8000\nauplay_srate 8000\n\
         ausrc_channels 1\nauplay_channels 1\nrtp_ports 30000-39999\nsnd_path {dir}\n\
         module_path /usr/lib/baresip/modules\n{modules}module_tmp account.so\n\
         module_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen 127.0.0.1:{control}\n"
    )
}
