//! What the host gives the media thread: its clock, a core, a priority.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::thread::CpuSet;
use rustix::thread::{ClockId as SleepClockId, clock_nanosleep_absolute};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// Real-time priority of the media thread: above the kernel's defaults, below its own threads.
const PRIORITY: i32 = 40;

/// The monotonic clock as the wheel's nanoseconds and as the core's `Instant`, read once for both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: Instant,
    origin_ns: u64,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            origin_ns: monotonic_ns(),
            origin: Instant::now(),
        }
    }

    /// Now, nanoseconds.
    pub(super) fn now_ns(self) -> u64 {
        monotonic_ns()
    }

    /// Sleeps until `ns`, or shorter where a signal comes.
    pub(super) fn sleep_until(self, ns: u64) {
        let until = Timespec {
            tv_sec: (ns / 1_000_000_000) as i64,
            tv_nsec: (ns % 1_000_000_000) as i64,
        };
        let _ = clock_nanosleep_absolute(SleepClockId::Monotonic, &until);
    }

    /// The moment `ns` as the core knows it.
    pub(super) fn instant(self, ns: u64) -> Instant {
        self.origin + Duration::from_nanos(ns.saturating_sub(self.origin_ns))
    }
}

fn monotonic_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Wall clock in NTP format: seconds since 1900 above, their fraction below.
pub(super) fn ntp_now() -> u64 {
    const UNIX_IN_NTP: u64 = 2_208_988_800;
    let time = clock_gettime(ClockId::Realtime);
    let seconds = UNIX_IN_NTP.wrapping_add(time.tv_sec as u64);
    (seconds << 32) | (((time.tv_nsec as u64) << 32) / 1_000_000_000)
}

/// Asks for real-time priority for this thread; says whether it was granted.
pub(super) fn take_realtime() -> bool {
    let wanted = libc::sched_param {
        sched_priority: PRIORITY,
    };
    // Children of this thread, were there any, would not inherit the priority.
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    #[expect(unsafe_code, reason = "rustix does not offer sched_setscheduler")]
    // SAFETY: 0 is the calling thread, and `wanted` lives across the call, which only reads it.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const wanted) };
    result == 0
}

/// Binds this thread to one core: the given one, else the last it may run on.
pub(super) fn pin(core: Option<usize>) -> anyhow::Result<usize> {
    let allowed = rustix::thread::sched_getaffinity(None).context("could not read the cores")?;
    let last = (0..CpuSet::MAX_CPU)
        .rev()
        .find(|core| allowed.is_set(*core));
    let core = core.or(last).context("no core to run on")?;
    anyhow::ensure!(
        core < CpuSet::MAX_CPU && allowed.is_set(core),
        "the media thread cannot run on core {core}\nhint: name one that this process may use"
    );
    let mut set = CpuSet::new();
    set.set(core);
    rustix::thread::sched_setaffinity(None, &set)
        .with_context(|| format!("could not bind the media thread to core {core}"))?;
    Ok(core)
}
