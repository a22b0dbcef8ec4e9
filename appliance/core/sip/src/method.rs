//! The method of a request: the ones we know by name, any other token kept as received.
//!
//! Method names are case-sensitive and never unescaped (RFC 3261 7.1, RFC 4475 `esc02`).

use std::fmt;

/// A request method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "the names are the methods of RFC 3261, 3262, 3265, 3311, 3428, 3515, 3903 and 6086"
)]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Info,
    Refer,
    Notify,
    Subscribe,
    Message,
    Update,
    Prack,
    Publish,
    /// Any other token.
    Other(String),
}

impl Method {
    /// The method named by `token`; allocates only for one we do not know.
    pub fn from_token(token: &[u8]) -> Self {
        match token {
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"OPTIONS" => Self::Options,
            b"REGISTER" => Self::Register,
            b"INFO" => Self::Info,
            b"REFER" => Self::Refer,
            b"NOTIFY" => Self::Notify,
            b"SUBSCRIBE" => Self::Subscribe,
            b"MESSAGE" => Self::Message,
            b"UPDATE" => Self::Update,
            b"PRACK" => Self::Prack,
            b"PUBLISH" => Self::Publish,
            other => Self::Other(String::from_utf8_lossy(other).into_owned()),
        }
    }

    /// The method as it stands in a start line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Options => "OPTIONS",
            Self::Register => "REGISTER",
            Self::Info => "INFO",
            Self::Refer => "REFER",
            Self::Notify => "NOTIFY",
            Self::Subscribe => "SUBSCRIBE",
            Self::Message => "MESSAGE",
            Self::Update => "UPDATE",
            Self::Prack => "PRACK",
            Self::Publish => "PUBLISH",
            Self::Other(token) => token,
        }
    }

    /// Whether this crate knows the method by name; an unknown one is for the owner to refuse (501).
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
