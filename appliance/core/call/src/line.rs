//! Lines: what we can call, and what the owner says when it wants a call placed.
//!
//! Plain data out of the site file and of `Centre`; `switchboard` decides with it.

use std::time::Duration;

use crate::net::Net;
use crate::sound::Sound;
use crate::trunk::Login;

/// A phone's account at this box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The name from the site file: user part of its SIP address.
    pub name: String,
    /// Digest credentials; it shows them with every registration and call.
    pub login: Login,
    /// Networks it may register and call from; the private networks where empty.
    pub nets: Vec<Net>,
    /// What it may speak.
    pub sound: Sound,
    /// Whether it belongs to our trust domain (RFC 3325): it is told who calls even where that is
    /// hidden, and believed who it says calls.
    pub trusted: bool,
}

/// What a call is placed to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// The trunk of this name.
    Trunk(String),
    /// The device of this name: all its phones ring, the first that answers has the call.
    Device(String),
}

/// Whether the called party may see who calls (RFC 3323).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Showing {
    /// As is usual: it is shown.
    #[default]
    Usual,
    /// It is for our trust domain only: `Privacy: id`, an anonymous From.
    Hidden,
    /// The caller wants it shown, whatever is usual: `Privacy: none`.
    Open,
}

/// A call to be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Who is asked.
    pub line: Line,
    /// The number that is wanted; for a device what its phone shows as called.
    pub to: String,
    /// The number that calls, as the other side shall see it.
    pub from: String,
    /// The name that calls.
    pub display: Option<String>,
    /// Whether the called party may see it.
    pub showing: Showing,
    /// Somebody calls for help: it is sent even to a carrier that asks for fewer calls (RFC 7339).
    pub urgent: bool,
    /// Another line would carry it: a carrier that says nothing at all is given up in seconds.
    pub has_spare: bool,
    /// How long it may take until somebody answers.
    pub patience: Duration,
}
