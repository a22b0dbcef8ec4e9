//! `branchline health`: does this box do its work? Asked from the same machine, of everything a caller would need.
//!
//! The health gate runs it after each start: only a good answer makes the start count. It asks nothing that needs a
//! cable, so a branch without a network keeps a good release.

mod checks;
mod https;
mod service;

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use crate::cli::HealthArgs;

/// Pause before a check that failed is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// One question and its answer.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    /// Why it failed; `None` when it passed.
    failed: Option<String>,
    /// When it was answered last, ms after the first question.
    after_ms: u64,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct Health {
    healthy: bool,
    /// What runs: version and, where it was started from one, slot.
    version: &'static str,
    slot: Option<String>,
    checks: Vec<Check>,
}

/// Asks until all pass or the deadline is over; true when healthy.
pub async fn run(args: &HealthArgs) -> anyhow::Result<bool> {
    let began = Instant::now();
    let deadline = Duration::from_secs(args.deadline);
    let mut checks: Vec<Check> = Vec::new();
    for name in checks::NAMES {
        // In order, and the first one that fails for good is the answer: what comes after it needs it.
        let check = loop {
            let failed = checks::ask(name, args).await.err();
            let mut failed = failed.map(|why| format!("{why:#}"));
            let after = began.elapsed();
            let hopeless = failed.as_ref().and_then(|_| service::hopeless());
            let is_over = hopeless.is_some() || after + AGAIN >= deadline;
            failed = hopeless.or(failed);
            if failed.is_none() || is_over {
                let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                break Check {
                    name,
                    failed,
                    after_ms,
                };
            }
            tokio::time::sleep(AGAIN).await;
        };
        let stop = check.failed.is_some();
        checks.push(check);
        if stop {
            break;
        }
    }
    let health = Health {
        healthy: checks.iter().all(|check| check.failed.is_none()),
        version: env!("CARGO_PKG_VERSION"),
        slot: slot(),
        checks,
    };
    health.print(args.json)?;
    if let Some(report) = args.report.as_ref().filter(|_| !health.healthy) {
        let text = serde_json::to_vec_pretty(&health)?;
        std::fs::write(report, text)
            .with_context(|| format!("could not write `{}`", report.display()))?;
    }
    Ok(health.healthy)
}

impl Health {
    fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string(self)?)?;
            return Ok(());
        }
        for check in &self.checks {
            let seconds = check.after_ms as f64 / 1_000.0;
            match &check.failed {
                None => writeln!(out, "ok      {:6} after {seconds:.1} s", check.name)?,
                Some(why) => writeln!(out, "failed  {:6} after {seconds:.1} s: {why}", check.name)?,
            }
        }
        writeln!(
            out,
            "{}",
            if self.healthy {
                "healthy"
            } else {
                "not healthy"
            }
        )?;
        Ok(())
    }
}

/// The slot on the kernel's command line; none on a machine that was not started from one.
fn slot() -> Option<String> {
    let line = std::fs::read_to_string("/proc/cmdline").ok()?;
    let mut words = line.split_whitespace();
    words
        .find_map(|word| word.strip_prefix("branchline.slot="))
        .map(str::to_owned)
}
