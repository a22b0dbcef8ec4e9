//! The protocol's tests: the wire, the uplink's timing, and both sides in bad weather.

mod timing;
mod weather;
mod wire;

use uuid::Uuid;

use crate::row::{Row, RowKind};

/// A small row of test number `n`.
fn row(seq: u64, n: u128) -> Row {
    let body = format!("{{\"n\":{n}}}");
    Row {
        seq,
        kind: RowKind::Record,
        id: Uuid::from_u128(n),
        body,
    }
}
