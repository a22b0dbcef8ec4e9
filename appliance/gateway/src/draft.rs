//! A running call as the record it would leave if the box died now.

use call::Cause;
use centre::event::LiveCall;
use centre::record::{Emotion, Handled, Path, Quality, Record, Spans, Times};

/// The record of a call that never came to its end.
pub(crate) fn draft(live: &LiveCall) -> Record {
    let reached = live
        .transcript
        .last()
        .map_or(0, |heard| heard.at_ms + heard.length_ms);
    let answered = live.answered;
    let ended = answered.map_or(live.started, |at| at + i64::try_from(reached).unwrap_or(0));
    Record {
        id: live.id,
        channel: "voice".to_owned(),
        times: Times {
            started: live.started,
            answered,
            ended,
        },
        parties: live.parties.clone(),
        path: Path {
            flow: live.flow.clone(),
            steps: Vec::from_iter((!live.step.is_empty()).then(|| live.step.clone())),
            target: None,
            digits: live.digits.clone(),
        },
        transcript: live.transcript.clone(),
        emotion: Emotion::of_call(&live.transcript).cloned(),
        recording: None,
        handled: Handled {
            direction: live.direction,
            agent: live.agent.clone(),
            ..Handled::default()
        },
        spans: Spans::default(),
        quality: Quality::default(),
        cause: Cause::BoxRestarted,
    }
}
