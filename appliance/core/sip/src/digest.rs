//! Digest authentication, both sides (RFC 7616, RFC 8760; RFC 2069 and 2617 answers are understood).
//!
//! As a server it proves what a peer sent, with the text of `nc` as received. As a client it answers the
//! strongest challenge offered, the top-most of equals. Passwords stay in the arguments: nothing is kept, nothing is logged.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

use crate::auth_params::{AuthParams, quote};
use crate::identity::{hex, is_equal};
use crate::limits;
use crate::request::{Credentials, Request};

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

/// A hash a challenge may ask for, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// MD5, also where none is named.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512-256.
    Sha512T256,
}

impl Algorithm {
    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512T256 => "SHA-512-256",
        }
    }

    fn hash(self, text: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Sha512T256 => hex(&Sha512_256::digest(text)),
        }
    }
}

/// Everything a digest response is computed from (RFC 7616 3.4).
#[derive(Clone, Copy, Debug)]
pub struct DigestInput<'a> {
    /// The hash.
    pub algorithm: Algorithm,
    /// Whether HA1 is bound to the nonce (`-sess`).
    pub is_session: bool,
    /// The realm, unquoted.
    pub realm: &'a str,
    /// The nonce, unquoted.
    pub nonce: &'a str,
    /// `auth` or `auth-int`; empty for RFC 2069.
    pub qop: &'a str,
    /// The nonce count as it stands on the wire: 8 hex digits.
    pub nc: &'a str,
    /// The client nonce, unquoted.
    pub cnonce: &'a str,
    /// The request's method.
    pub method: &'a str,
    /// The digest-uri, unquoted.
    pub uri: &'a str,
    /// The body, hashed where `qop` is `auth-int`.
    pub body: &'a [u8],
}

impl DigestInput<'_> {
    /// The response in hexadecimal.
    pub fn response(&self, user: &str, password: &str) -> String {
        let hash = |text: String| self.algorithm.hash(text.as_bytes());
        let mut ha1 = hash(format!("{user}:{}:{password}", self.realm));
        if self.is_session {
            ha1 = hash(format!("{ha1}:{}:{}", self.nonce, self.cnonce));
        }
        let ha2 = if self.qop == "auth-int" {
            hash(format!(
                "{}:{}:{}",
                self.method,
                self.uri,
                self.algorithm.hash(self.body)
            ))
        } else {
            hash(format!("{}:{}", self.method, self.uri))
        };
        if self.qop.is_empty() {
            return hash(format!("{ha1}:{}:{ha2}", self.nonce));
        }
        hash(format!(
            "{ha1}:{}:{}:{}:{}:{ha2}",
            self.nonce, self.nc, self.cnonce, self.qop
        ))
    }
}

/// Whether `request` proves `user` and `password` in `realm`; `is_fresh` judges its nonce.
pub(crate) fn verify(
    request: &Request,
    login: (&str, &str),
    realm: &str,
    is_fresh: impl Fn(&str) -> bool,
) -> DigestVerdict {
    let (user, password) = login;
    let mut verdict = DigestVerdict::Missing;
    for value in request
        .headers
        .all("Authorization")
        .take(limits::MAX_CREDENTIALS)
    {
        let Some(auth) = AuthParams::parse(value) else {
            continue;
        };
        if auth.get("realm").as_deref() != Some(realm) {
            continue;
        }
        let right = auth.get("username").as_deref() == Some(user)
            && proves(&auth, request, user, password).unwrap_or(false);
        let fresh = auth.get("nonce").is_some_and(|nonce| is_fresh(&nonce));
        match (right, fresh) {
            (true, true) => return DigestVerdict::Good,
            (true, false) => verdict = DigestVerdict::Stale,
            (false, _) if verdict == DigestVerdict::Missing => verdict = DigestVerdict::Wrong,
            (false, _) => {}
        }
    }
    verdict
}

/// What a request of ours asks for, as its digest covers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) body: &'a [u8],
}

/// Whether a challenge says that only the nonce was wrong.
pub(crate) fn is_stale(challenge: &str) -> bool {
    let stale = AuthParams::parse(challenge).and_then(|params| params.get("stale"));
    stale.is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
}

/// The challenge to answer: of the strongest algorithm we can, the top-most of equals. RFC 8760 2.4 leaves the
/// order to the server; one on the way could put the weakest first.
pub(crate) fn strongest<'a>(challenges: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let strength = |text: &&str| {
        let challenge = AuthParams::parse(text)?;
        let is_whole = qop(&challenge).is_some() && challenge.get("nonce").is_some();
        algorithm(&challenge).filter(|_| is_whole)
    };
    challenges
        .take(limits::MAX_CHALLENGES)
        .filter_map(|text| Some((strength(&text)?.0, text)))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, text)| text)
}

/// The Authorization value that answers `challenge`; `nonces` are the client nonce and the nonce count.
pub(crate) fn answer(
    challenge: &str,
    login: &Credentials,
    target: Target<'_>,
    nonces: (&str, &str),
) -> Option<String> {
    let Target { method, uri, body } = target;
    let (cnonce, nc) = nonces;
    let challenge = AuthParams::parse(challenge)?;
    let (algorithm, is_session) = algorithm(&challenge)?;
    let qop = qop(&challenge)?;
    let (realm, nonce) = (
        challenge.get("realm").unwrap_or_default(),
        challenge.get("nonce")?,
    );
    let input = DigestInput {
        algorithm,
        is_session,
        realm: &realm,
        nonce: &nonce,
        qop,
        nc,
        cnonce,
        method,
        uri,
        body,
    };
    let response = input.response(&login.user, &login.password);
    let mut value = format!(
        "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\", algorithm={}{}",
        quote(&login.user),
        quote(&realm),
        quote(&nonce),
        algorithm.name(),
        if is_session { "-sess" } else { "" },
    );
    if !qop.is_empty() {
        value.push_str(&format!(", qop={qop}, nc={nc}, cnonce=\"{cnonce}\""));
    } else if is_session {
        value.push_str(&format!(", cnonce=\"{cnonce}\""));
    }
    if let Some(opaque) = challenge.get("opaque") {
        value.push_str(&format!(", opaque=\"{}\"", quote(&opaque)));
    }
    Some(value)
}

/// The WWW-Authenticate values of our challenge, strongest first (RFC 8760 2.3).
pub(crate) fn challenges(
    algorithms: &[Algorithm],
    realm: &str,
    nonce: &str,
    is_stale: bool,
) -> impl Iterator<Item = String> {
    let stale = if is_stale { ", stale=true" } else { "" };
    let realm = quote(realm);
    algorithms.iter().map(move |algorithm| {
        let name = algorithm.name();
        format!(
            "Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}"
        )
    })
}

/// Whether the response in `auth` is the one `user` and `password` give for `request`.
fn proves(auth: &AuthParams<'_>, request: &Request, user: &str, password: &str) -> Option<bool> {
    let (algorithm, is_session) = algorithm(auth)?;
    let text = |name: &str| auth.get(name).unwrap_or_default();
    let (realm, nonce, uri) = (text("realm"), text("nonce"), text("uri"));
    let (qop, nc, cnonce) = (text("qop").to_ascii_lowercase(), text("nc"), text("cnonce"));
    if !matches!(qop.as_str(), "" | "auth" | "auth-int") {
        return None;
    }
    // `nc` is hashed as received, but it must be what the grammar says: 8 hex digits.
    if !qop.is_empty() && (nc.len() != 8 || !nc.bytes().all(|b| b.is_ascii_hexdigit())) {
        return None;
    }
    let input = DigestInput {
        algorithm,
        is_session,
        realm: &realm,
        nonce: &nonce,
        qop: &qop,
        nc: &nc,
        cnonce: &cnonce,
        method: request.method.as_str(),
        uri: &uri,
        body: request
            .body
            .as_ref()
            .map_or(b"", |body| body.bytes.as_slice()),
    };
    Some(is_equal(
        &input.response(user, password),
        &text("response").to_ascii_lowercase(),
    ))
}

fn algorithm(params: &AuthParams<'_>) -> Option<(Algorithm, bool)> {
    let Some(name) = params.get("algorithm") else {
        return Some((Algorithm::Md5, false));
    };
    let name = name.to_ascii_uppercase();
    let (base, is_session) = name
        .strip_suffix("-SESS")
        .map_or((name.as_str(), false), |b| (b, true));
    let known = [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512T256];
    known
        .into_iter()
        .find(|a| a.name() == base)
        .map(|algorithm| (algorithm, is_session))
}

/// The quality of protection to answer with: `auth` where offered, else `auth-int`, else none if none is asked.
fn qop(challenge: &AuthParams<'_>) -> Option<&'static str> {
    let Some(offered) = challenge.get("qop") else {
        return Some("");
    };
    let offers = |wanted: &str| {
        offered
            .split(',')
            .any(|q| q.trim().eq_ignore_ascii_case(wanted))
    };
    ["auth", "auth-int"]
        .into_iter()
        .find(|wanted| offers(wanted))
}
