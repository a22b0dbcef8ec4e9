//! Real calls by SIPp and by our own caller, through the real box.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rig::appliance::{Appliance, Options, place_call};
use rig::broker::Broker;
use rig::central::Central;
use rig::postgres::Postgres;
use rig::process::wait_for;
use rig::records::{Row, records};
use rig::sipp::{Scenario, Sipp};
use tempfile::TempDir;

/// A record is on disk so soon after its call.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The founding description's flow, to the letter, with a home for its three targets.
pub(crate) const VERBATIM: &str = r#"
[site]
name = "verbatim"
record = true
speech = false
[trunk.carrier]
peers = ["127.0.0.1"]
[number."4000"]
flow = "customer_service"
[queue.queue_wait]
prompt = "queue_wait"
max_wait = "60s"
then = "hangup"
[flow.customer_service]
xml = '''<ivr name="customer_service"><step type="input" key="1" next="tech_support"/><step type="input" key="2" next="sales"/><step type="input" default="true" next="queue_wait"/></ivr>'''
[flow.tech_support]
xml = '''<ivr name="tech_support"><step type="queue" prompt="say_problem" queue="queue_wait"/></ivr>'''
[flow.sales]
xml = '''<ivr name="sales"><step type="queue" prompt="sales" queue="queue_wait"/></ivr>'''
"#;

pub(crate) fn site(dir: &Path, text: &str) -> PathBuf {
    let file = dir.join("site.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// A box without speech and without central.
pub(crate) fn plain(text: &str) -> (TempDir, Options, Appliance) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        data: dir.path().join("box"),
        site: Some(site(dir.path(), text)),
        ..Options::default()
    };
    let appliance = Appliance::start(&options).unwrap();
    (dir, options, appliance)
}

/// A box that understands speech, on the built-in site and ready. None, and said so, where the model
/// packs are missing and may be.
pub(crate) fn listening() -> Option<(TempDir, Options, Appliance)> {
    let Some(packs) = rig::packs() else {
        let required = std::env::var_os("BRANCHLINE_REQUIRE_PACKS").is_some();
        assert!(!required, "the model packs are missing, see scripts/models");
        println!("not run: the model packs are missing, see scripts/models");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        data: dir.path().join("box"),
        packs: Some(packs),
        ..Options::default()
    };
    let appliance = Appliance::start(&options).unwrap();
    speech_ready(&appliance);
    Some((dir, options, appliance))
}

pub(crate) fn records_of(data: &Path, count: usize) -> Vec<Row> {
    let enough = || records(data).ok().filter(|rows| rows.len() >= count);
    wait_for(SOON, enough)
        .unwrap_or_else(|| panic!("{:?} instead of {count} records", records(data)))
}

fn steps(row: &Row) -> String {
    row.body["path"]["steps"].to_string()
}

#[test]
fn keys_one_two_and_none_lead_to_three_targets_and_reach_postgresql_once() {
    let dir = tempfile::tempdir().unwrap();
    let postgres = Postgres::start(&dir.path().join("postgres")).unwrap();
    let broker = Broker::start(&dir.path().join("broker")).unwrap();
    let central = Central::start(dir.path(), &broker.url(), &postgres.url()).unwrap();
    let options = Options {
        data: dir.path().join("box"),
        site: Some(site(dir.path(), VERBATIM)),
        broker: Some(broker.url()),
        ..Options::default()
    };
    let appliance = Appliance::start(&options).unwrap();

    let press = |digit| Scenario {
        name: "press",
        digit: Some(digit),
        number: "4000",
        hold_ms: 3_000,
        calls: (1, 1),
    };
    let none = Scenario {
        name: "hold",
        digit: None,
        number: "4000",
        hold_ms: 13_000,
        calls: (1, 1),
    };
    let calls = [press('1'), press('2'), none]
        .map(|call| Sipp::start(dir.path(), appliance.sip, &call).unwrap());
    for call in calls {
        call.finish()
            .unwrap_or_else(|why| panic!("{why}\n{}", appliance.log_tail()));
    }

    let rows = records_of(&options.data, 3);
    let way = |digits: &str| {
        let found = rows.iter().find(|row| row.digits == digits);
        let row = found.unwrap_or_else(|| panic!("no call with keys `{digits}` in {rows:#?}"));
        (row.target.as_deref().unwrap_or_default(), steps(row))
    };
    assert_eq!(way("1").0, "tech_support");
    assert!(way("1").1.contains("tech_support/start"), "{:?}", way("1"));
    assert_eq!(way("2").0, "sales");
    assert!(way("2").1.contains("sales/start"), "{:?}", way("2"));
    assert_eq!(way("").0, "queue_wait");
    assert!(
        rows.iter().all(|row| row.cause == "caller_hung_up"),
        "{rows:?}"
    );

    let sql = "select count(*), count(distinct id) from call_records";
    let stored = wait_for(SOON, || {
        postgres.ask(sql).ok().filter(|rows| rows == &["3|3"])
    });
    assert!(
        stored.is_some(),
        "{:?}\n{}",
        postgres.ask(sql),
        central.log_tail()
    );
    let acked = || (appliance.metric("branchline_outbox_unacked_records")? == 0.0).then_some(());
    assert!(
        wait_for(SOON, acked).is_some(),
        "central did not acknowledge\n{}",
        appliance.log_tail()
    );
}

#[test]
fn a_spoken_sentence_is_recognised_over_a_law_and_leads_on() {
    let Some((_dir, options, appliance)) = listening() else {
        return;
    };

    let say = format!(
        "say:{}",
        rig::root().join("models/prompts/caller_net.wav").display()
    );
    let acts = ["wait:2", "press:1", "quiet:1", &say, "wait:9"];
    let report = place_call(appliance.sip, "4000", &acts).unwrap();
    assert_eq!(report["answered"], true, "{report}");
    assert!(
        report["sound_ms"].as_u64().unwrap() > 3_000,
        "prompts were not heard: {report}"
    );

    let row = &records_of(&options.data, 1)[0];
    assert!(
        row.transcript.contains("网络") || row.transcript.contains("网路"),
        "{row:?}"
    );
    assert!(steps(row).contains("tech_support/net_help"), "{row:?}");
    assert!(row.emotion.is_some(), "{row:?}");
    let file = row.body["recording"]["file"].as_str().expect("a recording");
    let recording = std::fs::read(options.data.join("recordings").join(file)).unwrap();
    assert_eq!(recording.get(..4), Some(&b"RIFF"[..]));
    let seconds = recording.len() as f64 / 16_000.0;
    assert!(
        (seconds - row.duration).abs() < 2.0,
        "{seconds} s of audio in {} s",
        row.duration
    );
}

#[test]
fn a_speech_worker_that_is_killed_is_started_again_and_calls_go_on() {
    let Some((_dir, options, appliance)) = listening() else {
        return;
    };
    let worker = std::process::Command::new("pgrep")
        .args(["-P", &appliance.pid().to_string()])
        .output()
        .unwrap();
    let worker = String::from_utf8(worker.stdout).unwrap();
    let killed = std::process::Command::new("kill")
        .arg("-KILL")
        .arg(worker.trim())
        .status()
        .unwrap();
    assert!(
        killed.success(),
        "the worker is a child of the box: `{worker}`"
    );

    let report = place_call(appliance.sip, "4000", &["wait:1"]).unwrap();
    assert_eq!(report["answered"], true, "{report}");
    let again = || (appliance.metric("branchline_speech_restarts_total")? >= 1.0).then_some(());
    assert!(wait_for(SOON, again).is_some(), "{}", appliance.log_tail());
    speech_ready(&appliance);
    assert_eq!(records_of(&options.data, 1)[0].cause, "caller_hung_up");
}

#[test]
fn a_box_killed_in_the_middle_of_a_call_leaves_exactly_one_record() {
    let (dir, options, mut appliance) = plain(VERBATIM);
    let hold = Scenario {
        name: "press",
        digit: Some('1'),
        number: "4000",
        hold_ms: 60_000,
        calls: (1, 1),
    };
    let call = Sipp::start(dir.path(), appliance.sip, &hold).unwrap();
    let in_flow = || (appliance.metric("branchline_calls_active")? == 1.0).then_some(());
    assert!(
        wait_for(SOON, in_flow).is_some(),
        "{}",
        appliance.log_tail()
    );
    appliance.kill();
    drop(appliance);
    call.abandon();

    let mut again = Appliance::start(&options).unwrap();
    let rows = records_of(&options.data, 1);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].cause, "box_restarted");
    assert_eq!(rows[0].body["parties"]["trunk"], "carrier");
    again.stop();
    drop(again);
    Appliance::start(&options).unwrap().stop();
    assert_eq!(
        records(&options.data).unwrap().len(),
        1,
        "the same call twice"
    );
}

#[test]
fn a_stranger_is_refused_and_counted() {
    let text = VERBATIM.replace("127.0.0.1", "192.0.2.1");
    let (_dir, options, appliance) = plain(&text);
    let report = place_call(appliance.sip, "4000", &["wait:1"]).unwrap();
    assert_eq!(
        (&report["answered"], &report["status"]),
        (&false.into(), &403.into()),
        "{report}"
    );
    assert!(records(&options.data).unwrap().is_empty());
}

#[test]
fn an_unknown_number_is_answered_404_and_leaves_a_record() {
    let (_dir, options, appliance) = plain(VERBATIM);
    let report = place_call(appliance.sip, "4999", &["wait:1"]).unwrap();
    assert_eq!(report["status"], 404, "{report}");
    assert_eq!(records_of(&options.data, 1)[0].cause, "no_route");
}

#[test]
fn a_box_that_is_stopped_ends_its_calls_and_keeps_their_records() {
    let (dir, options, mut appliance) = plain(VERBATIM);
    let hold = Scenario {
        name: "hold",
        digit: None,
        number: "4000",
        hold_ms: 60_000,
        calls: (1, 1),
    };
    let call = Sipp::start(dir.path(), appliance.sip, &hold).unwrap();
    let in_flow = || (appliance.metric("branchline_calls_active")? == 1.0).then_some(());
    assert!(
        wait_for(SOON, in_flow).is_some(),
        "{}",
        appliance.log_tail()
    );
    appliance.stop();
    call.abandon();
    let rows = records(&options.data).unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].cause, "box_stopped");
    let log = std::fs::read_to_string(&appliance.log).unwrap();
    assert!(
        !log.contains("13800001234"),
        "the caller's number stands in the log:\n{log}"
    );
}

fn speech_ready(appliance: &Appliance) {
    let ready = || (appliance.metric("branchline_speech_ready")? > 0.0).then_some(());
    let limit = Duration::from_secs(180);
    assert!(
        wait_for(limit, ready).is_some(),
        "speech is not ready\n{}",
        appliance.log_tail()
    );
}
