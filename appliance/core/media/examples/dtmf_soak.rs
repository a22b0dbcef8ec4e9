//! Talk-off: how many keys an hour of speech is mistaken for (goal: none).
//!
//! usage: `cargo run -p media --release --example dtmf_soak -- DATA [HOURS]`, where DATA holds the
//! folders `mandarin-16k` and `emodb-8k`. Each round over the files has another gain and beginning.
#![allow(clippy::disallowed_methods, reason = "a program reads its files")]

use std::path::{Path, PathBuf};

use media::Codec;
use media::dtmf::DtmfDetector;
use media::resample::Resampler;

fn speech(path: &Path) -> Vec<i16> {
    let bytes = std::fs::read(path).expect("a file that was listed");
    let data = bytes.windows(4).position(|word| word == b"data");
    let data = data.expect("a WAV file has a data chunk") + 8;
    let samples = bytes[data..].chunks_exact(2);
    let samples: Vec<i16> = samples.map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    let rate = u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]);
    let mut out = vec![0; samples.len()];
    let mut resampler = Resampler::new(rate, 8_000).expect("8 or 16 kHz");
    let count = resampler.take(&samples, &mut out);
    out.truncate(count);
    out
}

fn main() {
    let mut words = std::env::args().skip(1);
    let root = PathBuf::from(words.next().expect("the folder of the data is named"));
    let hours: f64 = words
        .next()
        .map_or(1.0, |word| word.parse().expect("hours"));
    let mut files = Vec::new();
    for folder in ["mandarin-16k", "emodb-8k"] {
        let list = std::fs::read_dir(root.join(folder)).expect("the data has this folder");
        files.extend(list.map(|file| file.expect("a readable folder").path()));
    }
    files.retain(|path| path.extension().is_some_and(|end| end == "wav"));
    files.sort();
    let clips: Vec<_> = files.iter().map(|path| (path, speech(path))).collect();
    let mut detector = DtmfDetector::default();
    let (mut samples, mut hits, mut round) = (0usize, 0, 0);
    while (samples as f64) < hours * 3_600.0 * 8_000.0 {
        let gain = [1.0, 0.5, 2.0, 0.25, 4.0, 0.7, 1.4, 3.0][round % 8];
        for (path, clip) in &clips {
            let start = (round * 37 % 97).min(clip.len());
            for frame in clip[start..].chunks(160) {
                let mut line = [0; 160];
                for (place, sample) in line.iter_mut().zip(frame) {
                    let loud = (f64::from(*sample) * gain) as i16;
                    *place = Codec::Pcma.decode(Codec::Pcma.encode(loud));
                }
                if let Some(key) = detector.take(&line) {
                    hits += 1;
                    println!("{key} in {} at gain {gain}", path.display());
                }
                samples += 160;
            }
        }
        round += 1;
    }
    println!(
        "{hits} keys in {:.2} h of speech",
        samples as f64 / 28_800_000.0
    );
}
