//! One band's adaptive quantiser and predictor (G.722 section 3 and 4, blocks 1 to 6).
//!
//! Encoder and decoder run the same [`Band`]; what differs is where the difference signal comes from.
//! All arithmetic is the recommendation's: 16-bit values, saturated where it says so.

/// Decision levels of the lower band's quantiser (table 14), for a scale factor of 1.
const LOW_LEVELS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023,
    1_121, 1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];
/// Decision level of the upper band's quantiser.
const HIGH_LEVEL: i32 = 564;
/// Output values of the 4-bit quantiser that predicts (table 15, QM4).
const LOW_FOUR_BITS: [i32; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];
/// Output values of the 6-bit quantiser that is heard (table 15, QM6).
const LOW_SIX_BITS: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];
/// Output values of the upper band's 2-bit quantiser (QM2).
const HIGH_TWO_BITS: [i32; 4] = [-7_408, -1_616, 7_408, 1_616];
/// Steps of the logarithmic scale factor by 4-bit code (WL through RL42).
const LOW_STEPS: [i32; 16] = [
    -60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60,
];
/// The same for the upper band (WH through RH2).
const HIGH_STEPS: [i32; 4] = [798, -214, 798, -214];
/// 2^(n/32) in Q11 (table ILB).
const EXPONENTS: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656,
    2_714, 2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520,
    3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

/// Clamps to 16 bits.
#[inline]
pub(super) fn saturate(value: i32) -> i32 {
    value.clamp(i16::MIN.into(), i16::MAX.into())
}

/// State of one band.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// Scale factor of the quantiser (DET), and its logarithm (NB).
    scale: i32,
    log_scale: i32,
    predictor: Predictor,
}

impl Band {
    pub(super) fn low() -> Self {
        Self {
            scale: 32,
            log_scale: 0,
            predictor: Predictor::default(),
        }
    }

    pub(super) fn high() -> Self {
        Self {
            scale: 8,
            ..Self::low()
        }
    }

    /// One sample of the lower band to its 6-bit code.
    #[inline]
    pub(super) fn encode_low(&mut self, sample: i32) -> u8 {
        let error = saturate(sample - self.predictor.estimate);
        let magnitude = if error >= 0 { error } else { -(error + 1) };
        // Few levels are crossed in speech: looking from the lowest ends soonest.
        let level = LOW_LEVELS
            .iter()
            .take_while(|level| magnitude >= (**level * self.scale) >> 12)
            .count() as u8;
        // Codes count down from the smallest magnitude; the two smallest negative ones stand apart.
        let code = match (error >= 0, level) {
            (true, level) => 61 - level,
            (false, 0) => 63,
            (false, 1) => 62,
            (false, level) => 33 - level,
        };
        self.step_low(code >> 2);
        code
    }

    /// One 6-bit code to a sample of the lower band.
    #[inline]
    pub(super) fn decode_low(&mut self, code: u8) -> i32 {
        let heard = self.predictor.estimate + self.quantised(&LOW_SIX_BITS, code);
        self.step_low(code >> 2);
        heard.clamp(-16_384, 16_383)
    }

    /// One sample of the upper band to its 2-bit code.
    #[inline]
    pub(super) fn encode_high(&mut self, sample: i32) -> u8 {
        let error = saturate(sample - self.predictor.estimate);
        let magnitude = if error >= 0 { error } else { -(error + 1) };
        let large = magnitude >= (HIGH_LEVEL * self.scale) >> 12;
        let code = u8::from(!large) | u8::from(error >= 0) << 1;
        self.step_high(code);
        code
    }

    /// One 2-bit code to a sample of the upper band.
    #[inline]
    pub(super) fn decode_high(&mut self, code: u8) -> i32 {
        let heard = self.predictor.estimate + self.quantised(&HIGH_TWO_BITS, code);
        self.step_high(code);
        heard.clamp(-16_384, 16_383)
    }

    fn step_low(&mut self, code: u8) {
        let difference = self.quantised(&LOW_FOUR_BITS, code);
        self.adapt(at(&LOW_STEPS, code), 18_432, 8);
        self.predictor.take(difference);
    }

    fn step_high(&mut self, code: u8) {
        let difference = self.quantised(&HIGH_TWO_BITS, code);
        self.adapt(at(&HIGH_STEPS, code), 22_528, 10);
        self.predictor.take(difference);
    }

    #[inline]
    fn quantised<const N: usize>(&self, values: &[i32; N], code: u8) -> i32 {
        (self.scale * at(values, code)) >> 15
    }

    /// Blocks LOGSC and SCALE: the quantiser follows the signal.
    #[inline]
    fn adapt(&mut self, step: i32, most: i32, shift: i32) {
        self.log_scale = (((self.log_scale * 127) >> 7) + step).clamp(0, most);
        let exponent = at(&EXPONENTS, ((self.log_scale >> 6) & 31) as u8);
        let shift = shift - (self.log_scale >> 11);
        let linear = if shift < 0 {
            exponent << -shift
        } else {
            exponent >> shift
        };
        self.scale = linear << 2;
    }
}

/// A table's value; every code of the right width is inside.
#[inline]
fn at<const N: usize>(table: &[i32; N], code: u8) -> i32 {
    table.get(usize::from(code)).copied().unwrap_or(0)
}

/// Two poles and six zeros, adapted by sign (block 4).
#[derive(Clone, Debug, Default)]
struct Predictor {
    /// What the next sample is thought to be (S), and the zeros' part of it (SZ).
    estimate: i32,
    zeros: i32,
    poles: [i32; 2],
    zero_weights: [i32; 6],
    /// The last six differences, newest first.
    differences: [i32; 6],
    /// The last two partly and wholly reconstructed samples, newest first.
    partial: [i32; 2],
    whole: [i32; 2],
}

impl Predictor {
    #[inline]
    fn take(&mut self, difference: i32) {
        let whole = saturate(self.estimate + difference);
        let partial = saturate(self.zeros + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        let [d0, d1, d2, d3, d4, _] = self.differences;
        self.differences = [difference, d0, d1, d2, d3, d4];
        self.partial = [partial, self.partial[0]];
        self.whole = [whole, self.whole[0]];
        let mut poles = 0;
        for (weight, sample) in self.poles.iter().zip(&self.whole) {
            poles += (weight * saturate(sample * 2)) >> 15;
        }
        let mut zeros = 0;
        for (weight, difference) in self.zero_weights.iter().zip(&self.differences) {
            zeros += (weight * saturate(difference * 2)) >> 15;
        }
        self.zeros = saturate(zeros);
        self.estimate = saturate(saturate(poles) + self.zeros);
    }

    /// Blocks UPPOL2 and UPPOL1.
    #[inline]
    fn adapt_poles(&mut self, partial: i32) {
        let [first, second] = self.poles;
        let negative = partial < 0;
        let same = self.partial.map(|before| (before < 0) == negative);
        let slope = saturate(first << 2);
        let slope = if same[0] { (-slope).min(32_767) } else { slope };
        let toward = if same[1] { 128 } else { -128 };
        let second = toward + (slope >> 7) + ((second * 32_512) >> 15);
        let second = second.clamp(-12_288, 12_288);
        let toward = if same[0] { 192 } else { -192 };
        let most = 15_360 - second;
        let first = saturate(toward + ((first * 32_640) >> 15)).clamp(-most, most);
        self.poles = [first, second];
    }

    /// Block UPZERO.
    #[inline]
    fn adapt_zeros(&mut self, difference: i32) {
        let step = if difference == 0 { 0 } else { 128 };
        let negative = difference < 0;
        for (weight, before) in self.zero_weights.iter_mut().zip(&self.differences) {
            let step = if (*before < 0) == negative {
                step
            } else {
                -step
            };
            *weight = saturate(step + ((*weight * 32_640) >> 15));
        }
    }
}
