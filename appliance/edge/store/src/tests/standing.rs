//! What outlives calls: kept beside the drafts, read at the next start, never in the way of one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::tempdir;

use super::{draft, sample};
use crate::Store;

/// Opens the store, keeps each value and closes it; what it found.
async fn keep(dir: &Path, values: &[Vec<u8>]) -> Option<Vec<u8>> {
    let (store, found) = Store::open(dir).unwrap();
    for value in values {
        assert!(store.keep_standing(value.clone()));
    }
    found.standing
}

#[tokio::test]
async fn the_newest_value_is_found_at_the_next_start() {
    let dir = tempdir().unwrap();
    let long: Vec<u8> = (0..400_000_u32).map(|n| (n % 251) as u8).collect();
    assert_eq!(
        keep(dir.path(), &[b"one".to_vec(), long.clone()]).await,
        None
    );
    let short = b"less than before".to_vec();
    assert_eq!(
        keep(dir.path(), std::slice::from_ref(&short)).await,
        Some(long)
    );
    assert_eq!(keep(dir.path(), &[]).await, Some(short));
}

#[tokio::test]
async fn drafts_of_calls_come_and_go_beside_it() {
    let dir = tempdir().unwrap();
    {
        let (store, _) = Store::open(dir.path()).unwrap();
        assert!(store.keep_standing(b"agents".to_vec()));
        store.open_call(&draft(1)).await.unwrap();
        store.checkpoint(&draft(1));
        store.commit(sample(1)).await.unwrap();
    }
    assert_eq!(keep(dir.path(), &[]).await, Some(b"agents".to_vec()));
}

#[tokio::test]
async fn it_is_told_when_a_value_is_on_the_disk() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    assert!(store.keep_standing(b"agents".to_vec()));
    let end = Instant::now() + Duration::from_secs(20);
    while store.standings() == 0 {
        assert!(Instant::now() < end, "it is not written");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_value_that_is_too_long_is_not_taken() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    assert!(!store.keep_standing(vec![0; 17 * 1024 * 1024]));
}

#[tokio::test]
async fn damaged_files_begin_without_it() {
    let dir = tempdir().unwrap();
    keep(dir.path(), &[vec![7; 100_000]]).await;
    for entry in fs::read_dir(dir.path().join("live")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(&path, [0x5a; 5_000]).unwrap();
        }
    }
    let found = keep(dir.path(), &[b"anew".to_vec()]).await;
    assert_eq!(found, None);
    assert_eq!(keep(dir.path(), &[]).await, Some(b"anew".to_vec()));
}
