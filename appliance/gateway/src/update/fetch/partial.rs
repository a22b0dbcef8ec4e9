//! What an earlier try left of a file, and of which file: the next one goes on from there, or begins anew where it is
//! another.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::fs::File;

/// A file on its way, beside the one it becomes.
#[derive(Debug)]
pub(super) struct Partial {
    bytes: PathBuf,
    about: PathBuf,
    of: Of,
    len: u64,
}

/// Which file it is part of.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Of {
    source: String,
    /// By which the server tells one state of it from the next (RFC 9110 8.8); none: it cannot go on.
    validator: Option<String>,
}

impl Partial {
    /// What is there of `source` for `to`; of another source it is forgotten.
    pub(super) fn of(to: &Path, source: &str) -> Self {
        let (bytes, about) = (to.with_extension("part"), to.with_extension("part.json"));
        let known = fs::read(&about).ok();
        let known: Option<Of> = known.and_then(|text| serde_json::from_slice(&text).ok());
        let known = known.filter(|of| of.source == source && of.validator.is_some());
        let len = fs::metadata(&bytes).map_or(0, |file| file.len());
        let is_known = known.is_some() && len > 0;
        let mut partial = Self {
            bytes,
            about,
            of: known.unwrap_or_default(),
            len,
        };
        if !is_known {
            partial.forget();
        }
        source.clone_into(&mut partial.of.source);
        partial
    }

    /// Bytes that are there.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// From where it goes on, and of which state of the file.
    pub(super) fn rest(&self) -> Option<(u64, &str)> {
        let validator = self.of.validator.as_deref()?;
        (self.len > 0).then_some((self.len, validator))
    }

    /// Begins anew.
    pub(super) async fn begin(&mut self, validator: Option<String>) -> anyhow::Result<File> {
        self.len = 0;
        self.of.validator = validator;
        let kept = || format!("could not write `{}`", self.bytes.display());
        let file = File::create(&self.bytes).await.with_context(kept)?;
        // After the bytes are gone: a power cut in between must not give old bytes a new name.
        let about = serde_json::to_vec(&self.of)?;
        tokio::fs::write(&self.about, about)
            .await
            .with_context(kept)?;
        Ok(file)
    }

    /// Goes on behind what is there.
    pub(super) async fn go_on(&self) -> anyhow::Result<File> {
        let file = File::options().append(true).open(&self.bytes).await;
        file.with_context(|| format!("could not write `{}`", self.bytes.display()))
    }

    /// So many bytes more were written.
    pub(super) fn grew(&mut self, by: usize) {
        self.len += by as u64;
    }

    /// It is whole.
    pub(super) fn finish(self, to: &Path) -> anyhow::Result<()> {
        let _ = fs::remove_file(&self.about);
        fs::rename(&self.bytes, to).with_context(|| format!("could not write `{}`", to.display()))
    }

    /// What is there is of no use.
    pub(super) fn forget(&mut self) {
        self.len = 0;
        self.of.validator = None;
        for file in [&self.about, &self.bytes] {
            let _ = fs::remove_file(file);
        }
    }
}
