//! What a box and central say to each other about records, and nothing about how it travels.
//!
//! The box numbers its rows per lane, sends them in batches and keeps every row until central has
//! said, after its own COMMIT, that it has all rows up to a number. [`Uplink`] is the box's side,
//! [`Ingest`] central's; both are machines in virtual time, driven by `link` and `central`.
//! The broker between them may lose, repeat or reorder anything.
//! Never here: a clock, a socket, a database.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod ack;
mod batch;
mod broker;
mod ingest;
pub mod limits;
mod row;
mod topic;
mod uplink;

#[cfg(test)]
mod tests;

pub use ack::{Ack, AckError, Rejection};
pub use batch::{Batch, BatchError, BatchHeader, decode_batch, encode_batch};
pub use broker::{Broker, BrokerError};
pub use ingest::{Cursor, Ingest, Took};
pub use row::{Epoch, Lane, Row, RowKind};
pub use topic::{Address, BoxId, NameError, TopicError, up_filter};
pub use uplink::{Heard, Pace, Reason, Rows, Stats, Uplink, UplinkAct, UplinkConfig};
