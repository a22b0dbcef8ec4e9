//! The page in a real browser against the real box, while a real caller speaks.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use rig::appliance::place_call;
use rig::root;

use crate::calls::listening;

#[test]
fn an_administrator_signs_in_sees_a_call_plays_it_and_changes_the_site() {
    let Some((_dir, _options, appliance)) = listening() else {
        return;
    };

    let pictures = root().join(".run/pictures");
    let mut walk = Command::new("node")
        .arg(root().join("tests/ui/page.mjs"))
        .env("BASE_URL", &appliance.web)
        .env(
            "SIGN_IN_CODE",
            appliance
                .sign_in_code
                .as_deref()
                .expect("a first start has a code"),
        )
        .env(
            "EXPECT",
            r#"{"caller": "13800001234", "digits": "1", "words": "网", "target": "queue_wait"}"#,
        )
        .env("SCREENSHOTS", &pictures)
        .env("UI_TIMEOUT_MS", "90000")
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut said = Vec::new();
    for line in BufReader::new(walk.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
    {
        println!("{line}");
        if line.contains("ready for a call") {
            let say = format!(
                "say:{}",
                root().join("models/prompts/caller_net.wav").display()
            );
            let report = place_call(
                appliance.sip,
                "4000",
                &["wait:2", "press:1", "quiet:1", &say, "wait:9"],
            );
            assert_eq!(report.unwrap()["answered"], true);
        }
        said.push(line);
    }
    let status = walk.wait().unwrap();
    assert!(
        status.success(),
        "the walk ended with {status} after:\n{}\n{}",
        said.join("\n"),
        appliance.log_tail()
    );
}
