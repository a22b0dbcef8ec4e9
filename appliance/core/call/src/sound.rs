//! How the sound of a line is carried: its codecs, best first, whether it is protected, how keys go.
//!
//! Plain data out of the site file; `switchboard` offers and answers with it. Lines are data, never
//! branches.

use media::Codec;
use media::sdp::{Keys, Srtp};

/// What one trunk or device may speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Codecs, best first; an answer keeps the offerer's order.
    pub codecs: Vec<Codec>,
    /// Whether media is protected by keys in the signalling; that should then be TLS.
    pub srtp: Srtp,
    /// How keys are pressed.
    pub keys: Keys,
}

impl Sound {
    /// What carriers speak where nothing is said.
    pub fn of_trunk() -> Self {
        Self {
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            srtp: Srtp::Off,
            keys: Keys::Auto,
        }
    }

    /// What phones speak where nothing is said.
    pub fn of_device() -> Self {
        Self {
            codecs: vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu],
            srtp: Srtp::Allow,
            keys: Keys::Auto,
        }
    }

    /// The same with `codec` first, where it is among them: then nothing is decoded on the way to a
    /// party that speaks it.
    pub(crate) fn prefer(&mut self, codec: Codec) {
        if let Some(at) = self.codecs.iter().position(|known| *known == codec)
            && let Some(before) = self.codecs.get_mut(..=at)
        {
            before.rotate_right(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_codec_comes_first_and_the_others_keep_their_order() {
        let mut sound = Sound::of_device();
        sound.prefer(Codec::Pcma);
        assert_eq!(
            sound.codecs,
            [Codec::Pcma, Codec::Opus, Codec::G722, Codec::Pcmu]
        );
        let mut sound = Sound::of_trunk();
        sound.prefer(Codec::Opus);
        assert_eq!(sound, Sound::of_trunk());
    }
}
