//! One connection to the broker: a fresh MQTT client whose event loop runs in a task of its own.
//!
//! `poll()` is not proven cancel-safe, so it is never inside a `select!`: events come out through a
//! bounded channel. The client gives no name to a publish; its packet ids are matched here to
//! tokens, first in, first out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnectProperties, LastWill, Packet, PubAckReason, SubscribeReasonCode,
};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use rumqttc::{Outgoing, TlsConfiguration, Transport};
use sync::Heard;
use sync::limits::{MAX_ACK_BYTES, MAX_IN_FLIGHT};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::config::{LinkConfig, LinkError};

/// Requests waiting for the socket; beyond it the connection counts as stalled and is dropped.
const REQUESTS: usize = 4 * MAX_IN_FLIGHT;
/// Events waiting for the driver; when it is full, the event loop waits.
const EVENTS: usize = 256;
/// Publishes without PUBACK at most: above the uplink's window, so that ids never collide.
const UNACKED: u16 = 8 * MAX_IN_FLIGHT as u16;
/// How long the broker keeps our subscription and acks while we are away, seconds.
const SESSION_EXPIRY: u32 = 86_400;

/// What the broker did.
#[derive(Debug)]
pub(crate) enum News {
    /// Connected; whether the broker kept the session.
    Up { session_present: bool },
    /// The subscription to acks stands.
    Subscribed,
    /// It answered a publish.
    Puback { token: u64, heard: Heard },
    /// A message on the ack topic.
    Ack(Vec<u8>),
    /// The connection is over.
    Down(String),
}

/// A connection.
pub(crate) struct Session {
    client: AsyncClient,
    events: mpsc::Receiver<Result<Event, String>>,
    /// Tokens of publishes that have no packet id yet, in order.
    queued: VecDeque<Option<u64>>,
    sent: BTreeMap<u16, Option<u64>>,
    pump: JoinHandle<()>,
}

impl Session {
    /// Begins to connect; `boot_id` tells one life of the box from the next.
    pub(crate) fn open(config: &LinkConfig, boot_id: u64) -> Result<Self, LinkError> {
        let (client, event_loop) = AsyncClient::new(options(config, boot_id)?, REQUESTS);
        let (tell, events) = mpsc::channel(EVENTS);
        let pump = tokio::spawn(pump(event_loop, tell));
        Ok(Self {
            client,
            events,
            queued: VecDeque::new(),
            sent: BTreeMap::new(),
            pump,
        })
    }

    /// Asks for acks, and says that the box is here.
    pub(crate) fn greet(&mut self, config: &LinkConfig, boot_id: u64) -> Result<(), String> {
        let filter = config.address.ack();
        self.client
            .try_subscribe(filter, QoS::AtLeastOnce)
            .map_err(|e| e.to_string())?;
        self.say_online(config, boot_id, true)
    }

    /// Publishes a batch; its PUBACK comes back with `token`.
    pub(crate) fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
        token: u64,
    ) -> Result<(), String> {
        let sent = self
            .client
            .try_publish(topic, QoS::AtLeastOnce, false, payload.to_vec());
        sent.map_err(|_| "the broker takes no more".to_owned())?;
        self.queued.push_back(Some(token));
        Ok(())
    }

    /// The next thing the broker did. Cancel-safe.
    pub(crate) async fn next(&mut self) -> News {
        loop {
            let event = match self.events.recv().await {
                Some(Ok(event)) => event,
                Some(Err(why)) => return News::Down(why),
                None => return News::Down("the connection's task ended".to_owned()),
            };
            if let Some(news) = self.read(event) {
                return news;
            }
        }
    }

    /// Says goodbye: presence off, a clean disconnect, and waits until it went out.
    pub(crate) async fn close(mut self, config: &LinkConfig, boot_id: u64) {
        let said = self.say_online(config, boot_id, false);
        if said.is_ok() && self.client.try_disconnect().is_ok() {
            while !matches!(self.next().await, News::Down(_)) {}
        }
    }

    fn read(&mut self, event: Event) -> Option<News> {
        match event {
            Event::Outgoing(Outgoing::Publish(id)) => {
                let token = self.queued.pop_front().flatten();
                self.sent.insert(id, token);
                None
            }
            Event::Incoming(Packet::ConnAck(ack)) => Some(News::Up {
                session_present: ack.session_present,
            }),
            Event::Incoming(Packet::SubAck(ack)) => {
                let stands =
                    |code: &SubscribeReasonCode| matches!(code, SubscribeReasonCode::Success(_));
                if ack.return_codes.iter().all(stands) {
                    Some(News::Subscribed)
                } else {
                    Some(News::Down(
                        "the broker refuses the subscription to acks".to_owned(),
                    ))
                }
            }
            Event::Incoming(Packet::PubAck(ack)) => {
                let token = self.sent.remove(&ack.pkid).flatten()?;
                let heard = match ack.reason {
                    PubAckReason::Success => Heard::Taken,
                    PubAckReason::NoMatchingSubscribers => Heard::ByNobody,
                    _ => Heard::Refused,
                };
                Some(News::Puback { token, heard })
            }
            Event::Incoming(Packet::Publish(publish)) => Some(News::Ack(publish.payload.to_vec())),
            _ => None,
        }
    }

    fn say_online(
        &mut self,
        config: &LinkConfig,
        boot_id: u64,
        online: bool,
    ) -> Result<(), String> {
        let said = self.client.try_publish(
            config.address.presence(),
            QoS::AtLeastOnce,
            true,
            presence(boot_id, online),
        );
        said.map_err(|e| e.to_string())?;
        self.queued.push_back(None);
        Ok(())
    }
}

impl Drop for Session {
    /// A session that is given up lets go of its socket.
    fn drop(&mut self) {
        self.pump.abort();
    }
}

/// Polls the event loop until the connection ends; ends itself when nobody listens.
async fn pump(mut event_loop: EventLoop, tell: mpsc::Sender<Result<Event, String>>) {
    loop {
        let event = event_loop.poll().await.map_err(|e| e.to_string());
        let is_end = event.is_err();
        if tell.send(event).await.is_err() || is_end {
            return;
        }
    }
}

fn presence(boot_id: u64, online: bool) -> Vec<u8> {
    serde_json::json!({ "boot_id": boot_id, "online": online })
        .to_string()
        .into_bytes()
}

fn options(config: &LinkConfig, boot_id: u64) -> Result<MqttOptions, LinkError> {
    let (broker, address) = (&config.broker, &config.address);
    let host = if broker.is_tls {
        broker.name()
    } else {
        &broker.host
    };
    let mut options = MqttOptions::new(format!("box-{}", address.box_id()), host, broker.port);
    if broker.is_tls {
        let Some(tls) = &config.tls else {
            return Err(LinkError::NoAuthority(broker.to_string()));
        };
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(
            tls.clone(),
        )));
    }
    if let Some((user, password)) = &config.login {
        options.set_credentials(user, password);
    }
    let mut properties = ConnectProperties::new();
    properties.session_expiry_interval = Some(SESSION_EXPIRY);
    properties.receive_maximum = Some(MAX_IN_FLIGHT as u16);
    properties.max_packet_size = Some(MAX_ACK_BYTES as u32 + 4096);
    options
        .set_connect_properties(properties)
        .set_clean_start(false)
        // rumqttc refuses less.
        .set_keep_alive(config.keep_alive.max(Duration::from_secs(5)))
        .set_outgoing_inflight_upper_limit(UNACKED)
        .set_last_will(LastWill::new(
            address.presence(),
            presence(boot_id, false),
            QoS::AtLeastOnce,
            true,
            None,
        ));
    Ok(options)
}
