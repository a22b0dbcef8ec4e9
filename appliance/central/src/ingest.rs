//! One transaction: rows by COPY and merge, cursors with them, and after COMMIT the acks.
//!
//! Identity is the record's id: a row that came before changes nothing. If the data itself makes
//! the transaction fail, it is done again row by row, and the rows at fault are rejected alone.

use std::collections::BTreeMap;
use std::pin::pin;

use sync::limits::MAX_REJECTIONS;
use sync::{Ack, Address, Cursor, Ingest, Rejection};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Transaction};
use tracing::{debug, error, warn};
use uuid::Uuid;

use crate::columns::Columns;
use crate::database::{Database, is_data_error};
use crate::group::{Group, Refused, Source};
use crate::limits::MALFORMED_KEPT;
use crate::partitions;

const LOCK_CURSOR: &str =
    "INSERT INTO cursors (tenant, site, box, epoch, lane) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant, site, box, epoch, lane) DO UPDATE SET updated = now() RETURNING cursor";
const STORE_CURSOR: &str = "UPDATE cursors SET cursor = $6
    WHERE tenant = $1 AND site = $2 AND box = $3 AND epoch = $4 AND lane = $5";
const MERGE: &str =
    "INSERT INTO records (tenant, site, box, epoch, lane, seq, id, call_time, duration,
        channel, trunk, flow, target, digits, caller, called, words, emotion, cause, body)
    SELECT tenant, site, box, epoch, lane, seq, id::uuid,
        timestamptz '1970-01-01 00:00:00+00' + started * interval '1 millisecond', duration,
        channel, trunk, flow, target, digits, caller, called, words, emotion, cause, body::jsonb
    FROM incoming ON CONFLICT DO NOTHING";
const REJECT: &str = "INSERT INTO rejected (tenant, site, box, epoch, lane, seq, id, why, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7::text::uuid, $8, $9) ON CONFLICT DO NOTHING";
const REJECTED: &str = "SELECT seq, id::text, why FROM rejected
    WHERE tenant = $1 AND site = $2 AND box = $3 AND epoch = $4 AND lane = $5
      AND seq BETWEEN $6 AND $7 ORDER BY seq LIMIT $8";
const MALFORMED: &str = "INSERT INTO malformed (topic, why, bytes, head) VALUES ($1, $2, $3, $4)";
const FORGET_MALFORMED: &str =
    "DELETE FROM malformed WHERE n <= (SELECT max(n) FROM malformed) - $1";

/// Types of the columns of `incoming`, in order.
const INCOMING: [Type; 20] = [
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::INT8,
    Type::TEXT,
    Type::INT8,
    Type::TEXT,
    Type::INT8,
    Type::FLOAT8,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
];

/// Commits a group and returns the acks to send.
///
/// # Errors
/// What the database said: nothing is committed that the same group again would not mend.
pub(crate) async fn commit(
    db: &mut Database,
    group: &Group,
    max_rate: Option<u32>,
) -> Result<Vec<(Address, Ack)>, Error> {
    partitions::ensure(&mut db.client, &mut db.months, &group.months()).await?;
    match attempt(db, group, max_rate, false).await {
        Err(error) if is_data_error(&error) => {
            warn!(%error, "a row is at fault; its group goes in row by row");
            attempt(db, group, max_rate, true).await
        }
        done => done,
    }
}

async fn attempt(
    db: &mut Database,
    group: &Group,
    max_rate: Option<u32>,
    row_by_row: bool,
) -> Result<Vec<(Address, Ack)>, Error> {
    let mut tx = db.client.transaction().await?;
    let mut machines = lock_cursors(&tx, group).await?;
    let mut refused: Vec<Refused> = Vec::new();
    if row_by_row {
        for one in &group.rows {
            let point = tx.transaction().await?;
            match merge(&point, std::slice::from_ref(one)).await {
                Ok(()) => {
                    // The next row's merge starts empty.
                    point.batch_execute("DELETE FROM incoming").await?;
                    point.commit().await?;
                }
                Err(error) if is_data_error(&error) => {
                    point.rollback().await?;
                    refused.push(Refused::new(one.0.clone(), one.1.clone(), &plain(&error)));
                }
                Err(error) => return Err(error),
            }
        }
    } else {
        merge(&tx, &group.rows).await?;
    }
    reject(&tx, group.refused.iter().chain(&refused)).await?;
    keep_malformed(&tx, group).await?;
    let acks = close_cursors(&tx, &mut machines, max_rate).await?;
    tx.commit().await?;
    debug!(rows = group.rows.len(), boxes = acks.len(), "committed");
    Ok(acks)
}

/// Locks the cursors in the order of their keys, so that two of us cannot wait for each other.
async fn lock_cursors<'a>(
    tx: &Transaction<'_>,
    group: &'a Group,
) -> Result<BTreeMap<&'a Source, Ingest>, Error> {
    let lock = tx.prepare(LOCK_CURSOR).await?;
    let mut machines = BTreeMap::new();
    for (source, headers) in &group.batches {
        let key = Key::of(source);
        let row = tx.query_one(&lock, &key.params()).await?;
        let stored: Option<String> = row.get(0);
        let stored = stored.and_then(|text| serde_json::from_str::<Cursor>(&text).ok());
        let mut machine = Ingest::new(source.epoch, source.lane, stored);
        for header in headers {
            machine.handle_batch(header);
        }
        if machine.lost() > 0 {
            error!(
                box_id = %source.address.box_id(), rows = machine.lost(),
                "the box has acks for rows that are not here: this database was restored"
            );
        }
        machines.insert(source, machine);
    }
    Ok(machines)
}

async fn merge(tx: &Transaction<'_>, rows: &[(Source, sync::Row, Columns)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let sink = tx
        .copy_in("COPY incoming FROM STDIN (FORMAT binary)")
        .await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &INCOMING));
    for (source, row, columns) in rows {
        let key = Key::of(source);
        let (seq, id) = (row.seq.cast_signed(), columns.id.to_string());
        let mut values: Vec<&(dyn ToSql + Sync)> = key.params().to_vec();
        values.extend::<[&(dyn ToSql + Sync); 15]>([
            &seq,
            &id,
            &columns.started,
            &columns.duration,
            &columns.channel,
            &columns.trunk,
            &columns.flow,
            &columns.target,
            &columns.digits,
            &columns.caller,
            &columns.called,
            &columns.words,
            &columns.emotion,
            &columns.cause,
            &columns.body,
        ]);
        writer.as_mut().write(&values).await?;
    }
    writer.as_mut().finish().await?;
    tx.execute(MERGE, &[]).await?;
    Ok(())
}

async fn reject(
    tx: &Transaction<'_>,
    refused: impl Iterator<Item = &Refused>,
) -> Result<(), Error> {
    for Refused { source, row, why } in refused {
        warn!(box_id = %source.address.box_id(), seq = row.seq, id = %row.id, why, "a row is rejected");
        let key = Key::of(source);
        let (seq, id) = (row.seq.cast_signed(), row.id.to_string());
        let mut values = key.params().to_vec();
        values.extend::<[&(dyn ToSql + Sync); 4]>([&seq, &id, why, &row.body]);
        tx.execute(REJECT, &values).await?;
    }
    Ok(())
}

async fn keep_malformed(tx: &Transaction<'_>, group: &Group) -> Result<(), Error> {
    if group.malformed.is_empty() {
        return Ok(());
    }
    for message in &group.malformed {
        let values: [&(dyn ToSql + Sync); 4] =
            [&message.topic, &message.why, &message.bytes, &message.head];
        tx.execute(MALFORMED, &values).await?;
    }
    tx.execute(FORGET_MALFORMED, &[&MALFORMED_KEPT]).await?;
    Ok(())
}

/// Stores the cursors and makes the acks, with every rejection that they must name.
async fn close_cursors(
    tx: &Transaction<'_>,
    machines: &mut BTreeMap<&Source, Ingest>,
    max_rate: Option<u32>,
) -> Result<Vec<(Address, Ack)>, Error> {
    let (store, rejected) = (tx.prepare(STORE_CURSOR).await?, tx.prepare(REJECTED).await?);
    let mut acks = Vec::new();
    for (source, machine) in machines {
        let key = Key::of(source);
        let cursor = machine.cursor();
        let text = serde_json::to_string(&cursor).unwrap_or_default();
        let mut values = key.params().to_vec();
        values.push(&text);
        tx.execute(&store, &values).await?;
        let (base, hi) = (machine.base().cast_signed(), cursor.hi.cast_signed());
        let most = MAX_REJECTIONS as i64 + 1;
        let mut values = key.params().to_vec();
        values.extend::<[&(dyn ToSql + Sync); 3]>([&base, &hi, &most]);
        let rows = tx.query(&rejected, &values).await?;
        let named = rows.iter().map(|row| Rejection {
            seq: row.get::<_, i64>(0).cast_unsigned(),
            id: Uuid::parse_str(row.get(1)).unwrap_or_default(),
            why: row.get(2),
        });
        acks.push((
            source.address.clone(),
            machine.ack(named.collect(), max_rate),
        ));
    }
    Ok(acks)
}

/// The five columns that say whose a row is.
struct Key<'a> {
    tenant: &'a str,
    site: &'a str,
    box_id: &'a str,
    epoch: i64,
    lane: &'static str,
}

impl<'a> Key<'a> {
    fn of(source: &'a Source) -> Self {
        Self {
            tenant: source.address.tenant(),
            site: source.address.site(),
            box_id: source.address.box_id().as_str(),
            epoch: i64::from(source.epoch.0),
            lane: source.lane.as_str(),
        }
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 5] {
        [
            &self.tenant,
            &self.site,
            &self.box_id,
            &self.epoch,
            &self.lane,
        ]
    }
}

fn plain(error: &Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |db| db.message().to_owned())
}
