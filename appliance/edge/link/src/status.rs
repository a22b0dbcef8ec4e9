//! How the link stands, for the page, the metrics and the log.

/// A picture of the link; a new one whenever something changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkStatus {
    /// Connected, and subscribed to acks.
    pub connected: bool,
    /// Rows in the outbox: committed here, not acknowledged by central.
    pub unacked: u64,
    /// Rows that central rejected.
    pub dead_letters: u64,
    /// Batches under way.
    pub in_flight: usize,
    /// When central last acknowledged rows, milliseconds since 1970 UTC.
    pub last_ack_unix_ms: Option<i64>,
    /// Why the last connection ended or did not come about.
    pub last_error: Option<String>,
    /// Connections made since start.
    pub connections: u64,
    /// The uplink's counters since start.
    pub stats: sync::Stats,
}
