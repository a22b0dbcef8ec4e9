//! The one-time code of a first start: eight letters and digits, shown once on the console.
//!
//! 40 bits, five tries per address and ten minutes: guessing is hopeless. Only its digest is kept.

use super::digest;

/// Crockford's alphabet: nothing in it can be mistaken for another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code that has not been used.
pub(super) struct Code {
    digest: [u8; 32],
}

impl Code {
    /// The code and its shown form, e.g. `7K3F-9QXM`.
    pub(super) fn make(random: [u8; 8]) -> (Self, String) {
        let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte & 31)]);
        let plain: String = random.iter().map(letter).collect();
        let shown = format!("{}-{}", &plain[..4], &plain[4..]);
        (
            Self {
                digest: digest(&plain),
            },
            shown,
        )
    }

    /// Compares digests, so the time taken says nothing about the code. Case, spaces and dashes
    /// do not count; O reads as 0, I and L as 1.
    pub(super) fn matches(&self, typed: &str) -> bool {
        let plain: String = typed
            .chars()
            .take(64)
            .filter(|letter| letter.is_ascii_alphanumeric())
            .map(|letter| match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        digest(&plain) == self.digest
    }
}
