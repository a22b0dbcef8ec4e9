//! What a call that hears a prompt costs: percent of a core while 100 calls hear it and speak.
//!
//! Sound flows both ways, 50 packets a second each, as in the peer's run. The window lies between the
//! last call's answer and the first call's end. No figure where media did not flow in full.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rig::appliance::{Appliance, Options};
use rig::process::wait_for;
use rig::sipp::{Scenario, Sipp};

use crate::row::Row;
use crate::{pause, say, usage};

/// A queue that plays its prompt in a loop.
const SITE: &str = r#"
[site]
name = "bench"
record = false
speech = false
[trunk.carrier]
peers = ["127.0.0.1"]
[number."*"]
flow = "wait"
[queue.wait]
prompt = "queue_wait"
max_wait = "60s"
[flow.wait]
xml = '''<ivr name="wait"><step type="queue" queue="wait"/></ivr>'''
"#;

const CALLS: u32 = 100;
const RATE: u32 = 10;
const HOLD: Duration = Duration::from_secs(25);
/// All calls are up so long after the first.
const RAMP: Duration = Duration::from_millis(10_500);
/// The window ends so long after the first call began.
const END: Duration = Duration::from_millis(24_000);
const PACKETS_PER_SECOND: f64 = 50.0;
/// Less than this part of the packets means that media did not flow.
const FLOW: f64 = 0.95;
/// Percent of a core for 100 calls; KiB for one.
const GOAL: f64 = 6.0;
const MEMORY_GOAL: f64 = 64.0;

/// What the box took while all calls were up.
struct Window {
    seconds: f64,
    processor_seconds: f64,
}

pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let dir = tempfile::tempdir()?;
    let site = dir.path().join("site.toml");
    std::fs::write(&site, SITE)?;
    // What callers say: 8 s of A-law silence; neither side looks into it.
    std::fs::write(dir.path().join("speech.alaw"), [0xD5; 64_000])?;
    let appliance = Appliance::start(&Options {
        data: dir.path().join("box"),
        site: Some(site),
        max_calls: Some(150),
        ..Options::default()
    })?;
    let pid = appliance.pid();
    pause(Duration::from_secs(1));
    usage::forget_peak(pid)?;
    let memory = usage::resident_kib(pid)?;

    let seconds = HOLD.as_secs();
    say(&format!(
        "prompt: {CALLS} calls, {RATE} a second, {seconds} s each"
    ));
    let scenario = Scenario {
        name: "listen",
        digit: None,
        number: "4000",
        hold_ms: HOLD.as_millis() as u32,
        calls: (CALLS, RATE),
    };
    let calls = Sipp::start(dir.path(), appliance.sip, &scenario)?;
    let window = watch(&appliance, Instant::now())?;
    calls.finish()?;
    check_packets(&appliance)?;

    let late = appliance.metric("branchline_media_overruns_total");
    let late = late.context("the box does not say how often media was late")?;
    let core = window.processor_seconds / window.seconds;
    let per_call = (usage::peak_kib(pid)? - memory) / f64::from(CALLS);
    Ok(vec![
        Row::new(
            "prompt",
            core * 100.0 * 100.0 / f64::from(CALLS),
            "% of a core per 100 calls",
        )
        .goal(GOAL)
        .peer("asterisk_50_calls_recorded", 22.9)
        .peer("asterisk_100_calls_recorded", 20.4),
        Row::new("prompt_memory", per_call, "KiB a call")
            .goal(MEMORY_GOAL)
            .peer("asterisk_recorded", 105.0),
        Row::new("prompt_overruns", late, "20 ms turns left out").goal(0.0),
    ])
}

/// Waits until all calls are up and measures until shortly before the first one ends.
fn watch(appliance: &Appliance, began: Instant) -> anyhow::Result<Window> {
    pause(RAMP);
    let active = || {
        let now = appliance.metric("branchline_calls_active")?;
        (now >= f64::from(CALLS)).then_some(())
    };
    ensure!(
        wait_for(Duration::from_secs(3), active).is_some(),
        "not all of {CALLS} calls are up after {RAMP:?}\n{}",
        appliance.log_tail()
    );
    let opened = Instant::now();
    let spent = usage::processor_seconds(appliance.pid())?;
    let packets = usage::loopback_packets()?;
    pause(END.saturating_sub(began.elapsed()));
    let seconds = opened.elapsed().as_secs_f64();
    let packets = (usage::loopback_packets()? - packets) as f64;
    let processor_seconds = usage::processor_seconds(appliance.pid())? - spent;
    let flowed = packets / (seconds * f64::from(CALLS) * PACKETS_PER_SECOND * 2.0);
    ensure!(
        flowed >= FLOW,
        "loopback carried only {:.0} % of the packets that {CALLS} calls make",
        flowed * 100.0
    );
    Ok(Window {
        seconds,
        processor_seconds,
    })
}

/// Loopback carries others' packets too: the box's own count must agree.
fn check_packets(appliance: &Appliance) -> anyhow::Result<()> {
    let all = f64::from(CALLS) * HOLD.as_secs_f64() * PACKETS_PER_SECOND;
    for way in ["sent", "received"] {
        let name = format!("branchline_rtp_packets_{way}_total");
        let enough = || {
            appliance
                .metric(&name)
                .filter(|&packets| packets >= all * FLOW)
        };
        wait_for(Duration::from_secs(5), enough).with_context(|| {
            let packets = appliance.metric(&name);
            format!("the box {way} {packets:?} packets instead of {all}")
        })?;
    }
    Ok(())
}
