//! The speech process: frames of PCM in, words out, over two pipes.
//!
//! The reader takes frames, detects speech and cuts phrases; it never waits for recognition. One
//! thread beside it recognises phrases in the order they ended; a third says each second how the
//! process is. What does not fit the queue of phrases drops the oldest and is counted. The process
//! ends when its input ends (what waits is still recognised) or when its output breaks.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use crate::SpeechError;
use crate::limits::STATUS_EVERY;
use crate::manifest::Manifest;
use crate::models::{Ear, Models};
use crate::wire::{FromWorker, ToWorker, WireError, read_frame, write_frame};

mod memory;
mod queue;
mod streams;

#[cfg(test)]
mod tests;

use queue::{Job, Queue};
use streams::Streams;

/// How the process is started.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// Folder of the packs.
    pub packs_dir: PathBuf,
    /// The manifest.
    pub manifest: PathBuf,
    /// Most memory the process may use for data, MB.
    pub memory_cap_mb: u64,
}

/// Runs until `input` ends or `output` breaks. On a fault that ends it, the last frame is an
/// `Error` that says the same as the returned error.
pub fn run(
    config: WorkerConfig,
    mut input: impl Read,
    output: impl Write + Send,
) -> Result<(), SpeechError> {
    let output = Mutex::new(output);
    let ended = start(&config).and_then(|models| serve(models, &mut input, &output));
    match &ended {
        // The gateway has gone: nobody is there to be told.
        Ok(()) | Err(SpeechError::Wire(WireError::Pipe(_))) => {}
        Err(e) => {
            let _ = say(
                &output,
                &FromWorker::Error {
                    stream: None,
                    message: e.to_string(),
                },
            );
        }
    }
    ended
}

fn start(config: &WorkerConfig) -> Result<Models, SpeechError> {
    memory::cap(config.memory_cap_mb)?;
    let manifest = Manifest::load(&config.manifest)?;
    Models::load(&manifest, &config.packs_dir, None)
}

fn serve(
    models: Models,
    input: &mut impl Read,
    output: &Mutex<impl Write + Send>,
) -> Result<(), SpeechError> {
    let Models { vad, mut ear } = models;
    let ready = FromWorker::Ready {
        engine: ear.engine().to_owned(),
        dialects: ear.dialects().to_vec(),
    };
    say(output, &ready)?;
    let queue = Queue::new();
    std::thread::scope(|threads| {
        let recognising = threads.spawn(|| {
            // Whatever ends the recogniser ends the others too: a reader must not fill a queue
            // that nobody empties.
            let _end = EndOnDrop(&queue);
            recognise(&mut ear, &queue, output)
        });
        let _reporting = threads.spawn(|| report(&queue, output));
        let read = read(Streams::new(vad), input, &queue, output);
        match &read {
            Ok(()) => queue.no_more(),
            Err(_) => queue.abandon(),
        }
        let recognised = recognising.join().unwrap_or_else(|_| {
            Err(SpeechError::system(
                "recognising",
                std::io::Error::other("its thread broke"),
            ))
        });
        read.and(recognised)
    })
}

/// Takes frames until the input ends.
fn read(
    mut streams: Streams,
    input: &mut impl Read,
    queue: &Queue,
    output: &Mutex<impl Write>,
) -> Result<(), SpeechError> {
    while let Some(frame) = read_frame(input)? {
        if queue.ended() {
            break;
        }
        match frame {
            ToWorker::Open { stream } => {
                if let Err(message) = streams.open(stream) {
                    say(
                        output,
                        &FromWorker::Error {
                            stream: Some(stream),
                            message,
                        },
                    )?;
                }
            }
            ToWorker::Pcm {
                stream,
                seq,
                samples,
            } => match streams.take(stream, seq, &samples) {
                Ok(phrases) => phrases
                    .into_iter()
                    .for_each(|phrase| queue.push(Job::Phrase(stream, phrase))),
                Err(e) => say(
                    output,
                    &FromWorker::Error {
                        stream: Some(stream),
                        message: e.to_string(),
                    },
                )?,
            },
            ToWorker::Close { stream } => {
                if let Some(phrase) = streams.close(stream) {
                    queue.push(Job::Phrase(stream, phrase));
                }
                queue.push(Job::Closed(stream));
            }
        }
    }
    Ok(())
}

/// Recognises what waits until there is no more.
fn recognise(ear: &mut Ear, queue: &Queue, output: &Mutex<impl Write>) -> Result<(), SpeechError> {
    let dialect = ear.dialects().first().cloned().unwrap_or_default();
    while let Some(job) = queue.pop() {
        let frame = match job {
            Job::Closed(stream) => Some(FromWorker::Closed { stream }),
            Job::Phrase(stream, phrase) => match ear.understand(&phrase) {
                Ok(heard) => heard.map(|(words, emotion)| FromWorker::Heard {
                    stream,
                    at_ms: phrase.at_ms(),
                    length_ms: phrase.length_ms(),
                    words: words.text,
                    dialect: dialect.clone(),
                    confidence: words.confidence,
                    emotion,
                }),
                Err(e) => Some(FromWorker::Error {
                    stream: Some(stream),
                    message: e.to_string(),
                }),
            },
        };
        if let Some(frame) = frame {
            say(output, &frame)?;
        }
    }
    Ok(())
}

/// Says how the process is until there is no more to do.
fn report(queue: &Queue, output: &Mutex<impl Write>) {
    loop {
        let status = FromWorker::Status {
            rss_kb: memory::resident_kb(),
            lag_ms: queue.lag().as_millis() as u64,
            dropped: queue.dropped(),
        };
        if say(output, &status).is_err() || queue.wait_for_end(STATUS_EVERY) {
            return;
        }
    }
}

fn say(output: &Mutex<impl Write>, frame: &FromWorker) -> Result<(), SpeechError> {
    let mut output = output
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(write_frame(&mut *output, frame)?)
}

struct EndOnDrop<'a>(&'a Queue);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
