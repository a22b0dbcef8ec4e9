//! Early dialogs of a call of ours: each To tag that answered 1xx is one (RFC 3261 12.1, 13.2.2.4).
//!
//! A forked INVITE rings several phones; each may send early media, ask for PRACK and be spoken to until one
//! of them answers. They share the call's identity; the one that answers becomes its dialog.

use crate::check::Essentials;
use crate::dialog::{Path, route_set};
use crate::limits;
use crate::message::Message;
use crate::transaction::key::Key;
use crate::transport::Peer;

/// One early dialog.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    /// What the peer's requests are found by.
    pub(crate) key: Key,
    /// The To value of our requests.
    pub(crate) to: Vec<u8>,
    pub(crate) path: Path,
    pub(crate) remote_cseq: Option<u32>,
    /// The last reliable 1xx taken (RFC 3262 4).
    pub(crate) rseq: Option<u32>,
}

/// The early dialogs of one call, in the order they spoke up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forks {
    list: Vec<Early>,
    latest: usize,
    /// What a CANCEL that waits for the first 1xx is to say.
    pub(crate) farewell: Vec<(String, String)>,
}

impl Forks {
    /// The early dialog a 1xx belongs to, made if it is new: its number, and whether it is new. `None` where
    /// there are too many.
    pub(crate) fn note(
        &mut self,
        message: &Message<'_>,
        answer: &Essentials<'_>,
        local_tag: &str,
        peer: Peer,
    ) -> Option<(usize, bool)> {
        let tag = answer.to.tag()?;
        let key = Key::dialog(answer.call_id, local_tag.as_bytes(), tag);
        if let Some(known) = self.list.iter().position(|early| early.key == key) {
            if let (Some(early), Some(contact)) = (self.list.get_mut(known), answer.contact) {
                early.path.target = contact.uri.as_bytes().to_vec();
            }
            self.latest = known;
            return Some((known, false));
        }
        if self.list.len() >= limits::MAX_FORKS {
            return None;
        }
        let target = answer.contact.map_or(answer.to.uri, |contact| contact.uri);
        self.list.push(Early {
            key,
            to: message
                .first(crate::header::Kind::To)
                .unwrap_or_default()
                .to_vec(),
            path: Path {
                target: target.as_bytes().to_vec(),
                routes: route_set(message),
                peer,
                is_flow_lost: false,
            },
            remote_cseq: None,
            rseq: None,
        });
        self.latest = self.list.len() - 1;
        Some((self.latest, true))
    }

    /// The early dialog that spoke last.
    pub(crate) fn latest(&self) -> Option<&Early> {
        self.list.get(self.latest)
    }

    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut Early> {
        self.list.get_mut(number)
    }

    /// The early dialog that `key` names.
    pub(crate) fn by_key(&mut self, key: &Key) -> Option<&mut Early> {
        self.list.iter_mut().find(|early| early.key == *key)
    }

    /// What the peers' requests are found by, of all.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.list.iter().map(|early| &early.key)
    }
}
