//! A fleet of one box: a real store and link in this process, everything else a process of its own.

use std::time::Duration;

use centre::record::{Cause, Handled, Parties, Path, Quality, Record, Spans, Times, Utterance};
use link::{LinkConfig, LinkStatus};
use rig::broker::Broker;
use rig::central::Central;
use rig::postgres::Postgres;
use store::Store;
use sync::Pace;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// However slow the machine: beyond it something is stuck.
const PATIENCE: Duration = Duration::from_secs(120);
/// 2026-03-01T00:00:00Z.
pub(super) const MARCH: i64 = 1_772_323_200_000;

/// Broker, database and central.
pub(super) struct Fleet {
    pub(super) broker: Broker,
    pub(super) postgres: Postgres,
    pub(super) central: Central,
    pub(super) dir: TempDir,
    /// PostgreSQL's user owns this one.
    _data: TempDir,
}

impl Fleet {
    pub(super) fn start() -> Self {
        let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let broker = Broker::start(&dir.path().join("broker")).unwrap();
        let postgres = Postgres::start(data.path()).unwrap();
        let central = Central::start(dir.path(), &broker.url(), &postgres.url()).unwrap();
        Self {
            broker,
            postgres,
            central,
            dir,
            _data: data,
        }
    }

    /// Another central in the old one's place, by the other kind of address.
    pub(super) fn restart_central(&mut self) {
        self.central.kill();
        let database = self.postgres.socket_url();
        self.central = Central::start(self.dir.path(), &self.broker.url(), &database).unwrap();
    }

    pub(super) fn count(&self, what: &str) -> u64 {
        let count = self
            .postgres
            .ask(&format!("SELECT count(*) FROM {what}"))
            .unwrap();
        count[0].parse().unwrap()
    }

    /// Ids of all records, as often as they are there.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        let ids = self
            .postgres
            .ask("SELECT id FROM call_records ORDER BY id")
            .unwrap();
        ids.iter().map(|id| Uuid::parse_str(id).unwrap()).collect()
    }
}

/// A running link.
pub(super) struct Line {
    pub(super) status: watch::Receiver<LinkStatus>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Line {
    /// Links the store to the broker, with waits short enough for a test.
    pub(super) async fn up(broker: &str, store: &Store) -> Self {
        Self::up_as(
            LinkConfig::new(broker, &box_id(store).await).unwrap(),
            store,
        )
    }

    /// The same with certificates, or whatever else the configuration holds.
    pub(super) fn up_as(config: LinkConfig, store: &Store) -> Self {
        let ms = Duration::from_millis;
        let mut config = config.with_place("acme", "branch-1").unwrap();
        config.backoff = (ms(50), ms(500));
        config.pace = Pace {
            resend_first: ms(2000),
            unheard_first: ms(100),
            linger: ms(50),
            ..Pace::default()
        };
        let (tell, status) = watch::channel(LinkStatus::default());
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(link::run(config, store.clone(), tell, stopped));
        Self { status, stop, task }
    }

    /// Waits until central has acknowledged `rows` and nothing is left.
    pub(super) async fn acked(&mut self, rows: u64) {
        self.until(|s| s.stats.acked_rows >= rows && s.unacked == 0)
            .await;
    }

    /// Waits until the status is as wanted.
    pub(super) async fn until(&mut self, wanted: impl FnMut(&LinkStatus) -> bool) {
        let done = tokio::time::timeout(PATIENCE, self.status.wait_for(wanted)).await;
        if let Err(error) = done.map(|done| done.map(|_| ())) {
            panic!("{error}: {:?}", self.status.borrow());
        }
    }

    pub(super) async fn down(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }
}

/// The box's name in topics.
pub(super) async fn box_id(store: &Store) -> String {
    store.box_id().await.unwrap().to_string()
}

/// The `n`-th call, a minute after the one before.
pub(super) fn sample(n: u64) -> Record {
    let started = MARCH + i64::try_from(n).unwrap() * 60_000;
    let words = "我的宽带坏了".to_owned();
    let said = Utterance {
        at_ms: 900,
        length_ms: 1500,
        words,
        dialect: "zh".into(),
        confidence: 0.9,
        emotion: None,
    };
    Record {
        id: Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 + u128::from(n)),
        channel: if n.is_multiple_of(3) {
            "mobile_app"
        } else {
            "voice"
        }
        .into(),
        times: Times {
            started,
            answered: Some(started + 500),
            ended: started + 500 + 1000 * (n as i64 % 90),
        },
        parties: Parties {
            trunk: "carrier".into(),
            from: format!("138{n:08}"),
            to: "4000".into(),
            sip_call_id: n.to_string(),
        },
        path: Path {
            flow: "customer_service".into(),
            steps: vec![],
            target: Some("sales".into()),
            digits: "2".into(),
        },
        transcript: vec![said],
        emotion: None,
        recording: None,
        handled: Handled::default(),
        spans: Spans::default(),
        quality: Quality::default(),
        cause: Cause::CallerHungUp,
    }
}
