//! A whole branch at work, in any weather: each call leaves one record and nothing else.

use std::time::Duration;

use centre::{AgentAct, Input};
use sim::day::{AGENTS, any_plan, at_work, day};
use sim::{Chance, Town, TownConfig, Weather, phone_address};

#[test]
fn a_thousand_calls_of_a_calm_day_leave_a_record_each() {
    let town = day(TownConfig::branch(1).weather(Weather::CALM), 1_000, 2_500);
    let talked = town
        .records
        .iter()
        .filter(|r| r.handled.agent.is_some())
        .count();
    assert!(town.records.len() >= 1_000, "{}", town.records.len());
    assert!(talked > 200, "{talked} calls reached an agent");
    assert!(town.records.iter().any(|r| r.spans.hold_ms > 0));
    assert!(town.desks.values().any(|desk| desk.tally.handed > 0));
}

#[test]
fn a_thousand_calls_through_queues_never_ring_an_agent_who_speaks() {
    let mut chance = Chance::new(77);
    let mut town = Town::new(TownConfig::branch(77));
    for (name, n) in AGENTS {
        let desk = town.agent(name, n);
        let beyond = ["1005".to_owned(), "4007".to_owned()];
        town.at_desk(desk, |desk| desk.lives(&mut chance, 1_000, &beyond));
    }
    for n in 0..1_000 {
        let mut plan = any_plan(&mut chance);
        plan.number = chance
            .pick(&["4000", "4001", "4005", "4006", "4007", "01062340000"])
            .into();
        town.dial(phone_address(n), plan);
        let (name, n) = chance.pick(&AGENTS);
        let act = AgentAct::SignIn { device: None };
        town.give(Input::Agent {
            agent: name.into(),
            act,
        });
        town.give(Input::Agent {
            agent: name.into(),
            act: AgentAct::Resume,
        });
        let desk = sim::desk_address(n);
        if chance.hits(100) && town.desks[&desk].talking() == 0 {
            town.desk_dials(desk, "9999", vec![]);
        }
        town.pass(chance.millis(500, 5_000));
        town.phones.retain(|_, phone| !phone.is_quiet());
        for (name, n) in AGENTS {
            let crowded = town.desks[&sim::desk_address(n)].tally.crowded;
            assert_eq!(crowded, 0, "{name} was rung in a call");
        }
    }
    town.run_out();
    let by_queue = town
        .records
        .iter()
        .filter(|r| r.handled.queue.is_some())
        .count();
    assert!(by_queue > 300, "{by_queue} calls reached an agent");
}

#[test]
fn every_call_of_a_branch_in_rain_leaves_one_record() {
    for seed in 10..16 {
        day(TownConfig::branch(seed).weather(Weather::RAIN), 60, 2_000);
    }
}

#[test]
fn every_call_of_a_branch_in_a_storm_leaves_one_record() {
    for seed in 20..26 {
        day(TownConfig::branch(seed).weather(Weather::STORM), 40, 3_000);
    }
}

#[test]
fn a_branch_that_stops_at_noon_ends_every_call_with_a_record() {
    let mut chance = Chance::new(99);
    let mut town = at_work(TownConfig::branch(30).weather(Weather::RAIN), 40);
    for n in 0..40 {
        town.dial(phone_address(n), any_plan(&mut chance));
        town.pass(Duration::from_millis(500));
    }
    town.give(Input::Stop);
    town.run_out();
    assert!(
        town.causes().contains_key("box_stopped"),
        "{:?}",
        town.causes()
    );
}

#[test]
fn a_day_of_a_branch_played_again_gives_the_same_outputs() {
    let config = TownConfig::branch(40).weather(Weather::RAIN);
    let lived = day(config.clone(), 30, 2_000);
    let replayed = Town::replay(config, &lived.log, lived.age());
    assert_eq!(replayed.len(), lived.outputs.len());
    assert!(replayed == lived.outputs, "the same, byte for byte");
}
