//! Where the broker is: one way of writing it, for the box and for central.
//!
//! `mqtt://HOST[:PORT]` is plain and for loopback, unless the owner says otherwise;
//! `mqtts://HOST[:PORT]` is TLS.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

/// A broker's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Name or address; IPv6 in brackets.
    pub host: String,
    /// TCP port; 1883, or 8883 with TLS, where none is written.
    pub port: u16,
    /// Whether to speak TLS.
    pub is_tls: bool,
}

/// A broker's address that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BrokerError {
    /// Not of the two forms.
    #[error(
        "not a broker's address: `{0}`\n  hint: write mqtts://HOST:PORT, or mqtt://127.0.0.1:PORT for one on this machine"
    )]
    Form(String),
    /// Records and acks in clear text over a network.
    #[error(
        "plain MQTT would cross the network: `{0}`\n  hint: use mqtts://, or allow plain MQTT explicitly where the network is your own"
    )]
    Plain(String),
}

impl Broker {
    /// Reads an address. Plain MQTT beyond loopback needs `allow_plain`.
    ///
    /// # Errors
    /// [`BrokerError`].
    pub fn parse(url: &str, allow_plain: bool) -> Result<Self, BrokerError> {
        let broker = read(url).ok_or_else(|| BrokerError::Form(url.chars().take(200).collect()))?;
        if broker.is_tls || allow_plain || broker.is_loopback() {
            Ok(broker)
        } else {
            Err(BrokerError::Plain(url.to_owned()))
        }
    }

    /// The host without brackets: what a certificate names.
    pub fn name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    fn is_loopback(&self) -> bool {
        let name = self.name();
        name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

fn read(url: &str) -> Option<Broker> {
    let (is_tls, rest) = match url.strip_prefix("mqtts://") {
        Some(rest) => (true, rest),
        None => (false, url.strip_prefix("mqtt://")?),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let bracket = rest.rfind(']');
    let colon = rest
        .rfind(':')
        .filter(|colon| bracket.is_none_or(|bracket| *colon > bracket));
    let (host, port) = match colon {
        Some(colon) => (rest.get(..colon)?, rest.get(colon + 1..)?.parse().ok()?),
        None => (rest, if is_tls { 8883 } else { 1883 }),
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match inner {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
        }
    };
    (is_host && port != 0).then(|| Broker {
        host: host.to_owned(),
        port,
        is_tls,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_plain_ones_stay_on_loopback() {
        for (url, shown) in [
            ("mqtt://127.0.0.1:1884", "mqtt://127.0.0.1:1884"),
            ("mqtt://localhost", "mqtt://localhost:1883"),
            ("mqtt://[::1]:99/", "mqtt://[::1]:99"),
            ("mqtts://broker.example", "mqtts://broker.example:8883"),
        ] {
            assert_eq!(Broker::parse(url, false).unwrap().to_string(), shown);
        }
        assert_eq!(
            Broker::parse("mqtts://[::2]:1", false).unwrap().name(),
            "::2"
        );
        let far = "mqtt://10.0.0.9:1883";
        assert_eq!(
            Broker::parse(far, false),
            Err(BrokerError::Plain(far.into()))
        );
        assert!(Broker::parse(far, true).is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "mqtt://",
            "http://h:1",
            "mqtt://h:0",
            "mqtt://h:x",
            "mqtt://u@h:1",
            "mqtt://[::1",
            "mqtt://::1:5",
        ] {
            assert!(
                matches!(Broker::parse(bad, true), Err(BrokerError::Form(_))),
                "{bad}"
            );
        }
    }
}
