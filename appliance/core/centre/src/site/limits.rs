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
/// Devices of one site.
pub const MAX_DEVICES: usize = 1_000;
/// Lines in of one site.
pub const MAX_LINES_IN: usize = 8;
/// Agents of one site.
pub const MAX_AGENTS: usize = 1_000;
/// Patterns of known callers of one site.
pub const MAX_CALLERS: usize = 2_000;
/// Routes of one site.
pub const MAX_ROUTES: usize = 200;
/// Prices of one site.
pub const MAX_PRICES: usize = 2_000;
/// Values of one list: skills, queues of an agent, patterns, hours.
pub const MAX_SKILLS: usize = 200;
/// Characters of a pattern of numbers.
pub const MAX_DIALLED: usize = 32;
/// The highest level, priority of a queue or of a route.
pub const MAX_LEVEL: u32 = 9;
/// Callers that one queue may be told to hold.
pub const MAX_WAITING: u32 = 1_000;
/// Calls in a row that an agent may be told to let ring.
pub const MAX_UNANSWERED: u32 = 100;
/// Calls at once that a limit may name.
pub const MAX_CALLS_AT_ONCE: u32 = 10_000;
/// Calls an hour that a limit may name.
pub const MAX_RATE: u32 = 100_000;
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
/// Shortest and longest time that one agent or device rings.
pub const RING_TIME: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(300));
/// How long a device rings where nothing is said.
pub const RING_FOR: Duration = Duration::from_secs(30);
/// Shortest and longest time an agent is given after a call.
pub const WRAP_UP: (Duration, Duration) = (Duration::ZERO, Duration::from_secs(3_600));
/// Shortest and longest time between two announcements in a queue.
pub const ANNOUNCE_EVERY: (Duration, Duration) =
    (Duration::from_secs(5), Duration::from_secs(3_600));
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
/// How often a carrier that wants no registration is asked whether it is there, where nothing is
/// said.
pub const KEEPALIVE: Duration = Duration::from_secs(30);
/// How often it may be asked.
pub const KEEPALIVES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(3_600));
/// Session intervals that may be asked of a carrier (RFC 4028: no less than 90 s).
pub const SESSION: (Duration, Duration) = (Duration::from_secs(90), Duration::from_secs(7_200));
