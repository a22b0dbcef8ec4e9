//! What stands between box and central: TLS both ways, presence, and a central that comes late.

use std::path::Path;
use std::time::Duration;

use link::{LinkConfig, Tls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rig::broker::Broker;
use rig::central::Central;
use rig::postgres::Postgres;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use store::Store;

use super::fleet::{Line, box_id, sample};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn box_and_central_meet_over_tls_and_strangers_do_not() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let certificates = dir.path();
    write_certificates(certificates);
    let broker = Broker::start_tls(&dir.path().join("broker"), certificates).unwrap();
    let postgres = Postgres::start(data.path()).unwrap();
    let file = |name: &str| certificates.join(name);
    let name = |name: &str| file(name).to_str().unwrap().to_owned();
    let more = [
        "--broker-ca",
        &name("ca.pem"),
        "--broker-identity",
        &name("central.pem"),
        &name("central.key"),
    ];
    let _central = Central::start_with(dir.path(), &broker.url(), &postgres.url(), &more).unwrap();
    let (store, _) = Store::open(&dir.path().join("box")).unwrap();
    store.commit(sample(1)).await.unwrap();
    let link = LinkConfig::new(&broker.url(), &box_id(&store).await).unwrap();

    let mut stranger = Tls {
        ca: file("ca.pem"),
        identity: None,
    };
    let mut line = Line::up_as(link.clone().with_tls(&stranger).unwrap(), &store);
    line.until(|status| status.last_error.is_some()).await;
    assert_eq!(line.status.borrow().connections, 0);
    line.down().await;

    stranger.identity = Some((file("stranger.pem"), file("stranger.key")));
    let mut line = Line::up_as(link.clone().with_tls(&stranger).unwrap(), &store);
    line.until(|status| status.last_error.is_some()).await;
    assert_eq!(line.status.borrow().connections, 0);
    line.down().await;

    let own = Tls {
        ca: file("ca.pem"),
        identity: Some((file("box.pem"), file("box.key"))),
    };
    let mut line = Line::up_as(link.with_tls(&own).unwrap(), &store);
    line.acked(1).await;
    line.down().await;
    assert_eq!(
        postgres.ask("SELECT count(*) FROM call_records").unwrap(),
        ["1"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_wait_for_a_central_that_comes_late_and_presence_is_retained() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let broker = Broker::start(&dir.path().join("broker")).unwrap();
    let (store, _) = Store::open(&dir.path().join("box")).unwrap();
    let presence = format!("state/v1/acme/branch-1/{}/online", box_id(&store).await);
    let mut line = Line::up(&broker.url(), &store).await;
    for n in 0..10 {
        store.commit(sample(n)).await.unwrap();
    }
    line.until(|status| status.stats.unheard > 1).await;
    assert_eq!(store.outbox().await.unwrap().depth, 10);
    assert_eq!(retained(broker.port(), &presence).await["online"], true);
    let postgres = Postgres::start(data.path()).unwrap();
    let _central = Central::start(dir.path(), &broker.url(), &postgres.url()).unwrap();
    line.acked(10).await;
    line.down().await;
    assert_eq!(retained(broker.port(), &presence).await["online"], false);
}

/// The message that the broker keeps on a topic.
async fn retained(port: u16, topic: &str) -> serde_json::Value {
    let mut options = MqttOptions::new("watcher", "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(30));
    let (client, mut event_loop) = AsyncClient::new(options, 1);
    client.try_subscribe(topic, QoS::AtLeastOnce).unwrap();
    loop {
        if let Event::Incoming(Packet::Publish(message)) = event_loop.poll().await.unwrap() {
            return serde_json::from_slice(&message.payload).unwrap();
        }
    }
}

/// An authority, three it vouches for, and a stranger who vouches for himself.
fn write_certificates(dir: &Path) {
    let write = |name: &str, cert: String, key: &KeyPair| {
        std::fs::write(dir.join(name).with_extension("pem"), cert).unwrap();
        std::fs::write(dir.join(name).with_extension("key"), key.serialize_pem()).unwrap();
    };
    let of = |name: &str| {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let mut params = of("authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    write("ca", params.self_signed(&key).unwrap().pem(), &key);
    let authority = Issuer::new(params, key);
    for name in ["broker", "central", "box"] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        write(
            name,
            params.signed_by(&key, &authority).unwrap().pem(),
            &key,
        );
    }
    let key = KeyPair::generate().unwrap();
    write(
        "stranger",
        of("stranger").self_signed(&key).unwrap().pem(),
        &key,
    );
}
