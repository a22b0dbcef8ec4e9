//! Every limit of running calls, in one place; those of site texts and flows are `site::limits`.

use std::time::Duration;

/// Utterances kept per call; later ones still reach the flow and the live page.
pub const MAX_TRANSCRIPT: usize = 1_000;
/// Longest text of one utterance, characters; the rest is cut.
pub const MAX_WORDS: usize = 500;
/// How long a record waits for speech to finish the last phrase of an ended call.
pub const SPEECH_GRACE: Duration = Duration::from_secs(8);
/// How long what is said before a hang-up may take, without word from the media plane.
pub const FAREWELL: Duration = Duration::from_secs(60);
/// How long a call to the outside may ring.
pub const OUTSIDE_PATIENCE: Duration = Duration::from_secs(60);
/// How long a phone rings that another phone calls.
pub const INSIDE_PATIENCE: Duration = Duration::from_secs(60);
/// Call-backs owed at once; who comes later waits on.
pub const MAX_CALL_BACKS: usize = 500;
/// Call-backs shown at most: those that were promised first.
pub const MAX_CALL_BACKS_SHOWN: usize = 100;
/// How long after the promise a caller stands in the queue again: they have to hang up first.
pub const CALL_BACK_AFTER: Duration = Duration::from_secs(10);
/// How long after an attempt that failed the next one follows.
pub const CALL_BACK_PAUSE: Duration = Duration::from_secs(5 * 60);
/// How often the caller is called.
pub const CALL_BACK_TRIES: u32 = 3;
/// How often agents are rung for one promise.
pub const CALL_BACK_RINGS: u32 = 20;
/// How long a call may be owed.
pub const CALL_BACK_LIFE: Duration = Duration::from_secs(2 * 3600);
/// How long an agent who let a call ring is left in peace.
pub const AGENT_REST: Duration = Duration::from_secs(2);
