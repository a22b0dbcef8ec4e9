//! The tables of an endpoint: transactions and dialogs by identity, and by what messages name them by.
//!
//! An entry and its keys come and go together, here and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::dialog::Dialog;
use crate::draft::Draft;
use crate::endpoint::reliable::Reliable;
use crate::endpoint::{DialogId, TxId};
use crate::lane::Owner;
use crate::reply_head::ReplyHead;
use crate::transaction::client::Client;
use crate::transaction::key::Key;
use crate::transaction::server::Server;
use crate::transport::Peer;

/// All that lives in an endpoint.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    servers: BTreeMap<TxId, Inbound>,
    clients: BTreeMap<TxId, Outbound>,
    dialogs: BTreeMap<DialogId, Dialog>,
    tx_keys: BTreeMap<Key, TxId>,
    dialog_keys: BTreeMap<Key, DialogId>,
    /// Who uses which stream connection, so that a broken one touches only its own.
    flows: BTreeSet<(Peer, Owner)>,
    last_id: u64,
}

/// A request of a peer.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) server: Server,
    /// What its responses repeat; gone with the final one.
    pub(crate) head: Option<Box<ReplyHead>>,
    /// The dialog an INVITE would make; moves into the table with the first tagged answer.
    pub(crate) seed: Option<Box<Dialog>>,
    /// The new Contact a re-INVITE or UPDATE brings, taken with the 2xx.
    pub(crate) refresh: Option<Vec<u8>>,
    pub(crate) cseq: u32,
    /// Reliable 1xx of a new INVITE, where its caller knows them.
    pub(crate) reliable: Option<Box<Reliable>>,
    /// Whether it used a nonce that is no longer good.
    pub(crate) is_stale: bool,
}

impl Inbound {
    /// One that was answered and only absorbs copies.
    pub(crate) fn finished(server: Server) -> Self {
        Self {
            server,
            head: None,
            seed: None,
            refresh: None,
            cseq: 0,
            reliable: None,
            is_stale: false,
        }
    }
}

/// A request of ours.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(crate) client: Client,
    /// The request itself, until its final answer.
    pub(crate) draft: Option<Box<Draft>>,
    pub(crate) purpose: Purpose,
    /// The identity the owner knows it by; an authorized copy keeps it.
    pub(crate) told: TxId,
    /// Whose challenges it answered.
    pub(crate) answered: Answered,
    /// Whether its interval was made longer for its peer.
    pub(crate) is_longer: bool,
}

/// Whose challenges a request answered, over all its copies.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answered {
    pub(crate) attempts: u8,
    pub(crate) server: bool,
    pub(crate) proxy: bool,
}

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The INVITE that makes a dialog.
    Call(DialogId),
    /// Any other request in a dialog that the owner asked for.
    InDialog(DialogId),
    /// The BYE of a dialog.
    Farewell(DialogId),
    /// The PRACK of a reliable 1xx.
    Prack(DialogId),
    /// A CANCEL, or the BYE of a branch nobody wanted.
    Unwatched,
    /// A request outside any dialog.
    Alone,
    /// A REGISTER of ours, and for how many seconds it asked.
    Register { id: TxId, asked: u32 },
}

impl Tables {
    pub(crate) fn next_tx(&mut self) -> TxId {
        self.last_id += 1;
        TxId(self.last_id)
    }

    pub(crate) fn next_dialog(&mut self) -> DialogId {
        self.last_id += 1;
        DialogId(self.last_id)
    }

    pub(crate) fn transactions(&self) -> usize {
        self.servers.len() + self.clients.len()
    }

    pub(crate) fn dialogs(&self) -> usize {
        self.dialogs.len()
    }

    /// Whether every request of a peer was answered.
    pub(crate) fn are_answered(&self) -> bool {
        (self.servers.values()).all(|inbound| inbound.server.is_answered())
    }

    /// Whether nobody waits for the answer to a request of ours, but for those outside any dialog where
    /// `with_alone` says so.
    pub(crate) fn has_asked_nothing(&self, with_alone: bool) -> bool {
        let is_alone =
            |purpose| with_alone && matches!(purpose, Purpose::Alone | Purpose::Register { .. });
        let mut clients = self.clients.values();
        clients.all(|c| c.client.is_finished() || is_alone(c.purpose))
    }

    pub(crate) fn servers(&self) -> impl Iterator<Item = &Inbound> {
        self.servers.values()
    }

    pub(crate) fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Identities up to `last_id` are used.
    pub(crate) fn skip_to(&mut self, last_id: u64) {
        self.last_id = self.last_id.max(last_id);
    }

    pub(crate) fn tx_by(&self, key: &Key) -> Option<TxId> {
        self.tx_keys.get(key).copied()
    }

    pub(crate) fn dialog_by(&self, key: &Key) -> Option<DialogId> {
        self.dialog_keys.get(key).copied()
    }

    pub(crate) fn server(&mut self, tx: TxId) -> Option<&mut Inbound> {
        self.servers.get_mut(&tx)
    }

    pub(crate) fn client(&mut self, tx: TxId) -> Option<&mut Outbound> {
        self.clients.get_mut(&tx)
    }

    pub(crate) fn client_ref(&self, tx: TxId) -> Option<&Outbound> {
        self.clients.get(&tx)
    }

    pub(crate) fn dialog_ref(&self, id: DialogId) -> Option<&Dialog> {
        self.dialogs.get(&id)
    }

    pub(crate) fn dialog(&mut self, id: DialogId) -> Option<&mut Dialog> {
        self.dialogs.get_mut(&id)
    }

    pub(crate) fn add_server(&mut self, inbound: Inbound) {
        let id = inbound.server.id;
        self.tx_keys.insert(inbound.server.key.clone(), id);
        if let Some(merged) = inbound.server.merged.clone() {
            self.tx_keys.insert(merged, id);
        }
        self.add_flow(inbound.server.reply_to, Owner::Tx(id));
        self.servers.insert(id, inbound);
    }

    pub(crate) fn add_client(&mut self, outbound: Outbound) {
        self.tx_keys
            .insert(outbound.client.key.clone(), outbound.client.id);
        self.add_flow(outbound.client.to, Owner::Tx(outbound.client.id));
        self.clients.insert(outbound.client.id, outbound);
    }

    pub(crate) fn add_dialog(&mut self, id: DialogId, dialog: Dialog) {
        if let Some(key) = dialog.key.clone() {
            self.dialog_keys.insert(key, id);
        }
        self.add_flow(dialog.path.peer, Owner::Dialog(id));
        self.dialogs.insert(id, dialog);
    }

    /// Lets the peer's requests find an early dialog of a call of ours.
    pub(crate) fn index_fork(&mut self, id: DialogId, fork: usize) {
        let early = self
            .dialogs
            .get_mut(&id)
            .and_then(|d| d.forks.get_mut(fork));
        if let Some(early) = early {
            self.dialog_keys.insert(early.key.clone(), id);
        }
    }

    /// Lets the peer's requests find a dialog whose key has become known, and no more its early dialogs.
    pub(crate) fn index_dialog(&mut self, id: DialogId) {
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            for key in std::mem::take(&mut dialog.forks).keys() {
                self.dialog_keys.remove(key);
            }
        }
        if let Some(key) = self.dialogs.get(&id).and_then(|dialog| dialog.key.clone()) {
            self.dialog_keys.insert(key, id);
        }
    }

    pub(crate) fn remove_server(&mut self, tx: TxId) -> Option<Inbound> {
        let inbound = self.servers.remove(&tx)?;
        self.tx_keys.remove(&inbound.server.key);
        if let Some(merged) = &inbound.server.merged {
            self.tx_keys.remove(merged);
        }
        self.flows.remove(&(inbound.server.reply_to, Owner::Tx(tx)));
        Some(inbound)
    }

    /// A request with a final response no longer makes its copies on other paths loops.
    pub(crate) fn unmerge(&mut self, tx: TxId) {
        if let Some(merged) = self
            .server(tx)
            .and_then(|inbound| inbound.server.merged.take())
        {
            self.tx_keys.remove(&merged);
        }
    }

    /// The transaction that a request of ours is in now: an authorized copy has one of its own.
    pub(crate) fn client_told(&self, told: TxId) -> Option<TxId> {
        let mut clients = self.clients.iter();
        clients.find(|(_, c)| c.told == told).map(|(tx, _)| *tx)
    }

    pub(crate) fn remove_client(&mut self, tx: TxId) -> Option<Outbound> {
        let outbound = self.clients.remove(&tx)?;
        self.tx_keys.remove(&outbound.client.key);
        self.flows.remove(&(outbound.client.to, Owner::Tx(tx)));
        Some(outbound)
    }

    pub(crate) fn remove_dialog(&mut self, id: DialogId) -> Option<Dialog> {
        let dialog = self.dialogs.remove(&id)?;
        for key in dialog.key.iter().chain(dialog.forks.keys()) {
            self.dialog_keys.remove(key);
        }
        self.flows.remove(&(dialog.path.peer, Owner::Dialog(id)));
        Some(dialog)
    }

    /// All that use the stream connection to `peer`.
    pub(crate) fn on_flow(&self, peer: Peer) -> Vec<Owner> {
        let first = (peer, Owner::Tx(TxId(0)));
        let last = (peer, Owner::Dialog(DialogId(u64::MAX)));
        let flow = self.flows.range(first..=last);
        flow.map(|(_, owner)| *owner).collect()
    }

    /// Lets a server transaction answer to `peer` from now on.
    pub(crate) fn reroute_server(&mut self, tx: TxId, peer: Peer) {
        let Some(inbound) = self.servers.get_mut(&tx) else {
            return;
        };
        let before = std::mem::replace(&mut inbound.server.reply_to, peer);
        self.flows.remove(&(before, Owner::Tx(tx)));
        self.add_flow(peer, Owner::Tx(tx));
    }

    /// Lets a dialog's requests go to `peer`, by a connection that stands.
    pub(crate) fn reroute_dialog(&mut self, id: DialogId, peer: Peer) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        dialog.path.is_flow_lost = false;
        let before = std::mem::replace(&mut dialog.path.peer, peer);
        self.flows.remove(&(before, Owner::Dialog(id)));
        self.add_flow(peer, Owner::Dialog(id));
    }

    fn add_flow(&mut self, peer: Peer, owner: Owner) {
        if peer.transport.is_reliable() {
            self.flows.insert((peer, owner));
        }
    }
}
