//! What goes into the uplink and comes out of it: plain values.

use std::sync::Arc;

use super::Pace;
use crate::ack::Rejection;
use crate::row::{Epoch, Lane, Row};
use crate::topic::BoxId;

/// What an uplink is told at construction.
#[derive(Clone, Debug)]
pub struct UplinkConfig {
    /// The box.
    pub box_id: BoxId,
    /// The life of its store.
    pub epoch: Epoch,
    /// How long to wait for what.
    pub pace: Pace,
}

/// Rows of one lane, as the store answered a [`UplinkAct::Fetch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The lane asked for.
    pub lane: Lane,
    /// Rows after the number asked for, ascending, without gaps.
    pub rows: Vec<Row>,
    /// Whether there are more behind them.
    pub more: bool,
    /// The last number ever given in this lane, 0 before the first.
    pub last_given: u64,
}

/// What the broker said in its PUBACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It has the batch, or had it in memory for a moment.
    Taken,
    /// Nobody is subscribed: the batch went nowhere (MQTT 5 reason 0x10).
    ByNobody,
    /// It refused the batch.
    Refused,
}

/// What the owner must do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UplinkAct {
    /// Read rows of `lane` after `after_seq`, at most `limit`, and hand them to `handle_rows`.
    Fetch {
        lane: Lane,
        after_seq: u64,
        limit: usize,
    },
    /// Publish with QoS 1 on the lane's topic; the PUBACK comes back with `token`.
    Publish {
        lane: Lane,
        payload: Arc<[u8]>,
        token: u64,
    },
    /// In one transaction: rejected rows to the dead letters, then delete all rows up to `upto`.
    Settle {
        lane: Lane,
        upto: u64,
        rejected: Vec<Rejection>,
    },
    /// Central knows numbers this store never gave: it was restored from a backup. Begin a new
    /// epoch durably and hand it to `handle_epoch`.
    NewEpoch,
    /// The broker answers pings but no publish: drop the connection and make a new one.
    Reconnect,
}

/// Why the machine wants to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A batch is due again.
    Resend,
    /// A batch has waited long enough for more rows.
    Linger,
    /// Central's rate allows the next batch.
    Rate,
    /// A publish has had no PUBACK for too long.
    Stall,
}

/// Plain counters since construction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Batches published the first time.
    pub published: u64,
    /// Batches published again.
    pub resent: u64,
    /// Rows let go.
    pub acked_rows: u64,
    /// Rows that central rejected.
    pub rejected_rows: u64,
    /// Acks of another epoch, or of nothing we hold.
    pub stale_acks: u64,
    /// Acks that were no acks.
    pub malformed_acks: u64,
    /// Publishes that no subscriber took.
    pub unheard: u64,
    /// Connections given up because no PUBACK came.
    pub stalls: u64,
}
