//! The one-time code of a first start: eight letters and digits, shown once on the console.
//!
//! 40 bits, five tries per address and ten minutes: guessing is hopeless. Only its digest is kept. A box may have
//! another one on its label, made at manufacture: twelve letters, since their digest lies in a file.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::Path;

use super::{digest, random};

/// Holds the digest of the code on the label, below the web server's data, in hexadecimal.
const CLAIM: &str = "claim-code";

/// Crockford's alphabet: nothing in it can be mistaken for another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code that has not been used.
pub(super) struct Code {
    digest: [u8; 32],
}

impl Code {
    /// The code and its shown form, e.g. `7K3F-9QXM`.
    pub(super) fn make(random: [u8; 8]) -> (Self, String) {
        let plain = letters(&random);
        let shown = format!("{}-{}", &plain[..4], &plain[4..]);
        (
            Self {
                digest: digest(&plain),
            },
            shown,
        )
    }

    /// The code on the box's label, where it has one.
    pub(super) fn of_label(data_dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(data_dir.join(CLAIM)).ok()?;
        let text = text.trim();
        let mut digest = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (n, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()?;
        }
        Some(Self { digest })
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

fn letters(random: &[u8]) -> String {
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte & 31)]);
    random.iter().map(letter).collect()
}

/// Makes the code for a box's label, e.g. `7K3F-9QXM-2VBD`, and keeps its digest below `data_dir`, which is the web
/// server's. It lets somebody in until a password is set, from the next start on. An earlier label's code is gone.
///
/// # Errors
/// The folder cannot be made or written.
pub fn make_claim_code(data_dir: &Path) -> std::io::Result<String> {
    let plain = letters(&random::<12>().map_err(std::io::Error::other)?);
    let owner = match fs::metadata(data_dir) {
        Ok(owner) => owner,
        Err(_) => {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(data_dir)?;
            let owner = fs::metadata(data_dir.parent().unwrap_or(data_dir))?;
            chown(data_dir, Some(owner.uid()), Some(owner.gid()))?;
            owner
        }
    };
    let digest: String = digest(&plain)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = data_dir.join(CLAIM);
    let mut file = OpenOptions::new();
    let file = file.write(true).create(true).truncate(true).mode(0o600);
    let mut file = file.open(&path)?;
    file.write_all(digest.as_bytes())?;
    file.sync_all()?;
    // Made by root, read by the box's own user.
    chown(&path, Some(owner.uid()), Some(owner.gid()))?;
    Ok(format!("{}-{}-{}", &plain[..4], &plain[4..8], &plain[8..]))
}
