//! Opening a recording by the name its record keeps, and nothing but that.

use std::path::{Component, Path, PathBuf};

use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::wav::{self, Head};
use crate::limits;

/// An open recording, its length fixed at opening.
pub(crate) struct Audio {
    pub(super) file: File,
    pub(super) head: Head,
    /// Bytes of samples, whole frames only; of an archived recording all its bytes.
    pub(super) data: u64,
    /// It is Ogg Opus now: sent as it lies, whatever was asked for.
    pub(crate) archived: bool,
}

/// Why there is nothing to hear.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAudio {
    #[error("the recording's file is not there")]
    Missing,
    #[error("the recording's name leads out of the recordings folder")]
    Outside,
    #[error("the recording cannot be read: {0}")]
    Broken(&'static str),
    #[error("the recording cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

/// Opens `name` below `folder`, or what it was archived as.
pub(crate) async fn open(folder: &Path, name: &str) -> Result<Audio, NoAudio> {
    match open_kept(folder, name).await {
        Err(NoAudio::Missing) => open_archived(folder, name).await,
        other => other,
    }
}

async fn open_kept(folder: &Path, name: &str) -> Result<Audio, NoAudio> {
    let path = inside(folder, name).await?;
    let mut file = File::open(&path).await.map_err(missing)?;
    let meta = file.metadata().await?;
    if !meta.is_file() {
        return Err(NoAudio::Missing);
    }
    let mut first = vec![0; limits::WAV_HEAD];
    let mut got = 0;
    while got < first.len() {
        match file.read(&mut first[got..]).await? {
            0 => break,
            more => got += more,
        }
    }
    let head = wav::parse(&first[..got])?;
    let frame = head.coding.width() * u64::from(head.channels);
    let there = meta.len().saturating_sub(head.data_at);
    // A head behind its file says less than there is (or 0): a later part of the file is as good.
    let data = if head.data_said == 0 {
        there
    } else {
        head.data_said.min(there)
    };
    Ok(Audio {
        file,
        head,
        data: data - data % frame,
        archived: false,
    })
}

/// Opens what `name` was archived as.
async fn open_archived(folder: &Path, name: &str) -> Result<Audio, NoAudio> {
    let archived = Path::new(name).with_extension("opus");
    let archived = archived.to_str().ok_or(NoAudio::Outside)?;
    let path = inside(folder, archived).await?;
    let file = File::open(path).await.map_err(missing)?;
    let meta = file.metadata().await?;
    if !meta.is_file() {
        return Err(NoAudio::Missing);
    }
    Ok(Audio {
        file,
        head: Head::NONE,
        data: meta.len(),
        archived: true,
    })
}

/// The path, once it is sure that it stays below the folder, links followed.
async fn inside(folder: &Path, name: &str) -> Result<PathBuf, NoAudio> {
    let relative = Path::new(name);
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !plain || name.contains('\0') {
        return Err(NoAudio::Outside);
    }
    let folder = tokio::fs::canonicalize(folder).await.map_err(missing)?;
    let path = tokio::fs::canonicalize(folder.join(relative))
        .await
        .map_err(missing)?;
    if path.starts_with(&folder) {
        Ok(path)
    } else {
        Err(NoAudio::Outside)
    }
}

fn missing(error: std::io::Error) -> NoAudio {
    match error.kind() {
        std::io::ErrorKind::NotFound => NoAudio::Missing,
        _ => NoAudio::Io(error),
    }
}
