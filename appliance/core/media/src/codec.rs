//! G.711: A-law and u-law to 16-bit linear and back (ITU-T G.711), by table one way and by
//! arithmetic the other. Payload types are the static ones of RFC 3551.

use serde::{Deserialize, Serialize};

/// A codec of the telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.711 u-law, static payload type 0.
    Pcmu,
}

impl Codec {
    /// The static payload type (RFC 3551 table 4).
    pub fn static_payload(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
        }
    }

    /// The encoding name used in `a=rtpmap`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }

    /// The code word of digital silence.
    pub fn silence(self) -> u8 {
        match self {
            Self::Pcma => 0xD5,
            Self::Pcmu => 0xFF,
        }
    }

    /// One code word to 16-bit linear.
    #[inline]
    pub fn decode(self, code: u8) -> i16 {
        let table = match self {
            Self::Pcma => &A_TO_LINEAR,
            Self::Pcmu => &U_TO_LINEAR,
        };
        table.get(usize::from(code)).copied().unwrap_or(0)
    }

    /// 16-bit linear to one code word.
    #[inline]
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcma => linear_to_a(sample),
            Self::Pcmu => linear_to_u(sample),
        }
    }
}

static A_TO_LINEAR: [i16; 256] = decode_table(Codec::Pcma);
static U_TO_LINEAR: [i16; 256] = decode_table(Codec::Pcmu);

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, 0..256 into 256"
)]
const fn decode_table(codec: Codec) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match codec {
            Codec::Pcma => a_to_linear(code as u8),
            Codec::Pcmu => u_to_linear(code as u8),
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

fn linear_to_a(sample: i16) -> u8 {
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

fn linear_to_u(sample: i16) -> u8 {
    // Fourteen significant bits; with the bias the largest magnitude still fits thirteen.
    const CLIP: i16 = 8_158;
    let (magnitude, sign) = if sample >= 0 {
        (sample >> 2, 0xFF)
    } else {
        (-(sample >> 2), 0x7F)
    };
    let magnitude = magnitude.min(CLIP) + (U_BIAS >> 2);
    let segment = segment_of(magnitude >> 6);
    (((segment as u8) << 4) | ((magnitude >> (segment + 1)) as u8 & 0x0F)) ^ sign
}

/// Number of significant bits: the segment of a companded magnitude, 0..=7.
fn segment_of(magnitude: i16) -> u32 {
    (16 - magnitude.leading_zeros()).min(7)
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
