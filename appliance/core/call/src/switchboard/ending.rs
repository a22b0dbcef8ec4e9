//! How a leg ends: once, for one cause, and how its stream and port come home.

use std::time::Instant;

use media::StreamCommand;
use sip::{DialogId, Reply};

use super::admission::overload;
use super::{Parting, Switchboard, Why};
use crate::cause::Cause;
use crate::event::LegEvent;
use crate::leg::{LegId, State};
use crate::limits::CLOSE_GRACE;

impl Switchboard {
    /// Ends `leg` for `cause`: refuses it while it is unanswered, sends BYE after that. A leg that
    /// ended before keeps its cause.
    pub fn end(&mut self, now: Instant, leg: LegId, cause: Cause) {
        self.finish(now, leg, cause, Parting::Speak);
        self.drain(now);
    }

    /// The one way out of every leg.
    pub(super) fn finish(&mut self, now: Instant, leg: LegId, cause: Cause, parting: Parting) {
        let Some(entry) = self.legs.get_mut(&leg) else {
            return;
        };
        let Some(state) = entry.end(cause) else {
            return;
        };
        let dialog = entry.dialog.take();
        if let Some(dialog) = dialog {
            self.index.dialogs.remove(&dialog);
        }
        match (state, parting, dialog) {
            (State::Offered(invite), Parting::Silent, _) => {
                self.index.invites.remove(&invite.tx);
            }
            (State::Offered(invite), parting, _) => {
                self.index.invites.remove(&invite.tx);
                let reply = match parting {
                    Parting::Refuse(reply) => *reply,
                    _ => refusal(cause),
                };
                self.endpoint.respond(now, invite.tx, &reply);
            }
            (State::Dialling(dialling), ..) => {
                self.drop_branches(now, &dialling.branches, None, cause);
            }
            (_, Parting::Speak, Some(dialog)) => {
                self.endpoint.bye(now, dialog, cause.farewell());
            }
            _ => {}
        }
        self.stats.end(cause);
        for why in [
            Why::Transfer,
            Why::Liveness,
            Why::Patience,
            Why::Server,
            Why::Glare,
            Why::Referral,
        ] {
            self.deadlines.clear((leg, why));
        }
        self.unbridge(now, leg);
        self.events.push_back(LegEvent::Ended { leg, cause });
        self.close_stream(now, leg);
    }

    /// The peer ended its leg by BYE, and said why where it did.
    pub(super) fn on_bye(&mut self, now: Instant, dialog: DialogId, reason: Option<&str>) {
        let Some(leg) = self.leg_of(dialog) else {
            return;
        };
        // A peer that took our REFER hangs up on us when the other party answers, and many say
        // nothing else.
        let cause = self.legs.get(&leg).map(|l| match l.state {
            State::Referring { accepted: true } => Cause::Transferred,
            // A phone that hands its party on need not wait for the outcome.
            _ if l.referral.is_some() => Cause::Transferred,
            _ => Cause::of_bye(reason).unwrap_or_else(|| l.hung_up()),
        });
        if let Some(cause) = cause {
            self.finish(now, leg, cause, Parting::Silent);
        }
    }

    /// The dialog is gone and nobody is there to hear a word.
    pub(super) fn peer_ended(&mut self, now: Instant, dialog: DialogId, cause: Cause) {
        if let Some(leg) = self.leg_of(dialog) {
            self.finish(now, leg, cause, Parting::Silent);
        }
    }

    /// Forgets an ended leg once its stream owes nothing more, or when `overdue`.
    pub(super) fn settle(&mut self, now: Instant, leg: LegId, overdue: bool) {
        let Some(entry) = self.legs.get(&leg).filter(|l| !l.is_running()) else {
            return;
        };
        if !overdue && entry.stream.as_ref().is_some_and(|s| !s.is_settled()) {
            return;
        }
        self.deadlines.clear((leg, Why::Settle));
        let stream = self.legs.remove(&leg).and_then(|l| l.stream);
        let (mut stats, mut recorded) = (None, None);
        if let Some(stream) = stream {
            self.index.streams.remove(&stream.id);
            self.ports.put_back(now, stream.port);
            (stats, recorded) = (stream.closed, stream.recorded);
        }
        self.events.push_back(LegEvent::Closed {
            leg,
            stats,
            recorded,
        });
    }

    fn close_stream(&mut self, now: Instant, leg: LegId) {
        let stream = self.legs.get(&leg).and_then(|l| l.stream.as_ref());
        if let Some(stream) = stream.filter(|s| s.spec.is_some()) {
            let id = stream.id;
            if stream.tapped {
                self.commands.push_back(StreamCommand::Tap {
                    stream: id,
                    on: false,
                });
            }
            self.commands.push_back(StreamCommand::Close { stream: id });
            self.deadlines.set((leg, Why::Settle), now + CLOSE_GRACE);
        }
        self.settle(now, leg, false);
    }
}

fn refusal(cause: Cause) -> Reply {
    let reply = if cause.sip_status() == 503 {
        overload()
    } else {
        Reply::new(cause.sip_status())
    };
    reply.with_header("Reason", cause.reason_header())
}
