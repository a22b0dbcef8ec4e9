//! Connections that we open: to a peer a message must go to and none stands.
//!
//! What is queued meanwhile is written once it stands. Where it cannot be opened the loop is told, and the
//! transactions on it fail.

use std::sync::atomic::Ordering::Relaxed;

use rustls::pki_types::ServerName;
use sip::Transport;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tracing::{debug, warn};

use super::connection::{self, End, Wire};
use super::limits::{CONNECT_PATIENCE, HANDSHAKE_PATIENCE};
use super::tls::TlsConfigs;
use super::{Arrival, Hub, tune};

/// Opens a connection to the wire's peer and serves it. `name` is what its certificate must say.
pub(super) async fn open(mut wire: Wire, hub: Hub, tls: TlsConfigs, name: Option<String>) {
    let (peer, id) = (wire.peer, wire.id);
    match connect(&mut wire, &hub, tls, name).await {
        Ok(end) => debug!(%peer, "connection ended: {end}"),
        Err(why) => {
            hub.counts.failed.fetch_add(1, Relaxed);
            warn!(%peer, "could not connect: {why:#}");
        }
    }
    drop(wire);
    let _ = hub.arrivals.send(Arrival::Lost { peer, id }).await;
}

async fn connect(
    wire: &mut Wire,
    hub: &Hub,
    tls: TlsConfigs,
    name: Option<String>,
) -> anyhow::Result<End> {
    let peer = wire.peer;
    let stream = timeout(CONNECT_PATIENCE, TcpStream::connect(peer.addr))
        .await
        .map_err(|_| anyhow::anyhow!("not in time"))??;
    tune(&stream);
    if peer.transport == Transport::Tcp {
        hub.counts.opened.fetch_add(1, Relaxed);
        return Ok(connection::serve(stream, wire).await);
    }
    let name = match name {
        Some(name) => ServerName::try_from(name)?,
        None => ServerName::IpAddress(peer.addr.ip().into()),
    };
    let shaking = TlsConnector::from(tls.client).connect(name, stream);
    let stream = match timeout(HANDSHAKE_PATIENCE, shaking).await {
        Ok(Ok(stream)) => stream,
        failed => {
            hub.counts.handshakes_failed.fetch_add(1, Relaxed);
            let why = match failed {
                Ok(Err(why)) => why.to_string(),
                _ => "not in time".to_owned(),
            };
            anyhow::bail!("TLS handshake: {why}");
        }
    };
    hub.counts.opened.fetch_add(1, Relaxed);
    Ok(connection::serve(stream, wire).await)
}
