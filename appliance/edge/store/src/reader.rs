//! The thread that reads: its own connection, so that a long search never holds up a COMMIT.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error::{StoreError, Work};
use crate::limits::READ_QUEUE;

type Query = Box<dyn FnOnce(&Connection) + Send>;

/// The door to the reader thread.
#[derive(Debug)]
pub(crate) struct Reader {
    queries: mpsc::Sender<Query>,
    path: PathBuf,
}

impl Reader {
    /// Starts the thread; it ends when the last `Reader` is dropped.
    pub(crate) fn start(
        conn: Connection,
        path: &Path,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (queries, mut queue) = mpsc::channel::<Query>(READ_QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-reader".into())
            .spawn(move || {
                while let Some(query) = queue.blocking_recv() {
                    query(&conn);
                }
            })
            .map_err(|e| StoreError::Folder {
                path: path.to_owned(),
                why: e.to_string(),
            })?;
        Ok((
            Self {
                queries,
                path: path.to_owned(),
            },
            thread,
        ))
    }

    /// Runs `work` on what was committed before.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Work<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let query = Box::new(move |conn: &Connection| {
            // Nobody listens any more: a page was closed.
            let _ = answer.send(work(conn));
        });
        self.queries
            .send(query)
            .await
            .map_err(|_| StoreError::Closed)?;
        let done = answered.await.map_err(|_| StoreError::Closed)?;
        done.map_err(|e| e.at(&self.path))
    }
}
