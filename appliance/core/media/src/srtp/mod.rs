//! Secure RTP and RTCP (RFC 3711, RFC 6188): AES in counter mode, HMAC-SHA1, one context a direction.
//!
//! [`Sealer`] protects what one stream sends, [`Opener`] checks and opens what its peer sends; both
//! work in the caller's buffer and take memory only when they are made. Keys come by
//! [`crate::sdes`]. A packet that does not prove itself changes no state, whatever source it claims.
//! Keys are derived once: derivation rates, like unencrypted streams, are refused in the SDP.

mod cipher;
mod open;
mod seal;

use std::fmt;

pub use open::Opener;
pub use seal::Sealer;

/// Longest master key and salt together.
pub const MAX_KEY: usize = 46;
/// Bytes of every salt.
const SALT: usize = 14;
/// Longest master key identifier that we carry.
pub const MAX_MKI: usize = 4;
/// What protecting adds at most: RTCP's index, the identifier and the longest tag.
pub const MAX_TRAILER: usize = 4 + MAX_MKI + 10;
/// Tag of every RTCP packet (RFC 4568 section 6.2: 80 bits in all suites).
const RTCP_TAG: usize = 10;
/// Bytes of RTCP's index and its encryption flag.
const RTCP_INDEX: usize = 4;
/// Bytes of an RTCP header that stay readable.
const RTCP_HEADER: usize = 8;

/// How a stream is protected; the names of RFC 4568 and RFC 6188.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`.
    Aes128Sha80,
    /// `AES_CM_128_HMAC_SHA1_32`.
    Aes128Sha32,
    /// `AES_256_CM_HMAC_SHA1_80`.
    Aes256Sha80,
    /// `AES_256_CM_HMAC_SHA1_32`.
    Aes256Sha32,
}

impl Suite {
    /// All of them, in the order we offer.
    pub const ALL: [Self; 4] = [
        Self::Aes256Sha80,
        Self::Aes128Sha80,
        Self::Aes256Sha32,
        Self::Aes128Sha32,
    ];

    /// Its name in SDP.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Aes128Sha32 => "AES_CM_128_HMAC_SHA1_32",
            Self::Aes256Sha80 => "AES_256_CM_HMAC_SHA1_80",
            Self::Aes256Sha32 => "AES_256_CM_HMAC_SHA1_32",
        }
    }

    /// Bytes of its master key and salt together.
    pub fn key_length(self) -> usize {
        self.cipher_key() + SALT
    }

    fn cipher_key(self) -> usize {
        match self {
            Self::Aes128Sha80 | Self::Aes128Sha32 => 16,
            Self::Aes256Sha80 | Self::Aes256Sha32 => 32,
        }
    }

    /// Bytes of an RTP packet's tag.
    fn rtp_tag(self) -> usize {
        match self {
            Self::Aes128Sha80 | Self::Aes256Sha80 => 10,
            Self::Aes128Sha32 | Self::Aes256Sha32 => 4,
        }
    }
}

/// A suite with its master key and salt, and what the packets name it by, if anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey {
    suite: Suite,
    bytes: [u8; MAX_KEY],
    mki: [u8; MAX_MKI],
    mki_length: usize,
}

impl MasterKey {
    /// From key and salt in a row; `None` where there are too few bytes. What is more is left out.
    pub fn new(suite: Suite, material: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_KEY];
        let material = material.get(..suite.key_length())?;
        for (place, byte) in bytes.iter_mut().zip(material) {
            *place = *byte;
        }
        Some(Self {
            suite,
            bytes,
            mki: [0; MAX_MKI],
            mki_length: 0,
        })
    }

    /// The same, named in every packet by `length` bytes (RFC 3711 section 3.1); `None` where that
    /// is more than [`MAX_MKI`].
    pub fn named(mut self, value: u32, length: usize) -> Option<Self> {
        let bytes = value.to_be_bytes();
        let from = MAX_MKI.checked_sub(length)?;
        for (place, byte) in self.mki.iter_mut().zip(bytes.iter().skip(from)) {
            *place = *byte;
        }
        self.mki_length = length;
        Some(self)
    }

    /// The suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Key and salt, as they are written in SDP.
    pub fn material(&self) -> &[u8] {
        self.bytes
            .get(..self.suite.key_length())
            .unwrap_or_default()
    }

    /// What packets name it by; empty where they do not.
    pub fn mki(&self) -> &[u8] {
        self.mki.get(..self.mki_length).unwrap_or_default()
    }
}

impl fmt::Debug for MasterKey {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.suite.name())
    }
}

/// Why a packet is not protected or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// Not RTP or RTCP, or cut short.
    #[error("not a packet that can be protected")]
    Malformed,
    /// No room for the tag behind the packet.
    #[error("no room for the tag")]
    NoRoom,
    /// The tag is not the key's: forged, damaged, or another key's.
    #[error("the packet does not prove itself")]
    Forged,
    /// It came before, or is older than the replay window.
    #[error("the packet came before")]
    Replayed,
    /// Another source than the one this key sends for.
    #[error("the key is another source's")]
    OtherSource,
    /// All that the key may protect was protected (RFC 3711 section 9.2).
    #[error("the key is used up")]
    UsedUp,
}

/// Length of an RTP header with contributors and extension (RFC 3550 section 5.1).
fn rtp_header(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    if first >> 6 != 2 {
        return None;
    }
    let mut length = 12 + 4 * usize::from(first & 0x0F);
    if first & 0x10 != 0 {
        let words = packet.get(length + 2..length + 4)?;
        let words = u16::from_be_bytes(*words.first_chunk()?);
        length += 4 + 4 * usize::from(words);
    }
    (packet.len() >= length).then_some(length)
}

/// Sequence number and source of an RTP packet.
fn rtp_names(packet: &[u8]) -> Option<(u16, u32)> {
    let sequence = packet.get(2..4)?.first_chunk()?;
    let source = packet.get(8..12)?.first_chunk()?;
    Some((u16::from_be_bytes(*sequence), u32::from_be_bytes(*source)))
}

/// Source of an RTCP packet.
fn rtcp_source(packet: &[u8]) -> Option<u32> {
    if packet.first()? >> 6 != 2 {
        return None;
    }
    let source = packet.get(4..8)?.first_chunk()?;
    Some(u32::from_be_bytes(*source))
}

/// The packet's index, from its sequence number and the highest index so far (RFC 3711 appendix A):
/// the one of three rollovers that is nearest.
fn index_of(highest: u64, sequence: u16) -> u64 {
    let rollovers = highest >> 16;
    let last = highest as u16;
    let rollovers = if sequence.wrapping_sub(last) < 0x8000 {
        // Ahead of it, perhaps past the wrap.
        rollovers + u64::from(sequence < last)
    } else {
        // Behind it, perhaps before the wrap; nothing is before the first rollover.
        match rollovers.checked_sub(u64::from(sequence > last)) {
            Some(rollovers) => rollovers,
            None => return u64::from(sequence),
        }
    };
    rollovers << 16 | u64::from(sequence)
}

#[cfg(test)]
mod tests;
