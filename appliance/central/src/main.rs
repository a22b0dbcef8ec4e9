//! `branchline-central`: the fleet's side. It takes the boxes' records from the broker, puts them
//! into PostgreSQL once each, and acknowledges them after the COMMIT.

mod broker;
mod cli;
mod columns;
mod database;
mod group;
mod ingest;
mod limits;
mod partitions;
mod serve;

use std::io::IsTerminal;

use anyhow::Context;
use clap::Parser;
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command};

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    // stdout is for the one line that programs read.
    let filter =
        EnvFilter::try_from_env("BRANCHLINE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    match cli.command {
        Command::Serve(options) => runtime.block_on(serve::run(options)),
    }
}
