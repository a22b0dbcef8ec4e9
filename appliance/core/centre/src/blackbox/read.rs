//! Reading: bytes of a recorder back into steps. Hostile bytes are an error with their place.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Answered, Birth, MAGIC};
use crate::input::Input;

/// Longest entry that is read, bytes: a site text and its prompts, with room.
const MAX_ENTRY: usize = 16 * 1024 * 1024;

/// Why bytes are no black box.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlackBoxError {
    /// Another kind of file, or a form of another version.
    #[error("this is no black box of this version\nhint: it begins with BLBLACK")]
    Magic,
    /// The entry cannot be read.
    #[error("byte {at}: the entry cannot be read: {why}\nhint: the file is damaged from here on")]
    Entry {
        /// Where the entry begins.
        at: usize,
        /// What is wrong.
        why: String,
    },
    /// The file ends within an entry: the box went down while it was written.
    #[error("byte {at}: the file ends within an entry\nhint: what stands before it is whole")]
    Cut {
        /// Where the entry begins.
        at: usize,
    },
}

/// What a centre was told at one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stimulus {
    /// Since the birth, nanoseconds.
    pub at_ns: u64,
    /// The input; `None` for a time-out.
    pub input: Option<Input>,
}

/// The steps of a black box, in order.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    birth: Birth,
}

impl<'a> Entries<'a> {
    /// Reads the head of `bytes`.
    ///
    /// # Errors
    /// [`BlackBoxError`]: not a black box, or no birth in it.
    pub fn new(bytes: &'a [u8]) -> Result<Self, BlackBoxError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(BlackBoxError::Magic);
        }
        let mut at = MAGIC.len();
        let birth = entry(bytes, &mut at)?;
        Ok(Self { bytes, at, birth })
    }

    /// What the centre was born with.
    pub fn birth(&self) -> &Birth {
        &self.birth
    }

    /// The next step with the count and digest of its outputs; `None` at the end.
    ///
    /// # Errors
    /// [`BlackBoxError`]; nothing can be read after it.
    pub(super) fn next_step(&mut self) -> Result<Option<(Stimulus, u32, u64)>, BlackBoxError> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        let stimulus = entry(self.bytes, &mut self.at)?;
        let Answered { outputs, digest } = entry(self.bytes, &mut self.at)?;
        Ok(Some((stimulus, outputs, digest)))
    }
}

fn entry<T: DeserializeOwned>(bytes: &[u8], at: &mut usize) -> Result<T, BlackBoxError> {
    let begin = *at;
    let cut = || BlackBoxError::Cut { at: begin };
    let rest = bytes.get(begin..).ok_or_else(cut)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > MAX_ENTRY {
        return Err(BlackBoxError::Entry {
            at: begin,
            why: format!("{length} bytes long, {MAX_ENTRY} are allowed"),
        });
    }
    let body = rest.get(..length).ok_or_else(cut)?;
    *at = begin + 4 + length;
    postcard::from_bytes(body).map_err(|why| BlackBoxError::Entry {
        at: begin,
        why: why.to_string(),
    })
}
