//! The store killed in the middle: a child process commits and prints what was acknowledged.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use centre::record::Cause;
use tempfile::tempdir;
use uuid::Uuid;

use super::{draft, sample};
use crate::Store;

/// Tells the child where to write; without it the child's test is over at once.
const DIR: &str = "BRANCHLINE_STORE_KILL_DIR";
const ROUND: &str = "BRANCHLINE_STORE_KILL_ROUND";

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let dir = tempdir().unwrap();
    let (mut committed, mut opened) = (BTreeSet::new(), BTreeSet::new());
    // After how many lines each round is killed: early, in a crowd, late.
    for (round, lines) in [1usize, 37, 4, 160, 80, 11].into_iter().enumerate() {
        for line in run_and_kill(dir.path(), round, lines) {
            match line.split_once(' ') {
                Some(("committed", id)) => committed.insert(Uuid::parse_str(id).unwrap()),
                Some(("opened", id)) => opened.insert(Uuid::parse_str(id).unwrap()),
                _ => panic!("{line}"),
            };
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (store, _) = Store::open(dir.path()).unwrap();
    let rows = runtime.block_on(all_rows(&store));
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row.seq, n as u64 + 1, "a number is missing");
    }
    let sent: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let once: BTreeSet<Uuid> = sent.iter().copied().collect();
    assert_eq!(sent.len(), once.len(), "a record is in the outbox twice");
    assert!(
        committed.len() > 100 && committed.is_subset(&once),
        "an acknowledged record is lost"
    );
    for id in opened.difference(&committed) {
        let record = runtime.block_on(store.record(*id)).unwrap();
        // Cut off after its COMMIT and before its line: a whole record, and that is as good.
        let cause = record.expect("an acknowledged call has no record").cause;
        assert!(matches!(cause, Cause::BoxRestarted | Cause::CallerHungUp));
    }
}

/// The child: opens calls and commits them, many at a time, until it is killed.
#[test]
fn child_that_commits_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else {
        return;
    };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (store, _) = Store::open(&dir).unwrap();
        let callers = (0..8u64).map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..1000 {
                    let n = round * 100_000 + caller * 1000 + n;
                    store.open_call(&draft(n)).await.unwrap();
                    say("opened", draft(n).id);
                    store.checkpoint(&draft(n));
                    store.commit(sample(n)).await.unwrap();
                    say("committed", sample(n).id);
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
    });
}

/// One line in one write, so that a kill never leaves half of it.
fn say(what: &str, id: Uuid) {
    let line = format!("\n{what} {id}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

fn run_and_kill(dir: &Path, round: usize, lines: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::kill::child_that_commits_until_it_is_killed",
            "--nocapture",
        ])
        .env(DIR, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut said =
        said.filter(|line| line.starts_with("committed ") || line.starts_with("opened "));
    let mut heard: Vec<String> = said.by_ref().take(lines).collect();
    child.kill().unwrap();
    heard.extend(said);
    child.wait().unwrap();
    heard
}

async fn all_rows(store: &Store) -> Vec<sync::Row> {
    let mut all: Vec<sync::Row> = vec![];
    loop {
        let after = all.last().map_or(0, |row| row.seq);
        let page = store.rows(sync::Lane::Live, after, 500).await.unwrap();
        all.extend(page.rows);
        if !page.more {
            return all;
        }
    }
}
