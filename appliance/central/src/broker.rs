//! One connection to the broker: the shared subscription in, acks and PUBACKs out.
//!
//! The event loop is polled in a task of its own. PUBACKs are sent by hand, after the COMMIT, so
//! that the broker's receive maximum holds back what we have no time for.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, Packet, Publish, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{TlsConfiguration, Transport};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use sync::limits::MAX_BATCH_BYTES;
use sync::{Ack, Address, Broker};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::warn;
use uuid::Uuid;

use crate::cli::Access;
use crate::limits::{DRAIN, EVENTS, RECEIVE_MAXIMUM, REQUESTS, UNACKED};

/// What the broker did.
#[derive(Debug)]
pub(crate) enum News {
    /// Connected.
    Up,
    /// The subscription stands.
    Subscribed,
    /// A message on one of the boxes' topics.
    Message(Publish),
    /// The connection is over.
    Down(String),
}

/// How to connect, worked out once.
pub(crate) struct Door {
    options: MqttOptions,
    filter: String,
}

/// A connection.
pub(crate) struct Session {
    client: AsyncClient,
    news: mpsc::Receiver<News>,
    pump: JoinHandle<()>,
}

impl Door {
    /// Checks the address, the tenant and the files.
    pub(crate) fn new(broker: &str, tenant: Option<&str>, access: &Access) -> anyhow::Result<Self> {
        let broker = Broker::parse(broker, access.allow_plain)?;
        // `$share`: the broker gives each message to one of all who subscribe under this name.
        let filter = format!("$share/ingest/{}", sync::up_filter(tenant)?);
        let host = if broker.is_tls {
            broker.name()
        } else {
            &broker.host
        };
        // A name of its own for every process: two with one name would throw each other out.
        let mut options = MqttOptions::new(format!("central-{}", unique()), host, broker.port);
        if broker.is_tls {
            let config = TlsConfiguration::Rustls(tls(access)?);
            options.set_transport(Transport::tls_with_config(config));
        }
        if let Some(user) = &access.broker_user {
            options.set_credentials(
                user,
                std::env::var("BRANCHLINE_BROKER_PASSWORD").unwrap_or_default(),
            );
        }
        let mut properties = ConnectProperties::new();
        properties.receive_maximum = Some(RECEIVE_MAXIMUM);
        // A batch, its topic, its properties.
        properties.max_packet_size = Some(MAX_BATCH_BYTES as u32 + 64 * 1024);
        options
            .set_connect_properties(properties)
            // No session outlives its connection: the broker would go on giving a dead process
            // its share of the messages. What it had in hand, the boxes send again.
            .set_clean_start(true)
            .set_manual_acks(true)
            .set_keep_alive(Duration::from_secs(30))
            .set_outgoing_inflight_upper_limit(UNACKED);
        Ok(Self { options, filter })
    }

    /// Begins to connect.
    pub(crate) fn open(&self) -> Session {
        let (client, event_loop) = AsyncClient::new(self.options.clone(), REQUESTS);
        let (tell, news) = mpsc::channel(EVENTS);
        let pump = tokio::spawn(pump(event_loop, tell));
        Session { client, news, pump }
    }
}

impl Session {
    /// The next thing the broker did. Cancel-safe.
    pub(crate) async fn next(&mut self) -> News {
        let gone = || News::Down("the connection's task ended".to_owned());
        self.news.recv().await.unwrap_or_else(gone)
    }

    /// A thing the broker did already.
    pub(crate) fn try_next(&mut self) -> Option<News> {
        self.news.try_recv().ok()
    }

    /// Asks for the boxes' messages.
    pub(crate) fn subscribe(&self, door: &Door) -> Result<(), String> {
        self.client
            .try_subscribe(&door.filter, QoS::AtLeastOnce)
            .map_err(|e| e.to_string())
    }

    /// Tells a box what is committed. A lost ack is asked for again by the box.
    pub(crate) async fn ack(&self, to: &Address, ack: &Ack) {
        let sent = self
            .client
            .publish(to.ack(), QoS::AtLeastOnce, false, ack.encode());
        if !matches!(tokio::time::timeout(DRAIN, sent).await, Ok(Ok(()))) {
            warn!(box_id = %to.box_id(), "an ack could not be sent; the box will send its rows again");
        }
    }

    /// Tells the broker that a message is dealt with.
    pub(crate) async fn done(&self, message: &Publish) {
        // A connection that is gone needs no PUBACK: it delivers the message again.
        let _ = tokio::time::timeout(DRAIN, self.client.ack(message)).await;
    }

    /// Disconnects after everything asked for before has gone out.
    pub(crate) async fn close(mut self) {
        let goodbye = async {
            if self.client.disconnect().await.is_ok() {
                while !matches!(self.next().await, News::Down(_)) {}
            }
        };
        if tokio::time::timeout(DRAIN, goodbye).await.is_err() {
            warn!("the broker did not hear our goodbye");
        }
    }
}

impl Drop for Session {
    /// A session that is given up lets go of its socket.
    fn drop(&mut self) {
        self.pump.abort();
    }
}

async fn pump(mut event_loop: EventLoop, tell: mpsc::Sender<News>) {
    loop {
        let news = match event_loop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => News::Up,
            Ok(Event::Incoming(Packet::SubAck(ack))) => {
                let stands =
                    |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
                if ack.return_codes.iter().all(stands) {
                    News::Subscribed
                } else {
                    News::Down("the broker refuses the subscription".to_owned())
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => News::Message(message),
            Ok(_) => continue,
            Err(e) => News::Down(e.to_string()),
        };
        let is_end = matches!(news, News::Down(_));
        if tell.send(news).await.is_err() || is_end {
            return;
        }
    }
}

fn tls(access: &Access) -> anyhow::Result<Arc<ClientConfig>> {
    let Some(ca) = &access.broker_ca else {
        bail!("no certificate authority for mqtts://\n  hint: name its PEM file with --broker-ca");
    };
    let mut roots = RootCertStore::empty();
    for cert in certs(ca)? {
        roots
            .add(cert)
            .with_context(|| format!("cannot use `{}`", ca.display()))?;
    }
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let config = match access.broker_identity.as_deref() {
        Some([chain, key]) => {
            let key_der = PrivateKeyDer::from_pem_file(key)
                .with_context(|| format!("cannot read the key `{}`", key.display()))?;
            builder.with_client_auth_cert(certs(chain)?, key_der)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn certs(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let unreadable = || format!("cannot read the certificates in `{}`", path.display());
    let certs = CertificateDer::pem_file_iter(path).with_context(unreadable)?;
    let certs: Vec<_> = certs.collect::<Result<_, _>>().with_context(unreadable)?;
    if certs.is_empty() {
        bail!("`{}` holds no certificate", path.display());
    }
    Ok(certs)
}

/// Different for every process that ever connects: its id, and the moment of its start.
fn unique() -> Uuid {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.unwrap_or_default().as_nanos();
    Uuid::from_u128(nanos << 32 | u128::from(std::process::id()))
}
