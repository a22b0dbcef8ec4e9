//! What processes have used, read from `/proc`: processor time, memory, packets on loopback.

use std::collections::BTreeSet;
use std::fs;

use anyhow::Context as _;

/// `/proc` counts processor time in these; Linux gives 100 to every program on our boards.
const TICKS_PER_SECOND: f64 = 100.0;

/// The fields of `/proc/PID/stat` that we read.
struct Stat {
    pid: u32,
    parent: u32,
    ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything, so fields are counted from its end.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    // utime, stime and those of children that were waited for.
    let ticks = fields.get(11..15)?;
    Some(Stat {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        ticks: ticks
            .iter()
            .filter_map(|field| field.parse::<u64>().ok())
            .sum(),
    })
}

/// Seconds of processor time, user and system, of a process and all that it started.
pub(crate) fn processor_seconds(pid: u32) -> anyhow::Result<f64> {
    let pids = fs::read_dir("/proc")?.flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let all: Vec<Stat> = pids.filter_map(stat).collect();
    let mut ours = BTreeSet::from([pid]);
    loop {
        let known = ours.len();
        let children = all.iter().filter(|stat| ours.contains(&stat.parent));
        let children: Vec<u32> = children.map(|stat| stat.pid).collect();
        ours.extend(children);
        if ours.len() == known {
            break;
        }
    }
    anyhow::ensure!(
        all.iter().any(|stat| stat.pid == pid),
        "process {pid} is gone"
    );
    let ticks = all.iter().filter(|stat| ours.contains(&stat.pid));
    Ok(ticks.map(|stat| stat.ticks).sum::<u64>() as f64 / TICKS_PER_SECOND)
}

/// Seconds of processor time of the threads of a process that have this name.
pub(crate) fn thread_seconds(pid: u32, name: &str) -> anyhow::Result<f64> {
    let mut ns = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let comm = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        if comm.trim() == name {
            let text = fs::read_to_string(task.path().join("schedstat"))?;
            let first = text.split_whitespace().next();
            ns += first.and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    anyhow::ensure!(ns > 0, "process {pid} has no thread `{name}` that ran");
    Ok(ns as f64 / 1e9)
}

/// Resident memory of a process now, KiB.
pub(crate) fn resident_kib(pid: u32) -> anyhow::Result<f64> {
    status(pid, "VmRSS:")
}

/// Most resident memory of a process since it began or since [`forget_peak`], KiB.
pub(crate) fn peak_kib(pid: u32) -> anyhow::Result<f64> {
    status(pid, "VmHWM:")
}

/// Lets the peak begin anew at what is resident now.
pub(crate) fn forget_peak(pid: u32) -> anyhow::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").context("the peak of memory was not reset")
}

fn status(pid: u32, name: &str) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    value.with_context(|| format!("process {pid} has no {name}"))
}

/// Packets that loopback has carried since the machine started, whoever sent them.
pub(crate) fn loopback_packets() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/net/dev")?;
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("lo:"));
    let packets = line.and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
    packets.context("/proc/net/dev shows no loopback")
}

/// Load average of the last minute: how busy the machine is beside us.
pub(crate) fn load_average() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
