//! The receiving direction.

use super::cipher::{Keys, Use};
use super::{
    MasterKey, RTCP_HEADER, RTCP_INDEX, RTCP_TAG, SrtpError, index_of, rtcp_source, rtp_header,
    rtp_names,
};

/// Packets behind the highest that are told from replayed ones (RFC 3711 section 3.3.2: at least 64).
const WINDOW: u64 = 128;
/// Sources of one peer that are remembered; the one not heard for longest makes room. A peer has one,
/// and another after a transfer behind it.
const SOURCES: usize = 4;

/// Checks and opens what one peer sends.
#[derive(Clone)]
pub struct Opener {
    master: MasterKey,
    rtp: Keys,
    rtcp: Keys,
    /// The one heard last first.
    rtp_seen: [Option<(u32, Seen)>; SOURCES],
    rtcp_seen: [Option<(u32, Seen)>; SOURCES],
}

/// Indexes that came.
#[derive(Clone, Copy, Debug)]
struct Seen {
    highest: u64,
    /// Bit n: the packet n behind the highest came.
    window: u128,
}

impl Seen {
    /// Whether a packet of this index is new.
    fn is_new(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(behind) if behind < WINDOW => self.window >> behind & 1 == 0,
            Some(_) => false,
        }
    }

    fn mark(&mut self, index: u64) {
        if let Some(behind) = self.highest.checked_sub(index) {
            self.window |= 1 << (behind % WINDOW);
            return;
        }
        let ahead = index - self.highest;
        let moved = u32::try_from(ahead)
            .ok()
            .and_then(|by| self.window.checked_shl(by));
        self.window = moved.unwrap_or(0) | 1;
        self.highest = index;
    }
}

impl Opener {
    /// A context at its beginning.
    pub fn new(master: &MasterKey) -> Self {
        Self {
            master: *master,
            rtp: Keys::new(master, Use::Rtp),
            rtcp: Keys::new(master, Use::Rtcp),
            rtp_seen: [None; SOURCES],
            rtcp_seen: [None; SOURCES],
        }
    }

    /// Opens a protected RTP packet in place; says how long the plain one is.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let (sequence, source) = rtp_names(packet).ok_or(SrtpError::Malformed)?;
        let trailer = self.master.mki().len() + self.master.suite().rtp_tag();
        let length = packet.len().checked_sub(trailer);
        let length = length.ok_or(SrtpError::Malformed)?;
        let (plain, trailer) = packet.split_at_mut(length);
        let header = rtp_header(plain).ok_or(SrtpError::Malformed)?;
        let tag = self.named(trailer)?;
        let seen = find(&self.rtp_seen, source);
        // A source that is new is in its first round of sequence numbers.
        let index = match seen {
            Some(seen) => index_of(seen.highest, sequence),
            None => sequence.into(),
        };
        let rollovers = ((index >> 16) as u32).to_be_bytes();
        if !self.rtp.proves(plain, &rollovers, tag) {
            return Err(SrtpError::Forged);
        }
        remember(&mut self.rtp_seen, source, index)?;
        let payload = plain.get_mut(header..).unwrap_or_default();
        self.rtp.crypt(source, index, payload);
        Ok(length)
    }

    /// Opens a protected compound RTCP packet in place; says how long the plain one is.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let source = rtcp_source(packet).ok_or(SrtpError::Malformed)?;
        let trailer = RTCP_INDEX + self.master.mki().len() + RTCP_TAG;
        let length = packet.len().checked_sub(trailer);
        let length = length.filter(|length| *length >= RTCP_HEADER);
        let length = length.ok_or(SrtpError::Malformed)?;
        let (plain, trailer) = packet.split_at_mut(length);
        let (flagged, trailer) = trailer
            .split_first_chunk::<RTCP_INDEX>()
            .ok_or(SrtpError::Malformed)?;
        let tag = self.named(trailer)?;
        if !self.rtcp.proves(plain, flagged, tag) {
            return Err(SrtpError::Forged);
        }
        let flagged = u32::from_be_bytes(*flagged);
        let index = u64::from(flagged & !(1 << 31));
        remember(&mut self.rtcp_seen, source, index)?;
        if flagged >> 31 == 1 {
            let body = plain.get_mut(RTCP_HEADER..).unwrap_or_default();
            self.rtcp.crypt(source, index, body);
        }
        Ok(length)
    }

    /// The tag of a trailer that names our key, or none.
    fn named<'a>(&self, trailer: &'a [u8]) -> Result<&'a [u8], SrtpError> {
        let mki = self.master.mki();
        trailer.strip_prefix(mki).ok_or(SrtpError::Forged)
    }
}

impl std::fmt::Debug for Opener {
    /// Never shows a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opener({:?})", self.master)
    }
}

fn find(sources: &[Option<(u32, Seen)>; SOURCES], source: u32) -> Option<Seen> {
    let mut known = sources.iter().flatten();
    known
        .find(|(known, _)| *known == source)
        .map(|known| known.1)
}

/// Marks a packet that proved itself, and its source as the one heard last.
fn remember(
    sources: &mut [Option<(u32, Seen)>; SOURCES],
    source: u32,
    index: u64,
) -> Result<(), SrtpError> {
    let known = sources
        .iter()
        .position(|place| place.is_some_and(|(known, _)| known == source));
    let mut seen = Seen {
        highest: index,
        window: 0,
    };
    if let Some((_, before)) = known.and_then(|at| sources.get(at).copied().flatten()) {
        if !before.is_new(index) {
            return Err(SrtpError::Replayed);
        }
        seen = before;
    }
    seen.mark(index);
    let at = known.unwrap_or(SOURCES - 1);
    if let Some(moved) = sources.get_mut(..=at) {
        moved.rotate_right(1);
    }
    if let Some(first) = sources.first_mut() {
        *first = Some((source, seen));
    }
    Ok(())
}
