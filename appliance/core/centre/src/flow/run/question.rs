//! How a run puts a question and takes keys, words and silence for an answer.

use std::sync::Arc;
use std::time::Instant;

use super::super::grammar::is_key;
use super::super::model::{Act, Ask, Step, Target};
use super::super::words;
use super::{Reason, Run, State};
use crate::site::limits::{MAX_DIGITS, MAX_TYPE_AHEAD};

impl Run {
    pub(super) fn pressed(&mut self, now: Instant, digit: char) -> Option<Target> {
        let digit = digit.to_ascii_uppercase();
        if !is_key(digit) {
            return None;
        }
        if self.trail.digits.len() < MAX_DIGITS {
            self.trail.digits.push(digit);
        }
        let site = Arc::clone(&self.site);
        let step = self.current(&site)?;
        match (&self.state, &step.act) {
            (State::Saying, act) => {
                self.keep(digit);
                if !step.barge_in {
                    return None;
                }
                self.stop();
                self.act(act)
            }
            (
                State::Asking {
                    prompting: true, ..
                },
                _,
            ) if !step.barge_in => {
                self.keep(digit);
                None
            }
            (State::Asking { prompting, .. }, Act::Ask(ask)) => {
                if *prompting {
                    self.stop();
                }
                self.answered(now, ask, digit)
            }
            _ => None,
        }
    }

    fn keep(&mut self, digit: char) {
        if self.ahead.len() < MAX_TYPE_AHEAD {
            self.ahead.push_back(digit);
        }
    }

    pub(super) fn answered(&mut self, now: Instant, ask: &Ask, digit: char) -> Option<Target> {
        match ask.keys.get(&digit) {
            Some(target) => Some(target.clone()),
            None => {
                self.ahead.clear();
                self.unanswered(now, |ask| &ask.invalid)
            }
        }
    }

    pub(super) fn heard(&mut self, now: Instant, words: &str) -> Option<Target> {
        let State::Asking { prompting, .. } = self.state else {
            return None;
        };
        let site = Arc::clone(&self.site);
        let Act::Ask(ask) = &self.current(&site)?.act else {
            return None;
        };
        if !self.listening || !words.chars().any(char::is_alphanumeric) {
            return None;
        }
        match words::best(&ask.phrases, words) {
            Some(target) => {
                if prompting {
                    self.stop();
                }
                Some(target.clone())
            }
            None if prompting => None,
            None => self.unanswered(now, |ask| &ask.invalid),
        }
    }

    pub(super) fn play_done(&mut self, now: Instant) -> Option<Target> {
        let site = Arc::clone(&self.site);
        let step = self.current(&site)?;
        match (&mut self.state, &step.act) {
            (State::Saying, act) => self.act(act),
            (State::Asking { prompting, .. }, Act::Ask(ask)) if *prompting => {
                *prompting = false;
                self.deadline = Some((now + ask.timeout, Reason::NoAnswer));
                let digit = self.ahead.pop_front()?;
                self.answered(now, ask, digit)
            }
            _ => None,
        }
    }

    /// Puts the question again, saying why first, or gives up on an answer.
    pub(super) fn unanswered(
        &mut self,
        now: Instant,
        why: fn(&Ask) -> &Vec<String>,
    ) -> Option<Target> {
        let site = Arc::clone(&self.site);
        let step = self.current(&site)?;
        let (State::Asking { left, .. }, Act::Ask(ask)) = (&mut self.state, &step.act) else {
            return None;
        };
        if *left == 0 {
            return Some(ask.default.clone());
        }
        *left -= 1;
        self.ask(now, step, why(ask))
    }

    pub(super) fn ask(&mut self, now: Instant, step: &Step, why: &[String]) -> Option<Target> {
        let (State::Asking { prompting, .. }, Act::Ask(ask)) = (&mut self.state, &step.act) else {
            return None;
        };
        let prompts = [why, &step.prompts].concat();
        *prompting = !prompts.is_empty();
        if *prompting {
            self.play(now, prompts);
        } else {
            self.deadline = Some((now + ask.timeout, Reason::NoAnswer));
        }
        None
    }
}
