//! What a caller hears where 5 % of the packets are lost: PESQ (P.862), as a drop against no loss.
//!
//! The project's own sentences go through A-law and a line that loses packets at random, with our
//! concealment, with mere silence and with the last frame again in its place. PESQ is a test tool: `scripts/setup bench` installs
//! it beside the linters, and nothing of it is shipped.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use rig::{binary, root};
use speech::wav;

use crate::row::Row;
use crate::say;

const LOSS: &str = "5";
/// Losses fall elsewhere with each.
const SEEDS: [&str; 3] = ["1", "2", "3"];
/// What is taken for what is lost: nothing, the last frame again, our concealment.
const WAYS: [&str; 3] = ["silence", "repeat", "recover"];
const GOAL: f64 = 0.4;
/// Samples a second that P.862 takes, narrow band.
const RATE: u32 = 8_000;
/// Shorter clips hold too few packets to lose.
const SHORTEST: usize = 2 * RATE as usize;

pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let python = root().join(".cache/venv/bin/python");
    let mut probe = Command::new(&python);
    let has = probe
        .args(["-c", "import pesq"])
        .stderr(Stdio::null())
        .status();
    if !has.is_ok_and(|status| status.success()) {
        say("pesq is not installed, so quality is not measured; its Python package is pesq");
        return Ok(Vec::new());
    }
    let dir = tempfile::tempdir()?;
    let clips = clips(dir.path())?;
    say(&format!("quality: {} clips", clips.len()));
    let mut pairs = Vec::new();
    for (n, clip) in clips.iter().enumerate() {
        let line = |percent: &str, seed: &str, way: &str| -> anyhow::Result<(PathBuf, PathBuf)> {
            let heard = dir.path().join(format!("{n}-{percent}-{seed}-{way}"));
            std::fs::write(&heard, through(clip, [percent, seed, way])?)?;
            Ok((clip.clone(), heard))
        };
        pairs.push(line("0", "1", WAYS[0])?);
        for way in WAYS {
            for seed in SEEDS {
                pairs.push(line(LOSS, seed, way)?);
            }
        }
    }
    let scores = scores(&python, &pairs)?;
    let each = 1 + WAYS.len() * SEEDS.len();
    let mean = |from: usize, count: usize| {
        let chosen = scores.chunks(each).flat_map(|clip| &clip[from..][..count]);
        chosen.sum::<f64>() / (count * clips.len()) as f64
    };
    let whole = mean(0, 1);
    let drop = |way: usize| whole - mean(1 + way * SEEDS.len(), SEEDS.len());
    Ok(vec![
        Row::new("quality_5_percent_loss", drop(2), "PESQ lost, G.711")
            .goal(GOAL)
            .peer("silence", drop(0))
            .peer("repeat", drop(1)),
        Row::new("quality_no_loss", whole, "PESQ, G.711").more(),
    ])
}

/// The project's sentences as raw samples.
fn clips(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("models/prompts"))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "wav"))
        .collect();
    files.sort();
    let mut clips = Vec::new();
    for file in files {
        let audio = wav::read(&file)?;
        if audio.rate != RATE || audio.samples.len() < SHORTEST {
            continue;
        }
        let linear = |sample: &f32| (sample * 32768.0).clamp(-32768.0, 32767.0) as i16;
        let samples = audio.samples.iter().map(linear);
        let clip = dir.join(format!("clip-{}", clips.len()));
        std::fs::write(
            &clip,
            samples.flat_map(i16::to_le_bytes).collect::<Vec<_>>(),
        )?;
        clips.push(clip);
    }
    ensure!(!clips.is_empty(), "no sentences in models/prompts");
    Ok(clips)
}

/// What is heard at the end of a line that loses packets.
fn through(clip: &Path, [percent, seed, way]: [&str; 3]) -> anyhow::Result<Vec<u8>> {
    let output = Command::new(binary("examples/lossy"))
        .args(["pcma", percent, seed, way])
        .stdin(std::fs::File::open(clip)?)
        .stderr(Stdio::inherit())
        .output()
        .context("the line that loses packets could not be started")?;
    ensure!(
        output.status.success(),
        "the line that loses packets ended with {}",
        output.status
    );
    Ok(output.stdout)
}

/// The score of each pair of an original and what was heard.
fn scores(python: &Path, pairs: &[(PathBuf, PathBuf)]) -> anyhow::Result<Vec<f64>> {
    let mut child = Command::new(python)
        .arg(root().join("tests/bench/score.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("standard input is a pipe")?;
    let lines: Vec<String> = (pairs.iter())
        .map(|(one, other)| format!("{}\t{}\n", one.display(), other.display()))
        .collect();
    let writer = std::thread::spawn(move || input.write_all(lines.concat().as_bytes()));
    let output = child.wait_with_output()?;
    // A scorer that ended early is seen by its status.
    let _ = writer.join();
    ensure!(output.status.success(), "PESQ ended with {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    let scores: Vec<f64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    ensure!(
        scores.len() == pairs.len(),
        "PESQ gave {} scores for {} pairs",
        scores.len(),
        pairs.len()
    );
    Ok(scores)
}
