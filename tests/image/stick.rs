//! Somebody plugs a stick in and goes: the update on it is written beside the running release, once, and starts in
//! its turn.

use std::time::Duration;

use anyhow::ensure;
use rig::vm::Machine;

use crate::builds::GOOD_VERSION;
use crate::{Bench, GOOD, healthy};

/// Found, checked and written by itself, under emulation beside a starting box.
const TAKEN: Duration = Duration::from_secs(1_200);
/// What the box says of sticks since it was started.
const SAID: &str = "journalctl --no-pager -o cat -u 'branchline-stick@*'";

pub(crate) fn taken_in(bench: &mut Bench) -> anyhow::Result<String> {
    bench.machine.cut();
    let mut machine = Machine::new(
        &bench.dir.join("stick"),
        &bench.builds.first.join("disk.img"),
    )?;
    machine.plug_in(&[(bench.builds.good.join("update.raucb"), GOOD)])?;
    machine.start()?;
    machine.wait("a written update", TAKEN, |machine| {
        let line = "branchline update status";
        let (said, _) = machine.try_console(line, Duration::from_secs(20)).ok()?;
        (said.contains("written, waits") && said.contains(GOOD_VERSION)).then_some(())
    })?;
    let written = machine.seconds();
    healthy(&mut machine, "A")?;

    // The stick stays where it is, whatever becomes of the box.
    machine.cut();
    machine.start()?;
    healthy(&mut machine, "A")?;
    says(&mut machine, "it is written already")?;
    let _ = machine.try_console("branchline update switch", Duration::from_secs(20))?;
    healthy(&mut machine, "B")?;
    says(&mut machine, "this box runs it")?;
    let status = machine.console("branchline update status")?;
    ensure!(status.contains("runs"), "{status}");
    machine.cut();
    Ok(format!(
        "written {written:.0} s after power-on; left in, it is written no second time, neither before nor after its start"
    ))
}

fn says(machine: &mut Machine, words: &str) -> anyhow::Result<()> {
    machine.wait(words, TAKEN, |machine| {
        let (said, _) = machine.try_console(SAID, Duration::from_secs(20)).ok()?;
        said.contains(words).then_some(())
    })
}
