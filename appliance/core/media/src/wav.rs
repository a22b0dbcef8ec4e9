//! WAV files: reading a prompt's audio, writing the header of a recording.
//!
//! Pure bytes; files are the shells' business. Recordings are stereo A-law (format tag 6) behind a
//! header of fixed length, so that it can be written anew in place as the file grows.

use crate::codec::Codec;
use crate::limits::{FRAME, MAX_PROMPT_FILE, RATE};

/// Bytes of a recording's header.
pub const HEADER: usize = 58;
/// Bytes of one stereo frame of 20 ms.
pub const STEREO_FRAME: usize = 2 * FRAME;
/// Most audio bytes a header can tell of (about 74 hours); a longer recording keeps this length.
pub const MAX_DATA: u32 = u32::MAX - HEADER as u32 - 1;

const PCM: u16 = 1;
const ALAW: u16 = 6;
const ULAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;

/// Audio of a file, still in the file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio<'a> {
    /// 16-bit linear, little endian, one channel, 8 kHz.
    Linear(&'a [u8]),
    /// G.711, one channel, 8 kHz.
    G711(Codec, &'a [u8]),
}

/// Why a file is no prompt. The words name the place and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// Not a WAV file, or cut short.
    #[error(
        "not a WAV file: {what} at byte {at}\nhint: write it as WAV, for example `sox IN -r 8000 -c 1 -b 16 OUT.wav`"
    )]
    Malformed {
        /// What is missing.
        what: &'static str,
        /// Where, from the start of the file.
        at: usize,
    },
    /// A WAV file with audio that the telephone does not have.
    #[error(
        "{what} {found}, needed is {needed}\nhint: convert it with `sox IN -r 8000 -c 1 -b 16 OUT.wav`"
    )]
    Unfit {
        /// Which property.
        what: &'static str,
        /// Its value.
        found: u32,
        /// What it should be.
        needed: &'static str,
    },
    /// More than ten minutes.
    #[error("{0} bytes are too long for a prompt, at most {MAX_PROMPT_FILE}\nhint: cut it")]
    TooLong(usize),
    /// No audio at all.
    #[error("there is no audio in it\nhint: record it again")]
    Empty,
}

/// The header of a recording that holds `data` audio bytes now: stereo A-law, 8 kHz.
pub fn header(data: u32) -> [u8; HEADER] {
    let data = data.min(MAX_DATA) & !1;
    let mut header = [0; HEADER];
    let fields: [&[u8]; 15] = [
        b"RIFF",
        &(data + HEADER as u32 - 8).to_le_bytes(),
        b"WAVEfmt ",
        &18u32.to_le_bytes(),
        &ALAW.to_le_bytes(),
        &2u16.to_le_bytes(),
        &RATE.to_le_bytes(),
        &(2 * RATE).to_le_bytes(),
        &2u16.to_le_bytes(),
        &8u16.to_le_bytes(),
        &0u16.to_le_bytes(),
        b"fact\x04\0\0\0",
        &(data / 2).to_le_bytes(),
        b"data",
        &data.to_le_bytes(),
    ];
    for (place, byte) in header.iter_mut().zip(fields.into_iter().flatten()) {
        *place = *byte;
    }
    header
}

/// Finds the audio of a prompt's file: 8 kHz, one channel, 16-bit linear or G.711.
pub fn read(bytes: &[u8]) -> Result<Audio<'_>, WavError> {
    if bytes.len() > MAX_PROMPT_FILE {
        return Err(WavError::TooLong(bytes.len()));
    }
    if bytes.get(..4) != Some(b"RIFF") {
        return Err(malformed("no `RIFF`", 0));
    }
    if bytes.get(8..12) != Some(b"WAVE") {
        return Err(malformed("no `WAVE`", 8));
    }
    let mut at = 12;
    let mut format = None;
    loop {
        let missing = if format.is_none() {
            "no `fmt ` chunk"
        } else {
            "no `data` chunk"
        };
        let head = bytes.get(at..at + 8);
        let head = head.ok_or_else(|| malformed(missing, at))?;
        let length = u32_at(head, 4).unwrap_or(0) as usize;
        let body = bytes.get(at + 8..).unwrap_or_default();
        // A file that is still being written says more than it has; what is there counts.
        let body = body.get(..length).unwrap_or(body);
        match head.get(..4) {
            Some(b"fmt ") => format = Some(read_format(body, at)?),
            Some(b"data") => {
                let format =
                    format.ok_or_else(|| malformed("audio before its `fmt ` chunk", at))?;
                return audio(format, body);
            }
            _ => {}
        }
        at = at.saturating_add(8 + length + length % 2);
    }
}

fn audio(format: u16, body: &[u8]) -> Result<Audio<'_>, WavError> {
    let audio = match format {
        ALAW => Audio::G711(Codec::Pcma, body),
        ULAW => Audio::G711(Codec::Pcmu, body),
        _ => Audio::Linear(body.get(..body.len() & !1).unwrap_or_default()),
    };
    if body.len() < 2 {
        return Err(WavError::Empty);
    }
    Ok(audio)
}

/// Checks the `fmt ` chunk that begins at `at`; says the format tag.
fn read_format(body: &[u8], at: usize) -> Result<u16, WavError> {
    let cut = || malformed("the `fmt ` chunk is cut short", at);
    let mut tag = u16_at(body, 0).ok_or_else(cut)?;
    if tag == EXTENSIBLE {
        tag = u16_at(body, 24).ok_or_else(cut)?;
    }
    let channels = u16_at(body, 2).ok_or_else(cut)?;
    let rate = u32_at(body, 4).ok_or_else(cut)?;
    let bits = u16_at(body, 14).ok_or_else(cut)?;
    let unfit = |what, found, needed| {
        Err(WavError::Unfit {
            what,
            found,
            needed,
        })
    };
    match (tag, bits) {
        (PCM, 16) | (ALAW | ULAW, 8) => {}
        (PCM, bits) => return unfit("the bits of a sample are", bits.into(), "16"),
        (ALAW | ULAW, bits) => return unfit("the bits of a G.711 sample are", bits.into(), "8"),
        (tag, _) => return unfit("the format tag is", tag.into(), "1, 6 or 7"),
    }
    match (channels, rate) {
        (1, RATE) => Ok(tag),
        (1, rate) => unfit("the sampling rate is", rate, "8000 Hz"),
        (channels, _) => unfit("the number of channels is", channels.into(), "1"),
    }
}

fn malformed(what: &'static str, at: usize) -> WavError {
    WavError::Malformed { what, at }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let (word, _) = bytes.get(at..)?.split_first_chunk::<2>()?;
    Some(u16::from_le_bytes(*word))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let (word, _) = bytes.get(at..)?.split_first_chunk::<4>()?;
    Some(u32::from_le_bytes(*word))
}

#[cfg(test)]
mod tests;
