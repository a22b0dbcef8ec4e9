//! `scripts/bench`: how fast and how big Branchline is, as figures to compare, never as a test.
//!
//! Each bench gives rows with a goal and, where there is one, a peer's figure. Progress goes to
//! standard error. A run with a failed call gives no figure: it ends with an error instead.

mod answer;
mod asr;
mod bridged;
mod held;
mod kamailio;
mod load;
mod programs;
mod prompt;
mod quality;
mod row;
mod usage;
mod worker;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use row::Row;
use serde_json::json;

type Bench = fn() -> anyhow::Result<Vec<Row>>;

/// The cheap ones are run where none is named.
const CHEAP: [(&str, Bench); 7] = [
    ("sip-parse", programs::sip_parse),
    ("media", programs::media),
    ("codecs", programs::codecs),
    ("size", programs::size),
    ("answer", answer::run),
    ("prompt", prompt::run),
    ("asr", asr::run),
];
/// Run only where they are named; the last takes many minutes.
const NAMED: [(&str, Bench); 6] = [
    ("b2bua", bridged::signalling),
    ("bridged", bridged::held),
    ("relay", programs::relay),
    ("transcode", programs::transcode),
    ("quality", quality::run),
    ("build", programs::build),
];
/// All that calls cost, beside who does the same work.
const TELEPHONY: [&str; 7] = [
    "b2bua",
    "answer",
    "bridged",
    "prompt",
    "relay",
    "transcode",
    "quality",
];

fn main() -> ExitCode {
    let mut as_json = false;
    let mut chosen = Vec::new();
    for word in std::env::args().skip(1) {
        match (word.as_str(), find(&word)) {
            ("--json", _) => as_json = true,
            ("telephony", _) => chosen.extend(TELEPHONY.iter().filter_map(|name| find(name))),
            (_, Some(bench)) => chosen.push(bench),
            (other, None) => {
                let names: Vec<&str> = CHEAP.iter().chain(&NAMED).map(|(name, _)| *name).collect();
                let names = names.join(" ");
                eprintln!(
                    "error: no bench is called `{other}`\nhint: {names} telephony, and --json"
                );
                return ExitCode::from(2);
            }
        }
    }
    if chosen.is_empty() {
        chosen = CHEAP.to_vec();
    }
    let (rows, failed) = measure(&chosen);
    if let Err(why) = print(&rows, as_json) {
        eprintln!("error: {why:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::from(u8::from(failed))
}

/// The bench of a name.
fn find(wanted: &str) -> Option<(&'static str, Bench)> {
    let all = CHEAP.iter().chain(&NAMED);
    all.copied().find(|(name, _)| *name == wanted)
}

/// Runs one after the other; a bench that fails costs its own figures only.
fn measure(chosen: &[(&'static str, Bench)]) -> (Vec<Row>, bool) {
    let mut rows = Vec::new();
    let mut failed = false;
    for (name, bench) in chosen {
        say(name);
        match bench().with_context(|| format!("no figures of {name}")) {
            Ok(more) => rows.extend(more),
            Err(why) => {
                eprintln!("error: {why:#}");
                failed = true;
            }
        }
    }
    (rows, failed)
}

fn print(rows: &[Row], as_json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if as_json {
        let cores = std::thread::available_parallelism()?.get();
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        let all = json!({ "cores": cores, "load_average": usage::load_average(), "rows": rows });
        writeln!(out, "{all}")?;
    } else {
        writeln!(out, "{}", row::table(rows))?;
    }
    Ok(())
}

/// What is done now, for people who wait.
fn say(what: &str) {
    let load = usage::load_average().map_or_else(String::new, |load| format!("  (load {load})"));
    eprintln!("bench: {what}{load}");
}

/// Lets time pass: what a bench measures needs a window of it.
fn pause(time: Duration) {
    let end = Instant::now() + time;
    while let Some(rest) = end.checked_duration_since(Instant::now()) {
        // May wake early.
        std::thread::park_timeout(rest);
    }
}
