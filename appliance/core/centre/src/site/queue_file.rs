//! The `[queue.NAME]` tables as they were written.

use std::collections::BTreeSet;
use std::time::Duration;

use super::file::{check_name, prompts};
use super::limits::{
    ANNOUNCE_EVERY, MAX_LEVEL, MAX_QUEUES, MAX_UNANSWERED, MAX_WAITING, QUEUE_WAIT, RING_TIME,
    WRAP_UP,
};
use super::queue::{Rules, Strategy};
use super::table::{Reader, Table};
use super::value::Wanted;
use crate::flow::draft::Spot;

#[derive(Clone, Debug)]
pub(super) struct QueueFile {
    pub(super) name: Spot,
    pub(super) prompts: Vec<Spot>,
    pub(super) max_wait: Duration,
    pub(super) then: Spot,
    pub(super) overflow: Option<(usize, Option<Spot>)>,
    pub(super) rules: Rules,
    pub(super) skills: Vec<Spot>,
    pub(super) announce: AnnounceFile,
    pub(super) call_back: Option<CallBackFile>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct AnnounceFile {
    pub(super) every: Option<Duration>,
    pub(super) prompts: Vec<Spot>,
    pub(super) position: Option<Spot>,
    pub(super) wait: Option<Spot>,
}

#[derive(Clone, Debug)]
pub(super) struct CallBackFile {
    pub(super) offer: Vec<Spot>,
    pub(super) key: char,
    pub(super) done: Vec<Spot>,
}

/// How long a caller waits in a queue, where nothing else is said.
const WAIT: Duration = Duration::from_secs(60);
/// How often a waiting caller is told something, where nothing else is said.
const EVERY: Duration = Duration::from_secs(30);

const KEYS: [&str; 19] = [
    "prompt",
    "max_wait",
    "then",
    "max_waiting",
    "overflow",
    "strategy",
    "skills",
    "by_dialect",
    "priority",
    "ring",
    "wrap_up",
    "unanswered",
    "announce",
    "announce_every",
    "position",
    "wait",
    "call_back",
    "call_back_key",
    "call_back_done",
];

const STRATEGIES: [(&str, Strategy); 4] = [
    ("longest_idle", Strategy::LongestIdle),
    ("round_robin", Strategy::RoundRobin),
    ("ring_all", Strategy::RingAll),
    ("least_calls", Strategy::LeastCalls),
];

pub(super) fn queues<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<QueueFile> {
    let mut queues = Vec::new();
    for (name, table) in reader.tables(root, "queue", &KEYS, MAX_QUEUES) {
        check_name(reader, &name);
        let prompts = prompts(reader, &table, "prompt");
        let max_wait = reader.span(&table, "max_wait", QUEUE_WAIT, WAIT);
        let hang_up = || Spot {
            text: "hangup".to_owned(),
            at: table.at,
        };
        let then = reader.string(&table, "then").unwrap_or_else(hang_up);
        let skills = reader.names(&table, "skills");
        queues.push(QueueFile {
            name,
            prompts,
            max_wait,
            then,
            overflow: overflow(reader, &table),
            rules: rules(reader, &table, &skills),
            skills,
            announce: announce(reader, &table),
            call_back: call_back(reader, &table),
        });
    }
    queues
}

fn overflow<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Option<(usize, Option<Spot>)> {
    let most = reader.number(table, "max_waiting", (0, MAX_WAITING));
    let to = reader.string(table, "overflow");
    if to.is_some() && !table.has("max_waiting") {
        let message = format!("{} has `overflow`, but may hold everybody", table.name);
        let hint = "add max_waiting = 10, or remove `overflow`";
        reader.notes.error(table.at, message, hint);
    }
    let most = usize::try_from(most?).ok()?;
    Some((most, to))
}

fn rules<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>, skills: &[Spot]) -> Rules {
    let usual = Rules::default();
    let strategy = reader.choice(table, "strategy", &STRATEGIES);
    let small = |number: Option<u32>| number.and_then(|number| u8::try_from(number).ok());
    Rules {
        strategy: strategy.unwrap_or_default(),
        skills: skills
            .iter()
            .map(|spot| spot.text.clone())
            .collect::<BTreeSet<_>>(),
        by_dialect: reader.flag(table, "by_dialect", false),
        priority: small(reader.number(table, "priority", (0, MAX_LEVEL))).unwrap_or(0),
        ring: reader.span(table, "ring", RING_TIME, usual.ring),
        wrap_up: reader.span(table, "wrap_up", WRAP_UP, usual.wrap_up),
        unanswered: reader
            .number(table, "unanswered", (0, MAX_UNANSWERED))
            .unwrap_or(usual.unanswered),
    }
}

fn announce<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> AnnounceFile {
    let prompts = prompts(reader, table, "announce");
    let position = reader.string(table, "position");
    let wait = reader.string(table, "wait");
    let says = ["announce", "position", "wait", "call_back"]
        .into_iter()
        .any(|key| table.has(key));
    let every = reader.span(table, "announce_every", ANNOUNCE_EVERY, EVERY);
    if table.has("announce_every") && !says {
        let message = format!("{} has nothing to announce", table.name);
        let hint = "add announce, position or wait, or remove `announce_every`";
        reader.notes.error(table.at, message, hint);
    }
    AnnounceFile {
        every: says.then_some(every),
        prompts,
        position,
        wait,
    }
}

fn call_back<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Option<CallBackFile> {
    let wanted = Wanted {
        what: "key",
        hint: "one of 0 to 9, `*` and `#`",
    };
    let key = reader.parsed(table, "call_back_key", wanted, |text| {
        let mut keys = text
            .chars()
            .filter(|c| c.is_ascii_digit() || "*#".contains(*c));
        (text.len() == 1).then(|| keys.next()).flatten()
    });
    let offer = prompts(reader, table, "call_back");
    let done = prompts(reader, table, "call_back_done");
    if !table.has("call_back") {
        for key in ["call_back_key", "call_back_done"] {
            if table.has(key) {
                let message = format!("{} has `{key}`, but offers no call back", table.name);
                let hint = "add call_back = \"..\": the prompt of the offer";
                reader.notes.error(table.at, message, hint);
            }
        }
        return None;
    }
    Some(CallBackFile {
        offer,
        key: key.unwrap_or('1'),
        done,
    })
}
