//! What a broken or hostile box may send: kept for a person, answered where there is somebody to
//! answer, and never in the way of the next box.

use std::path::Path;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use store::Store;
use sync::{BoxId, Epoch, Lane, Row, encode_batch};

use super::fleet::{Fleet, Line, sample};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_no_batches_are_kept_aside_and_stop_nobody() {
    let fleet = Fleet::start();
    let good = Row::of_record(1, &sample(1)).unwrap();
    let of = |name: &str, row: &Row| {
        let id = BoxId::new(name).unwrap();
        encode_batch(&id, Epoch(1), Lane::Live, 1, std::slice::from_ref(row)).unwrap()
    };
    let mut cut = of("evil", &good);
    cut.truncate(20);
    let messages = vec![
        ("up/v1/acme/branch-1/evil/live", b"garbage".to_vec()),
        ("up/v1/acme/branch-1/evil/live", vec![]),
        ("up/v1/acme/branch-1/evil/live", vec![0xff; 100_000]),
        ("up/v1/acme/branch-1/evil/live", cut),
        ("up/v1/acme/branch-1/evil/bulk", of("evil", &good)),
        ("up/v1/acme/branch-1/other/live", of("evil", &good)),
        ("up/v1/acme/branch-1/evil", of("evil", &good)),
        ("up/v1/acme/branch 1/evil/live", of("evil", &good)),
    ];
    let sent = messages.len() as u64;
    publish(fleet.broker.port(), messages).await;
    let (store, _) = Store::open(&fleet.dir.path().join("box")).unwrap();
    store.commit(sample(2)).await.unwrap();
    let mut line = Line::up(&fleet.broker.url(), &store).await;
    line.acked(1).await;
    line.down().await;
    assert_eq!(fleet.count("malformed"), sent);
    assert_eq!(fleet.ids(), [sample(2).id]);
    let whys = fleet
        .postgres
        .ask("SELECT DISTINCT why FROM malformed ORDER BY why")
        .unwrap()
        .join("\n");
    for why in [
        "batch is cut off",
        "unknown batch version: 103",
        "not of the box or lane of its topic",
    ] {
        assert!(whys.contains(why), "{whys}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_central_cannot_keep_become_dead_letters_alone() {
    let fleet = Fleet::start();
    let dir = fleet.dir.path().join("box");
    let (store, _) = Store::open(&dir).unwrap();
    let mut named = sample(5);
    named.parties.from = "nul\0name".into();
    for record in [sample(1), sample(2), sample(3), sample(4), named] {
        store.commit(record).await.unwrap();
    }
    // Not a record; a number PostgreSQL has no room for; not even JSON.
    spoil(&dir, 2, "{\"not\":\"a record\"}");
    let whole = serde_json::to_string(&sample(3)).unwrap();
    spoil(&dir, 3, &whole.replacen('{', "{\"odd\":1e-200000,", 1));
    spoil(&dir, 4, "{\"torn");
    let mut line = Line::up(&fleet.broker.url(), &store).await;
    line.acked(5).await;
    line.down().await;
    assert_eq!(fleet.ids(), [sample(1).id, sample(5).id]);
    let caller = fleet
        .postgres
        .ask("SELECT caller FROM call_records ORDER BY id DESC LIMIT 1")
        .unwrap();
    assert_eq!(caller, ["nul\u{fffd}name"]);
    assert_eq!(
        fleet
            .postgres
            .ask("SELECT seq FROM rejected ORDER BY seq")
            .unwrap(),
        ["2", "3", "4"]
    );
    let mut dead = store.dead_letters(10).await.unwrap();
    dead.sort_by_key(|letter| letter.seq);
    assert_eq!(
        dead.iter().map(|letter| letter.seq).collect::<Vec<_>>(),
        [2, 3, 4]
    );
    assert!(dead[0].why.contains("missing field"), "{}", dead[0].why);
    assert!(dead[2].why.contains("could not send"), "{}", dead[2].why);
    assert_eq!(dead[2].body, "{\"torn");
    assert_eq!(store.outbox().await.unwrap().depth, 0);
}

/// Does to the outbox what a bug or a bad disk would.
fn spoil(dir: &Path, seq: u64, body: &str) {
    let db = rusqlite::Connection::open(dir.join("branchline.db")).unwrap();
    let changed = db.execute(
        "UPDATE outbox SET body = ?2 WHERE seq = ?1",
        (seq.cast_signed(), body),
    );
    assert_eq!(changed.unwrap(), 1);
}

/// Publishes with QoS 1 and waits for every PUBACK.
async fn publish(port: u16, messages: Vec<(&str, Vec<u8>)>) {
    let mut options = MqttOptions::new("hostile", "127.0.0.1", port);
    options.set_keep_alive(Duration::from_secs(30));
    let (client, mut event_loop) = AsyncClient::new(options, messages.len());
    let mut missing = messages.len();
    for (topic, payload) in messages {
        client
            .try_publish(topic, QoS::AtLeastOnce, false, payload)
            .unwrap();
    }
    while missing > 0 {
        if let Event::Incoming(Packet::PubAck(_)) = event_loop.poll().await.unwrap() {
            missing -= 1;
        }
    }
}
