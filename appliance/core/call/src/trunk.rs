//! A trunk: a carrier that may send us calls, and that we may call.
//!
//! Plain data out of the site file; `gate` and `switchboard` decide with it. Carriers are data,
//! never branches.

use std::fmt;
use std::time::Duration;

use sip::Transport;

use crate::net::Net;
use crate::sound::Sound;

/// One carrier's account at this box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// The name from the site file; goes into records and metrics.
    pub name: String,
    /// Whether it is believed who calls, and told who calls (the trust domain of RFC 3325).
    pub trusted: bool,
    /// Addresses it calls from; empty where only the password counts.
    pub peers: Vec<Net>,
    /// Digest credentials; where addresses are given too, both must hold.
    pub login: Option<Login>,
    /// How we call it; `None` where it only calls us.
    pub outbound: Option<Outbound>,
    /// What it may speak.
    pub sound: Sound,
}

/// How a trunk is called. Made by [`Outbound::at`] and then changed field by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Name or address of the carrier's server, with `:port` where one is written.
    pub host: String,
    /// What carries SIP there; what its name says (RFC 3263) where `None`.
    pub transport: Option<Transport>,
    /// The SIP domain in our addresses, where it is not the server's name.
    pub domain: Option<String>,
    /// Our user there (address of record); the login's name where none is given.
    pub user: Option<String>,
    /// Digest credentials for its challenges.
    pub login: Option<Login>,
    /// Whether it wants us to register.
    pub register: bool,
    /// How often it is asked by OPTIONS whether it is there, where we do not register; never where
    /// `None`.
    pub keepalive: Option<Duration>,
    /// How calls to it are made.
    pub manner: Manner,
}

/// How calls to a carrier are made: plain data, from its template or the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// How it is told who calls.
    pub identity: Identity,
    /// Whether numbers are marked as such in our URIs (`user=phone`, RFC 3261 19.1.1).
    pub user_phone: bool,
    /// Whether it may answer with reliable 1xx (RFC 3262).
    pub reliable: bool,
    /// The session interval that we ask for (RFC 4028); the carrier's wish where `None`.
    pub session: Option<Duration>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            identity: Identity::From,
            user_phone: false,
            reliable: true,
            session: None,
        }
    }
}

/// How a carrier is told who calls (RFC 3325).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// By From alone.
    From,
    /// We ask it to assert a number of ours: P-Preferred-Identity.
    Preferred,
    /// It takes our word: P-Asserted-Identity.
    Asserted,
}

impl Outbound {
    /// A server that wants neither registration nor password.
    pub fn at(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            transport: None,
            domain: None,
            user: None,
            login: None,
            register: false,
            keepalive: None,
            manner: Manner::default(),
        }
    }
}

/// Digest user and password of a trunk or a device.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let login = Login {
            username: "carrier".into(),
            password: "s3cret".into(),
        };
        assert!(!format!("{login:?}").contains("s3cret"));
    }
}
