//! What is due: retransmissions, giving up, forgetting.

use std::time::Instant;

use crate::deadline::Reason;
use crate::endpoint::tables::Purpose;
use crate::endpoint::{DialogId, Endpoint, Event, TxId};
use crate::lane::Owner;
use crate::request::Reply;
use crate::transaction::{client, server};

impl Endpoint {
    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((owner, reason)) = self.lane.deadlines.pop_due(now) {
            match owner {
                Owner::Tx(tx) => self.wake_transaction(now, tx, reason),
                Owner::Dialog(id) => self.wake_dialog(now, id, reason),
            }
        }
    }

    fn wake_transaction(&mut self, now: Instant, tx: TxId, reason: Reason) {
        let is_progress = matches!(
            reason,
            Reason::ProgressRetransmit | Reason::ProgressUnacknowledged
        );
        if is_progress {
            return self.wake_progress(now, tx, reason);
        }
        if let Some(inbound) = self.tables.server(tx) {
            match inbound.server.handle_timeout(&mut self.lane, now, reason) {
                server::Fate::Lives => {}
                server::Fate::WantsTrying => self.send_reply(now, tx, &Reply::new(100)),
                server::Fate::Gone => {
                    self.lane.deadlines.clear_all(Owner::Tx(tx));
                    self.tables.remove_server(tx);
                }
            }
            return;
        }
        let Some(outbound) = self.tables.client(tx) else {
            return;
        };
        let fate = outbound.client.handle_timeout(&mut self.lane, now, reason);
        let (purpose, told) = (outbound.purpose, outbound.told);
        if fate == client::Fate::Lives {
            return;
        }
        self.lane.deadlines.clear_all(Owner::Tx(tx));
        self.tables.remove_client(tx);
        if fate == client::Fate::TimedOut {
            let (status, why) = if reason == Reason::CancelTimeout {
                (487, "cancelled")
            } else {
                (408, "no answer")
            };
            self.handle_silence(now, purpose, told, (status, why));
        }
    }

    /// Nobody answered a request of ours, or nobody can.
    pub(super) fn handle_silence(
        &mut self,
        now: Instant,
        purpose: Purpose,
        told: TxId,
        (status, why): (u16, &str),
    ) {
        match purpose {
            Purpose::Call(id) => {
                self.forget_dialog(id);
                self.tell_rejected(id, status, why);
            }
            Purpose::InDialog(id) => {
                if let Some(dialog) = self.tables.dialog(id)
                    && dialog.reinvite == Some(told)
                {
                    dialog.reinvite = None;
                }
                self.tell_response(told, status, Some(id));
                self.end_lost_dialog(now, id);
            }
            Purpose::Farewell(id) => self.forget_dialog(id),
            Purpose::Alone | Purpose::Register { .. } => self.tell_response(told, status, None),
            Purpose::Prack(_) | Purpose::Unwatched => {}
        }
    }

    fn wake_dialog(&mut self, now: Instant, id: DialogId, reason: Reason) {
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        if reason == Reason::AnswerUnacknowledged {
            let farewell = dialog.answer.take().and_then(|answer| answer.farewell);
            self.lane.stats.timeouts += 1;
            self.lane.deadlines.clear_all(Owner::Dialog(id));
            let is_known = farewell.is_some();
            self.send_bye(now, id, farewell.unwrap_or_default());
            if !is_known {
                self.lane
                    .events
                    .push_back(Event::Unacknowledged { dialog: id });
            }
            return;
        }
        let Some(answer) = &mut dialog.answer else {
            return;
        };
        self.lane.resend(answer.to, &answer.bytes);
        answer.interval = (answer.interval * 2).min(self.lane.timers.t2);
        let interval = answer.interval;
        self.lane
            .wake_dialog(id, Reason::AnswerRetransmit, now, interval);
    }
}
