//! A row: one thing the box remembers and owes to central, with its number.

use centre::record::Record;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::limits::MAX_ROW_BYTES;

/// Which life of the box's store numbered the rows: a restored backup starts a new one.
///
/// Unix seconds at its beginning, so that two restores of one backup differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

/// How urgent a row is; drained in this order, numbered each on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// At once, one row a batch.
    Alarm,
    /// Within a second.
    Live,
    /// When there is room.
    Bulk,
}

impl Lane {
    /// All lanes, most urgent first.
    pub const ALL: [Self; 3] = [Self::Alarm, Self::Live, Self::Bulk];

    /// The name in topics and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Live => "live",
            Self::Bulk => "bulk",
        }
    }

    /// The lane of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == name)
    }
}

/// What a row carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// A call's record: the body is its JSON.
    Record,
    /// The box holds a row that it cannot send (too long, not JSON); the body is `null`.
    /// Central rejects it by number, so that the lane goes on and a person hears of it.
    Withheld,
    /// A kind of a newer box; rejected by number as well.
    #[serde(other)]
    Unknown,
}

/// One row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number in its lane, from 1, without gaps.
    pub seq: u64,
    /// What the body is.
    pub kind: RowKind,
    /// The record's own id, the same for ever.
    pub id: Uuid,
    /// JSON on one line.
    pub body: String,
}

impl Row {
    /// The row of `record`.
    ///
    /// # Errors
    /// Serde's, which no record of ours causes.
    pub fn of_record(seq: u64, record: &Record) -> Result<Self, serde_json::Error> {
        Ok(Self {
            seq,
            kind: RowKind::Record,
            id: record.id,
            body: serde_json::to_string(record)?,
        })
    }

    /// Whether the body may travel as it is: short enough, and one line of JSON.
    pub(crate) fn is_sendable(&self) -> bool {
        self.body.len() <= MAX_ROW_BYTES
            && !self.body.contains(['\n', '\r'])
            && serde_json::from_str::<serde::de::IgnoredAny>(&self.body).is_ok()
    }
}
