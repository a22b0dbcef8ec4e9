//! Who may come in: the one-time code of a first start or of the label, then the password, then a session.
//!
//! Driven by `api::sign_in`. It keeps no secret in clear: the code and the session tokens as
//! SHA-256, the password as an argon2id string in the store. It never logs any of them.

mod code;
mod cookie;
mod password;
mod sessions;
#[cfg(test)]
mod tests;
mod tries;

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rand_core::{OsRng, TryRngCore};
use sha2::{Digest, Sha256};
use store::Store;
use tokio::sync::Semaphore;

pub(crate) use cookie::{cookie, no_cookie, token};
pub(crate) use sessions::{Session, Standing};

use crate::limits;
use code::Code;
pub use code::make_claim_code;
use sessions::Sessions;
use tries::Tries;

/// Setting of the store that holds the password's argon2id string.
const PASSWORD: &str = "web.password";

/// Everything sign-in remembers.
pub(crate) struct SignIn {
    store: Store,
    hashing: Semaphore,
    desk: Mutex<Desk>,
}

/// What changes from one try to the next.
struct Desk {
    /// Each lets in once; one that is used takes the others with it.
    codes: Vec<Code>,
    hash: Option<String>,
    tries: Tries,
    sessions: Sessions,
}

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("wrong code or password; tries left: {left}")]
    Wrong { left: u32 },
    #[error("too many wrong tries; seconds until the next: {seconds}")]
    Locked { seconds: u64 },
    #[error("the code has been used, or a password is set already")]
    NoCode,
    #[error("no password is set yet")]
    NoPassword,
    #[error(
        "the password must have {} to {} characters",
        limits::PASSWORD_MIN,
        limits::PASSWORD_MAX
    )]
    Unfit,
    #[error("{0}")]
    Inside(String),
}

impl SignIn {
    /// Reads the password's hash; without one, makes the code that is shown once. The label's code is below `data_dir`.
    pub(crate) async fn open(
        store: Store,
        data_dir: &Path,
    ) -> Result<(Self, Option<String>), Refusal> {
        let hash = store.setting(PASSWORD).await.map_err(inside)?;
        let (codes, shown) = match hash {
            Some(_) => (Vec::new(), None),
            None => {
                let (code, shown) = Code::make(random()?);
                let codes = [Some(code), Code::of_label(data_dir)];
                (codes.into_iter().flatten().collect(), Some(shown))
            }
        };
        let desk = Desk {
            codes,
            hash,
            tries: Tries::default(),
            sessions: Sessions::default(),
        };
        let sign_in = Self {
            store,
            hashing: Semaphore::new(limits::HASHES),
            desk: Mutex::new(desk),
        };
        Ok((sign_in, shown))
    }

    /// Takes the one-time code; the session it gives may only set the password.
    pub(crate) fn with_code(
        &self,
        now: Instant,
        from: IpAddr,
        typed: &str,
    ) -> Result<String, Refusal> {
        let token = random()?;
        let mut desk = self.desk();
        desk.tries.allow(now, from)?;
        if desk.codes.is_empty() {
            return Err(Refusal::NoCode);
        }
        if !desk.codes.iter().any(|code| code.matches(typed)) {
            return Err(desk.tries.wrong(now, from));
        }
        desk.codes.clear();
        desk.tries.right(from);
        Ok(desk.sessions.open(now, token, Standing::MustSetPassword))
    }

    /// Takes the password.
    pub(crate) async fn with_password(
        &self,
        now: Instant,
        from: IpAddr,
        typed: String,
    ) -> Result<String, Refusal> {
        let hash = {
            let mut desk = self.desk();
            // The try is counted before the slow hash, so that parallel guesses find the lock.
            desk.tries.allow(now, from)?;
            let hash = desk.hash.clone().ok_or(Refusal::NoPassword)?;
            desk.tries.begin(now, from);
            hash
        };
        let good = self.verify(hash, typed).await?;
        let token = random()?;
        let mut desk = self.desk();
        if !good {
            return Err(desk.tries.verdict(now, from));
        }
        desk.tries.right(from);
        Ok(desk.sessions.open(now, token, Standing::SignedIn))
    }

    /// Sets or changes the password. Whoever is signed in already must name the present one; every
    /// session ends but the new one, whose token comes back.
    pub(crate) async fn set_password(
        &self,
        now: Instant,
        from: IpAddr,
        standing: Standing,
        present: Option<String>,
        new: String,
    ) -> Result<String, Refusal> {
        if new.chars().count() < limits::PASSWORD_MIN || new.len() > limits::PASSWORD_MAX {
            return Err(Refusal::Unfit);
        }
        if standing == Standing::SignedIn {
            self.with_password(now, from, present.unwrap_or_default())
                .await?;
        }
        let salt: [u8; 16] = random()?;
        let hash = {
            let _place = self.hashing.acquire().await.map_err(inside)?;
            blocking(move || password::hash(&new, &salt)).await??
        };
        self.store
            .set_setting(PASSWORD, Some(&hash))
            .await
            .map_err(inside)?;
        let token = random()?;
        let mut desk = self.desk();
        desk.hash = Some(hash);
        desk.codes.clear();
        desk.sessions.end_all();
        Ok(desk.sessions.open(now, token, Standing::SignedIn))
    }

    /// The session of a cookie's token.
    pub(crate) fn session(&self, now: Instant, token: &str) -> Option<Session> {
        self.desk().sessions.find(now, token)
    }

    /// Ends the session of a token.
    pub(crate) fn sign_out(&self, token: &str) {
        self.desk().sessions.end(token);
    }

    /// Whether a password is set, that is whether the first start is over.
    pub(crate) fn has_password(&self) -> bool {
        self.desk().hash.is_some()
    }

    async fn verify(&self, hash: String, typed: String) -> Result<bool, Refusal> {
        if typed.len() > limits::PASSWORD_MAX {
            return Ok(false);
        }
        let _place = self.hashing.acquire().await.map_err(inside)?;
        blocking(move || password::matches(&hash, &typed)).await
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        // Nothing panics while it is held, and every state of it is whole.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(inside)
}

fn inside(error: impl std::fmt::Display) -> Refusal {
    Refusal::Inside(error.to_string())
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(inside)?;
    Ok(bytes)
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
