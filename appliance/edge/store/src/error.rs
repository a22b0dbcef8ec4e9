//! What can go wrong in the store, in words for the person who must act.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// An error of the store; cloned to everyone whose write was in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The folder cannot be made or locked.
    #[error("cannot use the data folder `{path}`: {why}")]
    Folder { path: PathBuf, why: String },
    /// Another process has it.
    #[error(
        "the data folder is in use by another process: `{path}`\n  hint: stop the other one, or give this one its own folder"
    )]
    InUse { path: PathBuf },
    /// The database is damaged.
    #[error(
        "the database is damaged: `{path}`: {why}\n  hint: move the file aside and start again; what central has acknowledged is safe there"
    )]
    Corrupt { path: PathBuf, why: String },
    /// No space, or no space granted.
    #[error("the disk is full: `{path}`\n  hint: free space on it; nothing acknowledged is lost")]
    Full { path: PathBuf },
    /// The file may not be written.
    #[error(
        "the database cannot be written: `{path}`: {why}\n  hint: check the owner and the mount of the folder"
    )]
    ReadOnly { path: PathBuf, why: String },
    /// Written by a newer version.
    #[error(
        "the database is of a newer version: {found}, this program knows {known}\n  hint: install the newer program again"
    )]
    Newer { found: i64, known: i64 },
    /// Anything else SQLite says.
    #[error("database `{path}`: {why}")]
    Database { path: PathBuf, why: String },
    /// A value that cannot be stored or read back.
    #[error("{0}")]
    Value(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Sorts an error of SQLite on the database at `path`.
    pub(crate) fn of_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DatabaseCorrupt, DiskFull, NotADatabase, ReadOnly};
        let (path, why) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Corrupt { path, why },
            Some(DiskFull) => Self::Full { path },
            Some(ReadOnly | CannotOpen) => Self::ReadOnly { path, why },
            _ => Self::Database { path, why },
        }
    }
}

/// What work on a connection may fail with; the path is added at the edge.
#[derive(Debug, Error)]
pub(crate) enum WorkError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("{0}")]
    Value(String),
}

impl WorkError {
    pub(crate) fn at(&self, path: &Path) -> StoreError {
        match self {
            Self::Sqlite(error) => StoreError::of_sqlite(path, error),
            Self::Json(error) => StoreError::Value(format!("not the JSON of a record: {error}")),
            Self::Value(why) => StoreError::Value(why.clone()),
        }
    }
}

/// Result of work on a connection.
pub(crate) type Work<T> = Result<T, WorkError>;
