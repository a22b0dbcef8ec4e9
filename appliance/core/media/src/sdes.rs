//! Keys in session descriptions: the `a=crypto` attribute (RFC 4568), read, written and chosen.
//!
//! The value behind `a=crypto:` comes from the network: it is read strictly, and what we do not do
//! (derivation rates, streams in the clear, several keys at once) is refused by name, because taking
//! it half would leave a call deaf or unprotected. Driven by [`crate::sdp`]; the keys go to
//! [`crate::srtp`]. Whether the signalling that carries keys is itself encrypted is its owner's care.

use std::fmt;

use crate::srtp::{MAX_KEY, MAX_MKI, MasterKey, Suite};

/// Bytes of one attribute's value; a longer one is refused unread.
const MAX_VALUE: usize = 512;

/// One usable `a=crypto` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crypto {
    /// Names it within its media section; the answer repeats it.
    pub tag: u32,
    /// Suite, key and name of the key.
    pub key: MasterKey,
}

/// What our own key of one stream is made of: secret bytes, never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OurSecret([u8; MAX_KEY]);

impl OurSecret {
    /// From as many secret random bytes as the longest key has.
    pub fn new(random: [u8; MAX_KEY]) -> Self {
        Self(random)
    }

    /// Our key in a suite: another one in each, so that no change of suite begins a key anew.
    pub(crate) fn key(&self, tag: u32, suite: Suite) -> Option<Crypto> {
        let mut bytes = self.0;
        let turn = Suite::ALL.iter().position(|known| *known == suite)?;
        bytes.rotate_left(turn);
        Crypto::new(tag, suite, &bytes)
    }
}

impl fmt::Debug for OurSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OurSecret")
    }
}

/// Why an attribute is not used. Another one of the same section may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// Not what RFC 4568 section 9.1 allows.
    #[error("a=crypto: {0}")]
    Malformed(&'static str),
    /// A suite that we do not have.
    #[error("a=crypto: no such suite here")]
    Suite,
    /// A parameter that would change the stream in a way that we do not do.
    #[error("a=crypto: a parameter that is not done here")]
    Parameter,
}

impl Crypto {
    /// A new attribute of ours; `random` is the key, as many secret bytes as the suite wants of it.
    pub fn new(tag: u32, suite: Suite, random: &[u8; MAX_KEY]) -> Option<Self> {
        let key = MasterKey::new(suite, random)?;
        Some(Self { tag, key })
    }

    /// Reads the value behind `a=crypto:`.
    pub fn parse(value: &str) -> Result<Self, CryptoError> {
        if value.len() > MAX_VALUE {
            return Err(CryptoError::Malformed("too long"));
        }
        let mut words = value.split([' ', '\t']).filter(|word| !word.is_empty());
        let tag = number(words.next().unwrap_or_default(), 9)
            .ok_or(CryptoError::Malformed("no tag of up to nine digits"))?;
        let name = words.next().ok_or(CryptoError::Malformed("no suite"))?;
        let suite = Suite::ALL
            .into_iter()
            .find(|suite| suite.name().eq_ignore_ascii_case(name))
            .ok_or(CryptoError::Suite)?;
        let keys = words.next().ok_or(CryptoError::Malformed("no key"))?;
        let key = read_key(suite, keys)?;
        for word in words {
            check_parameter(word)?;
        }
        Ok(Self { tag, key })
    }

    /// The first of an offer's attributes whose suite is among `ours`; where there is none, why the
    /// last of them was not used. `None` where there was no attribute at all.
    pub fn choose<'a>(
        offered: impl IntoIterator<Item = &'a str>,
        ours: &[Suite],
    ) -> Option<Result<Self, CryptoError>> {
        let mut refused = None;
        for value in offered {
            match Self::parse(value) {
                Ok(crypto) if ours.contains(&crypto.key.suite()) => return Some(Ok(crypto)),
                Ok(_) => refused = Some(Err(CryptoError::Suite)),
                Err(why) => refused = Some(Err(why)),
            }
        }
        refused
    }
}

impl fmt::Display for Crypto {
    /// The value behind `a=crypto:`. It holds the key: it belongs in a description, never in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} inline:", self.tag, self.key.suite().name())?;
        write_base64(f, self.key.material())?;
        let mki = self.key.mki();
        if mki.is_empty() {
            return Ok(());
        }
        let value = mki
            .iter()
            .fold(0u32, |value, byte| value << 8 | u32::from(*byte));
        write!(f, "|{value}:{}", mki.len())
    }
}

/// Reads `inline:KEY[|LIFETIME][|MKI:LENGTH]`.
fn read_key(suite: Suite, text: &str) -> Result<MasterKey, CryptoError> {
    let (method, info) = text
        .split_once(':')
        .ok_or(CryptoError::Malformed("no key method"))?;
    if !method.eq_ignore_ascii_case("inline") {
        return Err(CryptoError::Malformed("a key method other than inline"));
    }
    if info.contains(';') {
        return Err(CryptoError::Parameter);
    }
    let mut parts = info.split('|');
    let mut material = [0; MAX_KEY];
    let length = read_base64(parts.next().unwrap_or_default(), &mut material)
        .ok_or(CryptoError::Malformed("a key that is no base64"))?;
    if length != suite.key_length() {
        return Err(CryptoError::Malformed(
            "a key of another length than the suite's",
        ));
    }
    let key = MasterKey::new(suite, &material).ok_or(CryptoError::Malformed("no key"))?;
    match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => Ok(key),
        (Some(only), None, _) => match only.split_once(':') {
            Some(mki) => named(key, mki),
            None => lifetime(only).map(|()| key),
        },
        (Some(first), Some(second), None) => {
            lifetime(first)?;
            let mki = second.split_once(':');
            named(
                key,
                mki.ok_or(CryptoError::Malformed("no length of the MKI"))?,
            )
        }
        _ => Err(CryptoError::Malformed("too many parts of a key")),
    }
}

fn named(key: MasterKey, (value, length): (&str, &str)) -> Result<MasterKey, CryptoError> {
    let value = number(value, 10).ok_or(CryptoError::Parameter)?;
    let length = number(length, 3).ok_or(CryptoError::Malformed("no length of the MKI"))? as usize;
    let fits = length >= MAX_MKI || u64::from(value) < 1 << (8 * length);
    if length == 0 || !fits {
        return Err(CryptoError::Malformed("an MKI longer than its length"));
    }
    key.named(value, length).ok_or(CryptoError::Parameter)
}

/// `2^31` or a number of packets. Calls end before keys are used up, so it only has to be one.
fn lifetime(text: &str) -> Result<(), CryptoError> {
    let digits = text.strip_prefix("2^").unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        Ok(())
    } else {
        Err(CryptoError::Malformed("a lifetime that is no number"))
    }
}

/// A session parameter: those that change nothing for us pass, as do unknown ones that say that
/// they may be passed over (RFC 4568 section 6.3.7).
fn check_parameter(word: &str) -> Result<(), CryptoError> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    match name {
        // Derive once, and a hint about the window: what we do anyway.
        "KDR" if value == "0" => Ok(()),
        "WSH" if number(value, 4).is_some_and(|size| size >= 64) => Ok(()),
        _ if name.starts_with('-') => Ok(()),
        _ => Err(CryptoError::Parameter),
    }
}

/// A number of at most so many digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let fits = !text.is_empty() && text.len() <= digits;
    let is_number = fits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648 section 4. Says how many bytes were read; `None` for foreign characters, wrong filling,
/// or more than `out` holds. Filling may be missing: some phones leave it out.
fn read_base64(text: &str, out: &mut [u8]) -> Option<usize> {
    let digits = text.trim_end_matches('=');
    let filling = text.len() - digits.len();
    if filling > 0 && (filling > 2 || !text.len().is_multiple_of(4)) || digits.len() % 4 == 1 {
        return None;
    }
    let mut places = out.iter_mut();
    let (mut bits, mut held, mut count) = (0u32, 0, 0);
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit)? as u32;
        bits = bits << 6 | value;
        held += 6;
        if held >= 8 {
            held -= 8;
            *places.next()? = (bits >> held) as u8;
            count += 1;
            bits &= (1 << held) - 1;
        }
    }
    // Bits that are left over must be zeros: else two texts would be one key.
    (bits == 0).then_some(count)
}

fn write_base64(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for part in bytes.chunks(3) {
        let mut word = 0u32;
        for n in 0..3 {
            word = word << 8 | u32::from(part.get(n).copied().unwrap_or(0));
        }
        for n in 0..4 {
            let digit = (word >> (18 - 6 * n)) & 63;
            let written = if n <= part.len() {
                ALPHABET.get(digit as usize).copied().unwrap_or(b'=')
            } else {
                b'='
            };
            fmt::Write::write_char(f, written.into())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
