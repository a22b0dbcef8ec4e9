//! Persists what calls leave behind, in order: that a call exists, its draft, its record; and what
//! outlives them all, as it stands now.
//!
//! Driven by the control task through a bounded channel. A lone call is committed at once; in a
//! crowd one transaction each [`COMMIT_EVERY`] carries them all, so that the disk is synced ten times
//! a second however many call. When the channel is full the control task waits: signalling
//! pauses rather than a record is lost (running media goes on). What cannot be committed is tried
//! again until the disk takes it.

use std::collections::BTreeSet;
use std::time::Duration;

use centre::Standing;
use centre::record::{Cause, Record};
use store::{Entry, Store};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::{error, info};
use uuid::Uuid;

use crate::self_test::SelfTest;

/// Steps waiting for the disk; a full trunk makes a few dozen a second.
const QUEUE: usize = 1_024;
/// Steps taken to the disk in one go.
const BATCH: usize = 256;
/// Shortest time from one commit to the next.
const COMMIT_EVERY: Duration = Duration::from_millis(100);
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
    /// What outlives calls, as it stands now.
    Standing(Box<Standing>),
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
    test: Option<SelfTest>,
) -> (
    mpsc::Sender<Keep>,
    watch::Receiver<Kept>,
    tokio::task::JoinHandle<()>,
) {
    let (keep, keeps) = mpsc::channel(QUEUE);
    let (kept, seen) = watch::channel(Kept::default());
    (keep, seen, tokio::spawn(run(store, test, keeps, kept)))
}

async fn run(
    store: Store,
    test: Option<SelfTest>,
    mut keeps: mpsc::Receiver<Keep>,
    kept: watch::Sender<Kept>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut next = Instant::now();
    while keeps.recv_many(&mut batch, BATCH).await > 0 {
        if next > Instant::now() {
            tokio::time::sleep_until(next).await;
            while batch.len() < BATCH
                && let Ok(keep) = keeps.try_recv()
            {
                batch.push(keep);
            }
        }
        next = Instant::now() + COMMIT_EVERY;
        let batch = batch.drain(..).filter(|keep| is_kept(test.as_ref(), keep));
        persist(&store, entries(&store, batch), &kept).await;
    }
}

/// Everything is, but what a self-test leaves: that is taken away.
fn is_kept(test: Option<&SelfTest>, keep: &Keep) -> bool {
    let (Keep::Open(record) | Keep::Draft(record) | Keep::Record(record)) = keep else {
        return true;
    };
    let Some(test) = test.filter(|test| test.made(record)) else {
        return true;
    };
    if matches!(keep, Keep::Record(_)) {
        test.clear(record);
    }
    false
}

/// What of a batch goes to the disk; drafts and what stands are handed on at once. A call that began and ended
/// within the batch is one entry: its record.
fn entries(store: &Store, batch: impl Iterator<Item = Keep>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut stand = None;
    for keep in batch {
        match keep {
            Keep::Draft(draft) => store.checkpoint(&draft),
            Keep::Standing(standing) => stand = Some(standing),
            Keep::Open(draft) => entries.push(Entry::Opened(draft)),
            Keep::Record(record) => entries.push(Entry::Ended(record)),
        }
    }
    if let Some(standing) = stand {
        // Not taken: the disk is far behind, and the next one will come.
        let _ = store.keep_standing(standing.to_bytes());
    }
    let over: BTreeSet<Uuid> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Ended(record) => Some(record.id),
            Entry::Opened(_) => None,
        })
        .collect();
    entries.retain(|entry| match entry {
        Entry::Ended(_) => true,
        Entry::Opened(draft) => !over.contains(&draft.id),
    });
    entries
}

async fn persist(store: &Store, mut entries: Vec<Entry>, kept: &watch::Sender<Kept>) {
    while !entries.is_empty() {
        let ended = ended(&entries);
        match store.keep(entries).await {
            Ok(()) => return note(kept, &ended),
            Err((left, why)) => {
                let waiting: BTreeSet<Uuid> = left.iter().map(|left| left.record().id).collect();
                let done = ended.into_iter().filter(|(id, _)| !waiting.contains(id));
                note(kept, &Vec::from_iter(done));
                error!(
                    calls = left.len(),
                    "could not write to the store, trying again: {why}"
                );
                kept.send_modify(|kept| kept.failures += 1);
                tokio::time::sleep(RETRY).await;
                entries = left;
            }
        }
    }
}

/// The calls whose records are among `entries`, and what ended them.
fn ended(entries: &[Entry]) -> Vec<(Uuid, Cause)> {
    let of = |entry: &Entry| match entry {
        Entry::Ended(record) => Some((record.id, record.cause)),
        Entry::Opened(_) => None,
    };
    entries.iter().filter_map(of).collect()
}

fn note(kept: &watch::Sender<Kept>, ended: &[(Uuid, Cause)]) {
    for (call, cause) in ended {
        info!(%call, cause = cause.word(), "record committed");
    }
    kept.send_modify(|kept| kept.records += ended.len() as u64);
}
