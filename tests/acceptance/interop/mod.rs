//! Each feature of the box's SIP proved over the wire: SIPp plays the scenarios of `tests/interop`.
//!
//! A peer of a scenario fails by itself where the box acts otherwise; the tests here ask for what is
//! left behind: the record, and what the other side saw.

mod accounts;
mod crossings;
mod early;
mod endings;
mod identity;
mod keys;
mod protected;
mod timers;
mod transfers;

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;

use rig::appliance::{Appliance, Options};
use rig::baresip::{Account, Baresip};
use rig::peer::{Part, Peer, Seen};
use rig::process::wait_for;
use rig::records::{Row, records};
use tempfile::TempDir;

use crate::calls::{SOON, site};

/// A phone is registered, a tone is heard so soon.
const WAIT: Duration = Duration::from_secs(15);
/// Where the phone is that calls; carriers are elsewhere on loopback.
const PHONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Its user and password.
const LOGIN: (&str, &str) = ("1001", "kingfisher-1");

/// Four phones, somewhere to wait, and nothing that a call outside would cost or ask.
const SITE: &str = r#"
[site]
name = "interop"
record = false
speech = false
[plan]
country = "86"
[protection]
allow = ["*"]
[device.1001]
password = "kingfisher-1"
nets = ["127.0.0.0/8"]
[device.1002]
password = "kingfisher-2"
nets = ["127.0.0.0/8"]
[device.1003]
password = "kingfisher-3"
nets = ["127.0.0.0/8"]
[device.1004]
password = "kingfisher-4"
nets = ["127.0.0.0/8"]
[number."4000"]
queue = "wait"
[queue.wait]
max_wait = "60s"
then = "hangup"
"#;

/// A carrier of the site: called at `sip` for the numbers that begin with `prefix`; `trunk` and
/// `account` are more lines of its two tables.
fn carrier(prefix: &str, sip: SocketAddrV4, trunk: &str, account: &str) -> String {
    format!(
        "[trunk.c{prefix}]\n{trunk}\n[trunk.c{prefix}.account]\nserver = \"{sip}\"\n{account}\n\
         [route.c{prefix}]\nmatch = [\"{prefix}*\"]\ntrunk = [\"c{prefix}\"]\n"
    )
}

/// Its server says nothing to OPTIONS: it plays one call.
const MUTE: &str = "keepalive = \"off\"";

/// A box, and what it leaves behind.
struct World {
    options: Options,
    appliance: Appliance,
}

impl World {
    /// The phones and `carriers`.
    fn start(dir: &TempDir, carriers: &str) -> Self {
        let options = Options {
            data: dir.path().join("box"),
            site: Some(site(dir.path(), &format!("{SITE}{carriers}"))),
            tcp: true,
            ..Options::default()
        };
        let appliance = Appliance::start(&options).unwrap();
        Self { options, appliance }
    }

    /// A phone plays `part`, which calls.
    fn calls(&self, dir: &Path, part: &Part<'_>) -> Peer {
        Peer::calls(dir, self.appliance.sip, part).unwrap()
    }

    /// A phone of `device` that plays `part` when it is called, registered.
    fn called(&self, dir: &Path, part: &Part<'_>, device: &str) -> Peer {
        let peer = Peer::waits(dir, part).unwrap();
        let password = format!("kingfisher-{}", &device[3..]);
        let register = Part {
            words: &[("CONTACT", &peer.sip.port().to_string())],
            number: device,
            login: (device, &password),
            ..Part::of("register", part.host)
        };
        self.seen(self.calls(dir, &register));
        peer
    }

    /// A desk phone of `device`, registered; `more` are parameters of its account.
    fn desk(&self, dir: &TempDir, device: &str, tone: f64, more: &str) -> Baresip {
        let account = Account {
            user: device,
            password: &format!("kingfisher-{}", &device[3..]),
            registrar: self.appliance.sip,
            tone,
            more,
            codec: "PCMA/8000/1",
            ca: None,
            inside: None,
        };
        let mut desk = Baresip::start(&dir.path().join(device), &account).unwrap();
        let registered = desk.wait_registered("OK", WAIT);
        registered.unwrap_or_else(|why| panic!("{why}\n{}", self.appliance.log_tail()));
        desk
    }

    /// Waits for the end of what `peer` plays.
    fn seen(&self, peer: Peer) -> Seen {
        let seen = peer.finish();
        seen.unwrap_or_else(|why| panic!("{why}\n{}", self.appliance.log_tail()))
    }

    /// The record of the call to `number`.
    fn row(&self, number: &str) -> Row {
        let is_it = |row: &Row| row.body["parties"]["to"] == number;
        let found = wait_for(SOON, || {
            records(&self.options.data).ok()?.into_iter().find(is_it)
        });
        let all = records(&self.options.data);
        found.unwrap_or_else(|| panic!("no record of {number} in {all:?}"))
    }
}

/// A phone that plays `scenario` towards `number`.
fn phone<'a>(scenario: &'a str, number: &'a str) -> Part<'a> {
    Part {
        number,
        login: LOGIN,
        ..Part::of(scenario, PHONE)
    }
}

/// The address 127.0.0.`last`.
fn host(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, last)
}
