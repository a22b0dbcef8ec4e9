//! The box's own TLS identity: a self-signed key and certificate, made once and kept in `data_dir`.
//!
//! Names: `localhost`, the loopback addresses and the address listened on. Remade when that address
//! is not among its names. The key file is readable by the owner only (0600).

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::WebError;

const CERTIFICATE: &str = "web-certificate.pem";
const KEY: &str = "web-key.pem";
/// One name a line; tells whether the certificate still fits without parsing it.
const NAMES: &str = "web-certificate.names";

/// The server's TLS side: ring, TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
pub(crate) fn server_config(
    data_dir: &Path,
    listen: IpAddr,
) -> Result<Arc<ServerConfig>, WebError> {
    fs::create_dir_all(data_dir)?;
    let names = names(listen);
    let kept = fs::read_to_string(data_dir.join(NAMES)).unwrap_or_default();
    let config = if kept.lines().eq(names.iter().map(String::as_str)) {
        load(data_dir)
    } else {
        None
    };
    match config {
        Some(config) => Ok(config),
        None => {
            make(data_dir, names)?;
            load(data_dir).ok_or_else(|| WebError::Tls("the new certificate cannot be read".into()))
        }
    }
}

fn names(listen: IpAddr) -> Vec<String> {
    let mut names = vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
    ];
    let listen = listen.to_string();
    if !names.contains(&listen) {
        names.push(listen);
    }
    names
}

fn make(data_dir: &Path, names: Vec<String>) -> Result<(), WebError> {
    let tls = |error: rcgen::Error| WebError::Tls(error.to_string());
    let listed = names.join("\n");
    let mut params = CertificateParams::new(names).map_err(tls)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Branchline");
    // Browsers refuse end-entity certificates of more than 825 days only from public roots; an
    // own certificate that ended one morning would lock the administrator out.
    params.not_after = rcgen::date_time_ymd(2055, 1, 1);
    let key = KeyPair::generate().map_err(tls)?;
    let certificate = params.self_signed(&key).map_err(tls)?;
    write(&data_dir.join(KEY), key.serialize_pem().as_bytes(), 0o600)?;
    write(
        &data_dir.join(CERTIFICATE),
        certificate.pem().as_bytes(),
        0o644,
    )?;
    write(&data_dir.join(NAMES), listed.as_bytes(), 0o644)
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), WebError> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)?;
    // `mode` counts only for a file that did not exist.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

/// `None` where a file is missing or broken: both are then made anew.
fn load(data_dir: &Path) -> Option<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(data_dir.join(CERTIFICATE)).ok()?;
    let chain = chain
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|chain| !chain.is_empty())?;
    let key = PrivateKeyDer::from_pem_file(data_dir.join(KEY)).ok()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .ok()?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Some(Arc::new(config))
}
