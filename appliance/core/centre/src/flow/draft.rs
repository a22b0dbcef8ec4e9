//! A flow as it was written: names not yet looked up, every name with its place.

use std::time::Duration;

use call::Cause;

use super::grammar::Kind;
use super::words::Phrase;
use crate::site::diagnostic::At;

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) text: String,
    pub(crate) at: At,
}

#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) steps: Vec<DraftStep>,
}

#[derive(Clone, Debug)]
pub(crate) struct DraftStep {
    pub(crate) id: String,
    pub(crate) at: At,
    pub(crate) kind: Kind,
    pub(crate) prompts: Vec<Spot>,
    pub(crate) barge_in: bool,
    pub(crate) asking: Asking,
    pub(crate) answers: Vec<Answer>,
    pub(crate) next: Option<Spot>,
    pub(crate) queue: Option<Spot>,
    pub(crate) to: String,
    pub(crate) cause: Cause,
}

/// How a question is put.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) no_input: Vec<Spot>,
    pub(crate) invalid: Vec<Spot>,
}

/// One answer to a question; without `next` where that was missing.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) at: At,
    pub(crate) given: Given,
    pub(crate) next: Option<Spot>,
}

/// What the caller did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Key(char),
    Words(Vec<Phrase>),
    /// No key, or only wrong ones.
    Nothing,
}
