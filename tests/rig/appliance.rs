//! The real box as a child process, on loopback and free ports, or in a network namespace of a test.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;

use crate::netns::Namespace;
use crate::process::Process;
use crate::{binary, root};

/// How long the box may take to be ready.
const START: Duration = Duration::from_secs(60);

/// What to start it with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder of records, recordings, keys.
    pub data: PathBuf,
    /// Broker to sync to.
    pub broker: Option<String>,
    /// Site text for the first start.
    pub site: Option<PathBuf>,
    /// Its boot file.
    pub config: Option<PathBuf>,
    /// Installed model packs; without them it does not listen to speech.
    pub packs: Option<PathBuf>,
    /// Where it takes SIP, for one that starts again; a free port where not.
    pub sip: Option<SocketAddr>,
    /// Calls at once.
    pub max_calls: Option<usize>,
    /// Whether it takes SIP over TCP.
    pub tcp: bool,
    /// Certificate and key of SIP over TLS, where it takes that.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// What libasound reads for the box's sound cards, in place of this machine's own configuration.
    pub alsa: Option<PathBuf>,
    /// Where it runs, and its address there; on loopback where not.
    pub inside: Option<(Namespace, IpAddr)>,
}

/// A running box.
#[derive(Debug)]
pub struct Appliance {
    process: Process,
    /// Where it takes SIP.
    pub sip: SocketAddr,
    /// Where it takes SIP over TCP.
    pub sip_tcp: Option<SocketAddr>,
    /// Where it takes SIP over TLS.
    pub sip_tls: Option<SocketAddr>,
    /// `https://127.0.0.1:PORT`.
    pub web: String,
    /// The one-time code, until a password is set.
    pub sign_in_code: Option<String>,
    /// Where its log goes.
    pub log: PathBuf,
}

impl Appliance {
    /// Starts a box and waits until it is ready.
    pub fn start(options: &Options) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&options.data)?;
        let log = options.data.join("box.log");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)?;
        let program = binary("branchline");
        let (mut command, ip) = match &options.inside {
            Some((namespace, ip)) => (namespace.enter(program), *ip),
            None => (Command::new(program), Ipv4Addr::LOCALHOST.into()),
        };
        let sip = options.sip.unwrap_or_else(|| SocketAddr::new(ip, 0));
        command.args(["run", "--json", "--sip", &sip.to_string()]);
        command.args(["--media-ip", &ip.to_string()]);
        command
            .args(["--web", "127.0.0.1:0", "--data"])
            .arg(&options.data);
        command.arg("--prompts").arg(root().join("models/prompts"));
        if let Some(file) = &options.alsa {
            command.env("ALSA_CONFIG_PATH", file);
        }
        if let Some(broker) = &options.broker {
            command.arg("--broker").arg(broker);
        }
        if let Some(site) = &options.site {
            command.arg("--site").arg(site);
        }
        if let Some(config) = &options.config {
            command.arg("--config").arg(config);
        }
        if let Some(packs) = &options.packs {
            command.arg("--packs").arg(packs);
            command
                .arg("--manifest")
                .arg(root().join("models/manifest.toml"));
        }
        if let Some(calls) = options.max_calls {
            command.args(["--max-calls", &calls.to_string()]);
        }
        if options.tcp {
            command.args(["--sip-tcp", "127.0.0.1:0"]);
        }
        if let Some((certificate, key)) = &options.tls {
            command.args(["--sip-tls", "127.0.0.1:0", "--sip-certificate"]);
            command.arg(certificate).arg("--sip-key").arg(key);
        }
        command.stderr(Stdio::from(file));
        let mut process = Process::start("branchline", &mut command)?;
        let ready = process.line(START).with_context(|| tail(&log))?;
        let ready: Value = serde_json::from_str(&ready).context("the box's ready line")?;
        let text = |key: &str| ready[key].as_str().map(str::to_owned);
        let address = |key: &str| text(key).and_then(|text| text.parse().ok());
        Ok(Self {
            sip_tcp: address("sip_tcp"),
            sip_tls: address("sip_tls"),
            sip: text("sip").context("no SIP address")?.parse()?,
            web: text("web").context("no web address")?,
            sign_in_code: text("sign_in_code"),
            process,
            log,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Power cut, as far as a process can feel one.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to stop and waits.
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// One figure of `/metrics`, by its full name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.find(|line| line.split([' ', '{']).next() == Some(name))
    }

    /// One figure of `/metrics`, by its full name with its labels.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.find(|line| {
            line.rsplit_once(' ')
                .is_some_and(|(found, _)| found == name)
        })
    }

    fn find(&self, is_it: impl Fn(&str) -> bool) -> Option<f64> {
        let mut curl = Command::new("curl");
        curl.args(["-sk", "--max-time", "5"])
            .arg(format!("{}/metrics", self.web));
        let output = curl
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let page = String::from_utf8(output.stdout).ok()?;
        let line = page.lines().find(|line| is_it(line))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    /// The end of its log, for a failing test.
    pub fn log_tail(&self) -> String {
        tail(&self.log)
    }
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(30).collect();
    format!(
        "{}:\n{}",
        log.display(),
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    )
}

/// Places one call with `branchline call` and gives its JSON report.
pub fn place_call(sip: SocketAddr, number: &str, acts: &[&str]) -> anyhow::Result<Value> {
    place_call_to(&format!("sip:{number}@{sip}"), None, acts)
}

/// Places one call to a URI, which may name its transport; `ca` is believed over TLS.
pub fn place_call_to(uri: &str, ca: Option<&Path>, acts: &[&str]) -> anyhow::Result<Value> {
    let mut command = Command::new(binary("branchline"));
    command.args(["call", "--json", uri]).args(acts);
    if let Some(ca) = ca {
        command.arg("--ca").arg(ca);
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(text.trim()).with_context(|| format!("the caller said `{text}`"))
}
