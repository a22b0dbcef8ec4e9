//! Reading an INVITE allocates nothing: parse, all typed views, the verdict. A binary of its own, because
//! the counting allocator is the whole process's; it counts per thread, as the test harness allocates on its own.
#![expect(
    unsafe_code,
    reason = "an allocator can only be written with unsafe; it only counts and passes on"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use sip::{Kind, Message, Verdict, judge};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
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

const INVITE: &str = include_str!("data/invite.sip");

/// The views a server asks for on an INVITE.
fn read(bytes: &[u8]) -> u64 {
    let message = Message::parse(bytes).unwrap();
    let via = message.top_via().unwrap();
    let (from, to) = (message.from().unwrap(), message.to().unwrap());
    let contact = message.contacts().next().unwrap().unwrap();
    let mut sum = message.cseq().unwrap().0 + message.max_forwards().unwrap();
    sum += message.record_routes().count() as u32;
    for text in [
        via.host,
        via.branch().unwrap(),
        from.uri.user().unwrap(),
        from.tag().unwrap(),
        to.uri.host(),
        contact.uri.host(),
        message.call_id().unwrap(),
        message.first(Kind::ContentType).unwrap(),
        message.body(),
    ] {
        sum += text.len() as u32;
    }
    u64::from(sum)
}

#[test]
fn reading_an_invite_allocates_nothing() {
    let bytes = INVITE
        .replace("\r\n", "\n")
        .replace('\n', "\r\n")
        .into_bytes();
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        black_box(read(black_box(&bytes)));
        let judged = judge(black_box(&bytes));
        assert!(judged.verdict == Verdict::Accepted);
        black_box(judged.essentials);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.get();
    black_box(vec![1_u8; 100]);
    assert!(ALLOCATIONS.get() > before);
}
