//! Reading WAV files for transcription from the command line and for tests.
//!
//! Linear 16-bit and G.711 A-law or mu-law, 8 or 16 kHz; of several channels the first (a
//! recording's caller). Lengths in the file are never trusted beyond its bytes. It never writes.

use std::path::Path;

use crate::SpeechError;
use crate::limits::MAX_WAV;

/// Decoded audio.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Samples a second, 8000 or 16000.
    pub rate: u32,
    /// Samples, -1..1, first channel.
    pub samples: Vec<f32>,
}

/// Reads the WAV file at `file`.
pub fn read(file: &Path) -> Result<Audio, SpeechError> {
    let system = |e| SpeechError::system(format!("reading {}", file.display()), e);
    let size = std::fs::metadata(file).map_err(system)?.len();
    if size > MAX_WAV {
        let what = format!("{size} bytes are too many, at most {MAX_WAV}");
        return Err(system(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            what,
        )));
    }
    let bytes = std::fs::read(file).map_err(system)?;
    parse(&bytes).map_err(|what| {
        let what =
            format!("{what}\n  hint: give a WAV of 16-bit PCM, A-law or mu-law at 8 or 16 kHz");
        system(std::io::Error::new(std::io::ErrorKind::InvalidData, what))
    })
}

/// Decodes the bytes of a WAV file; says in words what is wrong with them.
pub fn parse(bytes: &[u8]) -> Result<Audio, String> {
    let head = bytes.split_first_chunk::<12>();
    let Some(([b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'], mut chunks)) = head
    else {
        return Err("not a WAV file".to_owned());
    };
    let mut format = None;
    while let Some((head, body)) = chunks.split_first_chunk::<8>() {
        let [i0, i1, i2, i3, l0, l1, l2, l3] = *head;
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let body_now = body.get(..length).unwrap_or(body);
        match &[i0, i1, i2, i3] {
            b"fmt " => format = Some(Format::parse(body_now)?),
            b"data" => {
                let format = format.ok_or("no format before the data")?;
                return Ok(Audio {
                    rate: format.rate,
                    samples: format.decode(body_now),
                });
            }
            _ => {}
        }
        chunks = body.get(length + length % 2..).unwrap_or(&[]);
    }
    Err("no data".to_owned())
}

#[derive(Clone, Copy)]
enum Coding {
    Linear,
    ALaw,
    MuLaw,
}

struct Format {
    coding: Coding,
    channels: usize,
    rate: u32,
}

impl Format {
    fn parse(body: &[u8]) -> Result<Self, String> {
        let Some((&[t0, t1, c0, c1, r0, r1, r2, r3, _, _, _, _, _, _, b0, b1], _)) =
            body.split_first_chunk::<16>()
        else {
            return Err("format chunk too short".to_owned());
        };
        let (tag, bits) = (u16::from_le_bytes([t0, t1]), u16::from_le_bytes([b0, b1]));
        // 0xfffe is the extensible form; its sub-format begins with the true tag.
        let tag = match (tag, body.get(24..26)) {
            (0xfffe, Some(&[s0, s1])) => u16::from_le_bytes([s0, s1]),
            _ => tag,
        };
        let coding = match (tag, bits) {
            (1, 16) => Coding::Linear,
            (6, 8) => Coding::ALaw,
            (7, 8) => Coding::MuLaw,
            _ => return Err(format!("coding {tag} with {bits} bits is not supported")),
        };
        let channels = usize::from(u16::from_le_bytes([c0, c1]));
        let rate = u32::from_le_bytes([r0, r1, r2, r3]);
        if channels == 0 || !(rate == 8000 || rate == 16000) {
            return Err(format!(
                "{channels} channels at {rate} Hz are not supported"
            ));
        }
        Ok(Self {
            coding,
            channels,
            rate,
        })
    }

    fn decode(&self, data: &[u8]) -> Vec<f32> {
        match self.coding {
            Coding::Linear => data
                .chunks_exact(2 * self.channels)
                .filter_map(|frame| frame.first_chunk::<2>())
                .map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32768.0)
                .collect(),
            Coding::ALaw => self.companded(data, alaw_to_linear),
            Coding::MuLaw => self.companded(data, mulaw_to_linear),
        }
    }

    fn companded(&self, data: &[u8], expand: fn(u8) -> i16) -> Vec<f32> {
        let firsts = data
            .chunks_exact(self.channels)
            .filter_map(|frame| frame.first());
        firsts
            .map(|byte| f32::from(expand(*byte)) / 32768.0)
            .collect()
    }
}

/// ITU-T G.711 A-law to 16-bit linear.
pub fn alaw_to_linear(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (exponent, mantissa) = ((byte >> 4) & 7, i16::from(byte & 0x0f) << 4);
    let magnitude = match exponent {
        0 => mantissa + 8,
        _ => (mantissa + 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// ITU-T G.711 mu-law to 16-bit linear.
pub fn mulaw_to_linear(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = ((i16::from(byte & 0x0f) << 3) + 0x84) << ((byte >> 4) & 7);
    if byte & 0x80 == 0 {
        magnitude - 0x84
    } else {
        0x84 - magnitude
    }
}

/// 16-bit linear to ITU-T G.711 A-law: what a telephone line would have made of the sample.
pub fn linear_to_alaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample >= 0 {
        (0x80, sample)
    } else {
        (0, !sample)
    };
    let magnitude = magnitude >> 4;
    let exponent = 12_u32.saturating_sub(magnitude.leading_zeros());
    let mantissa = (magnitude >> exponent.saturating_sub(1)) & 0x0f;
    (sign | ((exponent as u8) << 4) | mantissa as u8) ^ 0x55
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(tag: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        for field in [tag, channels, 8000, 0, 0, 0, 0, bits] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(b"LIST\x01\0\0\0x\0data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn the_first_channel_is_read_in_every_coding() {
        let linear = parse(&wav(1, 2, 16, &[0, 0x40, 1, 1, 0, 0xc0, 9, 9])).unwrap();
        assert_eq!(
            linear,
            Audio {
                rate: 8000,
                samples: vec![0.5, -0.5]
            }
        );
        let alaw = parse(&wav(6, 2, 8, &[0xd5, 0, 0x55, 0])).unwrap();
        assert_eq!(alaw.samples, vec![8.0 / 32768.0, -8.0 / 32768.0]);
        assert_eq!(
            parse(&wav(7, 1, 8, &[0xff, 0x00])).unwrap().samples,
            vec![0.0, -32124.0 / 32768.0]
        );
    }

    #[test]
    fn a_law_there_and_back_is_the_same_byte() {
        for byte in 0..=255u8 {
            assert_eq!(linear_to_alaw(alaw_to_linear(byte)), byte);
        }
    }

    #[test]
    fn a_law_follows_the_sample_within_its_step() {
        for sample in (-32768..=32767i32).step_by(7) {
            let sample = sample as i16;
            let back = alaw_to_linear(linear_to_alaw(sample));
            let error = (i32::from(back) - i32::from(sample)).abs();
            assert!(
                error <= 16.max(i32::from(sample).abs() / 16),
                "{sample} -> {back}"
            );
        }
    }

    #[test]
    fn broken_files_are_refused_in_words() {
        let whole = wav(1, 1, 16, &[1, 2, 3, 4]);
        for end in 0..whole.len() {
            let _ = parse(&whole[..end]);
        }
        assert!(parse(b"hello").unwrap_err().contains("not a WAV"));
        assert!(parse(&wav(3, 1, 32, &[])).unwrap_err().contains("coding 3"));
        assert!(
            parse(&wav(1, 0, 16, &[]))
                .unwrap_err()
                .contains("0 channels")
        );
    }
}
