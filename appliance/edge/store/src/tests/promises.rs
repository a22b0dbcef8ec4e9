use centre::record::Cause;
use sync::{Lane, Rejection};
use tempfile::tempdir;

use super::{draft, said, sample};
use crate::{Entry, RecordQuery, Store};

#[tokio::test]
async fn a_record_is_committed_with_its_outbox_row() {
    let dir = tempdir().unwrap();
    let (store, recovered) = Store::open(dir.path()).unwrap();
    assert_eq!(recovered, crate::Recovered::default());
    let mut woken = store.new_rows();
    assert_eq!(store.commit(sample(1)).await.unwrap(), 1);
    assert_eq!(store.commit(sample(2)).await.unwrap(), 2);
    assert!(woken.has_changed().unwrap());
    woken.mark_unchanged();
    let rows = store.rows(Lane::Live, 0, 10).await.unwrap();
    assert_eq!((rows.rows.len(), rows.more, rows.last_given), (2, false, 2));
    assert_eq!(rows.rows[0], sync::Row::of_record(1, &sample(1)).unwrap());
    assert_eq!(store.record(sample(2).id).await.unwrap(), Some(sample(2)));
    let state = store.outbox().await.unwrap();
    assert_eq!((state.depth, state.dead_letters), (2, 0));
    assert!(state.oldest_age_ms(state.oldest.unwrap() + 5) == 5);
}

#[tokio::test]
async fn the_same_record_again_changes_nothing() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    assert_eq!(store.commit(sample(1)).await.unwrap(), 1);
    store.settle(Lane::Live, 1, vec![]).await.unwrap();
    assert_eq!(store.commit(sample(1)).await.unwrap(), 1);
    assert_eq!(store.outbox().await.unwrap().depth, 0);
    assert_eq!(
        store.records(RecordQuery::default()).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn many_callers_share_commits_and_get_numbers_without_gaps() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    let commits = (0..300).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.commit(sample(n)).await.unwrap() })
    });
    let commits: Vec<_> = commits.collect();
    let mut seqs = vec![];
    for commit in commits {
        seqs.push(commit.await.unwrap());
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=300).collect::<Vec<_>>());
    let first = store.rows(Lane::Live, 0, 200).await.unwrap();
    let rest = store.rows(Lane::Live, 200, 200).await.unwrap();
    assert_eq!((first.rows.len(), first.more), (200, true));
    assert_eq!((rest.rows.len(), rest.more), (100, false));
}

#[tokio::test]
async fn rows_leave_by_settling_and_rejected_ones_become_dead_letters() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    for n in 1..=5 {
        store.commit(sample(n)).await.unwrap();
    }
    let reject = |seq| Rejection {
        seq,
        id: sample(seq).id,
        why: "no such tenant".into(),
    };
    store
        .settle(Lane::Live, 3, vec![reject(2), reject(5)])
        .await
        .unwrap();
    let left = store.rows(Lane::Live, 0, 10).await.unwrap();
    assert_eq!(
        left.rows.iter().map(|row| row.seq).collect::<Vec<_>>(),
        [4, 5]
    );
    let dead = store.dead_letters(10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].seq, dead[0].why.as_str()), (2, "no such tenant"));
    assert_eq!(store.record(sample(2).id).await.unwrap(), Some(sample(2)));
}

#[tokio::test]
async fn a_call_cut_by_a_crash_leaves_exactly_one_record() {
    let dir = tempdir().unwrap();
    {
        let (store, _) = Store::open(dir.path()).unwrap();
        store.open_call(&draft(1)).await.unwrap();
        store.open_call(&draft(2)).await.unwrap();
        store.open_call(&draft(3)).await.unwrap();
        let mut later = draft(2);
        later.transcript.push(said(10_000, "喂"));
        later.path.digits = "29".into();
        store.checkpoint(&later);
        store.commit(sample(3)).await.unwrap();
        // Too late: the call has its record.
        store.open_call(&draft(3)).await.unwrap();
    }
    let (store, recovered) = Store::open(dir.path()).unwrap();
    let [one, two] = &recovered.records[..] else {
        panic!("{recovered:?}")
    };
    assert_eq!((one.id, one.cause), (sample(1).id, Cause::BoxRestarted));
    assert_eq!((two.id, two.path.digits.as_str()), (sample(2).id, "29"));
    assert_eq!(two.transcript, [said(10_000, "喂")]);
    assert_eq!(two.times.ended, two.times.answered.unwrap() + 10_900);
    assert_eq!(store.record(two.id).await.unwrap().as_ref(), Some(two));
    assert_eq!(store.outbox().await.unwrap().depth, 3);
    drop(store);
    let (_, recovered) = Store::open(dir.path()).unwrap();
    assert_eq!(recovered.records, []);
}

#[tokio::test]
async fn a_draft_longer_than_sled_s_blobs_comes_back_whole() {
    let dir = tempdir().unwrap();
    let mut long = draft(1);
    long.transcript = (0..2000).map(|n| said(n * 1000, "今天天气很好")).collect();
    assert!(serde_json::to_string(&long).unwrap().len() > 100_000);
    {
        let (store, _) = Store::open(dir.path()).unwrap();
        store.open_call(&draft(1)).await.unwrap();
        store.checkpoint(&long);
        long.transcript.truncate(700);
        store.checkpoint(&long);
    }
    let (_, recovered) = Store::open(dir.path()).unwrap();
    assert_eq!(recovered.records[0].transcript, long.transcript);
}

#[tokio::test]
async fn the_box_keeps_its_identity_and_a_new_epoch_is_greater() {
    let dir = tempdir().unwrap();
    let (id, epoch) = {
        let (store, _) = Store::open(dir.path()).unwrap();
        (store.box_id().await.unwrap(), store.epoch().await.unwrap())
    };
    let (store, _) = Store::open(dir.path()).unwrap();
    assert_eq!(store.box_id().await.unwrap(), id);
    assert_eq!(id.get_version_num(), 4);
    assert_eq!(store.epoch().await.unwrap(), epoch);
    let next = store.begin_epoch().await.unwrap();
    assert!(next > epoch);
    assert_eq!(store.epoch().await.unwrap(), next);
}

#[tokio::test]
async fn many_entries_kept_in_one_go_are_all_there_and_say_so_once() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    let mut entries: Vec<Entry> = (1..=100)
        .map(|n| Entry::Ended(Box::new(sample(n))))
        .collect();
    entries.push(Entry::Opened(Box::new(draft(101))));
    // A record that is told twice stays one record.
    entries.push(Entry::Ended(Box::new(sample(50))));
    assert!(store.keep(entries).await.is_ok());
    let all = RecordQuery {
        limit: 500,
        ..RecordQuery::default()
    };
    assert_eq!(store.records(all.clone()).await.unwrap().len(), 100);
    drop(store);
    let (store, recovered) = Store::open(dir.path()).unwrap();
    assert_eq!(recovered.records.len(), 1, "the call that only opened");
    assert_eq!(store.records(all).await.unwrap().len(), 101);
}

#[tokio::test]
async fn the_newest_of_many_drafts_is_the_one_a_crash_leaves() {
    let dir = tempdir().unwrap();
    {
        let (store, _) = Store::open(dir.path()).unwrap();
        store.open_call(&draft(1)).await.unwrap();
        for digit in '1'..='9' {
            let mut later = draft(1);
            later.path.digits = digit.to_string();
            store.checkpoint(&later);
        }
    }
    let (_store, recovered) = Store::open(dir.path()).unwrap();
    assert_eq!(recovered.records[0].path.digits, "9");
}
