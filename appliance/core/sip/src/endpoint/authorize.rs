//! Credentials for requests of ours: sent at once where a challenge is known, and once more where one comes
//! (RFC 3261 22.2, 22.3).

use std::time::Instant;

use crate::dialog::State as DialogState;
use crate::digest;
use crate::draft::Draft;
use crate::endpoint::tables::{Answered, Purpose};
use crate::endpoint::{Endpoint, TxId, owned};
use crate::header::Kind;
use crate::login::{Asker, Field, Login};
use crate::message::Message;

/// How often one request is sent with new credentials: for a proxy, for the server, and for a stale nonce.
const MAX_ATTEMPTS: u8 = 3;

impl Endpoint {
    /// The credentials a request carries at once.
    pub(super) fn credentials(&mut self, purpose: Purpose, draft: &Draft) -> Vec<Field> {
        let cnonce = self.identity.tag();
        let Some(login) = self.login(purpose) else {
            return Vec::new();
        };
        let uri = String::from_utf8_lossy(&draft.uri);
        let body = draft.body.as_ref();
        let target = digest::Target {
            method: draft.method.as_str(),
            uri: &uri,
            body: body.map_or(b"".as_slice(), |body| &body.bytes),
        };
        login.fields(target, &cnonce)
    }

    /// Sends a challenged request again with credentials; false where there are none or they were refused.
    pub(super) fn try_again(
        &mut self,
        now: Instant,
        tx: TxId,
        message: &Message<'_>,
        asker: Asker,
    ) -> bool {
        let Some(outbound) = self.tables.client(tx) else {
            return false;
        };
        let (told, purpose, mut answered) = (outbound.told, outbound.purpose, outbound.answered);
        let kind = match asker {
            Asker::Server => Kind::WwwAuthenticate,
            Asker::Proxy => Kind::ProxyAuthenticate,
        };
        let challenges: Vec<String> = message.all(kind).map(owned::unfolded).collect();
        let is_stale = challenges.iter().any(|value| digest::is_stale(value));
        if answered.attempts >= MAX_ATTEMPTS || (answered.has(asker) && !is_stale) {
            return false;
        }
        let Some(mut draft) = outbound.draft.as_deref().cloned() else {
            return false;
        };
        let is_learnt = !self.is_given_up(purpose)
            && self
                .login(purpose)
                .is_some_and(|login| login.learn(asker, &challenges));
        if !is_learnt {
            return false;
        }
        let fresh = self.tables.next_tx();
        let Some(cseq) = self.next_cseq(purpose, fresh) else {
            return false;
        };
        draft.cseq = cseq;
        answered.note(asker);
        let mut is_longer = false;
        if let Some(old) = self.tables.client(tx) {
            old.draft = None;
            old.purpose = Purpose::Unwatched;
            is_longer = old.is_longer;
        }
        self.start(now, fresh, draft, purpose, Some(told));
        if let Some(outbound) = self.tables.client(fresh) {
            outbound.answered = answered;
            outbound.is_longer = is_longer;
        }
        true
    }

    fn login(&mut self, purpose: Purpose) -> Option<&mut Login> {
        match purpose {
            Purpose::Call(id)
            | Purpose::InDialog(id)
            | Purpose::Farewell(id)
            | Purpose::Prack(id) => self.tables.dialog(id)?.login.as_mut(),
            Purpose::Register { id, .. } => self.registrations.get_mut(&id)?.login.as_mut(),
            Purpose::Unwatched | Purpose::Alone => None,
        }
    }

    /// Whether the owner no longer wants the call a request is for.
    pub(super) fn is_given_up(&self, purpose: Purpose) -> bool {
        let Purpose::Call(id) = purpose else {
            return false;
        };
        self.tables.dialog_ref(id).is_some_and(|dialog| {
            matches!(
                dialog.state,
                DialogState::Calling {
                    is_cancelled: true,
                    ..
                }
            )
        })
    }

    /// The number of a request sent once more as transaction `fresh`.
    pub(super) fn next_cseq(&mut self, purpose: Purpose, fresh: TxId) -> Option<u32> {
        match purpose {
            Purpose::Call(id)
            | Purpose::InDialog(id)
            | Purpose::Farewell(id)
            | Purpose::Prack(id) => {
                let dialog = self.tables.dialog(id)?;
                dialog.local_cseq = dialog.local_cseq.saturating_add(1);
                if let DialogState::Calling { tx: calling, .. } = &mut dialog.state
                    && matches!(purpose, Purpose::Call(_))
                {
                    *calling = fresh;
                }
                Some(dialog.local_cseq)
            }
            Purpose::Register { id, .. } => self.next_register_cseq(id),
            Purpose::Unwatched | Purpose::Alone => None,
        }
    }
}

impl Answered {
    fn has(self, asker: Asker) -> bool {
        match asker {
            Asker::Server => self.server,
            Asker::Proxy => self.proxy,
        }
    }

    fn note(&mut self, asker: Asker) {
        self.attempts += 1;
        match asker {
            Asker::Server => self.server = true,
            Asker::Proxy => self.proxy = true,
        }
    }
}
