//! One call: its trunk, its legs, and one cause for every ending.
//!
//! [`Switchboard`] stands between the SIP endpoint and the media plane and is driven by `Centre`.
//! It decides who may call and what a stream may be, never what a caller hears. Like all core
//! crates it knows no clock, socket or thread: time, addresses and randomness are arguments.
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

mod account;
mod address;
pub mod cause;
mod deadlines;
mod event;
mod gate;
mod info;
mod leg;
pub mod limits;
mod line;
mod load;
mod net;
mod offer;
mod ports;
mod reason;
mod refer;
mod refresh;
mod registrar;
mod sound;
mod stats;
mod switchboard;
mod transfer;
mod trunk;

pub use account::{Lookup, TrunkHealth};
pub use cause::Cause;
pub use deadlines::Deadlines;
pub use event::{Caller, LegEvent, Origin};
pub use gate::{Ban, BanReason, GateStats};
pub use leg::{LegId, Recorded};
pub use line::{Device, Dial, Line, Showing};
pub use media::sdp::{Keys, Srtp};
pub use media::{Codec, StreamCommand, StreamEvent, StreamId, StreamStats};
pub use net::{Net, NetError};
pub use registrar::Contact;
pub use sip::{Local, Offset, Peer, Transmit, Transport};
pub use sound::Sound;
pub use stats::{Refused, Stats};
pub use switchboard::{Reason, Standing, Switchboard, SwitchboardConfig, Why};
pub use trunk::{Identity, Login, Manner, Outbound, Trunk};

/// Whether `value` is what stands behind `a=crypto:` in a description of media that we would protect
/// (RFC 4568); whoever keeps messages hides it.
pub fn is_media_key(value: &str) -> bool {
    media::sdes::Crypto::parse(value).is_ok()
}
