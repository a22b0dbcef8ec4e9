//! What systemd is told: that the box is ready, how it fares, that it is alive, that it stops.
//!
//! Its protocol is a word per line in a datagram to the socket that `NOTIFY_SOCKET` names; where it names none nobody
//! is told. The control loop drives it each second, and it says that the box is alive only when the media thread came
//! round as well since the last time: either of the two, hung, starves the watchdog. It never waits.

use std::ffi::{OsStr, OsString};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use anyhow::Context as _;
use tracing::debug;

/// The way to systemd, and what it was told last.
#[derive(Debug)]
pub(crate) struct Supervisor {
    socket: Option<UnixDatagram>,
    has_watchdog: bool,
    /// Rounds of the media thread when it was last told that the box is alive.
    rounds: Option<u64>,
    status: String,
}

impl Supervisor {
    /// The supervisor that the environment names. A socket that is named and cannot be reached is a fault.
    pub(crate) fn from_env() -> anyhow::Result<Self> {
        let own = std::process::id().to_string();
        let is_ours = std::env::var("WATCHDOG_PID").map_or(true, |pid| pid == own);
        let watchdog = std::env::var_os("WATCHDOG_USEC").filter(|_| is_ours);
        Self::new(std::env::var_os("NOTIFY_SOCKET"), watchdog)
    }

    fn new(notify: Option<OsString>, watchdog: Option<OsString>) -> anyhow::Result<Self> {
        let socket = notify.as_deref().map(reach).transpose()?;
        let limit_us: Option<u64> = watchdog.and_then(|us| us.to_str()?.parse().ok());
        Ok(Self {
            has_watchdog: socket.is_some() && limit_us.is_some_and(|us| us > 0),
            socket,
            rounds: None,
            status: String::new(),
        })
    }

    /// Another hand on the same socket: one tells of start and end, the other each second how the box fares.
    pub(crate) fn second(&self) -> anyhow::Result<Self> {
        let socket = self.socket.as_ref().map(UnixDatagram::try_clone);
        Ok(Self {
            socket: socket.transpose().context("the supervisor's socket")?,
            has_watchdog: self.has_watchdog,
            rounds: None,
            status: String::new(),
        })
    }

    /// All ports listen.
    pub(crate) fn ready(&mut self) {
        self.tell("READY=1");
    }

    /// What `systemctl status` shows.
    pub(crate) fn status(&mut self, status: &str) {
        if self.status != status {
            status.clone_into(&mut self.status);
            self.tell(&format!("STATUS={status}"));
        }
    }

    /// The control loop came round; `rounds` says how often the media thread did. Another one than last time, and
    /// the watchdog is fed.
    pub(crate) fn alive(&mut self, rounds: u64) {
        if self.rounds.replace(rounds) != Some(rounds) && self.has_watchdog {
            self.tell("WATCHDOG=1");
        }
    }

    /// The box ends as it was told.
    pub(crate) fn stopping(&mut self) {
        self.tell("STOPPING=1\nSTATUS=stopping: running calls end, records are committed");
    }

    fn tell(&self, words: &str) {
        let Some(socket) = &self.socket else {
            return;
        };
        // A supervisor that does not read is told the next time.
        if let Err(why) = socket.send(words.as_bytes()) {
            debug!("the supervisor was not told: {why}");
        }
    }
}

/// Connects to a socket of the file system, or with `@` before it to one of the kernel's own names.
fn reach(name: &OsStr) -> anyhow::Result<UnixDatagram> {
    let said = || {
        format!(
            "could not reach the supervisor at NOTIFY_SOCKET `{}`",
            name.display()
        )
    };
    let at = match name.as_bytes().strip_prefix(b"@") {
        Some(own) => SocketAddr::from_abstract_name(own),
        None => SocketAddr::from_pathname(name),
    };
    let socket = UnixDatagram::unbound().with_context(said)?;
    socket.set_nonblocking(true).with_context(said)?;
    at.and_then(|at| socket.connect_addr(&at))
        .with_context(said)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A supervisor's end, which does not wait.
    fn at(address: &SocketAddr) -> UnixDatagram {
        let socket = UnixDatagram::bind_addr(address).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    fn heard(socket: &UnixDatagram) -> Option<String> {
        let mut words = [0; 256];
        let length = socket.recv(&mut words).ok()?;
        Some(String::from_utf8(words[..length].to_vec()).unwrap())
    }

    fn on_a_path() -> (tempfile::TempDir, UnixDatagram, OsString) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = at(&SocketAddr::from_pathname(&path).unwrap());
        (dir, socket, path.into_os_string())
    }

    #[test]
    fn ready_status_and_stopping_are_told_as_systemd_reads_them() {
        let (_dir, socket, path) = on_a_path();
        let mut supervisor = Supervisor::new(Some(path), None).unwrap();
        supervisor.ready();
        supervisor.status("2 calls");
        supervisor.status("2 calls");
        supervisor.second().unwrap().stopping();
        assert_eq!(heard(&socket).as_deref(), Some("READY=1"));
        assert_eq!(heard(&socket).as_deref(), Some("STATUS=2 calls"));
        assert!(heard(&socket).unwrap().starts_with("STOPPING=1\n"));
        assert_eq!(heard(&socket), None);
    }

    #[test]
    fn the_watchdog_is_fed_only_while_the_media_thread_comes_round() {
        let (_dir, socket, path) = on_a_path();
        let first = Supervisor::new(Some(path), Some("20000000".into())).unwrap();
        let mut supervisor = first.second().unwrap();
        for rounds in [7, 8, 8, 8, 11] {
            supervisor.alive(rounds);
        }
        let fed: Vec<_> = std::iter::from_fn(|| heard(&socket)).collect();
        assert_eq!(fed, ["WATCHDOG=1"; 3]);
    }

    #[test]
    fn nothing_is_fed_where_no_watchdog_was_asked_for() {
        let (_dir, socket, path) = on_a_path();
        for watchdog in [None, Some("0"), Some("soon")] {
            let mut supervisor =
                Supervisor::new(Some(path.clone()), watchdog.map(Into::into)).unwrap();
            supervisor.alive(1);
            assert_eq!(heard(&socket), None);
        }
    }

    #[test]
    fn a_name_of_the_kernels_own_is_reached() {
        let name = format!("branchline-test-{}", std::process::id());
        let socket = at(&SocketAddr::from_abstract_name(&name).unwrap());
        let mut supervisor = Supervisor::new(Some(format!("@{name}").into()), None).unwrap();
        supervisor.ready();
        assert_eq!(heard(&socket).as_deref(), Some("READY=1"));
    }

    #[test]
    fn without_a_supervisor_nobody_is_told_and_a_wrong_one_is_named() {
        let mut alone = Supervisor::new(None, Some("1".into())).unwrap();
        alone.ready();
        alone.alive(1);
        let why = Supervisor::new(Some("/nowhere/notify".into()), None).unwrap_err();
        assert!(why.to_string().contains("/nowhere/notify"));
    }
}
