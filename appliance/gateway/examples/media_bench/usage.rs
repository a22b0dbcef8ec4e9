//! Processor time of threads, read from `/proc`, in nanoseconds.

use std::fs;

use anyhow::Context as _;

/// Processor time of the threads of a process that are called `name`, or of all where none is named.
pub(crate) fn thread_ns(pid: u32, name: Option<&str>) -> anyhow::Result<u64> {
    let mut sum = 0;
    let mut found = false;
    for task in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let path = task.path();
        let comm = fs::read_to_string(path.join("comm")).unwrap_or_default();
        if name.is_none_or(|name| comm.trim_end() == name) {
            found = true;
            let text = fs::read_to_string(path.join("schedstat"))?;
            let first = text.split_whitespace().next();
            sum += first.and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
    }
    anyhow::ensure!(found, "process {pid} has no thread {name:?}");
    Ok(sum)
}

/// Resident memory of a process, KiB.
pub(crate) fn resident_kib(pid: u32) -> anyhow::Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let value = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    value.context("the process has no VmRSS")
}
