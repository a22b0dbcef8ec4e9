//! What one party of a bridge says, on its way to the other: sequence, timestamp and source become
//! the sending stream's own, gaps and markers stay.
//!
//! Made by the stream that hears ([`Stream::handle_rtp`](super::Stream::handle_rtp)), taken by the
//! one that sends ([`Stream::pass`](super::Stream::pass)). Nothing is held back here: loss, jitter
//! and reordering reach the far end as they are, which knows best what to do about them.

use crate::codec::{Codec, translation};
use crate::rtp::Packet;

/// A jump forward of more than this begins a new track (as in RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3_000;

/// One packet of a party, to be handed to the other one's stream.
#[derive(Clone, Copy, Debug)]
pub struct Passing<'a> {
    pub(super) packet: Packet<'a>,
    pub(super) codec: Codec,
    pub(super) kind: Kind,
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sound; the key that was just heard in it, where the peer has no other way to press one.
    Audio(Option<char>),
    /// RFC 4733; the key where a press begins with it.
    Event(Option<char>),
    /// A key that no packet of the listened source carries.
    Key(char),
}

/// Whether what one codec says reaches the other packet by packet; else it is decoded and encoded.
pub(super) fn is_relayed(from: Codec, to: Codec) -> bool {
    from == to || translation(from, to).is_some()
}

/// Timestamp units that a payload lasts.
pub(super) fn length_of(codec: Codec, payload: &[u8]) -> u32 {
    if codec != Codec::Opus {
        return payload.len() as u32;
    }
    let Some((head, rest)) = payload.split_first() else {
        return 0;
    };
    // RFC 6716 section 3.1, in units of 48 kHz.
    let config = head >> 3;
    let frame = match config {
        0..12 => [480, 960, 1_920, 2_880].get(usize::from(config & 3)),
        12..16 => [480, 960].get(usize::from(config & 1)),
        _ => [120, 240, 480, 960].get(usize::from(config & 3)),
    };
    let count = match head & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(rest.first().copied().unwrap_or(1) & 0x3F),
    };
    frame.copied().unwrap_or(960) * count.clamp(1, 48)
}

/// How one source's numbers become ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    ssrc: u32,
    codec: Codec,
    /// Theirs to ours.
    offset: u16,
    /// Our first number; what is older belongs to whatever was sent before.
    first: u16,
    newest: u16,
    /// One moment in their timestamps and in ours.
    moment: (u32, u32),
}

/// A packet's numbers on our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    /// No later one was placed yet.
    pub(super) is_newest: bool,
}

impl Track {
    /// Begins with `passing`, which gets our numbers `sequence` and `timestamp`.
    pub(super) fn new(passing: &Passing<'_>, sequence: u16, timestamp: u32) -> Self {
        let packet = &passing.packet;
        Self {
            ssrc: packet.ssrc,
            codec: passing.codec,
            offset: sequence.wrapping_sub(packet.sequence),
            first: sequence,
            newest: sequence.wrapping_sub(1),
            moment: (packet.timestamp, timestamp),
        }
    }

    /// Whether `passing` goes on with what came before it.
    pub(super) fn has(&self, passing: &Passing<'_>) -> bool {
        let sequence = passing.packet.sequence.wrapping_add(self.offset);
        let ahead = sequence.wrapping_sub(self.newest);
        let is_near = ahead < MAX_DROPOUT || ahead.wrapping_neg() < MAX_DROPOUT;
        self.ssrc == passing.packet.ssrc && self.codec == passing.codec && is_near
    }

    /// Our numbers of a packet; `None` where it is older than the track.
    pub(super) fn place(&mut self, passing: &Passing<'_>, clock: u32) -> Option<Placed> {
        let sequence = passing.packet.sequence.wrapping_add(self.offset);
        if (sequence.wrapping_sub(self.first) as i16) < 0 {
            return None;
        }
        let is_newest = (sequence.wrapping_sub(self.newest) as i16) > 0;
        if is_newest {
            self.newest = sequence;
        }
        let since = i64::from(passing.packet.timestamp.wrapping_sub(self.moment.0) as i32);
        let since = since * i64::from(clock) / i64::from(passing.codec.clock());
        let timestamp = self.moment.1.wrapping_add(since as u32);
        if is_newest {
            self.moment = (passing.packet.timestamp, timestamp);
        }
        Some(Placed {
            sequence,
            timestamp,
            is_newest,
        })
    }

    /// A packet was left out on purpose: what follows closes up, so that it is no loss.
    pub(super) fn leave_out(&mut self) {
        self.offset = self.offset.wrapping_sub(1);
        self.newest = self.newest.wrapping_sub(1);
    }
}
