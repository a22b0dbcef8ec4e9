//! What an answered call costs: processor time of the whole box, from INVITE to the committed record.
//!
//! SIPp calls, the flow answers and queues without a prompt, SIPp hangs up after a second. Kamailio
//! carries the same calls to a second SIPp in the same run, so that both meet the same machine.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rig::appliance::{Appliance, Options};
use rig::process::wait_for;
use rig::sipp::{Scenario, Sipp};

use crate::kamailio::Proxy;
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
const HOLD_MS: u32 = 1000;
/// A port rests for two seconds after its call, so 50 calls a second of a second each need 150.
const PLACES: usize = 300;
/// CPU-seconds for 1000 calls.
const GOAL: f64 = 0.5;
/// After the last BYE, so that the last record's cost is in the figure.
const SETTLE: Duration = Duration::from_secs(2);
/// The time over which the idle box is watched.
const IDLE: Duration = Duration::from_secs(5);
/// All records are on disk so soon after the calls.
const RECORDS: Duration = Duration::from_secs(20);

/// Answers both loads, with and without the peer.
pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let dir = tempfile::tempdir()?;
    let site = dir.path().join("site.toml");
    std::fs::write(&site, SITE)?;
    let appliance = Appliance::start(&Options {
        data: dir.path().join("box"),
        site: Some(site),
        max_calls: Some(PLACES),
        ..Options::default()
    })?;
    let kamailio = Proxy::start(&dir.path().join("kamailio"))?;
    let pid = appliance.pid();
    pause(Duration::from_secs(1));
    let mut rows = idle(pid)?;
    let mut made = 0;
    usage::forget_peak(pid)?;
    let before = usage::resident_kib(pid)?;
    for (calls, rate, asterisk) in LOADS {
        say(&format!("answer: {calls} calls, {rate} a second, the box"));
        let load = (calls, rate);
        let spent = cost(dir.path(), "box", pid, appliance.sip, load)
            .with_context(|| format!("the box: {}", repeats(&appliance)))?;
        made += calls;
        let enough = || {
            let kept = appliance.metric("branchline_records_committed_total")?;
            (kept >= f64::from(made)).then_some(())
        };
        ensure!(
            wait_for(RECORDS, enough).is_some(),
            "{made} calls were made, but not {made} records\n{}",
            appliance.log_tail()
        );
        let mut row = Row::new(&format!("answer_{rate}cps"), spent, "CPU-s per 1000 calls")
            .goal(GOAL)
            .peer("asterisk_recorded", asterisk);
        if let Some(kamailio) = &kamailio {
            say(&format!("answer: {calls} calls, {rate} a second, Kamailio"));
            // A call that the peer loses costs the peer's figure, not ours.
            match cost(dir.path(), "peer", kamailio.pid(), kamailio.sip(), load) {
                Ok(theirs) => row = row.peer("kamailio_proxy", theirs),
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

/// What a busy machine spoils.
pub(crate) fn repeats(appliance: &Appliance) -> String {
    let count = |name| {
        appliance
            .metric(&format!("branchline_{name}_total"))
            .unwrap_or(f64::NAN)
    };
    format!(
        "{} messages repeated, {} calls refused, all places taken",
        count("sip_retransmissions_sent"),
        count("calls_refused_full")
    )
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

/// CPU-seconds for 1000 calls to `sip`, taken by the process `pid` and its children.
fn cost(
    dir: &Path,
    name: &str,
    pid: u32,
    sip: std::net::SocketAddr,
    (calls, rate): (u32, u32),
) -> anyhow::Result<f64> {
    let dir = dir.join(format!("{name}-{rate}"));
    std::fs::create_dir_all(&dir)?;
    let before = usage::processor_seconds(pid)?;
    let scenario = Scenario {
        name: "hold",
        digit: None,
        number: "4000",
        hold_ms: HOLD_MS,
        calls: (calls, rate),
    };
    Sipp::start(&dir, sip, &scenario)?.finish()?;
    pause(SETTLE);
    let spent = usage::processor_seconds(pid)? - before;
    Ok(spent / f64::from(calls) * 1000.0)
}
