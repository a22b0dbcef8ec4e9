//! The media of one leg: session descriptions, RTP and RTCP, codecs, digits, jitter, prompts,
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
pub mod comfort_noise;
pub mod command;
pub mod conceal;
pub mod digits;
pub mod dtmf;
pub mod emodel;
pub mod g722;
pub mod gaps;
pub mod jitter;
pub mod limits;
pub mod live;
pub mod ogg_opus;
pub mod opus;
pub mod oscillator;
pub mod plc;
pub mod prompt;
pub mod reception;
pub mod resample;
pub mod rtcp;
pub mod rtp;
pub mod sdes;
pub mod sdp;
pub mod srtp;
pub mod stats;
pub mod stream;
pub mod tone;
pub mod transcode;
pub mod wav;

pub use codec::Codec;
pub use command::{StreamCommand, StreamEvent, StreamId};
pub use live::Live;
pub use prompt::{Playlist, Prompt};
pub use sdp::StreamSpec;
pub use stats::StreamStats;
pub use stream::{Gear, PacketKind, Passing, Stream, StreamSeed};
pub use transcode::{AudioDecoder, AudioEncoder, Transcoder};
