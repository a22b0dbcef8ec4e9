//! What a call that hears a prompt costs: percent of a core while 100 calls hear it and speak.
//!
//! Sound flows both ways, 50 packets a second each, as in the peer's run.

use crate::held::{self, Job};
use crate::row::Row;

/// A queue that plays its prompt in a loop.
const SITE: &str = r#"
[site]
name = "bench"
record = false
speech = false
[trunk.carrier]
peers = ["127.0.0.1"]
[number."*"]
flow = "wait"
[queue.wait]
prompt = "queue_wait"
max_wait = "60s"
[flow.wait]
xml = '''<ivr name="wait"><step type="queue" queue="wait"/></ivr>'''
"#;

/// Percent of a core for 100 calls; KiB for one.
const GOAL: f64 = 5.0;
const MEMORY_GOAL: f64 = 48.0;

pub(crate) fn run() -> anyhow::Result<Vec<Row>> {
    let job = Job {
        name: "prompt",
        site: SITE,
        legs: 1,
    };
    let taken = held::measure(job, |_, _| Ok(()))?;
    Ok(vec![
        Row::new("prompt", taken.percent, "% of a core per 100 calls")
            .goal(GOAL)
            .peer("asterisk_50_calls_recorded", 22.9)
            .peer("asterisk_100_calls_recorded", 20.4),
        Row::new("prompt_memory", taken.kib, "KiB a call")
            .goal(MEMORY_GOAL)
            .peer("asterisk_recorded", 105.0),
        Row::new("prompt_overruns", taken.late, "20 ms turns left out").goal(0.0),
    ])
}
