//! The outbox: rows that central has not acknowledged, and those that it rejected.
//!
//! A row leaves in one way only, [`Store::settle`], with an ack of central in hand.

use centre::record::UnixMillis;
use rusqlite::{Connection, params};
use sync::{Epoch, Lane, Rejection, Row, RowKind, Rows};
use uuid::Uuid;

use crate::error::{StoreError, Work};
use crate::limits::FETCH_BYTES;
use crate::settings;
use crate::store::{Store, now};

/// How much waits to leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxState {
    /// Rows that central has not acknowledged.
    pub depth: u64,
    /// When the oldest of them was written, milliseconds since 1970 UTC.
    pub oldest: Option<UnixMillis>,
    /// Rows that central rejected.
    pub dead_letters: u64,
}

impl OutboxState {
    /// Age of the oldest row in milliseconds, 0 when nothing waits.
    pub fn oldest_age_ms(&self, now: UnixMillis) -> i64 {
        self.oldest
            .map_or(0, |oldest| now.saturating_sub(oldest).max(0))
    }
}

/// A row that central rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The epoch that numbered it.
    pub epoch: Epoch,
    /// Its lane.
    pub lane: String,
    /// Its number there.
    pub seq: u64,
    /// The record's id, as text.
    pub id: String,
    /// What central said.
    pub why: String,
    /// When, milliseconds since 1970 UTC.
    pub died: UnixMillis,
    /// The row itself, JSON.
    pub body: String,
}

impl Store {
    /// How much waits to leave.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox(&self) -> Result<OutboxState, StoreError> {
        self.reader()?
            .read(|conn| {
                let state =
                    "SELECT (SELECT count(*) FROM outbox), (SELECT min(created) FROM outbox),
                                    (SELECT count(*) FROM dead_letters)";
                let state = conn.prepare_cached(state)?.query_row([], |row| {
                    Ok(OutboxState {
                        depth: row.get::<_, i64>(0)?.unsigned_abs(),
                        oldest: row.get(1)?,
                        dead_letters: row.get::<_, i64>(2)?.unsigned_abs(),
                    })
                })?;
                Ok(state)
            })
            .await
    }

    /// Rows of `lane` after `after_seq`, at most `limit` and about 1 MiB of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rows(&self, lane: Lane, after_seq: u64, limit: usize) -> Result<Rows, StoreError> {
        self.reader()?
            .read(move |conn| rows(conn, lane, after_seq, limit))
            .await
    }

    /// In one transaction: rejected rows to the dead letters, then every row up to `upto` leaves.
    ///
    /// # Errors
    /// [`StoreError`]: nothing has left then.
    pub async fn settle(
        &self,
        lane: Lane,
        upto: u64,
        rejected: Vec<Rejection>,
    ) -> Result<(), StoreError> {
        self.writer()?
            .write(false, move |conn| {
                settle(conn, lane, upto, &rejected, now())
            })
            .await
    }

    /// The newest dead letters, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, StoreError> {
        self.reader()?
            .read(move |conn| dead_letters(conn, limit))
            .await
    }
}

/// Gives the next number of `lane` to a row; the caller has the transaction.
pub(crate) fn push(
    conn: &Connection,
    lane: Lane,
    kind: RowKind,
    id: Uuid,
    body: &str,
    now: UnixMillis,
) -> Work<u64> {
    let next = "UPDATE lanes SET last_given = last_given + 1 WHERE lane = ?1 RETURNING last_given";
    let seq: i64 = conn
        .prepare_cached(next)?
        .query_row([lane.as_str()], |row| row.get(0))?;
    conn.prepare_cached(
        "INSERT INTO outbox (lane, seq, kind, id, created, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        lane.as_str(),
        seq,
        kind_name(kind),
        id.to_string(),
        now,
        body
    ])?;
    Ok(seq.unsigned_abs())
}

fn rows(conn: &Connection, lane: Lane, after_seq: u64, limit: usize) -> Work<Rows> {
    let last = "SELECT last_given FROM lanes WHERE lane = ?1";
    let last: i64 = conn
        .prepare_cached(last)?
        .query_row([lane.as_str()], |row| row.get(0))?;
    let mut select = conn.prepare_cached(
        "SELECT seq, kind, id, body FROM outbox WHERE lane = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let after = i64::try_from(after_seq).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = select.query(params![lane.as_str(), after, limit.saturating_add(1)])?;
    let mut out = Rows {
        lane,
        rows: Vec::new(),
        more: false,
        last_given: last.unsigned_abs(),
    };
    let mut size = 0usize;
    while let Some(row) = found.next()? {
        let body: String = row.get(3)?;
        size = size.saturating_add(body.len());
        if out.rows.len() as i64 >= limit || (size > FETCH_BYTES && !out.rows.is_empty()) {
            out.more = true;
            break;
        }
        out.rows.push(Row {
            seq: row.get::<_, i64>(0)?.unsigned_abs(),
            kind: kind_of(&row.get::<_, String>(1)?),
            id: Uuid::parse_str(&row.get::<_, String>(2)?).unwrap_or_default(),
            body,
        });
    }
    Ok(out)
}

fn settle(
    conn: &Connection,
    lane: Lane,
    upto: u64,
    rejected: &[Rejection],
    now: UnixMillis,
) -> Work<()> {
    let epoch = settings::epoch(conn)?;
    let upto = i64::try_from(upto).unwrap_or(i64::MAX);
    let mut bury = conn.prepare_cached(
        "INSERT OR REPLACE INTO dead_letters (epoch, lane, seq, kind, id, why, died, body)
         SELECT ?1, lane, seq, kind, id, ?4, ?5, body FROM outbox
         WHERE lane = ?2 AND seq = ?3 AND seq <= ?6",
    )?;
    for rejection in rejected {
        let seq = i64::try_from(rejection.seq).unwrap_or(i64::MAX);
        bury.execute(params![
            epoch.0,
            lane.as_str(),
            seq,
            rejection.why,
            now,
            upto
        ])?;
    }
    conn.prepare_cached("DELETE FROM outbox WHERE lane = ?1 AND seq <= ?2")?
        .execute(params![lane.as_str(), upto])?;
    Ok(())
}

fn dead_letters(conn: &Connection, limit: u32) -> Work<Vec<DeadLetter>> {
    let mut select = conn.prepare_cached(
        "SELECT epoch, lane, seq, id, why, died, body FROM dead_letters
         ORDER BY died DESC, seq DESC LIMIT ?1",
    )?;
    let letters = select.query_map([limit], |row| {
        Ok(DeadLetter {
            epoch: Epoch(row.get(0)?),
            lane: row.get(1)?,
            seq: row.get::<_, i64>(2)?.unsigned_abs(),
            id: row.get(3)?,
            why: row.get(4)?,
            died: row.get(5)?,
            body: row.get(6)?,
        })
    })?;
    Ok(letters.collect::<Result<_, _>>()?)
}

fn kind_name(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Record => "record",
        RowKind::Withheld => "withheld",
        RowKind::Unknown => "unknown",
    }
}

fn kind_of(name: &str) -> RowKind {
    match name {
        "record" => RowKind::Record,
        "withheld" => RowKind::Withheld,
        _ => RowKind::Unknown,
    }
}
