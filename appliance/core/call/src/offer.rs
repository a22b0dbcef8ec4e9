//! Offer and answer for one leg (RFC 3264): what the peer can, what we can, what is agreed.
//!
//! The grammar and the choice are `media::sdp`'s; this file turns its errors into the cause and
//! the refusal that the peer gets. It keeps nothing.

use std::net::IpAddr;

use media::StreamSpec;
use media::sdes::OurSecret;
use media::sdp::{self, Capabilities, Direction, OfferError, SdpIds, Session};
use sip::{Body, Reply};

use crate::cause::Cause;
use crate::sound::Sound;

/// Content type of a session description.
pub(crate) const SDP: &str = "application/sdp";

/// Where a leg's stream is reached, and which description of it this is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    pub(crate) ids: SdpIds,
    /// Which way we let media flow.
    pub(crate) direction: Direction,
    /// What the line may speak.
    pub(crate) sound: Sound,
    /// What our key is made of.
    pub(crate) secret: OurSecret,
}

impl Place {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            direction: self.direction,
            codecs: self.sound.codecs.clone(),
            srtp: self.sound.srtp,
            keys: self.sound.keys,
            secret: self.secret,
        }
    }
}

/// Our answer to `offer`, and the stream that follows from it.
pub(crate) fn answer(offer: &[u8], place: &Place) -> Result<(Body, StreamSpec), OfferError> {
    let offer = Session::parse(offer)?;
    let ours = place.capabilities();
    let answer = sdp::answer(&offer, &ours, place.ip, place.port, place.ids)?;
    Ok((Body::new(SDP, answer.body), answer.spec))
}

/// Our own offer.
pub(crate) fn offer(place: &Place) -> Vec<u8> {
    sdp::offer(&place.capabilities(), place.ip, place.port, place.ids)
}

/// The stream that follows from the peer's `answer` to our offer.
pub(crate) fn accept(answer: &[u8], place: &Place) -> Result<StreamSpec, OfferError> {
    sdp::accept_answer(answer, &place.capabilities())
}

/// The cause of a leg that ends by `error`.
pub(crate) fn cause(error: &OfferError) -> Cause {
    if error.status() == 400 {
        Cause::ProtocolError
    } else {
        Cause::NoCommonCodec
    }
}

/// The refusal, with a Warning of ours, `agent`, that says why (RFC 3261 section 20.43).
pub(crate) fn refusal(error: &OfferError, agent: &str) -> Reply {
    let code = match error {
        OfferError::NoCommonCodec { .. } => 305,
        OfferError::Transport(..) | OfferError::NoKey(_) => 302,
        OfferError::NoAudio => 304,
        OfferError::Malformed { .. } | OfferError::NoAddress => 399,
    };
    let quoted = |c: char| {
        if c == '"' || c == '\\' || c.is_control() {
            '\''
        } else {
            c
        }
    };
    let text: String = error.to_string().chars().map(quoted).collect();
    Reply::new(error.status()).with_header("Warning", format!("{code} {agent} \"{text}\""))
}
