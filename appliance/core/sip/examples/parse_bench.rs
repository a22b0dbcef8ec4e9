//! How long an INVITE takes to read, and how often that allocates: `cargo run --release -p sip --example parse_bench`
//!
//! Prints one JSON row a line, as `scripts/bench` collects them: {"name", "value", "unit", "goal", "peer"}. Scan is
//! start line, header table and body; parse adds the typed views the peers' figures include; judge is what an
//! endpoint does for each datagram: every header it must understand, held against what we support. The time is the
//! best of many short rounds, so that a busy machine disturbs it least.
#![expect(
    clippy::disallowed_methods,
    reason = "a bench is a program: it reads the clock"
)]
#![expect(
    unsafe_code,
    reason = "an allocator can only be written with unsafe; it only counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sip::{Message, judge};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const INVITE: &str = include_str!("../tests/data/invite.sip");
/// Rounds are short, so that some of many fit between two interruptions.
const ROUNDS: usize = 600;
const MESSAGES: u32 = 300;

fn main() -> io::Result<()> {
    let bytes = INVITE
        .replace("\r\n", "\n")
        .replace('\n', "\r\n")
        .into_bytes();
    let scan = best_us(|| {
        black_box(Message::parse(black_box(&bytes)).is_ok());
    });
    let parse = best_us(|| {
        black_box(views(black_box(&bytes)));
    });
    let judged = best_us(|| {
        let judged = judge(black_box(&bytes));
        black_box((
            judged.verdict,
            judged.essentials.map(|e| (e.cseq, e.via.port)),
        ));
    });
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    black_box((
        views(black_box(&bytes)),
        judge(black_box(&bytes)).essentials.is_some(),
    ));
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let us = |value: f64| format!("{value:.3}");
    row(
        "sip_scan_us",
        &us(scan),
        "us",
        "0.6",
        r#""rsip":4.34,"rsipstack":2.23"#,
    )?;
    row(
        "sip_parse_us",
        &us(parse),
        "us",
        "1.2",
        r#""rsip":9.09,"rsipstack":4.40"#,
    )?;
    row("sip_judge_us", &us(judged), "us", "2.0", "")?;
    let peers = r#""rsip":122,"rsipstack":65"#;
    row(
        "sip_parse_allocations",
        &allocations.to_string(),
        "allocations",
        "0",
        peers,
    )
}

fn row(name: &str, value: &str, unit: &str, goal: &str, peers: &str) -> io::Result<()> {
    let row = format!(r#""name":"{name}","value":{value},"unit":"{unit}","goal":{goal}"#);
    writeln!(io::stdout().lock(), r#"{{{row},"peer":{{{peers}}}}}"#)
}

/// Parse and the views the peers' figures were taken with: Via, From, To, Call-ID, CSeq, Contact, Max-Forwards.
fn views(bytes: &[u8]) -> Option<u32> {
    let message = Message::parse(bytes).ok()?;
    let via = message.top_via()?;
    let (from, to) = (message.from()?, message.to()?);
    let contact = message.contacts().next()?.ok()?;
    black_box((via, from, to, contact, message.call_id()?));
    Some(message.cseq()?.0 + message.max_forwards()?)
}

/// Microseconds a call, of the best round.
fn best_us(mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..MESSAGES {
            work();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(MESSAGES));
    }
    best
}
