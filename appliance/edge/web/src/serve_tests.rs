//! The server as it stands on a socket: TLS, its certificate, its end.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

use crate::rig::Rig;
use crate::{WebConfig, serve};

async fn get(addr: SocketAddr, trusted: CertificateDer<'static>, path: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(trusted).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tls.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn server_speaks_tls_with_a_certificate_that_it_keeps() {
    let rig = Rig::new().await;
    let data = rig.folder.path().join("web");
    let config = WebConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        data_dir: data.clone(),
        recordings: rig.folder.path().join("recordings"),
        image: None,
    };
    let mut kept = Vec::new();
    for _ in 0..2 {
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let served = serve(config.clone(), rig.app.doors.clone(), shutdown)
            .await
            .unwrap();
        assert!(served.sign_in_code.is_some());
        let certificate = std::fs::read(data.join("web-certificate.pem")).unwrap();
        let trusted = CertificateDer::from_pem_slice(&certificate).unwrap();
        kept.push(certificate);
        let answer = get(served.addr, trusted.clone(), "/api/session").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(
            answer.ends_with(r#"{"state":"signed_out","first_start":true,"dev":false}"#),
            "{answer}"
        );
        let metrics = get(served.addr, trusted, "/metrics").await;
        assert!(metrics.ends_with("branchline_up 1\n"), "{metrics}");
        stop.send(()).unwrap();
        served.task.await.unwrap();
    }
    assert_eq!(kept[0], kept[1], "the second start keeps the certificate");
    let mode = std::fs::metadata(data.join("web-key.pem"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    std::fs::write(data.join("web-key.pem"), "broken").unwrap();
    let served = serve(config, rig.app.doors.clone(), std::future::pending())
        .await
        .unwrap();
    assert_ne!(
        std::fs::read(data.join("web-certificate.pem")).unwrap(),
        kept[0],
        "a broken one is remade"
    );
    served.task.abort();
}
