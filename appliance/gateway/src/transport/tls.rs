//! Certificates of SIP over TLS: read from files, looked at again while the box runs.
//!
//! A new pair counts for the next handshake; connections that stand are not touched. A pair that cannot
//! be used is refused with a warning and the old one stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::sync::watch;
use tracing::{info, warn};

use super::limits::CERTIFICATE_EVERY;

/// Where the roots of the host lie, where none are given.
const HOST_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Files of SIP over TLS.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    /// Our certificate chain and its key (PEM): shown to peers in both directions.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whose certificates we believe when we connect; the host's roots where none is given.
    pub ca: Option<PathBuf>,
    /// Whose client certificates we demand of peers that connect to us; none is demanded without it.
    pub client_ca: Option<PathBuf>,
}

impl TlsFiles {
    fn all(&self) -> impl Iterator<Item = &Path> {
        let identity = self.identity.iter().flat_map(|(chain, key)| [chain, key]);
        identity
            .chain(&self.ca)
            .chain(&self.client_ca)
            .map(PathBuf::as_path)
    }

    /// When each was last written; a missing one has no time.
    fn times(&self) -> Vec<Option<SystemTime>> {
        let time = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).ok();
        self.all().map(time).collect()
    }
}

/// What a handshake needs.
#[derive(Clone, Debug)]
pub(super) struct TlsConfigs {
    /// For peers that connect to us; none without an identity.
    pub(super) server: Option<Arc<ServerConfig>>,
    /// For peers we connect to.
    pub(super) client: Arc<ClientConfig>,
}

/// Reads the files and keeps looking at them until nobody wants to know.
pub(super) fn watch_files(files: TlsFiles) -> anyhow::Result<watch::Receiver<TlsConfigs>> {
    let mut times = files.times();
    let (configs, seen) = watch::channel(load(&files)?);
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(CERTIFICATE_EVERY);
        while !configs.is_closed() {
            ticks.tick().await;
            let now = files.times();
            if now == times {
                continue;
            }
            times = now;
            match load(&files) {
                Ok(fresh) => {
                    configs.send_replace(fresh);
                    info!("SIP over TLS uses the new certificate from now on");
                }
                Err(why) => {
                    warn!("the new SIP certificate is not used, the old one stays: {why:#}")
                }
            }
        }
    });
    Ok(seen)
}

fn load(files: &TlsFiles) -> anyhow::Result<TlsConfigs> {
    let provider = || Arc::new(rustls::crypto::ring::default_provider());
    let identity = files.identity.as_ref().map(read_identity).transpose()?;
    let server = identity.as_ref().map(|(chain, key)| {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?;
        let builder = match &files.client_ca {
            Some(ca) => {
                let roots = Arc::new(roots(ca)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
                builder.with_client_cert_verifier(verifier.build()?)
            }
            None => builder.with_no_client_auth(),
        };
        let config = builder.with_single_cert(chain.clone(), key.clone_key());
        anyhow::Ok(Arc::new(
            config.context("certificate and key of SIP over TLS do not fit")?,
        ))
    });
    let trusted = match &files.ca {
        Some(ca) => roots(ca)?,
        // A box that calls nobody over TLS needs no roots; one that does is told when it fails.
        None => roots(Path::new(HOST_ROOTS)).unwrap_or_else(|_| RootCertStore::empty()),
    };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted);
    let client = match identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    Ok(TlsConfigs {
        server: server.transpose()?,
        client: Arc::new(client),
    })
}

/// How we connect over TLS to who has nothing to do with SIP: believing the host's roots.
pub(crate) fn host_client() -> anyhow::Result<Arc<ClientConfig>> {
    Ok(load(&TlsFiles::default())?.client)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read_identity((chain, key): &(PathBuf, PathBuf)) -> anyhow::Result<Identity> {
    let private = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("could not read a key from `{}`", key.display()))?;
    Ok((certificates(chain)?, private))
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let bad = || {
        format!(
            "could not read certificates from `{}`\nhint: it must be a PEM file",
            file.display()
        )
    };
    let read = CertificateDer::pem_file_iter(file).with_context(bad)?;
    let read: Vec<_> = read.collect::<Result<_, _>>().with_context(bad)?;
    anyhow::ensure!(
        !read.is_empty(),
        "`{}` holds no certificate",
        file.display()
    );
    Ok(read)
}

fn roots(file: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates(file)?);
    anyhow::ensure!(added > 0, "`{}` holds no usable authority", file.display());
    Ok(roots)
}
