//! `scripts/test image`: promises of the firmware image, each proved by booting it.
//!
//! It builds what it needs with the real builder, starts it in QEMU by emulation alone, and drives it from outside.
//! The first promise that is broken ends the run; the table at the end says what each one took.

mod builds;
mod call;
mod listeners;
mod refusals;
mod sealed;
mod secure_boot;
mod updates;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rig::vm::Machine;

use builds::Builds;

/// A start to a healthy box may take so long under emulation on a busy machine.
const HEALTHY: Duration = Duration::from_secs(400);

/// Files on the stick.
const GOOD: &str = "good.raucb";
const FAILING: &str = "failing.raucb";
const OLDER: &str = "older.raucb";
/// Where the stick is mounted.
const STICK: &str = "/run/stick";

/// Everything a proof may use.
struct Bench {
    machine: Machine,
    /// Where machines of their own are made.
    dir: PathBuf,
    builds: Builds,
}

type Proof = fn(&mut Bench) -> anyhow::Result<String>;

/// In this order: each finds the machine as the one before left it.
const PROOFS: [(&str, Proof); 11] = [
    ("boots to a healthy box", boots),
    (
        "its root is verified and nothing in it can be changed",
        listeners::root_is_verified,
    ),
    ("only declared ports listen", listeners::only_declared_ports),
    ("a call is answered and heard", call::answered_and_heard),
    (
        "foreign, damaged and other boards' updates are refused",
        refusals::refused,
    ),
    ("a good update boots and stays", updates::good),
    ("what is older than the floor is refused", updates::older),
    (
        "a release that fails its health gate gives way, and says why",
        updates::failing,
    ),
    (
        "a firmware that knows our keys starts our kernel and refuses a changed one",
        secure_boot::refuses,
    ),
    (
        "data opens on its own box alone, and degrades to the recovery key",
        sealed::opens_here_alone,
    ),
    (
        "a factory reset erases keys and data and keeps the slots",
        sealed::reset,
    ),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let dir = args
        .next()
        .map_or_else(|| rig::root().join("target/image-proof"), PathBuf::from);
    match run(dir, args.next().as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}

/// Every proof, or those whose promise has this word in it.
fn run(dir: PathBuf, word: Option<&str>) -> anyhow::Result<()> {
    let builds = Builds::make(&dir, word.is_none())?;
    let mut machine = Machine::new(&dir.join("machine"), &builds.first.join("disk.img"))?;
    if word.is_none() {
        let mut bundles = refusals::make(&dir, &builds.good)?;
        bundles.push((builds.good.join("update.raucb"), GOOD));
        bundles.push((builds.failing.join("update.raucb"), FAILING));
        bundles.push((builds.first.join("update.raucb"), OLDER));
        machine.plug_in(&bundles)?;
    }
    let mut bench = Bench {
        machine,
        dir,
        builds,
    };
    let mut table = Vec::new();
    let wanted = |promise: &str| word.is_none_or(|word| promise.contains(word));
    for (promise, proof) in PROOFS.into_iter().filter(|(promise, _)| wanted(promise)) {
        println!("-- {promise}");
        let began = Instant::now();
        let figures = proof(&mut bench).map_err(|why| why.context(promise))?;
        let seconds = began.elapsed().as_secs();
        println!("   kept after {seconds} s: {figures}");
        table.push((promise, seconds, figures));
    }
    println!("\n{:<64} {:>6}  figures", "promise", "s");
    for (promise, seconds, figures) in table {
        println!("{promise:<64} {seconds:>6}  {figures}");
    }
    Ok(())
}

fn boots(bench: &mut Bench) -> anyhow::Result<String> {
    bench.machine.start()?;
    let seconds = healthy(&mut bench.machine, "A")?;
    mount_stick(bench)?;
    let analyzed = bench
        .machine
        .console("systemd-analyze --no-pager || true")?;
    Ok(format!(
        "{seconds:.0} s; {}",
        analyzed.lines().next().unwrap_or_default()
    ))
}

/// Until the health gate has spoken well on this slot; seconds since power-on.
fn healthy(machine: &mut Machine, slot: &str) -> anyhow::Result<f64> {
    let wanted = format!("{slot} active");
    machine.wait(&format!("a healthy box on slot {slot}"), HEALTHY, |machine| {
        let line = "echo $(/usr/lib/branchline/boot-backend get-current) $(systemctl is-active branchline-health)";
        let (said, _) = machine.try_console(line, Duration::from_secs(10)).ok()?;
        said.contains(&wanted).then(|| machine.seconds())
    })
}

fn mount_stick(bench: &Bench) -> anyhow::Result<()> {
    let line = format!("mkdir -p {STICK} && mount -o ro /dev/disk/by-label/STICK {STICK}");
    bench.machine.console(&line).map(drop)
}
