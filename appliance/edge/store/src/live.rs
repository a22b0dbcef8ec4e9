//! Drafts of running calls, in sled: rebuildable, so never worth an error.
//!
//! A thread of its own writes them, nobody waits for it. It syncs at most once each [`LIVE_EVERY`]:
//! of several drafts of a call only the newest is written, and none of a call that is over by then.
//! Anything wrong with the files, a panic of sled included, and they are moved away by deleting:
//! the calls themselves stand in SQLite.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use centre::record::Record;
use tracing::warn;
use uuid::Uuid;

use crate::error::StoreError;
use crate::limits::{LIVE_CACHE, LIVE_CHUNK, LIVE_DRAFT, LIVE_EVERY, LIVE_QUEUE};

enum Job {
    Put(Box<Record>),
    Forget(Uuid),
    ForgetAll,
}

/// What is not written yet: the newest draft of a call, or that it has none any more.
type Pending = BTreeMap<Uuid, Option<Box<Record>>>;

/// The door to the drafts.
#[derive(Debug)]
pub(crate) struct Live {
    jobs: SyncSender<Job>,
}

/// What the last life left behind.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) by_call: BTreeMap<Uuid, Record>,
    pub(crate) was_rebuilt: bool,
}

impl Live {
    pub(crate) fn open(dir: &Path) -> Result<(Self, JoinHandle<()>, Drafts), StoreError> {
        let (tree, drafts) = match open_tree(dir) {
            Ok((tree, by_call)) => (
                Some(tree),
                Drafts {
                    by_call,
                    was_rebuilt: false,
                },
            ),
            Err(why) => {
                warn!(%why, "live state was unreadable and is built anew");
                (
                    rebuild(dir),
                    Drafts {
                        by_call: BTreeMap::new(),
                        was_rebuilt: true,
                    },
                )
            }
        };
        let (jobs, queue) = sync_channel(LIVE_QUEUE);
        let at = dir.to_owned();
        let thread = std::thread::Builder::new()
            .name("store-live".into())
            .spawn(move || keep(&at, tree, &queue))
            .map_err(|e| StoreError::Folder {
                path: dir.to_owned(),
                why: e.to_string(),
            })?;
        Ok((Self { jobs }, thread, drafts))
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

fn keep(dir: &Path, mut tree: Option<sled::Db>, queue: &Receiver<Job>) {
    let mut next = Instant::now();
    while let Ok(first) = queue.recv() {
        // Asleep, not waiting at the queue: a job that comes now wakes nobody.
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        next = Instant::now() + LIVE_EVERY;
        let mut pending = Pending::new();
        let mut is_cleared = false;
        for job in std::iter::once(first).chain(queue.try_iter()) {
            is_cleared |= note(&mut pending, job);
        }
        if let Some(open) = &tree
            && let Err(why) = guarded(|| write(open, is_cleared, pending))
        {
            warn!(%why, "live state could not be written and is built anew");
            // Closed before it is deleted.
            drop(tree.take());
            tree = rebuild(dir);
        }
    }
}

/// Takes a job into what is to be written; true when all that was written is to go.
fn note(pending: &mut Pending, job: Job) -> bool {
    match job {
        Job::Put(draft) => {
            pending.insert(draft.id, Some(draft));
        }
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

fn write(tree: &sled::Db, is_cleared: bool, drafts: Pending) -> sled::Result<()> {
    if is_cleared {
        tree.clear()?;
    }
    let mut batch = sled::Batch::default();
    for (call, draft) in drafts {
        match draft.as_deref().map(serde_json::to_vec) {
            Some(Ok(body)) if body.len() <= LIVE_DRAFT => put(&mut batch, call, &body),
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

fn put(batch: &mut sled::Batch, call: Uuid, body: &[u8]) {
    // Chunk 0 tells the length, so that chunks of a longer draft before it do not count.
    for (n, chunk) in body.chunks(LIVE_CHUNK).enumerate() {
        let mut value = Vec::with_capacity(chunk.len() + 4);
        if n == 0 {
            value.extend_from_slice(&(body.len() as u32).to_be_bytes());
        }
        value.extend_from_slice(chunk);
        batch.insert(key(call, n), value);
    }
}

fn key(call: Uuid, chunk: usize) -> Vec<u8> {
    let mut key = call.as_bytes().to_vec();
    key.extend_from_slice(&(chunk as u16).to_be_bytes());
    key
}

fn open_tree(dir: &Path) -> Result<(sled::Db, BTreeMap<Uuid, Record>), String> {
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
        let drafts = bodies.into_iter().filter_map(|(call, body)| {
            let (length, body) = body.split_first_chunk::<4>()?;
            let body = body.get(..u32::from_be_bytes(*length) as usize)?;
            Some((call, serde_json::from_slice(body).ok()?))
        });
        Ok((tree.clone(), drafts.collect()))
    })
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
