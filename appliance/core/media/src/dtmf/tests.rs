use std::path::PathBuf;

use super::*;
use crate::codec::Codec;
use crate::oscillator::Oscillator;

/// One press as Q.24 describes it.
#[derive(Clone, Copy, Debug)]
struct Press {
    key: char,
    /// Parts by which row and column are off.
    off: (f64, f64),
    /// Levels of row and column, dBm0.
    levels: (f64, f64),
    /// Lengths of tone and pauses, ms.
    tone: f64,
    pause: f64,
    /// Samples of silence before it, so that it meets the stretches everywhere.
    lead: usize,
    /// Level of white noise, dBm0.
    noise: f64,
}

const PLAIN: Press = Press {
    key: '5',
    off: (0.0, 0.0),
    levels: (-10.0, -10.0),
    tone: 40.0,
    pause: 40.0,
    lead: 0,
    noise: -70.0,
};

struct Noise(u32);

impl Noise {
    /// Uniform, with a power of 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(self.0 >> 8) / f64::from(1 << 23) - 1.0) * 3f64.sqrt()
    }
}

impl Press {
    /// The key pressed twice, as it leaves a G.711 line.
    fn twice(&self) -> Vec<i16> {
        let (row, column) = frequencies(self.key).unwrap();
        let noise = crate::oscillator::peak_of(self.noise) / 2f64.sqrt();
        let mut random = Noise(self.lead as u32 + 1);
        let samples = |ms: f64| (ms * 8.0) as usize;
        let mut pcm = Vec::new();
        let mut add = |count: usize, tone: &mut dyn FnMut() -> f64| {
            for _ in 0..count {
                let sample = (tone() + random.next() * noise).clamp(-32_768.0, 32_767.0);
                pcm.push(Codec::Pcma.decode(Codec::Pcma.encode(sample as i16)));
            }
        };
        add(self.lead + 400, &mut || 0.0);
        for _ in 0..2 {
            let mut low = Oscillator::new(row * (1.0 + self.off.0), self.levels.0, 8_000);
            let mut high = Oscillator::new(column * (1.0 + self.off.1), self.levels.1, 8_000);
            add(samples(self.tone), &mut || {
                low.next_sample() + high.next_sample()
            });
            add(samples(self.pause), &mut || 0.0);
        }
        add(400, &mut || 0.0);
        pcm
    }
}

fn heard(pcm: &[i16]) -> String {
    let mut detector = DtmfDetector::default();
    pcm.chunks(160)
        .filter_map(|frame| detector.take(frame))
        .collect()
}

fn all_keys() -> impl Iterator<Item = char> {
    KEYS.into_iter().flatten()
}

/// Every press must be heard as often as it is made; names all that are not.
fn judge(presses: impl Iterator<Item = Press>, accepted: bool) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for press in presses {
        count += 1;
        let keys = heard(&press.twice());
        let expected = if accepted {
            String::from_iter([press.key, press.key])
        } else {
            String::new()
        };
        if keys != expected {
            wrong.push((keys, press));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} wrong, first {:?}",
        wrong.len(),
        &wrong[..wrong.len().min(5)]
    );
}

/// Beginnings spread over one hop.
const LEADS: [usize; 4] = [0, 13, 26, 39];

#[test]
fn q24_frequencies_levels_and_twist_within_its_limits_are_heard() {
    let offs = [
        (0.0, 0.0),
        (0.015, 0.015),
        (-0.015, -0.015),
        (0.015, -0.015),
        (-0.015, 0.015),
    ];
    let levels = [
        (0.0, 0.0),
        (-3.0, -3.0),
        (-14.0, -14.0),
        (-25.0, -25.0),
        // The column 4 dB above the row, and 8 dB below it.
        (-4.0, 0.0),
        (-25.0, -21.0),
        (0.0, -8.0),
        (-17.0, -25.0),
    ];
    let presses = all_keys().flat_map(|key| {
        let leads = LEADS.iter().map(move |lead| (key, *lead));
        let offs = leads.flat_map(|(key, lead)| offs.map(|off| (key, lead, off)));
        offs.flat_map(|(key, lead, off)| {
            levels.map(|levels| Press {
                key,
                off,
                levels,
                lead,
                ..PLAIN
            })
        })
    });
    judge(presses, true);
}

#[test]
fn q24_frequencies_beyond_its_limits_are_refused() {
    let offs = [
        (0.035, 0.0),
        (-0.035, 0.0),
        (0.0, 0.035),
        (0.0, -0.035),
        (0.035, -0.035),
        (0.05, 0.0),
        (0.0, -0.05),
    ];
    let presses = all_keys().flat_map(|key| {
        let leads = LEADS.iter().map(move |lead| (key, *lead));
        let offs = leads.flat_map(|(key, lead)| offs.map(|off| (key, lead, off)));
        offs.flat_map(|(key, lead, off)| {
            [(40.0, -10.0), (100.0, -3.0), (300.0, -25.0)].map(|(tone, level)| Press {
                key,
                off,
                lead,
                tone,
                levels: (level, level),
                ..PLAIN
            })
        })
    });
    judge(presses, false);
}

#[test]
fn q24_times_40_ms_are_a_key_and_23_ms_are_none() {
    let cases = |times: &'static [(f64, f64)]| {
        all_keys().flat_map(move |key| {
            (0..102).step_by(6).flat_map(move |lead| {
                times.iter().map(move |(tone, pause)| Press {
                    key,
                    lead,
                    tone: *tone,
                    pause: *pause,
                    ..PLAIN
                })
            })
        })
    };
    judge(
        cases(&[
            (40.0, 40.0),
            (45.0, 40.0),
            (50.0, 50.0),
            (70.0, 45.0),
            (500.0, 40.0),
        ]),
        true,
    );
    judge(
        cases(&[(23.0, 100.0), (20.0, 40.0), (10.0, 100.0), (23.0, 40.0)]),
        false,
    );
}

#[test]
fn noise_15_db_below_a_key_hides_none() {
    let presses = all_keys().flat_map(|key| {
        (0..51).step_by(3).map(move |lead| Press {
            key,
            lead,
            off: if lead % 2 == 0 {
                (0.015, -0.015)
            } else {
                (-0.015, 0.015)
            },
            levels: (-13.0, -13.0),
            // Both tones together are 3 dB above one.
            noise: -25.0,
            ..PLAIN
        })
    });
    judge(presses, true);
}

#[test]
fn an_interruption_of_10_ms_makes_no_second_key() {
    for key in all_keys() {
        for lead in 0..51 {
            let press = Press {
                key,
                lead,
                tone: 60.0,
                pause: 10.0,
                ..PLAIN
            };
            assert_eq!(heard(&press.twice()), key.to_string(), "{press:?}");
        }
    }
}

#[test]
fn weak_lopsided_and_single_tones_are_no_keys() {
    let levels = [
        (-40.0, -40.0),
        (-55.0, -55.0),
        (-10.0, -40.0),
        (-18.0, -8.0),
        (-8.0, -22.0),
        (-10.0, -90.0),
        (-90.0, -10.0),
    ];
    let presses = all_keys().flat_map(|key| {
        levels.map(|levels| Press {
            key,
            levels,
            tone: 200.0,
            ..PLAIN
        })
    });
    judge(presses, false);
}

#[test]
fn tones_of_exchanges_and_three_tones_at_once_are_no_keys() {
    let chords: [&[f64]; 8] = [
        &[450.0],
        &[350.0, 440.0],
        &[440.0, 480.0],
        &[480.0, 620.0],
        &[1_100.0],
        &[2_100.0],
        &[697.0, 770.0, 1_209.0],
        &[697.0, 1_209.0, 1_336.0],
    ];
    for chord in chords {
        let mut tones: Vec<_> = chord
            .iter()
            .map(|hertz| Oscillator::new(*hertz, -10.0, 8_000))
            .collect();
        let pcm: Vec<i16> = (0..8_000)
            .map(|_| tones.iter_mut().map(Oscillator::next_sample).sum::<f64>() as i16)
            .collect();
        assert_eq!(heard(&pcm), "", "{chord:?}");
    }
}

#[test]
fn what_is_made_is_heard_by_its_name_and_ends() {
    let mut detector = DtmfDetector::default();
    let mut keys = String::new();
    for key in "1234567890*#ABCD".chars() {
        let mut generator = DtmfGenerator::new(key).unwrap();
        let mut frame = [0; 160];
        let mut frames = 1;
        while generator.fill(&mut frame) {
            frames += 1;
            keys.extend(detector.take(&frame));
            if frames == 5 {
                assert_eq!(detector.sounding(), Some(key));
            }
        }
        keys.extend(detector.take(&frame));
        assert_eq!(frames, 10);
        assert_eq!(detector.sounding(), None);
    }
    assert_eq!(keys, "1234567890*#ABCD");
    assert!(DtmfGenerator::new('x').is_none());
}

#[test]
fn a_key_held_down_is_one_key_and_stops_when_it_is_let_go() {
    let mut generator = DtmfGenerator::new('7').unwrap().lasting(60_000, 40);
    let mut detector = DtmfDetector::default();
    let mut frame = [0; 160];
    let mut keys = String::new();
    for _ in 0..100 {
        generator.fill(&mut frame);
        keys.extend(detector.take(&frame));
    }
    generator.release();
    let mut frames = 1;
    while generator.fill(&mut frame) {
        frames += 1;
    }
    assert_eq!((keys.as_str(), frames), ("7", 3));
}

#[test]
fn how_the_audio_is_cut_changes_nothing() {
    let mut pcm = Vec::new();
    for key in "159D".chars() {
        pcm.extend(Press { key, ..PLAIN }.twice());
    }
    for cut in [1, 7, 80, 160, 240, 401] {
        let mut detector = DtmfDetector::default();
        let keys: String = pcm
            .chunks(cut)
            .filter_map(|part| detector.take(part))
            .collect();
        assert_eq!(keys, "115599DD", "{cut}");
    }
}

/// Samples of a WAV file, at 8 kHz; every other one of a file of 16 kHz.
fn speech(path: &std::path::Path) -> Vec<i16> {
    #[expect(clippy::disallowed_methods, reason = "a test reads its data")]
    let bytes = std::fs::read(path).unwrap();
    let data = bytes.windows(4).position(|word| word == b"data").unwrap() + 8;
    let samples = bytes[data..].chunks_exact(2);
    let samples: Vec<i16> = samples.map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    let rate = u32::from_le_bytes(bytes[24..28].try_into().unwrap());
    let mut out = vec![0; samples.len()];
    let mut resampler = crate::resample::Resampler::new(rate, 8_000).unwrap();
    let count = resampler.take(&samples, &mut out);
    out.truncate(count);
    out
}

#[test]
fn minutes_of_speech_hold_no_key() {
    #[expect(clippy::disallowed_methods, reason = "a test finds its data")]
    let root = std::env::var("BRANCHLINE_DATA").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"),
        PathBuf::from,
    );
    let mut seconds = 0;
    for folder in ["mandarin-16k", "emodb-8k"] {
        #[expect(clippy::disallowed_methods, reason = "a test finds its data")]
        let Ok(files) = std::fs::read_dir(root.join(folder)) else {
            eprintln!("not run: there is no speech at {}/{folder}", root.display());
            continue;
        };
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.retain(|path| path.extension().is_some_and(|end| end == "wav"));
        for path in files
            .iter()
            .step_by(if folder == "emodb-8k" { 4 } else { 1 })
        {
            let pcm = speech(path);
            seconds += pcm.len() / 8_000;
            assert_eq!(heard(&pcm), "", "{}", path.display());
        }
    }
    eprintln!("{seconds} s of speech without a key");
}
