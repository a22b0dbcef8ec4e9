//! Devices, agents, queues' rules, number plan, routes and protection in site texts.

use std::time::Duration;

use super::*;

const BRANCH: &str = r#"
[site]
name = "X"
time_zone = "+08:00"
hold = "queue_wait"
[plan]
country = "86"
area = "10"
[trunk.carrier]
peers = ["192.0.2.7"]
numbers = ["+861062345678", "+861062345679"]
format = "national"
[trunk.carrier.account]
server = "sip.carrier.example"
transport = "tls"
username = "u"
password = "tell-nobody"
register = true
[trunk.carrier.limits]
calls = 5
[trunk.backup]
peers = ["192.0.2.8"]
[trunk.backup.account]
server = "192.0.2.8"
user = "4000"
[device.1001]
name = "Front desk"
password = "one"
caller_id = "62345679"
claims = ["62345678"]
[device.1002]
password = "two"
outbound = false
[device.1002.limits]
cap = "5.50"
[agent.zhang]
device = "1001"
skills = ["billing", "yue"]
number = "17"
[agent.li]
device = "1002"
queues = ["q"]
[caller."+86138*"]
level = 3
skills = ["yue"]
[queue.q]
strategy = "ring_all"
ring = "10s"
wrap_up = "5s"
max_waiting = 3
overflow = "full"
priority = 2
by_dialect = true
announce = "sorry"
call_back = "sales"
call_back_key = "5"
[queue.billing]
skills = ["billing"]
[number."62345678"]
flow = "f"
level = 4
[number.4001]
device = "1001"
ring = "20s"
then = "q"
[number.4002]
agent = "zhang"
[route.local]
match = ["9*"]
trunk = ["carrier", "backup"]
strip = 1
[route.far]
match = ["900*"]
trunk = ["backup"]
[route.first]
match = ["9*"]
trunk = ["backup"]
priority = 5
prepend = "17909"
hide = true
[protection]
allow = ["+86*", "95*"]
block = ["+8616*"]
hours = ["mon-fri 08:00-20:00"]
[protection.device]
calls = 1
rate = 20
cap = "20"
[price."+86*"]
minute = "0.15"
setup = "0.01"
[flow.f]
xml = '<ivr name="f"><step type="queue" queue="q" prompt="welcome"/></ivr>'
[flow.full]
xml = '<ivr name="full"><step type="hangup" prompt="goodbye"/></ivr>'
"#;

fn branch() -> Site {
    Site::load(BRANCH, &prompts()).unwrap_or_else(|all| {
        panic!(
            "{}",
            all.iter().map(|d| format!("{d}\n")).collect::<String>()
        );
    })
}

#[test]
fn a_branch_with_phones_agents_and_routes_loads_without_a_warning() {
    let site = branch();
    assert_eq!(site.warnings(), []);
    assert_eq!(
        (site.utc_offset(), site.hold()),
        (480, &["queue_wait".to_owned()][..])
    );
    let queue = site.queue("q").expect("a queue");
    assert_eq!(queue.rules().strategy, Strategy::RingAll);
    assert_eq!(queue.rules().ring, Duration::from_secs(10));
    assert_eq!(queue.overflow().map(|o| o.max_waiting), Some(3));
    assert_eq!(queue.announce().every, Some(Duration::from_secs(30)));
    assert_eq!(queue.call_back().map(|offer| offer.key), Some('5'));
    assert_eq!(
        site.queue("billing").map(Queue::rules).map(|r| r.strategy),
        Some(Strategy::LongestIdle)
    );
    let people = site.people();
    assert_eq!(
        people.device("1001").map(|d| d.shown.as_str()),
        Some("Front desk")
    );
    assert_eq!(
        people.agent_of_number("17").map(|a| a.name.as_str()),
        Some("zhang")
    );
    assert_eq!(people.agent_at("1002").map(|a| a.name.as_str()), Some("li"));
    assert!(!format!("{site:?}").contains("tell-nobody"));
    let names = site.names();
    assert_eq!(names.devices, ["1001", "1002"]);
    assert_eq!(names.agents, ["li", "zhang"]);
    assert_eq!(names.skills, ["billing", "yue"]);
}

#[test]
fn agents_serve_queues_by_skill_unless_queues_are_named() {
    let site = branch();
    let serves = |agent: &str, queue: &str| {
        let skills = &site.queue(queue).expect("a queue").rules().skills;
        site.people()
            .agent(agent)
            .expect("an agent")
            .serves(queue, skills)
    };
    assert!(serves("zhang", "q") && serves("zhang", "billing"));
    assert!(serves("li", "q") && !serves("li", "billing"));
}

#[test]
fn a_number_is_found_however_the_carrier_writes_it() {
    let site = branch();
    for dialled in [
        "62345678",
        "+861062345678",
        "01062345678",
        "0086 10 62345678",
    ] {
        assert_eq!(site.number(dialled).map(|n| n.level), Some(4), "{dialled}");
    }
    assert_eq!(
        site.number("4001").map(|n| &n.door),
        Some(&Door::Device("1001".into()))
    );
    assert_eq!(
        site.number("4002").map(|n| &n.door),
        Some(&Door::Agent("zhang".into()))
    );
    assert_eq!(site.number("5000"), None);
    assert_eq!(site.caller("13800138000").map(|c| c.level), Some(3));
    assert_eq!(site.caller("13900138000"), None);
}

#[test]
fn routes_go_by_priority_then_by_how_narrowly_they_match() {
    let site = branch();
    let device = site.people().device("1001");
    let ways = |dialled: &str| -> Vec<String> {
        let ways = site.ways_out(dialled, device);
        ways.iter()
            .map(|w| format!("{} {} {} {}", w.route, w.trunk, w.to, w.from))
            .collect()
    };
    assert_eq!(
        ways("901087654321"),
        [
            "first backup 17909901087654321 4000",
            "local carrier 01087654321 01062345679",
            "local backup 01087654321 4000",
        ]
    );
    assert_eq!(ways("9001")[1], "far backup 9001 4000");
    assert_eq!(ways("4711"), Vec::<String>::new());
    let stranger = site.ways_out("901087654321", None);
    assert_eq!(stranger[1].from, "01062345678");
    assert!(stranger[0].hide);
}

#[test]
fn a_phone_may_be_shown_with_its_own_numbers_and_no_other() {
    let site = branch();
    let device = site.people().device("1001");
    for (device, number, may) in [
        ("1001", "62345679", true),
        ("1001", "+861062345679", true),
        ("1001", "01062345678", true),
        ("1001", "13800138000", false),
        ("1002", "62345679", false),
        ("nobody", "62345679", false),
    ] {
        assert_eq!(site.may_claim(device, number), may, "{device} {number}");
    }
    let from = |claim| {
        site.ways_out_as("901087654321", device, claim)[1]
            .from
            .clone()
    };
    assert_eq!(from(None), "01062345679");
    assert_eq!(from(Some("62345678")), "01062345678");
    assert_eq!(
        from(Some("13800138000")),
        "01062345678",
        "not on this trunk"
    );
    let text = BRANCH.replace("claims = [\"62345678\"]", "claims = [\"62345677\"]");
    let all = faults(&text);
    assert!(
        matches!(&all[..], [(_, _, m)] if m.contains("no trunk carries the number `62345677`")),
        "{all:?}"
    );
}

#[test]
fn limits_of_one_account_stand_before_those_of_all() {
    let site = branch();
    let limits = |calls, rate, cap| Limits { calls, rate, cap };
    assert_eq!(
        site.device_limits("1001"),
        limits(Some(1), Some(20), Some(20_000))
    );
    assert_eq!(
        site.device_limits("1002"),
        limits(Some(1), Some(20), Some(5_500))
    );
    assert_eq!(
        site.trunk_limits("carrier"),
        limits(Some(5), Some(600), None)
    );
    assert_eq!(site.protection().prices[0].minute, 150);
}

/// Each fault with its place and a part of what is said.
const FAULTS: [(&str, u32, u32, &str); 24] = [
    ("[device.1001]\nname = \"x\"", 9, 9, "lacks `password`"),
    (
        "[device.\"a/b\"]\npassword = \"x\"",
        9,
        9,
        "cannot be a name",
    ),
    (
        "[device.1]\npassword = \"x\"\nnets = [\"10.0.0.x\"]",
        11,
        10,
        "not an IP address",
    ),
    (
        "[device.1]\npassword = \"x\"\ncaller_id = \"400\"",
        11,
        14,
        "no trunk carries the number `400`",
    ),
    (
        "[agent.a]\ndevice = \"1\"",
        10,
        11,
        "there is no device `1`",
    ),
    (
        "[agent.a]\nqueues = [\"p\"]",
        10,
        12,
        "there is no queue `p`",
    ),
    ("[agent.a]\nskills = [\"a b\"]", 10, 12, "cannot be a name"),
    (
        "[queue.q]\nstrategy = \"ring_al\"",
        10,
        13,
        "did you mean `ring_all`?",
    ),
    ("[queue.q]\nring = \"1s\"", 10, 9, "3s to 300s"),
    ("[queue.q]\npriority = 10", 10, 12, "0 to 9"),
    (
        "[queue.q]\npriority = \"1\"",
        10,
        12,
        "a whole number, without quotes",
    ),
    ("[queue.q]\noverflow = \"f\"", 9, 8, "may hold everybody"),
    (
        "[queue.q]\nposition = \"place\"",
        10,
        13,
        "there is no prompt `place_1`",
    ),
    (
        "[queue.q]\ncall_back = \"sales\"\ncall_back_key = \"12\"",
        11,
        18,
        "`12` is no key",
    ),
    (
        "[number.5]\ndevice = \"1\"",
        10,
        11,
        "there is no device `1`",
    ),
    (
        "[number.5]\nflow = \"f\"\nthen = \"f\"",
        9,
        9,
        "`then` is for a device or an agent",
    ),
    (
        "[route.r]\nmatch = [\"0*0\"]\ntrunk = []",
        10,
        11,
        "`0*0` is no pattern",
    ),
    (
        "[route.r]\nmatch = [\"0*\"]\ntrunk = [\"t\"]",
        11,
        11,
        "trunk `t` cannot be called",
    ),
    (
        "[trunk.u]\n[trunk.u.account]\nserver = \"a b\"",
        11,
        11,
        "`a b` is no server",
    ),
    (
        "[trunk.u]\n[trunk.u.account]\nserver = \"x\"\nregister = true",
        10,
        10,
        "[trunk.u.account] registers, but nobody",
    ),
    ("[plan]\ncountry = \"086\"", 10, 12, "`086` is no number"),
    (
        "[protection]\nhours = [\"8-20\"]",
        10,
        11,
        "`8-20` is no span of hours",
    ),
    (
        "[protection.device]\ncap = \"5,5\"",
        10,
        8,
        "`5,5` is no sum of money",
    ),
    ("[price.\"x\"]\nminute = \"1\"", 9, 8, "`x` is no pattern"),
];

#[test]
fn every_fault_of_phones_and_routes_is_found_at_its_place() {
    for (added, line, column, words) in FAULTS {
        let text = format!("{HEAD}{FLOW}{added}\n");
        let all = faults(&text);
        let found = all
            .iter()
            .any(|(l, c, said)| *l == line && *c == column && said.contains(words));
        assert!(
            found,
            "wanted {line}:{column} {words}, got {all:?} for\n{text}"
        );
    }
}

#[test]
fn what_may_stop_calls_is_a_warning() {
    let text = format!(
        "{HEAD}{FLOW}[trunk.u.account]\nserver = \"x\"\nuser = \"a\"\nregister = true\n[route.r]\nmatch = [\"0*\"]\ntrunk = [\"u\"]\n\
         [queue.q]\nskills = [\"yue\"]\n[protection.trunk]\ncap = \"1\"\n"
    );
    let site = Site::load(&text, &prompts()).expect("a site");
    let said: String = site.warnings().iter().map(|d| format!("{d}\n")).collect();
    for words in [
        "route `r` may reach nobody",
        "no agent has the skill `yue`",
        "no call has a price",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    assert!(
        !said.contains("lets nobody in"),
        "the servers of an account are let in:\n{said}"
    );
}

#[test]
fn how_keys_go_is_read_for_each_line_and_wrong_words_named() {
    let site = |line: &str| format!("{HEAD}{FLOW}[device.1001]\npassword = \"x\"\n{line}\n");
    let keys = |text: &str| {
        let site = Site::load(text, &prompts()).expect("no fault");
        site.people().device("1001").expect("a device").sound.keys
    };
    assert_eq!(keys(&site("")), call::Keys::Auto);
    assert_eq!(keys(&site("dtmf = \"inband\"")), call::Keys::Tones);
    assert_eq!(keys(&site("dtmf = \"info\"")), call::Keys::Info);
    let text = site("dtmf = \"rfc2833\"");
    let last = text.lines().count() as u32;
    only_fault(&text, last, 9, "did you mean `rfc4733`?");
}

#[test]
fn codecs_are_read_for_each_line_and_wrong_ones_named() {
    let site = |codecs: &str| format!("{HEAD}{FLOW}[device.1001]\npassword = \"x\"\n{codecs}\n");
    let codecs = |text: &str| {
        let site = Site::load(text, &prompts()).expect("no fault");
        let device = site.people().device("1001").expect("a device");
        device.sound.codecs.clone()
    };
    assert_eq!(codecs(&site("")), Sound::of_device().codecs);
    assert_eq!(
        codecs(&site("codecs = [\"PCMU\", \"opus\"]")),
        [call::Codec::Pcmu, call::Codec::Opus]
    );
    let last = site("").lines().count() as u32;
    only_fault(
        &site("codecs = [\"opsu\"]"),
        last,
        12,
        "did you mean `opus`?",
    );
    only_fault(
        &site("codecs = [\"amr\"]"),
        last,
        12,
        "one of: opus, g722, pcma, pcmu",
    );
    only_fault(&site("codecs = []"), last - 2, 9, "no codec to speak");
}
