//! The one thread that writes, and its group commit.
//!
//! While a COMMIT is being synced, further jobs queue up and share the next one: with many callers
//! the sync is paid once for up to [`GROUP`], and a lone caller never waits for company. Each job
//! runs in its own savepoint, so that one that fails does not take its neighbours along. The
//! answer goes out after COMMIT, never before.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::error;

use crate::error::{StoreError, Work};
use crate::limits::{GROUP, WRITE_QUEUE};

/// The answer that waits for the COMMIT.
type Finish = Box<dyn FnOnce(&Result<(), StoreError>) + Send>;

/// The work itself, or the news that there is no transaction to do it in.
type Run = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Finish + Send>;

/// One caller's work.
struct Job {
    run: Run,
    /// Whether the outbox grows by it.
    has_rows: bool,
}

/// The door to the writer thread.
#[derive(Debug)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    path: PathBuf,
}

impl Writer {
    /// Starts the thread; it ends when the last `Writer` is dropped and the queue is empty.
    pub(crate) fn start(
        conn: Connection,
        path: &Path,
        new_rows: watch::Sender<u64>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (jobs, queue) = mpsc::channel(WRITE_QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || write(&conn, queue, &new_rows))
            .map_err(|e| StoreError::Folder {
                path: path.to_owned(),
                why: e.to_string(),
            })?;
        Ok((
            Self {
                jobs,
                path: path.to_owned(),
            },
            thread,
        ))
    }

    /// Runs `work` in a savepoint of the next transaction and answers after its COMMIT.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        has_rows: bool,
        work: impl FnOnce(&Connection) -> Work<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let answered = self.submit(has_rows, work).await?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Hands `work` over; its answer comes after its COMMIT. What is submitted in one go shares
    /// transactions.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        has_rows: bool,
        work: impl FnOnce(&Connection) -> Work<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let path = self.path.clone();
        let run = Box::new(move |conn: Result<&Connection, StoreError>| -> Finish {
            let done = conn.and_then(|conn| in_savepoint(conn, work).map_err(|e| e.at(&path)));
            Box::new(move |committed| {
                // Nobody listens any more: the work is done all the same.
                let _ = answer.send(committed.clone().and(done));
            })
        });
        self.jobs
            .send(Job { run, has_rows })
            .await
            .map_err(|_| StoreError::Closed)?;
        Ok(answered)
    }
}

fn write(conn: &Connection, mut queue: mpsc::Receiver<Job>, new_rows: &watch::Sender<u64>) {
    let path = conn.path().map(PathBuf::from).unwrap_or_default();
    while let Some(first) = queue.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(job) = queue.try_recv()
        {
            group.push(job);
        }
        let has_rows = group.iter().any(|job| job.has_rows);
        let (finishes, committed) = commit(conn, &path, group);
        if let Err(error) = &committed {
            error!(%error, "a transaction was rolled back");
        }
        for finish in finishes {
            finish(&committed);
        }
        if has_rows && committed.is_ok() {
            new_rows.send_modify(|times| *times += 1);
        }
    }
}

fn commit(
    conn: &Connection,
    path: &Path,
    group: Vec<Job>,
) -> (Vec<Finish>, Result<(), StoreError>) {
    let sort = |e: rusqlite::Error| StoreError::of_sqlite(path, &e);
    let mut state = conn.execute_batch("BEGIN IMMEDIATE").map_err(sort);
    let mut finishes = Vec::with_capacity(group.len());
    for job in group {
        finishes.push((job.run)(state.clone().map(|()| conn)));
        // A full disk or an I/O error makes SQLite roll back the whole transaction on its own;
        // what the jobs before did is gone with it.
        if state.is_ok() && conn.is_autocommit() {
            state = Err(broken(conn, path));
        }
    }
    let committed = state.and_then(|()| conn.execute_batch("COMMIT").map_err(sort));
    if committed.is_err() && !conn.is_autocommit() {
        // The error that matters is the COMMIT's.
        let _ = conn.execute_batch("ROLLBACK");
    }
    (finishes, committed)
}

/// Why SQLite gave the transaction up, as far as its last error tells.
fn broken(conn: &Connection, path: &Path) -> StoreError {
    let probe = conn.execute_batch("SAVEPOINT probe; RELEASE probe");
    match probe {
        Err(e) => StoreError::of_sqlite(path, &e),
        Ok(()) => StoreError::Full {
            path: path.to_owned(),
        },
    }
}

fn in_savepoint<T>(conn: &Connection, work: impl FnOnce(&Connection) -> Work<T>) -> Work<T> {
    conn.execute_batch("SAVEPOINT job")?;
    let done = work(conn);
    if done.is_ok() {
        conn.execute_batch("RELEASE job")?;
    } else if !conn.is_autocommit() {
        conn.execute_batch("ROLLBACK TO job; RELEASE job")?;
    }
    done
}
