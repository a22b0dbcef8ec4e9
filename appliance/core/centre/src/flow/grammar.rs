//! The words of the flow language: which kinds of step there are and which attributes they take.
//!
//! One table for the parser, its hints and the tests that keep `schema/ivr.xsd` and
//! `schema/ivr.md` true. A new kind of step begins here.

/// What an element is: the flow itself or one kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ivr,
    Input,
    Words,
    Menu,
    Listen,
    Say,
    Queue,
    Transfer,
    HangUp,
}

/// How an attribute is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A name of this text's own making.
    Name,
    /// Prompt names, parted by blanks.
    Prompts,
    /// A step, flow, `flow/step` or queue, or `hangup`.
    Target,
    /// One key of a telephone.
    Key,
    /// `true` or `false`.
    Flag,
    /// `500ms`, `5s`, `2m`, `1h`.
    Duration,
    /// Times a question is put again.
    Count,
    /// Phrases to listen for.
    Phrases,
    /// A number or a `sip:`, `sips:`, `tel:` address.
    Address,
    /// `normal` or `busy`.
    Cause,
    /// The kind of step.
    Type,
}

/// One attribute of a kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    pub(crate) required: bool,
}

impl Attribute {
    /// How to write it where it is missing.
    pub(crate) fn hint(&self, kind: Kind) -> String {
        let how = match self.value {
            Value::Name => "a name",
            Value::Prompts => "the name of what the caller hears",
            Value::Target if kind == Kind::Transfer => "where the caller goes if nobody answers",
            Value::Target => "a step, a flow, a queue or `hangup`",
            Value::Key => "the key",
            Value::Flag => "`true` or `false`",
            Value::Duration => "such as `5s`",
            Value::Count => "a whole number",
            Value::Phrases => "phrases parted by commas",
            Value::Address => "a number, or an address such as `sip:desk@192.0.2.7`",
            Value::Cause => "`normal` or `busy`",
            Value::Type => "the kind of step",
        };
        format!("add {}=\"..\": {how}", self.name)
    }
}

const fn may(name: &'static str, value: Value) -> Attribute {
    Attribute {
        name,
        value,
        required: false,
    }
}

const fn must(name: &'static str, value: Value) -> Attribute {
    Attribute {
        name,
        value,
        required: true,
    }
}

/// Every kind, as written in `type` (the flow itself by its element's name).
pub(crate) const KINDS: &[(&str, Kind)] = &[
    ("ivr", Kind::Ivr),
    ("input", Kind::Input),
    ("words", Kind::Words),
    ("menu", Kind::Menu),
    ("listen", Kind::Listen),
    ("say", Kind::Say),
    ("queue", Kind::Queue),
    ("transfer", Kind::Transfer),
    ("hangup", Kind::HangUp),
];

impl Kind {
    pub(crate) fn from_type(text: &str) -> Option<Self> {
        Self::types()
            .find(|(name, _)| *name == text)
            .map(|(_, kind)| kind)
    }

    pub(crate) fn types() -> impl Iterator<Item = (&'static str, Self)> {
        KINDS.iter().copied().filter(|(_, kind)| *kind != Self::Ivr)
    }

    pub(crate) fn name(self) -> &'static str {
        KINDS
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }

    /// An answer to a question, not a step that is entered.
    pub(crate) fn is_answer(self) -> bool {
        matches!(self, Self::Input | Self::Words)
    }

    /// A step that puts a question and holds the answers.
    pub(crate) fn is_question(self) -> bool {
        matches!(self, Self::Menu | Self::Listen)
    }

    pub(crate) fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::Ivr => &[NAME, PROMPT, NO_INPUT, INVALID, TIMEOUT, RETRIES, BARGE_IN],
            Self::Input => &[TYPE, KEY, DEFAULT, NEXT],
            Self::Words => &[TYPE, WORDS, NEXT],
            Self::Menu | Self::Listen => &[
                TYPE, ID, PROMPT, NO_INPUT, INVALID, TIMEOUT, RETRIES, BARGE_IN,
            ],
            Self::Say => &[TYPE, ID, SAID, BARGE_IN, NEXT],
            Self::Queue => &[TYPE, ID, PROMPT, BARGE_IN, QUEUE],
            Self::Transfer => &[TYPE, ID, PROMPT, BARGE_IN, TO, NEXT],
            Self::HangUp => &[TYPE, ID, PROMPT, BARGE_IN, CAUSE],
        }
    }
}

const TYPE: Attribute = must("type", Value::Type);
const NAME: Attribute = must("name", Value::Name);
const ID: Attribute = may("id", Value::Name);
const PROMPT: Attribute = may("prompt", Value::Prompts);
const SAID: Attribute = must("prompt", Value::Prompts);
const NO_INPUT: Attribute = may("no_input", Value::Prompts);
const INVALID: Attribute = may("invalid", Value::Prompts);
const TIMEOUT: Attribute = may("timeout", Value::Duration);
const RETRIES: Attribute = may("retries", Value::Count);
const BARGE_IN: Attribute = may("barge_in", Value::Flag);
const KEY: Attribute = may("key", Value::Key);
const DEFAULT: Attribute = may("default", Value::Flag);
const WORDS: Attribute = must("words", Value::Phrases);
const QUEUE: Attribute = must("queue", Value::Name);
const TO: Attribute = must("to", Value::Address);
const CAUSE: Attribute = may("cause", Value::Cause);
const NEXT: Attribute = must("next", Value::Target);

/// Id of the first step where it has none of its own, and of a flow's opening question.
pub(crate) const START: &str = "start";
/// The target that ends the call, where nothing else has that name.
pub(crate) const HANG_UP: &str = "hangup";

/// Whether a telephone has that key.
pub(crate) fn is_key(key: char) -> bool {
    matches!(key, '0'..='9' | '*' | '#' | 'A'..='D')
}
