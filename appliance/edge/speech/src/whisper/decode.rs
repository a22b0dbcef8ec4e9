//! Greedy decoding with its stop rules. Private to `whisper`; knows no tract, so it is tested alone.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

use crate::SpeechError;
use crate::limits::MAX_TOKENS;
use crate::vocabulary::Vocabulary;

/// Tokens a second that nobody out-speaks.
const TOKENS_A_SECOND: f32 = 10.0;
/// Tokens any phrase may have.
const TOKENS_ALWAYS: usize = 8;
/// Above this "no speech" needs clear words to be overruled.
const NO_SPEECH: f32 = 0.6;
/// Mean log-probability of clear words.
const CLEAR: f32 = -0.8;
/// Mean log-probability below which words are invented.
const INVENTED: f32 = -1.4;

/// Numbers of the special tokens.
pub(super) struct Specials {
    previous: u32,
    start: u32,
    language: u32,
    transcribe: u32,
    no_times: u32,
    end: u32,
    no_speech: u32,
}

impl Specials {
    pub(super) fn find(
        vocabulary: &Vocabulary,
        dialects: &[String],
        file: &Path,
    ) -> Result<Self, SpeechError> {
        let find = |name: &str| {
            vocabulary.special(name).ok_or_else(|| SpeechError::Model {
                file: file.to_owned(),
                what: format!("has no token {name}"),
                hint: "the pack must be a multilingual Whisper".to_owned(),
            })
        };
        let language = dialects.first().map_or("zh", String::as_str);
        Ok(Self {
            previous: find("<|startofprev|>")?,
            start: find("<|startoftranscript|>")?,
            language: find(&format!("<|{language}|>"))?,
            transcribe: find("<|transcribe|>")?,
            no_times: find("<|notimestamps|>")?,
            end: find("<|endoftext|>")?,
            no_speech: find("<|nospeech|>").or_else(|_| find("<|nocaptions|>"))?,
        })
    }

    /// The tokens fed before the first word: what "was said before", then the task.
    pub(super) fn prompt(&self, bias: &[u32]) -> Vec<u32> {
        let before = if bias.is_empty() {
            None
        } else {
            Some(self.previous)
        };
        let task = [self.start, self.language, self.transcribe, self.no_times];
        before
            .into_iter()
            .chain(bias.iter().copied())
            .chain(task)
            .collect()
    }
}

/// What may be said, and what competes with silence.
pub(super) struct Rules {
    /// Tokens a phrase may hold, the end token last.
    pub(super) spoken: Vec<u32>,
    /// Tokens that may not come first.
    pub(super) not_first: Vec<u32>,
    /// Numbers of the special tokens.
    pub(super) specials: Range<u32>,
    /// The special that says "no speech".
    pub(super) no_speech: u32,
    /// The start token, after which "no speech" is looked at.
    pub(super) start: u32,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    suppress_ids: Vec<u32>,
    #[serde(default)]
    suppress_ids_begin: Vec<u32>,
}

impl Rules {
    pub(super) fn load(
        config: &Path,
        spoken: Vec<u32>,
        specials: &Specials,
    ) -> Result<Self, SpeechError> {
        let text = std::fs::read_to_string(config)
            .map_err(|e| SpeechError::system(format!("reading {}", config.display()), e))?;
        let config: Config = serde_json::from_str(&text).map_err(|e| SpeechError::Model {
            file: config.to_owned(),
            what: format!("not a Whisper configuration: {e}"),
            hint: "install the packs of this release again with scripts/models".to_owned(),
        })?;
        let allowed = |token: &u32| *token < specials.end && !config.suppress_ids.contains(token);
        let mut spoken = spoken.into_iter().filter(allowed).collect::<Vec<_>>();
        spoken.push(specials.end);
        let specials_end = specials.no_times + 1;
        Ok(Self {
            spoken,
            not_first: config.suppress_ids_begin,
            specials: specials.start..specials_end.max(specials.no_speech + 1),
            no_speech: specials.no_speech,
            start: specials.start,
        })
    }
}

/// What the decoder says after being fed.
pub(super) struct Scores {
    /// A score for each of `Rules::spoken`.
    pub(super) spoken: Vec<f32>,
    /// 0..=1, where it was asked for.
    pub(super) no_speech: f32,
}

/// The decoder, as the greedy loop sees it.
pub(super) trait Steps {
    /// Feeds `tokens` after those fed before; `probe` asks for "no speech" after that one of them.
    fn feed(&mut self, tokens: &[u32], probe: Option<usize>) -> Result<Scores, SpeechError>;
}

/// What was heard in one phrase.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Heard {
    pub(super) tokens: Vec<u32>,
    /// Mean log-probability of the tokens, the end included.
    pub(super) mean_log: f32,
    pub(super) no_speech: f32,
    /// The model went round in circles, or found no end.
    pub(super) looped: bool,
}

impl Heard {
    /// Whether these are words of a caller, not an invention over noise.
    pub(super) fn is_speech(&self) -> bool {
        let doubtful = self.no_speech > NO_SPEECH && self.mean_log < CLEAR;
        !self.tokens.is_empty() && !doubtful && self.mean_log > INVENTED
    }

    /// Geometric mean of the tokens' probabilities, 0..=1.
    pub(super) fn confidence(&self) -> f32 {
        self.mean_log.exp().clamp(0.0, 1.0)
    }
}

/// One run of the greedy loop.
pub(super) struct Greedy<'a> {
    pub(super) rules: &'a Rules,
    /// Length of the phrase, which limits its tokens.
    pub(super) seconds: f32,
}

impl Greedy<'_> {
    pub(super) fn run(&self, steps: &mut impl Steps, prompt: &[u32]) -> Result<Heard, SpeechError> {
        let most = MAX_TOKENS.min(TOKENS_ALWAYS + (self.seconds * TOKENS_A_SECOND) as usize);
        let end = self.rules.spoken.last().copied();
        let probe = prompt.iter().position(|token| *token == self.rules.start);
        let mut scores = steps.feed(prompt, probe)?;
        let mut heard = Heard {
            no_speech: scores.no_speech,
            ..Heard::default()
        };
        let mut log_sum = 0.0;
        loop {
            let first = heard.tokens.is_empty();
            let Some((token, log)) = self.best(&scores.spoken, first) else {
                break;
            };
            log_sum += log;
            heard.mean_log = log_sum / (heard.tokens.len() + 1) as f32;
            if Some(token) == end {
                break;
            }
            heard.tokens.push(token);
            if let Some(keep) = circle(&heard.tokens) {
                heard.tokens.truncate(keep);
                heard.looped = true;
                break;
            }
            if heard.tokens.len() >= most {
                heard.looped = true;
                break;
            }
            scores = steps.feed(&[token], None)?;
        }
        Ok(heard)
    }

    /// The likeliest token and its log-probability among all that may be said.
    fn best(&self, scores: &[f32], first: bool) -> Option<(u32, f32)> {
        let candidates = self.rules.spoken.iter().zip(scores);
        let allowed =
            candidates.filter(|(token, _)| !first || !self.rules.not_first.contains(token));
        let (token, best) = allowed.max_by(|a, b| a.1.total_cmp(b.1))?;
        let sum: f32 = scores.iter().map(|score| (score - best).exp()).sum();
        Some((*token, -sum.ln()))
    }
}

/// Where to cut `tokens` if their end goes round in circles: after the circle's first round. Three
/// rounds of two to twelve are a circle, or twelve of one token (spoken numbers do repeat).
fn circle(tokens: &[u32]) -> Option<usize> {
    let same = |length: usize, rounds: usize| {
        let tail = tokens.len().checked_sub(length * rounds)?;
        let mut rounds = tokens.get(tail..)?.chunks_exact(length);
        let round = rounds.next()?;
        let varied = length == 1 || round.iter().any(|token| round.first() != Some(token));
        (varied && rounds.all(|other| other == round)).then_some(tail + length)
    };
    same(1, 12).or_else(|| (2..=12).find_map(|length| same(length, 3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says the given tokens one after another, whatever it is fed.
    struct Script {
        says: Vec<u32>,
        fed: Vec<u32>,
        no_speech: f32,
    }

    impl Steps for Script {
        fn feed(&mut self, tokens: &[u32], probe: Option<usize>) -> Result<Scores, SpeechError> {
            self.fed.extend(tokens);
            let says = if self.says.is_empty() {
                9
            } else {
                self.says.remove(0)
            };
            let spoken = (0..10)
                .map(|token| if token == says { 5.0 } else { 0.0 })
                .collect();
            Ok(Scores {
                spoken,
                no_speech: probe.map_or(0.0, |_| self.no_speech),
            })
        }
    }

    fn rules() -> Rules {
        Rules {
            spoken: (0..10).collect(),
            not_first: vec![3, 9],
            specials: 10..14,
            no_speech: 12,
            start: 11,
        }
    }

    fn heard(says: &[u32], seconds: f32) -> (Heard, Vec<u32>) {
        let mut script = Script {
            says: says.to_vec(),
            fed: Vec::new(),
            no_speech: 0.25,
        };
        let heard = Greedy {
            rules: &rules(),
            seconds,
        }
        .run(&mut script, &[11, 13])
        .unwrap();
        (heard, script.fed)
    }

    #[test]
    fn it_says_what_is_likeliest_until_the_end() {
        let (heard, fed) = heard(&[1, 2, 5, 9, 4], 5.0);
        assert_eq!(
            (heard.tokens.as_slice(), fed.as_slice()),
            (&[1, 2, 5][..], &[11, 13, 1, 2, 5][..])
        );
        assert!(!heard.looped && heard.is_speech() && heard.no_speech == 0.25);
        let one = 5_f32.exp() / (5_f32.exp() + 9.0);
        assert!((heard.confidence() - one).abs() < 1e-4);
    }

    #[test]
    fn a_suppressed_first_token_is_passed_over() {
        let (heard, _) = heard(&[3, 9], 5.0);
        assert_ne!(heard.tokens.first(), Some(&3));
        assert!(
            heard.mean_log < -2.0,
            "a passed over token costs confidence"
        );
    }

    #[test]
    fn circles_stop_after_one_round_is_kept() {
        let (round, _) = heard(&[4, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3], 9.0);
        assert_eq!(
            (round.tokens.as_slice(), round.looped),
            (&[4, 1, 2, 3][..], true)
        );
        let (eights, _) = heard(&[8, 8, 8, 8, 8, 8, 8, 8, 9], 9.0);
        assert_eq!((eights.tokens.len(), eights.looped), (8, false));
        let (endless, _) = heard(&[8; 40], 9.0);
        assert_eq!((endless.tokens.len(), endless.looped), (1, true));
    }

    #[test]
    fn a_short_phrase_cannot_hold_many_tokens() {
        let says = (0..200).map(|n| n * n % 7 + n % 2).collect::<Vec<u32>>();
        let (short, _) = heard(&says, 0.5);
        assert!(short.tokens.len() <= TOKENS_ALWAYS + 5 && short.looped);
    }

    #[test]
    fn silence_and_inventions_are_not_speech() {
        let said = |mean_log, no_speech| Heard {
            tokens: vec![1],
            mean_log,
            no_speech,
            looped: false,
        };
        assert!(said(-0.3, 0.9).is_speech() && said(-1.0, 0.1).is_speech());
        assert!(!said(-1.0, 0.9).is_speech() && !said(-2.0, 0.0).is_speech());
        assert!(!Heard::default().is_speech());
    }
}
