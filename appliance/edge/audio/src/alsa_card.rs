//! Cards of ALSA: opened so that nothing ever waits, and libasound writes nothing to our standard error.
//!
//! The rate is the card's own where it can be had (`plug` would resample poorly): [`crate::bend`] does it.

use std::ffi::CString;

use alsa::pcm::{Access, Format, HwParams, PCM};
use alsa::{Direction, ValueOr};

use crate::card::{Card, Facts, Fault, Rack, Way};
use crate::limits::{CARD_BUFFER, CARD_PERIOD, CARD_RATES, MAX_CHANNELS};

/// The cards of this machine, by their ALSA names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alsa;

/// One direction of an ALSA card.
pub struct AlsaCard {
    pcm: PCM,
    way: Way,
    facts: Facts,
    channels: usize,
    /// Samples of all channels.
    wide: Vec<i16>,
}

impl std::fmt::Debug for AlsaCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AlsaCard")
            .field("way", &self.way)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

impl Rack for Alsa {
    type Card = AlsaCard;

    fn open(&mut self, name: &str, way: Way) -> Result<AlsaCard, Fault> {
        hush();
        let direction = match way {
            Way::Playback => Direction::Playback,
            Way::Capture => Direction::Capture,
        };
        let name = CString::new(name).map_err(|_| Fault::Gone("it has no name".to_owned()))?;
        let pcm = PCM::open(&name, direction, true).map_err(fault)?;
        let (facts, channels) = agree(&pcm)?;
        if way == Way::Capture {
            pcm.start().map_err(fault)?;
        }
        Ok(AlsaCard {
            pcm,
            way,
            facts,
            channels,
            wide: Vec::with_capacity(facts.buffer as usize * channels),
        })
    }
}

/// What we and the card can both do.
fn agree(pcm: &PCM) -> Result<(Facts, usize), Fault> {
    let hw = HwParams::any(pcm).map_err(fault)?;
    hw.set_rate_resample(false).map_err(fault)?;
    hw.set_access(Access::RWInterleaved).map_err(fault)?;
    hw.set_format(Format::s16()).map_err(fault)?;
    let channels = (1..=MAX_CHANNELS).find(|count| hw.test_channels(*count).is_ok());
    let channels = channels.ok_or_else(|| unfit("it has too many channels"))?;
    hw.set_channels(channels).map_err(fault)?;
    let rate = CARD_RATES
        .into_iter()
        .find(|rate| hw.test_rate(*rate).is_ok());
    let rate = rate.ok_or_else(|| unfit("it speaks at none of our rates"))?;
    hw.set_rate(rate, ValueOr::Nearest).map_err(fault)?;
    let frames = |time: std::time::Duration| (f64::from(rate) * time.as_secs_f64()) as i64;
    hw.set_period_size_near(frames(CARD_PERIOD), ValueOr::Nearest)
        .map_err(fault)?;
    hw.set_buffer_size_near(frames(CARD_BUFFER))
        .map_err(fault)?;
    pcm.hw_params(&hw).map_err(fault)?;
    let whole = |frames: i64| u32::try_from(frames).unwrap_or(0);
    let facts = Facts {
        rate,
        period: whole(hw.get_period_size().map_err(fault)?),
        buffer: whole(hw.get_buffer_size().map_err(fault)?),
    };
    if i64::from(facts.buffer) < frames(crate::limits::CUSHION) {
        return Err(unfit("its buffer is too short"));
    }
    Ok((facts, channels as usize))
}

impl Card for AlsaCard {
    fn facts(&self) -> Facts {
        self.facts
    }

    fn room(&mut self) -> Result<usize, Fault> {
        let frames = self.pcm.avail().map_err(fault)?;
        Ok(usize::try_from(frames).unwrap_or(0))
    }

    fn write(&mut self, samples: &[i16]) -> Result<usize, Fault> {
        let io = self.pcm.io_i16().map_err(fault)?;
        self.wide.clear();
        for sample in samples {
            self.wide
                .extend(std::iter::repeat_n(*sample, self.channels));
        }
        none_yet(io.writei(&self.wide))
    }

    fn read(&mut self, samples: &mut [i16]) -> Result<usize, Fault> {
        let io = self.pcm.io_i16().map_err(fault)?;
        self.wide.resize(samples.len() * self.channels, 0);
        let read = none_yet(io.readi(&mut self.wide))?;
        for (place, frame) in samples.iter_mut().zip(self.wide.chunks(self.channels)) {
            *place = frame.first().copied().unwrap_or(0);
        }
        Ok(read)
    }

    fn restart(&mut self) -> Result<(), Fault> {
        self.pcm.prepare().map_err(fault)?;
        match self.way {
            Way::Playback => Ok(()),
            Way::Capture => self.pcm.start().map_err(fault),
        }
    }
}

/// Full, or empty: no fault, nothing was moved.
fn none_yet(moved: alsa::Result<usize>) -> Result<usize, Fault> {
    match moved {
        Err(why) if why.errno() == libc::EAGAIN => Ok(0),
        moved => moved.map_err(fault),
    }
}

fn fault(why: alsa::Error) -> Fault {
    let words = match why.errno() {
        libc::EPIPE => return Fault::Broke,
        libc::ESTRPIPE => return Fault::Slept,
        libc::ENOENT | libc::ENODEV | libc::ENXIO => "there is no such card".to_owned(),
        libc::EBUSY => "another program holds it".to_owned(),
        libc::EACCES | libc::EPERM => {
            "it may not be opened; the box's user belongs into the group `audio`".to_owned()
        }
        errno => std::io::Error::from_raw_os_error(errno).to_string(),
    };
    Fault::Gone(words)
}

fn unfit(why: &str) -> Fault {
    Fault::Gone(why.to_owned())
}

/// What libasound says of a missing card goes into a buffer of this thread, about 8 lines a try.
fn hush() {
    // Without a handler it speaks to standard error: unwelcome, never harmful.
    let _ = alsa::Output::local_error_handler();
}

#[cfg(test)]
#[path = "alsa_tests.rs"]
mod tests;
