//! Requests and answers inside a leg's dialog: changes, digits, transfer, signs of life.

use std::time::Instant;

use sip::{Body, DialogId, Headers, Method, Reply, Request, TxId};

use super::admission::{capabilities, unserved};
use super::{Asked, Parting, Switchboard, Why};
use crate::cause::Cause;
use crate::event::LegEvent;
use crate::info::{self, Info};
use crate::leg::{DigitRoad, LegId, State};
use crate::limits::TRANSFER_PATIENCE;
use crate::transfer::{self, Progress};

impl Switchboard {
    /// Asks the peer to call `target` instead of us (RFC 3515). Ends in `TransferFailed`, or in
    /// `Ended` with [`Cause::Transferred`].
    pub fn transfer(&mut self, now: Instant, leg: LegId, target: &str) {
        let Some(entry) = self.legs.get_mut(&leg) else {
            return;
        };
        let (State::Up, Some(dialog)) = (&entry.state, entry.dialog) else {
            return;
        };
        let Some(refer_to) = transfer::refer_to(target, &entry.peer.addr.to_string()) else {
            tracing::warn!(%leg, "the transfer target is no number and no URI");
            self.events.push_back(LegEvent::TransferFailed { leg });
            return;
        };
        entry.state = State::Referring { accepted: false };
        let local = self.endpoint.config().local.of(entry.peer.transport);
        let headers = vec![
            ("Refer-To".into(), format!("<{refer_to}>")),
            ("Referred-By".into(), format!("<sip:{local}>")),
        ];
        let tx = self
            .endpoint
            .request(now, dialog, Method::Refer, headers, None);
        self.index.asked.insert(tx, (leg, Asked::Refer));
        self.deadlines
            .set((leg, Why::Transfer), now + TRANSFER_PATIENCE);
        self.drain(now);
    }

    pub(super) fn on_in_dialog(
        &mut self,
        now: Instant,
        tx: TxId,
        dialog: DialogId,
        request: &Request,
    ) {
        let Some(leg) = self.leg_of(dialog) else {
            self.stats.refused.stray_requests += 1;
            return self.endpoint.respond(now, tx, &Reply::new(481));
        };
        let reply = match &request.method {
            Method::Invite => return self.on_reinvite(now, tx, leg, request),
            Method::Update => return self.on_update(now, tx, leg, request),
            Method::Notify => return self.on_notify(now, tx, leg, request),
            Method::Refer => return self.on_refer(now, tx, leg, request),
            Method::Info => self.on_info(now, leg, request),
            Method::Options => capabilities(200),
            method => {
                self.stats.refused.method += 1;
                unserved(method)
            }
        };
        self.endpoint.respond(now, tx, &reply);
    }

    pub(super) fn on_response(
        &mut self,
        now: Instant,
        tx: TxId,
        (status, headers): (u16, &Headers),
        body: Option<Body>,
    ) {
        let Some((leg, asked)) = self.index.asked.remove(&tx) else {
            return;
        };
        if matches!(asked, Asked::Change | Asked::Liveness) && (200..300).contains(&status) {
            self.keep_time(now, leg, headers.first("Session-Expires"));
        }
        match asked {
            Asked::Refer => {}
            Asked::Change => return self.on_changed(now, leg, status, body),
            // 408 and 481 end the dialog by themselves; any other answer proves the peer alive.
            Asked::Liveness | Asked::Telling | Asked::Key => return,
        }
        match self.legs.get_mut(&leg).map(|l| &mut l.state) {
            Some(State::Referring { accepted }) if (200..300).contains(&status) => *accepted = true,
            Some(State::Referring { .. }) => {
                tracing::info!(%leg, status, "the transfer was refused");
                self.transfer_failed(leg);
            }
            _ => {}
        }
        self.drain(now);
    }

    /// The transfer did not work: the leg goes on.
    pub(super) fn transfer_failed(&mut self, leg: LegId) {
        self.deadlines.clear((leg, Why::Transfer));
        if let Some(entry) = self.legs.get_mut(&leg)
            && matches!(entry.state, State::Referring { .. })
        {
            entry.state = State::Up;
            self.events.push_back(LegEvent::TransferFailed { leg });
        }
    }

    /// The peer should have refreshed, or must be asked for a sign of life (RFC 4028 section 10).
    pub(super) fn check_liveness(&mut self, now: Instant, leg: LegId) {
        let Some(entry) = self.legs.get(&leg).filter(|l| l.is_running()) else {
            return;
        };
        let (Some(dialog), refresh) = (entry.dialog, entry.refresh) else {
            return;
        };
        let (method, headers) = match refresh {
            Some(refresh) if !refresh.by_us => {
                return self.finish(now, leg, Cause::PeerUnreachable, Parting::Speak);
            }
            Some(refresh) => {
                if !entry.allows.update {
                    self.watch(now, leg, Some(refresh));
                    return self.refresh_by_invite(now, leg, dialog);
                }
                (Method::Update, refresh.wish())
            }
            None => (Method::Options, Vec::new()),
        };
        let tx = self.endpoint.request(now, dialog, method, headers, None);
        self.index.asked.insert(tx, (leg, Asked::Liveness));
        self.watch(now, leg, refresh);
    }

    fn on_notify(&mut self, now: Instant, tx: TxId, leg: LegId, request: &Request) {
        let referring = self
            .legs
            .get(&leg)
            .is_some_and(|l| matches!(l.state, State::Referring { .. }));
        let about_refer = request.headers.first("Event").is_some_and(|event| {
            event
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .eq_ignore_ascii_case("refer")
        });
        if !referring || !about_refer {
            self.stats.refused.stray_requests += 1;
            return self.endpoint.respond(now, tx, &Reply::new(481));
        }
        self.endpoint.respond(now, tx, &Reply::new(200));
        let body = request
            .body
            .as_ref()
            .map(|b| b.bytes.as_slice())
            .unwrap_or_default();
        match transfer::progress(body, request.headers.first("Subscription-State")) {
            Progress::Underway => {}
            Progress::Done => self.finish(now, leg, Cause::Transferred, Parting::Speak),
            Progress::Failed => self.transfer_failed(leg),
        }
    }

    fn on_info(&mut self, now: Instant, leg: LegId, request: &Request) -> Reply {
        let Some(body) = &request.body else {
            return Reply::new(200);
        };
        match info::read(&body.content_type, &body.bytes) {
            Info::Nothing => Reply::new(200),
            Info::Digit(digit) => {
                self.press(now, leg, digit, DigitRoad::Info);
                Reply::new(200)
            }
            Info::Unsupported => {
                Reply::new(415).with_header("Accept", "application/dtmf-relay, application/dtmf")
            }
            Info::Malformed => Reply::new(400),
        }
    }
}
