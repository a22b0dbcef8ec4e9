//! Calls as the page shows them: live ones, and records.

use centre::event::{CallState, LiveCall};
use centre::record::{Direction, Emotion, Record, Utterance};
use serde::Serialize;
use utoipa::ToSchema;

/// Milliseconds since 1970 UTC.
pub(crate) type UnixMillis = i64;

/// A running call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CallView {
    /// UUIDv7, the id of its record later.
    pub(crate) id: String,
    pub(crate) started: UnixMillis,
    pub(crate) answered: Option<UnixMillis>,
    pub(crate) trunk: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) state: StateView,
    pub(crate) direction: DirectionView,
    pub(crate) agent: Option<String>,
    pub(crate) flow: String,
    pub(crate) step: String,
    pub(crate) digits: String,
    pub(crate) transcript: Vec<PhraseView>,
    /// How the caller sounded last; advisory.
    pub(crate) emotion: Option<EmotionView>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateView {
    Ringing,
    InFlow,
    InQueue,
    Transferring,
    Talking,
    OnHold,
    Ending,
}

/// Which way a call went.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DirectionView {
    Inbound,
    Outbound,
    Internal,
}

/// One recognised phrase.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PhraseView {
    /// Start, milliseconds after the answer.
    pub(crate) at_ms: u64,
    pub(crate) length_ms: u64,
    pub(crate) words: String,
    /// Dialect label of the pack, e.g. `zh`.
    pub(crate) dialect: String,
    /// 0..=1, the engine's own.
    pub(crate) confidence: f32,
    pub(crate) emotion: Option<EmotionView>,
}

/// An advisory emotion label.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EmotionView {
    /// Label of the pack's card, e.g. `angry`.
    pub(crate) label: String,
    /// 0..=1.
    pub(crate) score: f32,
}

/// Everything remembered of one call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RecordView {
    pub(crate) id: String,
    /// `voice` for a call.
    pub(crate) channel: String,
    pub(crate) times: TimesView,
    pub(crate) parties: PartiesView,
    pub(crate) path: PathView,
    pub(crate) transcript: Vec<PhraseView>,
    /// The strongest of the call; advisory, the caller's leg only.
    pub(crate) emotion: Option<EmotionView>,
    pub(crate) recording: Option<RecordingView>,
    pub(crate) handled: HandledView,
    pub(crate) quality: QualityView,
    /// Why it ended, e.g. `caller_hung_up`.
    pub(crate) cause: String,
}

/// Who took a call, and how its time was spent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HandledView {
    pub(crate) direction: DirectionView,
    /// The agent who spoke last with the caller, or who called.
    pub(crate) agent: Option<String>,
    /// The phone, or the number outside, that answered last.
    pub(crate) answered_by: Option<String>,
    pub(crate) queue: Option<String>,
    /// The caller took the offer to be called back.
    pub(crate) call_back_promised: bool,
    /// The id of the call in which this one was promised.
    pub(crate) call_back_of: Option<String>,
    /// By the site's prices, thousandths.
    pub(crate) cost: u64,
    pub(crate) ring_ms: u64,
    pub(crate) wait_ms: u64,
    pub(crate) talk_ms: u64,
    pub(crate) hold_ms: u64,
    /// From the answer to the end.
    pub(crate) bill_ms: u64,
}

/// Wall-clock times of a call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TimesView {
    pub(crate) started: UnixMillis,
    pub(crate) answered: Option<UnixMillis>,
    pub(crate) ended: UnixMillis,
    /// Answer to end, 0 for an unanswered call.
    pub(crate) talk_ms: i64,
}

/// Who spoke with whom.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PartiesView {
    pub(crate) trunk: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// The SIP Call-ID, to find it in the carrier's traces.
    pub(crate) sip_call_id: String,
}

/// What the flow did with the caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PathView {
    pub(crate) flow: String,
    /// Steps entered, in order, as `flow/step`.
    pub(crate) steps: Vec<String>,
    pub(crate) target: Option<String>,
    pub(crate) digits: String,
}

/// A finished audio file; its bytes are at `/api/records/{id}/recording`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RecordingView {
    pub(crate) length_ms: u64,
    /// 20 ms frames that the recorder had to drop.
    pub(crate) gaps: u64,
}

/// What the media path counted on the caller's leg.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QualityView {
    pub(crate) packets_in: u64,
    pub(crate) packets_out: u64,
    pub(crate) lost: u64,
    pub(crate) jitter_ms: f32,
    /// How the caller sounded here, by the E-model, 1 to 4.5.
    pub(crate) mos: Option<f32>,
    /// How the box sounded to the caller, where the caller's side reports it.
    pub(crate) remote_mos: Option<f32>,
}

impl From<&LiveCall> for CallView {
    fn from(call: &LiveCall) -> Self {
        let transcript: Vec<PhraseView> = call.transcript.iter().map(PhraseView::from).collect();
        let emotion = transcript
            .iter()
            .rev()
            .find_map(|phrase| phrase.emotion.clone());
        Self {
            id: call.id.to_string(),
            started: call.started,
            answered: call.answered,
            trunk: call.parties.trunk.clone(),
            from: call.parties.from.clone(),
            to: call.parties.to.clone(),
            state: call.state.into(),
            direction: call.direction.into(),
            agent: call.agent.clone(),
            flow: call.flow.clone(),
            step: call.step.clone(),
            digits: call.digits.clone(),
            transcript,
            emotion,
        }
    }
}

impl From<CallState> for StateView {
    fn from(state: CallState) -> Self {
        match state {
            CallState::Ringing => Self::Ringing,
            CallState::InFlow => Self::InFlow,
            CallState::InQueue => Self::InQueue,
            CallState::Transferring => Self::Transferring,
            CallState::Talking => Self::Talking,
            CallState::OnHold => Self::OnHold,
            CallState::Ending => Self::Ending,
        }
    }
}

impl From<Direction> for DirectionView {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Inbound => Self::Inbound,
            Direction::Outbound => Self::Outbound,
            Direction::Internal => Self::Internal,
        }
    }
}

impl From<&Record> for HandledView {
    fn from(record: &Record) -> Self {
        let (handled, spans) = (&record.handled, &record.spans);
        Self {
            direction: handled.direction.into(),
            agent: handled.agent.clone(),
            answered_by: handled.answered_by.clone(),
            queue: handled.queue.clone(),
            call_back_promised: handled.call_back_promised,
            call_back_of: handled.call_back_of.map(|call| call.to_string()),
            cost: handled.cost,
            ring_ms: spans.ring_ms,
            wait_ms: spans.wait_ms,
            talk_ms: spans.talk_ms,
            hold_ms: spans.hold_ms,
            bill_ms: spans.bill_ms,
        }
    }
}

impl From<&Utterance> for PhraseView {
    fn from(phrase: &Utterance) -> Self {
        Self {
            at_ms: phrase.at_ms,
            length_ms: phrase.length_ms,
            words: phrase.words.clone(),
            dialect: phrase.dialect.clone(),
            confidence: phrase.confidence,
            emotion: phrase.emotion.as_ref().map(EmotionView::from),
        }
    }
}

impl From<&Emotion> for EmotionView {
    fn from(emotion: &Emotion) -> Self {
        Self {
            label: emotion.label.clone(),
            score: emotion.score,
        }
    }
}

impl From<&Record> for RecordView {
    fn from(record: &Record) -> Self {
        Self {
            id: record.id.to_string(),
            channel: record.channel.clone(),
            times: TimesView {
                started: record.times.started,
                answered: record.times.answered,
                ended: record.times.ended,
                talk_ms: record.times.talk_ms(),
            },
            parties: PartiesView {
                trunk: record.parties.trunk.clone(),
                from: record.parties.from.clone(),
                to: record.parties.to.clone(),
                sip_call_id: record.parties.sip_call_id.clone(),
            },
            path: PathView {
                flow: record.path.flow.clone(),
                steps: record.path.steps.clone(),
                target: record.path.target.clone(),
                digits: record.path.digits.clone(),
            },
            transcript: record.transcript.iter().map(PhraseView::from).collect(),
            emotion: record.emotion.as_ref().map(EmotionView::from),
            recording: record.recording.as_ref().map(|it| RecordingView {
                length_ms: it.length_ms,
                gaps: it.gaps,
            }),
            handled: record.into(),
            quality: QualityView {
                packets_in: record.quality.packets_in,
                packets_out: record.quality.packets_out,
                lost: record.quality.lost,
                jitter_ms: record.quality.jitter_ms,
                mos: record.quality.mos,
                remote_mos: record.quality.remote_mos,
            },
            cause: word(&record.cause),
        }
    }
}

/// The wire word of a unit variant, as the core's serde attributes spell it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "unknown".to_owned(),
    }
}
