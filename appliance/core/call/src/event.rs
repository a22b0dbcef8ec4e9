//! What the switchboard tells its owner about its legs.

use media::{StreamId, StreamStats};
use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::leg::{LegId, Recorded};
use crate::line::Showing;

/// A change in the life of a leg. `Incoming` comes first, `Ended` once, `Closed` once and last.
#[derive(Clone, Debug, PartialEq)]
pub enum LegEvent {
    /// A trunk or a device calls; the owner must `answer` or `end` it, and may `ring` before.
    Incoming { leg: LegId, caller: Caller },
    /// The party that we called rings; with `early_media` its sound is there already, and
    /// `Opened` came before. Told again when that changes.
    Ringing { leg: LegId, early_media: bool },
    /// Our 200 went out, or the called party's came in.
    Answered { leg: LegId },
    /// The stream runs: prompts may be played. Once a leg; before `Answered` with early media.
    Opened { leg: LegId, stream: StreamId },
    /// The other party put us on hold, or came back.
    Held { leg: LegId, on: bool },
    /// A key was pressed, once per press.
    Digit { leg: LegId, digit: char },
    /// All prompts of the last `play` were sent.
    PlayDone { leg: LegId },
    /// The transfer was refused or not decided in time; the leg goes on. A transfer that worked
    /// is an `Ended` with [`Cause::Transferred`].
    TransferFailed { leg: LegId },
    /// The phone of `leg` asks that its other party be connected with `to` instead; with
    /// `replaces` with the other party of that leg. The owner answers by `transfer_done`.
    TransferAsked {
        leg: LegId,
        to: String,
        replaces: Option<LegId>,
    },
    /// The leg ended, for this one cause.
    Ended { leg: LegId, cause: Cause },
    /// The media plane said its last word, or its time was up; the leg is forgotten.
    Closed {
        leg: LegId,
        stats: Option<StreamStats>,
        recorded: Option<Recorded>,
    },
    /// A device registered or went: so many phones of it can be called now.
    Registered { device: String, contacts: usize },
    /// A trunk that we call came up or went down; `why` in a few words.
    TrunkState {
        trunk: String,
        up: bool,
        why: String,
    },
}

/// Where a call comes from: an account of the site that has proved itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The trunk of this name.
    Trunk(String),
    /// The device of this name.
    Device(String),
}

/// Who calls whom, as the peer wrote it, cut to [`crate::limits::MAX_NAME`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account that the call came by.
    pub origin: Origin,
    /// The caller's number, or the whole From URI where it holds none.
    pub from: String,
    /// The caller's name, where the peer gave one.
    pub display: Option<String>,
    /// The caller's number as a line of our trust domain vouches for it (P-Asserted-Identity,
    /// RFC 3325).
    pub asserted: Option<String>,
    /// The number that a device asks to be shown with (P-Preferred-Identity); whether it may is for
    /// the owner to judge.
    pub preferred: Option<String>,
    /// Whether the called party may see the caller's number (Privacy, RFC 3323).
    pub showing: Showing,
    /// The dialled number, or the whole Request-URI where it holds none.
    pub to: String,
    /// The Call-ID.
    pub sip_call_id: String,
    /// The leg that this call wants to take the place of (RFC 3891): its other party shall hear
    /// this caller, and it shall end.
    pub replaces: Option<LegId>,
}
