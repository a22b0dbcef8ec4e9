//! What the media plane costs beside rtpengine: `cargo run -p gateway --release --example media_bench
//! [bridged] [relay] [pacing] [record] [seconds=N] [streams=N]`.
//!
//! The real media plane and Debian's rtpengine (where it is installed) relay the same packets of the
//! same phones over loopback, one after the other; so does a bare loop, which is the floor. Each figure is a line of JSON on standard output;
//! what is done now goes to standard error. Figures are processor time, never wall time.
#![allow(clippy::disallowed_methods, reason = "a bench has a clock")]

mod bare;
mod plane;
mod rtpengine;
mod spinner;
mod traffic;
mod usage;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bare::Bare;
use plane::{Appliance, Job};
use rtpengine::Rtpengine;
use serde_json::json;
use spinner::Spinner;
use traffic::{Phases, Phone, Seen, Traffic, quantile};

/// Packets settle so long before a window opens.
const SETTLE: Duration = Duration::from_secs(3);
/// Less than this part of the packets means that media did not flow.
const FLOW: f64 = 0.98;
/// Streams are halved so often where a machine does not carry them all.
const HALVINGS: u32 = 3;
/// Streams of a hundred bridged calls.
const HUNDRED_CALLS: usize = 200;
/// Streams of two hundred bridged calls, each recorded.
const RECORDED: usize = 400;

/// What one run showed.
struct Run {
    seen: Seen,
    streams: usize,
    /// Processor nanoseconds of who carries the media in the window, and the window's length.
    spent: f64,
    seconds: f64,
    /// What the streams took, KiB.
    memory_kib: f64,
    gaps: u64,
}

impl Run {
    fn us_per_packet(&self) -> f64 {
        self.spent / 1e3 / self.seen.packets as f64
    }

    /// Percent of a core that a hundred calls take.
    fn percent(&self) -> f64 {
        self.spent / 1e7 / self.seconds * HUNDRED_CALLS as f64 / self.streams as f64
    }

    fn latency_ms(&self, part: f64) -> f64 {
        quantile(&self.seen.latency, part) / 1e6
    }

    fn kib_a_call(&self) -> f64 {
        self.memory_kib / (self.streams / 2) as f64
    }
}

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| {
        let word = words.iter().find_map(|word| word.strip_prefix(name));
        word.and_then(|value| value.parse().ok()).unwrap_or(default)
    };
    let window = Duration::from_secs(number("seconds=", 8));
    let streams = usize::try_from(number("streams=", 1_000))?;
    let names: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !word.contains('='))
        .collect();
    let wants = |name: &str| names.is_empty() || names.contains(&name);
    if !Rtpengine::is_installed() {
        say("rtpengine is not installed, so it is not measured; its package is rtpengine-daemon");
    }
    if wants("bridged") {
        bridged(window)?;
    }
    if wants("relay") {
        relay(streams, window)?;
    }
    if wants("pacing") {
        pacing(streams, window)?;
    }
    if wants("record") {
        record(window)?;
    }
    Ok(())
}

fn say(what: &str) {
    eprintln!("media_bench: {what}");
}

/// Runs of the others beside ours.
#[derive(Default)]
struct Others {
    rtpengine: Option<Run>,
    bare: Option<Run>,
}

impl Others {
    fn run(streams: usize, window: Duration, phases: Phases) -> Self {
        let figure = |name: &str, run: anyhow::Result<Option<Run>>| {
            run.unwrap_or_else(|why| {
                say(&format!("{name} gives no figure: {why:#}"));
                None
            })
        };
        Self {
            rtpengine: figure("rtpengine", run_theirs(streams, window, phases)),
            bare: figure("the bare loop", run_bare(streams, window, phases).map(Some)),
        }
    }

    fn figures(&self, of: fn(&Run) -> f64) -> serde_json::Value {
        let each = [("rtpengine", &self.rtpengine), ("bare_loop", &self.bare)];
        let told = each
            .into_iter()
            .filter_map(|(name, run)| Some((name.to_owned(), json!(of(run.as_ref()?)))));
        serde_json::Value::Object(told.collect())
    }
}

fn row(name: &str, value: f64, unit: &str, goal: Option<f64>, peer: Option<serde_json::Value>) {
    let peer = peer.unwrap_or_else(|| json!({}));
    println!(
        "{}",
        json!({"name": name, "value": value, "unit": unit, "goal": goal, "peer": peer})
    );
}

/// A hundred calls; the latency of a burst is that of its own length, so it is not told.
fn bridged(window: Duration) -> anyhow::Result<()> {
    for (name, phases) in [
        ("bridged", Phases::Spread),
        ("bridged_burst", Phases::Burst),
    ] {
        let ours = run_ours(HUNDRED_CALLS, window, Job::Relay, phases)?;
        let others = Others::run(HUNDRED_CALLS, window, phases);
        let peer = |of| Some(others.figures(of));
        row(
            name,
            ours.percent(),
            "% of a core per 100 calls",
            Some(7.0),
            peer(Run::percent),
        );
        if phases == Phases::Spread {
            row(
                "bridged_latency_p99",
                ours.latency_ms(0.99),
                "ms added",
                Some(1.0),
                peer(|run| run.latency_ms(0.99)),
            );
        }
    }
    Ok(())
}

/// As many bridged streams as were asked for, or as the machine carries.
fn relay(wanted: usize, window: Duration) -> anyhow::Result<()> {
    let carried = (0..=HALVINGS).find_map(|halving| {
        let streams = (wanted >> halving).max(2) & !1;
        match run_ours(streams, window, Job::Relay, Phases::Spread) {
            Ok(run) => Some(run),
            Err(why) => {
                say(&format!(
                    "{streams} streams are too many for this machine: {why:#}"
                ));
                None
            }
        }
    });
    let ours = carried.context("the machine carries no streams at all")?;
    let others = Others::run(ours.streams, window, Phases::Spread);
    let peer = |of| Some(others.figures(of));
    row(
        "relay",
        ours.us_per_packet(),
        "us per packet",
        Some(8.0),
        peer(Run::us_per_packet),
    );
    row(
        "relay_latency_p50",
        ours.latency_ms(0.5),
        "ms added",
        None,
        peer(|run| run.latency_ms(0.5)),
    );
    row(
        "relay_latency_p99",
        ours.latency_ms(0.99),
        "ms added",
        Some(1.0),
        peer(|run| run.latency_ms(0.99)),
    );
    row(
        "relay_memory",
        ours.kib_a_call(),
        "KiB a call, media only",
        Some(48.0),
        // A bare loop keeps nothing.
        others
            .rtpengine
            .as_ref()
            .map(|run| json!({ "rtpengine": run.kib_a_call() })),
    );
    row(
        "relay_streams",
        ours.streams as f64,
        "streams at once",
        None,
        None,
    );
    Ok(())
}

/// Many prompts at once, while something else wants the core that the media is not bound to.
fn pacing(streams: usize, window: Duration) -> anyhow::Result<()> {
    let busy = Spinner::start()?;
    let run = run_ours(streams, window, Job::Silent, Phases::Mute)?;
    drop(busy);
    for (name, part, goal) in [
        ("p50", 0.5, None),
        ("p99", 0.99, Some(0.5)),
        ("p999", 0.999, Some(2.5)),
    ] {
        let off = quantile(&run.seen.deviation, part) / 1e6;
        row(&format!("pacing_{name}"), off, "ms off 20 ms", goal, None);
    }
    row(
        "pacing_cost",
        run.us_per_packet(),
        "us per packet",
        None,
        None,
    );
    row(
        "pacing_streams",
        streams as f64,
        "streams at once",
        None,
        None,
    );
    Ok(())
}

/// Two hundred bridged calls, both legs recorded: four hundred files.
fn record(window: Duration) -> anyhow::Result<()> {
    let ours = run_ours(RECORDED, window, Job::Record, Phases::Spread)?;
    row("record", ours.us_per_packet(), "us per packet", None, None);
    row(
        "record_gaps",
        ours.gaps as f64,
        "20 ms gaps in 400 recordings",
        Some(0.0),
        None,
    );
    Ok(())
}

fn phones(count: usize) -> anyhow::Result<Vec<Phone>> {
    (0..count).map(|_| Phone::new()).collect()
}

fn run_ours(streams: usize, window: Duration, job: Job, phases: Phases) -> anyhow::Result<Run> {
    say(&format!("{job:?}, {streams} streams, {phases:?}, the box"));
    let phones = phones(streams)?;
    let me = std::process::id();
    let before = usage::resident_kib(me)?;
    let mut appliance = Appliance::start(streams)?;
    if !appliance.is_realtime() {
        say("real-time priority is not granted: times are those of a busy machine");
    }
    appliance.answer(&phones, job)?;
    let used = || {
        Ok((
            usage::thread_ns(me, Some("media"))?,
            usage::resident_kib(me)?,
        ))
    };
    let run = watch(phones, phases, window, used)?;
    let gaps = appliance.close(job)?;
    Ok(Run {
        gaps,
        memory_kib: run.memory_kib - before,
        ..run
    })
}

fn run_theirs(streams: usize, window: Duration, phases: Phases) -> anyhow::Result<Option<Run>> {
    let Some(mut engine) = Rtpengine::start()? else {
        return Ok(None);
    };
    say(&format!("Relay, {streams} streams, {phases:?}, rtpengine"));
    let pid = engine.pid();
    let phones = phones(streams)?;
    let before = usage::resident_kib(pid)?;
    for (n, pair) in phones.chunks_exact(2).enumerate() {
        engine.bridge(n, &pair[0], &pair[1])?;
    }
    let used = || Ok((usage::thread_ns(pid, None)?, usage::resident_kib(pid)?));
    let run = watch(phones, phases, window, used)?;
    Ok(Some(Run {
        memory_kib: run.memory_kib - before,
        ..run
    }))
}

fn run_bare(streams: usize, window: Duration, phases: Phases) -> anyhow::Result<Run> {
    say(&format!(
        "Relay, {streams} streams, {phases:?}, a bare loop"
    ));
    let phones = phones(streams)?;
    let me = std::process::id();
    let before = usage::resident_kib(me)?;
    let _bare = Bare::start(&phones)?;
    let used = || {
        Ok((
            usage::thread_ns(me, Some(bare::THREAD))?,
            usage::resident_kib(me)?,
        ))
    };
    let run = watch(phones, phases, window, used)?;
    Ok(Run {
        memory_kib: run.memory_kib - before,
        ..run
    })
}

/// Lets the phones talk and measures a window. `used` gives processor ns and resident KiB.
fn watch(
    phones: Vec<Phone>,
    phases: Phases,
    window: Duration,
    used: impl Fn() -> anyhow::Result<(u64, f64)>,
) -> anyhow::Result<Run> {
    let streams = phones.len();
    let traffic = Traffic::start(phones, phases);
    std::thread::sleep(SETTLE);
    // The memory is read before the phones begin to keep what they see.
    let ((before, memory_kib), began) = (used()?, Instant::now());
    traffic.measure();
    std::thread::sleep(window);
    let seconds = began.elapsed().as_secs_f64();
    let spent = (used()?.0 - before) as f64;
    let seen = traffic.finish();
    let flowed = seen.packets as f64 / (streams as f64 * 50.0 * seconds);
    ensure!(
        flowed >= FLOW,
        "only {:.1} % of the packets came",
        flowed * 100.0
    );
    Ok(Run {
        seen,
        streams,
        spent,
        seconds,
        memory_kib,
        gaps: 0,
    })
}
