//! Transfers that a phone asks for: its REFER, what it is told of the outcome, and calls that
//! take the place of others (RFC 3515, 3891, 5589).
//!
//! The switchboard finds out what is meant; the owner connects whom it will. Phones of the site
//! may ask, carriers may not: a REFER of theirs would be a call at our expense.

use std::time::Instant;

use sip::{Body, Method, Replaces, Reply, Request, TxId};

use super::{Asked, Switchboard, Why};
use crate::event::{LegEvent, Origin};
use crate::gate::Account;
use crate::leg::{Leg, LegId, Party, Referral, State};
use crate::limits::REFERRAL_PATIENCE;
use crate::line::Line;
use crate::refer;

impl Switchboard {
    /// Tells the phone that asked for a transfer how it goes: 1xx that it is under way, anything
    /// else how it ended. Ignored where nobody asked, or the answer was given.
    pub fn transfer_done(&mut self, now: Instant, leg: LegId, status: u16) {
        let Some(entry) = self.legs.get_mut(&leg).filter(|l| l.is_running()) else {
            return;
        };
        let (Some(referral), Some(dialog)) = (entry.referral, entry.dialog) else {
            return;
        };
        let is_over = status >= 200;
        if is_over {
            entry.referral = None;
            self.deadlines.clear((leg, Why::Referral));
        }
        let state = if is_over {
            "terminated;reason=noresource".to_owned()
        } else {
            format!("active;expires={}", REFERRAL_PATIENCE.as_secs())
        };
        let headers = vec![
            ("Event".into(), format!("refer;id={}", referral.cseq)),
            ("Subscription-State".into(), state),
        ];
        let body = Body::new("message/sipfrag;version=2.0", refer::sipfrag(status));
        let tx = self
            .endpoint
            .request(now, dialog, Method::Notify, headers, Some(body));
        self.index.asked.insert(tx, (leg, Asked::Telling));
        self.drain(now);
    }

    /// A phone asks for a transfer.
    pub(super) fn on_refer(&mut self, now: Instant, tx: TxId, leg: LegId, request: &Request) {
        let asked = match self.judge_refer(leg, request) {
            Ok(asked) => asked,
            Err(status) => {
                self.stats.refused.transfers += 1;
                return self.endpoint.respond(now, tx, &Reply::new(status));
            }
        };
        self.endpoint.respond(now, tx, &Reply::new(202));
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.referral = Some(Referral { cseq: request.cseq });
        }
        self.deadlines
            .set((leg, Why::Referral), now + REFERRAL_PATIENCE);
        // The first NOTIFY follows the 202 at once (RFC 3515 section 2.4.4).
        self.transfer_done(now, leg, 100);
        let (to, replaces) = asked;
        self.events
            .push_back(LegEvent::TransferAsked { leg, to, replaces });
    }

    /// The leg whose place the INVITE of `account` wants; the refusal where it may not have it.
    pub(super) fn replaced(
        &self,
        account: &Account,
        request: &Request,
    ) -> Result<Option<LegId>, Reply> {
        let mut values = request.headers.all("Replaces");
        let (Some(value), second) = (values.next(), values.next()) else {
            return Ok(None);
        };
        if matches!(account, Account::Trunk(_)) {
            return Err(Reply::new(403));
        }
        let named = Replaces::parse(value).filter(|_| second.is_none());
        let named = named.ok_or_else(|| Reply::new(400))?;
        let leg = self.named(&named).ok_or_else(|| Reply::new(481))?;
        match self.legs.get(&leg).map(|l| &l.state) {
            Some(State::Up | State::Referring { .. }) if named.early_only => Err(Reply::new(486)),
            Some(State::Up | State::Referring { .. } | State::Dialling(_)) => Ok(Some(leg)),
            // A call that we have not answered is nobody else's to take (RFC 3891 section 3).
            _ => Err(Reply::new(481)),
        }
    }

    fn judge_refer(&self, leg: LegId, request: &Request) -> Result<(String, Option<LegId>), u16> {
        let entry = self.legs.get(&leg).ok_or(603_u16)?;
        if !is_phone(entry) {
            return Err(603);
        }
        if entry.referral.is_some() || !matches!(entry.state, State::Up) {
            return Err(491);
        }
        let mut values = request.headers.all("Refer-To");
        let value = values.next().filter(|_| values.next().is_none());
        let asked = value.and_then(refer::refer_to).ok_or(400_u16)?;
        let replaces = match &asked.replaces {
            None => None,
            Some(named) => Some(self.named(named).filter(|l| *l != leg).ok_or(603_u16)?),
        };
        Ok((asked.to, replaces))
    }

    /// The running leg that a peer names.
    fn named(&self, named: &Replaces) -> Option<LegId> {
        let dialog = self
            .endpoint
            .find_dialog(&named.call_id, &named.to_tag, &named.from_tag)?;
        self.leg_of(dialog)
    }
}

fn is_phone(leg: &Leg) -> bool {
    matches!(
        &leg.party,
        Party::Caller(Origin::Device(_)) | Party::Called(Line::Device(_))
    )
}
