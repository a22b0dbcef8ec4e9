//! A day of a branch: callers, agents and carriers that live by chance.
//!
//! The tests judge such days; `examples/replay.rs` plays thousands of their calls again from the
//! black box. One configuration gives one day.

use centre::{AgentAct, Input};

use crate::chance::Chance;
use crate::desk::{DeskAct, Taking};
use crate::phone::{Act, Plan};
use crate::place::{TownConfig, desk_address, phone_address};
use crate::town::Town;

/// Who works there, and the number of their phone above 1000.
pub const AGENTS: [(&str, u16); 4] = [("ann", 1), ("bob", 2), ("cat", 3), ("dan", 4)];

/// A branch whose agents live by chance, with carriers outside.
pub fn at_work(config: TownConfig, calls: usize) -> Town {
    let mut chance = Chance::new(config.seed ^ 0xb4a2);
    let mut town = Town::new(config);
    town.carrier(1, Taking::Answer(1_500, vec![(20_000, DeskAct::HangUp)]));
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
pub fn any_plan(chance: &mut Chance) -> Plan {
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
    let desk = desk_address(n);
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
            town.desk_dials(desk, to, vec![(chance.below(20_000), DeskAct::HangUp)]);
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

/// A day with `calls` callers from outside, `apart_ms` apart on average, until all is over.
pub fn day(config: TownConfig, calls: u16, apart_ms: u64) -> Town {
    let mut chance = Chance::new(config.seed ^ 0xda7);
    let mut town = at_work(config, usize::from(calls));
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
