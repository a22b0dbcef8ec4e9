//! What the link is told, and its checks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use sync::{Address, Broker, BrokerError, NameError, Pace};
use thiserror::Error;

/// Where to connect, as whom, and how patiently.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    pub(crate) broker: Broker,
    pub(crate) address: Address,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) login: Option<(String, String)>,
    /// First and longest wait between connections.
    pub backoff: (Duration, Duration),
    /// The uplink's waits.
    pub pace: Pace,
    /// MQTT keep-alive; not below 5 s.
    pub keep_alive: Duration,
}

/// Files of a TLS connection, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Certificates of those who may sign the broker's.
    pub ca: PathBuf,
    /// The box's own certificate chain and key, where the broker asks for them.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A link that cannot be set up.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The broker's address.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// Tenant, site or box.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A certificate or key that cannot be read.
    #[error("cannot use `{path}`: {why}\n  hint: it must be a PEM file that this user may read")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        why: String,
    },
    /// rustls refused what the files say.
    #[error("certificate and key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// TLS without anybody to trust.
    #[error(
        "no certificate authority is given for `{0}`\n  hint: name the PEM file of the one that signed the broker's certificate"
    )]
    NoAuthority(String),
}

impl LinkConfig {
    /// A link to `broker` (`mqtt://` to loopback, or `mqtts://`), as tenant `default`, site `main`.
    ///
    /// # Errors
    /// [`LinkError`] for an address or a name that cannot be used; `mqtts://` needs [`Self::with_tls`].
    pub fn new(broker: &str, box_id: &str) -> Result<Self, LinkError> {
        Self::of(Broker::parse(broker, false)?, box_id)
    }

    /// As [`Self::new`], with plain MQTT allowed beyond loopback: the network is the owner's own.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn over_plain_network(broker: &str, box_id: &str) -> Result<Self, LinkError> {
        Self::of(Broker::parse(broker, true)?, box_id)
    }

    /// Places the box in the fleet.
    ///
    /// # Errors
    /// [`LinkError::Name`].
    pub fn with_place(mut self, tenant: &str, site: &str) -> Result<Self, LinkError> {
        self.address = Address::new(tenant, site, self.address.box_id().as_str())?;
        Ok(self)
    }

    /// Reads certificates for `mqtts://`.
    ///
    /// # Errors
    /// [`LinkError::Pem`] and [`LinkError::Tls`].
    pub fn with_tls(mut self, files: &Tls) -> Result<Self, LinkError> {
        let mut roots = RootCertStore::empty();
        for cert in read_certs(&files.ca)? {
            roots.add(cert)?;
        }
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match &files.identity {
            Some((chain, key)) => {
                let key_der = PrivateKeyDer::from_pem_file(key).map_err(|e| pem(key, &e))?;
                builder.with_client_auth_cert(read_certs(chain)?, key_der)?
            }
            None => builder.with_no_client_auth(),
        };
        self.tls = Some(Arc::new(config));
        Ok(self)
    }

    /// Signs in at the broker with a name and a password.
    #[must_use]
    pub fn with_login(mut self, user: &str, password: &str) -> Self {
        self.login = Some((user.to_owned(), password.to_owned()));
        self
    }

    fn of(broker: Broker, box_id: &str) -> Result<Self, LinkError> {
        Ok(Self {
            broker,
            address: Address::new("default", "main", box_id)?,
            tls: None,
            login: None,
            backoff: (Duration::from_secs(1), Duration::from_secs(300)),
            pace: Pace::default(),
            keep_alive: Duration::from_secs(30),
        })
    }
}

fn read_certs(path: &Path) -> Result<Vec<CertificateDer<'static>>, LinkError> {
    let certs = CertificateDer::pem_file_iter(path).map_err(|e| pem(path, &e))?;
    let certs: Vec<_> = certs.collect::<Result<_, _>>().map_err(|e| pem(path, &e))?;
    if certs.is_empty() {
        return Err(pem(path, &"it holds no certificate"));
    }
    Ok(certs)
}

fn pem(path: &Path, why: &dyn std::fmt::Display) -> LinkError {
    LinkError::Pem {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_would_be_unsafe_or_unnamed_is_refused() {
        assert!(LinkConfig::new("mqtt://127.0.0.1:1883", "b-1").is_ok());
        assert!(LinkConfig::new("mqtt://broker:1883", "b-1").is_err());
        assert!(LinkConfig::over_plain_network("mqtt://broker:1883", "b-1").is_ok());
        assert!(LinkConfig::new("mqtt://127.0.0.1:1883", "b/1").is_err());
        let link = LinkConfig::new("mqtt://127.0.0.1:1883", "b-1").unwrap();
        assert!(link.clone().with_place("acme", "no site").is_err());
        let files = Tls {
            ca: "/nowhere/ca.pem".into(),
            identity: None,
        };
        let error = link.with_tls(&files).unwrap_err().to_string();
        assert!(
            error.contains("/nowhere/ca.pem") && error.contains("hint: "),
            "{error}"
        );
    }
}
