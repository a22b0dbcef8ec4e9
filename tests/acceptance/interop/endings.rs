//! Calls that come to nothing: refused, never answered, answered wrongly. Each leaves its cause.

use rig::admin::Admin;
use rig::peer::{Part, Peer};
use serde_json::Value;

use super::{MUTE, World, carrier, host, phone};

/// What the carrier says, what the phone is told, and the cause in the record.
const REFUSALS: [(&str, &str, &str); 5] = [
    ("486 Busy Here", "486", "busy"),
    ("603 Decline", "603", "declined"),
    ("404 Not Found", "404", "unknown_number"),
    ("408 Request Timeout", "480", "no_answer"),
    ("500 Server Internal Error", "503", "congested"),
];

#[test]
fn a_refusal_of_a_carrier_is_told_to_the_phone_and_kept_in_the_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut carriers = String::new();
    let peers: Vec<Peer> = (61..)
        .zip(REFUSALS)
        .map(|(last, (said, ..))| {
            let part = Part {
                words: &[("STATUS", said)],
                ..Part::of("refuse", host(last))
            };
            let peer = Peer::waits(dir.path(), &part).unwrap();
            carriers += &carrier(&last.to_string(), peer.sip, "", MUTE);
            peer
        })
        .collect();
    let world = World::start(&dir, &carriers);

    for ((prefix, (_, told, cause)), peer) in (61..).zip(REFUSALS).zip(peers) {
        let number = format!("{prefix}001");
        let refused = Part {
            words: &[("STATUS", told)],
            ..phone("refused", &number)
        };
        world.seen(world.calls(dir.path(), &refused));
        world.seen(peer);
        let row = world.row(&number);
        assert_eq!(row.cause, cause, "{row:?}");
        assert_eq!(row.body["times"]["answered"], Value::Null, "{row:?}");
    }

    // The page is told the same.
    let admin = Admin::sign_in(&world.appliance).unwrap();
    let (status, told) = admin.ask("GET", "/api/records", None).unwrap();
    let records = told["records"].as_array();
    assert_eq!((status, records.map(Vec::len)), (200, Some(REFUSALS.len())));
    for record in records.into_iter().flatten() {
        let to = record["parties"]["to"].as_str().unwrap_or_default();
        let meant = (61..).zip(REFUSALS);
        let meant = meant.map(|(prefix, (.., cause))| (format!("{prefix}001"), cause));
        let cause = meant.into_iter().find(|(number, _)| number == to);
        assert_eq!(cause.map(|(_, cause)| cause), record["cause"].as_str());
    }
}

#[test]
fn a_phone_that_rings_and_is_not_picked_up_is_left_alone_after_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let number = "[number.\"5000\"]\ndevice = \"1002\"\nring = \"5s\"\n";
    let world = World::start(&dir, number);
    let rings = world.called(dir.path(), &Part::of("cancelled", host(67)), "1002");
    let refused = Part {
        words: &[("STATUS", "480")],
        ..phone("refused", "5000")
    };
    world.seen(world.calls(dir.path(), &refused));
    world.seen(rings);
    assert_eq!(world.row("5000").cause, "no_answer");
}

#[test]
fn an_answer_with_another_call_id_tag_branch_or_number_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let wrong = Peer::waits(dir.path(), &Part::of("wrong-answers", host(68))).unwrap();
    let world = World::start(&dir, &carrier("68", wrong.sip, "", MUTE));
    world.seen(world.calls(dir.path(), &phone("dial", "68001")));
    let seen = world.seen(wrong);
    assert_eq!(
        (seen.came("ACK ").len(), seen.came("BYE ").len()),
        (1, 1),
        "{seen:?}"
    );
    assert_eq!(world.row("68001").cause, "caller_hung_up");
}
