//! A trunk: who may send us calls, by address or by name and password.
//!
//! Plain data out of the site file; `gate` decides with it. Carriers are data, never branches.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

/// One carrier's account at this box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// The name from the site file; goes into records and metrics.
    pub name: String,
    /// Addresses whose requests are this trunk's without a password.
    pub peers: Vec<Net>,
    /// Digest credentials that prove this trunk from any other address.
    pub login: Option<Login>,
}

/// Digest user and password of a trunk.
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

/// An IP address or a CIDR block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no [`Net`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NetError {
    #[error(
        "`{0}` is no IP address or CIDR block\n  hint: write it like 203.0.113.7 or 203.0.113.0/24"
    )]
    Address(String),
    #[error("the prefix of `{0}` is too long\n  hint: 0 to 32 for IPv4, 0 to 128 for IPv6")]
    Prefix(String),
}

impl Net {
    /// True when `ip` lies inside; an IPv4-mapped IPv6 address counts as the IPv4 one.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let shift = 32u32.saturating_sub(u32::from(self.prefix));
                net.to_bits().checked_shr(shift).unwrap_or(0)
                    == ip.to_bits().checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let shift = 128u32.saturating_sub(u32::from(self.prefix));
                net.to_bits().checked_shr(shift).unwrap_or(0)
                    == ip.to_bits().checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        }
    }
}

impl From<IpAddr> for Net {
    fn from(ip: IpAddr) -> Self {
        let address = ip.to_canonical();
        Self {
            address,
            prefix: if address.is_ipv4() { 32 } else { 128 },
        }
    }
}

impl FromStr for Net {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Self, NetError> {
        let (address, prefix) = text
            .split_once('/')
            .map_or((text, None), |(a, p)| (a, Some(p)));
        let whole = Self::from(
            address
                .parse::<IpAddr>()
                .map_err(|_| NetError::Address(text.into()))?,
        );
        let Some(prefix) = prefix else {
            return Ok(whole);
        };
        match prefix.parse::<u8>() {
            Ok(prefix) if prefix <= whole.prefix => Ok(Self { prefix, ..whole }),
            _ => Err(NetError::Prefix(text.into())),
        }
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(net: &str, ip: &str) -> bool {
        net.parse::<Net>().unwrap().contains(ip.parse().unwrap())
    }

    #[test]
    fn a_block_holds_its_own_addresses_and_no_others() {
        assert!(holds("203.0.113.7", "203.0.113.7"));
        assert!(!holds("203.0.113.7", "203.0.113.8"));
        assert!(holds("203.0.113.0/24", "203.0.113.255"));
        assert!(!holds("203.0.113.0/24", "203.0.114.0"));
        assert!(holds("0.0.0.0/0", "8.8.8.8"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::9"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(holds("203.0.113.7", "::ffff:203.0.113.7"));
    }

    #[test]
    fn a_wrong_block_is_named_with_the_way_out() {
        assert!(
            "203.0.113"
                .parse::<Net>()
                .unwrap_err()
                .to_string()
                .contains("hint:")
        );
        assert_eq!(
            "203.0.113.0/33".parse::<Net>(),
            Err(NetError::Prefix("203.0.113.0/33".into()))
        );
        assert_eq!(
            "203.0.113.0/-1".parse::<Net>(),
            Err(NetError::Prefix("203.0.113.0/-1".into()))
        );
    }

    #[test]
    fn a_password_is_never_printed() {
        let login = Login {
            username: "carrier".into(),
            password: "s3cret".into(),
        };
        assert!(!format!("{login:?}").contains("s3cret"));
    }
}
