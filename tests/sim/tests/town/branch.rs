//! A whole branch at work, in any weather: each call leaves one record and nothing else.

use std::time::Duration;

use centre::{AgentAct, Input};
use sim::{Act, Chance, Plan, Taking, Town, TownConfig, Weather, phone_address};

const AGENTS: [(&str, u16); 4] = [("ann", 1), ("bob", 2), ("cat", 3), ("dan", 4)];

/// A branch whose agents live by chance, with carriers outside.
fn at_work(seed: u64, weather: Weather, calls: usize) -> Town {
    let mut chance = Chance::new(seed ^ 0xb4a2);
    let mut town = Town::new(TownConfig::branch(seed).weather(weather));
    town.carrier(
        1,
        Taking::Answer(1_500, vec![(20_000, sim::DeskAct::HangUp)]),
    );
    town.carrier(2, Taking::Refuse(300, 486));
    let others: Vec<String> = [
        "1001",
        "1002",
        "1005",
        "4007",
        "4005",
        "13800138000",
        "9999",
    ]
    .map(str::to_owned)
    .into();
    for (name, n) in AGENTS {
        let desk = town.agent(name, n);
        town.at_desk(desk, |desk| desk.lives(&mut chance, calls, &others));
    }
    let desk = town.desk(5);
    town.at_desk(desk, |desk| desk.lives(&mut chance, calls, &others));
    town
}

/// What a caller from outside does.
fn any_plan(chance: &mut Chance) -> Plan {
    let number = chance.pick(&[
        "4000",
        "4001",
        "4002",
        "4003",
        "4004",
        "4005",
        "4006",
        "4007",
        "4008",
        "01062340000",
    ]);
    let mut plan = Plan::dial(number);
    plan.from = chance
        .pick(&["13800000007", "13900000001", "anonymous"])
        .into();
    for _ in 0..chance.below(3) {
        let act = chance.pick(&[
            Act::Press('1'),
            Act::Press('2'),
            Act::Info('1'),
            Act::Hold,
            Act::Resume,
        ]);
        plan = plan.then(50 + chance.below(6_000), act);
    }
    let last = chance.pick(&[
        Act::HangUp,
        Act::HangUp,
        Act::HangUp,
        Act::HangUp,
        Act::Vanish,
    ]);
    plan.then(5_000 + chance.below(90_000), last)
}

/// Something an agent or a phone does of their own.
fn stir(town: &mut Town, chance: &mut Chance) {
    let (name, n) = chance.pick(&AGENTS);
    let desk = sim::desk_address(n);
    match chance.below(8) {
        0 => town.give(Input::Agent {
            agent: name.into(),
            act: AgentAct::Pause,
        }),
        1 => town.give(Input::Agent {
            agent: name.into(),
            act: AgentAct::SignOut,
        }),
        2 if town.desks[&desk].talking() == 0 => {
            let to = chance.pick(&["1005", "13800138000", "4007", "*73", "17", "0012125550100"]);
            town.desk_dials(desk, to, vec![(chance.below(20_000), sim::DeskAct::HangUp)]);
        }
        _ => {
            let act = AgentAct::SignIn { device: None };
            town.give(Input::Agent {
                agent: name.into(),
                act,
            });
            town.give(Input::Agent {
                agent: name.into(),
                act: AgentAct::Resume,
            });
        }
    }
}

fn day(seed: u64, weather: Weather, calls: u16, apart_ms: u64) -> Town {
    let mut chance = Chance::new(seed ^ 0xda7);
    let mut town = at_work(seed, weather, usize::from(calls));
    for n in 0..calls {
        let plan = any_plan(&mut chance);
        town.dial(phone_address(n), plan);
        if chance.hits(300) {
            stir(&mut town, &mut chance);
        }
        town.pass(chance.millis(apart_ms / 4, apart_ms * 2));
        // Who is done is forgotten, or a thousand phones would be asked at every step.
        town.phones.retain(|_, phone| !phone.is_quiet());
    }
    town.run_out();
    town
}

#[test]
fn a_thousand_calls_of_a_calm_day_leave_a_record_each() {
    let town = day(1, Weather::CALM, 1_000, 2_500);
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
        day(seed, Weather::RAIN, 60, 2_000);
    }
}

#[test]
fn every_call_of_a_branch_in_a_storm_leaves_one_record() {
    for seed in 20..26 {
        day(seed, Weather::STORM, 40, 3_000);
    }
}

#[test]
fn a_branch_that_stops_at_noon_ends_every_call_with_a_record() {
    let mut chance = Chance::new(99);
    let mut town = at_work(30, Weather::RAIN, 40);
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
    let lived = day(40, Weather::RAIN, 30, 2_000);
    let config = TownConfig::branch(40).weather(Weather::RAIN);
    let replayed = Town::replay(config, &lived.log, lived.age());
    assert_eq!(replayed.len(), lived.outputs.len());
    assert!(replayed == lived.outputs, "the same, byte for byte");
}
