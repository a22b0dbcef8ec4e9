//! Every bound of central, in one place.

use std::time::Duration;

/// Messages the broker may have under way to us: its receive maximum, and our queue.
pub(crate) const RECEIVE_MAXIMUM: u16 = 32;
/// Events of the broker waiting for the ingest; above the receive maximum, so that the connection
/// stays alive however long the database takes.
pub(crate) const EVENTS: usize = 4 * RECEIVE_MAXIMUM as usize;
/// Acks and PUBACKs waiting for the socket; when it is full, the ingest waits.
pub(crate) const REQUESTS: usize = 256;
/// Publishes of ours without PUBACK at most.
pub(crate) const UNACKED: u16 = 256;
/// Rows in one transaction; a message is never divided.
pub(crate) const GROUP_ROWS: usize = 5_000;
/// Bytes of row bodies in one transaction; a message is never divided.
pub(crate) const GROUP_BYTES: usize = 16 * 1024 * 1024;
/// How much of a rejected row is kept, characters.
pub(crate) const REJECTED_BODY: usize = 64 * 1024;
/// How much of a malformed message is kept, bytes.
pub(crate) const MALFORMED_HEAD: usize = 256;
/// Malformed messages kept, the newest.
pub(crate) const MALFORMED_KEPT: i64 = 10_000;
/// One transaction may take so long before the connection counts as dead.
pub(crate) const TRANSACTION: Duration = Duration::from_secs(120);
/// First and longest wait between connections, broker and database alike.
pub(crate) const RETRY: (Duration, Duration) =
    (Duration::from_millis(250), Duration::from_secs(30));
/// How long the last acks may take to leave at the end.
pub(crate) const DRAIN: Duration = Duration::from_secs(5);
