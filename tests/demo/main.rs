//! `scripts/run`: a whole Branchline on loopback, and a call through all of it.
//!
//! Starts a PostgreSQL and a mosquitto of its own, central and the box, places the demo call, and
//! tells what the box heard, felt and recorded and what central acknowledged. All data is below `.run/`.

mod story;

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rig::appliance::{Appliance, Options, place_call};
use rig::broker::Broker;
use rig::central::Central;
use rig::postgres::Postgres;
use rig::process::wait_for;
use rig::{packs, root};
use story::Story;

/// The number the demo site answers.
const NUMBER: &str = "4000";
/// The record must be in PostgreSQL so soon after the call.
const SYNC_LIMIT: Duration = Duration::from_secs(60);
/// Loading the models may take so long.
const SPEECH_LIMIT: Duration = Duration::from_secs(180);

const HELP: &str = "usage: scripts/run [--once]
  --once   place the call, print one JSON object as the last line, stop everything";

fn main() -> ExitCode {
    let once = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--once") => true,
        Some(other) => {
            eprintln!("error: `{other}` is not known\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match demo(once) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}

/// Everything that runs; dropped in this order: who speaks before who listens.
struct Running {
    appliance: Appliance,
    _central: Central,
    _broker: Broker,
    postgres: Postgres,
}

fn demo(once: bool) -> anyhow::Result<bool> {
    let began = Instant::now();
    let running = start(&root().join(".run"))?;
    println!(
        "\n  SIP      {}  (UDP, any number; loopback only)",
        running.appliance.sip
    );
    println!(
        "  web      {}  (its certificate is its own: accept it once)",
        running.appliance.web
    );
    match &running.appliance.sign_in_code {
        Some(code) => println!("  sign-in  {code}  (one time; then set a password)"),
        None => println!("  sign-in  with the password you set"),
    }
    let story = call(&running, began)?;
    story.tell();
    if !once {
        println!(
            "\nthe box runs; press Enter to place the demo call again, Ctrl-C to stop everything"
        );
        for line in std::io::stdin().lock().lines() {
            line?;
            call(&running, Instant::now())?.tell();
        }
        // Without a terminal nobody can press Enter: run until we are told to stop.
        loop {
            std::thread::park();
        }
    }
    println!("{}", story.json());
    Ok(story.is_good())
}

fn start(dir: &Path) -> anyhow::Result<Running> {
    step(1, "PostgreSQL")?;
    let postgres = Postgres::start(&dir.join("postgres"))?;
    step(2, "mosquitto")?;
    let broker = Broker::start(&dir.join("broker"))?;
    step(3, "branchline-central")?;
    let central = Central::start(&dir.join("central"), &broker.url(), &postgres.url())?;
    step(4, "branchline, the box")?;
    let appliance = Appliance::start(&Options {
        data: dir.join("box"),
        broker: Some(broker.url()),
        packs: Some(packs().context("the model packs are missing\nhint: run scripts/models")?),
        ..Options::default()
    })?;
    step(5, "speech, loading models")?;
    let ready = || (appliance.metric("branchline_speech_ready")? > 0.0).then_some(());
    if wait_for(SPEECH_LIMIT, ready).is_none() {
        bail!(
            "speech is not ready after {} s\n{}",
            SPEECH_LIMIT.as_secs(),
            appliance.log_tail()
        );
    }
    Ok(Running {
        appliance,
        _central: central,
        _broker: broker,
        postgres,
    })
}

fn step(number: u32, what: &str) -> std::io::Result<()> {
    println!("[{number}/6] starting {what}");
    std::io::stdout().flush()
}

/// The caller waits for the menu, presses 1, says that the network is down, and hears the answer.
fn call(running: &Running, began: Instant) -> anyhow::Result<Story> {
    println!(
        "[6/6] calling {NUMBER}: waits for the menu, presses 1, says in Mandarin that the network is down"
    );
    std::io::stdout().flush()?;
    let say = format!(
        "say:{}",
        root().join("models/prompts/caller_net.wav").display()
    );
    let acts = ["wait:2", "press:1", "quiet:1", &say, "wait:9"];
    let report = place_call(running.appliance.sip, NUMBER, &acts)?;
    let call_id = report["sip_call_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    if report["answered"] != true {
        bail!(
            "the box refused the call: {report}\n{}",
            running.appliance.log_tail()
        );
    }
    let rows = wait_for(SYNC_LIMIT, || {
        story::rows(&running.postgres, &call_id)
            .ok()
            .filter(|rows| !rows.is_empty())
    });
    let rows = rows.with_context(|| {
        format!(
            "the record did not reach PostgreSQL in {} s\n{}",
            SYNC_LIMIT.as_secs(),
            running.appliance.log_tail()
        )
    })?;
    let acked = wait_for(SYNC_LIMIT, || {
        (running
            .appliance
            .metric("branchline_outbox_unacked_records")?
            == 0.0)
            .then_some(())
    });
    Story::of(&rows, acked.is_some(), began.elapsed(), report)
}
