//! Calls that a crash cut off: each still yields one record, written at the next start.

use centre::record::{Cause, Handled, Parties, Path, Quality, Record, Spans, Times, UnixMillis};
use rusqlite::Connection;
use uuid::Uuid;

use crate::error::Work;
use crate::live::Drafts;
use crate::records;

/// What [`crate::Store::open`] found and mended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovered {
    /// Records written for calls that a crash cut off, as they now stand.
    pub records: Vec<Record>,
    /// What outlives calls, as [`crate::Store::keep_standing`] was given it last.
    pub standing: Option<Vec<u8>>,
    /// The live state was unreadable and was built anew.
    pub sled_rebuilt: bool,
}

/// Turns every leftover open call into its one record, all in one transaction.
pub(crate) fn write_cut_calls(
    conn: &Connection,
    drafts: &Drafts,
    now: UnixMillis,
) -> Work<Vec<Record>> {
    let tx = conn.unchecked_transaction()?;
    let mut cut = Vec::new();
    for (id, opened, body) in leftover(&tx)? {
        let first = serde_json::from_str(&body).ok();
        let draft = drafts.by_call.get(&id).cloned().or(first);
        let record = ended(draft.unwrap_or_else(|| bare(id, opened)));
        records::insert(&tx, &record, now)?;
        cut.push(record);
    }
    tx.commit()?;
    Ok(cut)
}

fn leftover(conn: &Connection) -> Work<Vec<(Uuid, UnixMillis, String)>> {
    let mut query = conn.prepare("SELECT id, opened, body FROM open_calls ORDER BY opened, id")?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut calls = Vec::new();
    for row in rows {
        let (id, opened, body) = row?;
        // The id was written by us; if the disk thought otherwise, the call is still one call.
        calls.push((Uuid::parse_str(&id).unwrap_or_default(), opened, body));
    }
    Ok(calls)
}

/// The draft, ended at the last moment that is known of it.
fn ended(mut draft: Record) -> Record {
    let start = draft.times.answered.unwrap_or(draft.times.started);
    let spoken = draft
        .transcript
        .iter()
        .map(|u| u.at_ms.saturating_add(u.length_ms))
        .max();
    let spoken = i64::try_from(spoken.unwrap_or(0)).unwrap_or(0);
    draft.times.ended = draft.times.ended.max(start.saturating_add(spoken));
    draft.cause = Cause::BoxRestarted;
    draft
}

/// All that is known of a call whose draft cannot be read.
fn bare(id: Uuid, opened: UnixMillis) -> Record {
    Record {
        id,
        channel: "voice".to_owned(),
        times: Times {
            started: opened,
            answered: None,
            ended: opened,
        },
        parties: Parties::default(),
        path: Path::default(),
        transcript: Vec::new(),
        emotion: None,
        recording: None,
        handled: Handled::default(),
        spans: Spans::default(),
        quality: Quality::default(),
        cause: Cause::BoxRestarted,
    }
}
