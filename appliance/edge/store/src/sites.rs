//! Versions of the site's text: every applied one is kept, undo goes back along them.

use centre::record::UnixMillis;
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use crate::error::{StoreError, Work, WorkError};
use crate::limits::SITE_TEXT;
use crate::store::{Store, now};

/// One applied text of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteVersion {
    /// Its number, from 1.
    pub version: u64,
    /// The version it replaced; undo goes there.
    pub parent: Option<u64>,
    /// The text.
    pub text: String,
    /// What the person who applied it said.
    pub note: String,
    /// Hex SHA-256 of the text.
    pub sha256: String,
    /// When it was saved, milliseconds since 1970 UTC.
    pub saved: UnixMillis,
    /// Whether it is the one in force.
    pub is_current: bool,
}

const COLUMNS: &str = "SELECT v.version, v.parent, v.text, v.note, v.sha256, v.saved,
    v.version = (SELECT version FROM site_current) FROM site_versions v";

impl Store {
    /// The text in force.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn current_site(&self) -> Result<Option<SiteVersion>, StoreError> {
        self.reader()?.read(current).await
    }

    /// Saves a text and puts it in force; durable when it returns its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn save_site(&self, text: &str, note: &str) -> Result<u64, StoreError> {
        if text.len() > SITE_TEXT {
            let why = format!("the site's text is too long: {} bytes", text.len());
            return Err(StoreError::Value(why));
        }
        let (text, note) = (text.to_owned(), note.to_owned());
        self.writer()?
            .write(false, move |conn| save(conn, &text, &note, now()))
            .await
    }

    /// Puts the version that the current one replaced back in force; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn undo_site(&self) -> Result<Option<SiteVersion>, StoreError> {
        self.writer()?.write(false, undo).await
    }

    /// One version, to compare or to restore.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn site_version(&self, version: u64) -> Result<Option<SiteVersion>, StoreError> {
        self.reader()?.read(move |conn| one(conn, version)).await
    }

    /// The newest versions, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn site_history(&self, limit: u32) -> Result<Vec<SiteVersion>, StoreError> {
        self.reader()?
            .read(move |conn| {
                let sql = format!("{COLUMNS} ORDER BY v.version DESC LIMIT ?1");
                let mut select = conn.prepare_cached(&sql)?;
                let versions = select.query_map([limit], read)?;
                Ok(versions.collect::<Result<_, _>>()?)
            })
            .await
    }
}

fn save(conn: &Connection, text: &str, note: &str, now: UnixMillis) -> Work<u64> {
    let parent = current(conn)?.map(|site| site.version.cast_signed());
    let sha256: String = Sha256::digest(text)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    conn.execute(
        "INSERT INTO site_versions (parent, text, note, sha256, saved) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![parent, text, note, sha256, now],
    )?;
    let version = conn.last_insert_rowid();
    point(conn, version)?;
    Ok(version.unsigned_abs())
}

fn undo(conn: &Connection) -> Work<Option<SiteVersion>> {
    let Some(parent) = current(conn)?.and_then(|site| site.parent) else {
        return Ok(None);
    };
    point(conn, parent.cast_signed())?;
    let back = one(conn, parent)?;
    back.map(Some)
        .ok_or_else(|| WorkError::Value(format!("no such site version: {parent}")))
}

fn point(conn: &Connection, version: i64) -> Work<()> {
    conn.execute(
        "INSERT OR REPLACE INTO site_current (one, version) VALUES (1, ?1)",
        [version],
    )?;
    Ok(())
}

fn current(conn: &Connection) -> Work<Option<SiteVersion>> {
    let sql = format!("{COLUMNS} JOIN site_current c ON c.version = v.version");
    Ok(conn.prepare_cached(&sql)?.query_row([], read).optional()?)
}

fn one(conn: &Connection, version: u64) -> Work<Option<SiteVersion>> {
    let sql = format!("{COLUMNS} WHERE v.version = ?1");
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([version], read)
        .optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SiteVersion> {
    Ok(SiteVersion {
        version: row.get::<_, i64>(0)?.unsigned_abs(),
        parent: row.get::<_, Option<i64>>(1)?.map(i64::unsigned_abs),
        text: row.get(2)?,
        note: row.get(3)?,
        sha256: row.get(4)?,
        saved: row.get(5)?,
        is_current: row.get::<_, Option<bool>>(6)?.unwrap_or(false),
    })
}
