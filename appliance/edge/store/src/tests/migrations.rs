//! The layout of the database goes forth with an update and back with a release that gives way.

use rusqlite::Connection;
use tempfile::tempdir;

use super::sample;
use crate::schema::{MIGRATIONS, Migration, open_knowing};
use crate::{RecordQuery, Store, StoreError};

/// What a release to come might do: a column, a table, and words in it.
const TO_COME: Migration = Migration {
    name: "to_come",
    forth: "ALTER TABLE records ADD COLUMN mood TEXT; CREATE TABLE moods (name TEXT) STRICT;
            INSERT INTO moods VALUES ('calm')",
    back: Some("DROP TABLE moods; ALTER TABLE records DROP COLUMN mood"),
};

fn to_come(migration: Migration) -> Vec<Migration> {
    MIGRATIONS.into_iter().chain([migration]).collect()
}

/// Every column, index and view, as SQLite sees them.
fn layout(conn: &Connection) -> Vec<String> {
    let asked = "SELECT m.name || ' ' || x.name || ' ' || x.type || ' ' || x.\"notnull\" || ' ' || x.hidden
                 FROM sqlite_master m, pragma_table_xinfo(m.name) x WHERE m.type = 'table' AND m.name != 'ways_back'
                 UNION ALL
                 SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master WHERE type IN ('index', 'view')
                 ORDER BY 1";
    let mut asked = conn.prepare(asked).unwrap();
    let rows = asked.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Records and what waits for central, as text.
fn contents(conn: &Connection) -> Vec<String> {
    let asked = "SELECT id || ' ' || started || ' ' || seq || ' ' || body FROM records
                 UNION ALL SELECT lane || ' ' || seq || ' ' || body FROM outbox ORDER BY 1";
    let mut asked = conn.prepare(asked).unwrap();
    let rows = asked.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn every_migration_goes_back_and_forth_and_loses_no_record() {
    let dir = tempdir().unwrap();
    {
        let (store, _) = Store::open(dir.path()).unwrap();
        for n in 0..20 {
            store.commit(sample(n)).await.unwrap();
        }
    }
    let path = dir.path().join("branchline.db");
    let whole = contents(&open_knowing(&path, &MIGRATIONS).unwrap());
    assert_eq!(whole.len(), 40);
    for known in (1..=MIGRATIONS.len()).rev() {
        let older = open_knowing(&path, &MIGRATIONS[..known]).unwrap();
        let fresh = tempdir().unwrap();
        let fresh = open_knowing(&fresh.path().join("fresh.db"), &MIGRATIONS[..known]).unwrap();
        assert_eq!(layout(&older), layout(&fresh), "back to {known}");
        assert_eq!(contents(&older), whole, "back to {known}");
        drop(older);
        let newest = open_knowing(&path, &MIGRATIONS).unwrap();
        let fresh = tempdir().unwrap();
        let fresh = open_knowing(&fresh.path().join("fresh.db"), &MIGRATIONS).unwrap();
        assert_eq!(layout(&newest), layout(&fresh), "forth from {known}");
        assert_eq!(contents(&newest), whole, "forth from {known}");
    }
}

#[tokio::test]
async fn a_release_that_comes_back_opens_what_the_newer_one_wrote() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    store.commit(sample(1)).await.unwrap();
    drop(store);
    let path = dir.path().join("branchline.db");
    drop(open_knowing(&path, &to_come(TO_COME)).unwrap());

    let (store, _) = Store::open(dir.path()).unwrap();
    let found = store.records(RecordQuery::default()).await.unwrap();
    assert_eq!(found.len(), 1);
    store.commit(sample(2)).await.unwrap();
    drop(store);

    let newer = open_knowing(&path, &to_come(TO_COME)).unwrap();
    let moods: i64 = newer
        .query_row("SELECT count(*) FROM moods", [], |row| row.get(0))
        .unwrap();
    assert_eq!((contents(&newer).len(), moods), (4, 1));
}

#[test]
fn a_newer_database_that_says_no_way_back_is_refused_and_left_as_it_is() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("branchline.db");
    let no_way = Migration {
        back: None,
        ..TO_COME
    };
    let before = layout(&open_knowing(&path, &to_come(no_way)).unwrap());
    let refused = Store::open(dir.path()).unwrap_err();
    assert_eq!(refused, StoreError::Newer { found: 4, known: 3 });
    assert_eq!(layout(&Connection::open(&path).unwrap()), before);
}

#[test]
fn a_way_back_that_breaks_off_changes_nothing() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("branchline.db");
    let broken = Migration {
        back: Some("DROP TABLE moods; DROP TABLE no_such_table"),
        ..TO_COME
    };
    let before = layout(&open_knowing(&path, &to_come(broken)).unwrap());
    let why = Store::open(dir.path()).unwrap_err();
    assert!(matches!(why, StoreError::Database { .. }), "{why:?}");
    assert_eq!(layout(&Connection::open(&path).unwrap()), before);
}
