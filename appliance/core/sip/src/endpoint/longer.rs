//! Intervals that a peer finds too brief: the same request once more with the one it wants (RFC 3261 10.2.8, RFC 4028
//! 7.3 and 7.4). Call-ID and From stay, as for any request that is sent again (RFC 3261 8.1.3.5).

use std::time::Instant;

use crate::draft::Draft;
use crate::endpoint::tables::Purpose;
use crate::endpoint::{Endpoint, TxId};
use crate::header::Kind;
use crate::limits;
use crate::message::Message;

/// The header field that a peer names its shortest session in.
const MIN_SE: &str = "Min-SE";

impl Endpoint {
    /// A registrar that wants a longer registration (423) gets it, once, and from then on at once; false where it
    /// cannot.
    pub(super) fn register_longer(
        &mut self,
        now: Instant,
        tx: TxId,
        message: &Message<'_>,
    ) -> bool {
        let Some(Purpose::Register { id, asked }) = self.tables.client(tx).map(|o| o.purpose)
        else {
            return false;
        };
        let wanted = message
            .first(Kind::MinExpires)
            .and_then(|value| crate::lex::number(value, limits::MAX_REGISTER_SECONDS).ok());
        let Some(wanted) = wanted.filter(|wanted| *wanted > asked) else {
            return false;
        };
        if let Some(known) = self.registrations.get_mut(&id) {
            known.least = wanted;
        }
        let purpose = Purpose::Register { id, asked: wanted };
        self.send_longer((now, tx), purpose, |draft| {
            lengthen(draft, "Expires", wanted)
        })
    }

    /// A peer that wants a longer session (422) gets it, once; false where it cannot.
    pub(super) fn session_longer(&mut self, now: Instant, tx: TxId, message: &Message<'_>) -> bool {
        let Some(outbound) = self.tables.client(tx) else {
            return false;
        };
        let purpose = outbound.purpose;
        if !matches!(purpose, Purpose::Call(_) | Purpose::InDialog(_)) || self.is_given_up(purpose)
        {
            return false;
        }
        let wanted = message
            .fields()
            .find(|field| field.name.eq_ignore_ascii_case(MIN_SE.as_bytes()))
            .map(|field| field.value.split(|b| *b == b';').next().unwrap_or_default())
            .map(<[u8]>::trim_ascii)
            .and_then(|value| crate::lex::number(value, limits::MAX_SESSION_SECONDS).ok());
        let Some(wanted) = wanted else {
            return false;
        };
        self.send_longer((now, tx), purpose, |draft| {
            let is_longer = lengthen(draft, "Session-Expires", wanted);
            draft.headers.retain(|(name, _)| name != MIN_SE);
            draft.headers.push((MIN_SE.to_owned(), wanted.to_string()));
            is_longer
        })
    }

    /// Sends a request once more as `change` leaves it, unless it says no or this was done before.
    fn send_longer(
        &mut self,
        (now, tx): (Instant, TxId),
        purpose: Purpose,
        change: impl FnOnce(&mut Draft) -> bool,
    ) -> bool {
        let Some(outbound) = self.tables.client(tx).filter(|o| !o.is_longer) else {
            return false;
        };
        let (told, answered) = (outbound.told, outbound.answered);
        let Some(mut draft) = outbound.draft.as_deref().cloned() else {
            return false;
        };
        if !change(&mut draft) {
            return false;
        }
        let fresh = self.tables.next_tx();
        let Some(cseq) = self.next_cseq(purpose, fresh) else {
            return false;
        };
        draft.cseq = cseq;
        if let Some(old) = self.tables.client(tx) {
            old.draft = None;
            old.purpose = Purpose::Unwatched;
        }
        self.start(now, fresh, draft, purpose, Some(told));
        if let Some(outbound) = self.tables.client(fresh) {
            outbound.answered = answered;
            outbound.is_longer = true;
        }
        true
    }
}

/// Writes the longer interval where a shorter one stands, its parameters kept; false where none does.
fn lengthen(draft: &mut Draft, field: &str, wanted: u32) -> bool {
    let Some((_, value)) = draft.headers.iter_mut().find(|(name, _)| name == field) else {
        return false;
    };
    let (interval, parameters) = value.split_at(value.find(';').unwrap_or(value.len()));
    if !interval
        .trim()
        .parse()
        .is_ok_and(|asked: u32| asked < wanted)
    {
        return false;
    }
    *value = format!("{wanted}{parameters}");
    true
}
