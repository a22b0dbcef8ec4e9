//! Every bound of SIP over TCP and TLS, in one place.

use std::time::Duration;

/// Connections at once, both directions together: a branch's phones and trunks with room to spare.
pub(super) const MAX_CONNECTIONS: usize = 1_024;
/// Connections at once with one address: a LAN of phones behind one router.
pub(super) const MAX_PER_ADDRESS: usize = 256;
/// Connections taken that have not yet said anything in SIP. A stranger that opens and waits only takes
/// the place of other strangers.
pub(super) const MAX_UNPROVED: usize = 128;
/// And of those, with one address.
pub(super) const MAX_UNPROVED_PER_ADDRESS: usize = 32;
/// Messages waiting to be written to one peer. One that does not read so long is gone.
pub(super) const WRITE_QUEUE: usize = 64;
/// Messages and news of all connections waiting for the loop. A full queue makes the peers wait.
pub(super) const ARRIVALS: usize = 512;
/// Bytes read in one go.
pub(super) const READ_CHUNK: usize = 4_096;
/// How long opening a connection may take.
pub(super) const CONNECT_PATIENCE: Duration = Duration::from_secs(4);
/// How long a TLS handshake may take, in both directions.
pub(super) const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(6);
/// How long a connection that was taken may say nothing in SIP.
pub(super) const FIRST_WORD: Duration = Duration::from_secs(10);
/// How long a connection that ends is kept for its last answer.
pub(super) const LAST_WORD: Duration = Duration::from_millis(500);
/// How long a message may take from its first byte to its last.
pub(super) const MESSAGE_PATIENCE: Duration = Duration::from_secs(10);
/// How long one message may take to be written.
pub(super) const WRITE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection may be silent: longer than phones wait before they register again.
pub(super) const SILENCE: Duration = Duration::from_secs(2 * 3600);
/// How often a connection that we opened is asked whether it stands (RFC 5626 4.4.1: 95 to 120 s).
pub(super) const PING_EVERY: Duration = Duration::from_secs(100);
/// How long a peer that has answered pings may take to answer one (RFC 5626 4.4.1).
pub(super) const PONG_PATIENCE: Duration = Duration::from_secs(10);
/// When the kernel begins to probe a silent connection, and how often.
pub(super) const PROBE_AFTER: Duration = Duration::from_secs(60);
/// How often the certificate files are looked at.
pub(super) const CERTIFICATE_EVERY: Duration = Duration::from_secs(5);
/// How long accepting rests when the system has no more file descriptors.
pub(super) const ACCEPT_REST: Duration = Duration::from_millis(200);
