//! Tones as test speech: written as 16-bit WAV, found again by Goertzel's filter.

use std::f64::consts::TAU;
use std::path::Path;

use anyhow::ensure;

/// Samples of half a second.
pub const HALF_SECOND: usize = 4_000;
/// Samples a second.
const RATE: f64 = 8_000.0;
/// Bytes of a plain WAV header.
const HEADER: usize = 44;
/// Part of all energy that a tone must have.
const SHARE: f64 = 0.5;
/// Mean square below which there is no sound at all.
const SILENCE: f64 = 1e4;

/// Writes `seconds` of a tone of `hz`, a third of full scale.
pub fn write(path: &Path, hz: f64, seconds: usize) -> anyhow::Result<()> {
    let count = seconds * RATE as usize;
    let bytes = u32::try_from(count * 2)?;
    let mut wav = Vec::with_capacity(HEADER + count * 2);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(bytes + 36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&8_000_u32.to_le_bytes());
    wav.extend_from_slice(&16_000_u32.to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&bytes.to_le_bytes());
    for n in 0..count {
        let sample = (TAU * hz * n as f64 / RATE).sin() * 10_000.0;
        wav.extend_from_slice(&(sample as i16).to_le_bytes());
    }
    Ok(std::fs::write(path, wav)?)
}

/// Samples at 8 kHz of a plain 16-bit WAV of 8, 16 or 48 kHz that may still be written to; of several
/// channels the first. Tones need no filter before samples are left out.
pub fn read(path: &Path) -> anyhow::Result<Vec<i16>> {
    let bytes = std::fs::read(path)?;
    ensure!(
        bytes.len() > HEADER,
        "`{}` has no audio yet",
        path.display()
    );
    let channels = usize::from(u16::from_le_bytes([bytes[22], bytes[23]]));
    let rate = u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]) as usize;
    let step = (channels * rate / RATE as usize).max(1);
    let (samples, _) = bytes[HEADER..].as_chunks();
    Ok(samples
        .iter()
        .step_by(step)
        .map(|pair| i16::from_le_bytes(*pair))
        .collect())
}

/// Whether most of `samples` is a tone of `hz`.
pub fn is_in(samples: &[i16], hz: f64) -> bool {
    let (mut one, mut two, mut energy) = (0.0, 0.0, 0.0);
    let turn = 2.0 * (TAU * hz / RATE).cos();
    for sample in samples {
        let sample = f64::from(*sample);
        energy += sample * sample;
        (one, two) = (sample + turn * one - two, one);
    }
    let count = samples.len() as f64;
    let power = one * one + two * two - turn * one * two;
    energy / count > SILENCE && power * 2.0 / count > SHARE * energy
}

/// Both sides of a stereo A-law recording of ours, as linear samples.
pub fn recording(path: &Path) -> anyhow::Result<(Vec<i16>, Vec<i16>)> {
    /// Bytes of the header that the recorder writes.
    const HEADER: usize = 58;
    let bytes = std::fs::read(path)?;
    ensure!(bytes.len() > HEADER, "`{}` has no audio", path.display());
    let (pairs, _) = bytes[HEADER..].as_chunks::<2>();
    let side = |n: usize| pairs.iter().map(|pair| linear(pair[n])).collect();
    Ok((side(0), side(1)))
}

/// `ms` milliseconds of these tones at once as raw A-law; of silence where there are none.
pub fn alaw(hz: &[f64], ms: usize) -> Vec<u8> {
    let nearest = |sample: f64| {
        let distance = |code: &u8| (f64::from(linear(*code)) - sample).abs();
        (0..=u8::MAX).min_by(|a, b| distance(a).total_cmp(&distance(b)))
    };
    let samples = (0..ms * RATE as usize / 1_000).map(|n| {
        let of = |hz: &f64| (TAU * hz * n as f64 / RATE).sin() * 8_000.0;
        hz.iter().map(of).sum()
    });
    samples.filter_map(nearest).collect()
}

/// One A-law code word (ITU-T G.711); written apart from the product's own, which it checks.
fn linear(code: u8) -> i16 {
    let code = code ^ 0x55;
    let step = i16::from(code & 0x0f) * 16;
    let magnitude = match (code & 0x70) >> 4 {
        0 => step + 8,
        segment => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_told_from_another_and_from_silence() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tone.wav");
        write(&file, 440.0, 1).unwrap();
        let samples = read(&file).unwrap();
        assert!(is_in(&samples, 440.0) && !is_in(&samples, 600.0));
        assert!(!is_in(&[0; HALF_SECOND], 440.0));
    }
}
