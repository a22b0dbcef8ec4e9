//! The told calls: a morning of records, and calls that run for a few seconds.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use call::Cause;
use centre::event::{CallState, Event, Live, LiveCall};
use centre::record::{
    Direction, Emotion, Handled, Parties, Path, Quality, Record, Recording, Spans, Times, Utterance,
};
use store::Store;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

const RATE: usize = 8000;
const MINUTE_MS: i64 = 60_000;

/// Caller, keys, target, why it ended, and what was said how.
type Told = (
    &'static str,
    &'static str,
    &'static str,
    Cause,
    &'static [(&'static str, &'static str)],
);

const MORNING: [Told; 8] = [
    (
        "13800138000",
        "2",
        "sales",
        Cause::QueueTimeout,
        &[("我想问一下企业宽带的价格", "neutral")],
    ),
    (
        "18611112222",
        "1",
        "tech_support",
        Cause::CallerHungUp,
        &[
            ("家里又断网了", "angry"),
            ("已经是这个月第三次了", "angry"),
            ("请转人工客服", "angry"),
        ],
    ),
    ("02162345678", "", "queue_wait", Cause::CallerHungUp, &[]),
    ("anonymous", "", "customer_service", Cause::Cancelled, &[]),
    (
        "13912345678",
        "1",
        "tech_support",
        Cause::FlowEnded,
        &[("路由器连不上", "neutral"), ("好的谢谢", "happy")],
    ),
    (
        "sip:reception@branch.example",
        "2",
        "sales",
        Cause::Transferred,
        &[("帮我转一下销售", "happy")],
    ),
    (
        "13700001111",
        "1",
        "tech_support",
        Cause::BoxRestarted,
        &[("我要查账单", "sad")],
    ),
    (
        "18900002222",
        "9",
        "queue_wait",
        Cause::QueueTimeout,
        &[("喂，听得到吗", "fear")],
    ),
];

/// Tells calls and keeps what a box would keep of them.
pub(crate) struct Town {
    store: Store,
    events: broadcast::Sender<Event>,
    live: watch::Sender<Live>,
    recordings: PathBuf,
    told: u64,
}

impl Town {
    pub(crate) fn new(
        store: Store,
        events: broadcast::Sender<Event>,
        live: watch::Sender<Live>,
        recordings: PathBuf,
    ) -> Self {
        Self {
            store,
            events,
            live,
            recordings,
            told: 0,
        }
    }

    /// Commits some records of the last hours.
    pub(crate) async fn remember_a_morning(&mut self) -> Result<(), Box<dyn Error>> {
        for nth in 0..23 {
            let told = &MORNING[nth % MORNING.len()];
            let started = now() - (i64::try_from(nth)? * 17 + 3) * MINUTE_MS;
            let record = self.record(self.id(started, nth as u64), started, told)?;
            self.store.commit(record).await?;
        }
        Ok(())
    }

    /// Tells one call from its first ring to its record.
    pub(crate) async fn one_call(&mut self) -> Result<(), Box<dyn Error>> {
        self.told += 1;
        let told = &MORNING[1];
        let started = now();
        let mut call = LiveCall {
            id: self.id(started, 1000 + self.told),
            started,
            answered: None,
            parties: parties(told.0),
            state: CallState::Ringing,
            direction: Direction::Inbound,
            agent: None,
            flow: "customer_service".to_owned(),
            step: "customer_service/start".to_owned(),
            digits: String::new(),
            transcript: Vec::new(),
        };
        let record = self.record(call.id, started, told)?;
        self.tell(&call, Event::Started(call.clone())).await;
        call.answered = Some(started);
        call.state = CallState::InFlow;
        self.tell(&call, Event::Changed(call.clone())).await;
        call.digits.push('1');
        self.tell(
            &call,
            Event::Digit {
                call: call.id,
                digit: '1',
            },
        )
        .await;
        call.step = "tech_support/problem".to_owned();
        self.tell(&call, Event::Changed(call.clone())).await;
        for utterance in &record.transcript {
            call.transcript.push(utterance.clone());
            self.tell(
                &call,
                Event::Heard {
                    call: call.id,
                    utterance: utterance.clone(),
                },
            )
            .await;
        }
        call.state = CallState::InQueue;
        call.step = "queue_wait".to_owned();
        self.tell(&call, Event::Changed(call.clone())).await;
        self.live
            .send_modify(|live| live.calls.retain(|known| known.id != call.id));
        let ended = Event::Ended {
            call: call.id,
            record: Box::new(record.clone()),
        };
        // Nobody listening is no fault.
        let _ = self.events.send(ended);
        self.store.commit(record).await?;
        Ok(())
    }

    async fn tell(&self, call: &LiveCall, event: Event) {
        self.live.send_modify(|live| {
            live.calls.retain(|known| known.id != call.id);
            live.calls.push(call.clone());
        });
        let _ = self.events.send(event);
        tokio::time::sleep(Duration::from_millis(700)).await;
    }

    fn id(&self, started: i64, nth: u64) -> Uuid {
        let high = u128::from(started.unsigned_abs()) << 80;
        Uuid::from_u128(high | 0x7000_8000_0000_0000_0000 | u128::from(nth))
    }

    fn record(&self, id: Uuid, started: i64, told: &Told) -> Result<Record, Box<dyn Error>> {
        let (from, digits, target, cause, said) = *told;
        let is_answered = cause != Cause::Cancelled;
        let mut at_ms = 2000;
        let mut transcript = Vec::new();
        for (words, mood) in said {
            let length_ms = words.chars().count() as u64 * 220;
            let emotion = Some(Emotion {
                label: (*mood).to_owned(),
                score: 0.71,
            });
            let (words, dialect) = ((*words).to_owned(), "zh".to_owned());
            transcript.push(Utterance {
                at_ms,
                length_ms,
                words,
                dialect,
                confidence: 0.86,
                emotion,
            });
            at_ms += length_ms + 1500;
        }
        let length_ms = at_ms + 3000;
        let emotion = transcript.last().and_then(|last| last.emotion.clone());
        let recording = if is_answered {
            Some(self.recording(id, length_ms, &transcript)?)
        } else {
            None
        };
        let steps = [
            "customer_service/start",
            "tech_support/problem",
            "queue_wait",
        ];
        Ok(Record {
            id,
            channel: "voice".to_owned(),
            times: Times {
                started,
                answered: is_answered.then_some(started + 400),
                ended: started + 400 + i64::try_from(length_ms)?,
            },
            parties: parties(from),
            path: Path {
                flow: "customer_service".to_owned(),
                steps: steps.map(str::to_owned).into(),
                target: Some(target.to_owned()),
                digits: digits.to_owned(),
            },
            transcript,
            emotion,
            recording,
            handled: Handled::default(),
            spans: Spans::default(),
            quality: Quality {
                packets_in: 600,
                packets_out: 600,
                lost: 2,
                jitter_ms: 1.4,
                mos: Some(4.38),
                remote_mos: Some(4.3),
            },
            cause,
        })
    }

    /// A stereo A-law file: the caller hums where words were said, the box before.
    fn recording(
        &self,
        id: Uuid,
        length_ms: u64,
        said: &[Utterance],
    ) -> Result<Recording, Box<dyn Error>> {
        let frames = usize::try_from(length_ms)? * RATE / 1000;
        let mut bytes = head(u32::try_from(frames * 2)?);
        for frame in 0..frames {
            let ms = (frame * 1000 / RATE) as u64;
            let speaks = said
                .iter()
                .any(|it| ms >= it.at_ms && ms < it.at_ms + it.length_ms);
            let swell = 0.35 + 0.65 * ((frame as f32 / 900.0).sin().abs());
            let tone = (frame as f32 * 0.11).sin() * 9000.0 * swell;
            bytes.push(a_law(if speaks { tone } else { 0.0 }));
            bytes.push(a_law(if ms < 1500 { tone * 0.7 } else { 0.0 }));
        }
        let file = format!("{id}.wav");
        std::fs::write(self.recordings.join(&file), bytes)?;
        Ok(Recording {
            file,
            length_ms,
            gaps: 0,
        })
    }
}

fn head(data: u32) -> Vec<u8> {
    let mut out = Vec::from(*b"RIFF");
    out.extend((data + 36).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    for half in [6u16, 2] {
        out.extend(half.to_le_bytes());
    }
    out.extend(8000u32.to_le_bytes());
    out.extend(16_000u32.to_le_bytes());
    for half in [2u16, 8] {
        out.extend(half.to_le_bytes());
    }
    out.extend(b"data");
    out.extend(data.to_le_bytes());
    out
}

/// ITU-T G.711 A-law of a linear sample.
fn a_law(sample: f32) -> u8 {
    let mask = if sample >= 0.0 { 0xD5 } else { 0x55 };
    let size = (sample.abs() as u16 >> 3).min(4095);
    if size < 32 {
        return (size as u8 >> 1) ^ mask;
    }
    let segment = (15 - size.leading_zeros() as u8) - 4;
    ((segment << 4) | (size >> segment) as u8 & 0x0F) ^ mask
}

fn parties(from: &str) -> Parties {
    Parties {
        trunk: "local".to_owned(),
        from: from.to_owned(),
        to: "4000".to_owned(),
        sip_call_id: "7f3a91@192.0.2.10".to_owned(),
    }
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}
