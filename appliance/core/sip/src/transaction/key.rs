//! What a transaction is found by (RFC 3261 17.1.3, 17.2.3).
//!
//! Server side: the top Via's branch and sent-by and the method. Where the branch lacks the magic cookie or has
//! nothing after it, the fields of RFC 2543: Request-URI, From tag, Call-ID, CSeq number, top Via and, but for
//! INVITE and its ACK, the To tag. ACK and, on request, CANCEL fold onto their INVITE.

use serde::{Deserialize, Serialize};

use crate::check::Essentials;

/// A transaction's key; opaque, compared whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// The key of the server transaction a request of `method` belongs to.
    pub(crate) fn server(request: &Essentials<'_>, method: &[u8]) -> Self {
        let method = if method == b"ACK" { b"INVITE" } else { method };
        let port = request.via.port.unwrap_or(5060).to_be_bytes();
        let host = request.via.host.to_ascii_lowercase();
        if let Some(branch) = request.via.rfc3261_branch() {
            return Self::of(b"3", &[branch, &host, &port, method]);
        }
        let is_invite = method == b"INVITE";
        let to_tag = if is_invite {
            b""
        } else {
            request.to.tag().unwrap_or_default()
        };
        let cseq = request.cseq.to_be_bytes();
        Self::of(
            b"2",
            &[
                request.uri.map(|uri| uri.as_bytes()).unwrap_or_default(),
                to_tag,
                request.from.tag().unwrap_or_default(),
                request.call_id,
                &cseq,
                &host,
                &port,
                request.via.branch().unwrap_or_default(),
                method,
            ],
        )
    }

    /// The key of our client transaction with this branch and method.
    pub(crate) fn client(branch: &[u8], method: &[u8]) -> Self {
        Self::of(b"c", &[branch, method])
    }

    /// What makes two requests the same request on two paths (8.2.2.2).
    pub(crate) fn merged(request: &Essentials<'_>, method: &[u8]) -> Option<Self> {
        let tag = request.from.tag()?;
        let cseq = request.cseq.to_be_bytes();
        Some(Self::of(b"m", &[tag, request.call_id, &cseq, method]))
    }

    /// The key of a dialog: Call-ID, our tag, the peer's tag.
    pub(crate) fn dialog(call_id: &[u8], local_tag: &[u8], remote_tag: &[u8]) -> Self {
        Self::of(b"d", &[call_id, local_tag, remote_tag])
    }

    fn of(family: &[u8], parts: &[&[u8]]) -> Self {
        let mut key = Vec::with_capacity(96);
        key.extend_from_slice(family);
        for part in parts {
            // Lengths between the parts, so that no two lists of parts make one key.
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            key.extend_from_slice(&length.to_be_bytes());
            key.extend_from_slice(part);
        }
        Self(key)
    }
}
