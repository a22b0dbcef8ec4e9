//! Records: written once with their outbox row, read by day, words or number.

use centre::record::{Record, UnixMillis};
use rusqlite::{Connection, OptionalExtension, named_params, params};
use sync::{Lane, RowKind};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::{StoreError, Work};
use crate::limits::PAGE;
use crate::outbox;
use crate::store::{Store, now};

/// Which records to read, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordQuery {
    /// Started at or after, milliseconds since 1970 UTC.
    pub from: Option<UnixMillis>,
    /// Started before.
    pub to: Option<UnixMillis>,
    /// Occurs in a number, a digit string, a flow, a target or the transcript.
    pub text: Option<String>,
    /// At most so many; 0 and anything above 500 mean 500.
    pub limit: u32,
    /// Go on after the last record of the page before.
    pub before: Option<Before>,
}

/// A place in the list of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// `times.started` of the last record seen.
    pub started: UnixMillis,
    /// Its id.
    pub id: Uuid,
}

/// One thing to make durable about a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// It exists: from here on it will have a record.
    Opened(Box<Record>),
    /// It is over, and this is its record.
    Ended(Box<Record>),
}

impl Entry {
    /// The record or draft.
    pub fn record(&self) -> &Record {
        match self {
            Self::Opened(record) | Self::Ended(record) => record,
        }
    }
}

impl Store {
    /// Makes many entries durable, as few transactions as they fit in. Hands back those that could
    /// not be committed, in order, with the first reason why; nothing of these is stored.
    pub async fn keep(&self, entries: Vec<Entry>) -> Result<(), (Vec<Entry>, StoreError)> {
        let mut asked = Vec::with_capacity(entries.len());
        for entry in &entries {
            asked.push(self.submit(entry).await);
        }
        let (mut left, mut first) = (Vec::new(), None);
        for (entry, answer) in entries.into_iter().zip(asked) {
            let done = match answer {
                Ok(answered) => answered.await.unwrap_or(Err(StoreError::Closed)),
                Err(why) => Err(why),
            };
            match done {
                Ok(()) => self.forget_draft(&entry),
                Err(why) => {
                    left.push(entry);
                    first.get_or_insert(why);
                }
            }
        }
        first.map_or(Ok(()), |why| Err((left, why)))
    }

    async fn submit(
        &self,
        entry: &Entry,
    ) -> Result<oneshot::Receiver<Result<(), StoreError>>, StoreError> {
        let writer = self.writer()?;
        match entry {
            Entry::Opened(draft) => writer.submit(false, opening(draft)?).await,
            Entry::Ended(record) => {
                let record = record.clone();
                let work = move |conn: &Connection| insert(conn, &record, now()).map(drop);
                writer.submit(true, work).await
            }
        }
    }

    fn forget_draft(&self, entry: &Entry) {
        if let (Entry::Ended(record), Ok(live)) = (entry, self.live()) {
            live.forget(record.id);
        }
    }

    /// Commits a record with its outbox row and closes its open call, in one transaction. Returns
    /// the record's number after COMMIT. The same id again changes nothing and returns the same.
    ///
    /// # Errors
    /// [`StoreError`]: nothing of it is stored then.
    pub async fn commit(&self, record: Record) -> Result<u64, StoreError> {
        let id = record.id;
        let seq = self
            .writer()?
            .write(true, move |conn| insert(conn, &record, now()))
            .await?;
        self.live()?.forget(id);
        Ok(seq)
    }

    /// Makes it durable that this call exists: whatever happens, it will have a record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_call(&self, draft: &Record) -> Result<(), StoreError> {
        self.writer()?.write(false, opening(draft)?).await
    }

    /// Keeps the newest draft of a running call, for the record that a crash would leave. Cheap,
    /// not awaited, may be dropped. `times.ended` of the draft is the moment it was drawn up.
    pub fn checkpoint(&self, draft: &Record) {
        if let Ok(live) = self.live() {
            live.put(draft);
        }
    }

    /// Reads records, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn records(&self, query: RecordQuery) -> Result<Vec<Record>, StoreError> {
        self.reader()?.read(move |conn| select(conn, &query)).await
    }

    /// Reads one record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, id: Uuid) -> Result<Option<Record>, StoreError> {
        self.reader()?
            .read(move |conn| {
                let mut query = conn.prepare_cached("SELECT body FROM records WHERE id = ?1")?;
                let body: Option<String> = query
                    .query_row([id.to_string()], |row| row.get(0))
                    .optional()?;
                Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
            })
            .await
    }
}

/// The work of noting that a call exists, unless its record does.
fn opening(
    draft: &Record,
) -> Result<impl FnOnce(&Connection) -> Work<()> + Send + use<>, StoreError> {
    let (id, opened) = (draft.id.to_string(), draft.times.started);
    let body = serde_json::to_string(draft).map_err(|e| StoreError::Value(e.to_string()))?;
    let open = "INSERT OR REPLACE INTO open_calls (id, opened, body)
                SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM records WHERE id = ?1)";
    Ok(move |conn: &Connection| {
        conn.prepare_cached(open)?
            .execute(params![id, opened, body])?;
        Ok(())
    })
}

/// Writes a record, its outbox row, and removes its open call; the caller has the transaction.
pub(crate) fn insert(conn: &Connection, record: &Record, now: UnixMillis) -> Work<u64> {
    let id = record.id.to_string();
    conn.prepare_cached("DELETE FROM open_calls WHERE id = ?1")?
        .execute([&id])?;
    let known: Option<i64> = conn
        .prepare_cached("SELECT seq FROM records WHERE id = ?1")?
        .query_row([&id], |row| row.get(0))
        .optional()?;
    if let Some(seq) = known {
        return Ok(seq.unsigned_abs());
    }
    let body = serde_json::to_string(record)?;
    let seq = outbox::push(conn, Lane::Live, RowKind::Record, record.id, &body, now)?;
    let words: Vec<&str> = record.transcript.iter().map(|u| u.words.as_str()).collect();
    let cause = serde_json::to_value(record.cause)?;
    conn.prepare_cached(
        "INSERT INTO records (id, started, duration_ms, channel, caller, called, trunk, flow,
                              target, digits, words, emotion, cause, seq, body)
         VALUES (:id, :started, :duration, :channel, :caller, :called, :trunk, :flow,
                 :target, :digits, :words, :emotion, :cause, :seq, :body)",
    )?
    .execute(named_params! {
        ":id": id,
        ":started": record.times.started,
        ":duration": record.times.talk_ms(),
        ":channel": record.channel,
        ":caller": record.parties.from,
        ":called": record.parties.to,
        ":trunk": record.parties.trunk,
        ":flow": record.path.flow,
        ":target": record.path.target,
        ":digits": record.path.digits,
        ":words": words.join("\n"),
        ":emotion": record.emotion.as_ref().map(|e| &e.label),
        ":cause": cause.as_str().unwrap_or_default(),
        ":seq": seq.cast_signed(),
        ":body": body,
    })?;
    Ok(seq)
}

fn select(conn: &Connection, query: &RecordQuery) -> Work<Vec<Record>> {
    let limit = if query.limit == 0 {
        PAGE
    } else {
        query.limit.min(PAGE)
    };
    let text = query
        .text
        .as_deref()
        .filter(|text| !text.is_empty())
        .map(like);
    let (started, id) = match query.before {
        Some(before) => (before.started, before.id.to_string()),
        None => (i64::MAX, String::new()),
    };
    let mut select = conn.prepare_cached(
        "SELECT body FROM records
         WHERE started >= :from AND started < :to AND (started, id) < (:started, :id)
           AND (:text IS NULL OR caller LIKE :text ESCAPE '\\' OR called LIKE :text ESCAPE '\\'
                OR words LIKE :text ESCAPE '\\' OR digits LIKE :text ESCAPE '\\'
                OR flow LIKE :text ESCAPE '\\' OR target LIKE :text ESCAPE '\\')
         ORDER BY started DESC, id DESC LIMIT :limit",
    )?;
    let rows = select.query_map(
        named_params! {
            ":from": query.from.unwrap_or(i64::MIN),
            ":to": query.to.unwrap_or(i64::MAX),
            ":started": started,
            ":id": id,
            ":text": text,
            ":limit": limit,
        },
        |row| row.get::<_, String>(0),
    )?;
    let mut records = Vec::new();
    for body in rows {
        records.push(serde_json::from_str(&body?)?);
    }
    Ok(records)
}

/// The pattern that finds `text` anywhere, its own wildcards taken literally.
fn like(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
