//! What the switchboard tells its owner about its legs.

use media::{StreamId, StreamStats};

use crate::cause::Cause;
use crate::leg::{LegId, Recorded};

/// A change in the life of a leg. `Incoming` comes first, `Ended` once, `Closed` once and last.
#[derive(Clone, Debug, PartialEq)]
pub enum LegEvent {
    /// A trunk calls; the owner must `answer` or `end` it.
    Incoming { leg: LegId, caller: Caller },
    /// Our 200 went out.
    Answered { leg: LegId },
    /// The stream runs: prompts may be played.
    Opened { leg: LegId, stream: StreamId },
    /// A key was pressed, once per press.
    Digit { leg: LegId, digit: char },
    /// All prompts of the last `play` were sent.
    PlayDone { leg: LegId },
    /// The transfer was refused or not decided in time; the leg goes on. A transfer that worked
    /// is an `Ended` with [`Cause::Transferred`].
    TransferFailed { leg: LegId },
    /// The leg ended, for this one cause.
    Ended { leg: LegId, cause: Cause },
    /// The media plane said its last word, or its time was up; the leg is forgotten.
    Closed {
        leg: LegId,
        stats: Option<StreamStats>,
        recorded: Option<Recorded>,
    },
}

/// Who calls whom, as the peer wrote it, cut to [`crate::limits::MAX_NAME`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Name of the trunk.
    pub trunk: String,
    /// The caller's number, or the whole From URI where it holds none.
    pub from: String,
    /// The dialled number, or the whole Request-URI where it holds none.
    pub to: String,
    /// The Call-ID.
    pub sip_call_id: String,
}
