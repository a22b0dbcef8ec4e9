//! Updates by a stick: one that is good stays, one that fails its health gate gives way and leaves its reason.

use std::time::Duration;

use anyhow::ensure;

use crate::builds::GOOD_VERSION;
use crate::{Bench, FAILING, GOOD, OLDER, STICK, healthy, mount_stick};

/// Writing an update may take so long under emulation.
const INSTALL: Duration = Duration::from_secs(400);
/// Nobody calls: the switch waits some seconds only.
const SWITCH: Duration = Duration::from_secs(20);
/// Two starts that fail, each with its gate's patience, and the one that returns.
const RETURN: Duration = Duration::from_secs(900);

pub(crate) fn good(bench: &mut Bench) -> anyhow::Result<String> {
    let seconds = install(bench, GOOD)?;
    let up = reboot(bench, "B")?;
    let about = bench.machine.console("cat /etc/os-release")?;
    ensure!(
        about.contains(&format!("VERSION_ID={GOOD_VERSION}")),
        "{about}"
    );
    let entries = bench.machine.console("ls /efi/EFI/Linux")?;
    ensure!(
        entries.contains("-b+2.efi"),
        "the slot has not its tries again: {entries}"
    );
    Ok(format!(
        "installed in {seconds:.0} s, healthy on the other slot after {up:.0} s"
    ))
}

pub(crate) fn failing(bench: &mut Bench) -> anyhow::Result<String> {
    install(bench, FAILING)?;
    let began = std::time::Instant::now();
    restart(bench)?;
    // Slot A now holds the failing release: B was chosen before, and comes back.
    bench.machine.wait("the slot before", RETURN, |machine| {
        let line = "echo $(/usr/lib/branchline/boot-backend get-current) $(systemctl is-active branchline-health) $(ls /efi/EFI/Linux)";
        let (said, _) = machine.try_console(line, Duration::from_secs(10)).ok()?;
        (said.contains("B active") && said.contains("-a+0-2.efi")).then_some(())
    })?;
    let seconds = began.elapsed().as_secs();
    let report = bench.machine.console("cat /data/system/boot-report.json")?;
    ensure!(
        report.contains("\"slot\": \"A\"") && report.contains("\"healthy\": false"),
        "{report}"
    );
    Ok(format!(
        "the slot before was healthy again {seconds} s after the restart"
    ))
}

/// Installs from the stick; seconds it took.
fn install(bench: &Bench, bundle: &str) -> anyhow::Result<f64> {
    let began = std::time::Instant::now();
    let line = format!("branchline update {STICK}/{bundle}");
    let (said, status) = bench.machine.try_console(&line, INSTALL)?;
    ensure!(status == 0, "the update was not installed: {said}");
    Ok(began.elapsed().as_secs_f64())
}

fn restart(bench: &mut Bench) -> anyhow::Result<()> {
    // It may be gone before it has said so.
    let _ = bench
        .machine
        .try_console("branchline update switch", SWITCH)?;
    Ok(())
}

/// Restarts and waits until the other slot is healthy; seconds it took.
fn reboot(bench: &mut Bench, slot: &str) -> anyhow::Result<f64> {
    let began = std::time::Instant::now();
    restart(bench)?;
    healthy(&mut bench.machine, slot)?;
    Ok(began.elapsed().as_secs_f64())
}

/// The box has run a release that moved the floor: what is below it is refused, also where RAUC itself is asked.
pub(crate) fn older(bench: &mut Bench) -> anyhow::Result<String> {
    mount_stick(bench)?;
    for command in ["branchline update", "rauc install"] {
        let line = format!("{command} {STICK}/{OLDER}");
        let (said, status) = bench.machine.try_console(&line, INSTALL)?;
        ensure!(status != 0, "`{line}` installed what is older: {said}");
    }
    let status = bench.machine.console("branchline update status")?;
    ensure!(status.contains("floor"), "{status}");
    Ok(status.lines().last().unwrap_or_default().trim().to_owned())
}
