//! The addresses an account may call from: one address or a network in CIDR form, v4 or v6.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address with the number of leading bits that count. The other bits are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Net {
    address: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// Not an IP address before the slash.
    #[error("not an IP address")]
    Address,
    /// Not a number of bits, or more than the address has.
    #[error("not a prefix length")]
    Bits,
    /// Bits beyond the prefix are set, which is mostly a slip.
    #[error("bits beyond the prefix are set, the network is {0}")]
    Host(Net),
}

impl Net {
    /// Whether the address lies in it; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => {
                masked(address.to_canonical(), self.bits) == self.address
            }
            _ => false,
        }
    }

    /// Whether every address of its family lies in it.
    pub fn is_everything(&self) -> bool {
        self.bits == 0
    }
}

impl FromStr for Net {
    type Err = NetError;

    fn from_str(text: &str) -> Result<Self, NetError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetError::Address)?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = match bits {
            Some(bits) if bits.bytes().all(|b| b.is_ascii_digit()) => {
                bits.parse().map_err(|_| NetError::Bits)?
            }
            Some(_) => return Err(NetError::Bits),
            None => all,
        };
        if bits > all {
            return Err(NetError::Bits);
        }
        let net = Self {
            address: masked(address, bits),
            bits,
        };
        if net.address == address {
            Ok(net)
        } else {
            Err(NetError::Host(net))
        }
    }
}

impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = if self.address.is_ipv4() { 32 } else { 128 };
        if self.bits == all {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.bits)
        }
    }
}

/// The networks that are nobody's on the Internet: private, shared, link-local and loopback.
pub(crate) fn private_networks() -> Vec<Net> {
    let v4 = |a, b, bits| Net {
        address: Ipv4Addr::new(a, b, 0, 0).into(),
        bits,
    };
    let v6 = |first, bits| Net {
        address: Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0).into(),
        bits,
    };
    let loopback = Net {
        address: Ipv6Addr::LOCALHOST.into(),
        bits: 128,
    };
    vec![
        v4(10, 0, 8),
        v4(172, 16, 12),
        v4(192, 168, 16),
        v4(169, 254, 16),
        v4(127, 0, 8),
        v6(0xfc00, 7),
        v6(0xfe80, 10),
        loopback,
    ]
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32_u32.saturating_sub(bits))
                .unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128_u32.saturating_sub(bits))
                .unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_of_both_families_match() {
        for (net, address, inside) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("10.1.0.0/16", "10.1.255.9", true),
            ("10.1.0.0/16", "10.2.0.1", false),
            ("10.1.0.0/16", "::ffff:10.1.2.3", true),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:1::5", true),
            ("::/0", "2001:db8::1", true),
            ("::1", "::1", true),
        ] {
            let net: Net = net.parse().expect("a network");
            assert_eq!(
                net.contains(address.parse().expect("an address")),
                inside,
                "{net} {address}"
            );
        }
    }

    #[test]
    fn slips_are_refused() {
        for (text, why) in [
            ("sip.example.com", NetError::Address),
            ("10.0.0.0/33", NetError::Bits),
            ("10.0.0.0/+8", NetError::Bits),
            ("::/129", NetError::Bits),
            ("10.0.0.0/", NetError::Bits),
            (
                "10.0.0.1/8",
                NetError::Host("10.0.0.0/8".parse().expect("a network")),
            ),
        ] {
            assert_eq!(text.parse::<Net>(), Err(why), "{text}");
        }
    }
}
