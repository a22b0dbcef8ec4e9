//! How long an INVITE takes to read, and how often that allocates: `cargo run --release -p sip --example parse_bench`
//!
//! Prints one JSON row a line, as `scripts/bench` collects them: {"name", "value", "unit", "goal"}. The time is
//! the best of several rounds, so a busy machine disturbs it least. Read = parse, the verdict and all typed views.
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
    let parse = best_us(|| {
        black_box(Message::parse(black_box(&bytes)).is_ok());
    });
    let read = best_us(|| {
        let judged = judge(black_box(&bytes));
        black_box((
            judged.verdict,
            judged.essentials.map(|e| (e.cseq, e.via.port)),
        ));
    });
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    black_box(judge(black_box(&bytes)).essentials.is_some());
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        r#"{{"name":"sip_scan_us","value":{parse:.3},"unit":"us","goal":1.2,"peer":{{"rsip":4.34,"rsipstack":2.23}}}}"#
    )?;
    writeln!(
        out,
        r#"{{"name":"sip_parse_us","value":{read:.3},"unit":"us","goal":1.2,"peer":{{"rsip":9.09,"rsipstack":4.40}}}}"#
    )?;
    writeln!(
        out,
        r#"{{"name":"sip_parse_allocations","value":{allocations},"unit":"allocations","goal":0,"peer":{{"rsip":122,"rsipstack":65}}}}"#
    )
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
