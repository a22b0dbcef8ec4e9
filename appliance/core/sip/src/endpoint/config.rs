//! What an endpoint is told at birth, and the plain counters it keeps.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::digest::Algorithm;
use crate::limits;
use crate::transport::Local;

/// How an endpoint presents itself and how patient it is.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// The addresses peers reach us at: Via and Contact.
    pub local: Local,
    /// The User-Agent and Server value.
    pub user_agent: String,
    /// The timers of RFC 3261 17.
    pub timers: Timers,
    /// How much is held at once.
    pub capacity: Capacity,
    /// Whether calls of ours offer to acknowledge 1xx (RFC 3262), where they bring an offer.
    pub offers_100rel: bool,
    /// What a challenge of ours offers, strongest first. Any other that we know is taken all the
    /// same. MD5 alone where nothing is said: phones on libre up to 1.0 give up for good when they
    /// see SHA-256 offered, even beside MD5.
    pub challenge: Vec<Algorithm>,
}

impl EndpointConfig {
    /// An endpoint at `local` with the RFC's timers and the crate's limits.
    pub fn new(local: impl Into<Local>) -> Self {
        let user_agent = concat!("Branchline/", env!("CARGO_PKG_VERSION")).to_owned();
        Self {
            local: local.into(),
            user_agent,
            timers: Timers::default(),
            capacity: Capacity::default(),
            offers_100rel: true,
            challenge: vec![Algorithm::Md5],
        }
    }
}

/// The three base timers; all others are computed from them (RFC 3261 17.1.1.1 and table 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Round trip estimate: first retransmission.
    pub t1: Duration,
    /// Longest retransmission interval.
    pub t2: Duration,
    /// How long a message may stay in the network.
    pub t4: Duration,
}

impl Timers {
    /// 64*T1: how long a transaction is tried or kept (timers B, F, H, J, L, M; D is at least this).
    pub fn patience(&self) -> Duration {
        self.t1.saturating_mul(64)
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

/// Bounds of an endpoint's memory. A new request beyond them is answered 503 with Retry-After.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Most transactions, finished ones that still absorb retransmissions included.
    pub transactions: usize,
    /// Most dialogs.
    pub dialogs: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            transactions: limits::MAX_TRANSACTIONS,
            dialogs: limits::MAX_DIALOGS,
        }
    }
}

/// What happened so far, in plain numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Messages taken in and their kinds of trouble.
    pub received: Received,
    /// Messages handed to `poll_transmit`, retransmissions included.
    pub sent: u64,
    /// Our own messages sent again by a timer.
    pub retransmissions_sent: u64,
    /// The peer's retransmissions, absorbed.
    pub retransmissions_received: u64,
    /// Transactions that ended by time-out.
    pub timeouts: u64,
    /// Requests answered 503 for lack of room.
    pub overloads: u64,
    /// Transactions held now.
    pub transactions: usize,
    /// Dialogs held now.
    pub dialogs: usize,
}

/// What arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Well-formed requests.
    pub requests: u64,
    /// Well-formed responses.
    pub responses: u64,
    /// Keep-alives: empty datagrams, CR LF only.
    pub keepalives: u64,
    /// Requests answered with 400, 505 or 513: the bytes are malformed.
    pub malformed: u64,
    /// Requests answered 406, 415, 416, 420, 482, 483 or 501: well-formed, not acceptable.
    pub unacceptable: u64,
    /// Datagrams dropped without an answer: not SIP, malformed responses and ACKs.
    pub dropped: u64,
    /// Responses and ACKs that belong to nothing we know.
    pub strays: u64,
}
