//! The head of a WAV file: what the samples are and where they lie (RIFF, Microsoft format tags).
//!
//! Reads and writes bytes only. A head may be behind its file while a call is being recorded.

use super::shelf::NoAudio;
use crate::limits;

/// Bytes of the head that [`pcm_head`] writes.
pub(super) const PCM_HEAD: u64 = 44;

/// How one sample is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// 16-bit little-endian linear.
    Linear,
    /// G.711 A-law, one byte.
    ALaw,
    /// G.711 mu-law, one byte.
    MuLaw,
}

impl Coding {
    /// Bytes of one sample of one channel.
    pub(super) fn width(self) -> u64 {
        match self {
            Self::Linear => 2,
            Self::ALaw | Self::MuLaw => 1,
        }
    }
}

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(super) coding: Coding,
    pub(super) channels: u16,
    pub(super) rate: u32,
    /// Where the samples begin, bytes from the start of the file.
    pub(super) data_at: u64,
    /// Bytes of samples as the head says; 0 or too much while the file grows.
    pub(super) data_said: u64,
}

impl Head {
    /// Of a file without one: all its bytes are audio.
    pub(super) const NONE: Self = Self {
        coding: Coding::ALaw,
        channels: 2,
        rate: 8_000,
        data_at: 0,
        data_said: 0,
    };
}

/// Reads the head from the first bytes of a file.
pub(super) fn parse(bytes: &[u8]) -> Result<Head, NoAudio> {
    let bytes = &bytes[..bytes.len().min(limits::WAV_HEAD)];
    if field(bytes, 0) != Some(*b"RIFF") || field(bytes, 8) != Some(*b"WAVE") {
        return Err(NoAudio::Broken("it is not a WAV file"));
    }
    let mut format = None;
    let mut at = 12usize;
    loop {
        let (Some(name), Some(size)) = (field(bytes, at), field(bytes, at + 4)) else {
            return Err(NoAudio::Broken("its head has no `data` chunk"));
        };
        let size = u32::from_le_bytes(size);
        at += 8;
        match &name {
            b"fmt " => format = Some(format_chunk(bytes, at)?),
            b"data" => {
                let (coding, channels, rate) =
                    format.ok_or(NoAudio::Broken("its head has no `fmt ` chunk"))?;
                return Ok(Head {
                    coding,
                    channels,
                    rate,
                    data_at: at as u64,
                    data_said: size.into(),
                });
            }
            _ => {}
        }
        // Chunks are padded to even lengths.
        at = at
            .saturating_add(size as usize)
            .saturating_add(size as usize & 1);
    }
}

fn format_chunk(bytes: &[u8], at: usize) -> Result<(Coding, u16, u32), NoAudio> {
    const CUT: NoAudio = NoAudio::Broken("its `fmt ` chunk is cut");
    let tag = u16::from_le_bytes(field(bytes, at).ok_or(CUT)?);
    let channels = u16::from_le_bytes(field(bytes, at + 2).ok_or(CUT)?);
    let rate = u32::from_le_bytes(field(bytes, at + 4).ok_or(CUT)?);
    let bits = u16::from_le_bytes(field(bytes, at + 14).ok_or(CUT)?);
    let coding = match (tag, bits) {
        (1, 16) => Coding::Linear,
        (6, 8) => Coding::ALaw,
        (7, 8) => Coding::MuLaw,
        _ => {
            return Err(NoAudio::Broken(
                "its coding is neither 16-bit linear nor G.711",
            ));
        }
    };
    if !(1..=2).contains(&channels) || !(8_000..=48_000).contains(&rate) {
        return Err(NoAudio::Broken("its channels or rate are out of range"));
    }
    Ok((coding, channels, rate))
}

/// The head of a 16-bit linear WAV of so many bytes of samples.
pub(super) fn pcm_head(head: &Head, data: u64) -> [u8; PCM_HEAD as usize] {
    let data = u32::try_from(data).unwrap_or(u32::MAX - 36);
    let block = head.channels * 2;
    let mut out = [0; PCM_HEAD as usize];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        out[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&(data + 36).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16u32.to_le_bytes());
    put(&1u16.to_le_bytes());
    put(&head.channels.to_le_bytes());
    put(&head.rate.to_le_bytes());
    put(&(head.rate * u32::from(block)).to_le_bytes());
    put(&block.to_le_bytes());
    put(&16u16.to_le_bytes());
    put(b"data");
    put(&data.to_le_bytes());
    out
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
