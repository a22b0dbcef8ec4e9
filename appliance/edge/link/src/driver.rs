//! The loop: what the broker and the store did goes into the uplink, what it wants is done.

use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use store::{Store, StoreError};
use sync::{Lane, Rejection, Uplink, UplinkAct, UplinkConfig};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use crate::backoff::Backoff;
use crate::config::LinkConfig;
use crate::session::{News, Session};
use crate::status::LinkStatus;

/// Between two attempts at a store that refuses (a full disk).
const STORE_RETRY: Duration = Duration::from_secs(1);
/// The outbox is counted at most so often.
const STATUS_EVERY: Duration = Duration::from_millis(500);
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// A connection that lived so long was a good one, whatever ended it.
const GOOD: Duration = Duration::from_secs(30);

/// Carries the outbox to central until `stopped` is true or its sender is gone.
pub async fn run(
    config: LinkConfig,
    store: Store,
    status: watch::Sender<LinkStatus>,
    stopped: watch::Receiver<bool>,
) {
    let mut backoff = Backoff::new(config.backoff.0, config.backoff.1);
    let Some(mut driver) = Driver::new(config, store, status, stopped).await else {
        return;
    };
    while !driver.is_stopped() {
        let since = Instant::now();
        let (end, was_useful) = driver.connection().await;
        if was_useful || since.elapsed() >= GOOD {
            backoff.reset();
        }
        let Err(why) = end else { return };
        let wait = backoff.wait();
        warn!(broker = %driver.config.broker, %why, retry_ms = wait.as_millis() as u64, "no link to central");
        driver.status.send_modify(|status| {
            status.connected = false;
            status.last_error = Some(why);
        });
        driver.wait(wait).await;
    }
}

struct Driver {
    config: LinkConfig,
    store: Store,
    uplink: Uplink,
    status: watch::Sender<LinkStatus>,
    stopped: watch::Receiver<bool>,
    new_rows: watch::Receiver<u64>,
    boot_id: u64,
    counted: Option<Instant>,
    is_useful: bool,
}

impl Driver {
    async fn new(
        config: LinkConfig,
        store: Store,
        status: watch::Sender<LinkStatus>,
        mut stopped: watch::Receiver<bool>,
    ) -> Option<Self> {
        let epoch = insist(&mut stopped, "read the epoch", || store.epoch()).await?;
        let box_id = config.address.box_id().clone();
        let uplink = Uplink::new(
            UplinkConfig {
                box_id,
                epoch,
                pace: config.pace,
            },
            Instant::now(),
        );
        let new_rows = store.new_rows();
        let boot_id = unix_ms().unsigned_abs();
        Some(Self {
            config,
            store,
            uplink,
            status,
            stopped,
            new_rows,
            boot_id,
            counted: None,
            is_useful: false,
        })
    }

    /// One connection from its beginning to its end: why it ended (nothing: we were stopped), and
    /// whether it carried anything.
    async fn connection(&mut self) -> (Result<(), String>, bool) {
        self.is_useful = false;
        let mut session = match Session::open(&self.config, self.boot_id) {
            Ok(session) => session,
            Err(e) => return (Err(e.to_string()), false),
        };
        let end = self.serve(&mut session).await;
        self.uplink.handle_disconnected(Instant::now());
        if end.is_ok() {
            let goodbye = session.close(&self.config, self.boot_id);
            if tokio::time::timeout(GOODBYE, goodbye).await.is_err() {
                debug!("the broker did not hear our goodbye");
            }
            self.status.send_modify(|status| status.connected = false);
        }
        (end, self.is_useful)
    }

    async fn serve(&mut self, session: &mut Session) -> Result<(), String> {
        let mut kept_session = false;
        loop {
            self.act(session).await?;
            let wake = self.uplink.poll_timeout().map(|(at, _)| at);
            let count = self.counted.map(|at| at + STATUS_EVERY);
            let wake = wake.into_iter().chain(count).min();
            tokio::select! {
                news = session.next() => match news {
                    News::Up { session_present } => {
                        kept_session = session_present;
                        session.greet(&self.config, self.boot_id)?;
                    }
                    News::Subscribed => self.connected(kept_session).await,
                    News::Puback { token, heard } => {
                        self.uplink.handle_puback(Instant::now(), token, heard);
                        self.count_soon();
                    }
                    News::Ack(bytes) => self.ack(&bytes),
                    News::Down(why) => return Err(why),
                },
                grown = self.new_rows.changed() => {
                    grown.map_err(|_| "the store is closed".to_owned())?;
                    self.uplink.handle_wake(Instant::now());
                    self.count_soon();
                }
                () = sleep_until(wake) => {
                    self.uplink.handle_timeout(Instant::now());
                    self.count().await;
                }
                () = stop(&mut self.stopped) => return Ok(()),
            }
        }
    }

    /// Does what the uplink wants until it wants nothing more.
    async fn act(&mut self, session: &mut Session) -> Result<(), String> {
        while let Some(act) = self.uplink.poll() {
            match act {
                UplinkAct::Fetch {
                    lane,
                    after_seq,
                    limit,
                } => match self.store.rows(lane, after_seq, limit).await {
                    Ok(rows) => self.uplink.handle_rows(Instant::now(), rows),
                    Err(error) => {
                        error!(%error, "cannot read the outbox");
                        self.uplink.handle_fetch_failed(Instant::now(), lane);
                    }
                },
                UplinkAct::Publish {
                    lane,
                    payload,
                    token,
                } => {
                    debug!(lane = lane.as_str(), bytes = payload.len(), token, "batch");
                    session.publish(&self.config.address.up(lane), &payload, token)?;
                }
                UplinkAct::Settle {
                    lane,
                    upto,
                    rejected,
                } => self.settle(lane, upto, rejected).await,
                UplinkAct::NewEpoch => self.begin_epoch().await,
                UplinkAct::Reconnect => return Err("the broker answers no publish".to_owned()),
            }
        }
        Ok(())
    }

    async fn settle(&mut self, lane: Lane, upto: u64, rejected: Vec<Rejection>) {
        for rejection in &rejected {
            warn!(seq = rejection.seq, id = %rejection.id, why = rejection.why, "central rejected a row");
        }
        // Insisted on: a later settling would delete rejected rows that were not buried here.
        let store = self.store.clone();
        let settle = || store.settle(lane, upto, rejected.clone());
        insist(&mut self.stopped, "settle the outbox", settle).await;
        self.is_useful = true;
        let now = unix_ms();
        self.status
            .send_modify(|status| status.last_ack_unix_ms = Some(now));
        self.count_soon();
    }

    async fn begin_epoch(&mut self) {
        let store = self.store.clone();
        let begun = insist(&mut self.stopped, "begin an epoch", || store.begin_epoch()).await;
        if let Some(epoch) = begun {
            warn!(
                epoch = epoch.0,
                "this store was restored from a backup: a new epoch begins"
            );
            self.uplink.handle_epoch(Instant::now(), epoch);
        }
    }

    async fn connected(&mut self, session_present: bool) {
        info!(broker = %self.config.broker, session_present, "linked to central's broker");
        self.uplink
            .handle_connected(Instant::now(), session_present);
        self.status.send_modify(|status| {
            status.connected = true;
            status.connections += 1;
            status.last_error = None;
        });
        self.counted = Some(Instant::now());
        self.count().await;
    }

    fn ack(&mut self, bytes: &[u8]) {
        if let Err(error) = self.uplink.handle_ack(Instant::now(), bytes) {
            warn!(%error, "a message on the ack topic is no ack");
        }
    }

    fn count_soon(&mut self) {
        self.counted.get_or_insert_with(Instant::now);
    }

    /// Refreshes the figures of the status, if they may have changed.
    async fn count(&mut self) {
        if self.counted.take().is_none() {
            return;
        }
        let outbox = self.store.outbox().await.unwrap_or_default();
        let (in_flight, stats) = (self.uplink.in_flight(), self.uplink.stats());
        self.status.send_modify(|status| {
            status.unacked = outbox.depth;
            status.dead_letters = outbox.dead_letters;
            status.in_flight = in_flight;
            status.stats = stats;
        });
    }

    /// Waits before the next connection; the figures stay fresh meanwhile.
    async fn wait(&mut self, wait: Duration) {
        let until = Instant::now() + wait;
        self.count_soon();
        loop {
            let count = self.counted.map(|at| at + STATUS_EVERY);
            let wake = count.map_or(until, |at| at.min(until));
            tokio::select! {
                () = sleep_until(Some(wake)) => self.count().await,
                grown = self.new_rows.changed() => match grown {
                    Ok(()) => self.count_soon(),
                    Err(_) => return,
                },
                () = stop(&mut self.stopped) => return,
            }
            if Instant::now() >= until {
                return;
            }
        }
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow() || self.stopped.has_changed().is_err()
    }
}

/// Tries until the store does it, or we are stopped.
async fn insist<T, F: Future<Output = Result<T, StoreError>>>(
    stopped: &mut watch::Receiver<bool>,
    what: &str,
    mut attempt: impl FnMut() -> F,
) -> Option<T> {
    loop {
        match attempt().await {
            Ok(done) => return Some(done),
            Err(error) => error!(%error, "cannot {what}"),
        }
        tokio::select! {
            () = tokio::time::sleep(STORE_RETRY) => {}
            () = stop(stopped) => return None,
        }
    }
}

async fn stop(stopped: &mut watch::Receiver<bool>) {
    // An error means that the owner is gone: that is a stop as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

fn unix_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
