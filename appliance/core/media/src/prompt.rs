//! Prompts: audio that is played, encoded once for both laws when it is loaded.
//!
//! The control side loads prompts and makes playlists; a stream only reads them.

use std::sync::Arc;

use crate::codec::Codec;
use crate::limits::{FRAME, MAX_PLAYLIST};
use crate::live::{Follower, Live};
use crate::wav::{self, Audio, WavError};

/// A named piece of audio, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    name: String,
    pcma: Box<[u8]>,
    pcmu: Box<[u8]>,
    /// A line in, played while something comes in over it; then the audio is what plays else.
    live: Option<Live>,
}

impl Prompt {
    /// Reads a WAV file: 8 kHz, one channel, 16-bit linear or G.711.
    pub fn from_wav(name: &str, bytes: &[u8]) -> Result<Self, WavError> {
        let samples: Vec<i16> = match wav::read(bytes)? {
            Audio::Linear(bytes) => bytes
                .chunks_exact(2)
                .filter_map(|pair| pair.try_into().ok().map(i16::from_le_bytes))
                .collect(),
            Audio::G711(codec, codes) => codes.iter().map(|code| codec.decode(*code)).collect(),
        };
        Ok(Self::from_samples(name, &samples))
    }

    /// Encodes 8 kHz samples.
    pub fn from_samples(name: &str, samples: &[i16]) -> Self {
        let encoded = |codec: Codec| samples.iter().map(|sample| codec.encode(*sample)).collect();
        Self {
            name: name.to_owned(),
            pcma: encoded(Codec::Pcma),
            pcmu: encoded(Codec::Pcmu),
            live: None,
        }
    }

    /// What comes in over a line; it never ends. While nothing does, `otherwise` plays again and
    /// again, or silence.
    pub fn of_line(name: &str, live: Live, otherwise: Option<&Self>) -> Self {
        let codes =
            |codec| otherwise.map_or_else(Box::default, |prompt| prompt.codes(codec).into());
        Self {
            name: name.to_owned(),
            pcma: codes(Codec::Pcma),
            pcmu: codes(Codec::Pcmu),
            live: Some(live),
        }
    }

    /// The name it is played by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The audio in a codec, one byte a sample; nothing for a codec that is not G.711.
    pub fn codes(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcma => &self.pcma,
            Codec::Pcmu => &self.pcmu,
            Codec::G722 | Codec::Opus => &[],
        }
    }

    /// Playing time in milliseconds.
    pub fn length_ms(&self) -> u64 {
        self.pcma.len() as u64 / 8
    }
}

/// What one `Play` plays: prompts in order, once or for ever. Made by the control side.
#[derive(Clone, Debug, Default)]
pub struct Playlist {
    prompts: [Option<Arc<Prompt>>; MAX_PLAYLIST],
    repeat: bool,
    /// Which prompt is playing, and the sample to be sent next.
    index: usize,
    at: usize,
    /// Where it is in a line in.
    follower: Follower,
}

impl Playlist {
    /// A list of the first [`MAX_PLAYLIST`] prompts.
    pub fn new(prompts: impl IntoIterator<Item = Arc<Prompt>>, repeat: bool) -> Self {
        let mut list = Self {
            repeat,
            ..Self::default()
        };
        for (place, prompt) in list.prompts.iter_mut().zip(prompts) {
            *place = Some(prompt);
        }
        list
    }

    /// Takes the next frame, the last one filled up with silence. `false` when all was sent.
    pub(crate) fn next_frame(&mut self, codec: Codec, frame: &mut [u8; FRAME]) -> bool {
        let mut filled = 0;
        // A list of nothing but empty prompts repeated ends too: each turn may rewind only once.
        let mut may_rewind = self.repeat;
        while filled < FRAME {
            let Some(prompt) = self.prompts.get(self.index).and_then(Option::as_ref) else {
                if !may_rewind {
                    break;
                }
                may_rewind = false;
                self.index = 0;
                continue;
            };
            if prompt.live.is_some() {
                // A frame that ends another prompt is not shared with it.
                if filled == 0 {
                    self.next_of_line(codec, frame);
                    return true;
                }
                break;
            }
            let rest = prompt.codes(codec).get(self.at..).unwrap_or_default();
            let place = frame.get_mut(filled..).unwrap_or_default();
            let count = rest.len().min(place.len());
            for (place, code) in place.iter_mut().zip(rest) {
                *place = *code;
            }
            filled += count;
            self.at += count;
            if count == rest.len() {
                self.index += 1;
                self.at = 0;
            }
            may_rewind |= self.repeat && count > 0;
        }
        if let Some(rest) = frame.get_mut(filled..) {
            rest.fill(codec.silence());
        }
        filled > 0
    }

    /// What comes in now, or what plays else.
    fn next_of_line(&mut self, codec: Codec, frame: &mut [u8; FRAME]) {
        let Some(prompt) = self.prompts.get(self.index).and_then(Option::as_ref) else {
            return;
        };
        let (Some(live), codes) = (&prompt.live, prompt.codes(codec)) else {
            return;
        };
        if self.follower.read(live, codec, frame) {
            self.at = 0;
            return;
        }
        frame.fill(codec.silence());
        for place in frame.iter_mut() {
            let Some(code) = codes.get(self.at).or_else(|| codes.first()) else {
                return;
            };
            *place = *code;
            self.at = if self.at < codes.len() {
                self.at + 1
            } else {
                1
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(name: &str, samples: &[i16]) -> Arc<Prompt> {
        Arc::new(Prompt::from_samples(name, samples))
    }

    fn frames(list: &mut Playlist, most: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut frame = [0; FRAME];
        while out.len() < most * FRAME && list.next_frame(Codec::Pcma, &mut frame) {
            out.extend(frame);
        }
        out
    }

    #[test]
    fn prompts_play_seamlessly_in_order_and_end_in_silence() {
        let (one, two) = (prompt("one", &[1_000; 200]), prompt("two", &[-1_000; 90]));
        let out = frames(&mut Playlist::new([one.clone(), two.clone()], false), 10);
        let expected = [one.codes(Codec::Pcma), two.codes(Codec::Pcma), &[0xD5; 30]].concat();
        assert_eq!(out, expected);
    }

    #[test]
    fn a_repeated_list_has_no_end_unless_it_is_empty() {
        let one = prompt("one", &[1_000; 100]);
        let out = frames(&mut Playlist::new([one.clone()], true), 10);
        assert_eq!(out, [one.codes(Codec::Pcma)[0]; 10 * FRAME]);
        let empty = prompt("empty", &[]);
        assert_eq!(
            frames(&mut Playlist::new([empty.clone(), empty], true), 10),
            []
        );
        assert_eq!(frames(&mut Playlist::new([], true), 10), []);
    }

    #[test]
    fn line_in_plays_for_ever_and_something_else_while_nothing_comes_in() {
        let live = Live::new();
        let music = Prompt::from_samples("music", &[1_000; 100]);
        let line = Arc::new(Prompt::of_line("line", live.clone(), Some(&music)));
        let mut list = Playlist::new([prompt("hello", &[-500; 200]), line], true);
        let mut one = || {
            let mut frame = [0; FRAME];
            assert!(list.next_frame(Codec::Pcmu, &mut frame));
            frame.map(|code| Codec::Pcmu.decode(code) / 100)
        };
        assert_eq!(one(), [-4; FRAME]);
        assert_eq!(one()[39..41], [-4, 0]);
        (0..3).for_each(|_| assert_eq!(one(), [9; FRAME]));
        (0..12).for_each(|_| live.push(&[5_000; FRAME]));
        (0..10).for_each(|_| assert_eq!(one(), [51; FRAME]));
        live.stop();
        assert_eq!(one(), [9; FRAME]);
        let silent = Arc::new(Prompt::of_line("silent", Live::new(), None));
        assert_eq!(
            frames(&mut Playlist::new([silent], false), 3),
            [Codec::Pcma.silence(); 3 * FRAME]
        );
    }

    #[test]
    fn both_laws_say_the_same() {
        let ramp: Vec<i16> = (0..800).map(|n| n * 40 - 16_000).collect();
        let prompt = prompt("ramp", &ramp);
        assert_eq!(prompt.length_ms(), 100);
        for codec in [Codec::Pcma, Codec::Pcmu] {
            for (code, sample) in prompt.codes(codec).iter().zip(&ramp) {
                let error = i32::from(codec.decode(*code)) - i32::from(*sample);
                assert!(
                    error.abs() <= i32::from(sample.abs()) / 16 + 16,
                    "{codec:?} {sample}"
                );
            }
        }
    }
}
