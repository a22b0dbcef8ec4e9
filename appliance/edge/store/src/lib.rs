//! What the box remembers: records and their outbox in SQLite, drafts of running calls in sled.
//!
//! SQLite is the truth: WAL, `synchronous=FULL`, one writer thread, group commit, an answer only
//! after COMMIT. sled holds what can be rebuilt and is wiped on any error. A [`Store`] is a handle
//! to clone; `gateway` opens it once, `link` and `web` are given clones.
//! Never here: a network, a decision about calls.

mod error;
mod limits;
mod live;
mod outbox;
mod reader;
mod records;
mod recovery;
mod schema;
mod settings;
mod sites;
mod store;
mod writer;

#[cfg(test)]
mod tests;

pub use error::StoreError;
pub use outbox::{DeadLetter, OutboxState};
pub use records::{Before, Entry, RecordQuery};
pub use recovery::Recovered;
pub use sites::SiteVersion;
pub use store::Store;
