//! Open sessions, by the digest of their token. They end by time, by sign-out, by a new password
//! and with the process: none is kept on disk.

use std::collections::BTreeMap;
use std::time::Instant;

use super::digest;
use crate::limits;

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Came by the one-time code: may set the password, nothing else.
    MustSetPassword,
    /// May do everything.
    SignedIn,
}

/// One open session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    pub(crate) standing: Standing,
    pub(crate) opened: Instant,
}

/// All open sessions.
#[derive(Default)]
pub(super) struct Sessions {
    by_token: BTreeMap<[u8; 32], Session>,
}

impl Sessions {
    /// Opens a session and gives its token, 64 hex digits.
    pub(super) fn open(&mut self, now: Instant, random: [u8; 32], standing: Standing) -> String {
        self.by_token.retain(|_, session| is_alive(now, session));
        if self.by_token.len() >= limits::SESSIONS {
            let oldest = self
                .by_token
                .iter()
                .min_by_key(|(_, session)| session.opened);
            if let Some(key) = oldest.map(|(key, _)| *key) {
                self.by_token.remove(&key);
            }
        }
        let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        self.by_token.insert(
            digest(&token),
            Session {
                standing,
                opened: now,
            },
        );
        token
    }

    pub(super) fn find(&self, now: Instant, token: &str) -> Option<Session> {
        self.by_token
            .get(&digest(token))
            .filter(|session| is_alive(now, session))
            .copied()
    }

    pub(super) fn end(&mut self, token: &str) {
        self.by_token.remove(&digest(token));
    }

    pub(super) fn end_all(&mut self) {
        self.by_token.clear();
    }
}

fn is_alive(now: Instant, session: &Session) -> bool {
    now.duration_since(session.opened) < limits::SESSION_LIFE
}
