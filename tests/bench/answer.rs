//! What an answered call costs: processor time of the whole box, from INVITE to the committed record.
//!
//! SIPp calls, the flow answers and queues without a prompt, SIPp hangs up after a second. Kamailio
//! carries the same calls to a second SIPp in the same run, so that both meet the same machine.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::kamailio::Proxy;
use crate::load::{self, repeats};
use crate::row::Row;
use crate::{pause, say, usage};

/// Answers and queues; nothing is heard, as in the peers' runs.
const SITE: &str = r#"
[site]
name = "bench"
record = false
speech = false
[trunk.carrier]
peers = ["127.0.0.1"]
[number."*"]
flow = "answer"
[queue.wait]
max_wait = "60s"
[flow.answer]
xml = '''<ivr name="answer"><step type="queue" queue="wait"/></ivr>'''
"#;

/// Calls in all, calls a second, and what Asterisk 22 took for each 1000 on another day.
const LOADS: [(u32, u32, f64); 2] = [(300, 20, 2.43), (1000, 50, 2.44)];
/// A port rests for two seconds after its call, so 50 calls a second of a second each need 150.
const PLACES: usize = 300;
/// CPU-seconds for 1000 calls.
const GOAL: f64 = 0.5;
/// The time over which the idle box is watched.
const IDLE: Duration = Duration::from_secs(5);

/// Answers both loads, with and without the peer.
pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let dir = tempfile::tempdir()?;
    let appliance = load::start(dir.path(), SITE, PLACES)?;
    let kamailio = Proxy::start(&dir.path().join("kamailio"))?;
    let pid = appliance.pid();
    pause(Duration::from_secs(1));
    let mut rows = idle(pid)?;
    let mut made = 0;
    usage::forget_peak(pid)?;
    let before = usage::resident_kib(pid)?;
    for (calls, rate, asterisk) in LOADS {
        say(&format!("answer: {calls} calls, {rate} a second, the box"));
        let per_1000 = 1000.0 / f64::from(calls);
        let dir = |who: &str| dir.path().join(format!("{who}-{rate}"));
        let spent = load::carry(&dir("box"), pid, appliance.sip, (calls, rate))
            .with_context(|| format!("the box: {}", repeats(&appliance)))?;
        made += calls;
        load::records(&appliance, made)?;
        let mut row = Row::new(
            &format!("answer_{rate}cps"),
            spent * per_1000,
            "CPU-s per 1000 calls",
        )
        .goal(GOAL)
        .peer("asterisk_recorded", asterisk);
        if let Some(kamailio) = &kamailio {
            say(&format!("answer: {calls} calls, {rate} a second, Kamailio"));
            // A call that the peer loses costs the peer's figure, not ours.
            match load::carry(&dir("peer"), kamailio.pid(), kamailio.sip(), (calls, rate)) {
                Ok(theirs) => row = row.peer("kamailio_proxy", theirs * per_1000),
                Err(why) => say(&format!("answer: no figure of Kamailio: {why:#}")),
            }
        }
        rows.push(row);
    }
    let grown = usage::peak_kib(pid)? - before;
    rows.push(
        Row::new("answer_memory", grown / f64::from(made), "KiB a call made")
            .peer("asterisk_recorded", 53.0),
    );
    say(&format!("answer: the box: {}", repeats(&appliance)));
    Ok(rows)
}

/// What the box takes while nobody calls.
fn idle(pid: u32) -> anyhow::Result<Vec<Row>> {
    say("answer: the idle box");
    let (before, began) = (usage::processor_seconds(pid)?, Instant::now());
    pause(IDLE);
    let spent = usage::processor_seconds(pid)? - before;
    let percent = spent / began.elapsed().as_secs_f64() * 100.0;
    let memory = usage::resident_kib(pid)? / 1024.0;
    Ok(vec![
        Row::new("idle", percent, "% of a core"),
        Row::new("idle_memory", memory, "MiB").peer("asterisk_recorded", 58.0),
    ])
}
