//! Every bound of the store, in one place.

use std::time::Duration;

/// How long an opening waits for another holder of the folder to let go.
pub(crate) const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// How often it looks meanwhile.
pub(crate) const LOCK_POLL: Duration = Duration::from_millis(20);

/// Jobs that wait for the writer; when it is full, the caller waits.
pub(crate) const WRITE_QUEUE: usize = 1024;
/// Jobs in one transaction at most.
pub(crate) const GROUP: usize = 64;
/// Queries that wait for the reader; when it is full, the caller waits.
pub(crate) const READ_QUEUE: usize = 256;
/// Drafts that wait for sled; when it is full, the draft is dropped, a newer one will come.
pub(crate) const LIVE_QUEUE: usize = 1024;
/// sled keeps values over 32 KiB in files of their own, never synced: stay below.
pub(crate) const LIVE_CHUNK: usize = 16 * 1024;
/// How often drafts are written at most: what a crash costs of a draft's newest colour.
pub(crate) const LIVE_EVERY: Duration = Duration::from_millis(250);
/// Longest draft kept in sled, bytes; a longer one is left out, the last shorter one stays.
pub(crate) const LIVE_DRAFT: usize = 1024 * 1024;
/// Longest value of what outlives calls, bytes: thousands of phones and bans are one.
pub(crate) const LIVE_STANDING: usize = 16 * 1024 * 1024;
/// sled's cache, bytes.
pub(crate) const LIVE_CACHE: u64 = 8 * 1024 * 1024;
/// Records one query returns at most.
pub(crate) const PAGE: u32 = 500;
/// Bodies of one fetch for the uplink, bytes; one row always passes.
pub(crate) const FETCH_BYTES: usize = 1024 * 1024;
/// How long a connection waits for a lock held by another process (a backup), milliseconds.
pub(crate) const BUSY_MS: u64 = 5000;
/// Longest text of a site, bytes.
pub(crate) const SITE_TEXT: usize = 4 * 1024 * 1024;
