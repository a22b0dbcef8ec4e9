//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The fleet's side of Branchline: from the broker into PostgreSQL, once each.
#[derive(Debug, Parser)]
#[command(name = "branchline-central", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take records from the broker, store them, acknowledge them; runs until SIGTERM
    #[command(after_help = EXAMPLES)]
    Serve(Serve),
}

const EXAMPLES: &str = "\
Examples:
  A broker and a database on this machine:
    branchline-central serve --broker mqtt://127.0.0.1:1883 --database postgres://branchline@127.0.0.1/fleet

  A database behind a unix socket:
    branchline-central serve --broker mqtt://127.0.0.1:1883 --database 'host=/run/postgresql dbname=fleet user=branchline'

  A broker across the network, one tenant only:
    branchline-central serve --broker mqtts://broker.example:8883 --broker-ca ca.pem --tenant acme --database ...

Prints one JSON line with \"ready\": true on stdout once it is subscribed; logs go to stderr
(BRANCHLINE_LOG=debug for more). Start it several times and the broker shares the work out.";

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The broker, as mqtt://HOST:PORT (loopback) or mqtts://HOST:PORT
    #[arg(long, value_name = "URL")]
    pub(crate) broker: String,
    /// The database, as a postgres:// URL or `host=.. dbname=.. user=..`; tables are made and
    /// brought up to date at start
    #[arg(
        long,
        value_name = "URL",
        env = "BRANCHLINE_DATABASE",
        hide_env_values = true
    )]
    pub(crate) database: String,
    /// Take this tenant's boxes only
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Ask each box to send no more than so many rows a second
    #[arg(long, value_name = "ROWS")]
    pub(crate) max_rate: Option<u32>,
    #[command(flatten)]
    pub(crate) access: Access,
}

/// How to get in at the broker.
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// PEM file of those who may have signed the broker's certificate (for mqtts://)
    #[arg(long, value_name = "FILE")]
    pub(crate) broker_ca: Option<PathBuf>,
    /// PEM files of our own certificate chain and key, where the broker asks for them
    #[arg(long, value_names = ["CERT", "KEY"], num_args = 2)]
    pub(crate) broker_identity: Option<Vec<PathBuf>>,
    /// User name at the broker; the password comes from BRANCHLINE_BROKER_PASSWORD
    #[arg(long, value_name = "NAME")]
    pub(crate) broker_user: Option<String>,
    /// Allow mqtt:// to a broker that is not on this machine
    #[arg(long)]
    pub(crate) allow_plain: bool,
}
