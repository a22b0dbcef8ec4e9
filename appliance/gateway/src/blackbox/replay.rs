//! `branchline replay FILE`: leads a new centre through a black box and says where it diverges.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use centre::blackbox::{Entries, Replay};

use super::file;
use crate::cli::ReplayArgs;

/// Replays each file; true when none diverged.
pub fn replay(args: &ReplayArgs) -> anyhow::Result<bool> {
    let mut out = std::io::stdout().lock();
    let mut is_same = true;
    for path in &args.files {
        let (program, found) = one(path)?;
        is_same &= found.diverged == 0;
        if args.json {
            writeln!(out, "{}", json(path, &program, &found))?;
        } else {
            writeln!(out, "{}", words(path, &program, &found))?;
        }
    }
    Ok(is_same)
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
