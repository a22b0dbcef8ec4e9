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
mod stick;
mod updates;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Parser;
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

/// Every run's, in this order: each finds the machine as the one before left it.
const SHORT: &[(&str, Proof)] = &[
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
];

/// Before a release: each makes a machine of its own.
const LONG: &[(&str, Proof)] = &[
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
    (
        "an update on a stick is taken in by itself, once",
        stick::taken_in,
    ),
];

/// Builds the firmware, boots it in QEMU and proves its promises.
#[derive(Parser)]
#[command(after_help = "examples:
  scripts/test image
  scripts/test image --short
  scripts/test image --only stick")]
struct Cli {
    /// The first eight promises alone, as every run of all tests does
    #[arg(long)]
    short: bool,
    /// Promises with this word in them, of those that need no machine of another
    #[arg(long, value_name = "WORD", conflicts_with = "short")]
    only: Option<String>,
    /// Name the promises and do nothing
    #[arg(long)]
    list: bool,
    /// Where images and machines are made
    #[arg(long)]
    dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    if cli.list {
        for (promise, _) in SHORT.iter().chain(LONG) {
            println!("{promise}");
        }
        return Ok(());
    }
    let dir = cli
        .dir
        .unwrap_or_else(|| rig::root().join("target/image-proof"));
    let builds = Builds::make(&dir)?;
    let mut machine = Machine::new(&dir.join("machine"), &builds.first.join("disk.img"))?;
    let proofs: Vec<_> = match &cli.only {
        None if cli.short => SHORT.to_vec(),
        None => SHORT.iter().chain(LONG).copied().collect(),
        Some(word) => {
            let meant = |(promise, _): &&(&str, Proof)| promise.contains(word.as_str());
            LONG.iter().filter(meant).copied().collect()
        }
    };
    ensure!(
        !proofs.is_empty(),
        "no promise has this word in it\nhint: --list names them; the first eight are kept or broken together"
    );
    if cli.only.is_none() {
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
    for (promise, proof) in proofs {
        println!("-- {promise}");
        let began = Instant::now();
        let figures = proof(&mut bench).map_err(|why| why.context(promise))?;
        let seconds = began.elapsed().as_secs();
        println!("   kept after {seconds} s: {figures}");
        table.push((promise, seconds, figures));
    }
    println!("\n{:<76} {:>6}  figures", "promise", "s");
    for (promise, seconds, figures) in table {
        println!("{promise:<76} {seconds:>6}  {figures}");
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
