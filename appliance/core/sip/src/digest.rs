//! Digest authentication (RFC 7616, RFC 8760).

/// What a request's Authorization is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestVerdict {
    /// Right user, right password, fresh nonce.
    Good,
    /// Right, but the nonce is too old or not ours: challenge again.
    Stale,
    /// No digest credentials for this realm.
    Missing,
    /// Wrong user or password, or malformed.
    Wrong,
}
