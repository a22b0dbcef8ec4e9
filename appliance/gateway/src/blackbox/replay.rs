//! `branchline replay FILE`: leads a new centre through each black box and says where it diverges.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, bail};
use centre::blackbox::{Entries, Replay};

use super::file;
use crate::cli::ReplayArgs;

/// What became of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Replayed {
    /// No step diverged.
    Same,
    /// A step diverged.
    Diverged,
    /// A file could not be read.
    Unreadable,
}

/// Replays each file, and those of each folder; the worst of what became of them.
pub fn replay(args: &ReplayArgs) -> anyhow::Result<Replayed> {
    let mut out = std::io::stdout().lock();
    let mut worst = Replayed::Same;
    for named in &args.files {
        let files = file::boxes(named)?;
        if files.is_empty() {
            bail!(
                "there is no black box in `{}`\nhint: a box keeps them in DATA/blackbox",
                named.display()
            );
        }
        for path in &files {
            match one(path) {
                Ok((program, found)) => {
                    if found.diverged > 0 {
                        worst = worst.max(Replayed::Diverged);
                    }
                    let told = if args.json {
                        json(path, &program, &found).to_string()
                    } else {
                        words(path, &program, &found)
                    };
                    writeln!(out, "{told}")?;
                }
                Err(why) => {
                    eprintln!("error: {why:#}");
                    worst = Replayed::Unreadable;
                }
            }
        }
    }
    Ok(worst)
}

fn one(path: &Path) -> anyhow::Result<(String, Replay)> {
    let bytes = file::read(path)?;
    let entries = Entries::new(&bytes).with_context(|| path.display().to_string())?;
    let program = entries.birth().program.clone();
    let found = centre::blackbox::replay(entries, Instant::now(), |_| {})
        .with_context(|| path.display().to_string())?;
    Ok((program, found))
}

fn json(path: &Path, program: &str, found: &Replay) -> serde_json::Value {
    let first = found.first.map(|first| {
        serde_json::json!({
            "step": first.step,
            "at_s": first.at.as_secs_f64(),
            "outputs_recorded": first.outputs.0,
            "outputs_now": first.outputs.1,
        })
    });
    serde_json::json!({
        "file": path.display().to_string(),
        "program": program,
        "steps": found.steps,
        "records": found.records,
        "diverged": found.diverged,
        "first": first,
        "cut": found.is_cut,
    })
}

fn words(path: &Path, program: &str, found: &Replay) -> String {
    let Replay {
        steps,
        records,
        diverged,
        first,
        is_cut,
    } = found;
    let end = if *is_cut {
        "; the file was cut off, as by a power cut"
    } else {
        ""
    };
    let head = format!("{}: {steps} steps, {records} records", path.display());
    let Some(first) = first else {
        return format!("{head}, no divergence{end}");
    };
    let hint = if program == env!("CARGO_PKG_VERSION") {
        "branchline trace shows what was said".to_owned()
    } else {
        format!("it was recorded by version {program}, replay it with that one")
    };
    format!(
        "{head}, {diverged} steps diverge{end}\n  first: step {}, {:.3} s after the start: {} outputs \
         were recorded, {} came now\n  hint: {hint}",
        first.step,
        first.at.as_secs_f64(),
        first.outputs.0,
        first.outputs.1,
    )
}
