//! Debian's Kamailio as the carrier's registrar and proxy in front of the real box.

use std::net::Ipv4Addr;
use std::path::Path;

use rig::appliance::{Appliance, Options, place_call};
use rig::called::Called;
use rig::kamailio::Kamailio;
use rig::process::wait_for;
use rig::sipp::{Scenario, Sipp};
use tempfile::TempDir;

use crate::calls::{SOON, records_of, site};

/// The carrier knows the box as `box`; what is called through it may cost nothing.
const SITE: &str = r#"
[site]
name = "front"
record = false
speech = false
[plan]
country = "86"
[protection]
allow = ["*"]
[trunk.front]
numbers = ["4000"]
[trunk.front.account]
server = "127.0.0.1:PROXY"
user = "box"
register = true
[route.out]
match = ["2*"]
trunk = ["front"]
[number."4000"]
flow = "over"
[number."4001"]
flow = "bye"
[flow.over]
xml = '''<ivr name="over"><step type="transfer" to="2001" next="bye"/></ivr>'''
[flow.bye]
xml = '''<ivr name="bye"><step type="hangup" prompt="goodbye"/></ivr>'''
"#;

/// A box behind its carrier, and who is called by the carrier.
struct Front {
    dir: TempDir,
    kamailio: Kamailio,
    _called: Called,
    options: Options,
    appliance: Appliance,
}

impl Front {
    /// None, and said so, where Kamailio is missing.
    fn start() -> Option<Self> {
        if !Kamailio::is_installed() {
            println!("not run: Kamailio is not installed, see scripts/setup");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let called = Called::start(&dir.path().join("called"), Ipv4Addr::LOCALHOST, false).unwrap();
        let folder = dir.path().join("kamailio");
        let kamailio =
            Kamailio::start(&folder, "front.cfg", &[("CALLED", called.sip.port())]).unwrap();
        let text = SITE.replace("PROXY", &kamailio.sip.port().to_string());
        let options = Options {
            data: dir.path().join("box"),
            site: Some(site(dir.path(), &text)),
            ..Options::default()
        };
        let appliance = Appliance::start(&options).unwrap();
        let front = Self {
            dir,
            kamailio,
            _called: called,
            options,
            appliance,
        };
        front.wait_for_lines("registered box", 1);
        Some(front)
    }

    /// Waits until the proxy has said `words` so often.
    fn wait_for_lines(&self, words: &str, count: usize) {
        let log = self.dir.path().join("kamailio/kamailio.log");
        let enough = || (lines(&log, words) >= count).then_some(());
        assert!(
            wait_for(SOON, enough).is_some(),
            "the proxy did not say `{words}` {count} times\n{}\n{}",
            std::fs::read_to_string(&log).unwrap_or_default(),
            self.appliance.log_tail()
        );
    }
}

fn lines(log: &Path, words: &str) -> usize {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().filter(|line| line.contains(words)).count()
}

#[test]
fn a_call_through_a_proxy_comes_in_and_goes_out_by_the_route_it_recorded() {
    let Some(front) = Front::start() else {
        return;
    };
    let hold = Scenario {
        name: "hold",
        digit: None,
        number: "4000",
        hold_ms: 2_000,
        calls: (1, 1),
    };
    Sipp::start(front.dir.path(), front.kamailio.sip, &hold)
        .unwrap()
        .finish()
        .unwrap_or_else(|why| panic!("{why}\n{}", front.appliance.log_tail()));
    // One of the caller to the box, one of the box to who is called.
    front.wait_for_lines("routed ACK", 2);
    front.wait_for_lines("routed BYE", 2);
    let row = &records_of(&front.options.data, 1)[0];
    assert_eq!(row.cause, "caller_hung_up", "{row:?}");
    assert_eq!(row.body["parties"]["trunk"], "front", "{row:?}");
}

#[test]
fn a_box_that_hangs_up_tells_its_caller_through_the_proxy() {
    let Some(front) = Front::start() else {
        return;
    };
    let report = place_call(front.kamailio.sip, "4001", &["wait:15"]).unwrap();
    assert_eq!(report["answered"], true, "{report}");
    front.wait_for_lines("routed BYE", 1);
    assert_eq!(records_of(&front.options.data, 1)[0].cause, "flow_ended");
}
