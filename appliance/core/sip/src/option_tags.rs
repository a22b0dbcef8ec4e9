//! Option tags: the extensions a peer may require of us (RFC 3261 20.32, 20.37).

use crate::check::lists;
use crate::header::Kind;
use crate::message::Message;

/// What we understand when a peer requires it: reliable 1xx here (RFC 3262), a call that takes another's place in
/// `call` (RFC 3891). `norefersub` and `timer` are not here: requiring them is answered 420, as long as
/// nobody implements what they promise.
const SUPPORTED: [&str; 2] = ["100rel", "replaces"];

/// The required extensions we lack, in order (the Unsupported value of a 420).
pub(crate) fn unsupported<'a>(message: &Message<'a>) -> impl Iterator<Item = &'a [u8]> {
    message.all(Kind::Require).flat_map(lists).filter(|tag| {
        !SUPPORTED
            .iter()
            .any(|known| known.as_bytes().eq_ignore_ascii_case(tag))
    })
}
