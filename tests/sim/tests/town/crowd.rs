//! Many calls at once, in any weather: whatever happens, each leaves one record and nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use sim::{Act, Chance, Plan, Town, TownConfig, Weather, phone_address};
use sip::Credentials;

/// A plan that chance wrote.
fn any_plan(chance: &mut Chance) -> Plan {
    let number = chance.pick(&["4000", "4000", "4001", "4002", "4003", "4004", "0000"]);
    let mut plan = Plan::dial(number);
    plan.transfer = chance.pick(&[None, Some(200), Some(486), Some(180)]);
    for _ in 0..chance.below(5) {
        let act = chance.pick(&[
            Act::Press('1'),
            Act::Press('2'),
            Act::Press('9'),
            Act::Info('1'),
            Act::Say("我家断网了"),
            Act::Hold,
            Act::Resume,
        ]);
        plan = plan.then(50 + chance.below(6_000), act);
    }
    let last = chance.pick(&[Act::HangUp, Act::HangUp, Act::HangUp, Act::Vanish]);
    plan.then(chance.below(40_000), last)
}

/// `calls` callers that dial within half a minute and do what chance tells them.
fn crowd(seed: u64, calls: u16, weather: Weather) -> Town {
    let mut chance = Chance::new(seed ^ 0x5eed);
    let mut town = Town::new(TownConfig::new(seed).weather(weather));
    for n in 0..calls {
        let mut plan = any_plan(&mut chance);
        let roams = chance.hits(200);
        if roams {
            plan.credentials = Some(Credentials {
                user: "roaming".into(),
                password: chance.pick(&["a long secret", "a wrong secret"]).into(),
            });
        }
        town.dial(if roams { stranger(n) } else { phone_address(n) }, plan);
        town.pass(chance.millis(0, 30_000 / u64::from(calls)));
    }
    town.run_out();
    town
}

/// An address of no trunk.
fn stranger(n: u16) -> SocketAddr {
    let [high, low] = n.to_be_bytes();
    SocketAddr::from(([203, 0, high, low], 5060))
}

#[test]
fn every_call_of_a_crowd_in_calm_weather_leaves_one_record() {
    for seed in 0..10 {
        let town = crowd(seed, 20, Weather::CALM);
        let admitted = town
            .phones
            .values()
            .filter(|p| !matches!(p.fate.rejected, Some(401 | 403)));
        assert_eq!(town.records.len(), admitted.count());
    }
}

#[test]
fn every_call_of_a_crowd_in_rain_leaves_one_record() {
    for seed in 100..120 {
        crowd(seed, 20, Weather::RAIN);
    }
}

#[test]
fn every_call_of_a_crowd_in_a_storm_leaves_one_record() {
    for seed in 200..220 {
        crowd(seed, 15, Weather::STORM);
    }
}

#[test]
fn callers_that_hang_up_at_any_moment_leave_one_record_each() {
    let mut town = Town::new(TownConfig::new(7).weather(Weather::RAIN));
    for n in 0..60 {
        let plan = Plan::dial("4000").then(u64::from(n) * 37, Act::HangUp);
        town.dial(phone_address(n), plan);
        town.pass(Duration::from_millis(700));
    }
    town.run_out();
    let causes = town.causes();
    assert!(causes.contains_key("caller_hung_up"), "{causes:?}");
}

#[test]
fn a_media_plane_that_says_nothing_holds_no_record_back() {
    let mut town = Town::new(TownConfig::new(8));
    town.plane.hangs = true;
    for n in 0..10 {
        town.dial(
            phone_address(n),
            Plan::dial("4000").then(2_000, Act::HangUp),
        );
    }
    town.run_out();
    assert_eq!(town.records.len(), 10);
    assert!(town.records.iter().all(|r| r.recording.is_none()));
}

#[test]
fn speech_that_never_finishes_holds_a_record_back_for_its_grace_only() {
    let mut town = Town::new(TownConfig::new(9));
    town.plane.speech_hangs = true;
    town.dial(
        phone_address(1),
        Plan::dial("4000").then(2_000, Act::HangUp),
    );
    town.pass(Duration::from_secs(2) + centre::limits::SPEECH_GRACE);
    assert_eq!(town.records.len(), 0);
    town.pass(Duration::from_millis(200));
    assert_eq!(town.records.len(), 1);
    town.run_out();
}
