//! A login of ours and the challenges it last answered (RFC 3261 22.2, 22.3; RFC 7616 3.6).
//!
//! Kept by a dialog or a registration, so that later requests carry credentials at once, with the nonce
//! count going up. A server that wants a new nonce each time says so and gets it at the price of one more turn.

use serde::{Deserialize, Serialize};

use crate::digest::{self, Target};
use crate::request::Credentials;

/// A header field: name and value.
pub(crate) type Field = (&'static str, String);

/// A login and what it was last asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Login {
    credentials: Credentials,
    /// By the server at the end, and by a proxy on the way.
    challenges: [Option<Challenge>; 2],
}

/// A challenge and how often it was answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Challenge {
    text: String,
    count: u32,
}

/// Who asks: 401 comes from the server, 407 from a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Server,
    Proxy,
}

impl Asker {
    fn place(self) -> usize {
        usize::from(self == Self::Proxy)
    }

    fn field_name(self) -> &'static str {
        match self {
            Self::Server => "Authorization",
            Self::Proxy => "Proxy-Authorization",
        }
    }
}

impl Login {
    /// A login that was not asked yet.
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            challenges: [None, None],
        }
    }

    /// What it was made of.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Keeps the strongest of the challenges; false where none of them can be answered.
    pub(crate) fn learn(&mut self, asker: Asker, challenges: &[String]) -> bool {
        let chosen = digest::strongest(challenges.iter().map(String::as_str));
        let Some((text, place)) = chosen.zip(self.challenges.get_mut(asker.place())) else {
            return false;
        };
        *place = Some(Challenge {
            text: text.to_owned(),
            count: 0,
        });
        true
    }

    /// The credentials of one request, for everyone who asked before.
    pub(crate) fn fields(&mut self, target: Target<'_>, cnonce: &str) -> Vec<Field> {
        let mut fields = Vec::new();
        for asker in [Asker::Server, Asker::Proxy] {
            let Some(Some(challenge)) = self.challenges.get_mut(asker.place()) else {
                continue;
            };
            challenge.count = challenge.count.saturating_add(1);
            let nc = format!("{:08x}", challenge.count);
            let nonces = (cnonce, nc.as_str());
            let value = digest::answer(&challenge.text, &self.credentials, target, nonces);
            fields.extend(value.map(|value| (asker.field_name(), value)));
        }
        fields
    }
}
