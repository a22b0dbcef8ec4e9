//! SIP over TCP and TLS: connections by peer, between the network and the loop that owns all calls.
//!
//! The loop sends by [`Streams::send`], which never waits, and takes what comes by [`Streams::next`]. A
//! message to a peer uses the connection that stands with it, whoever opened it; else one is opened.
//! Every queue is bounded: a peer that does not read loses its connection, a loop that is busy makes the
//! peers wait. UDP stays with the loop itself.

mod connection;
mod dial;
mod limits;
mod listen;
mod places;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::Context as _;
use centre::Input;
use sip::{Peer, Transport};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tracing::debug;

use connection::Wire;
use limits::{ARRIVALS, PROBE_AFTER, WRITE_PATIENCE, WRITE_QUEUE};
use places::{Place, Places};
use tls::TlsConfigs;
pub use tls::TlsFiles;
pub(crate) use tls::host_client;

/// Where to listen, and with what.
#[derive(Clone, Debug, Default)]
pub struct StreamsConfig {
    /// Where TCP is taken; port 0 takes a free one.
    pub tcp: Option<SocketAddr>,
    /// Where TLS is taken.
    pub tls: Option<SocketAddr>,
    /// Certificates.
    pub files: TlsFiles,
}

/// Plain counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamsStats {
    /// Connections now.
    pub connections: usize,
    /// Connections that peers opened.
    pub taken: u64,
    /// Connections refused for lack of room.
    pub refused: u64,
    /// Connections that we opened.
    pub opened: u64,
    /// Connections that could not be opened.
    pub failed: u64,
    /// TLS handshakes that failed or were not done in time, both directions.
    pub handshakes_failed: u64,
    /// Connections dropped because the peer did not read.
    pub deaf: u64,
}

/// A connection, counted from 1; a later one with the same peer is another.
type WireId = u64;

/// What connections tell the loop, in order for each.
#[derive(Debug)]
enum Arrival {
    Opened {
        peer: Peer,
        id: WireId,
        queue: mpsc::Sender<Vec<u8>>,
    },
    Message {
        from: Peer,
        bytes: Vec<u8>,
    },
    Lost {
        peer: Peer,
        id: WireId,
    },
}

#[derive(Debug, Default)]
struct Counts {
    wires: AtomicU64,
    taken: AtomicU64,
    refused: AtomicU64,
    opened: AtomicU64,
    failed: AtomicU64,
    handshakes_failed: AtomicU64,
}

/// What all connections share.
#[derive(Clone, Debug)]
struct Hub {
    arrivals: mpsc::Sender<Arrival>,
    places: Places,
    counts: Arc<Counts>,
}

impl Hub {
    fn wire(
        &self,
        peer: Peer,
        is_ours: bool,
        place: Place,
    ) -> (WireId, mpsc::Sender<Vec<u8>>, Wire) {
        let id = self.counts.wires.fetch_add(1, Relaxed) + 1;
        let (queue, outgoing) = mpsc::channel(WRITE_QUEUE);
        let arrivals = self.arrivals.clone();
        let wire = Wire {
            id,
            peer,
            is_ours,
            outgoing,
            arrivals,
            place,
        };
        (id, queue, wire)
    }
}

/// All stream connections of the box.
#[derive(Debug)]
pub struct Streams {
    hub: Hub,
    news: mpsc::Receiver<Arrival>,
    wires: BTreeMap<Peer, (WireId, mpsc::Sender<Vec<u8>>)>,
    tls: watch::Receiver<TlsConfigs>,
    /// What to tell the loop before anything else.
    failed: Vec<Peer>,
    deaf: u64,
    /// Where TCP and TLS are taken.
    bound: (Option<SocketAddr>, Option<SocketAddr>),
}

impl Streams {
    /// Listens where it is told.
    ///
    /// # Errors
    /// An address that is taken, a certificate that cannot be used, TLS without one.
    pub async fn start(config: StreamsConfig) -> anyhow::Result<Self> {
        let tls = tls::watch_files(config.files)?;
        if config.tls.is_some() && tls.borrow().server.is_none() {
            anyhow::bail!(
                "SIP over TLS has no certificate\nhint: give --sip-certificate and --sip-key"
            );
        }
        let (arrivals, news) = mpsc::channel(ARRIVALS);
        let hub = Hub {
            arrivals,
            places: Places::default(),
            counts: Arc::default(),
        };
        let plain = listen_at(config.tcp, "TCP").await?;
        let secure = listen_at(config.tls, "TLS").await?;
        let address = |listener: &Option<TcpListener>| {
            let listener = listener.as_ref();
            listener.map(TcpListener::local_addr).transpose()
        };
        let bound = (address(&plain)?, address(&secure)?);
        if let Some(listener) = plain {
            tokio::spawn(listen::accept(listener, hub.clone(), None));
        }
        if let Some(listener) = secure {
            tokio::spawn(listen::accept(listener, hub.clone(), Some(tls.clone())));
        }
        Ok(Self {
            hub,
            news,
            wires: BTreeMap::new(),
            tls,
            failed: Vec::new(),
            deaf: 0,
            bound,
        })
    }

    /// Where TCP is taken.
    pub fn tcp(&self) -> Option<SocketAddr> {
        self.bound.0
    }

    /// Where TLS is taken.
    pub fn tls(&self) -> Option<SocketAddr> {
        self.bound.1
    }

    /// Sends a message by the connection with `to`, opening one where none stands; never waits. `name` is
    /// what a TLS peer's certificate must say where a connection is opened; its address without one.
    pub fn send(&mut self, to: Peer, bytes: Vec<u8>, name: Option<&str>) {
        let Some((_, queue)) = self.wires.get(&to) else {
            return self.open(to, bytes, name);
        };
        match queue.try_send(bytes) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                // It did not read 64 messages: dropping its queue ends the connection.
                self.deaf += 1;
                debug!(peer = %to, "does not read, the connection is dropped");
                self.wires.remove(&to);
                self.failed.push(to);
            }
            // It ended just now and its news is under way: another one may stand.
            Err(TrySendError::Closed(bytes)) => {
                self.wires.remove(&to);
                self.open(to, bytes, name);
            }
        }
    }

    /// What came next, as the loop's input.
    pub async fn next(&mut self) -> Input {
        loop {
            if let Some(peer) = self.failed.pop() {
                return Input::TransportLost { peer };
            }
            match self.news.recv().await {
                Some(arrival) => {
                    if let Some(input) = self.take(arrival) {
                        return input;
                    }
                }
                // The hub holds a sender, so this cannot be; waiting is the harmless answer.
                None => std::future::pending().await,
            }
        }
    }

    /// What came already, without waiting.
    pub fn try_next(&mut self) -> Option<Input> {
        if let Some(peer) = self.failed.pop() {
            return Some(Input::TransportLost { peer });
        }
        while let Ok(arrival) = self.news.try_recv() {
            if let Some(input) = self.take(arrival) {
                return Some(input);
            }
        }
        None
    }

    /// What was counted.
    pub fn stats(&self) -> StreamsStats {
        let counts = &self.hub.counts;
        StreamsStats {
            connections: self.hub.places.count(),
            taken: counts.taken.load(Relaxed),
            refused: counts.refused.load(Relaxed),
            opened: counts.opened.load(Relaxed),
            failed: counts.failed.load(Relaxed),
            handshakes_failed: counts.handshakes_failed.load(Relaxed),
            deaf: self.deaf,
        }
    }

    fn take(&mut self, arrival: Arrival) -> Option<Input> {
        match arrival {
            Arrival::Opened { peer, id, queue } => {
                self.wires.insert(peer, (id, queue));
                None
            }
            Arrival::Message { from, bytes } => Some(Input::Datagram { from, bytes }),
            Arrival::Lost { peer, id } => {
                let is_present = self.wires.get(&peer).is_some_and(|(known, _)| *known == id);
                is_present.then(|| {
                    self.wires.remove(&peer);
                    Input::TransportLost { peer }
                })
            }
        }
    }

    fn open(&mut self, to: Peer, bytes: Vec<u8>, name: Option<&str>) {
        if to.transport == Transport::Udp {
            return;
        }
        let Some(place) = self.hub.places.take(to.addr.ip(), false) else {
            self.hub.counts.failed.fetch_add(1, Relaxed);
            return self.failed.push(to);
        };
        let (id, queue, wire) = self.hub.wire(to, true, place);
        // The queue is new and has room.
        let _ = queue.try_send(bytes);
        self.wires.insert(to, (id, queue));
        let tls = self.tls.borrow().clone();
        let name = name.map(str::to_owned);
        tokio::spawn(dial::open(wire, self.hub.clone(), tls, name));
    }
}

async fn listen_at(address: Option<SocketAddr>, what: &str) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let listener = TcpListener::bind(address).await;
    listener
        .map(Some)
        .with_context(|| format!("could not listen for SIP over {what} on {address}"))
}

/// Small messages at once, and a peer that is gone is noticed by the kernel.
fn tune(stream: &TcpStream) {
    let socket = socket2::SockRef::from(stream);
    let probes = socket2::TcpKeepalive::new()
        .with_time(PROBE_AFTER)
        .with_interval(PROBE_AFTER / 4);
    let tuned = [
        socket.set_tcp_nodelay(true),
        socket.set_tcp_keepalive(&probes),
        socket.set_tcp_user_timeout(Some(WRITE_PATIENCE * 4)),
    ];
    if let Some(why) = tuned.into_iter().find_map(Result::err) {
        debug!("socket options: {why}");
    }
}
