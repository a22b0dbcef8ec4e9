//! A real caller on the cable: the project's own, over SIP and RTP.

use anyhow::{Context as _, ensure};
use rig::binary;
use rig::netns::Socket;
use serde_json::Value;

use crate::Bench;

/// Sound that is a prompt, ms.
const PROMPT_MS: u64 = 1_500;

pub(crate) fn answered_and_heard(bench: &mut Bench) -> anyhow::Result<String> {
    let call = place(bench)?;
    let sound = call["sound_ms"].as_u64().unwrap_or_default();
    ensure!(call["answered"] == true && sound > PROMPT_MS, "{call}");
    let kept = bench
        .machine
        .console("ls -1 /data/branchline/recordings/*/*/* | wc -l")?;
    ensure!(kept.trim() != "0", "no recording was kept");
    Ok(format!(
        "{:.1} s of sound in {} packets",
        sound as f64 / 1_000.0,
        call["packets"]
    ))
}

/// Places a call, presses a key, listens.
pub(crate) fn place(bench: &Bench) -> anyhow::Result<Value> {
    let mut caller = bench.machine.outside().enter(binary("branchline"));
    let to = format!("sip:4000@{}:5060", Socket::MACHINE);
    let done = caller
        .args(["call", &to, "quiet:0.8", "press:1", "wait:3", "--json"])
        .output()?;
    let said = String::from_utf8_lossy(&done.stdout);
    let line = said
        .lines()
        .last()
        .with_context(|| String::from_utf8_lossy(&done.stderr).into_owned())?;
    Ok(serde_json::from_str(line)?)
}
