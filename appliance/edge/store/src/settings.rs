//! Small things the box must remember of itself: who it is, which epoch, and what `web` keeps.

use centre::record::UnixMillis;
use rusqlite::{Connection, OptionalExtension, params};
use sync::Epoch;
use uuid::{Builder, Uuid};

use crate::error::{StoreError, Work, WorkError};
use crate::store::{Store, now};

const BOX_ID: &str = "store.box_id";
const EPOCH: &str = "store.epoch";

impl Store {
    /// Reads a setting.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.reader()?.read(move |conn| get(conn, &key)).await
    }

    /// Writes a setting, or removes it with `None`; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_setting(&self, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.map(str::to_owned));
        self.writer()?
            .write(false, move |conn| match value {
                Some(value) => set(conn, &key, &value),
                None => {
                    conn.execute("DELETE FROM settings WHERE key = ?1", [key])?;
                    Ok(())
                }
            })
            .await
    }

    /// The box's identity, made at its first start.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn box_id(&self) -> Result<Uuid, StoreError> {
        self.reader()?
            .read(|conn| {
                let id = get(conn, BOX_ID)?.unwrap_or_default();
                Uuid::parse_str(&id).map_err(|e| WorkError::Value(format!("box id `{id}`: {e}")))
            })
            .await
    }

    /// Which life of the store numbers its rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn epoch(&self) -> Result<Epoch, StoreError> {
        self.reader()?.read(epoch).await
    }

    /// Begins a new epoch, durably: after a restore from a backup, before anything is sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_epoch(&self) -> Result<Epoch, StoreError> {
        self.writer()?
            .write(false, |conn| {
                let next = epoch_at(now()).0.max(epoch(conn)?.0.saturating_add(1));
                set(conn, EPOCH, &next.to_string())?;
                Ok(Epoch(next))
            })
            .await
    }
}

/// At every open: gives a new store its identity and its first epoch.
pub(crate) fn found(conn: &Connection, now: UnixMillis) -> Work<()> {
    let tx = conn.unchecked_transaction()?;
    if get(&tx, BOX_ID)?.is_none() {
        // SQLite seeds its generator from the system's; no other source of chance is needed here.
        let random: [u8; 16] = tx.query_row("SELECT randomblob(16)", [], |row| row.get(0))?;
        set(
            &tx,
            BOX_ID,
            &Builder::from_random_bytes(random).into_uuid().to_string(),
        )?;
    }
    if get(&tx, EPOCH)?.is_none() {
        set(&tx, EPOCH, &epoch_at(now).0.to_string())?;
    }
    Ok(tx.commit()?)
}

/// The epoch in force.
pub(crate) fn epoch(conn: &Connection) -> Work<Epoch> {
    let value = get(conn, EPOCH)?.unwrap_or_default();
    let epoch = value
        .parse()
        .map_err(|e| WorkError::Value(format!("epoch `{value}`: {e}")))?;
    Ok(Epoch(epoch))
}

fn epoch_at(now: UnixMillis) -> Epoch {
    Epoch(u32::try_from(now / 1000).unwrap_or(1).max(1))
}

fn get(conn: &Connection, key: &str) -> Work<Option<String>> {
    let mut query = conn.prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
    Ok(query.query_row([key], |row| row.get(0)).optional()?)
}

fn set(conn: &Connection, key: &str, value: &str) -> Work<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)")?
        .execute(params![key, value])?;
    Ok(())
}
