//! The outline of a recording: the loudest sample of each of a few hundred equal parts.
//!
//! Long parts are sampled, not read through: an hour costs no more than a minute.

use std::io;

use super::body::linear;
use super::shelf::Audio;
use crate::limits;

/// Bytes looked at in one part.
const LOOK: u64 = 4096;

/// Peaks of each channel, 0..=100, for up to [`limits::WAVE_BARS`] parts.
pub(crate) async fn wave(audio: &mut Audio) -> io::Result<Vec<Vec<u8>>> {
    let frame = audio.head.coding.width() * u64::from(audio.head.channels);
    let channels = usize::from(audio.head.channels);
    let frames = audio.data / frame;
    let bars = (limits::WAVE_BARS as u64).min(frames);
    let mut peaks = vec![Vec::with_capacity(bars as usize); channels];
    for bar in 0..bars {
        let (first, last) = (frames * bar / bars, frames * (bar + 1) / bars);
        let length = ((last - first) * frame).min(LOOK - LOOK % frame);
        let raw = audio
            .read_file(audio.head.data_at + first * frame, length)
            .await?;
        let mut loudest = vec![0u16; channels];
        for (nth, pair) in linear(audio.head.coding, raw).chunks_exact(2).enumerate() {
            let size = i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs();
            let channel = &mut loudest[nth % channels];
            *channel = size.max(*channel);
        }
        for (channel, size) in peaks.iter_mut().zip(loudest) {
            channel.push((u32::from(size) * 100 / 32_768) as u8);
        }
    }
    Ok(peaks)
}
