//! A trunk: who may send us calls, by address or by name and password.
//!
//! Plain data out of the site file; `gate` decides with it. Carriers are data, never branches.

use std::fmt;

use crate::net::Net;

/// One carrier's account at this box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// The name from the site file; goes into records and metrics.
    pub name: String,
    /// Addresses it calls from; empty where only the password counts.
    pub peers: Vec<Net>,
    /// Digest credentials; where addresses are given too, both must hold.
    pub login: Option<Login>,
}

/// Digest user and password of a trunk.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let login = Login {
            username: "carrier".into(),
            password: "s3cret".into(),
        };
        assert!(!format!("{login:?}").contains("s3cret"));
    }
}
