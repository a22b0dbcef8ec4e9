//! What calls cost while they are up: a hundred callers speak and hear, and the box is watched.
//!
//! The window lies between the last call's answer and the first call's end. No figure where media did
//! not flow in full: the loopback interface and the box itself must both have counted it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rig::appliance::Appliance;
use rig::process::wait_for;
use rig::sipp::{Scenario, Sipp};

use crate::{load, pause, say, usage};

pub(crate) const CALLS: u32 = 100;
const RATE: u32 = 10;
const HOLD: Duration = Duration::from_secs(25);
/// All calls are up so long after the first.
const RAMP: Duration = Duration::from_millis(10_500);
/// The window ends so long after the first call began.
const END: Duration = Duration::from_millis(24_000);
const PACKETS_PER_SECOND: f64 = 50.0;
/// Less than this part of the packets means that media did not flow.
const FLOW: f64 = 0.95;

/// What is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) name: &'a str,
    pub(crate) site: &'a str,
    /// Streams of a call that the box has open.
    pub(crate) legs: u32,
}

/// What it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// Percent of a core that 100 calls take of the whole process.
    pub(crate) percent: f64,
    /// Most memory more than before the first call, KiB a call.
    pub(crate) kib: f64,
    /// Most memory more than a box with a single place has, KiB a call.
    pub(crate) kib_with_place: f64,
    /// Turns of 20 ms that media left out.
    pub(crate) late: f64,
}

/// What the box took while all calls were up.
struct Window {
    seconds: f64,
    processor_seconds: f64,
}

/// Holds the calls of a job; `prepare` makes the box ready for them, and what it gives lives as long.
pub(crate) fn measure<T>(
    job: Job<'_>,
    prepare: impl FnOnce(&Appliance, &Path) -> anyhow::Result<T>,
) -> anyhow::Result<Taken> {
    let dir = tempfile::tempdir()?;
    // What callers say: 8 s of A-law silence; neither side looks into it.
    std::fs::write(dir.path().join("speech.alaw"), [0xD5; 64_000])?;
    let idle = dir.path().join("small");
    let small = usage::resident_kib(load::start(&idle, job.site, 1)?.pid())?;
    let appliance = load::start(dir.path(), job.site, (CALLS * job.legs) as usize)?;
    let _prepared = prepare(&appliance, dir.path())?;
    let pid = appliance.pid();
    pause(Duration::from_secs(1));
    usage::forget_peak(pid)?;
    let memory = usage::resident_kib(pid)?;

    let seconds = HOLD.as_secs();
    say(&format!(
        "{}: {CALLS} calls, {RATE} a second, {seconds} s each",
        job.name
    ));
    let scenario = Scenario {
        name: "listen",
        digit: None,
        number: "4000",
        hold_ms: HOLD.as_millis() as u32,
        calls: (CALLS, RATE),
    };
    let calls = Sipp::start(dir.path(), appliance.sip, &scenario)?;
    let window = watch(&appliance, Instant::now(), job.legs)?;
    calls
        .finish()
        .with_context(|| appliance.log_tail().to_string())?;
    check_packets(&appliance, job.legs)?;
    let late = appliance.metric("branchline_media_overruns_total");
    let core = window.processor_seconds / window.seconds;
    let peak = usage::peak_kib(pid)?;
    Ok(Taken {
        percent: core * 100.0 * 100.0 / f64::from(CALLS),
        kib: (peak - memory) / f64::from(CALLS),
        kib_with_place: (peak - small) / f64::from(CALLS),
        late: late.context("the box does not say how often media was late")?,
    })
}

/// Waits until all calls are up and measures until shortly before the first one ends.
fn watch(appliance: &Appliance, began: Instant, legs: u32) -> anyhow::Result<Window> {
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
    let flowed = packets / (seconds * f64::from(CALLS * legs) * PACKETS_PER_SECOND * 2.0);
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
fn check_packets(appliance: &Appliance, legs: u32) -> anyhow::Result<()> {
    let all = f64::from(CALLS * legs) * HOLD.as_secs_f64() * PACKETS_PER_SECOND;
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
