//! The sending direction.

use super::cipher::{Keys, Use};
use super::{
    MasterKey, RTCP_HEADER, RTCP_INDEX, RTCP_TAG, SrtpError, index_of, rtcp_source, rtp_header,
    rtp_names,
};

/// The most RTP packets of one key, and RTCP packets (RFC 3711 section 9.2).
const MOST_RTP: u64 = (1 << 48) - 1;
const MOST_RTCP: u32 = (1 << 31) - 1;

/// Protects what one source sends. A key is never used for two sources: their packets would share
/// the key stream's beginning of life.
#[derive(Clone)]
pub struct Sealer {
    master: MasterKey,
    rtp: Keys,
    rtcp: Keys,
    source: Option<u32>,
    highest: Option<u64>,
    rtcp_index: u32,
}

impl Sealer {
    /// A context at its beginning.
    pub fn new(master: &MasterKey) -> Self {
        Self {
            master: *master,
            rtp: Keys::new(master, Use::Rtp),
            rtcp: Keys::new(master, Use::Rtcp),
            source: None,
            highest: None,
            rtcp_index: 0,
        }
    }

    /// Protects the RTP packet in the first `length` bytes of `buffer`, which needs room for
    /// [`MAX_TRAILER`](super::MAX_TRAILER) more; says how long it is now.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SrtpError> {
        let packet = buffer.get(..length).ok_or(SrtpError::Malformed)?;
        let header = rtp_header(packet).ok_or(SrtpError::Malformed)?;
        let (sequence, source) = rtp_names(packet).ok_or(SrtpError::Malformed)?;
        self.own(source)?;
        let index = match self.highest {
            Some(highest) => index_of(highest, sequence),
            None => sequence.into(),
        };
        if index > MOST_RTP {
            return Err(SrtpError::UsedUp);
        }
        let mki = self.master.mki();
        let tag_length = self.master.suite().rtp_tag();
        let total = length + mki.len() + tag_length;
        let buffer = buffer.get_mut(..total).ok_or(SrtpError::NoRoom)?;
        let (packet, trailer) = buffer.split_at_mut(length);
        let payload = packet.get_mut(header..).unwrap_or_default();
        self.rtp.crypt(source, index, payload);
        let rollovers = ((index >> 16) as u32).to_be_bytes();
        let tag = self.rtp.tag(packet, &rollovers);
        for (place, byte) in trailer.iter_mut().zip(mki.iter().chain(&tag)) {
            *place = *byte;
        }
        self.highest = Some(self.highest.unwrap_or(0).max(index));
        Ok(total)
    }

    /// The same for a compound RTCP packet.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SrtpError> {
        let packet = buffer.get(..length).ok_or(SrtpError::Malformed)?;
        let source = rtcp_source(packet).ok_or(SrtpError::Malformed)?;
        if self.rtcp_index >= MOST_RTCP {
            return Err(SrtpError::UsedUp);
        }
        let index = self.rtcp_index + 1;
        let mki = self.master.mki();
        let total = length + RTCP_INDEX + mki.len() + RTCP_TAG;
        let buffer = buffer.get_mut(..total).ok_or(SrtpError::NoRoom)?;
        let (packet, trailer) = buffer.split_at_mut(length);
        let body = packet.get_mut(RTCP_HEADER..).unwrap_or_default();
        self.rtcp.crypt(source, index.into(), body);
        let flagged = (1 << 31 | index).to_be_bytes();
        let tag = self.rtcp.tag(packet, &flagged);
        let bytes = flagged.iter().chain(mki).chain(&tag);
        for (place, byte) in trailer.iter_mut().zip(bytes) {
            *place = *byte;
        }
        self.rtcp_index = index;
        Ok(total)
    }

    fn own(&mut self, source: u32) -> Result<(), SrtpError> {
        if *self.source.get_or_insert(source) == source {
            Ok(())
        } else {
            Err(SrtpError::OtherSource)
        }
    }
}

impl std::fmt::Debug for Sealer {
    /// Never shows a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({:?})", self.master)
    }
}
