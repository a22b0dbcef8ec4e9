//! What outlives calls: a centre born of another one's standing goes on as that one would have.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use centre::{AgentAct, AgentState, Centre, Input, Standing, StandingError};
use sim::day::{AGENTS, any_plan, at_work};
use sim::{
    Act, Chance, DeskAct, Plan, Raw, Taking, Town, TownConfig, Weather, carrier_address,
    desk_address, phone_address,
};

/// Somebody out there.
const STRANGER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), 5_060);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A quiet day: callers one by one, agents who come and go, phones that register anew, offers to
/// be called back, calls to the outside, a scanner; beside a twin that is born anew at each pause.
fn quiet_day(seed: u64, weather: Weather) -> Town {
    let mut chance = Chance::new(seed ^ 0x57a2d);
    let mut town = at_work(TownConfig::branch(seed).weather(weather).twin(), 400);
    for n in 0..120 {
        let mut plan = any_plan(&mut chance);
        if chance.hits(250) {
            plan = Plan::dial("4009").then(3_000, Act::Press('5'));
            plan.from = "13800000007".into();
        }
        town.dial(phone_address(n), plan);
        if chance.hits(300) {
            let (name, n) = chance.pick(&AGENTS);
            let to = chance.pick(&["13800138000", "1005", "*73", "*74", "*72", "*71"]);
            let desk = desk_address(n);
            if town.desks[&desk].talking() == 0 {
                town.desk_dials(desk, to, vec![(chance.below(70_000), DeskAct::HangUp)]);
            } else {
                let act = AgentAct::SignIn { device: None };
                let agent = name.into();
                town.give(Input::Agent { agent, act });
            }
        }
        if chance.hits(200) {
            for knock in 0..chance.below(40) {
                let scanner = Raw::new(STRANGER, &format!("scan{n}-{knock}"), "100");
                town.throw(STRANGER, scanner.invite(""));
            }
        }
        if n.is_multiple_of(10) {
            for n in 1..=5 {
                let now = town.now;
                town.at_desk(desk_address(n), |desk| desk.register(now));
            }
        }
        town.pass(chance.millis(60_000, 400_000));
        let unix_ms = 1_795_383_000_000 + i64::try_from(town.age().as_millis()).unwrap();
        town.give(Input::WallClock { unix_ms });
        town.phones.retain(|_, phone| !phone.is_quiet());
    }
    town.run_out();
    town
}

#[test]
fn a_centre_born_anew_at_each_pause_of_a_day_answers_as_the_first_one() {
    for (seed, weather) in [
        (70, Weather::CALM),
        (71, Weather::RAIN),
        (72, Weather::STORM),
    ] {
        let town = quiet_day(seed, weather);
        let renewals = town.twin.as_ref().unwrap().renewals;
        assert!(renewals > 100, "{renewals} births in day {seed}");
        assert!(
            town.records
                .iter()
                .any(|r| r.handled.call_back_of.is_some())
        );
        assert!(town.age() > seconds(5 * 3600));
    }
}

/// What stands in `town` is written down, and a new program begins with it `later`.
fn restarted(town: &Town, later: Duration) -> Centre {
    let written = town.centre.standing(town.now).for_restart().to_bytes();
    let standing = Standing::from_bytes(&written).unwrap();
    town.another_life(later, standing)
}

#[test]
fn agents_phones_promises_and_bans_are_there_after_a_restart() {
    let mut town = Town::new(TownConfig::branch(5));
    town.carrier(1, Taking::Ignore);
    let mut plan = Plan::dial("4009").then(3_000, Act::Press('5'));
    plan.from = "13800000007".into();
    town.dial(phone_address(1), plan);
    town.pass(seconds(20));
    town.agent("bob", 2);
    town.desk(1);
    for n in 0..40 {
        let raw = Raw::new(STRANGER, &format!("s{n}"), "100");
        town.throw(STRANGER, raw.invite(""));
    }
    assert_eq!(town.centre.stats().switchboard.bans, 1);
    let centre = restarted(&town, seconds(30));
    let stats = centre.stats();
    assert_eq!(stats.call_backs, 1);
    assert_eq!(stats.switchboard.contacts, 2);
    assert_eq!(stats.switchboard.bans, 1);
    let bob = centre.agents().into_iter().find(|a| a.agent == "bob");
    let bob = bob.unwrap();
    assert_eq!(bob.device.as_deref(), Some("1002"));
    assert_eq!(bob.state, AgentState::Ready);
    let before = town.centre.agents().into_iter().find(|a| a.agent == "bob");
    let since = before.unwrap().since - bob.since;
    assert!(since.abs() <= 1, "they stand there since {since} ms before");
}

#[test]
fn what_expired_while_the_box_was_down_is_gone_and_makes_nothing_late() {
    let mut town = Town::new(TownConfig::branch(5));
    town.agent("bob", 2);
    let centre = restarted(&town, seconds(2 * 3600));
    assert_eq!(centre.stats().switchboard.contacts, 0);
    let next = centre.poll_timeout().map(|(at, _)| at);
    let born = town.now + seconds(2 * 3600);
    assert!(next.is_none_or(|at| at >= born), "nothing is overdue");
}

#[test]
fn a_promise_is_kept_after_a_restart_and_names_the_first_call() {
    let mut town = Town::new(TownConfig::branch(5));
    town.carrier(1, Taking::Answer(1_500, vec![(20_000, DeskAct::HangUp)]));
    town.carrier(2, Taking::Ignore);
    let mut plan = Plan::dial("4009").then(3_000, Act::Press('5'));
    plan.from = "13800000007".into();
    town.dial(phone_address(1), plan);
    town.pass(seconds(20));
    let desk = town.desk(1);
    let hangs_up = vec![(60_000, DeskAct::HangUp)];
    town.at_desk(desk, |desk| desk.takes([], Taking::Answer(1_000, hangs_up)));
    let first = town.records.remove(0).id;
    town.centre = restarted(&town, Duration::ZERO);
    let (agent, act) = ("ann".to_owned(), AgentAct::SignIn { device: None });
    town.give(Input::Agent { agent, act });
    town.pass(seconds(60));
    let back = town.records.last().unwrap();
    assert_eq!(back.handled.call_back_of, Some(first));
    assert!(back.spans.talk_ms > 15_000, "{back:?}");
    assert_eq!(town.centre.stats().call_backs, 0);
}

#[test]
fn an_agent_in_a_call_at_the_power_cut_is_free_after_it() {
    let mut town = Town::new(TownConfig::branch(5));
    town.carrier(1, Taking::Answer(500, vec![]));
    let desk = town.agent("ann", 1);
    town.desk_dials(desk, "13800138000", vec![]);
    town.pass(seconds(5));
    assert!(town.desks[&carrier_address(1)].talking() == 1);
    let centre = restarted(&town, seconds(5));
    let ann = centre.agents().into_iter().find(|a| a.agent == "ann");
    assert_eq!(ann.unwrap().state, AgentState::Ready);
    assert!(centre.live().is_empty());
}

#[test]
fn bytes_of_another_form_and_damaged_ones_are_refused() {
    let town = Town::new(TownConfig::branch(5));
    let written = town.centre.standing(town.now).for_restart().to_bytes();
    let text = String::from_utf8(written.clone()).unwrap();
    let other = text.replacen("\"form\":1", "\"form\":7", 1);
    let read = |bytes: &[u8]| Standing::from_bytes(bytes).unwrap_err();
    assert_eq!(read(other.as_bytes()), StandingError::Form(7));
    for end in [0, 1, written.len() / 2, written.len() - 1] {
        let why = read(&written[..end]);
        assert!(matches!(why, StandingError::Unreadable(_)), "{why}");
    }
}
