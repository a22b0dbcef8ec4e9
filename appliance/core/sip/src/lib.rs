//! SIP (RFC 3261 and friends), sans-IO: zero-copy messages, transactions, dialogs and digest.
//!
//! [`Endpoint`] is what `call` drives; [`UriRef`] and the other views read a received message in place.
//! Nothing here knows a clock, a socket or a thread: time, addresses and randomness are arguments.
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
#![warn(missing_docs)]

mod deadline;
mod digest;
mod endpoint;
mod lex;
pub mod limits;
mod method;
mod request;
mod span;
mod uri;

pub use deadline::Reason;
pub use digest::DigestVerdict;
pub use endpoint::{
    Capacity, DialogId, EndedBy, Endpoint, EndpointConfig, Event, Received, Stats, Timers,
    Transmit, TxId,
};
pub use method::Method;
pub use request::{Address, Body, Credentials, Headers, OutgoingInvite, Reply, Request};
pub use uri::{Scheme, Uri, UriError, UriRef};
