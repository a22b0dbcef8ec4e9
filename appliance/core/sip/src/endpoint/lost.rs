//! A connection that broke or could not be opened (RFC 3261 17.1.4, 17.2.4, 18.4).
//!
//! What was asked on it fails at once, as if 503 had come (8.1.3.1), so that the owner can try the next
//! address. What has to be answered goes to the port the peer says it listens on; dialogs do the same
//! with their next request. Calls that run do not end: their media does not use the connection.

use std::time::Instant;

use crate::dialog::State as DialogState;
use crate::endpoint::tables::Purpose;
use crate::endpoint::{DialogId, Endpoint, TxId};
use crate::lane::Owner;
use crate::transaction::client::State;
use crate::transport::Peer;

impl Endpoint {
    /// The stream connection to `peer` broke, or none could be opened. Nothing happens for UDP.
    pub fn transport_lost(&mut self, now: Instant, peer: Peer) {
        for owner in self.tables.on_flow(peer) {
            match owner {
                Owner::Tx(tx) if self.tables.client(tx).is_some() => self.lose_client(now, tx),
                Owner::Tx(tx) => self.lose_server(tx),
                Owner::Dialog(id) => self.lose_flow(id),
            }
        }
    }

    fn lose_client(&mut self, now: Instant, tx: TxId) {
        let Some(outbound) = self.tables.client(tx) else {
            return;
        };
        let is_waiting = matches!(outbound.client.state, State::Calling | State::Proceeding);
        if !is_waiting {
            return;
        }
        let (purpose, told) = (outbound.purpose, outbound.told);
        self.lane.deadlines.clear_all(Owner::Tx(tx));
        self.tables.remove_client(tx);
        let is_cancelled = matches!(purpose, Purpose::Call(id)
        if self.tables.dialog(id).is_some_and(|dialog| {
            matches!(dialog.state, DialogState::Calling { is_cancelled: true, .. })
        }));
        let told_as = if is_cancelled {
            (487, "cancelled")
        } else {
            (503, "the connection broke or could not be opened")
        };
        self.handle_silence(now, purpose, told, told_as);
    }

    fn lose_server(&mut self, tx: TxId) {
        let Some(inbound) = self.tables.server(tx) else {
            return;
        };
        if let Some(fallback) = inbound.server.fallback.take() {
            self.tables.reroute_server(tx, fallback);
            if let Some(inbound) = self.tables.server(tx) {
                inbound.server.resend_refusal(&mut self.lane);
            }
        }
    }

    fn lose_flow(&mut self, id: DialogId) {
        let Some(dialog) = self.tables.dialog(id) else {
            return;
        };
        dialog.path.is_flow_lost = true;
        let fallback = dialog.path.fallback();
        if let Some(answer) = &mut dialog.answer {
            answer.to = fallback;
        }
    }
}
