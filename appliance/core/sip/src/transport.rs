//! Where messages go and come from: a transport and an address (RFC 3261 18).
//!
//! The endpoint names peers by it and its owner's sockets follow it. Nothing here opens, resolves or
//! compares anything but values.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What carries a message.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Datagrams: messages are lost, copied and sent again.
    #[default]
    Udp,
    /// A stream of bytes.
    Tcp,
    /// A stream of bytes that nobody else can read.
    Tls,
}

impl Transport {
    /// Whether the transport itself sends again what is lost (RFC 3261 17.1.1.2).
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// The name in a Via.
    pub fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// The value of a `transport` parameter.
    pub fn param(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// The transport a `transport` parameter names, whatever its case.
    pub fn from_param(value: &[u8]) -> Option<Self> {
        [Self::Udp, Self::Tcp, Self::Tls]
            .into_iter()
            .find(|t| t.param().as_bytes().eq_ignore_ascii_case(value))
    }

    /// The port where none is written (RFC 3261 19.1.2).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.param())
    }
}

/// The other end of a message's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Peer {
    /// What carries the message.
    pub transport: Transport,
    /// Its address; on a stream, the far end of the connection.
    pub addr: SocketAddr,
}

impl Peer {
    /// `addr`, reached by `transport`.
    pub fn new(transport: Transport, addr: SocketAddr) -> Self {
        Self { transport, addr }
    }
}

impl From<SocketAddr> for Peer {
    /// `addr`, reached by UDP.
    fn from(addr: SocketAddr) -> Self {
        Self::new(Transport::Udp, addr)
    }
}

impl fmt::Display for Peer {
    /// `tcp:192.0.2.1:5060`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.addr)
    }
}

/// Text that names no peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no peer\nhint: write it as 192.0.2.1:5060, tcp:192.0.2.1:5060 or tls:[2001:db8::1]:5061"
)]
pub struct PeerError(String);

impl FromStr for Peer {
    type Err = PeerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || PeerError(text.chars().take(80).collect());
        if let Ok(addr) = text.parse::<SocketAddr>() {
            return Ok(addr.into());
        }
        let (transport, addr) = text.split_once(':').ok_or_else(wrong)?;
        let transport = Transport::from_param(transport.as_bytes()).ok_or_else(wrong)?;
        let addr = addr.parse().map_err(|_| wrong())?;
        Ok(Self { transport, addr })
    }
}

/// The addresses peers reach us at, by transport: what Via and Contact say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Local {
    /// By UDP.
    pub udp: SocketAddr,
    /// By TCP, where we listen.
    pub tcp: Option<SocketAddr>,
    /// By TLS, where we listen.
    pub tls: Option<SocketAddr>,
}

impl Local {
    /// The address for `transport`; where we do not listen on it, the UDP one, as a name for Via.
    pub fn of(&self, transport: Transport) -> SocketAddr {
        let own = match transport {
            Transport::Udp => None,
            Transport::Tcp => self.tcp,
            Transport::Tls => self.tls,
        };
        own.unwrap_or(self.udp)
    }

    /// Our Contact for a peer reached by `transport`. A peer that was reached by a `sips` URI gets one
    /// (RFC 3261 8.1.1.8); else a stream is named by its `transport` parameter, which is what phones write.
    pub(crate) fn contact(&self, transport: Transport, is_sips: bool, user: &str) -> String {
        let addr = self.of(transport);
        let at = if user.is_empty() { "" } else { "@" };
        match transport {
            Transport::Tls if is_sips => format!("<sips:{user}{at}{addr}>"),
            Transport::Udp => format!("<sip:{user}{at}{addr}>"),
            stream => format!("<sip:{user}{at}{addr};transport={stream}>"),
        }
    }
}

impl From<SocketAddr> for Local {
    /// UDP only.
    fn from(udp: SocketAddr) -> Self {
        Self {
            udp,
            tcp: None,
            tls: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_written_as_it_is_read() {
        for text in [
            "udp:192.0.2.1:5060",
            "tcp:192.0.2.1:5070",
            "tls:[2001:db8::1]:5061",
        ] {
            assert_eq!(text.parse::<Peer>().unwrap().to_string(), text);
        }
        let plain: Peer = "192.0.2.1:5060".parse().unwrap();
        assert_eq!(plain.transport, Transport::Udp);
        for wrong in [
            "",
            "tcp:",
            "sctp:192.0.2.1:5060",
            "192.0.2.1",
            "tls:box:5061",
        ] {
            assert!(
                wrong
                    .parse::<Peer>()
                    .unwrap_err()
                    .to_string()
                    .contains("hint:")
            );
        }
    }

    #[test]
    fn a_contact_says_how_to_come_back() {
        let mut local = Local::from("192.0.2.9:5060".parse::<SocketAddr>().unwrap());
        local.tls = Some("192.0.2.9:5061".parse().unwrap());
        assert_eq!(
            local.contact(Transport::Udp, false, ""),
            "<sip:192.0.2.9:5060>"
        );
        let tls = local.contact(Transport::Tls, false, "");
        assert_eq!(tls, "<sip:192.0.2.9:5061;transport=tls>");
        assert_eq!(
            local.contact(Transport::Tls, true, "a"),
            "<sips:a@192.0.2.9:5061>"
        );
        let tcp = local.contact(Transport::Tcp, false, "");
        assert_eq!(tcp, "<sip:192.0.2.9:5060;transport=tcp>");
    }
}
