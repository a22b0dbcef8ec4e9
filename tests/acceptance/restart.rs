//! A box that loses its power goes on where it was: agents are signed in, phones registered, promises kept.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use rig::appliance::{Appliance, Options, place_call};
use rig::baresip::{Account, Baresip};
use rig::called::Called;
use rig::process::wait_for;

use crate::calls::{SOON, plain, records_of, site};

/// Where the caller's carrier is, and where that of calls to the outside is.
const CALLERS: &str = "127.0.0.4";
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// Longest wait for a call to come about.
const WAIT: Duration = Duration::from_secs(40);

fn text(outside: &Called) -> String {
    format!(
        r#"
[site]
name = "restart"
speech = false
[plan]
country = "86"
area = "10"
[trunk.carrier]
peers = ["{CALLERS}"]
[trunk.out]
numbers = ["+861062340000"]
[trunk.out.account]
server = "{}"
[route.out]
match = ["0*", "1XXXXXXXXXX"]
trunk = ["out"]
[device.1001]
password = "kingfisher-1"
nets = ["127.0.0.1"]
[agent.ann]
device = "1001"
[number."4000"]
queue = "sales"
[queue.sales]
prompt = "queue_wait"
max_wait = "300s"
announce = "sorry"
announce_every = "60s"
call_back = "billing"
call_back_key = "5"
call_back_done = "goodbye"
"#,
        outside.sip
    )
}

fn phone(dir: &Path, appliance: &Appliance) -> Baresip {
    let account = Account {
        user: "1001",
        password: "kingfisher-1",
        registrar: appliance.sip,
        tone: 440.0,
        more: "",
        codec: "PCMA/8000/1",
        ca: None,
        inside: None,
    };
    let mut phone = Baresip::start(&dir.join("1001"), &account).unwrap();
    phone.wait_registered("OK", SOON).unwrap();
    phone
}

/// The phone dials a code, hears it out and is free again.
fn code(phone: &mut Baresip, code: &str) {
    phone.dial(code).unwrap();
    phone.event("CALL_CLOSED", SOON).unwrap();
}

/// Whether what outlives calls is on the disk with these words in it.
fn is_written(data: &Path, words: &[&str]) -> bool {
    let holds = |file: &Path| {
        let bytes = std::fs::read(file).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        words.iter().all(|word| text.contains(word))
    };
    let files = std::fs::read_dir(data.join("live")).unwrap();
    files.flatten().any(|file| holds(&file.path()))
}

#[test]
fn a_promise_an_agent_and_a_phone_outlive_a_power_cut() {
    let dir = tempfile::tempdir().unwrap();
    let outside = Called::start(&dir.path().join("outside"), OUTSIDE, false).unwrap();
    let mut options = Options {
        data: dir.path().join("box"),
        site: Some(site(dir.path(), &text(&outside))),
        ..Options::default()
    };
    let mut appliance = Appliance::start(&options).unwrap();
    let mut ann = phone(dir.path(), &appliance);
    code(&mut ann, "*71");
    // Paused, she is not rung for the caller at once; only who is signed in can end a pause.
    code(&mut ann, "*73");
    let acts = ["wait:1", "press:5", "wait:2", "--ip", CALLERS];
    let report = place_call(appliance.sip, "4000", &acts).unwrap();
    assert_eq!(report["answered"], true, "{report}");
    let first = records_of(&options.data, 3)
        .into_iter()
        .find(|row| row.body["handled"]["call_back_promised"] == true)
        .unwrap_or_else(|| panic!("nothing was promised\n{}", appliance.log_tail()));
    let words = [
        "\"tries\":0",
        "13800001234",
        "\"paused\":\"own\"",
        "kingfisher",
    ];
    let written = || is_written(&options.data, &words[..3]).then_some(());
    assert!(
        wait_for(SOON, written).is_some(),
        "{}",
        appliance.log_tail()
    );
    assert!(
        !is_written(&options.data, &words[3..]),
        "no password is in it"
    );

    appliance.kill();
    options.sip = Some(appliance.sip);
    appliance = Appliance::start(&options).unwrap();
    let figure = |name: &str| appliance.metric(&format!("branchline_{name}"));
    let is_back = || (figure("call_backs_promised")? == 1.0).then_some(());
    assert!(
        wait_for(SOON, is_back).is_some(),
        "{}",
        appliance.log_tail()
    );
    assert_eq!(figure("phones_registered"), Some(1.0));

    code(&mut ann, "*74");
    let up = ann.event("CALL_ESTABLISHED", WAIT);
    assert!(up.is_ok(), "{up:?}\n{}", appliance.log_tail());
    let is_kept = || (figure("call_backs_promised")? == 0.0).then_some(());
    assert!(
        wait_for(WAIT, is_kept).is_some(),
        "{}",
        appliance.log_tail()
    );
    ann.command("hangup", "").unwrap();
    let rows = records_of(&options.data, 5);
    let of_first =
        |row: &&rig::records::Row| row.body["handled"]["call_back_of"] == first.body["id"];
    let backs: Vec<_> = rows.iter().filter(of_first).collect();
    assert_eq!(backs.len(), 1, "{rows:?}");
    assert_eq!(backs[0].body["handled"]["agent"], "ann");
    assert_eq!(backs[0].body["parties"]["trunk"], "out");
}

#[test]
fn a_box_whose_live_state_is_damaged_starts_empty_and_says_so() {
    let (_dir, mut options, mut appliance) = plain(crate::calls::VERBATIM);
    let written = || is_written(&options.data, &["\"promised\":0"]).then_some(());
    assert!(
        wait_for(SOON, written).is_some(),
        "{}",
        appliance.log_tail()
    );
    appliance.kill();
    for file in std::fs::read_dir(options.data.join("live")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            std::fs::write(path, "RIFF....WAVE").unwrap();
        }
    }
    options.sip = Some(appliance.sip);
    let appliance = Appliance::start(&options).unwrap();
    assert!(appliance.log_tail().contains("is built anew"));
    let report = place_call(appliance.sip, "4000", &["wait:0.3"]).unwrap();
    assert_eq!(report["answered"], true, "{report}");
}
