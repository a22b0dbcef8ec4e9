//! The keys of one direction, derived, and what is done with them: counter mode and tags.

use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use aes::{Aes128, Aes256, Block};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;

use super::{MasterKey, SALT};

/// Bytes of an AES block.
const BLOCK: usize = 16;
/// Blocks encrypted at once: what the processor's AES units take in parallel.
const BLOCKS: usize = 8;
/// Bytes of the key that tags.
const TAG_KEY: usize = 20;

/// AES with a key of either length.
#[derive(Clone)]
enum Aes {
    Short(Box<Aes128>),
    Long(Box<Aes256>),
}

impl Aes {
    /// A key of 16 or 32 bytes; any other is filled up with zeros, which no suite makes happen.
    fn new(key: &[u8]) -> Self {
        let mut padded = [0; 32];
        for (place, byte) in padded.iter_mut().zip(key) {
            *place = *byte;
        }
        match padded.first_chunk::<16>() {
            Some(short) if key.len() <= 16 => Self::Short(Box::new(Aes128::new(&(*short).into()))),
            _ => Self::Long(Box::new(Aes256::new(&padded.into()))),
        }
    }

    /// Adds the key stream that begins with the counter block `iv` to `bytes`.
    fn add_stream(&self, iv: [u8; BLOCK], bytes: &mut [u8]) {
        let mut counter = u128::from_be_bytes(iv);
        for part in bytes.chunks_mut(BLOCK * BLOCKS) {
            let mut blocks = [Block::default(); BLOCKS];
            let needed = part.len().div_ceil(BLOCK);
            let blocks = blocks.get_mut(..needed).unwrap_or_default();
            for block in blocks.iter_mut() {
                *block = Block::from(counter.to_be_bytes());
                counter = counter.wrapping_add(1);
            }
            match self {
                Self::Short(aes) => aes.encrypt_blocks(blocks),
                Self::Long(aes) => aes.encrypt_blocks(blocks),
            }
            for (byte, key) in part.iter_mut().zip(blocks.iter().flatten()) {
                *byte ^= key;
            }
        }
    }
}

/// What the derived keys are for (RFC 3711 section 4.3.1): labels of encryption, tag and salt.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Rtp,
    Rtcp,
}

/// The session keys of RTP or of RTCP.
#[derive(Clone)]
pub(super) struct Keys {
    aes: Aes,
    salt: u128,
    tagger: Hmac<Sha1>,
}

impl Keys {
    pub(super) fn new(master: &MasterKey, purpose: Use) -> Self {
        let base = match purpose {
            Use::Rtp => 0,
            Use::Rtcp => 3,
        };
        let (key, salt) = master.material().split_at(master.suite().cipher_key());
        let derivation = Aes::new(key);
        let mut cipher_key = [0; 32];
        let (cipher_key, _) = cipher_key.split_at_mut(master.suite().cipher_key());
        derive(&derivation, salt, base, cipher_key);
        let mut tag_key = [0; TAG_KEY];
        derive(&derivation, salt, base + 1, &mut tag_key);
        let mut session_salt = [0; BLOCK];
        derive(
            &derivation,
            salt,
            base + 2,
            session_salt.get_mut(..SALT).unwrap_or_default(),
        );
        // A tag key of the hash's block size is taken as it is, so this cannot fail.
        let mut block = [0; 64];
        for (place, byte) in block.iter_mut().zip(&tag_key) {
            *place = *byte;
        }
        Self {
            aes: Aes::new(cipher_key),
            salt: u128::from_be_bytes(session_salt),
            tagger: Hmac::new(&block.into()),
        }
    }

    /// Encrypts or decrypts `bytes` of the packet with this source and index (RFC 3711 section
    /// 4.1.1); both are the same.
    pub(super) fn crypt(&self, source: u32, index: u64, bytes: &mut [u8]) {
        let iv = self.salt ^ u128::from(source) << 64 ^ u128::from(index) << 16;
        self.aes.add_stream(iv.to_be_bytes(), bytes);
    }

    /// The whole tag of what is authenticated, given in two parts.
    pub(super) fn tag(&self, packet: &[u8], more: &[u8]) -> [u8; 20] {
        let mut tagger = self.tagger.clone();
        tagger.update(packet);
        tagger.update(more);
        tagger.finalize().into_bytes().into()
    }

    /// Whether a tag, perhaps cut short, is the right one; takes as long whether it is or not.
    pub(super) fn proves(&self, packet: &[u8], more: &[u8], tag: &[u8]) -> bool {
        let mut tagger = self.tagger.clone();
        tagger.update(packet);
        tagger.update(more);
        tagger.verify_truncated_left(tag).is_ok()
    }
}

/// RFC 3711 section 4.3: the key stream under the master key, begun where the label says.
fn derive(aes: &Aes, salt: &[u8], label: u8, out: &mut [u8]) {
    let mut iv = [0; BLOCK];
    for (place, byte) in iv.iter_mut().zip(salt) {
        *place = *byte;
    }
    iv[7] ^= label;
    aes.add_stream(iv, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::srtp::Suite;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex
            .bytes()
            .filter_map(|c| char::from(c).to_digit(16).map(|d| d as u8))
            .collect();
        digits.chunks(2).map(|d| d[0] << 4 | d[1]).collect()
    }

    /// RFC 3711 appendix B.2.
    #[test]
    fn the_key_stream_is_that_of_the_rfc() {
        let aes = Aes::new(&bytes("2B7E151628AED2A6ABF7158809CF4F3C"));
        let iv = bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000")
            .try_into()
            .unwrap();
        let mut stream = vec![0; 0xFF02 * 16];
        aes.add_stream(iv, &mut stream);
        let expected = bytes(
            "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
             41E95B3BB0A2E8DD477901E4FCA894C0",
        );
        assert_eq!(stream[..48], expected);
        let expected = bytes(
            "EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
             6A2CC3787889374FBEB4C81B17BA6C44",
        );
        assert_eq!(stream[0xFEFF * 16..], expected);
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn the_derived_keys_are_those_of_the_rfc() {
        let aes = Aes::new(&bytes("E1F97A0D3E018BE0D64FA32C06DE4139"));
        let salt = bytes("0EC675AD498AFEEBB6960B3AABE6");
        let derived = |label, length| {
            let mut out = vec![0; length];
            derive(&aes, &salt, label, &mut out);
            out
        };
        assert_eq!(derived(0, 16), bytes("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(derived(2, 14), bytes("30CBBC08863D8C85D49DB34A9AE1"));
        let tag_key = bytes("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE");
        assert_eq!(derived(1, 32), tag_key);
    }

    /// RFC 6188 section 7.2.
    #[test]
    fn the_derived_keys_of_256_bits_are_those_of_the_rfc() {
        let aes = Aes::new(&bytes(
            "F0F04914B513F2763A1B1FA130F10E2998F6F6E43E4309D1E622A0E332B9F1B6",
        ));
        let salt = bytes("3B04803DE51EE7C96423AB5B78D2");
        let derived = |label, length| {
            let mut out = vec![0; length];
            derive(&aes, &salt, label, &mut out);
            out
        };
        let key = bytes("5BA1064E30EC51613CAD926C5A28EF731EC7FB397F70A960653CAF06554CD8C4");
        assert_eq!(derived(0, 32), key);
        assert_eq!(derived(2, 14), bytes("FA31791685CA444A9E07C6C64E93"));
        assert_eq!(
            derived(1, 20),
            bytes("FD9C32D39ED5FBB5A9DC96B30818454D1313DC05")
        );
    }

    #[test]
    fn each_suite_has_keys_of_its_own() {
        let material: Vec<u8> = (0..46).collect();
        let mut tags: Vec<_> = Suite::ALL
            .iter()
            .flat_map(|suite| {
                let master = MasterKey::new(*suite, &material).unwrap();
                [Use::Rtp, Use::Rtcp].map(|purpose| Keys::new(&master, purpose).tag(b"x", b""))
            })
            .collect();
        tags.sort();
        tags.dedup();
        // The two lengths of tag share their keys.
        assert_eq!(tags.len(), 4);
    }
}
