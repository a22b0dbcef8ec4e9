//! Real sockets on loopback: peers that speak, stall, flood, and change their certificates.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use centre::Input;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sip::{Peer, Transport};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::limits::{MAX_UNPROVED_PER_ADDRESS, WRITE_QUEUE};
use super::{Streams, StreamsConfig, TlsFiles};

const OPTIONS: &[u8] = b"OPTIONS sip:box@127.0.0.1 SIP/2.0\r\nContent-Length: 0\r\n\r\n";
/// Longer than anything on loopback takes, short enough to fail a test.
const SOON: Duration = Duration::from_secs(20);

async fn plain() -> (Streams, SocketAddr) {
    let config = StreamsConfig {
        tcp: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        ..StreamsConfig::default()
    };
    let streams = Streams::start(config).await.unwrap();
    let at = streams.tcp().unwrap();
    (streams, at)
}

async fn next(streams: &mut Streams) -> Input {
    tokio::time::timeout(SOON, streams.next())
        .await
        .expect("something comes")
}

async fn message(streams: &mut Streams) -> (Peer, Vec<u8>) {
    match next(streams).await {
        Input::Datagram { from, bytes } => (from, bytes),
        other => panic!("{other:?}"),
    }
}

async fn lost(streams: &mut Streams) -> Peer {
    match next(streams).await {
        Input::TransportLost { peer } => peer,
        other => panic!("{other:?}"),
    }
}

/// An authority and certificates it signed, as files.
struct Authority {
    dir: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        std::fs::write(dir.path().join("ca.pem"), own.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        Self { dir, issuer }
    }

    fn sign(&self, name: &str) -> (std::path::PathBuf, std::path::PathBuf) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let own = params.signed_by(&key, &self.issuer).unwrap();
        let files = (
            self.file(&format!("{name}.pem")),
            self.file(&format!("{name}.key")),
        );
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        std::fs::write(&files.0, own.pem()).unwrap();
        files
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    async fn listen(&self, client_ca: bool) -> (Streams, SocketAddr) {
        let config = StreamsConfig {
            tls: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            files: TlsFiles {
                identity: Some(self.sign("box")),
                ca: Some(self.file("ca.pem")),
                client_ca: client_ca.then(|| self.file("ca.pem")),
            },
            ..StreamsConfig::default()
        };
        let streams = Streams::start(config).await.unwrap();
        let at = streams.tls().unwrap();
        (streams, at)
    }

    fn connector(&self, identity: Option<(&Path, &Path)>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        for own in CertificateDer::pem_file_iter(self.file("ca.pem")).unwrap() {
            roots.add(own.unwrap()).unwrap();
        }
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            Some((chain, key)) => {
                let chain = CertificateDer::pem_file_iter(chain).unwrap();
                let chain: Vec<_> = chain.collect::<Result<_, _>>().unwrap();
                let key = PrivateKeyDer::from_pem_file(key).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        TlsConnector::from(Arc::new(config))
    }
}

async fn dial(
    connector: &TlsConnector,
    at: SocketAddr,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(at).await?;
    connector
        .connect(ServerName::IpAddress(at.ip().into()), stream)
        .await
}

async fn heard(stream: &mut (impl AsyncReadExt + Unpin), length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let read = tokio::time::timeout(SOON, stream.read_exact(&mut bytes)).await;
    read.expect("in time").expect("whole");
    bytes
}

#[tokio::test]
async fn an_answer_goes_back_on_the_connection_its_question_came_by() {
    let (mut streams, at) = plain().await;
    let mut phone = TcpStream::connect(at).await.unwrap();
    let (left, right) = OPTIONS.split_at(20);
    phone.write_all(left).await.unwrap();
    phone.flush().await.unwrap();
    phone
        .write_all(&[right, b"\r\n\r\n"].concat())
        .await
        .unwrap();
    let (from, bytes) = message(&mut streams).await;
    assert_eq!(from, Peer::new(Transport::Tcp, phone.local_addr().unwrap()));
    assert_eq!(bytes, OPTIONS);
    assert_eq!(heard(&mut phone, 2).await, b"\r\n", "the pong");
    streams.send(from, b"SIP/2.0 200 OK\r\n\r\n".to_vec(), None);
    assert_eq!(heard(&mut phone, 18).await, b"SIP/2.0 200 OK\r\n\r\n");
    assert_eq!(streams.stats().opened, 0, "none was opened for it");
    drop(phone);
    assert_eq!(lost(&mut streams).await, from);
    assert_eq!(streams.stats().connections, 0);
}

#[tokio::test]
async fn a_message_to_a_peer_opens_one_connection_and_uses_it_again() {
    let (mut streams, _) = plain().await;
    let trunk = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = Peer::new(Transport::Tcp, trunk.local_addr().unwrap());
    streams.send(to, b"one".to_vec(), None);
    streams.send(to, b"two".to_vec(), None);
    let (mut stream, _) = trunk.accept().await.unwrap();
    assert_eq!(heard(&mut stream, 6).await, b"onetwo");
    stream.write_all(OPTIONS).await.unwrap();
    assert_eq!(message(&mut streams).await.0, to);
    assert_eq!(streams.stats().opened, 1);
}

#[tokio::test]
async fn a_peer_that_cannot_be_reached_is_told_as_lost() {
    let (mut streams, _) = plain().await;
    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let to = Peer::new(Transport::Tcp, gone);
    streams.send(to, b"one".to_vec(), None);
    assert_eq!(lost(&mut streams).await, to);
    assert_eq!(streams.stats().failed, 1);
}

#[tokio::test]
async fn nonsense_ends_its_connection_and_no_other() {
    let (mut streams, at) = plain().await;
    let mut good = TcpStream::connect(at).await.unwrap();
    let mut bad = TcpStream::connect(at).await.unwrap();
    bad.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
    let end = tokio::time::timeout(SOON, bad.read(&mut [0; 8]))
        .await
        .unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    good.write_all(OPTIONS).await.unwrap();
    loop {
        match next(&mut streams).await {
            Input::Datagram { .. } => break,
            Input::TransportLost { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn strangers_that_say_nothing_are_bounded_in_number() {
    let (streams, at) = plain().await;
    let mut waiting = Vec::new();
    for _ in 0..MAX_UNPROVED_PER_ADDRESS {
        waiting.push(TcpStream::connect(at).await.unwrap());
    }
    let mut one_more = TcpStream::connect(at).await.unwrap();
    let end = tokio::time::timeout(SOON, one_more.read(&mut [0; 8]))
        .await
        .unwrap();
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    assert_eq!(streams.stats().connections, MAX_UNPROVED_PER_ADDRESS);
    assert_eq!(streams.stats().refused, 1);
}

#[tokio::test]
async fn a_peer_that_does_not_read_loses_its_connection() {
    let (mut streams, _) = plain().await;
    let trunk = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = Peer::new(Transport::Tcp, trunk.local_addr().unwrap());
    // Nothing is accepted yet and this task does not yield, so the queue only fills.
    for _ in 0..=WRITE_QUEUE {
        streams.send(to, vec![b'x'; 1000], None);
    }
    assert_eq!(lost(&mut streams).await, to);
    assert_eq!(streams.stats().deaf, 1);
}

#[tokio::test]
async fn a_client_that_must_show_a_certificate_is_refused_without_one() {
    let authority = Authority::new();
    let (mut streams, at) = authority.listen(true).await;
    let without = authority.connector(None);
    if let Ok(mut stream) = dial(&without, at).await {
        // TLS 1.3 lets the client believe it is done; the refusal comes with the first read.
        let _ = stream.write_all(OPTIONS).await;
        assert!(!matches!(stream.read(&mut [0; 8]).await, Ok(1..)));
    }
    let files = authority.sign("phone");
    let with = authority.connector(Some((&files.0, &files.1)));
    let mut stream = dial(&with, at).await.unwrap();
    stream.write_all(OPTIONS).await.unwrap();
    let (from, _) = message(&mut streams).await;
    assert_eq!(from.transport, Transport::Tls);
    assert_eq!(streams.stats().handshakes_failed, 1);
}

#[tokio::test]
async fn two_boxes_talk_over_tls_and_check_each_other() {
    let authority = Authority::new();
    let (mut called, at) = authority.listen(true).await;
    let (mut calling, _) = authority.listen(false).await;
    let to = Peer::new(Transport::Tls, at);
    calling.send(to, OPTIONS.to_vec(), None);
    let (from, bytes) = message(&mut called).await;
    assert_eq!(bytes, OPTIONS);
    called.send(from, OPTIONS.to_vec(), None);
    assert_eq!(message(&mut calling).await, (to, OPTIONS.to_vec()));
    calling.send(to, OPTIONS.to_vec(), Some("other.example"));
    assert_eq!(
        message(&mut called).await.0,
        from,
        "the one that stands is used"
    );
}

#[tokio::test]
async fn a_certificate_of_another_name_or_authority_is_not_believed() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (mut calling, _) = ours.listen(false).await;
    let (_foreign, foreign) = theirs.listen(false).await;
    let to = Peer::new(Transport::Tls, foreign);
    calling.send(to, OPTIONS.to_vec(), None);
    assert_eq!(lost(&mut calling).await, to);
    let (_named, named) = ours.listen(false).await;
    let to = Peer::new(Transport::Tls, named);
    calling.send(to, OPTIONS.to_vec(), Some("other.example"));
    assert_eq!(lost(&mut calling).await, to);
    assert_eq!(calling.stats().handshakes_failed, 2);
}

#[tokio::test]
async fn a_new_certificate_counts_for_the_next_handshake_and_hurts_no_connection() {
    let authority = Authority::new();
    let (mut streams, at) = authority.listen(false).await;
    let connector = authority.connector(None);
    let serial = |stream: &tokio_rustls::client::TlsStream<TcpStream>| {
        let (_, session) = stream.get_ref();
        session.peer_certificates().unwrap()[0].to_vec()
    };
    let mut old = dial(&connector, at).await.unwrap();
    old.write_all(OPTIONS).await.unwrap();
    message(&mut streams).await;
    let mut seen = streams.tls.clone();
    seen.mark_unchanged();
    authority.sign("box");
    let changed = tokio::time::timeout(SOON, seen.changed()).await;
    changed.expect("the files are looked at").unwrap();
    let new = dial(&connector, at).await.unwrap();
    assert_ne!(serial(&old), serial(&new));
    old.write_all(OPTIONS).await.unwrap();
    assert_eq!(message(&mut streams).await.1, OPTIONS, "the old one stands");
    // Half a pair is not used.
    std::fs::write(authority.file("box.key"), "no key").unwrap();
    let still = tokio::time::timeout(Duration::from_secs(6), seen.changed()).await;
    assert!(still.is_err(), "the old pair stays");
    assert!(dial(&connector, at).await.is_ok());
}

#[tokio::test]
async fn a_peer_that_stalls_in_its_handshake_costs_its_place_for_seconds_only() {
    let authority = Authority::new();
    let (streams, at) = authority.listen(false).await;
    let mut stalled = TcpStream::connect(at).await.unwrap();
    stalled.write_all(&[0x16, 0x03, 0x01]).await.unwrap();
    let end = stalled.read(&mut [0; 8]).await;
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    assert_eq!(streams.stats().connections, 0);
    assert_eq!(streams.stats().handshakes_failed, 1);
}

#[tokio::test]
async fn a_peer_that_begins_a_message_and_stops_is_dropped() {
    let (mut streams, at) = plain().await;
    let mut phone = TcpStream::connect(at).await.unwrap();
    phone.write_all(OPTIONS).await.unwrap();
    let (from, _) = message(&mut streams).await;
    phone.write_all(b"OPTIONS sip:").await.unwrap();
    assert_eq!(lost(&mut streams).await, from);
}
