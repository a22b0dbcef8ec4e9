//! A box to be measured, and SIPp's calls at it or at a peer that does the same work.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use rig::appliance::{Appliance, Options};
use rig::process::wait_for;
use rig::sipp::{Scenario, Sipp};

use crate::{pause, usage};

/// How long each call stays up.
const HOLD_MS: u32 = 1000;
/// After the last BYE, so that the last record's cost is in the figure.
const SETTLE: Duration = Duration::from_secs(2);
/// All records are on disk so soon after the calls.
const RECORDS: Duration = Duration::from_secs(20);

/// Starts a box with this site and so many places; its files lie in `dir`.
pub(crate) fn start(dir: &Path, site: &str, places: usize) -> anyhow::Result<Appliance> {
    std::fs::create_dir_all(dir)?;
    let file = dir.join("site.toml");
    std::fs::write(&file, site)?;
    Appliance::start(&Options {
        data: dir.join("box"),
        site: Some(file),
        max_calls: Some(places),
        ..Options::default()
    })
}

/// CPU-seconds that the process `pid` and its children take until so many calls to `sip`, at so many a
/// second, have come and gone.
pub(crate) fn carry(
    dir: &Path,
    pid: u32,
    sip: SocketAddr,
    (calls, rate): (u32, u32),
) -> anyhow::Result<f64> {
    std::fs::create_dir_all(dir)?;
    let before = usage::processor_seconds(pid)?;
    let scenario = Scenario {
        name: "hold",
        digit: None,
        number: "4000",
        hold_ms: HOLD_MS,
        calls: (calls, rate),
    };
    Sipp::start(dir, sip, &scenario)?.finish()?;
    pause(SETTLE);
    Ok(usage::processor_seconds(pid)? - before)
}

/// Waits until the box has committed the records of all `made` calls: a call without one has no figure.
pub(crate) fn records(appliance: &Appliance, made: u32) -> anyhow::Result<()> {
    let enough = || {
        let kept = appliance.metric("branchline_records_committed_total")?;
        (kept >= f64::from(made)).then_some(())
    };
    ensure!(
        wait_for(RECORDS, enough).is_some(),
        "{made} calls were made, but not {made} records\n{}",
        appliance.log_tail()
    );
    Ok(())
}

/// What a busy machine spoils.
pub(crate) fn repeats(appliance: &Appliance) -> String {
    let count = |name| {
        appliance
            .metric(&format!("branchline_{name}_total"))
            .unwrap_or(f64::NAN)
    };
    format!(
        "{} messages repeated, {} calls refused, all places taken",
        count("sip_retransmissions_sent"),
        count("calls_refused_full")
    )
}
