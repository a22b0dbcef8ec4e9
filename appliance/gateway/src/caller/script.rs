//! What the demo caller does after the answer: acts parsed from the command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The longest a `wait` or `quiet` may take.
const MAX_SECONDS: f64 = 600.0;

/// One thing the caller does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// Send these keys.
    Press(String),
    /// Speak this file to its end.
    Say(PathBuf),
    /// Wait until the other side has been silent for so long.
    Quiet(Duration),
    /// Wait.
    Wait(Duration),
}

/// An act that cannot be understood.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error(
    "bad act `{0}`: {1}\nhint: acts are press:DIGITS, say:FILE.wav, quiet:SECONDS, wait:SECONDS"
)]
pub(super) struct ActError(String, &'static str);

impl FromStr for Act {
    type Err = ActError;

    fn from_str(text: &str) -> Result<Self, ActError> {
        let bad = |why| ActError(text.to_owned(), why);
        let (verb, what) = text.split_once(':').ok_or_else(|| bad("no `:` in it"))?;
        if what.is_empty() {
            return Err(bad("nothing after the `:`"));
        }
        match verb {
            "press" if what.chars().all(|c| "0123456789*#ABCD".contains(c)) => {
                Ok(Self::Press(what.to_owned()))
            }
            "press" => Err(bad("keys are 0-9, *, #, A-D")),
            "say" => Ok(Self::Say(what.into())),
            "quiet" => Ok(Self::Quiet(
                seconds(what).ok_or_else(|| bad("not a number of seconds"))?,
            )),
            "wait" => Ok(Self::Wait(
                seconds(what).ok_or_else(|| bad("not a number of seconds"))?,
            )),
            _ => Err(bad("unknown verb")),
        }
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.parse().ok()?;
    (0.0..=MAX_SECONDS)
        .contains(&seconds)
        .then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_read_in_words() {
        assert_eq!("press:1#".parse(), Ok(Act::Press("1#".into())));
        assert_eq!("say:a/b:c.wav".parse(), Ok(Act::Say("a/b:c.wav".into())));
        assert_eq!(
            "quiet:0.5".parse(),
            Ok(Act::Quiet(Duration::from_millis(500)))
        );
    }

    #[test]
    fn a_bad_act_is_named_with_the_way_out() {
        for text in [
            "press", "press:", "press:x", "wait:-1", "wait:nan", "wait:1e9", "sing:a",
        ] {
            let error = text.parse::<Act>().unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("hint:"), "{error}");
        }
    }
}
