//! What goes into a run and what comes out of it: values, no behaviour.

use call::Cause;

/// What the world tells a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowInput {
    /// The caller pressed a key: `0`-`9`, `*`, `#`, `A`-`D`.
    Digit(char),
    /// A phrase was recognised.
    Heard(String),
    /// The prompts of the last `Play` were heard (or could not be played).
    PlayDone,
    /// The queue holds as many as it may.
    QueueFull,
    /// The caller waited longer than the queue allows.
    QueueTimeout,
    /// The transfer did not come about; the caller is still here.
    TransferFailed,
}

/// What must be done for a run, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowAct {
    /// Play these prompts one after the other; replaces what plays.
    Play { prompts: Vec<String>, repeat: bool },
    /// Stop what plays.
    StopPlay,
    /// Whether the caller's words matter from now on.
    Listening(bool),
    /// A step was entered, as `flow/step`.
    Enter { step: String },
    /// The caller waits in a queue: play its prompts, answer `QueueTimeout` after its wait.
    Queue { queue: String },
    /// Hand the caller over; answer `TransferFailed` where it does not come about.
    Transfer { to: String },
    /// End the call. Nothing follows.
    HangUp { cause: Cause },
}

/// Why a run wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The caller has not answered the question.
    NoAnswer,
    /// The media plane never said that the prompt ended.
    PlayOverdue,
}
