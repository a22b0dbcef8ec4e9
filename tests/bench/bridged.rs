//! What a call between two parties costs the whole box: its set-up and end, and the time it is up.
//!
//! A trunk's calls ring one phone of the branch, a second SIPp. Kamailio, a stateful proxy that keeps
//! no call, carries the same calls to such a SIPp in the same run. Neither party speaks while signalling
//! is measured; what the box sends into that silence is told apart.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rig::appliance::Appliance;
use rig::called::Called;

use crate::held::{self, Job};
use crate::kamailio::Proxy;
use crate::load::{self, repeats};
use crate::row::Row;
use crate::{pause, say, usage};

const SITE: &str = r#"
[site]
name = "bench"
record = false
speech = false
[trunk.carrier]
peers = ["127.0.0.1"]
[device.1001]
password = "bench-1001"
nets = ["127.0.0.2"]
[number."4000"]
device = "1001"
"#;

/// Where the phone is: no request from where the trunk is can be a phone's.
const PHONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Calls in all, and calls a second.
const LOAD: (u32, u32) = (1000, 50);
/// Two legs of a call, each place rests for two seconds after it: 50 calls a second need 300.
const PLACES: usize = 500;
/// CPU-seconds for 1000 calls; percent of a core for 100 calls; KiB for one.
const GOAL: f64 = 0.5;
const HELD_GOAL: f64 = 7.0;
const MEMORY_GOAL: f64 = 48.0;
/// The time over which who is measured is watched while nobody calls.
const IDLE: Duration = Duration::from_secs(5);

/// Processor seconds of 1000 calls set up and ended.
pub(crate) fn signalling() -> anyhow::Result<Vec<Row>> {
    let dir = tempfile::tempdir()?;
    let appliance = load::start(dir.path(), SITE, PLACES)?;
    let phone = phone(&appliance, dir.path(), false)?;
    let (calls, rate) = LOAD;
    say(&format!("b2bua: {calls} calls, {rate} a second, the box"));
    let media = usage::thread_seconds(appliance.pid(), "media")?;
    let spent = cost(dir.path(), "box", appliance.pid(), appliance.sip)
        .with_context(|| format!("the box: {}\n{}", repeats(&appliance), appliance.log_tail()))?;
    load::records(&appliance, calls)?;
    let media = usage::thread_seconds(appliance.pid(), "media")? - media;
    say(&format!("b2bua: the box: {}", repeats(&appliance)));
    drop((appliance, phone));
    let mut row = Row::new("b2bua", spent, "CPU-s per 1000 calls")
        .goal(GOAL)
        .peer("asterisk_recorded", 5.47);
    if let Some(proxy) = Proxy::start(&dir.path().join("kamailio"))? {
        say(&format!("b2bua: {calls} calls, {rate} a second, Kamailio"));
        // A call that the peer loses costs the peer's figure, not ours.
        match cost(dir.path(), "peer", proxy.pid(), proxy.sip()) {
            Ok(theirs) => row = row.peer("kamailio_proxy", theirs),
            Err(why) => say(&format!("b2bua: no figure of Kamailio: {why:#}")),
        }
    }
    let part = Row::new(
        "b2bua_media_part",
        media / f64::from(calls) * 1000.0,
        "CPU-s of them, media thread",
    );
    Ok(vec![row, part])
}

/// Percent of a core and memory of a hundred calls that are up and speak both ways.
pub(crate) fn held() -> anyhow::Result<Vec<Row>> {
    let job = Job {
        name: "bridged-box",
        site: SITE,
        legs: 2,
    };
    let taken = held::measure(job, |appliance, dir| phone(appliance, dir, true))?;
    Ok(vec![
        Row::new("bridged_box", taken.percent, "% of a core per 100 calls")
            .goal(HELD_GOAL)
            .peer("asterisk_recorded", 38.0),
        Row::new("bridged_box_memory", taken.kib_with_place, "KiB a call")
            .goal(MEMORY_GOAL)
            .peer("asterisk_recorded", 105.0)
            .peer("rtpengine_recorded", 41.5),
        Row::new("bridged_box_memory_grown", taken.kib, "KiB a call"),
        Row::new("bridged_box_overruns", taken.late, "20 ms turns left out").goal(0.0),
    ])
}

/// A SIPp that is the phone 1001 of the box; it may send back what it hears.
fn phone(appliance: &Appliance, dir: &Path, echoes: bool) -> anyhow::Result<Called> {
    let dir = dir.join("phone");
    let phone = Called::start(&dir, PHONE, echoes)?;
    phone.register(&dir, appliance.sip, "1001", "bench-1001")?;
    Ok(phone)
}

/// CPU-seconds for 1000 calls to `sip`, taken by the process `pid` and its children beyond what they
/// take while nobody calls.
fn cost(dir: &Path, name: &str, pid: u32, sip: SocketAddr) -> anyhow::Result<f64> {
    pause(Duration::from_secs(1));
    let (before, began) = (usage::processor_seconds(pid)?, Instant::now());
    pause(IDLE);
    let idle = (usage::processor_seconds(pid)? - before) / began.elapsed().as_secs_f64();
    let began = Instant::now();
    let spent = load::carry(&dir.join(format!("{name}-calls")), pid, sip, LOAD)?;
    let spent = spent - idle * began.elapsed().as_secs_f64();
    Ok(spent / f64::from(LOAD.0) * 1000.0)
}
