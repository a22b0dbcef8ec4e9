//! Tags, branches, Call-IDs and nonces: everything an endpoint makes up, from one 32-byte seed.
//!
//! Two streams: ChaCha for what must never repeat, a keyed SHA-256 for what must be found again without being
//! remembered (tags of stateless answers, nonces). The same seed and inputs give the same identities.

use std::time::{Duration, Instant};

use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

use crate::limits;

/// Makes identities.
pub(crate) struct Identity {
    random: ChaCha12Rng,
    key: [u8; 32],
    /// Nonces carry the time since this instant: the first the endpoint was told of.
    birth: Option<Instant>,
}

impl Identity {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        let key = Sha256::new()
            .chain_update(b"branchline keyed identities")
            .chain_update(seed);
        Self {
            random: ChaCha12Rng::from_seed(seed),
            key: key.finalize().into(),
            birth: None,
        }
    }

    /// Remembers the first instant it is told of.
    pub(crate) fn note(&mut self, now: Instant) {
        self.birth.get_or_insert(now);
    }

    /// How many words of the random stream were drawn.
    pub(crate) fn drawn(&self) -> u128 {
        self.random.get_word_pos()
    }

    /// The first instant it was told of.
    pub(crate) fn birth(&self) -> Option<Instant> {
        self.birth
    }

    /// Goes on where another one of the same seed stood.
    pub(crate) fn go_on(&mut self, drawn: u128, birth: Option<Instant>) {
        self.random.set_word_pos(drawn);
        self.birth = birth;
    }

    /// A new From or To tag.
    pub(crate) fn tag(&mut self) -> String {
        format!("{:016x}", self.random.next_u64())
    }

    /// A new Via branch with the magic cookie.
    pub(crate) fn branch(&mut self) -> String {
        format!("z9hG4bK{:016x}", self.random.next_u64())
    }

    /// A new Call-ID.
    pub(crate) fn call_id(&mut self) -> String {
        format!(
            "{:016x}{:016x}",
            self.random.next_u64(),
            self.random.next_u64()
        )
    }

    /// A number below `limit`, for back-off.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.random.next_u64() % limit.max(1)
    }

    /// The To tag of a stateless answer: the same for every copy of the request (RFC 3261 8.2.7).
    pub(crate) fn stateless_tag(&self, parts: &[&[u8]]) -> String {
        self.keyed(b"tag", parts)
            .get(..16)
            .unwrap_or_default()
            .to_owned()
    }

    /// A nonce good for [`limits::NONCE_LIFE`].
    pub(crate) fn nonce(&self, now: Instant) -> String {
        let stamp = format!("{:012x}", self.age(now).as_millis());
        let proof = self.keyed(b"nonce", &[stamp.as_bytes()]);
        format!("{stamp}{}", proof.get(..32).unwrap_or_default())
    }

    /// Whether `nonce` is ours and not too old.
    pub(crate) fn is_fresh(&self, now: Instant, nonce: &str) -> bool {
        let Some((stamp, proof)) = nonce.split_at_checked(12) else {
            return false;
        };
        let expected = self.keyed(b"nonce", &[stamp.as_bytes()]);
        let is_ours = is_equal(proof, expected.get(..32).unwrap_or_default());
        let Ok(millis) = u64::from_str_radix(stamp, 16) else {
            return false;
        };
        let age = self.age(now).checked_sub(Duration::from_millis(millis));
        is_ours && age.is_some_and(|age| age <= limits::NONCE_LIFE)
    }

    fn age(&self, now: Instant) -> Duration {
        self.birth
            .map_or(Duration::ZERO, |birth| now.saturating_duration_since(birth))
    }

    fn keyed(&self, purpose: &[u8], parts: &[&[u8]]) -> String {
        let mut hash = Sha256::new().chain_update(self.key).chain_update(purpose);
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hex(&hash.finalize())
    }
}

/// Whether two secrets are equal, in a time that does not tell where they differ.
pub(crate) fn is_equal(left: &str, right: &str) -> bool {
    let differs = left
        .bytes()
        .zip(right.bytes())
        .fold(0, |sum, (a, b)| sum | (a ^ b));
    left.len() == right.len() && differs == 0
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(b & 15)])
        .collect()
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}
