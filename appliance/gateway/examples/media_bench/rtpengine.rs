//! The peer of the relay bench: Debian's rtpengine in user space, on one thread, told by its own
//! protocol what a SIP proxy would tell it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::traffic::Phone;

const PROGRAM: &str = "/usr/bin/rtpengine";
/// Ports of its streams, four a call: below those that the system hands out to the phones.
const PORTS: [&str; 2] = ["--port-min=16000", "--port-max=27998"];
const PATIENCE: Duration = Duration::from_secs(10);

/// A running rtpengine.
#[derive(Debug)]
pub(crate) struct Rtpengine {
    process: Child,
    control: UdpSocket,
    cookie: u32,
}

impl Rtpengine {
    /// Whether this machine has it.
    pub(crate) fn is_installed() -> bool {
        Path::new(PROGRAM).exists()
    }

    /// Starts it as our media thread runs, on the last core and in real time where that is granted;
    /// none where it is not installed.
    pub(crate) fn start() -> anyhow::Result<Option<Self>> {
        if !Self::is_installed() {
            return Ok(None);
        }
        let last = std::thread::available_parallelism()?.get() - 1;
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        control.connect((Ipv4Addr::LOCALHOST, port))?;
        control.set_read_timeout(Some(Duration::from_millis(500)))?;
        let process = Command::new("taskset")
            .args(["--cpu-list", &last.to_string(), PROGRAM])
            .args(["--config-file=none", "--table=-1", "--interface=127.0.0.1"])
            .arg(format!("--listen-ng=127.0.0.1:{port}"))
            .args(PORTS)
            .args(["--foreground", "--num-threads=1"])
            .args(["--log-stderr", "--log-level=3", "--no-log-timestamps"])
            .args(["--scheduling=fifo", "--priority=40"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("rtpengine could not be started")?;
        let mut engine = Self {
            process,
            control,
            cookie: 0,
        };
        let deadline = Instant::now() + PATIENCE;
        while engine.ask(&[("command", "ping")], &[]).is_err() {
            anyhow::ensure!(Instant::now() < deadline, "rtpengine does not answer");
        }
        Ok(Some(engine))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Joins two phones; each is connected to the port that it shall send to.
    pub(crate) fn bridge(&mut self, n: usize, one: &Phone, two: &Phone) -> anyhow::Result<()> {
        let call = format!("call-{n}");
        let offer = self.describe("offer", &call, one)?;
        let answer = self.describe("answer", &call, two)?;
        // The offer comes back with where `two` sends to, the answer with where `one` does.
        two.connect(offer)?;
        one.connect(answer)
    }

    fn describe(&mut self, command: &str, call: &str, phone: &Phone) -> anyhow::Result<u16> {
        let port = phone.address()?.port();
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
        );
        let mut words = vec![
            ("command", command),
            ("call-id", call),
            ("from-tag", "one"),
            ("sdp", &sdp),
            ("ICE", "remove"),
        ];
        if command == "answer" {
            words.push(("to-tag", "two"));
        }
        let reply = self.ask(&words, &["replace"])?;
        let line = reply.split("m=audio ").nth(1);
        let port = line.and_then(|rest| rest.split(' ').next()?.parse().ok());
        port.with_context(|| format!("rtpengine answered {command} without a port: {reply}"))
    }

    /// One exchange of its protocol: a cookie and a bencoded dictionary, keys in order.
    fn ask(&mut self, words: &[(&str, &str)], replace: &[&str]) -> anyhow::Result<String> {
        self.cookie += 1;
        let word = |text: &str| format!("{}:{text}", text.len());
        let mut entries: BTreeMap<&str, String> = words
            .iter()
            .map(|(key, value)| (*key, word(value)))
            .collect();
        if !replace.is_empty() {
            entries.insert("replace", format!("l{}e", word("origin")));
        }
        let body: String = entries
            .iter()
            .map(|(key, value)| word(key) + value)
            .collect();
        let message = format!("{} d{body}e", self.cookie);
        self.control.send(message.as_bytes())?;
        let mut buffer = [0; 8_192];
        let length = self.control.recv(&mut buffer)?;
        let reply = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if reply.contains("6:result5:error") {
            bail!("rtpengine refused: {reply}");
        }
        Ok(reply)
    }
}

impl Drop for Rtpengine {
    fn drop(&mut self) {
        // It is gone already, or is now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
