//! Messages that go into one transaction: decoded, checked, sorted by where they come from.

use std::collections::{BTreeMap, BTreeSet};

use sync::{Address, BatchHeader, Epoch, Lane, Row, decode_batch};
use tracing::warn;

use crate::columns::Columns;
use crate::limits::{GROUP_BYTES, GROUP_ROWS, MALFORMED_HEAD, REJECTED_BODY};
use crate::partitions::Month;

/// Whose numbers these are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source {
    pub(crate) address: Address,
    pub(crate) epoch: Epoch,
    pub(crate) lane: Lane,
}

/// A row that can never be a record.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) source: Source,
    pub(crate) row: Row,
    pub(crate) why: String,
}

/// A message that is no batch.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) topic: String,
    pub(crate) why: String,
    pub(crate) bytes: i64,
    pub(crate) head: Vec<u8>,
}

/// What one transaction will hold.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) batches: BTreeMap<Source, Vec<BatchHeader>>,
    pub(crate) rows: Vec<(Source, Row, Columns)>,
    pub(crate) refused: Vec<Refused>,
    pub(crate) malformed: Vec<Malformed>,
    bytes: usize,
}

impl Group {
    /// Takes a message; whatever it is, it is dealt with once the group is committed.
    pub(crate) fn take(&mut self, topic: &[u8], payload: &[u8]) {
        if let Err(why) = self.take_batch(topic, payload) {
            let topic = String::from_utf8_lossy(topic).replace('\0', "\u{fffd}");
            warn!(topic, why, bytes = payload.len(), "a message is no batch");
            self.malformed.push(Malformed {
                topic,
                why: why.replace('\0', "\u{fffd}"),
                bytes: i64::try_from(payload.len()).unwrap_or(i64::MAX),
                head: payload.iter().take(MALFORMED_HEAD).copied().collect(),
            });
        }
    }

    /// Whether the transaction is large enough.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= GROUP_ROWS || self.bytes >= GROUP_BYTES
    }

    /// The months its records fall into.
    pub(crate) fn months(&self) -> BTreeSet<Month> {
        self.rows
            .iter()
            .filter_map(|(_, _, columns)| Month::of(columns.started))
            .collect()
    }

    fn take_batch(&mut self, topic: &[u8], payload: &[u8]) -> Result<(), String> {
        let topic = std::str::from_utf8(topic).map_err(|e| e.to_string())?;
        let (address, lane) = Address::of_up_topic(topic).map_err(|e| e.to_string())?;
        let batch = decode_batch(payload).map_err(|e| e.to_string())?;
        // The broker vouches for the topic, not for what is inside.
        if batch.header.box_id != address.box_id().as_str() || batch.header.lane != lane {
            return Err("the batch is not of the box or lane of its topic".to_owned());
        }
        let source = Source {
            address,
            epoch: batch.header.epoch,
            lane,
        };
        for row in batch.rows {
            self.bytes += row.body.len();
            match Columns::of_row(&row) {
                Ok(columns) => self.rows.push((source.clone(), row, columns)),
                Err(why) => self.refused.push(Refused::new(source.clone(), row, &why)),
            }
        }
        self.batches.entry(source).or_default().push(batch.header);
        Ok(())
    }
}

impl Refused {
    pub(crate) fn new(source: Source, mut row: Row, why: &str) -> Self {
        row.body = row.body.chars().take(REJECTED_BODY).collect();
        Self {
            source,
            row,
            why: why.replace('\0', "\u{fffd}"),
        }
    }
}
