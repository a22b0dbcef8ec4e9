//! A firmware that was taught our keys, from the very files that lie on the disk, starts nothing but what we signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rig::vm::{Machine, tool};

use crate::{Bench, healthy};

/// What the firmware says of itself; four bytes of attributes come first.
const STATE: &str =
    "od -An -t u1 -j 4 /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// The loader counts down before it teaches a firmware, and the firmware starts anew after it.
const TAUGHT: Duration = Duration::from_secs(300);
/// What is signed, and what somebody would have it be: as long, so that nothing else moves.
const LOCKED: &[u8] = b"lockdown=integrity";
const OPEN: &[u8] = b"lockdown=none     ";
/// The loader's settings as they are built.
const LOADER: &str = "timeout 0\neditor no\nauto-entries no\nauto-firmware no\n";
/// What OVMF says when every way to boot was refused.
const GIVEN_UP: &str = "No bootable option or device was found";
/// Bears a higher number than the slot that runs: it is tried first.
const TAMPERED: &str = "branchline-2-b+2.efi";

/// The disk's EFI partition, as mtools name it.
pub(crate) fn esp(machine: &Machine) -> String {
    format!("{}@@{}", machine.dir().join("disk.img").display(), 1 << 20)
}

pub(crate) fn put(machine: &Machine, file: &Path, to: &str) -> anyhow::Result<()> {
    let mut copy = Command::new("mcopy");
    copy.args(["-o", "-i", &esp(machine)]).arg(file);
    tool(copy.arg(format!("::{to}")))
}

/// A machine whose firmware knows our keys, by what the disk itself carries, after its first start; it is on. The
/// variables are kept.
pub(crate) fn taught(dir: &Path, image: &Path, tpm: bool) -> anyhow::Result<(Machine, PathBuf)> {
    let mut machine = Machine::new(dir, image)?;
    machine.secure(None)?;
    machine.tpm(tpm)?;
    // The loader offers keys in its menu; here nobody is there to choose.
    let loader = dir.join("loader.conf");
    fs::write(&loader, format!("{LOADER}secure-boot-enroll force\n"))?;
    put(&machine, &loader, "loader/loader.conf")?;
    machine.start()?;
    machine.wait("a firmware that knows us", TAUGHT, |machine| {
        is_secure(machine)
    })?;
    healthy(&mut machine, "A")?;
    machine.console(&format!("printf '{LOADER}' >/efi/loader/loader.conf; sync"))?;
    let variables = dir.join("taught.fd");
    fs::copy(machine.dir().join("variables.fd"), &variables)?;
    Ok((machine, variables))
}

fn is_secure(machine: &Machine) -> Option<()> {
    let (said, status) = machine.try_console(STATE, Duration::from_secs(10)).ok()?;
    (status == 0 && said.trim() == "1").then_some(())
}

pub(crate) fn refuses(bench: &mut Bench) -> anyhow::Result<String> {
    bench.machine.cut();
    let first = &bench.builds.first;
    let (mut machine, _) = taught(&bench.dir.join("secure"), &first.join("disk.img"), false)?;
    machine.cut();
    machine.start()?;
    let signed = healthy(&mut machine, "A")?;
    let state = machine.console(STATE)?;
    ensure!(state.trim() == "1", "Secure Boot is off: {state}");
    machine.cut();
    let tampered = machine.dir().join("tampered.efi");
    tamper(&first.join("kernel-b.efi"), &tampered)?;
    put(&machine, &tampered, &format!("EFI/Linux/{TAMPERED}"))?;
    machine.start()?;
    machine.wait("a firmware that gives up", TAUGHT, |machine| {
        machine.serial().contains(GIVEN_UP).then_some(())
    })?;
    let said = machine.serial();
    ensure!(
        said.contains("Access Denied") && !said.contains("Linux version"),
        "the firmware did not refuse it: {said}"
    );
    // It stands there until somebody comes; the tries are spent, and the other slot's turn has come.
    machine.cut();
    machine.start()?;
    let returned = healthy(&mut machine, "A")?;
    let line = machine.console("cat /proc/cmdline")?;
    ensure!(
        line.contains("lockdown=integrity") && line.contains("branchline.slot=A"),
        "{line}"
    );
    let entries = machine.console("ls /efi/EFI/Linux")?;
    ensure!(
        entries.contains("branchline-2-b+0-2.efi"),
        "the changed kernel was not tried and refused: {entries}"
    );
    machine.cut();
    Ok(format!(
        "signed: healthy after {signed:.0} s, Secure Boot on; changed command line: refused twice, and after a power cycle the other slot is healthy in {returned:.0} s"
    ))
}

fn tamper(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut bytes = fs::read(from).with_context(|| from.display().to_string())?;
    let found = bytes
        .windows(LOCKED.len())
        .position(|window| window == LOCKED);
    let Some(at) = found else {
        bail!("the kernel has no such word on its command line");
    };
    bytes[at..at + OPEN.len()].copy_from_slice(OPEN);
    fs::write(to, bytes)?;
    Ok(())
}
