//! What an owner is handed and hands over: owned copies of the few things a call needs.
//!
//! Nothing here borrows the receive buffer, so a request may be kept for as long as a call lives.

use serde::{Deserialize, Serialize};

use crate::method::Method;
use crate::transport::Peer;
use crate::uri::Uri;

/// A message body with the type it was declared to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The Content-Type value as written, parameters included; empty where none was given.
    pub content_type: String,
    /// The body itself; any bytes.
    pub bytes: Vec<u8>,
}

impl Body {
    /// A body of `bytes` called `content_type`.
    pub fn new(content_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            content_type: content_type.to_owned(),
            bytes: bytes.into(),
        }
    }
}

/// One end of a request: the From or the To.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The display name, unquoted; bytes that are not UTF-8 are read as Latin-1.
    pub display: Option<String>,
    /// The URI as received.
    pub uri: Uri,
    /// The tag, where there is one.
    pub tag: Option<String>,
}

/// The header fields of a message, in the order received, by their full names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value of the first field called `name`, whatever its case; compact names were expanded.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// The values of all fields called `name`, top first; list values are not split.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    pub(crate) fn push(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }
}

/// A request the owner must decide about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// The Request-URI: what was dialled.
    pub uri: Uri,
    /// Who asks.
    pub from: Address,
    /// Whom it is for; with a tag it belongs to a dialog.
    pub to: Address,
    /// The Call-ID as received.
    pub call_id: String,
    /// The CSeq number.
    pub cseq: u32,
    /// The first Contact, where there is one.
    pub contact: Option<Uri>,
    /// All header fields.
    pub headers: Headers,
    /// The body, where there is one.
    pub body: Option<Body>,
}

/// An answer the owner wants sent. Via, From, To, Call-ID, CSeq, Record-Route, Contact and
/// Content-Length are added by the endpoint, and Server where it may say what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status code, 100 to 699.
    pub status: u16,
    /// The reason phrase; `None` takes the RFC's.
    pub reason: Option<String>,
    /// Further header fields. A line end in a name or value is replaced by a space.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Body>,
}

impl Reply {
    /// An answer with this status, the RFC's reason phrase and nothing else.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// The same with one more header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }
}

/// A user name and password for digest (RFC 7616). Written down whole: what holds it is as secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password; never logged, left out of `Debug`.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A request outside any dialog.
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// Where it is sent.
    pub to: Peer,
    /// What is asked for.
    pub method: Method,
    /// The Request-URI, and the To.
    pub uri: Uri,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Body>,
}

/// A registration to be made, refreshed or taken back.
#[derive(Clone, Debug)]
pub struct OutgoingRegister {
    /// Where the REGISTER is sent.
    pub to: Peer,
    /// The Request-URI: the registrar's domain.
    pub registrar: Uri,
    /// Whom we register: From and To; its user is the user of our Contact.
    pub aor: Uri,
    /// Further parameters of our Contact, `;` between them; may be empty.
    pub contact_params: String,
    /// For how long, in seconds; 0 takes the binding back.
    pub expires: u32,
    /// Used if the registrar asks (401, 407).
    pub credentials: Option<Credentials>,
}

/// A call to be placed.
#[derive(Clone, Debug)]
pub struct OutgoingInvite {
    /// Where the INVITE is sent.
    pub to: Peer,
    /// The Request-URI.
    pub request_uri: Uri,
    /// The From URI.
    pub from_uri: Uri,
    /// The To URI.
    pub to_uri: Uri,
    /// The display name in From.
    pub display: Option<String>,
    /// The offer. Without one the called party offers in its 2xx, and `Endpoint::acknowledge` answers.
    pub body: Option<Body>,
    /// Used if the peer asks (401, 407), and at once in later requests of the call.
    pub credentials: Option<Credentials>,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
}
