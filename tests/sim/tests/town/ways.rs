//! Calls to the outside: routes, overflow between trunks, caller ids, and what protection refuses.

use std::time::Duration;

use call::Cause;
use centre::RefusalWhy;
use centre::event::Event;
use centre::record::Direction;
use sim::{DeskAct, Raw, Taking, Town, TownConfig, phone_address};

fn talks(after_ms: u64, talk_ms: u64) -> Taking {
    Taking::Answer(after_ms, vec![(talk_ms, DeskAct::HangUp)])
}

/// A branch with two carriers that take calls like that.
fn outside(first: Taking, second: Taking) -> Town {
    let mut town = Town::new(TownConfig::branch(1));
    town.carrier(1, first);
    town.carrier(2, second);
    town
}

fn refusals(town: &Town) -> Vec<(RefusalWhy, bool)> {
    let refused = town.events.iter().filter_map(|event| match event {
        Event::Refused(refusal) => Some((refusal.why, refusal.cut)),
        _ => None,
    });
    refused.collect()
}

#[test]
fn a_phone_calls_outside_and_the_record_says_by_which_trunk() {
    let mut town = outside(talks(3_000, 30_000), Taking::Ignore);
    let one = town.desk(1);
    town.desk_dials(one, "13800138000", vec![(10_000, DeskAct::HangUp)]);
    town.run_out();
    let record = town.record();
    assert_eq!(record.handled.direction, Direction::Outbound);
    assert_eq!(record.parties.trunk, "first");
    assert_eq!(
        record.handled.answered_by.as_deref(),
        Some("+8613800138000")
    );
    assert_eq!(record.handled.cost, 500);
    assert!(
        (3_000..3_300).contains(&record.spans.ring_ms),
        "{:?}",
        record.spans
    );
    assert!(
        (9_900..10_300).contains(&record.spans.bill_ms),
        "{:?}",
        record.spans
    );
    let sent = town.outputs.iter().any(|o| o.contains("10.9.0.1"));
    assert!(sent);
}

#[test]
fn a_trunk_that_is_full_or_dead_gives_way_to_the_next() {
    for first in [Taking::Refuse(200, 503), Taking::Vanish] {
        let mut town = outside(first, talks(500, 5_000));
        let one = town.desk(1);
        town.desk_dials(one, "010 8765 4321".replace(' ', "").as_str(), vec![]);
        town.run_out();
        let record = town.record();
        assert_eq!(record.handled.answered_by.as_deref(), Some("01087654321"));
        assert_eq!(record.parties.trunk, "second");
    }
}

#[test]
fn a_party_that_is_busy_is_not_called_again_over_the_next_trunk() {
    let mut town = outside(Taking::Refuse(300, 486), talks(500, 5_000));
    let one = town.desk(1);
    town.desk_dials(one, "13800138000", vec![]);
    town.run_out();
    assert_eq!(town.record().cause, Cause::Busy);
    assert_eq!(town.record().handled.cost, 0);
    assert_eq!(town.desks[&sim::carrier_address(2)].tally.rang, 0);
}

#[test]
fn what_protection_does_not_allow_is_refused_and_told() {
    let mut town = outside(talks(500, 5_000), talks(500, 5_000));
    let (one, six) = (town.desk(1), town.desk(6));
    town.desk_dials(one, "0012125550100", vec![]);
    town.desk_dials(six, "13800138000", vec![]);
    town.pass(Duration::from_secs(3));
    assert_eq!(
        refusals(&town),
        [
            (RefusalWhy::Destination, false),
            (RefusalWhy::NoOutbound, false)
        ]
    );
    assert_eq!(town.desks[&one].last_refusal, Some(403));
    town.desk_dials(six, "110", vec![]);
    town.run_out();
    assert_eq!(
        town.desks[&sim::carrier_address(1)].tally.taken,
        1,
        "help is called by all"
    );
    let causes = town.causes();
    assert_eq!(causes["forbidden"], 2);
    assert_eq!(town.centre.stats().refused, 2);
}

#[test]
fn a_call_that_spends_the_money_of_the_day_is_cut_off() {
    let mut town = outside(talks(500, 3_600_000), Taking::Ignore);
    let one = town.desk(1);
    town.desk_dials(one, "13800138000", vec![]);
    town.run_out();
    let record = town.record();
    assert_eq!(record.handled.cost, 2_000);
    assert!(
        (240_000..241_000).contains(&record.spans.talk_ms),
        "{:?}",
        record.spans
    );
    assert_eq!(record.cause, Cause::Forbidden);
    town.desk_dials(one, "13800138000", vec![]);
    town.run_out();
    assert_eq!(
        refusals(&town),
        [(RefusalWhy::Money, true), (RefusalWhy::Money, false)]
    );
}

#[test]
fn a_stolen_phone_costs_no_more_than_its_cap() {
    let mut town = outside(talks(100, 600_000), talks(100, 600_000));
    let one = town.desk(1);
    for n in 0..200_u32 {
        town.desk_dials(one, &format!("1380013{:04}", n), vec![]);
        town.pass(Duration::from_millis(700));
    }
    town.run_out();
    let cost: u64 = town.records.iter().map(|r| r.handled.cost).sum();
    assert!(cost <= 2_000, "{cost}");
    assert_eq!(town.records.len(), 200);
}

#[test]
fn a_carriers_word_counts_for_who_calls_and_a_hidden_number_is_in_no_record() {
    for (headers, from) in [
        ("", "13800000007"),
        (
            "P-Asserted-Identity: <tel:+8613900000001>\r\n",
            "+8613900000001",
        ),
        (
            "P-Asserted-Identity: <tel:+8613900000001>\r\nPrivacy: id\r\n",
            "13800000007",
        ),
    ] {
        let mut town = Town::new(TownConfig::new(1));
        let raw = Raw::new(phone_address(1), "asserted", "4004");
        let headers = format!("{headers}Content-Type: application/sdp\r\n");
        let sdp = raw.sdp("RTP/AVP 8");
        let invite = raw.request("INVITE", "1", None, &headers, &sdp);
        town.throw(phone_address(1), invite);
        town.throw(phone_address(1), raw.cancel());
        town.run_out();
        assert_eq!(town.record().parties.from, from, "{headers}");
    }
}
