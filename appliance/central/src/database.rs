//! The connection to PostgreSQL: made, migrated, made again.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};
use tracing::{debug, info};

use crate::partitions::Month;

/// Migration `n` brings `schema_version` from `n` to `n + 1`. Never edited once released.
const MIGRATIONS: [&str; 3] = [
    include_str!("../migrations/0001_records.sql"),
    include_str!("../migrations/0002_handled.sql"),
    include_str!("../migrations/0003_call_back.sql"),
];
/// Key of the advisory lock under which one of us migrates.
const LOCK: i64 = 0x6272_6c6e_7363_686d;

/// Rows on their way into `records`; emptied by each COMMIT.
const INCOMING: &str = "CREATE TEMP TABLE incoming (
    tenant text, site text, box text, epoch bigint, lane text, seq bigint, id text, started bigint,
    duration double precision, channel text, trunk text, flow text, target text, digits text,
    caller text, called text, words text, emotion text, cause text, body text
) ON COMMIT DELETE ROWS";

/// A connection that is ready for work.
pub(crate) struct Database {
    pub(crate) client: Client,
    /// Partitions that are known to exist.
    pub(crate) months: BTreeSet<Month>,
}

impl Database {
    /// Connects, migrates and prepares the session.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let (mut client, connection) = config.connect(NoTls).await.context("cannot connect")?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                debug!(%error, "the connection to the database ended");
            }
        });
        // An acknowledged record must be on disk, whatever the server's default is.
        client
            .batch_execute("SET synchronous_commit = on; SET timezone = 'UTC'")
            .await?;
        migrate(&mut client).await.context("cannot migrate")?;
        client.batch_execute(INCOMING).await?;
        client
            .batch_execute("SET statement_timeout = '60s'")
            .await?;
        Ok(Self {
            client,
            months: BTreeSet::new(),
        })
    }
}

/// The options of a URL, with our own for what it leaves out.
pub(crate) fn config(url: &str) -> anyhow::Result<Config> {
    // The text may hold a password: it is not repeated.
    let mut config: Config = url.parse().context(
        "the database's address cannot be read\n  hint: write postgres://USER@HOST/NAME or `host=/run/postgresql dbname=NAME user=USER`",
    )?;
    config.application_name("branchline-central");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(std::time::Duration::from_secs(5));
    }
    Ok(config)
}

/// Whether the data is at fault, so that the same again would fail the same way.
pub(crate) fn is_data_error(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        return false;
    };
    // 21 cardinality, 22 data, 23 constraint, 54 program limit (an index row too long, ..).
    ["21", "22", "23", "54"]
        .iter()
        .any(|class| code.code().starts_with(class))
        || *code == SqlState::STATEMENT_TOO_COMPLEX
}

async fn migrate(client: &mut Client) -> anyhow::Result<()> {
    let tx = client.transaction().await?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    tx.batch_execute("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)")
        .await?;
    let found = tx
        .query_opt("SELECT version FROM schema_version", &[])
        .await?;
    let found: i32 = found.map_or(0, |row| row.get(0));
    let from = usize::try_from(found).unwrap_or(usize::MAX);
    if from > MIGRATIONS.len() {
        bail!(
            "the database is of a newer version: {found}, this program knows {}",
            MIGRATIONS.len()
        );
    }
    for (n, sql) in MIGRATIONS.iter().enumerate().skip(from) {
        tx.batch_execute(sql)
            .await
            .with_context(|| format!("migration {}", n + 1))?;
        info!(version = n + 1, "database migrated");
    }
    if from < MIGRATIONS.len() {
        let version = i32::try_from(MIGRATIONS.len())?;
        tx.execute("DELETE FROM schema_version", &[]).await?;
        tx.execute(
            "INSERT INTO schema_version (version) VALUES ($1)",
            &[&version],
        )
        .await?;
    }
    Ok(tx.commit().await?)
}
