//! Drafts of running calls, and what outlives calls, in sled: rebuildable, so never worth an error.
//!
//! A thread of its own writes them, nobody waits for it. It syncs at most once each [`LIVE_EVERY`]:
//! of several drafts of a call only the newest is written, and none of a call that is over by then.
//! What outlives calls is one value of bytes in a tree of its own; the newest counts. Anything wrong
//! with the files, a panic of sled included, and they are moved away by deleting: the calls
//! themselves stand in SQLite, phones register again, agents sign in again.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use centre::record::Record;
use tracing::warn;
use uuid::Uuid;

use crate::error::StoreError;
use crate::limits::{LIVE_CACHE, LIVE_CHUNK, LIVE_DRAFT, LIVE_EVERY, LIVE_QUEUE, LIVE_STANDING};

enum Job {
    Put(Box<Record>),
    Stand(Vec<u8>),
    Forget(Uuid),
    ForgetAll,
}

/// What is not written yet: the newest draft of a call, or that it has none any more.
type Pending = BTreeMap<Uuid, Option<Box<Record>>>;

/// The tree of what outlives calls.
const STANDING: &str = "standing";

/// The door to the drafts.
#[derive(Debug)]
pub(crate) struct Live {
    jobs: SyncSender<Job>,
    /// How often what outlives calls was written.
    stood: Arc<AtomicU64>,
}

/// What the last life left behind.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) by_call: BTreeMap<Uuid, Record>,
    /// What outlives calls, as it was written.
    pub(crate) standing: Option<Vec<u8>>,
    pub(crate) was_rebuilt: bool,
}

impl Live {
    pub(crate) fn open(dir: &Path) -> Result<(Self, JoinHandle<()>, Drafts), StoreError> {
        let (tree, drafts) = match open_tree(dir) {
            Ok((tree, drafts)) => (Some(tree), drafts),
            Err(why) => {
                warn!(%why, "live state was unreadable and is built anew");
                (
                    rebuild(dir),
                    Drafts {
                        was_rebuilt: true,
                        ..Drafts::default()
                    },
                )
            }
        };
        let (jobs, queue) = sync_channel(LIVE_QUEUE);
        let at = dir.to_owned();
        let stood = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&stood);
        let thread = std::thread::Builder::new()
            .name("store-live".into())
            .spawn(move || keep(&at, tree, &queue, &count))
            .map_err(|e| StoreError::Folder {
                path: dir.to_owned(),
                why: e.to_string(),
            })?;
        Ok((Self { jobs, stood }, thread, drafts))
    }

    /// False where the queue is full: the newest has to come again.
    pub(crate) fn stand(&self, standing: Vec<u8>) -> bool {
        standing.len() <= LIVE_STANDING && self.jobs.try_send(Job::Stand(standing)).is_ok()
    }

    pub(crate) fn stood(&self) -> u64 {
        self.stood.load(Ordering::Relaxed)
    }

    pub(crate) fn put(&self, draft: &Record) {
        // A full queue drops the draft: the next one says more.
        let _ = self.jobs.try_send(Job::Put(Box::new(draft.clone())));
    }

    pub(crate) fn forget(&self, call: Uuid) {
        // A full queue leaves it behind; the next start clears it away.
        let _ = self.jobs.try_send(Job::Forget(call));
    }

    pub(crate) fn forget_all(&self) {
        // First job of the queue, so there is room.
        let _ = self.jobs.try_send(Job::ForgetAll);
    }
}

fn keep(dir: &Path, mut tree: Option<sled::Db>, queue: &Receiver<Job>, stood: &AtomicU64) {
    let mut next = Instant::now();
    let mut standing = None;
    while let Ok(first) = queue.recv() {
        // Asleep, not waiting at the queue: a job that comes now wakes nobody.
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        next = Instant::now() + LIVE_EVERY;
        let mut pending = Pending::new();
        let mut is_cleared = false;
        for job in std::iter::once(first).chain(queue.try_iter()) {
            is_cleared |= note((&mut pending, &mut standing), job);
        }
        let Some(open) = &tree else {
            continue;
        };
        match guarded(|| write(open, is_cleared, pending, standing.as_deref())) {
            Ok(()) => {
                stood.fetch_add(u64::from(standing.take().is_some()), Ordering::Relaxed);
            }
            Err(why) => {
                warn!(%why, "live state could not be written and is built anew");
                // Closed before it is deleted.
                drop(tree.take());
                tree = rebuild(dir);
            }
        }
    }
}

/// Takes a job into what is to be written; true when all drafts that were written are to go.
fn note((pending, standing): (&mut Pending, &mut Option<Vec<u8>>), job: Job) -> bool {
    match job {
        Job::Put(draft) => {
            pending.insert(draft.id, Some(draft));
        }
        Job::Stand(newest) => *standing = Some(newest),
        Job::Forget(call) => {
            pending.insert(call, None);
        }
        Job::ForgetAll => {
            pending.clear();
            return true;
        }
    }
    false
}

fn write(
    tree: &sled::Db,
    is_cleared: bool,
    drafts: Pending,
    standing: Option<&[u8]>,
) -> sled::Result<()> {
    if let Some(body) = standing {
        let mut batch = sled::Batch::default();
        put(&mut batch, &[], body);
        tree.open_tree(STANDING)?.apply_batch(batch)?;
    }
    if is_cleared {
        tree.clear()?;
    }
    let mut batch = sled::Batch::default();
    for (call, draft) in drafts {
        match draft.as_deref().map(serde_json::to_vec) {
            Some(Ok(body)) if body.len() <= LIVE_DRAFT => put(&mut batch, call.as_bytes(), &body),
            Some(_) => {}
            None => {
                for key in tree.scan_prefix(call.as_bytes()).keys() {
                    batch.remove(key?);
                }
            }
        }
    }
    tree.apply_batch(batch)?;
    tree.flush().map(drop)
}

fn put(batch: &mut sled::Batch, name: &[u8], body: &[u8]) {
    // Chunk 0 tells the length, so that chunks of a longer body before it do not count.
    for (n, chunk) in body.chunks(LIVE_CHUNK).enumerate() {
        let mut value = Vec::with_capacity(chunk.len() + 4);
        if n == 0 {
            value.extend_from_slice(&(body.len() as u32).to_be_bytes());
        }
        value.extend_from_slice(chunk);
        batch.insert(key(name, n), value);
    }
}

fn key(name: &[u8], chunk: usize) -> Vec<u8> {
    let mut key = name.to_vec();
    key.extend_from_slice(&(chunk as u16).to_be_bytes());
    key
}

fn open_tree(dir: &Path) -> Result<(sled::Db, Drafts), String> {
    guarded(|| {
        let config = sled::Config::new().path(dir).cache_capacity(LIVE_CACHE);
        let tree = config.flush_every_ms(None).open()?;
        let mut bodies: BTreeMap<Uuid, Vec<u8>> = BTreeMap::new();
        for entry in tree.iter() {
            let (key, value) = entry?;
            if let Some(call) = key.get(..16).and_then(|id| Uuid::from_slice(id).ok()) {
                bodies.entry(call).or_default().extend_from_slice(&value);
            }
        }
        let drafts = bodies
            .into_iter()
            .filter_map(|(call, body)| Some((call, serde_json::from_slice(whole(&body)?).ok()?)));
        let mut standing = Vec::new();
        for entry in tree.open_tree(STANDING)?.iter() {
            standing.extend_from_slice(&entry?.1);
        }
        let drafts = Drafts {
            by_call: drafts.collect(),
            standing: whole(&standing).map(<[u8]>::to_vec),
            was_rebuilt: false,
        };
        Ok((tree.clone(), drafts))
    })
}

/// What chunks hold, joined in order; `None` where some are missing.
fn whole(chunks: &[u8]) -> Option<&[u8]> {
    let (length, body) = chunks.split_first_chunk::<4>()?;
    body.get(..u32::from_be_bytes(*length) as usize)
}

fn rebuild(dir: &Path) -> Option<sled::Db> {
    // What cannot be deleted cannot be opened either, and then drafts are simply not kept.
    if dir.is_dir() {
        let _ = std::fs::remove_dir_all(dir);
    } else {
        let _ = std::fs::remove_file(dir);
    }
    match open_tree(dir) {
        Ok((tree, _)) => Some(tree),
        Err(why) => {
            warn!(%why, "live state is not kept");
            None
        }
    }
}

/// sled panics on some damage that it meets; here that is an error like the others.
fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|e| e.to_string()),
        Err(_) => Err("sled panicked".to_owned()),
    }
}
