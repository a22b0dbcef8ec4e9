//! A frame out of the jitter buffer, made whole: what came is decoded, what did not is made up by
//! [`crate::plc`].
//!
//! Driven by [`crate::stream`] for each frame that is decoded. At 5 % random loss, and the next frame
//! at hand, speech loses a quarter of the PESQ grade that silence costs it.

use crate::codec::Codec;
use crate::jitter::{Ahead, Frame};
use crate::limits::FRAME;
use crate::plc::{NARROW, Plc};

/// What was heard last, and how long nothing came.
#[derive(Clone, Debug)]
pub struct Conceal {
    plc: Plc<NARROW>,
    /// Nothing came yet: there is nothing to go on with.
    silent: bool,
}

impl Default for Conceal {
    fn default() -> Self {
        Self {
            plc: Plc::default(),
            silent: true,
        }
    }
}

impl Conceal {
    /// Decodes a frame of G.711 into `pcm`, making up what is missing, with the help of what of the
    /// two frames after it is `ahead` already. Says whether it made something up: `false` for whole
    /// frames and for silence that went on.
    pub fn decode(
        &mut self,
        codec: Codec,
        frame: &Frame,
        ahead: &Ahead,
        pcm: &mut [i16; FRAME],
    ) -> bool {
        let linear = |code: &Option<u8>| code.map_or(0, |code| codec.decode(code));
        for (sample, out) in frame.iter().zip(pcm.iter_mut()) {
            *out = linear(sample);
        }
        let mut made_up = false;
        let mut rest = pcm.as_mut_slice();
        let mut at = 0;
        for run in frame.chunk_by(|a, b| a.is_some() == b.is_some()) {
            let (part, later) = rest.split_at_mut(run.len().min(rest.len()));
            rest = later;
            at += run.len();
            if run.iter().any(Option::is_some) {
                self.silent = false;
                self.plc.good(part);
            } else if !self.silent {
                let mut next = [0; 3 * FRAME];
                let behind = frame.get(at..).unwrap_or_default().iter().chain(ahead);
                let missing = behind.clone().take_while(|s| s.is_none()).count();
                let behind = behind.skip(missing).take_while(|s| s.is_some());
                let mut known = 0;
                for (place, sample) in next.iter_mut().zip(behind) {
                    *place = linear(sample);
                    known += 1;
                }
                let next = next.get(..known).unwrap_or_default();
                let made = self.plc.between(part, missing, next);
                made_up |= made;
                self.silent = !made;
            }
        }
        made_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Ahead = [None; 2 * FRAME];

    #[test]
    fn a_gap_goes_on_as_it_was_fading_and_then_there_is_silence() {
        let mut conceal = Conceal::default();
        let mut pcm = [0; FRAME];
        let code = Codec::Pcma.encode(8_000);
        let loud = Codec::Pcma.decode(code);
        assert!(!conceal.decode(Codec::Pcma, &[None; FRAME], &NOTHING, &mut pcm));
        assert_eq!(pcm, [0; FRAME]);
        for _ in 0..3 {
            assert!(!conceal.decode(Codec::Pcma, &[Some(code); FRAME], &NOTHING, &mut pcm));
            assert_eq!(pcm, [loud; FRAME]);
        }
        let mut before = loud;
        for _ in 0..3 {
            assert!(conceal.decode(Codec::Pcma, &[None; FRAME], &NOTHING, &mut pcm));
            assert!(pcm.is_sorted_by(|a, b| a >= b) && pcm[0] <= before);
            before = pcm[FRAME - 1];
        }
        assert!(before < 100, "{before}");
        assert!(!conceal.decode(Codec::Pcma, &[None; FRAME], &NOTHING, &mut pcm));
        assert_eq!(pcm, [0; FRAME]);
        assert!(!conceal.decode(Codec::Pcma, &[Some(code); FRAME], &NOTHING, &mut pcm));
        assert_eq!(pcm[FRAME / 2..], [loud; FRAME / 2]);
    }

    #[test]
    fn a_frame_of_which_a_part_came_is_made_whole() {
        let mut conceal = Conceal::default();
        let mut pcm = [0; FRAME];
        let code = Codec::Pcmu.encode(-8_000);
        let loud = Codec::Pcmu.decode(code);
        for _ in 0..3 {
            conceal.decode(Codec::Pcmu, &[Some(code); FRAME], &NOTHING, &mut pcm);
        }
        let mut frame = [Some(code); FRAME];
        frame[40..90].fill(None);
        assert!(conceal.decode(Codec::Pcmu, &frame, &NOTHING, &mut pcm));
        assert_eq!(pcm, [loud; FRAME]);
    }

    #[test]
    fn a_gap_between_two_loud_frames_stays_loud() {
        let mut conceal = Conceal::default();
        let mut pcm = [0; FRAME];
        let frame = |level: i16| -> Frame {
            let wave = |n: usize| if n % 40 < 20 { level } else { -level };
            std::array::from_fn(|n| Some(Codec::Pcma.encode(wave(n))))
        };
        let loudness = |pcm: &[i16]| pcm.iter().map(|s| f64::from(*s).abs()).sum::<f64>() / 80.0;
        for _ in 0..3 {
            conceal.decode(Codec::Pcma, &frame(2_000), &NOTHING, &mut pcm);
        }
        let mut ahead = NOTHING;
        ahead[..FRAME].copy_from_slice(&frame(8_000));
        assert!(conceal.decode(Codec::Pcma, &[None; FRAME], &ahead, &mut pcm));
        let (first, second) = (loudness(&pcm[..80]), loudness(&pcm[80..]));
        assert!(first > 1_500.0 && second > 1.5 * first, "{first} {second}");
        assert!(!conceal.decode(Codec::Pcma, &frame(8_000), &NOTHING, &mut pcm));
        let loud = |code: &Option<u8>| Codec::Pcma.decode(code.unwrap());
        assert!(pcm.iter().zip(&frame(8_000)).all(|(a, b)| *a == loud(b)));
    }
    #[test]
    fn a_gap_of_two_frames_is_led_from_both_sides_as_well() {
        let wave = |n: usize| (6_000.0 * (n as f64 * std::f64::consts::TAU / 40.0).sin()) as i16;
        let frame = |at: usize| -> Frame {
            std::array::from_fn(|n| Some(Codec::Pcma.encode(wave(at * FRAME + n))))
        };
        let mut conceal = Conceal::default();
        let mut pcm = [0; FRAME];
        for at in 0..3 {
            conceal.decode(Codec::Pcma, &frame(at), &NOTHING, &mut pcm);
        }
        let mut ahead = NOTHING;
        ahead[FRAME..].copy_from_slice(&frame(5));
        assert!(conceal.decode(Codec::Pcma, &[None; FRAME], &ahead, &mut pcm));
        let first = pcm;
        ahead[..FRAME].copy_from_slice(&frame(5));
        assert!(conceal.decode(Codec::Pcma, &[None; FRAME], &ahead, &mut pcm));
        for (n, sample) in first.iter().chain(&pcm).enumerate() {
            let off = (f64::from(*sample) - f64::from(wave(3 * FRAME + n))).abs();
            assert!(off < 1_200.0, "{n}: {off}");
        }
    }
}
