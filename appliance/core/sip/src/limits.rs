//! Every limit of this crate, in one place. A peer's number never sizes an allocation: it is
//! compared with one of these first.

use std::time::Duration;

/// Longest message taken, in bytes: what one UDP datagram can hold.
pub const MAX_MESSAGE: usize = 65_535;
/// Most header fields of one message; the table is fixed, so a message costs no allocation.
pub const MAX_HEADERS: usize = 64;
/// Most Via values of one message (RFC 4475's `longreq` has 34).
pub const MAX_VIAS: usize = 64;
/// Longest URI, in bytes.
pub const MAX_URI: usize = 2_048;
/// Largest CSeq number (RFC 3261 8.1.1.5: less than 2^31).
pub const MAX_CSEQ: u32 = 0x7fff_ffff;
/// Most routes kept in a dialog's route set.
pub const MAX_ROUTES: usize = 16;
/// Most body parts looked at in a multipart body.
pub const MAX_PARTS: usize = 16;
/// Most challenges of one 401 or 407 looked at.
pub const MAX_CHALLENGES: usize = 8;
/// Most Authorization fields of one request looked at.
pub const MAX_CREDENTIALS: usize = 8;
/// Transactions held at once, server and client together; 100 calls/s keep about 12,800 alive.
pub const MAX_TRANSACTIONS: usize = 32_768;
/// Finished transactions that an endpoint hands on to the next one; with more it is not at rest.
pub const MAX_LINGERING: usize = 4_096;
/// Dialogs held at once.
pub const MAX_DIALOGS: usize = 8_192;
/// Most values of Reason fields looked at.
pub const MAX_REASONS: usize = 8;
/// Most early dialogs of one call of ours told apart.
pub const MAX_FORKS: usize = 8;
/// Most reliable 1xx that wait for the PRACK of the one before.
pub const MAX_WAITING_PROGRESS: usize = 4;
/// Most records of one answer of the name service looked at.
pub const MAX_RECORDS: usize = 16;
/// Most hosts of one domain whose addresses are asked for.
pub const MAX_NAMES: usize = 16;
/// Most addresses of one host.
pub const MAX_ADDRESSES: usize = 8;
/// Most addresses that one URI leads to.
pub const MAX_LOCATED: usize = 32;
/// Most addresses remembered as failed.
pub const MAX_BLACKLIST: usize = 1_024;
/// Registrations of ours: one for each account of each trunk.
pub const MAX_REGISTRATIONS: usize = 256;
/// The longest registration we agree to where a registrar wants a longer one than we asked for.
pub const MAX_REGISTER_SECONDS: u32 = 7 * 24 * 3600;
/// The longest session we agree to where a peer wants a longer one than we asked for (RFC 4028).
pub const MAX_SESSION_SECONDS: u32 = 7_200;
/// What a caller refused for lack of room is told to wait (Retry-After), in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 5;
/// How long a nonce of ours is good for before the peer is asked to use a new one.
pub const NONCE_LIFE: Duration = Duration::from_secs(300);
/// An INVITE not answered within this is told 100 Trying (RFC 3261 17.2.1).
pub const TRYING_AFTER: Duration = Duration::from_millis(200);
/// For how long a wish of ours for fewer requests holds (RFC 7339 4.3).
pub const OVERLOAD_VALIDITY: Duration = Duration::from_secs(1);
/// For how long a server's wish holds where it says nothing (RFC 7339 4.3).
pub const USUAL_OVERLOAD_VALIDITY: Duration = Duration::from_millis(500);
/// The longest that a server's wish holds, whatever it says.
pub const MAX_OVERLOAD_VALIDITY: Duration = Duration::from_secs(60);
/// Most servers whose wish for fewer requests is remembered.
pub const MAX_OVERLOADED: usize = 256;
