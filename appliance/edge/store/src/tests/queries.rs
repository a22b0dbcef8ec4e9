use tempfile::tempdir;

use super::{MARCH, said, sample};
use crate::{Before, RecordQuery, Store};

const DAY: i64 = 86_400_000;

async fn found(store: &Store, query: RecordQuery) -> Vec<u128> {
    let records = store.records(query).await.unwrap();
    records
        .iter()
        .map(|record| record.id.as_u128() & 0xffff)
        .collect()
}

#[tokio::test]
async fn records_are_found_by_day_by_words_and_by_number() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    for n in [1, 2, 1500] {
        store.commit(sample(n)).await.unwrap();
    }
    let mut other = sample(3);
    other.transcript = vec![said(0, "查账单"), said(2000, "谢谢")];
    store.commit(other).await.unwrap();
    let day = |n| RecordQuery {
        from: Some(MARCH + n * DAY),
        to: Some(MARCH + (n + 1) * DAY),
        ..RecordQuery::default()
    };
    assert_eq!(found(&store, day(0)).await, [3, 2, 1]);
    assert_eq!(found(&store, day(1)).await, [1500]);
    let text = |text: &str| RecordQuery {
        text: Some(text.into()),
        ..RecordQuery::default()
    };
    assert_eq!(found(&store, text("账单")).await, [3]);
    assert_eq!(found(&store, text("13800000002")).await, [2]);
    assert_eq!(found(&store, text("100%")).await, [1500, 2, 1]);
    assert_eq!(found(&store, text("1%0")).await, [0; 0]);
    assert_eq!(found(&store, text("_")).await, [1500, 3, 2, 1]);
    assert_eq!(
        found(&store, text("'; DROP TABLE records; --")).await,
        [0; 0]
    );
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    for n in 0..25u64 {
        let mut record = sample(n);
        // All within two milliseconds, so that the id decides.
        record.times.started = MARCH + (n as i64) / 13;
        store.commit(record).await.unwrap();
    }
    let (mut seen, mut before) = (vec![], None);
    loop {
        let query = RecordQuery {
            limit: 4,
            before,
            ..RecordQuery::default()
        };
        let page = store.records(query).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(Before {
            started: last.times.started,
            id: last.id,
        });
        seen.extend(page.iter().map(|record| record.id.as_u128() & 0xff));
    }
    assert_eq!(seen, (0..25).rev().collect::<Vec<u128>>());
}

#[tokio::test]
async fn the_description_s_sql_gives_the_right_numbers() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    for n in [0, 1, 1439, 1440] {
        let mut record = sample(n);
        record.channel = "mobile_app".into();
        record.times.ended += 1000 * n as i64;
        store.commit(record).await.unwrap();
    }
    store.commit(sample(7)).await.unwrap();
    let sql = "SELECT DATE(call_time) AS date, COUNT(*) AS total_calls, AVG(duration) AS avg_duration \
               FROM call_records WHERE channel = 'mobile_app' GROUP BY DATE(call_time);";
    let days: Vec<(String, i64, f64)> = store
        .reader()
        .unwrap()
        .read(|conn| {
            let mut select = conn.prepare(sql)?;
            let rows = select.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap();
    assert_eq!(
        days,
        [
            ("2026-03-01".into(), 3, 540.0),
            ("2026-03-02".into(), 1, 1500.0)
        ]
    );
}

#[tokio::test]
async fn undo_walks_back_and_a_new_text_starts_from_there() {
    let dir = tempdir().unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    assert_eq!(store.current_site().await.unwrap(), None);
    assert_eq!(store.undo_site().await.unwrap(), None);
    for (text, version) in [("a", 1), ("b", 2), ("c", 3)] {
        assert_eq!(store.save_site(text, "by hand").await.unwrap(), version);
    }
    assert_eq!(store.undo_site().await.unwrap().unwrap().text, "b");
    assert_eq!(store.undo_site().await.unwrap().unwrap().text, "a");
    assert_eq!(store.undo_site().await.unwrap(), None);
    let first = store.current_site().await.unwrap().unwrap();
    assert_eq!(
        (first.version, first.parent, first.is_current),
        (1, None, true)
    );
    assert_eq!(
        first.sha256,
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    );
    assert_eq!(store.save_site("d", "").await.unwrap(), 4);
    assert_eq!(store.undo_site().await.unwrap().unwrap().version, 1);
    let history = store.site_history(3).await.unwrap();
    assert_eq!(
        history
            .iter()
            .map(|v| (v.version, v.is_current))
            .collect::<Vec<_>>(),
        [(4, false), (3, false), (2, false)]
    );
    assert_eq!(store.site_version(3).await.unwrap().unwrap().text, "c");
    assert_eq!(store.site_version(99).await.unwrap(), None);
}

#[tokio::test]
async fn settings_are_kept_over_a_restart() {
    let dir = tempdir().unwrap();
    {
        let (store, _) = Store::open(dir.path()).unwrap();
        store
            .set_setting("web.password", Some("argon"))
            .await
            .unwrap();
        store.set_setting("web.gone", Some("x")).await.unwrap();
        store.set_setting("web.gone", None).await.unwrap();
    }
    let (store, _) = Store::open(dir.path()).unwrap();
    assert_eq!(
        store.setting("web.password").await.unwrap().as_deref(),
        Some("argon")
    );
    assert_eq!(store.setting("web.gone").await.unwrap(), None);
}
