//! The board: the calls that run now and the last few hundred things told of them.
//!
//! One task (the pump in `app`) writes, every event stream reads. Each event carries the whole call,
//! so a browser that hears one twice or misses one is right again with the next. When nobody has
//! listened for [`limits::EVENTS_KEPT`] events, none is written down until somebody does.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use centre::event::{Event, Live};
use centre::{AgentView, QueueView};
use serde::Serialize;
use tokio::sync::broadcast;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::limits;
use crate::wire::call_backs::CallBackLine;
use crate::wire::calls::{CallView, EmotionView, RecordView};
use crate::wire::staff::{AgentLine, QueueLine, RefusalLine};

/// One numbered event, ready to send.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) number: u64,
    pub(crate) name: &'static str,
    pub(crate) data: String,
}

/// The data of every event of `/api/events`; the event's name is its `type`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum News {
    /// All that runs: sent first, and again when events were missed. Whatever was known is replaced.
    Snapshot {
        calls: Vec<CallView>,
        agents: Vec<AgentLine>,
        queues: Vec<QueueLine>,
        call_backs: Vec<CallBackLine>,
    },
    /// A call started or changed.
    Call { call: Box<CallView> },
    /// A call ended; its record is not saved yet.
    Ended { record: Box<RecordView> },
    /// The record of an ended call is committed.
    Saved { record: Box<RecordView> },
    /// Another version of the site is in force for new calls.
    Site { version: u64 },
    /// An agent stands elsewhere than before.
    Agent { agent: Box<AgentLine> },
    /// Callers came to a queue or went.
    Queue { queue: Box<QueueLine> },
    /// Another site is in force: all its agents and queues.
    Staff {
        agents: Vec<AgentLine>,
        queues: Vec<QueueLine>,
    },
    /// All calls that are owed now.
    CallBacks { call_backs: Vec<CallBackLine> },
    /// A call to the outside was refused or cut off by the site's protection.
    Refused { refusal: Box<RefusalLine> },
}

impl News {
    fn name(&self) -> &'static str {
        match self {
            Self::Snapshot { .. } => "snapshot",
            Self::Call { .. } => "call",
            Self::Ended { .. } => "ended",
            Self::Saved { .. } => "saved",
            Self::Site { .. } => "site",
            Self::Agent { .. } => "agent",
            Self::Queue { .. } => "queue",
            Self::Staff { .. } => "staff",
            Self::CallBacks { .. } => "call_backs",
            Self::Refused { .. } => "refused",
        }
    }

    pub(crate) fn told(&self, number: u64) -> Told {
        // Plain data without maps: serialising it does not fail.
        Told {
            number,
            name: self.name(),
            data: serde_json::to_string(self).unwrap_or_default(),
        }
    }
}

/// What runs now, and what was told last.
pub(crate) struct Board {
    inner: Mutex<Inner>,
    tell: broadcast::Sender<Arc<Told>>,
}

struct Inner {
    calls: BTreeMap<Uuid, CallView>,
    agents: BTreeMap<String, AgentLine>,
    queues: BTreeMap<String, QueueLine>,
    call_backs: Vec<CallBackLine>,
    told: VecDeque<Arc<Told>>,
    number: u64,
    /// Events since somebody listened last.
    unheard: usize,
}

impl Inner {
    /// Replaces all agents and queues.
    fn staff(&mut self, agents: &[AgentView], queues: &[QueueView]) {
        let agents = agents.iter().map(|it| (it.agent.clone(), it.into()));
        let queues = queues.iter().map(|it| (it.queue.clone(), it.into()));
        (self.agents, self.queues) = (agents.collect(), queues.collect());
    }

    /// Changes a running call, and how that is told; `None` where it is not watched.
    fn change(&mut self, call: Uuid, how: impl FnOnce(&mut CallView)) -> Option<News> {
        let view = self.calls.get_mut(&call)?;
        how(view);
        trim(view);
        Some(News::Call {
            call: Box::new(view.clone()),
        })
    }

    fn snapshot(&self) -> News {
        News::Snapshot {
            calls: self.calls.values().cloned().collect(),
            agents: self.agents.values().cloned().collect(),
            queues: self.queues.values().cloned().collect(),
            call_backs: self.call_backs.clone(),
        }
    }
}

/// Where a browser starts to listen: what it missed, and what comes.
pub(crate) struct Seat {
    pub(crate) missed: Vec<Arc<Told>>,
    pub(crate) coming: broadcast::Receiver<Arc<Told>>,
}

/// Keeps the last phrases and digits: each event carries the whole call, and calls can be long.
fn trim(call: &mut CallView) {
    let extra = call.transcript.len().saturating_sub(limits::LIVE_TAIL);
    call.transcript.drain(..extra);
    let extra = call
        .digits
        .chars()
        .count()
        .saturating_sub(limits::LIVE_TAIL);
    call.digits = call.digits.chars().skip(extra).collect();
}

impl Board {
    pub(crate) fn new(live: &Live) -> Self {
        // A stream that falls EVENT_LAG behind loses the oldest and is sent a snapshot instead.
        let (tell, _) = broadcast::channel(limits::EVENT_LAG);
        let inner = Inner {
            calls: BTreeMap::new(),
            agents: BTreeMap::new(),
            queues: BTreeMap::new(),
            call_backs: Vec::new(),
            told: VecDeque::new(),
            number: 0,
            unheard: 0,
        };
        let board = Self {
            inner: Mutex::new(inner),
            tell,
        };
        board.reset(live);
        board
    }

    /// Calls that run now, oldest first.
    pub(crate) fn calls(&self) -> Vec<CallView> {
        self.inner().calls.values().cloned().collect()
    }

    /// Agents of the site, by name.
    pub(crate) fn agents(&self) -> Vec<AgentLine> {
        self.inner().agents.values().cloned().collect()
    }

    /// Queues of the site, by name.
    pub(crate) fn queues(&self) -> Vec<QueueLine> {
        self.inner().queues.values().cloned().collect()
    }

    /// Calls that are owed, in the order in which they were promised.
    pub(crate) fn call_backs(&self) -> Vec<CallBackLine> {
        self.inner().call_backs.clone()
    }

    /// Whether the call runs now.
    pub(crate) fn is_live(&self, id: Uuid) -> bool {
        self.inner().calls.contains_key(&id)
    }

    /// Starts anew from what the box says, after events were missed.
    pub(crate) fn reset(&self, live: &Live) {
        let mut inner = self.inner();
        let calls = live.calls.iter().take(limits::LIVE_CALLS);
        inner.calls = calls.map(|call| (call.id, CallView::from(call))).collect();
        inner.staff(&live.agents, &live.queues);
        inner.call_backs = live.call_backs.iter().map(CallBackLine::from).collect();
        let snapshot = inner.snapshot();
        self.tell(&mut inner, &snapshot);
    }

    /// Takes one event of the box.
    pub(crate) fn hear(&self, event: &Event) {
        let mut inner = self.inner();
        let news = match event {
            Event::Started(call) | Event::Changed(call) => {
                if inner.calls.len() >= limits::LIVE_CALLS && !inner.calls.contains_key(&call.id) {
                    return;
                }
                let mut view = CallView::from(call);
                trim(&mut view);
                if view.emotion.is_none() {
                    view.emotion = inner
                        .calls
                        .get(&call.id)
                        .and_then(|known| known.emotion.clone());
                }
                inner.calls.insert(call.id, view.clone());
                Some(News::Call {
                    call: Box::new(view),
                })
            }
            Event::Digit { call, digit } => inner.change(*call, |view| view.digits.push(*digit)),
            Event::Heard { call, utterance } => {
                let said = |view: &mut CallView| view.transcript.push(utterance.into());
                inner.change(*call, said)
            }
            Event::Felt { call, emotion } => {
                let felt = |view: &mut CallView| view.emotion = Some(EmotionView::from(emotion));
                inner.change(*call, felt)
            }
            Event::Agent(agent) => {
                let line = AgentLine::from(agent);
                inner.agents.insert(agent.agent.clone(), line.clone());
                Some(News::Agent {
                    agent: Box::new(line),
                })
            }
            Event::Queue(queue) => {
                let line = QueueLine::from(queue);
                inner.queues.insert(queue.queue.clone(), line.clone());
                Some(News::Queue {
                    queue: Box::new(line),
                })
            }
            Event::Staff { agents, queues } => {
                inner.staff(agents, queues);
                Some(News::Staff {
                    agents: inner.agents.values().cloned().collect(),
                    queues: inner.queues.values().cloned().collect(),
                })
            }
            Event::Refused(refusal) => Some(News::Refused {
                refusal: Box::new(refusal.into()),
            }),
            Event::CallBacks(owed) => {
                inner.call_backs = owed.iter().map(CallBackLine::from).collect();
                Some(News::CallBacks {
                    call_backs: inner.call_backs.clone(),
                })
            }
            // Nobody on the page watches phones and lines yet.
            Event::Phone { .. } | Event::Trunk { .. } => None,
            Event::Ended { call, record } => {
                inner.calls.remove(call);
                Some(News::Ended {
                    record: Box::new(RecordView::from(&**record)),
                })
            }
        };
        if let Some(news) = news {
            self.tell(&mut inner, &news);
        }
    }

    /// Whether anybody listens, or may come back for what it missed.
    pub(crate) fn is_heard(&self) -> bool {
        self.tell.receiver_count() > 0 || self.inner().unheard < limits::EVENTS_KEPT
    }

    /// Tells something that is not an event of the calls.
    pub(crate) fn announce(&self, news: &News) {
        self.tell(&mut self.inner(), news);
    }

    /// A snapshot that carries the number of the last event told, for one listener.
    pub(crate) fn snapshot(&self) -> Told {
        let inner = self.inner();
        inner.snapshot().told(inner.number)
    }

    /// A seat right after event `last`; a snapshot is the first thing told where that is unknown.
    pub(crate) fn seat(&self, last: Option<u64>) -> Seat {
        let inner = self.inner();
        // Under the lock nothing is told: no event falls between what was missed and what comes.
        let coming = self.tell.subscribe();
        let oldest = inner
            .told
            .front()
            .map_or(inner.number + 1, |told| told.number);
        let missed = match last {
            Some(last) if last <= inner.number && last + 1 >= oldest => inner
                .told
                .iter()
                .filter(|told| told.number > last)
                .cloned()
                .collect(),
            _ => vec![Arc::new(inner.snapshot().told(inner.number))],
        };
        Seat { missed, coming }
    }

    fn tell(&self, inner: &mut Inner, news: &News) {
        inner.number += 1;
        inner.unheard += 1;
        if self.tell.receiver_count() > 0 {
            inner.unheard = 0;
        } else if inner.unheard > limits::EVENTS_KEPT {
            return inner.told.clear();
        }
        let told = Arc::new(news.told(inner.number));
        if inner.told.len() >= limits::EVENTS_KEPT {
            inner.told.pop_front();
        }
        inner.told.push_back(Arc::clone(&told));
        // Nobody listening is no fault.
        let _ = self.tell.send(told);
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
