//! The black box: everything a [`Centre`] was told, in order, with a digest of what it answered.
//!
//! The shell feeds a [`Recorder`] beside the centre and keeps the bytes it gives; [`replay`] steps a
//! new centre through them and names the first step that answers otherwise. A fault in the field is
//! then a file. Nothing here reads a clock or a disk. The bytes hold numbers, passwords of the site
//! and the seed of one run: whoever keeps them keeps them as private as the records. The keys of
//! protected media are not among them.
//!
//! Form: the magic, then entries, each its length (u32, little endian) and its postcard bytes; the
//! first entry is the [`Birth`].

mod digest;
mod keys;
mod read;
mod record;
mod replay;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use call::Local;
use serde::{Deserialize, Serialize};

pub use read::{BlackBoxError, Entries, Stimulus};
pub use record::Recorder;
pub use replay::{Divergence, Replay, Step, replay};

use crate::centre::{Centre, CentreConfig, Standing};
use crate::input::{Input, site_text};
use crate::record::UnixMillis;
use crate::site::Site;

/// What every black box begins with; the last byte counts the forms.
pub const MAGIC: [u8; 8] = *b"BLBLACK\x03";

/// What a centre was born with, and by which program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Birth {
    /// Version of the program: another one may rightly answer otherwise.
    pub program: String,
    /// When, by the wall clock.
    pub unix_ms: UnixMillis,
    seed: [u8; 32],
    ports: Vec<u16>,
    local: Local,
    media_ip: IpAddr,
    #[serde(with = "site_text")]
    site: Arc<Site>,
    /// What the centre before it left.
    standing: Option<Box<Standing>>,
}

impl Birth {
    /// The birth of the centre that `config` and `site` make.
    pub fn of(config: &CentreConfig, site: &Arc<Site>) -> Self {
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            unix_ms: config.unix_ms,
            seed: config.seed,
            ports: config.ports.clone(),
            local: config.local,
            media_ip: config.media_ip,
            site: Arc::clone(site),
            standing: None,
        }
    }

    /// The same, of a centre that begins with what another one left.
    #[must_use]
    pub fn with_standing(mut self, standing: Standing) -> Self {
        self.standing = Some(Box::new(standing));
        self
    }

    /// The birth of the centre that takes the place of `centre`, which this birth made. It is
    /// [at rest](Centre::is_at_rest) at `now`, or what is under way is asked once more.
    #[must_use]
    pub fn renewed(&self, now: Instant, centre: &Centre) -> Self {
        let standing = centre.standing(now);
        Self {
            unix_ms: standing.unix_ms(),
            site: Arc::clone(centre.site()),
            ..self.clone()
        }
        .with_standing(standing)
    }

    /// The centre itself, born at `now`.
    pub fn centre(&self, now: Instant) -> Centre {
        let (config, site) = (self.config(now), Arc::clone(&self.site));
        match &self.standing {
            Some(standing) => Centre::with_standing(config, site, Standing::clone(standing)),
            None => Centre::new(config, site),
        }
    }

    /// The same configuration at another moment.
    pub fn config(&self, now: Instant) -> CentreConfig {
        CentreConfig {
            seed: self.seed,
            ports: self.ports.clone(),
            local: self.local,
            media_ip: self.media_ip,
            now,
            unix_ms: self.unix_ms,
        }
    }

    /// The site it began with.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }
}

/// One step as it is written: `input` is `None` for a time-out.
#[derive(Serialize)]
struct Written<'a> {
    at_ns: u64,
    input: Option<&'a Input>,
}

/// The end of a step: what the centre answered.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Answered {
    outputs: u32,
    digest: u64,
}
