//! The store's tests: what it promises, what it answers, and what it survives.

mod faults;
mod kill;
mod migrations;
mod promises;
mod queries;
mod standing;

use centre::record::{Cause, Handled, Parties, Path, Quality, Record, Spans, Times, Utterance};
use uuid::Uuid;

/// 2026-03-01T00:00:00Z.
const MARCH: i64 = 1_772_323_200_000;

/// An answered call of one minute, the `n`-th minute of March 2026.
fn sample(n: u64) -> Record {
    let started = MARCH + n as i64 * 60_000;
    Record {
        id: Uuid::from_u128(0x7000_0000_0000_0000 + u128::from(n)),
        channel: "voice".into(),
        times: Times {
            started,
            answered: Some(started + 500),
            ended: started + 60_500,
        },
        parties: Parties {
            trunk: "carrier".into(),
            from: format!("1380000{n:04}"),
            to: "4000".into(),
            sip_call_id: format!("call-{n}"),
        },
        path: Path {
            flow: "customer_service".into(),
            steps: vec![],
            target: Some("sales".into()),
            digits: "2".into(),
        },
        transcript: vec![said(1000, "我要报修100%")],
        emotion: None,
        recording: None,
        handled: Handled::default(),
        spans: Spans::default(),
        quality: Quality::default(),
        cause: Cause::CallerHungUp,
    }
}

fn said(at_ms: u64, words: &str) -> Utterance {
    let (words, dialect) = (words.to_owned(), "zh".to_owned());
    Utterance {
        at_ms,
        length_ms: 900,
        words,
        dialect,
        confidence: 0.5,
        emotion: None,
    }
}

/// The same call while it runs.
fn draft(n: u64) -> Record {
    let mut draft = sample(n);
    draft.times.ended = draft.times.started;
    draft.transcript.clear();
    draft
}
