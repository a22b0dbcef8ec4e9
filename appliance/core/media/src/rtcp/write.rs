//! Writing our compound: one report, one CNAME, and a BYE where the stream ends.

use super::{BLOCK, BYE, HEAD, RR, SDES, SENDER_INFO, SR, VoipMetrics};
use crate::reception::ReportBlock;

/// Characters of our CNAME (RFC 7022: short-term, random).
pub(crate) const CNAME: usize = 16;

/// What we say in one compound.
#[derive(Clone, Copy, Debug)]
pub struct Compound {
    /// Our source.
    pub ssrc: u32,
    /// What we sent, where we sent since the last report; makes it an SR.
    pub sent: Option<Sent>,
    /// How we hear the peer, where we do.
    pub block: Option<ReportBlock>,
    /// How the peer sounds here, where it was heard.
    pub voip: Option<VoipMetrics>,
    /// Our canonical name.
    pub cname: [u8; CNAME],
    /// The stream ends here.
    pub bye: bool,
}

/// The sender information of an SR (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Wall clock, NTP format.
    pub ntp: u64,
    /// The same moment as a timestamp.
    pub rtp: u32,
    /// Packets sent since the start.
    pub packets: u32,
    /// Payload bytes sent since the start.
    pub octets: u32,
}

impl Compound {
    /// Writes the compound into `out` and says its length; `None` where it does not fit.
    pub fn write(&self, out: &mut [u8]) -> Option<usize> {
        let mut out = Writer { out, at: 0 };
        let body = self.sent.map_or(0, |_| SENDER_INFO) + self.block.map_or(0, |_| BLOCK);
        let kind = if self.sent.is_some() { SR } else { RR };
        out.head(kind, u8::from(self.block.is_some()), HEAD + body)?;
        out.word(self.ssrc)?;
        if let Some(sent) = self.sent {
            out.word((sent.ntp >> 32) as u32)?;
            out.word(sent.ntp as u32)?;
            out.word(sent.rtp)?;
            out.word(sent.packets)?;
            out.word(sent.octets)?;
        }
        if let Some(block) = self.block {
            out.word(block.ssrc)?;
            let lost = block.cumulative_lost & 0xFF_FFFF;
            out.word((u32::from(block.fraction_lost) << 24) | lost)?;
            out.word(block.highest)?;
            out.word(block.jitter)?;
            out.word(block.last_sr)?;
            out.word(block.delay_since_sr)?;
        }
        // One chunk: SSRC, item 1 (CNAME), and at least one zero up to the next word.
        let padded = (2 + CNAME) / 4 * 4 + 4;
        out.head(SDES, 1, HEAD + padded)?;
        out.word(self.ssrc)?;
        out.bytes(&[1, CNAME as u8])?;
        out.bytes(&self.cname)?;
        out.bytes([0; 4].get(..padded - 2 - CNAME)?)?;
        if let Some(voip) = self.voip {
            voip.write(&mut out, self.ssrc)?;
        }
        if self.bye {
            out.head(BYE, 1, HEAD)?;
            out.word(self.ssrc)?;
        }
        Some(out.at)
    }
}

pub(super) struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    pub(super) fn head(&mut self, kind: u8, count: u8, length: usize) -> Option<()> {
        let words = (length / 4 - 1) as u16;
        self.bytes(&[0x80 | count, kind])?;
        self.bytes(&words.to_be_bytes())
    }

    pub(super) fn word(&mut self, word: u32) -> Option<()> {
        self.bytes(&word.to_be_bytes())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.at + bytes.len();
        self.out.get_mut(self.at..end)?.copy_from_slice(bytes);
        self.at = end;
        Some(())
    }
}
