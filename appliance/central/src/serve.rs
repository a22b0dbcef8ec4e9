//! The service: a database, a broker, and the way from one to the other until SIGTERM.
//!
//! A message is PUBACKed and its box answered after the COMMIT, so whatever dies in between is
//! sent again. While the database is away the group in hand waits, the broker keeps the rest.

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_postgres::Config;
use tracing::{info, warn};

use crate::broker::{Door, News, Session};
use crate::cli::Serve;
use crate::database::{self, Database};
use crate::group::Group;
use crate::ingest;
use crate::limits::{RETRY, TRANSACTION};

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(options: Serve) -> anyhow::Result<()> {
    let door = Door::new(&options.broker, options.tenant.as_deref(), &options.access)?;
    let config = database::config(&options.database)?;
    let (stop, stopped) = watch::channel(false);
    let mut term = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut int = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        info!("stopping: what is in hand is finished first");
        let _ = stop.send(true);
    });
    // The first connection tells the person who starts it whether the address is right.
    let database = Database::open(&config)
        .await
        .context("the database is not usable")?;
    let mut central = Central {
        options,
        config,
        database: Some(database),
        stopped,
        is_announced: false,
    };
    central.serve(&door).await
}

struct Central {
    options: Serve,
    config: Config,
    database: Option<Database>,
    stopped: watch::Receiver<bool>,
    is_announced: bool,
}

impl Central {
    async fn serve(&mut self, door: &Door) -> anyhow::Result<()> {
        let mut retry = RETRY.0;
        while !*self.stopped.borrow() {
            let mut session = door.open();
            match self.session(door, &mut session, &mut retry).await? {
                None => session.close().await,
                Some(why) => {
                    warn!(
                        broker = self.options.broker,
                        why, "no connection to the broker"
                    );
                    self.pause(&mut retry).await;
                }
            }
        }
        info!("stopped");
        Ok(())
    }

    /// One connection to its end; why it ended, or nothing if we were stopped.
    async fn session(
        &mut self,
        door: &Door,
        session: &mut Session,
        retry: &mut Duration,
    ) -> anyhow::Result<Option<String>> {
        let mut stopped = self.stopped.clone();
        loop {
            let news = tokio::select! {
                news = session.next() => news,
                _ = stopped.wait_for(|stopped| *stopped) => return Ok(None),
            };
            match news {
                News::Up => {
                    if let Err(why) = session.subscribe(door) {
                        return Ok(Some(why));
                    }
                }
                News::Subscribed => {
                    *retry = RETRY.0;
                    self.announce()?;
                }
                News::Message(first) => {
                    if let Some(why) = self.ingest(session, first).await {
                        return Ok(why);
                    }
                }
                News::Down(why) => return Ok(Some(why)),
            }
        }
    }

    /// Commits a message and those that wait behind it, then answers. `Some` ends the session.
    async fn ingest(&mut self, session: &mut Session, first: Publish) -> Option<Option<String>> {
        let mut group = Group::default();
        group.take(&first.topic, &first.payload);
        let mut messages = vec![first];
        let mut end = None;
        while !group.is_full() {
            match session.try_next() {
                Some(News::Message(message)) => {
                    group.take(&message.topic, &message.payload);
                    messages.push(message);
                }
                Some(News::Down(why)) => end = Some(why),
                Some(News::Up | News::Subscribed) => {}
                None => break,
            }
        }
        let Some(acks) = self.commit(&group).await else {
            return Some(None);
        };
        if end.is_none() {
            for (address, ack) in acks {
                session.ack(&address, &ack).await;
            }
            for message in &messages {
                session.done(message).await;
            }
        }
        end.map(Some)
    }

    /// Tries until the group is committed; `None` if we were stopped before that.
    async fn commit(&mut self, group: &Group) -> Option<Vec<(sync::Address, sync::Ack)>> {
        let mut retry = RETRY.0;
        loop {
            match self.try_commit(group).await {
                Ok(acks) => return Some(acks),
                Err(error) => {
                    warn!(error = format!("{error:#}"), "not committed; trying again");
                    self.database = None;
                }
            }
            self.pause(&mut retry).await;
            if *self.stopped.borrow() {
                return None;
            }
        }
    }

    async fn try_commit(
        &mut self,
        group: &Group,
    ) -> anyhow::Result<Vec<(sync::Address, sync::Ack)>> {
        let db = match &mut self.database {
            Some(db) if !db.client.is_closed() => db,
            slot => {
                let open = Database::open(&self.config)
                    .await
                    .context("the database is away")?;
                info!("connected to the database");
                slot.insert(open)
            }
        };
        let commit = ingest::commit(db, group, self.options.max_rate);
        Ok(tokio::time::timeout(TRANSACTION, commit)
            .await
            .context("the transaction took too long")??)
    }

    async fn pause(&self, retry: &mut Duration) {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            () = tokio::time::sleep(*retry) => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
        *retry = retry.saturating_mul(2).min(RETRY.1);
    }

    /// Tells programs that we are ready, once.
    fn announce(&mut self) -> anyhow::Result<()> {
        info!(broker = self.options.broker, "subscribed");
        if self.is_announced {
            return Ok(());
        }
        self.is_announced = true;
        let ready = serde_json::json!({
            "ready": true,
            "broker": self.options.broker,
            "tenant": self.options.tenant,
        });
        let mut out = std::io::stdout().lock();
        writeln!(out, "{ready}")
            .and_then(|()| out.flush())
            .context("cannot write to stdout")
    }
}
