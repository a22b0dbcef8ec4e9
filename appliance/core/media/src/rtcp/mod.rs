//! RTCP (RFC 3550 section 6): compound packets of SR or RR, SDES CNAME, XR (RFC 3611) and BYE, without
//! allocation.
//!
//! [`read`] hands on what a telephone leg needs of a peer's compound and passes over the rest;
//! [`Compound`] writes ours. `rtcp-types` allocates for every chunk, so it is the test oracle only.

mod voip;
mod write;

#[cfg(test)]
mod tests;

pub use voip::VoipMetrics;
pub(crate) use write::CNAME;
pub use write::{Compound, Sent};

use crate::reception::ReportBlock;

/// Sender report.
const SR: u8 = 200;
/// Receiver report.
const RR: u8 = 201;
/// Source description.
const SDES: u8 = 202;
/// Goodbye.
const BYE: u8 = 203;

/// Bytes of a packet's header with its SSRC.
const HEAD: usize = 8;
/// Bytes of the sender information of an SR.
const SENDER_INFO: usize = 20;
/// Bytes of one report block.
const BLOCK: usize = 24;

/// One thing that a peer's compound said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    /// `ssrc` sends; its wall clock at `rtp` (a timestamp) was `ntp`.
    Sender { ssrc: u32, ntp: u64, rtp: u32 },
    /// How the peer receives `block.ssrc`.
    Block(ReportBlock),
    /// How `ssrc` sounds at the peer, as an opinion score from 1 to 5.
    Score { ssrc: u32, mos: f32 },
    /// `ssrc` leaves.
    Bye { ssrc: u32 },
}

/// Why bytes are not RTCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RTCP compound: packet at byte {at}")]
pub struct RtcpError {
    /// Where the packet that cannot be read begins.
    pub at: usize,
}

/// Reads a compound and calls `each` for every item. Nothing is handed on of a compound that is
/// malformed anywhere. A compound of reduced size (RFC 5506) is read too.
pub fn read(bytes: &[u8], mut each: impl FnMut(Item)) -> Result<(), RtcpError> {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((_, after)) = split(rest).filter(|(packet, _)| packet.is_sound()) {
        at = bytes.len() - after.len();
        rest = after;
    }
    if !rest.is_empty() || bytes.is_empty() {
        return Err(RtcpError { at });
    }
    let mut rest = bytes;
    while let Some((packet, after)) = split(rest) {
        packet.items(&mut each);
        rest = after;
    }
    Ok(())
}

/// One packet of a compound.
#[derive(Clone, Copy)]
struct Part<'a> {
    kind: u8,
    count: usize,
    /// What follows the first four bytes, padding included.
    body: &'a [u8],
}

impl Part<'_> {
    /// Whether the counted blocks or sources are there.
    fn is_sound(self) -> bool {
        let needs = match self.kind {
            SR => 4 + SENDER_INFO + self.count * BLOCK,
            RR => 4 + self.count * BLOCK,
            BYE => self.count * 4,
            192..=223 => 0,
            _ => return false,
        };
        self.body.len() >= needs
    }

    fn items(self, each: &mut impl FnMut(Item)) {
        let blocks_at = match self.kind {
            SR => {
                if let Some(sender) = self.sender() {
                    each(sender);
                }
                4 + SENDER_INFO
            }
            RR => 4,
            voip::XR => {
                return voip::scores(self.body, |ssrc, mos| each(Item::Score { ssrc, mos }));
            }
            BYE => {
                let sources = self.body.chunks_exact(4).take(self.count);
                for ssrc in sources.filter_map(|bytes| u32_at(bytes, 0)) {
                    each(Item::Bye { ssrc });
                }
                return;
            }
            _ => return,
        };
        let blocks = self.body.get(blocks_at..).unwrap_or_default();
        for block in blocks.chunks_exact(BLOCK).take(self.count) {
            if let Some(block) = report_block(block) {
                each(Item::Block(block));
            }
        }
    }

    fn sender(self) -> Option<Item> {
        let high = u64::from(u32_at(self.body, 4)?);
        let low = u64::from(u32_at(self.body, 8)?);
        Some(Item::Sender {
            ssrc: u32_at(self.body, 0)?,
            ntp: (high << 32) | low,
            rtp: u32_at(self.body, 12)?,
        })
    }
}

/// The first packet and what follows it.
fn split(bytes: &[u8]) -> Option<(Part<'_>, &[u8])> {
    let (&[first, kind, high, low], rest) = bytes.split_first_chunk::<4>()?;
    let length = 4 * usize::from(u16::from_be_bytes([high, low]));
    let (body, rest) = rest.split_at_checked(length)?;
    let part = Part {
        kind,
        count: usize::from(first & 0x1F),
        body,
    };
    (first >> 6 == 2).then_some((part, rest))
}

fn report_block(bytes: &[u8]) -> Option<ReportBlock> {
    let lost = u32_at(bytes, 4)?;
    Some(ReportBlock {
        ssrc: u32_at(bytes, 0)?,
        fraction_lost: (lost >> 24) as u8,
        cumulative_lost: lost & 0xFF_FFFF,
        highest: u32_at(bytes, 8)?,
        jitter: u32_at(bytes, 12)?,
        last_sr: u32_at(bytes, 16)?,
        delay_since_sr: u32_at(bytes, 20)?,
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let (word, _) = bytes.get(at..)?.split_first_chunk::<4>()?;
    Some(u32::from_be_bytes(*word))
}
