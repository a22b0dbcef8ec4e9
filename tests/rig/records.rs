//! Reads a running box's records from its SQLite file, as any SQL tool would.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

/// One row of the view `call_records`, the columns tests ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Record id.
    pub id: String,
    /// Seconds from answer to end.
    pub duration: f64,
    /// Last queue, flow or transfer target reached by name.
    pub target: Option<String>,
    /// Keys pressed.
    pub digits: String,
    /// All phrases.
    pub transcript: String,
    /// Strongest emotion.
    pub emotion: Option<String>,
    /// Why it ended.
    pub cause: String,
    /// The whole record as JSON.
    pub body: serde_json::Value,
}

/// The box's database file.
pub fn database(data: &Path) -> PathBuf {
    data.join("branchline.db")
}

/// All records, oldest first.
pub fn records(data: &Path) -> anyhow::Result<Vec<Row>> {
    let db = Connection::open_with_flags(database(data), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut ask = db.prepare(
        "select v.id, v.duration, v.target, v.digits, v.transcript, v.emotion, v.cause, r.body
         from call_records v join records r on r.id = v.id order by v.call_time",
    )?;
    let rows = ask.query_map([], |row| {
        Ok(Row {
            id: row.get(0)?,
            duration: row.get(1)?,
            target: row.get(2)?,
            digits: row.get(3)?,
            transcript: row.get(4)?,
            emotion: row.get(5)?,
            cause: row.get(6)?,
            body: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
