//! Persists what calls leave behind, in order: that a call exists, its draft, its record.
//!
//! Driven by the control task through a bounded channel. When it is full the control task waits:
//! signalling pauses rather than a record is lost (running media goes on). A record that cannot be
//! committed is tried again until the disk takes it.

use std::time::Duration;

use centre::record::Record;
use store::{Store, StoreError};
use tokio::sync::{mpsc, watch};
use tracing::{error, info};
use uuid::Uuid;

/// Steps waiting for the disk; a full trunk makes a few dozen a second.
const QUEUE: usize = 1_024;
/// Pause before a failed commit is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// One thing to persist.
#[derive(Debug)]
pub(crate) enum Keep {
    /// A call came in: from here on it will have a record, whatever happens.
    Open(Box<Record>),
    /// What is known of a running call.
    Draft(Box<Record>),
    /// The call is over.
    Record(Box<Record>),
}

/// How the keeper stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    /// Records committed since start.
    pub(crate) records: u64,
    /// Commits that failed and were tried again.
    pub(crate) failures: u64,
}

/// Starts the keeper. It ends, everything committed, when the sender is dropped.
pub(crate) fn start(
    store: Store,
) -> (
    mpsc::Sender<Keep>,
    watch::Receiver<Kept>,
    tokio::task::JoinHandle<()>,
) {
    let (keep, keeps) = mpsc::channel(QUEUE);
    let (kept, seen) = watch::channel(Kept::default());
    (keep, seen, tokio::spawn(run(store, keeps, kept)))
}

async fn run(store: Store, mut keeps: mpsc::Receiver<Keep>, kept: watch::Sender<Kept>) {
    while let Some(keep) = keeps.recv().await {
        match keep {
            Keep::Draft(draft) => store.checkpoint(&draft),
            Keep::Open(draft) => {
                while let Err(why) = store.open_call(&draft).await {
                    failed(&kept, draft.id, &why).await;
                }
            }
            Keep::Record(record) => {
                let seq = loop {
                    match store.commit((*record).clone()).await {
                        Ok(seq) => break seq,
                        Err(why) => failed(&kept, record.id, &why).await,
                    }
                };
                info!(call = %record.id, seq, cause = ?record.cause, "record committed");
                kept.send_modify(|kept| kept.records += 1);
            }
        }
    }
}

async fn failed(kept: &watch::Sender<Kept>, call: Uuid, why: &StoreError) {
    error!(%call, "could not write to the store, trying again: {why}");
    kept.send_modify(|kept| kept.failures += 1);
    tokio::time::sleep(RETRY).await;
}
