//! One recording, turned and proved.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, ensure};
use media::Codec;
use media::limits::RATE;
use media::ogg_opus::{GRANULES, Writer, next_page};
use media::opus::{MAX_PAIR_PACKET, PairDecoder, PairEncoder};
use media::wav::{self, HEADER, STEREO_FRAME};

/// Samples of both sides in 20 ms.
const PAIR_FRAME: usize = STEREO_FRAME;
/// Bytes read back at once.
const CHUNK: usize = 64 * 1_024;
/// A side louder than this, root mean square, must be as loud in what was made, within a factor.
const AUDIBLE: f64 = 100.0;
const LOUDNESS: f64 = 1.6;

/// Power of each side, summed.
#[derive(Clone, Copy, Debug, Default)]
struct Power([f64; 2]);

impl Power {
    fn add(&mut self, pcm: &[i16]) {
        for pair in pcm.as_chunks::<2>().0 {
            for (sum, sample) in self.0.iter_mut().zip(pair) {
                *sum += f64::from(*sample).powi(2);
            }
        }
    }
}

/// Turns `NAME.wav` into `NAME.opus` and removes it; says the bytes of both. `None` where it was told
/// to stop; then, as after an error, the WAV is as it was and nothing else is there.
pub(super) fn convert(wav: &Path, stop: &AtomicBool) -> anyhow::Result<Option<(u64, u64)>> {
    let made = wav.with_extension("opus");
    let part = wav.with_extension("opus.part");
    let done = write(wav, &part, stop).and_then(|written| {
        let Some((samples, power)) = written else {
            return Ok(None);
        };
        prove(&part, samples, power).context("what was made is not what was recorded")?;
        let bytes = (
            std::fs::metadata(wav)?.len(),
            std::fs::metadata(&part)?.len(),
        );
        std::fs::rename(&part, &made)?;
        if let Some(folder) = made.parent() {
            // The name must be on disk before the other one goes.
            File::open(folder)?.sync_all()?;
        }
        std::fs::remove_file(wav)?;
        Ok(Some(bytes))
    });
    if !matches!(done, Ok(Some(_))) {
        // There may be none.
        let _ = std::fs::remove_file(&part);
    }
    done
}

/// Writes the Opus file; says the samples of each side and their power.
fn write(wav: &Path, part: &Path, stop: &AtomicBool) -> anyhow::Result<Option<(u64, Power)>> {
    let mut source = BufReader::new(File::open(wav)?);
    let mut header = [0; HEADER];
    source.read_exact(&mut header).context("no whole header")?;
    let data = u32::from_le_bytes(*header.last_chunk().context("a header")?);
    ensure!(header == wav::header(data), "not a recording of ours");
    let samples = u64::from(data / 2);
    let mut encoder = PairEncoder::new(RATE)?;
    let mut out = Vec::new();
    let lookahead = encoder.lookahead();
    let serial = (samples as u32).wrapping_mul(2_654_435_761);
    let mut writer = Writer::new(serial, lookahead, &mut out);
    let mut target = BufWriter::new(File::create(part)?);
    let mut power = Power::default();
    let mut packet = [0; MAX_PAIR_PACKET];
    // What the encoder lags is flushed by silence.
    let frames = (samples + lookahead as u64).div_ceil(PAIR_FRAME as u64 / 2);
    let mut left = u64::from(data);
    for n in 0..frames {
        if n % 50 == 0 && stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let mut codes = [Codec::Pcma.silence(); PAIR_FRAME];
        let now = left.min(PAIR_FRAME as u64) as usize;
        source.read_exact(&mut codes[..now]).context("cut short")?;
        left -= now as u64;
        let pcm = codes.map(|code| Codec::Pcma.decode(code));
        power.add(&pcm[..now]);
        let count = encoder.encode(&pcm, &mut packet);
        ensure!(count > 0, "the encoder refused a frame");
        writer.packet(&packet[..count], &mut out);
        target.write_all(&out)?;
        out.clear();
    }
    writer.finish(samples, &mut out);
    target.write_all(&out)?;
    target
        .into_inner()
        .map_err(|why| why.into_error())?
        .sync_all()?;
    Ok(Some((samples, power)))
}

/// Reads the file back: each page, each packet, the length, the loudness of both sides.
fn prove(made: &Path, samples: u64, recorded: Power) -> anyhow::Result<()> {
    let mut file = File::open(made)?;
    let mut decoder = PairDecoder::new(RATE)?;
    let (mut waiting, mut chunk) = (Vec::new(), vec![0; CHUNK]);
    let mut pcm = [0; 2 * PAIR_FRAME];
    let mut heard = Power::default();
    let (mut pages, mut decoded, mut end) = (0, 0u64, None);
    loop {
        let more = file.read(&mut chunk)?;
        waiting.extend_from_slice(&chunk[..more]);
        let mut at = 0;
        while let Some(page) = next_page(&waiting[at..])? {
            ensure!(
                page.sequence == pages && end.is_none(),
                "a page too many or too few"
            );
            // The first two hold the headers.
            for packet in page.packets().filter(|_| pages >= 2) {
                let count = decoder.decode(packet, &mut pcm);
                ensure!(count * 2 == PAIR_FRAME, "a packet of another length");
                heard.add(&pcm[..2 * count]);
                decoded += count as u64;
            }
            end = page.ends.then_some(page.granule);
            pages += 1;
            at += page.length;
        }
        waiting.drain(..at);
        if more == 0 {
            break;
        }
    }
    ensure!(waiting.is_empty(), "bytes behind the last page");
    let granules = end.context("no end")?;
    let step = u64::from(GRANULES / RATE);
    let skipped = granules.checked_sub(samples * step);
    let skipped = skipped.context("a length that is too short")? / step;
    ensure!(
        decoded >= samples + skipped,
        "fewer samples than its length"
    );
    for (before, after) in recorded.0.iter().zip(heard.0) {
        let level = (before / samples.max(1) as f64).sqrt();
        let ratio = (after / before.max(1.0)).sqrt();
        let is_alike = (1.0 / LOUDNESS..LOUDNESS).contains(&ratio);
        ensure!(
            level < AUDIBLE || is_alike,
            "a side as loud as {ratio:.2} of what it was"
        );
    }
    Ok(())
}
