//! Provisional answers that are acknowledged (RFC 3262), both sides.
//!
//! As the caller: each 1xx that wants a PRACK gets one, in order, once. As the called party: a reliable 1xx
//! is repeated until its PRACK, one at a time; those after it wait, and so does a 2xx behind a session
//! description that was not acknowledged yet.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::check::{Essentials, lists};
use crate::deadline::Reason;
use crate::dialog::State as DialogState;
use crate::endpoint::tables::Purpose;
use crate::endpoint::{DialogId, Endpoint, Event, TxId};
use crate::header::Kind;
use crate::lane::Owner;
use crate::lex::number;
use crate::limits;
use crate::message::{Message, cseq};
use crate::method::Method;
use crate::request::{Body, Reply};

/// The option tag.
pub(super) const TAG: &str = "100rel";

/// What an INVITE's caller says about reliable 1xx, and the ones under way.
#[derive(Debug)]
pub(crate) struct Reliable {
    /// Whether every 1xx must be reliable.
    is_required: bool,
    /// Whether the INVITE brought the offer, so that a body of ours is an answer.
    has_offer: bool,
    rseq: u32,
    pending: Option<Pending>,
    waiting: VecDeque<Reply>,
    /// The 2xx that waits for the PRACK.
    last_word: Option<Reply>,
}

/// A reliable 1xx that was not acknowledged yet.
#[derive(Debug)]
struct Pending {
    bytes: Vec<u8>,
    interval: Duration,
    has_body: bool,
}

impl Reliable {
    /// What the caller of `invite` understands; `None` where it knows no reliable 1xx. `first` is a random number.
    pub(super) fn of(invite: &Message<'_>, first: u64) -> Option<Box<Self>> {
        let is_required = names_tag(invite, Kind::Require);
        let is_known = is_required || names_tag(invite, Kind::Supported);
        is_known.then(|| {
            Box::new(Self {
                is_required,
                has_offer: !invite.body().is_empty(),
                // 1 to 2^31 - 1, with room to count up (RFC 3262 3).
                rseq: u32::try_from(first % 0x3fff_ffff).unwrap_or_default(),
                pending: None,
                waiting: VecDeque::new(),
                last_word: None,
            })
        })
    }

    /// Whether a 2xx must wait for a PRACK.
    pub(super) fn holds_answer(&self) -> bool {
        !self.waiting.is_empty() || self.pending.as_ref().is_some_and(|p| p.has_body)
    }

    /// Keeps the 2xx until the PRACK came.
    pub(super) fn hold(&mut self, reply: &Reply) {
        self.last_word = Some(reply.clone());
    }
}

fn names_tag(message: &Message<'_>, kind: Kind) -> bool {
    let mut tags = message.all(kind).flat_map(lists);
    tags.any(|tag| tag.eq_ignore_ascii_case(TAG.as_bytes()))
}

/// The called party's side.
impl Endpoint {
    /// Sends a 1xx with a To tag on an INVITE; the early dialog it makes. With `reliable`, where the caller knows
    /// RFC 3262, it is repeated until acknowledged and told as `Pracked`; so is any where the caller requires it.
    /// Where `tx` is closed (the caller gave up meanwhile) nothing is sent and the identity leads nowhere.
    pub fn progress(&mut self, now: Instant, tx: TxId, reply: &Reply, reliable: bool) -> DialogId {
        let state = self.tables.server(tx).and_then(|inbound| {
            let known = inbound.reliable.as_mut()?;
            let is_wanted = (reliable || known.is_required) && (101..200).contains(&reply.status);
            is_wanted.then(|| {
                let is_busy = known.pending.is_some();
                if is_busy && known.waiting.len() < limits::MAX_WAITING_PROGRESS {
                    known.waiting.push_back(reply.clone());
                }
                is_busy
            })
        });
        match state {
            None => self.answer_invite(now, tx, reply),
            Some(is_busy) => {
                let Some(id) = self.early_dialog(tx) else {
                    return self.tables.next_dialog();
                };
                if !is_busy {
                    self.send_reliably(now, tx, reply);
                }
                id
            }
        }
    }

    fn send_reliably(&mut self, now: Instant, tx: TxId, reply: &Reply) {
        let interval = self.lane.timers.t1;
        let Some(inbound) = self.tables.server(tx) else {
            return;
        };
        let (Some(head), Some(known)) = (&inbound.head, &mut inbound.reliable) else {
            return;
        };
        known.rseq += 1;
        let mut reply = reply.clone().with_header("Require", TAG);
        reply = reply.with_header("RSeq", known.rseq.to_string());
        let bytes = head.render(&self.config, self.relief, &reply);
        known.pending = Some(Pending {
            bytes: bytes.clone(),
            interval,
            has_body: reply.body.is_some(),
        });
        inbound
            .server
            .send(&mut self.lane, now, reply.status, bytes);
        let patience = self.lane.timers.patience();
        self.lane
            .wake_tx(tx, Reason::ProgressRetransmit, now, interval);
        self.lane
            .wake_tx(tx, Reason::ProgressUnacknowledged, now, patience);
    }

    /// Takes a PRACK in dialog `id`, and tells the owner where it acknowledges something.
    pub(super) fn take_prack(
        &mut self,
        id: DialogId,
        message: &Message<'_>,
        body: Option<&Body>,
    ) -> Prack {
        let tx = match self.tables.dialog_ref(id).map(|dialog| dialog.state) {
            Some(DialogState::Offered { tx }) => tx,
            Some(DialogState::Confirmed) if body.is_none() => return Prack::Late,
            _ => return Prack::Stray,
        };
        let Some(inbound) = self.tables.server(tx) else {
            return Prack::Stray;
        };
        let invite = inbound.cseq;
        let Some(known) = &mut inbound.reliable else {
            return Prack::Stray;
        };
        let named = message
            .fields()
            .find(|f| f.name.eq_ignore_ascii_case(b"RAck"));
        let is_right = named.and_then(|f| rack(f.value)) == Some((known.rseq, invite));
        let Some(pending) = known.pending.take_if(|_| is_right) else {
            return Prack::Stray;
        };
        let is_answer = !known.has_offer && pending.has_body;
        for reason in [Reason::ProgressRetransmit, Reason::ProgressUnacknowledged] {
            self.lane.deadlines.clear(Owner::Tx(tx), reason);
        }
        let is_offer = body.is_some() && !is_answer;
        let body = body.filter(|_| !is_offer).cloned();
        self.lane.events.push_back(Event::Pracked {
            tx,
            dialog: id,
            body,
        });
        if is_offer {
            Prack::Offer(tx)
        } else {
            Prack::Done(tx)
        }
    }

    /// What waited for a PRACK goes out now: the next 1xx, or the 2xx.
    pub(super) fn after_prack(&mut self, now: Instant, tx: TxId) {
        let Some(known) = self.tables.server(tx).and_then(|i| i.reliable.as_mut()) else {
            return;
        };
        let next = known.waiting.pop_front();
        let last_word = known.last_word.take_if(|_| next.is_none());
        if let Some(next) = next {
            self.send_reliably(now, tx, &next);
        } else if let Some(last_word) = last_word {
            self.send_reply(now, tx, &last_word);
        }
    }

    /// Repeats a 1xx that nobody acknowledged, or gives up: the INVITE is refused 504 (RFC 3262 3).
    pub(super) fn wake_progress(&mut self, now: Instant, tx: TxId, reason: Reason) {
        let Some(inbound) = self.tables.server(tx) else {
            return;
        };
        let (reply_to, dialog) = (inbound.server.reply_to, inbound.server.dialog);
        let Some(pending) = inbound.reliable.as_mut().and_then(|r| r.pending.as_mut()) else {
            return;
        };
        if reason == Reason::ProgressRetransmit {
            self.lane.resend(reply_to, &pending.bytes);
            pending.interval *= 2;
            let interval = pending.interval;
            return self.lane.wake_tx(tx, reason, now, interval);
        }
        self.lane.stats.timeouts += 1;
        self.send_reply(now, tx, &Reply::new(504));
        if let Some(dialog) = dialog {
            self.lane.events.push_back(Event::Unacknowledged { dialog });
        }
    }
}

/// What a PRACK is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prack {
    /// It acknowledges nothing of ours (481).
    Stray,
    /// It crossed our 2xx, which made it unnecessary.
    Late,
    /// It acknowledges our 1xx.
    Done(TxId),
    /// And it brings an offer, so that the owner answers it.
    Offer(TxId),
}

/// The caller's side.
impl Endpoint {
    /// Whether a 1xx is news; a reliable one is acknowledged. `None` where it is to be passed over: a copy, or
    /// one that came before its turn (RFC 3262 4). Else whether it is reliable.
    pub(super) fn take_reliable(
        &mut self,
        now: Instant,
        id: DialogId,
        fork: usize,
        (message, answer): (&Message<'_>, &Essentials<'_>),
    ) -> Option<bool> {
        if !names_tag(message, Kind::Require) {
            return Some(false);
        }
        let named = message
            .fields()
            .find(|f| f.name.eq_ignore_ascii_case(b"RSeq"));
        let Some(rseq) = named.and_then(|f| number(f.value, limits::MAX_CSEQ).ok()) else {
            return Some(false);
        };
        let dialog = self.tables.dialog(id)?;
        let early = dialog.forks.get_mut(fork)?;
        let is_next = early.rseq.is_none_or(|last| rseq == last.saturating_add(1));
        if !is_next {
            self.lane.stats.retransmissions_received += 1;
            return None;
        }
        early.rseq = Some(rseq);
        let invite = answer.cseq;
        let headers = vec![("RAck".to_owned(), format!("{rseq} {invite} INVITE"))];
        let prack = dialog.draft_early(Method::Prack, headers, None);
        let tx = self.tables.next_tx();
        self.start(now, tx, prack?, Purpose::Prack(id), None);
        Some(true)
    }
}

/// Reads a RAck value: RSeq and CSeq numbers of an INVITE.
fn rack(value: &[u8]) -> Option<(u32, u32)> {
    let value = crate::lex::trim(value);
    let digits = value.iter().position(|b| !b.is_ascii_digit())?;
    let (rseq, rest) = value.split_at_checked(digits)?;
    let (count, method) = cseq(crate::lex::trim(rest)).ok()?;
    let rseq = number(rseq, u32::MAX).ok()?;
    (method == b"INVITE").then_some((rseq, count))
}
