//! What the box has committed reaches central's PostgreSQL exactly once, whatever dies on the way.

mod broker;
mod fleet;
mod hostile;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rig::process::Process;
use store::Store;
use uuid::Uuid;

use fleet::{Fleet, Line, sample};

/// The founding description's statement, its lost spaces restored.
const SQL: &str = "SELECT DATE(call_time) AS date, COUNT(*) AS total_calls, AVG(duration) AS avg_duration \
                   FROM call_records WHERE channel = 'mobile_app' GROUP BY DATE(call_time);";
/// Tell the child of the SIGKILL test what to do; without them it is over at once.
const DIR: &str = "BRANCHLINE_DELIVERY_DIR";
const BROKER: &str = "BRANCHLINE_DELIVERY_BROKER";
const ROUND: &str = "BRANCHLINE_DELIVERY_ROUND";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_reach_postgresql_once_and_both_databases_count_the_same() {
    let fleet = Fleet::start();
    let (store, _) = Store::open(&fleet.dir.path().join("box")).unwrap();
    let mut line = Line::up(&fleet.broker.url(), &store).await;
    for n in 0..150 {
        store.commit(sample(n * 11)).await.unwrap();
    }
    line.acked(150).await;
    line.down().await;
    let want: Vec<Uuid> = (0..150).map(|n| sample(n * 11).id).collect();
    assert_eq!(fleet.ids(), want);
    let central = days(fleet.postgres.ask(SQL).unwrap().into_iter().map(|line| {
        let columns: Vec<String> = line.split('|').map(str::to_owned).collect();
        columns.try_into().unwrap()
    }));
    assert_eq!(
        central,
        days(box_sql(&fleet.dir.path().join("box/branchline.db")))
    );
    assert_eq!(central, expected_days());
    let row = "SELECT call_time, duration, channel, trunk, flow, target, digits, transcript, emotion, cause
               FROM call_records ORDER BY id LIMIT 1";
    let row = fleet.postgres.ask(row).unwrap();
    assert_eq!(
        row,
        [
            "2026-03-01 00:00:00+00|0|mobile_app|carrier|customer_service|sales|2|我的宽带坏了||caller_hung_up"
        ]
    );
    // Months have partitions of their own: 150 * 11 minutes are within March.
    assert_eq!(fleet.count("records_2026_03"), 150);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_back_names_its_first_call_in_both_databases() {
    let fleet = Fleet::start();
    let (store, _) = Store::open(&fleet.dir.path().join("box")).unwrap();
    let mut line = Line::up(&fleet.broker.url(), &store).await;
    let (mut first, mut back) = (sample(1), sample(2));
    first.handled.call_back_promised = true;
    back.handled.call_back_of = Some(first.id);
    let (promised, made) = (first.id, back.id);
    for record in [first, back, sample(3)] {
        store.commit(record).await.unwrap();
    }
    line.acked(3).await;
    line.down().await;
    let asked =
        "SELECT id, call_back_promised, coalesce(call_back_of, '-') FROM call_records ORDER BY id";
    let central = fleet.postgres.ask(asked).unwrap();
    let other = sample(3).id;
    assert_eq!(
        central,
        [
            format!("{promised}|t|-"),
            format!("{made}|f|{promised}"),
            format!("{other}|f|-"),
        ]
    );
    drop(store);
    let conn = rusqlite::Connection::open(fleet.dir.path().join("box/branchline.db")).unwrap();
    let mut select = conn.prepare(asked).unwrap();
    let rows = select.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)));
    let on_the_box: Vec<(String, bool, String)> = rows.unwrap().map(Result::unwrap).collect();
    assert_eq!(
        on_the_box,
        [
            (promised.to_string(), true, "-".to_owned()),
            (made.to_string(), false, promised.to_string()),
            (other.to_string(), false, "-".to_owned()),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_killed_again_and_again_loses_nothing() {
    let mut fleet = Fleet::start();
    let (store, _) = Store::open(&fleet.dir.path().join("box")).unwrap();
    let mut line = Line::up(&fleet.broker.url(), &store).await;
    for n in 0..1200 {
        store.commit(sample(n)).await.unwrap();
        if n % 300 == 150 {
            fleet.broker.kill();
            for n in 0..20 {
                store
                    .commit(sample(10_000 + 100 * n + (n % 7)))
                    .await
                    .unwrap();
            }
            fleet.broker.restart().unwrap();
        }
    }
    line.acked(1220).await;
    assert!(line.status.borrow().connections > 1);
    line.down().await;
    assert_whole(&fleet, 1220);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_restarted_mid_commit_and_a_central_killed_lose_nothing() {
    let mut fleet = Fleet::start();
    let (store, _) = Store::open(&fleet.dir.path().join("box")).unwrap();
    let mut line = Line::up(&fleet.broker.url(), &store).await;
    for n in 0..1500 {
        store.commit(sample(n)).await.unwrap();
        match n {
            200 | 600 | 1000 => fleet.postgres.restart().unwrap(),
            400 | 1200 => fleet.restart_central(),
            800 => {
                assert!(
                    fleet.central.stop(),
                    "SIGTERM drains: {}",
                    fleet.central.log_tail()
                );
                fleet.restart_central();
            }
            _ => {}
        }
    }
    line.acked(1500).await;
    line.down().await;
    assert_whole(&fleet, 1500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_killed_while_it_sends_loses_nothing_it_acknowledged() {
    let fleet = Fleet::start();
    let dir = fleet.dir.path().join("box");
    let mut acknowledged = BTreeSet::new();
    for (round, lines) in [90usize, 7, 200].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args([
            "--exact",
            "delivery::child_box_that_runs_until_it_is_killed",
            "--nocapture",
        ]);
        child
            .env(DIR, &dir)
            .env(BROKER, fleet.broker.url())
            .env(ROUND, round.to_string());
        let mut child = Process::start("the box", &mut child).unwrap();
        let mut heard = 0;
        while let Ok(line) = child.line(Duration::from_secs(60)) {
            acknowledged.extend(
                line.strip_prefix("durable ")
                    .map(|id| Uuid::parse_str(id).unwrap()),
            );
            heard += usize::from(line.starts_with("durable "));
            if heard == lines {
                child.kill();
            }
        }
        assert!(
            heard >= lines,
            "the box said {heard} lines in round {round}"
        );
    }
    let (store, recovered) = Store::open(&dir).unwrap();
    assert!(recovered.records.len() <= 4, "one call a task was running");
    let mut line = Line::up(&fleet.broker.url(), &store).await;
    let left = store.outbox().await.unwrap().depth;
    line.acked(left).await;
    line.down().await;
    let kept = fleet.ids();
    let once: BTreeSet<Uuid> = kept.iter().copied().collect();
    assert_eq!(kept.len(), once.len(), "a record is there twice");
    assert!(acknowledged.len() > 100 && acknowledged.is_subset(&once));
}

/// The child: every call is opened, then committed, and said to be durable after each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_box_that_runs_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else {
        return;
    };
    let broker = std::env::var(BROKER).unwrap();
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let (store, _) = Store::open(&dir).unwrap();
    let _line = Line::up(&broker, &store).await;
    let tasks = (0..4u64).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..500 {
                let record = sample(round * 10_000 + task * 1000 + n);
                store.open_call(&record).await.unwrap();
                // One line in one write: a kill leaves no half of it.
                let line = format!("\ndurable {}\n", record.id);
                std::io::stdout().write_all(line.as_bytes()).unwrap();
                store.commit(record).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[test]
fn central_says_what_is_wrong_with_its_addresses() {
    let run = |broker: &str, database: &str| {
        let mut central = Command::new(rig::binary("branchline-central"));
        let done = central
            .args(["serve", "--broker", broker, "--database", database])
            .output()
            .unwrap();
        assert!(!done.status.success());
        String::from_utf8(done.stderr).unwrap()
    };
    assert!(run("http://x", "postgres://127.0.0.1/x").contains("hint: write mqtts://"));
    assert!(
        run("mqtt://10.1.2.3:1883", "postgres://127.0.0.1/x").contains("plain MQTT would cross")
    );
    assert!(run("mqtt://127.0.0.1:1", "nonsense").contains("hint: write postgres://"));
    let refused = run("mqtt://127.0.0.1:1", "postgres://u:secret@127.0.0.1:1/x");
    assert!(refused.contains("the database is not usable") && !refused.contains("secret"));
}

/// Everything is there, once, and the box owes nothing and lost nothing.
fn assert_whole(fleet: &Fleet, records: usize) {
    let ids = fleet.ids();
    let once: BTreeSet<&Uuid> = ids.iter().collect();
    assert_eq!((ids.len(), once.len()), (records, records));
    assert_eq!((fleet.count("rejected"), fleet.count("malformed")), (0, 0));
}

fn expected_days() -> Vec<(String, u64, f64)> {
    let calls: Vec<_> = (0..150)
        .map(|n| sample(n * 11))
        .filter(|r| r.channel == "mobile_app")
        .collect();
    let mut days = vec![];
    for (day, date) in ["2026-03-01", "2026-03-02"].into_iter().enumerate() {
        let from = fleet::MARCH + day as i64 * 86_400_000;
        let of_day: Vec<_> = calls
            .iter()
            .filter(|r| (from..from + 86_400_000).contains(&r.times.started))
            .collect();
        let seconds: i64 = of_day.iter().map(|r| r.times.talk_ms()).sum::<i64>() / 1000;
        days.push((
            date.to_owned(),
            of_day.len() as u64,
            seconds as f64 / of_day.len() as f64,
        ));
    }
    days
}

fn days(rows: impl IntoIterator<Item = [String; 3]>) -> Vec<(String, u64, f64)> {
    let row = |[date, total, average]: [String; 3]| {
        // Both print all digits that count, not all that are there.
        let average: f64 = average.parse().unwrap();
        (date, total.parse().unwrap(), average)
    };
    let mut days: Vec<_> = rows.into_iter().map(row).collect();
    days.sort_by(|a, b| a.0.cmp(&b.0));
    days
}

fn box_sql(path: &std::path::Path) -> Vec<[String; 3]> {
    let db = rusqlite::Connection::open(path).unwrap();
    let mut select = db.prepare(SQL).unwrap();
    let rows = select.query_map([], |row| {
        let (total, average): (i64, f64) = (row.get(1)?, row.get(2)?);
        Ok([row.get(0)?, total.to_string(), average.to_string()])
    });
    rows.unwrap().map(Result::unwrap).collect()
}
