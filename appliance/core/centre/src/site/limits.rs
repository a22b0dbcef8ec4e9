//! Every limit of site texts, flows and their runs, in one place.
//!
//! They bound what a person, a fleet bundle or a caller can make the box hold; the texts that
//! exceed one are refused with the limit's number in the message.

use std::time::Duration;

/// Bytes of one site text.
pub const MAX_SITE_BYTES: usize = 1 << 20;
/// Bytes of one flow's XML.
pub const MAX_FLOW_BYTES: usize = 256 << 10;
/// Steps of one flow, answers to questions included.
pub const MAX_STEPS: usize = 500;
/// Flows of one site.
pub const MAX_FLOWS: usize = 200;
/// Queues of one site.
pub const MAX_QUEUES: usize = 200;
/// Trunks of one site.
pub const MAX_TRUNKS: usize = 64;
/// Addresses and networks of one trunk.
pub const MAX_PEERS: usize = 64;
/// Called numbers of one site.
pub const MAX_NUMBERS: usize = 2_000;
/// Prompts named in one attribute.
pub const MAX_PROMPTS: usize = 16;
/// Phrases of one flow's answers.
pub const MAX_PHRASES: usize = 2_000;
/// Characters of a name: flow, step, queue, trunk, prompt.
pub const MAX_NAME_CHARS: usize = 64;
/// Characters of a phrase to listen for.
pub const MAX_PHRASE_CHARS: usize = 64;
/// Bytes of a user name, password or transfer target.
pub const MAX_FIELD_BYTES: usize = 256;
/// Diagnostics kept for one text; one more line counts the rest.
pub const MAX_DIAGNOSTICS: usize = 200;

/// Shortest and longest wait for an answer to a question.
pub const ANSWER_WAIT: (Duration, Duration) =
    (Duration::from_millis(500), Duration::from_secs(120));
/// Shortest and longest wait in a queue.
pub const QUEUE_WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(86_400));
/// Most times a question is asked again.
pub const MAX_RETRIES: u32 = 9;

/// Prompts a caller may have to hear before a human is in reach (more is a warning).
pub const PROMPTS_TO_A_HUMAN: u32 = 2;

/// Steps a run enters for one input before it ends the call rather than spin.
pub const MAX_STEPS_PER_INPUT: u32 = 32;
/// Steps a run enters in one call before it ends the call.
pub const MAX_STEPS_PER_CALL: usize = 1_000;
/// Digits pressed ahead of the next question; later ones are only remembered in the record.
pub const MAX_TYPE_AHEAD: usize = 16;
/// Digits remembered of one call.
pub const MAX_DIGITS: usize = 256;
/// Characters of one heard phrase that are looked at.
pub const MAX_HEARD_CHARS: usize = 1_000;
/// Longest a prompt may play before the run goes on without word from the media plane.
pub const MAX_PLAY: Duration = Duration::from_secs(600);
