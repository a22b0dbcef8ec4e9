//! Connections that peers open: taken while there is room, shaken hands with in time, then served.

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;

use sip::{Peer, Transport};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use super::connection::{self, End};
use super::limits::{ACCEPT_REST, HANDSHAKE_PATIENCE};
use super::places::Place;
use super::tls::TlsConfigs;
use super::{Arrival, Hub, tune};

/// Takes connections for as long as the box runs. Without `tls` they are plain.
pub(super) async fn accept(
    listener: TcpListener,
    hub: Hub,
    tls: Option<watch::Receiver<TlsConfigs>>,
) {
    loop {
        let (stream, address) = match listener.accept().await {
            Ok(taken) => taken,
            Err(why) => {
                // No file descriptor, or the peer was gone already: neither is a reason to stop listening.
                warn!("could not take a SIP connection: {why}");
                tokio::time::sleep(ACCEPT_REST).await;
                continue;
            }
        };
        let Some(place) = hub.places.take(address.ip(), true) else {
            hub.counts.refused.fetch_add(1, Relaxed);
            continue;
        };
        hub.counts.taken.fetch_add(1, Relaxed);
        tune(&stream);
        let acceptor = tls
            .as_ref()
            .and_then(|tls| tls.borrow().server.clone())
            .map(TlsAcceptor::from);
        tokio::spawn(serve(stream, address, hub.clone(), place, acceptor));
    }
}

async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    hub: Hub,
    place: Place,
    acceptor: Option<TlsAcceptor>,
) {
    let Some(acceptor) = acceptor else {
        return talk(stream, Peer::new(Transport::Tcp, address), &hub, place).await;
    };
    let peer = Peer::new(Transport::Tls, address);
    match timeout(HANDSHAKE_PATIENCE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => talk(stream, peer, &hub, place).await,
        Ok(Err(why)) => {
            hub.counts.handshakes_failed.fetch_add(1, Relaxed);
            debug!(%peer, "TLS handshake: {why}");
        }
        Err(_) => {
            hub.counts.handshakes_failed.fetch_add(1, Relaxed);
            debug!(%peer, "TLS handshake: not done in time");
        }
    }
}

async fn talk<S>(stream: S, peer: Peer, hub: &Hub, place: Place)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite,
{
    let (id, queue, mut wire) = hub.wire(peer, false, place);
    let opened = Arrival::Opened { peer, id, queue };
    if hub.arrivals.send(opened).await.is_err() {
        return;
    }
    let end = connection::serve(stream, &mut wire).await;
    if !matches!(end, End::Closed | End::Dropped) {
        debug!(%peer, "connection ended: {end}");
    }
    let _ = hub.arrivals.send(Arrival::Lost { peer, id }).await;
}
