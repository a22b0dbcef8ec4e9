//! The black box: inputs written down and played again give the same outputs, byte for byte.

use std::time::Duration;

use centre::Input;
use sim::{Act, Plan, Town, TownConfig, Weather, phone_address};

fn history(seed: u64) -> Town {
    let mut town = Town::new(TownConfig::new(seed).weather(Weather::RAIN));
    for n in 0..8 {
        let plan = Plan::dial("4000")
            .then(900 + u64::from(n) * 400, Act::Press('1'))
            .then(2_000, Act::Say("断网"))
            .then(4_000, Act::HangUp);
        town.dial(phone_address(n), plan);
        town.pass(Duration::from_millis(333));
    }
    town.run_out();
    town
}

#[test]
fn one_seed_gives_one_history() {
    let (one, two) = (history(42), history(42));
    assert_eq!(one.outputs, two.outputs);
    assert_ne!(one.outputs, history(43).outputs);
}

#[test]
fn written_inputs_played_again_give_the_same_outputs() {
    let lived = history(44);
    let written = serde_json::to_string(&lived.log).unwrap();
    let read: Vec<(Duration, Input)> = serde_json::from_str(&written).unwrap();
    let replayed = Town::replay(TownConfig::new(44), &read, lived.age());
    assert_eq!(replayed, lived.outputs);
}

#[test]
fn a_site_survives_being_written_down() {
    let site = sim::site(include_str!("../../src/site.toml"));
    let written = serde_json::to_string(&Input::Site(site.clone())).unwrap();
    let Input::Site(read) = serde_json::from_str(&written).unwrap() else {
        panic!("not a site")
    };
    assert_eq!(read, site);
}

/// Three short days in three weathers; `examples/replay.rs` lives ten thousand calls of them.
#[test]
fn days_of_a_branch_replay_from_their_black_box_without_one_divergence() {
    for (seed, weather) in [
        (60, Weather::CALM),
        (61, Weather::RAIN),
        (62, Weather::STORM),
    ] {
        let config = TownConfig::branch(seed).weather(weather);
        let town = sim::day::day(config.black_box(), 60, 2_500);
        let written = town.black_box.as_ref().unwrap();
        let proof = written.prove(written.bytes()).unwrap();
        assert!(proof.holds(), "{proof:?}");
        assert_eq!(proof.said.records, town.records.len() as u64);
    }
}

#[test]
fn a_black_box_of_another_day_is_told_apart() {
    let day = |seed| sim::day::day(TownConfig::branch(seed).black_box(), 5, 1_000);
    let (one, other) = (day(63), day(64));
    let written = other.black_box.as_ref().unwrap().bytes().to_vec();
    let proof = one.black_box.as_ref().unwrap().prove(&written).unwrap();
    assert!(proof.states_diverged > 0, "{proof:?}");
    assert!(!proof.holds());
}
