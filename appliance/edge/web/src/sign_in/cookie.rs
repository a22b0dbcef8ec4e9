//! The session's cookie. `__Host-` makes browsers insist on `Secure`, our host and `Path=/`.

use axum::http::{HeaderMap, header};

use crate::limits;

const NAME: &str = "__Host-branchline";

/// The `Set-Cookie` of a session.
pub(crate) fn cookie(token: &str) -> String {
    let seconds = limits::SESSION_LIFE.as_secs();
    format!("{NAME}={token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}")
}

/// The `Set-Cookie` that takes it away.
pub(crate) fn no_cookie() -> String {
    format!("{NAME}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// The token a request carries.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}
