//! What understanding speech costs: processor time, memory, and how long after a phrase its text is there.
//!
//! Clips are played into the speech process in real time, one stream, a pause between two clips. The
//! wait is counted from the last frame that held speech, so it contains the pause of 0.64 s by which
//! the end of a phrase is known.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rig::{packs, root};
use speech::limits::{FRAME_SAMPLES, RECOGNISER_RATE, STREAM_RATE};
use speech::resample::HalfBand;
use speech::wav;
use speech::wire::FromWorker;

use crate::row::Row;
use crate::worker::Worker;
use crate::{pause, say, usage};

/// Silence after each clip.
const PAUSE_FRAMES: usize = 75;
const FRAME: Duration = Duration::from_millis(20);
/// Streams that are open at once for the memory of one, and the silence each is fed: enough to fill what
/// a stream keeps before a phrase begins. The figure is 0 where all fit into what loading left free.
const STREAMS: u32 = 1500;
const SILENT_FRAMES: u32 = 25;
/// The stream of the clips.
const CLIPS: u32 = 5000;
/// CPU-seconds for a second of speech: two streams a core.
const GOAL_RTF: f64 = 0.5;
/// Words and emotion of a phrase, milliseconds after its end.
const GOAL_WAIT: f64 = 1500.0;

pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let packs = packs().context("the model packs are missing\nhint: run scripts/models")?;
    let clips = clips()?;
    say("asr: loading models");
    let began = Instant::now();
    let mut worker = Worker::start(&packs)?;
    let load = began.elapsed().as_secs_f64();
    let per_stream = stream_memory(&mut worker)?;
    let samples: usize = clips.iter().map(Vec::len).sum();
    let spoken = samples as f64 / f64::from(STREAM_RATE);
    say(&format!(
        "asr: {} clips, {spoken:.0} s of speech, in real time",
        clips.len()
    ));
    usage::forget_peak(worker.pid())?;
    let before = usage::processor_seconds(worker.pid())?;
    let waits = play(&mut worker, &clips)?;
    let spent = usage::processor_seconds(worker.pid())? - before;
    let at = |part: f64| waits[((waits.len() - 1) as f64 * part).round() as usize];
    let ms = "ms after the phrase's end";
    Ok(vec![
        Row::new("asr_rtf", spent / spoken, "CPU-s per second of speech").goal(GOAL_RTF),
        Row::new("asr_text_p50", at(0.5), ms),
        Row::new("asr_text_p95", at(0.95), ms).goal(GOAL_WAIT),
        Row::new("asr_phrases", waits.len() as f64, "phrases measured"),
        Row::new("asr_load", load, "s until it listens"),
        Row::new(
            "asr_memory",
            usage::peak_kib(worker.pid())? / 1024.0,
            "MiB, peak at work",
        ),
        Row::new("asr_memory_per_stream", per_stream, "KiB a stream"),
    ])
}

/// Resident memory of one more open stream, KiB.
fn stream_memory(worker: &mut Worker) -> anyhow::Result<f64> {
    let before = usage::resident_kib(worker.pid())?;
    for stream in 0..STREAMS {
        worker.open(stream)?;
        for seq in 0..SILENT_FRAMES {
            worker.pcm(stream, seq, &[])?;
        }
    }
    // Frames are taken in order: when this one is closed, all before it were taken.
    worker.open(STREAMS)?;
    worker.close(STREAMS)?;
    let after = usage::resident_kib(worker.pid())?;
    for stream in 0..STREAMS {
        worker.close(stream)?;
    }
    Ok((after - before) / f64::from(STREAMS))
}

/// Speaks all clips in real time; milliseconds from each phrase's end to its text, sorted.
fn play(worker: &mut Worker, clips: &[Vec<i16>]) -> anyhow::Result<Vec<f64>> {
    worker.open(CLIPS)?;
    let silence = [0; FRAME_SAMPLES];
    let quiet = std::iter::repeat_n(silence.as_slice(), PAUSE_FRAMES);
    let frames = (clips.iter()).flat_map(|clip| clip.chunks(FRAME_SAMPLES).chain(quiet.clone()));
    let began = Instant::now();
    for (seq, frame) in (0_u32..).zip(frames) {
        // A frame can be handed over when its 20 ms have been spoken.
        let due = began + FRAME * (seq + 1);
        pause(due.saturating_duration_since(Instant::now()));
        worker.pcm(CLIPS, seq, frame)?;
    }
    let mut waits = Vec::new();
    for (at, frame) in worker.close(CLIPS)? {
        if let FromWorker::Heard {
            at_ms,
            length_ms,
            words,
            ..
        } = frame
        {
            let wait = at - began;
            let wait = wait.as_secs_f64() * 1e3 - (at_ms + length_ms) as f64;
            eprintln!("bench: asr: `{words}` after {wait:.0} ms");
            waits.push(wait);
        }
    }
    ensure!(!waits.is_empty(), "nothing was understood");
    waits.sort_by(f64::total_cmp);
    Ok(waits)
}

/// The project's own sentences, and real Mandarin where the shared data is there. 8 kHz each.
fn clips() -> anyhow::Result<Vec<Vec<i16>>> {
    let shared = std::env::var_os("BRANCHLINE_DATA")
        .map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let mut files = Vec::new();
    for dir in [root().join("models/prompts"), shared.join("mandarin-16k")] {
        let Ok(entries) = std::fs::read_dir(&dir) else {
            say(&format!(
                "asr: without {}: the data is absent",
                dir.display()
            ));
            continue;
        };
        let entries = entries.flatten().map(|entry| entry.path());
        files.extend(entries.filter(|path| path.extension().is_some_and(|kind| kind == "wav")));
    }
    files.sort();
    let half_band = HalfBand::new();
    let mut clips = Vec::new();
    for file in files {
        let audio = wav::read(&file)?;
        let samples = match audio.rate {
            RECOGNISER_RATE => half_band.down(&audio.samples),
            _ => audio.samples,
        };
        let linear = |sample: &f32| (sample * 32768.0).clamp(-32768.0, 32767.0) as i16;
        clips.push(samples.iter().map(linear).collect());
    }
    Ok(clips)
}
