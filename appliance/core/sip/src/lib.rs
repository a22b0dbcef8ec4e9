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

mod asserted;
mod auth_params;
mod check;
mod content;
mod deadline;
mod dialog;
mod digest;
mod draft;
mod early;
mod endpoint;
mod header;
mod identity;
mod lane;
mod lex;
pub mod limits;
pub mod locate;
mod login;
mod message;
mod method;
mod name_addr;
mod offset;
mod option_tags;
mod overload;
mod params;
mod parse;
mod reason;
mod replaces;
mod reply_head;
mod request;
mod span;
mod start_line;
mod stream;
mod transaction;
mod transport;
mod uri;
mod via;
mod write;

pub use asserted::Privacy;
pub use auth_params::AuthParams;
pub use check::{Essentials, Judged, Refusal, Verdict, judge};
pub use content::{MediaType, part};
pub use deadline::Reason;
pub use digest::{Algorithm, DigestInput, DigestVerdict};
pub use endpoint::{
    Capacity, DialogId, EndedBy, Endpoint, EndpointConfig, Event, Received, Standing, Stats,
    Timers, Transmit, TxId,
};
pub use header::Kind;
pub use message::{Field, Message, StartLine};
pub use method::Method;
pub use name_addr::{AddressList, NameAddr};
pub use offset::Offset;
pub use params::Params;
pub use parse::ParseError;
pub use reason::ReasonHeader;
pub use replaces::Replaces;
pub use request::{
    Address, Body, Credentials, Headers, OutgoingInvite, OutgoingRegister, OutgoingRequest, Reply,
    Request,
};
pub use stream::{Frame, FrameError, StreamReader};
pub use transport::{Local, Peer, PeerError, Transport};
pub use uri::{Scheme, Uri, UriError, UriRef};
pub use via::Via;
pub use write::{Writer, write};
