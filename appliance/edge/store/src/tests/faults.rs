use std::fs;

use tempfile::tempdir;

use super::{draft, sample};
use crate::error::WorkError;
use crate::{RecordQuery, Store, StoreError};

#[tokio::test]
async fn a_damaged_database_is_named_and_not_touched() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("branchline.db");
    let noise: Vec<u8> = (0..40_000u32).map(|n| (n * 7 + n / 13) as u8).collect();
    fs::write(&path, &noise).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    assert!(
        matches!(&error, StoreError::Corrupt { path: named, .. } if *named == path),
        "{error}"
    );
    assert!(error.to_string().contains("hint: "));
    assert_eq!(fs::read(&path).unwrap(), noise);
}

#[tokio::test]
async fn a_page_damaged_inside_is_an_error_of_the_query_that_meets_it() {
    let dir = tempdir().unwrap();
    {
        let (store, _) = Store::open(dir.path()).unwrap();
        for n in 0..400 {
            store.commit(sample(n)).await.unwrap();
        }
    }
    let path = dir.path().join("branchline.db");
    let mut bytes = fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4096).skip(20) {
        page.fill(0x5a);
    }
    fs::write(&path, bytes).unwrap();
    let met = match Store::open(dir.path()) {
        Ok((store, _)) => store.records(RecordQuery::default()).await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(matches!(met, Err(StoreError::Corrupt { .. })), "{met:?}");
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let dir = tempdir().unwrap();
    {
        let (store, _) = Store::open(dir.path()).unwrap();
        let writer = store.writer().unwrap();
        writer
            .write(false, |conn| {
                Ok(conn.pragma_update(None, "user_version", 99)?)
            })
            .await
            .unwrap();
    }
    let error = Store::open(dir.path()).unwrap_err();
    assert_eq!(
        error,
        StoreError::Newer {
            found: 99,
            known: 3
        }
    );
}

#[test]
fn a_folder_in_use_or_not_a_folder_is_refused() {
    let dir = tempdir().unwrap();
    let (_store, _) = Store::open(dir.path()).unwrap();
    assert!(matches!(
        Store::open(dir.path()),
        Err(StoreError::InUse { .. })
    ));
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Store::open(&file), Err(StoreError::Folder { .. })));
}

#[tokio::test]
async fn a_full_disk_refuses_the_write_and_keeps_what_was_acknowledged() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    store.commit(sample(0)).await.unwrap();
    let pages = |most: i64| {
        let store = store.clone();
        async move {
            let limit = move |conn: &rusqlite::Connection| {
                Ok(conn.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?)
            };
            store.writer().unwrap().write(false, limit).await.unwrap();
        }
    };
    pages(1).await;
    let mut saved = 1;
    let error = loop {
        match store.commit(sample(saved)).await {
            Ok(_) => saved += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert!(error.to_string().contains("hint: free space"));
    assert_eq!(
        store.records(RecordQuery::default()).await.unwrap().len(),
        saved as usize
    );
    pages(100_000).await;
    assert_eq!(store.commit(sample(saved)).await.unwrap(), saved + 1);
}

#[tokio::test]
async fn work_that_fails_does_not_take_its_neighbours_along() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    let writer = store.writer().unwrap();
    let bad = writer.write(false, |conn| {
        conn.execute("UPDATE lanes SET last_given = 77", [])?;
        Err::<(), _>(WorkError::Value("thought better of it".into()))
    });
    let (one, bad, two) = tokio::join!(store.commit(sample(1)), bad, store.commit(sample(2)));
    assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
    assert_eq!(bad, Err(StoreError::Value("thought better of it".into())));
}

#[tokio::test]
async fn a_transaction_that_sqlite_gave_up_is_acknowledged_to_nobody() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    // What SQLite does by itself on an I/O error or a full disk.
    let lost = store
        .writer()
        .unwrap()
        .write(false, |conn| Ok(conn.execute_batch("ROLLBACK")?))
        .await;
    assert!(lost.is_err());
    assert_eq!(store.commit(sample(1)).await.unwrap(), 1);
}

#[tokio::test]
async fn damaged_live_state_is_built_anew_and_costs_no_record() {
    for damage in ["db", "conf", "all", "file"] {
        let dir = tempdir().unwrap();
        let live = dir.path().join("live");
        {
            let (store, _) = Store::open(dir.path()).unwrap();
            store.open_call(&draft(1)).await.unwrap();
            store.checkpoint(&draft(1));
        }
        match damage {
            "file" => {
                fs::remove_dir_all(&live).unwrap();
                fs::write(&live, "not a folder").unwrap();
            }
            name => {
                for entry in fs::read_dir(&live).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_file() && (name == "all" || path.ends_with(name)) {
                        fs::write(path, [0xa5; 5000]).unwrap();
                    }
                }
            }
        }
        let (store, recovered) = Store::open(dir.path()).unwrap();
        assert_eq!(recovered.records.len(), 1, "{damage}");
        // sled takes a log it cannot read for a torn one, and starts empty without a word.
        assert!(recovered.sled_rebuilt || damage == "db", "{damage}");
        store.open_call(&draft(2)).await.unwrap();
        let mut later = draft(2);
        later.path.digits = "5".into();
        store.checkpoint(&later);
        drop(store);
        let (_, recovered) = Store::open(dir.path()).unwrap();
        assert_eq!(recovered.records[0].path.digits, "5", "{damage}");
        assert!(!recovered.sled_rebuilt, "{damage}");
    }
}
