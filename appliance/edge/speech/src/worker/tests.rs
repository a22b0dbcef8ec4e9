//! The worker end to end over in-memory pipes, and how it meets every fault.

use std::io::Cursor;
use std::path::Path;

use super::*;
use crate::limits::FRAME_SAMPLES;
use crate::packs_for_tests::{data, manifest_file, with_pack};
use crate::resample::HalfBand;
use crate::wav;
use crate::wire::{Decoder, Frame};

fn config(packs: &Path, manifest: PathBuf) -> WorkerConfig {
    WorkerConfig {
        packs_dir: packs.to_owned(),
        manifest,
        memory_cap_mb: 3000,
    }
}

/// Runs the worker over `frames`; gives its end and all it said.
fn run_over(config: WorkerConfig, input: Vec<u8>) -> (Result<(), SpeechError>, Vec<FromWorker>) {
    let mut output = Vec::new();
    let ended = run(config, Cursor::new(input), &mut output);
    let mut decoder = Decoder::new();
    decoder.push(&output);
    let mut said = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        said.push(frame);
    }
    (ended, said)
}

fn encode(frames: &[ToWorker]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frames.iter().for_each(|frame| frame.encode(&mut bytes));
    bytes
}

/// A clip as the media plane would tap it: 8 kHz, through A-law, 20 ms frames.
fn tapped(clip: &Path, stream: u32) -> Vec<ToWorker> {
    let audio = wav::read(clip).unwrap();
    let narrow = HalfBand::new().down(&audio.samples);
    let line = |sample: f32| wav::alaw_to_linear(wav::linear_to_alaw((sample * 32767.0) as i16));
    let frames = narrow
        .chunks(FRAME_SAMPLES)
        .enumerate()
        .map(|(seq, chunk)| {
            let mut samples = [0; FRAME_SAMPLES];
            samples
                .iter_mut()
                .zip(chunk)
                .for_each(|(slot, sample)| *slot = line(*sample));
            ToWorker::Pcm {
                stream,
                seq: seq as u32,
                samples,
            }
        });
    frames.collect()
}

fn heard(said: &[FromWorker], of: u32) -> String {
    let words = said.iter().filter_map(|frame| match frame {
        FromWorker::Heard { stream, words, .. } if *stream == of => Some(words.as_str()),
        _ => None,
    });
    words.collect()
}

fn end_message(ended: Result<(), SpeechError>, said: &[FromWorker]) -> String {
    let message = ended.unwrap_err().to_string();
    let Some(FromWorker::Error {
        stream: None,
        message: told,
    }) = said.last()
    else {
        panic!("the gateway was not told: {said:?}");
    };
    assert_eq!(*told, message);
    message
}

#[test]
fn two_callers_at_once_are_both_understood() {
    let Some((packs, _)) = with_pack("whisper-base-zh") else {
        return;
    };
    let (Some(a), Some(c)) = (data("mandarin-16k/a.wav"), data("mandarin-16k/c.wav")) else {
        return;
    };
    let mut frames = vec![ToWorker::Open { stream: 1 }, ToWorker::Open { stream: 2 }];
    let (a, c) = (tapped(&a, 1), tapped(&c, 2));
    for n in 0..a.len().max(c.len()) {
        frames.extend(a.get(n).cloned());
        frames.extend(c.get(n).cloned());
    }
    frames.extend([ToWorker::Close { stream: 1 }, ToWorker::Close { stream: 2 }]);
    let (ended, said) = run_over(config(&packs, manifest_file()), encode(&frames));
    ended.unwrap();
    assert!(
        matches!(said.first(), Some(FromWorker::Ready { engine, dialects })
        if engine == "whisper-base-zh" && dialects == &["zh"])
    );
    assert!(heard(&said, 1).starts_with("欢迎大家来体验"), "{said:?}");
    assert!(
        heard(&said, 2).starts_with("大学生利用漏洞免费吃"),
        "{said:?}"
    );
    for of in [1, 2] {
        let ends = said
            .iter()
            .filter(|frame| **frame == FromWorker::Closed { stream: of })
            .count();
        assert_eq!(ends, 1);
    }
    assert!(
        said.iter()
            .any(|frame| matches!(frame, FromWorker::Status { rss_kb, .. } if *rss_kb > 100_000))
    );
    let moods = said.iter().filter(|frame| {
        matches!(
            frame,
            FromWorker::Heard {
                emotion: Some(_),
                ..
            }
        )
    });
    assert_eq!(moods.count(), 2, "{said:?}");
}

#[test]
fn silence_noise_and_a_stream_never_opened_say_nothing() {
    let Some((packs, _)) = with_pack("whisper-base-zh") else {
        return;
    };
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as i16) / 64
    };
    let mut frames = vec![ToWorker::Open { stream: 1 }];
    for seq in 0..250 {
        frames.push(ToWorker::Pcm {
            stream: 1,
            seq,
            samples: [0; FRAME_SAMPLES],
        });
        frames.push(ToWorker::Pcm {
            stream: 9,
            seq,
            samples: [1000; FRAME_SAMPLES],
        });
    }
    for seq in 250..500 {
        frames.push(ToWorker::Pcm {
            stream: 1,
            seq,
            samples: std::array::from_fn(|_| noise()),
        });
    }
    frames.push(ToWorker::Close { stream: 1 });
    let (ended, said) = run_over(config(&packs, manifest_file()), encode(&frames));
    ended.unwrap();
    let words = said
        .iter()
        .filter(|frame| matches!(frame, FromWorker::Heard { .. }))
        .count();
    assert_eq!(words, 0, "{said:?}");
    assert!(said.contains(&FromWorker::Closed { stream: 1 }));
}

#[test]
fn lost_frames_are_silence_and_time_goes_on() {
    let Some((packs, _)) = with_pack("whisper-base-zh") else {
        return;
    };
    let Some(clip) = data("mandarin-16k/c.wav") else {
        return;
    };
    // The stream's clock begins at frame 1000: nothing came before.
    let mut frames = vec![ToWorker::Open { stream: 3 }];
    for (n, frame) in tapped(&clip, 3).into_iter().enumerate() {
        let ToWorker::Pcm {
            stream,
            seq,
            samples,
        } = frame
        else {
            continue;
        };
        if n % 50 != 7 {
            frames.push(ToWorker::Pcm {
                stream,
                seq: seq + 1000,
                samples,
            });
        }
    }
    frames.push(ToWorker::Close { stream: 3 });
    let (ended, said) = run_over(config(&packs, manifest_file()), encode(&frames));
    ended.unwrap();
    let at = said.iter().find_map(|frame| match frame {
        FromWorker::Heard { at_ms, .. } => Some(*at_ms),
        _ => None,
    });
    assert!(
        at.is_some_and(|at| (20_500..21_500).contains(&at)),
        "{said:?}"
    );
}

#[test]
fn garbage_instead_of_frames_ends_the_worker_with_words() {
    let Some((packs, _)) = with_pack("whisper-base-zh") else {
        return;
    };
    let (ended, said) = run_over(
        config(&packs, manifest_file()),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    );
    assert!(end_message(ended, &said).contains("is not possible"));
    let mut cut = encode(&[ToWorker::Open { stream: 1 }]);
    cut.truncate(5);
    let (ended, said) = run_over(config(&packs, manifest_file()), cut);
    assert!(
        matches!(ended, Err(SpeechError::Wire(WireError::Pipe(_)))),
        "{said:?}"
    );
}

#[test]
fn a_missing_pack_and_a_missing_manifest_are_told_before_the_end() {
    let empty = tempfile::tempdir().unwrap();
    let (ended, said) = run_over(config(empty.path(), manifest_file()), Vec::new());
    let message = end_message(ended, &said);
    assert!(
        message.contains("is missing") && message.contains("hint: install the packs"),
        "{message}"
    );
    let (ended, said) = run_over(
        config(empty.path(), empty.path().join("none.toml")),
        Vec::new(),
    );
    assert!(end_message(ended, &said).contains("hint: name the manifest"));
    let small = WorkerConfig {
        memory_cap_mb: 10,
        ..config(empty.path(), manifest_file())
    };
    let (ended, said) = run_over(small, Vec::new());
    assert!(end_message(ended, &said).contains("hint: give at least"));
}

/// A folder with a manifest whose Whisper pack holds `files`, with the sizes and sums they have.
fn pack_of(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    use sha2::{Digest, Sha256};
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("odd")).unwrap();
    let mut text = "[[pack]]\nname = \"odd\"\nengine = \"whisper\"\nsample_rate = 16000\n\
        dialects = [\"zh\"]\nlicence = \"MIT\"\nsource = \"here\"\n[pack.files]\n"
        .to_owned();
    for (role, bytes) in files {
        std::fs::write(dir.path().join("odd").join(role), bytes).unwrap();
        let sum = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        let size = bytes.len();
        text += &format!("{role} = {{ path = \"{role}\", sha256 = \"{sum}\", bytes = {size} }}\n");
    }
    std::fs::write(dir.path().join("manifest.toml"), text).unwrap();
    dir
}

#[test]
fn packs_with_odd_files_are_refused_by_name_of_the_file() {
    let network = manifest_file()
        .with_file_name("emotion")
        .join("emotion.onnx");
    let network = std::fs::read(network).unwrap();
    let half = &network[..network.len() / 2];
    let others =
        ["decoder", "embedding", "positions", "tokenizer", "config"].map(|role| (role, &b"?"[..]));
    for (encoder, expected) in [
        (&network[..], "its inputs are [\"features\"]"),
        (half, "its graph cannot be used"),
        (&b""[..], "its graph cannot be used"),
    ] {
        let files = [&[("encoder", encoder)][..], &others].concat();
        let dir = pack_of(&files);
        let (ended, said) = run_over(
            config(dir.path(), dir.path().join("manifest.toml")),
            Vec::new(),
        );
        let message = end_message(ended, &said);
        assert!(
            message.contains(expected) && message.contains("odd/encoder"),
            "{message}"
        );
    }
    // Altered after the manifest was written.
    let dir = pack_of(&[&[("encoder", &network[..])][..], &others].concat());
    let mut altered = network.clone();
    altered[100] ^= 1;
    std::fs::write(dir.path().join("odd/encoder"), altered).unwrap();
    let (ended, said) = run_over(
        config(dir.path(), dir.path().join("manifest.toml")),
        Vec::new(),
    );
    let message = end_message(ended, &said);
    assert!(
        message.contains("has sha256") && message.contains("hint: delete the file"),
        "{message}"
    );
}

#[test]
fn a_broken_output_ends_the_worker() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let Some((packs, _)) = with_pack("whisper-base-zh") else {
        return;
    };
    // Input that would never end.
    let ended = run(config(&packs, manifest_file()), std::io::repeat(0), Broken);
    assert!(matches!(ended, Err(SpeechError::Wire(WireError::Pipe(_)))));
}
