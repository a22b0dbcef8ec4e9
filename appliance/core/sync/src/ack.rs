//! Central's answer: up to which number it has everything, and what it could not keep.
//!
//! Sent only after the COMMIT. Law of an ack: every rejected row from the batch's `base` up to
//! `hi_contiguous` is named in it, so that no box deletes a row whose rejection was in a lost ack.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::limits::{MAX_ACK_BYTES, MAX_REJECTIONS};
use crate::row::{Epoch, Lane};

/// What central says after a COMMIT, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The life of the box's store that it speaks of.
    pub epoch: Epoch,
    /// The lane.
    pub lane: Lane,
    /// Every row up to and with this number is committed or rejected for good.
    pub hi_contiguous: u64,
    /// Rows central could not keep; the box moves them to its dead letters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejection>,
    /// Rows a second the box shall not exceed from now on; none lifts the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rate: Option<u32>,
}

/// A row that central will never keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Its number.
    pub seq: u64,
    /// Its record's id.
    pub id: Uuid,
    /// For a person.
    pub why: String,
}

/// Bytes that are not an ack.
#[derive(Debug, Error)]
pub enum AckError {
    /// Longer than any ack of ours.
    #[error("ack is too long: {0} bytes")]
    TooLong(usize),
    /// Not our JSON.
    #[error("ack is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// More rejections than an ack may name.
    #[error("ack names too many rejections: {0}")]
    TooMany(usize),
}

impl Ack {
    /// The bytes to publish.
    pub fn encode(&self) -> Vec<u8> {
        // Plain structs with string keys: serialising them cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads an ack.
    ///
    /// # Errors
    /// [`AckError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, AckError> {
        if bytes.len() > MAX_ACK_BYTES {
            return Err(AckError::TooLong(bytes.len()));
        }
        let ack: Self = serde_json::from_slice(bytes)?;
        if ack.rejected.len() > MAX_REJECTIONS {
            return Err(AckError::TooMany(ack.rejected.len()));
        }
        Ok(ack)
    }
}
