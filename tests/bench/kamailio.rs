//! The peer of the signalling benches: Kamailio as a stateful proxy before a SIPp that answers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use rig::called::Called;
use rig::kamailio::Kamailio;

use crate::say;

/// A running proxy and who answers behind it.
#[derive(Debug)]
pub(crate) struct Proxy {
    kamailio: Kamailio,
    _called: Called,
}

impl Proxy {
    /// Starts both with their files in `dir`; none, and said so, where Kamailio is not installed.
    pub(crate) fn start(dir: &Path) -> anyhow::Result<Option<Self>> {
        if !Kamailio::is_installed() {
            say("kamailio is not installed, so it is not measured; its package is kamailio");
            return Ok(None);
        }
        let called = Called::start(dir, Ipv4Addr::LOCALHOST, false)?;
        let kamailio = Kamailio::start(dir, "kamailio.cfg", &[("CALLED", called.sip.port())])?;
        Ok(Some(Self {
            kamailio,
            _called: called,
        }))
    }

    /// Process id of the proxy; its workers are its children.
    pub(crate) fn pid(&self) -> u32 {
        self.kamailio.pid()
    }

    /// Where it takes calls.
    pub(crate) fn sip(&self) -> SocketAddr {
        self.kamailio.sip
    }
}
