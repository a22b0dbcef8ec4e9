//! The handle: opening the folder, and what all parts of the store share.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use centre::record::UnixMillis;
use tokio::sync::watch;
use tracing::info;

use crate::error::StoreError;
use crate::limits::{LOCK_PATIENCE, LOCK_POLL};
use crate::live::Live;
use crate::reader::Reader;
use crate::recovery::{self, Recovered};
use crate::schema;
use crate::settings;
use crate::writer::Writer;

/// A handle to the box's memory; clones share the same threads.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    doors: Option<Doors>,
    threads: Vec<JoinHandle<()>>,
    new_rows: watch::Receiver<u64>,
    /// Held for as long as the threads run; released by closing.
    _lock: File,
}

#[derive(Debug)]
struct Doors {
    writer: Writer,
    reader: Reader,
    live: Live,
}

impl Store {
    /// Opens or makes the store in `dir`, and writes the records of calls that a crash cut off.
    ///
    /// # Errors
    /// [`StoreError`]: folder, lock, damage, newer version, disk.
    pub fn open(dir: &Path) -> Result<(Self, Recovered), StoreError> {
        let lock = lock(dir)?;
        let path = dir.join("branchline.db");
        let conn = schema::open_writer(&path)?;
        settings::found(&conn, now()).map_err(|e| e.at(&path))?;
        let (live, live_thread, drafts) = Live::open(&dir.join("live"))?;
        let cut = recovery::write_cut_calls(&conn, &drafts, now()).map_err(|e| e.at(&path))?;
        live.forget_all();
        let (rows_tx, new_rows) = watch::channel(0);
        let (writer, writer_thread) = Writer::start(conn, &path, rows_tx)?;
        let (reader, reader_thread) = Reader::start(schema::open_reader(&path)?, &path)?;
        if !cut.is_empty() {
            info!(
                calls = cut.len(),
                "wrote the records of calls that a crash cut off"
            );
        }
        let recovered = Recovered {
            records: cut,
            standing: drafts.standing,
            sled_rebuilt: drafts.was_rebuilt,
        };
        let inner = Inner {
            doors: Some(Doors {
                writer,
                reader,
                live,
            }),
            threads: vec![writer_thread, reader_thread, live_thread],
            new_rows,
            _lock: lock,
        };
        Ok((
            Self {
                inner: Arc::new(inner),
            },
            recovered,
        ))
    }

    /// Changes whenever the outbox has grown; the value counts the times.
    pub fn new_rows(&self) -> watch::Receiver<u64> {
        self.inner.new_rows.clone()
    }

    /// Keeps what outlives calls, for the next start; the newest counts. Not awaited: false where
    /// it was not taken and has to come again.
    pub fn keep_standing(&self, standing: Vec<u8>) -> bool {
        self.live().is_ok_and(|live| live.stand(standing))
    }

    /// How often it was written since this start.
    pub fn standings(&self) -> u64 {
        self.live().map_or(0, Live::stood)
    }

    pub(crate) fn writer(&self) -> Result<&Writer, StoreError> {
        self.doors().map(|doors| &doors.writer)
    }

    pub(crate) fn reader(&self) -> Result<&Reader, StoreError> {
        self.doors().map(|doors| &doors.reader)
    }

    pub(crate) fn live(&self) -> Result<&Live, StoreError> {
        self.doors().map(|doors| &doors.live)
    }

    fn doors(&self) -> Result<&Doors, StoreError> {
        self.inner.doors.as_ref().ok_or(StoreError::Closed)
    }
}

impl Drop for Inner {
    /// Waits for the threads, so that the folder is free when the last handle is gone.
    fn drop(&mut self) {
        self.doors = None;
        for thread in self.threads.drain(..) {
            // A panic there was already reported by its own thread.
            let _ = thread.join();
        }
    }
}

/// Milliseconds since 1970 UTC.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis::try_from(since.as_millis()).unwrap_or(UnixMillis::MAX)
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let failed = |e: std::io::Error| StoreError::Folder {
        path: dir.to_owned(),
        why: e.to_string(),
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    let file = File::create(dir.join("lock")).map_err(failed)?;
    let end = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                // A store that was closed this moment may still be held by a child of its process
                // that is between fork and exec.
                std::thread::sleep(LOCK_POLL);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    path: dir.to_owned(),
                });
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
    }
}
