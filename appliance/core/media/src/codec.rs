//! The codecs by name, and G.711: A-law and u-law to 16-bit linear and back (ITU-T G.711), by table
//! one way and by arithmetic the other.
//!
//! [`crate::transcode`] turns payloads of any codec into samples and back. Nothing here keeps state.

use serde::{Deserialize, Serialize};

/// A codec of the telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.711 u-law, static payload type 0.
    Pcmu,
    /// G.722 at 64 kbit/s, static payload type 9: 16 kHz audio under an 8 kHz RTP clock.
    G722,
    /// Opus (RFC 7587), dynamic payload type: RTP clock 48 kHz, audio at the rate of its neighbour.
    Opus,
}

impl Codec {
    /// The payload type we offer: the static one (RFC 3551 table 4), for Opus the one that browsers
    /// use.
    pub fn static_payload(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }

    /// The encoding name used in `a=rtpmap`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }

    /// RTP timestamp units in a second, as `a=rtpmap` says them. G.722 keeps the 8000 that RFC 3551
    /// section 4.5.2 gave it by mistake.
    pub fn clock(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::G722 => 8_000,
            Self::Opus => 48_000,
        }
    }

    /// The rate of its samples where nothing else is asked for, Hz. Opus is telephone audio here.
    pub fn rate(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu | Self::Opus => 8_000,
            Self::G722 => 16_000,
        }
    }

    /// Whether a code word is a sample: only then [`decode`](Self::decode), [`encode`](Self::encode)
    /// and [`silence`](Self::silence) mean something.
    pub fn is_g711(self) -> bool {
        matches!(self, Self::Pcma | Self::Pcmu)
    }

    /// The code word of digital silence; 0 for a codec that is not G.711.
    pub fn silence(self) -> u8 {
        match self {
            Self::Pcma => 0xD5,
            Self::Pcmu => 0xFF,
            Self::G722 | Self::Opus => 0,
        }
    }

    /// One code word to 16-bit linear; silence for a codec that is not G.711.
    #[inline]
    pub fn decode(self, code: u8) -> i16 {
        let table = match self {
            Self::Pcma => &A_TO_LINEAR,
            Self::Pcmu => &U_TO_LINEAR,
            Self::G722 | Self::Opus => return 0,
        };
        table.get(usize::from(code)).copied().unwrap_or(0)
    }

    /// 16-bit linear to one code word; 0 for a codec that is not G.711.
    #[inline]
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcma => linear_to_a(sample),
            Self::Pcmu => linear_to_u(sample),
            Self::G722 | Self::Opus => 0,
        }
    }
}

/// The table that turns one law's code words into the other's; `None` where the two are not A-law
/// and u-law. It loses no more than decoding and encoding does.
pub fn translation(from: Codec, to: Codec) -> Option<&'static [u8; 256]> {
    match (from, to) {
        (Codec::Pcma, Codec::Pcmu) => Some(&A_TO_U),
        (Codec::Pcmu, Codec::Pcma) => Some(&U_TO_A),
        _ => None,
    }
}

static A_TO_U: [u8; 256] = translation_table(true);
static U_TO_A: [u8; 256] = translation_table(false);

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, 0..256 into 256"
)]
const fn translation_table(from_a: bool) -> [u8; 256] {
    let linear = decode_table(from_a);
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = if from_a {
            linear_to_u(linear[code])
        } else {
            linear_to_a(linear[code])
        };
        code += 1;
    }
    table
}

static A_TO_LINEAR: [i16; 256] = decode_table(true);
static U_TO_LINEAR: [i16; 256] = decode_table(false);

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, 0..256 into 256"
)]
const fn decode_table(a_law: bool) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = if a_law {
            a_to_linear(code as u8)
        } else {
            u_to_linear(code as u8)
        };
        code += 1;
    }
    table
}

const fn a_to_linear(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code & 0x70) >> 4;
    let step = ((code & 0x0F) as i16) << 4;
    let magnitude = match segment {
        0 => step + 8,
        1 => step + 0x108,
        n => (step + 0x108) << (n - 1),
    };
    if code & 0x80 != 0 {
        magnitude
    } else {
        -magnitude
    }
}

const U_BIAS: i16 = 0x84;

const fn u_to_linear(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((((code & 0x0F) as i16) << 3) + U_BIAS) << ((code & 0x70) >> 4);
    if code & 0x80 != 0 {
        U_BIAS - magnitude
    } else {
        magnitude - U_BIAS
    }
}

const fn linear_to_a(sample: i16) -> u8 {
    // Thirteen significant bits; the sign bit is set for positive samples.
    let (magnitude, sign) = if sample >= 0 {
        (sample >> 3, 0xD5)
    } else {
        (!sample >> 3, 0x55)
    };
    let segment = segment_of(magnitude >> 5);
    let low = if segment == 0 {
        magnitude >> 1
    } else {
        magnitude >> segment
    };
    (((segment as u8) << 4) | (low as u8 & 0x0F)) ^ sign
}

const fn linear_to_u(sample: i16) -> u8 {
    // Fourteen significant bits; with the bias the largest magnitude still fits thirteen.
    const CLIP: i16 = 8_158;
    let (magnitude, sign) = if sample >= 0 {
        (sample >> 2, 0xFF)
    } else {
        (-(sample >> 2), 0x7F)
    };
    let clipped = if magnitude > CLIP { CLIP } else { magnitude };
    let magnitude = clipped + (U_BIAS >> 2);
    let segment = segment_of(magnitude >> 6);
    (((segment as u8) << 4) | ((magnitude >> (segment + 1)) as u8 & 0x0F)) ^ sign
}

/// Number of significant bits: the segment of a companded magnitude, 0..=7.
const fn segment_of(magnitude: i16) -> u32 {
    let bits = 16 - magnitude.leading_zeros();
    if bits > 7 { 7 } else { bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_word_survives_decode_and_encode() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            for code in 0..=255u8 {
                let linear = codec.decode(code);
                // u-law has two zeros; both decode to 0.
                assert_eq!(
                    codec.decode(codec.encode(linear)),
                    linear,
                    "{codec:?} {code:#x}"
                );
            }
        }
    }

    #[test]
    fn a_translated_word_is_the_decoded_and_encoded_one() {
        for (from, to) in [(Codec::Pcma, Codec::Pcmu), (Codec::Pcmu, Codec::Pcma)] {
            let table = translation(from, to).unwrap();
            for code in 0..=255u8 {
                assert_eq!(table[usize::from(code)], to.encode(from.decode(code)));
            }
        }
        assert_eq!(translation(Codec::Pcma, Codec::Pcma), None);
        assert_eq!(translation(Codec::G722, Codec::Pcma), None);
    }

    #[test]
    fn known_values_of_g711_hold() {
        assert_eq!(Codec::Pcma.decode(0xD5), 8);
        assert_eq!(Codec::Pcma.decode(0x2A), -32_256);
        assert_eq!(Codec::Pcma.decode(0xAA), 32_256);
        assert_eq!(Codec::Pcmu.decode(0xFF), 0);
        assert_eq!(Codec::Pcmu.decode(0x00), -32_124);
        assert_eq!(Codec::Pcmu.decode(0x80), 32_124);
    }

    #[test]
    fn no_sample_is_further_from_its_code_than_half_a_step() {
        for codec in [Codec::Pcma, Codec::Pcmu] {
            for sample in i16::MIN..=i16::MAX {
                let back = codec.decode(codec.encode(sample));
                let error = (i32::from(sample) - i32::from(back)).abs();
                let step = (i32::from(sample).abs() / 16).max(16);
                assert!(error <= step, "{codec:?} {sample} -> {back}");
            }
        }
    }
}
