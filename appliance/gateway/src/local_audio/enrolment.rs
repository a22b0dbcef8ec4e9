//! A phone's place at the registrar: taken while its cards are there, given back when they are not.

use std::time::{Duration, Instant};

use sip::{Credentials, Endpoint, OutgoingRegister, Peer, TxId, Uri};
use tracing::warn;

/// For how long a place is taken.
const EXPIRES: Duration = Duration::from_secs(300);
/// When it is taken anew.
const REFRESH: Duration = Duration::from_secs(120);
/// How long a refusal is waited out.
const RETRY: Duration = Duration::from_secs(5);

/// One phone's place.
#[derive(Debug)]
pub(super) struct Enrolment {
    home: Peer,
    registrar: Uri,
    aor: Uri,
    credentials: Credentials,
    /// The request under way, and whether it takes the place.
    asked: Option<(TxId, bool)>,
    is_in: bool,
    /// The last answer was no, and that was said.
    is_refused: bool,
    next: Option<Instant>,
    wanted: bool,
}

impl Enrolment {
    pub(super) fn new(
        now: Instant,
        name: &str,
        home: Peer,
        credentials: Credentials,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            registrar: Uri::parse(&format!("sip:{}", home.addr))?,
            aor: Uri::parse(&format!("sip:{name}@{}", home.addr))?,
            home,
            credentials,
            asked: None,
            is_in: false,
            is_refused: false,
            next: Some(now),
            wanted: false,
        })
    }

    /// Whether the box would call us.
    pub(super) fn is_in(&self) -> bool {
        self.is_in
    }

    /// When something is due.
    pub(super) fn next(&self) -> Option<Instant> {
        let is_idle = self.asked.is_none() && (self.wanted || self.is_in);
        self.next.filter(|_| is_idle)
    }

    /// Asks where something is due; a wish that changed is due at once.
    pub(super) fn turn(&mut self, now: Instant, wanted: bool, endpoint: &mut Endpoint) {
        if wanted != self.wanted {
            self.wanted = wanted;
            self.next = Some(now);
        }
        if self.next().is_none_or(|at| at > now) {
            return;
        }
        let expires = if wanted { EXPIRES } else { Duration::ZERO };
        let register = OutgoingRegister {
            to: self.home,
            registrar: self.registrar.clone(),
            aor: self.aor.clone(),
            contact_params: String::new(),
            expires: u32::try_from(expires.as_secs()).unwrap_or(0),
            credentials: Some(self.credentials.clone()),
        };
        self.asked = Some((endpoint.register(now, register), wanted));
    }

    /// What the registrar said, where it was asked.
    pub(super) fn answered(&mut self, now: Instant, tx: TxId, status: u16) {
        let Some((_, takes)) = self.asked.take_if(|(asked, _)| *asked == tx) else {
            return;
        };
        let is_done = (200..300).contains(&status);
        if !is_done && !std::mem::replace(&mut self.is_refused, true) {
            warn!(
                phone = self.credentials.user,
                status,
                "the box refuses a phone of its own; hint: no trunk may have the box's address as a peer"
            );
        }
        self.is_refused &= !is_done;
        self.is_in = is_done && takes;
        let changed = takes != self.wanted;
        self.next = Some(match is_done {
            true if changed => now,
            true => now + REFRESH,
            false => now + RETRY,
        });
    }
}
