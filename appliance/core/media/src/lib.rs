//! The media of one leg: session descriptions, RTP and RTCP, G.711, digits, jitter, prompts,
//! recordings. Everything here is sans-IO: arrival times are arguments, buffers the caller's.
//!
//! `call` uses [`sdp`]; the gateway's media threads drive [`stream`]. Nothing here knows SIP, opens
//! a socket, or allocates once a stream is made.
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

pub mod codec;
pub mod command;
pub mod limits;
pub mod sdp;
pub mod stats;

pub use codec::Codec;
pub use command::{StreamCommand, StreamEvent, StreamId};
pub use sdp::StreamSpec;
pub use stats::StreamStats;
