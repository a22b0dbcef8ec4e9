//! The data opens on its own box alone, as it was started when it was sealed; a factory reset takes its keys away.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rig::vm::Machine;

use crate::{Bench, healthy, secure_boot};

/// How the data is kept.
const STATE: &str = "branchline seal status";
/// What was written yesterday.
const YESTERDAY: &str = "/data/branchline/yesterday";
/// A recovery key is tried within this, and the data takes its place.
const RECOVERED: Duration = Duration::from_secs(200);
/// What stands on the console before the key, and how long that is.
const SHOWN: &str = "shown now and never again:";
const KEY_LETTERS: usize = 71;

/// First start, second start, another state of the firmware, the recovery key, no TPM at all.
pub(crate) fn opens_here_alone(bench: &mut Bench) -> anyhow::Result<String> {
    bench.machine.cut();
    let (mut machine, taught) = first_start(&bench.dir.join("sealed"), &bench.builds.first)?;
    let recovery = recovery_key(&machine)?;
    is_sealed_to_pcr_7(&machine)?;
    machine.console(&format!("echo kept >{YESTERDAY}; sync"))?;
    machine.cut();

    machine.start()?;
    let opened = healthy(&mut machine, "A")?;
    stands(&machine, "sealed", true)?;
    let opening = opening(&machine)?;
    ensure!(
        !machine.serial().contains(SHOWN),
        "the recovery key was shown again"
    );
    machine.cut();

    // Secure Boot is off, as after somebody cleared the firmware's keys.
    machine.secure(None)?;
    machine.start()?;
    let degraded = healthy(&mut machine, "A")?;
    let why = stands(&machine, "locked", false)?;
    keeps_its_tries(&machine)?;
    ensure!(
        machine.serial().contains("the data is locked"),
        "the console does not say why"
    );
    recover(&mut machine, &recovery)?;
    machine.cut();

    // The recovery key has bound the data to what the firmware is now.
    machine.start()?;
    healthy(&mut machine, "A")?;
    stands(&machine, "sealed", true)?;
    machine.cut();

    machine.tpm(false)?;
    machine.start()?;
    healthy(&mut machine, "A")?;
    let gone = stands(&machine, "locked", false)?;
    ensure!(gone.contains("no TPM"), "{gone}");
    keeps_its_tries(&machine)?;
    machine.cut();
    machine.tpm(true)?;
    machine.secure(Some(&taught))?;
    Ok(format!(
        "opened by itself in {opening:.1} s, healthy after {opened:.0} s; other firmware keys: up and locked after {degraded:.0} s ({}); opened by the recovery key",
        why.trim()
    ))
}

/// A box that was never used, with a TPM and a firmware that knows our keys, up.
fn first_start(dir: &Path, first: &Path) -> anyhow::Result<(Machine, std::path::PathBuf)> {
    let (machine, taught) = secure_boot::taught(dir, &first.join("disk.img"), true)?;
    stands(&machine, "sealed", false)?;
    Ok((machine, taught))
}

/// The key that the console shows.
fn recovery_key(machine: &Machine) -> anyhow::Result<String> {
    let said = machine.serial();
    let (_, after) = said
        .rsplit_once(SHOWN)
        .context("no recovery key was shown")?;
    let key: String = after.trim_start().chars().take(KEY_LETTERS).collect();
    ensure!(
        key.split('-').count() == 8 && key.split('-').all(|group| group.len() == 8),
        "`{key}` is no recovery key"
    );
    let journal = machine.console("journalctl --no-pager -b")?;
    ensure!(
        !journal.contains(&key),
        "the recovery key stands in the journal"
    );
    Ok(key)
}

fn is_sealed_to_pcr_7(machine: &Machine) -> anyhow::Result<()> {
    let header = machine.console("cryptsetup luksDump /dev/branchline/data")?;
    let flat = header.split_whitespace().collect::<Vec<_>>().join(" ");
    for wanted in ["systemd-tpm2", "tpm2-pcrs: 7", "systemd-recovery"] {
        // Spelling of the list differs between releases of systemd.
        let loose = wanted.replace("tpm2-pcrs", "tpm2-hash-pcrs");
        ensure!(
            flat.contains(wanted) || flat.contains(&loose),
            "the header lacks {wanted}: {header}"
        );
    }
    let slots = header.matches(": luks2").count();
    ensure!(
        slots == 2,
        "{slots} slots instead of TPM and recovery: {header}"
    );
    Ok(())
}

/// What the data's opening took of this start, s.
fn opening(machine: &Machine) -> anyhow::Result<f64> {
    let line = "systemctl show --value -p ExecMainStartTimestampMonotonic -p ExecMainExitTimestampMonotonic branchline-seal";
    let said = machine.console(line)?;
    let times: Vec<f64> = said
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [from, to] = times[..] else {
        bail!("the opening has no times: {said}");
    };
    Ok((to - from) / 1e6)
}

/// How the data is kept, and whether yesterday's file is there; the whole answer.
fn stands(machine: &Machine, state: &str, yesterday: bool) -> anyhow::Result<String> {
    let said = machine.console(STATE)?;
    ensure!(
        said.contains(&format!("\"state\":\"{state}\"")),
        "the data is not {state}: {said}"
    );
    let (file, _) = machine.try_console(&format!("cat {YESTERDAY}"), Duration::from_secs(20))?;
    ensure!(
        file.contains("kept") == yesterday,
        "{YESTERDAY} says {file}, and the data is {state}"
    );
    Ok(said)
}

/// Locked data costs no try of a slot.
fn keeps_its_tries(machine: &Machine) -> anyhow::Result<()> {
    let entries = machine.console("ls /efi/EFI/Linux")?;
    ensure!(entries.contains("-a+2.efi"), "{entries}");
    Ok(())
}

/// A wrong key and the right one, typed at the console.
fn recover(machine: &mut Machine, recovery: &str) -> anyhow::Result<()> {
    asks(machine, 1)?;
    let wrong: String = recovery.chars().rev().collect();
    machine.type_line(&wrong)?;
    asks(machine, 2)?;
    stands(machine, "locked", false)?;
    machine.type_line(recovery)?;
    machine.wait(
        "the data, opened by its recovery key",
        RECOVERED,
        |machine| stands(machine, "sealed", true).ok().map(drop),
    )?;
    let line = "systemctl is-active branchline";
    machine.wait("the service on its own data", RECOVERED, |machine| {
        let (said, _) = machine.try_console(line, Duration::from_secs(10)).ok()?;
        (said.trim() == "active").then_some(())
    })
}

/// Until the console has asked so many times.
fn asks(machine: &mut Machine, times: usize) -> anyhow::Result<()> {
    machine.wait("the question for the recovery key", RECOVERED, |machine| {
        (machine
            .serial()
            .matches("Recovery key of this box:")
            .count()
            >= times)
            .then_some(())
    })
}

/// A reset of a sealed box and of a plain one: what was the customer's is gone, and the next start is a first one.
pub(crate) fn reset(bench: &mut Bench) -> anyhow::Result<String> {
    bench.machine.cut();
    let image = bench.builds.first.join("disk.img");
    let mut machine = Machine::new(&bench.dir.join("reset-plain"), &image)?;
    machine.start()?;
    healthy(&mut machine, "A")?;
    let said = machine.serial();
    ensure!(
        said.contains("the data is not sealed") && said.contains("there is no TPM"),
        "no warning on the console: {said}"
    );
    let plain = forgets(&mut machine, "unsealed")?;
    machine.cut();
    machine.start()?;
    healthy(&mut machine, "A")?;
    let opening = opening(&machine)?;
    drop(machine);
    let (mut machine, _) = first_start(&bench.dir.join("reset"), &bench.builds.first)?;
    let recovery = recovery_key(&machine)?;
    let sealed = forgets(&mut machine, "sealed")?;
    ensure!(
        recovery_key(&machine)? != recovery,
        "the new volume has the old recovery key"
    );
    let old = format!(
        "printf %s {recovery} | cryptsetup open --test-passphrase --disable-external-tokens --key-file=- /dev/branchline/data"
    );
    let (_, status) = machine.try_console(&old, Duration::from_secs(100))?;
    ensure!(status != 0, "the old recovery key opens the new volume");
    Ok(format!(
        "sealed: keys erased, a first start healthy after {sealed:.0} s; plain: after {plain:.0} s, opened in {opening:.1} s"
    ))
}

fn forgets(machine: &mut Machine, state: &str) -> anyhow::Result<f64> {
    machine.console(&format!(
        "echo kept >{YESTERDAY}; echo 7 >/data/system/floor; sync"
    ))?;
    stands(machine, state, true)?;
    let certificate = "sha256sum </data/branchline/web/web-certificate.pem";
    let [entries, before] = ["ls /efi/EFI/Linux", certificate].map(|line| machine.console(line));
    let code = one_time_code(machine)?;
    let starts = starts(machine);
    let began = std::time::Instant::now();
    let _ = machine.try_console("branchline reset --factory", Duration::from_secs(30))?;
    machine.wait("the start after the reset", RECOVERED, |machine| {
        (self::starts(machine) > starts).then_some(())
    })?;
    healthy(machine, "A")?;
    let seconds = began.elapsed().as_secs_f64();
    stands(machine, state, false)?;
    ensure!(
        machine.console(certificate)? != before?,
        "the box kept its certificate"
    );
    ensure!(
        machine.console("ls /efi/EFI/Linux")? == entries?,
        "the slots changed"
    );
    ensure!(
        machine.console("cat /data/system/floor")?.trim() == "7",
        "the floor of updates is gone"
    );
    ensure!(
        one_time_code(machine)? != code,
        "the one-time code is the old one"
    );
    Ok(seconds)
}

/// How often the firmware has handed over since power-on.
fn starts(machine: &Machine) -> usize {
    machine.serial().matches("BdsDxe: starting").count()
}

/// The line with the code that the console shows last.
fn one_time_code(machine: &Machine) -> anyhow::Result<String> {
    let said = machine.serial();
    let line = said
        .lines()
        .rev()
        .find(|line| line.contains("(once; then set a password)"));
    Ok(line.context("no one-time code on the console")?.to_owned())
}
