//! Benches that are examples of their crates, and what the build itself costs.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use rig::{binary, root};

use crate::row::Row;
use crate::usage;

/// Most bytes of the box's program, without models.
const SIZE_GOAL: f64 = 40e6;

/// Microseconds and allocations an INVITE costs the parser.
pub(crate) fn sip_parse() -> anyhow::Result<Vec<Row>> {
    rows_of("sip", "parse_bench")
}

/// Most of a core that coders may take, microseconds of each 20 ms.
const CODER_TIME: f64 = 0.6 * 20_000.0;
/// Calls that a core transcodes in that time.
const TRANSCODE_GOAL: f64 = 80.0;

/// Microseconds that 20 ms of audio cost each step between two codecs.
pub(crate) fn codecs() -> anyhow::Result<Vec<Row>> {
    rows_of("media", "codec_bench")
}

/// Calls between A-law and Opus, both ways, whose coders take 60 % of a core.
pub(crate) fn transcode() -> anyhow::Result<Vec<Row>> {
    let rows = codecs()?;
    let mut costs = rows.iter().map(Row::figure);
    let (_, us) = costs
        .find(|(name, _)| *name == "codec_call_g711_opus")
        .context("codec_bench has no call between G.711 and Opus")?;
    let calls = Row::new(
        "transcodes",
        CODER_TIME / us,
        "G.711-Opus calls a core at 60 %",
    );
    let us = Row::new("transcode", us, "us per 20 ms, both ways").goal(CODER_TIME / TRANSCODE_GOAL);
    Ok(vec![calls.goal(TRANSCODE_GOAL).more(), us])
}

/// What the media plane costs beside rtpengine: relaying, pacing, recording.
pub(crate) fn relay() -> anyhow::Result<Vec<Row>> {
    let program = binary("examples/media_bench");
    rows_in(&run(&mut Command::new(program))?, "media_bench")
}

/// Nanoseconds a packet costs a stream, without its system call.
pub(crate) fn media() -> anyhow::Result<Vec<Row>> {
    let lines = example("media", "stream_bench")?;
    let row = |line: &String| {
        let (what, rest) = line.split_once("  ")?;
        let best = rest.split_whitespace().next()?.parse().ok()?;
        let name = what.replace(", ", "_").replace(' ', "_");
        Some(Row::new(&format!("media_{name}"), best, "ns per packet"))
    };
    let rows: Vec<Row> = lines.iter().filter_map(row).collect();
    if rows.is_empty() {
        bail!("stream_bench printed no figures");
    }
    Ok(rows)
}

/// Bytes of both programs as shipped.
pub(crate) fn size() -> anyhow::Result<Vec<Row>> {
    let bytes = |name| -> anyhow::Result<f64> { Ok(std::fs::metadata(binary(name))?.len() as f64) };
    Ok(vec![
        Row::new("size_branchline", bytes("branchline")?, "bytes").goal(SIZE_GOAL),
        Row::new(
            "size_branchline_central",
            bytes("branchline-central")?,
            "bytes",
        ),
    ])
}

/// Minutes until all tests are built where nothing was built before.
pub(crate) fn build() -> anyhow::Result<Vec<Row>> {
    let target = root().join(".cache/bench-build");
    let _fresh = Fresh::new(target.clone())?;
    let before = usage::processor_seconds(std::process::id())?;
    let began = Instant::now();
    let status = Command::new("cargo")
        .args(["test", "--locked", "--workspace", "--no-run"])
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(root())
        .stdout(Stdio::from(std::io::stderr()))
        .status()?;
    if !status.success() {
        bail!("the workspace could not be built");
    }
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let busy = (usage::processor_seconds(std::process::id())? - before) / 60.0;
    Ok(vec![
        Row::new("build_cold", minutes, "minutes"),
        Row::new("build_cold_cpu", busy, "CPU-minutes"),
    ])
}

/// A folder that is not there before and not after.
struct Fresh(PathBuf);

impl Fresh {
    fn new(dir: PathBuf) -> anyhow::Result<Self> {
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        Ok(Self(dir))
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // What stays behind is removed by the next run.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The rows an example prints.
fn rows_of(package: &str, name: &str) -> anyhow::Result<Vec<Row>> {
    rows_in(&example(package, name)?, name)
}

fn rows_in(lines: &[String], name: &str) -> anyhow::Result<Vec<Row>> {
    let rows: Vec<Row> = lines.iter().filter_map(|line| Row::parse(line)).collect();
    if rows.is_empty() {
        bail!("{name} printed no rows");
    }
    Ok(rows)
}

/// The lines an example prints, built in release.
fn example(package: &str, name: &str) -> anyhow::Result<Vec<String>> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["run", "--locked", "--release", "--quiet", "--package"])
        .args([package, "--example", name])
        .current_dir(root());
    run(&mut cargo).with_context(|| format!("the example {name} of {package}"))
}

/// The lines a program prints until it ends well.
fn run(command: &mut Command) -> anyhow::Result<Vec<String>> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("it could not be started")?;
    let output = child.stdout.take().context("standard output is a pipe")?;
    let lines = BufReader::new(output).lines().collect::<Result<_, _>>()?;
    let status = child.wait()?;
    if !status.success() {
        bail!("it ended with {status}");
    }
    Ok(lines)
}
