//! Strangers who look for something to break into: answered once or challenged a few times, then ignored.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rig::admin::Admin;
use rig::called::Called;
use rig::process::wait_for;

use crate::calls::{SOON, plain};

/// A phone of the LAN in which the strangers are too: the gate may not tell them by their network.
const SITE: &str = r#"
[site]
name = "scanned"
record = false
speech = false
[trunk.carrier]
peers = ["192.0.2.1"]
[device.1001]
password = "kingfisher-1"
nets = ["127.0.0.1", "127.0.0.2"]
[number."4000"]
device = "1001"
"#;
const PASSWORD: &str = "kingfisher-1";
/// Where the phone is, and where a stranger from outside the LAN is.
const PHONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// Requests of one sweep.
const SWEEP: u32 = 400;
/// Most answers to one source of the LAN that never shows credentials, and more than it gets.
const FEW: usize = 120;
/// No answer comes for so long after the last one.
const QUIET: Duration = Duration::from_millis(700);

/// What a program of sipvicious says, run against a box to its end.
fn sipvicious(dir: &Path, sip: SocketAddr, program: &str, words: &[&str]) -> String {
    let output = Command::new("timeout")
        .args(["60", program, "-b", "127.0.0.1", "-x", "127.0.0.1", "-p"])
        .arg(sip.port().to_string())
        .args(words)
        .arg(sip.ip().to_string())
        .current_dir(dir)
        .env("HOME", dir)
        .output()
        .unwrap();
    let [said, told] = [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap());
    format!("{said}{told}")
}

#[test]
fn sipvicious_is_answered_once_and_learns_no_extension_and_no_password() {
    if Command::new("svmap").arg("--version").output().is_err() {
        println!("not run: sipvicious is not installed, see scripts/setup");
        return;
    }
    let (dir, _options, appliance) = plain(SITE);
    std::fs::write(dir.path().join("words"), format!("wrong\n{PASSWORD}\n")).unwrap();
    let run = |program: &str, words: &[&str]| sipvicious(dir.path(), appliance.sip, program, words);

    let found = run("svmap", &[]);
    let here = appliance.sip.to_string();
    assert!(found.contains(&here), "it answers once: {found}");
    assert!(!found.contains("Branchline"), "it says what it is: {found}");
    for method in ["REGISTER", "INVITE", "OPTIONS"] {
        let found = run("svwar", &["--force", "-m", method, "-e", "995-1010"]);
        assert!(!found.contains("1001"), "{method}: {found}");
    }
    let found = run("svcrack", &["-u", "1001", "-d", "words"]);
    assert!(!found.contains(PASSWORD), "{found}");
    let sent = appliance.metric("branchline_sip_messages_sent_total");
    assert_eq!(sent, Some(1.0), "{}", appliance.log_tail());

    // The others of the LAN do not suffer for it.
    let folder = dir.path().join("phone");
    let phone = Called::start(&folder, PHONE, false).unwrap();
    phone
        .register(&folder, appliance.sip, "1001", PASSWORD)
        .unwrap();
}

/// Asks for one user after the other, as a program that hides what it is; the statuses that came back.
fn sweep(from: Ipv4Addr, sip: SocketAddr, method: &str) -> Vec<String> {
    let socket = UdpSocket::bind((from, 0)).unwrap();
    let here = socket.local_addr().unwrap();
    socket.connect(sip).unwrap();
    socket.set_read_timeout(Some(QUIET)).unwrap();
    for n in 0..SWEEP {
        // Every tenth is a user that exists.
        let user = if n % 10 == 0 { 1001 } else { 5000 + n };
        let request = format!(
            "{method} sip:{user}@{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{method}{n}\r\n\
             From: <sip:{user}@{sip}>;tag={n}\r\nTo: <sip:{user}@{sip}>\r\nCall-ID: {method}{n}@{from}\r\n\
             CSeq: 1 {method}\r\nContact: <sip:{user}@{here}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        socket.send(request.as_bytes()).unwrap();
    }
    let mut buffer = [0; 4_096];
    let mut answers = Vec::new();
    while let Ok(length) = socket.recv(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..length]);
        answers.push(text.lines().next().unwrap_or_default().to_owned());
    }
    answers
}

#[test]
fn a_sweep_from_outside_the_lan_is_refused_once_and_then_ignored() {
    let (_dir, _options, appliance) = plain(SITE);
    for method in ["OPTIONS", "REGISTER", "INVITE"] {
        let answers = sweep(OUTSIDE, appliance.sip, method);
        let expected: &[&str] = match method {
            "OPTIONS" => &["SIP/2.0 403 Forbidden"],
            _ => &[],
        };
        assert_eq!(answers, expected, "{method}");
    }
}

#[test]
fn a_sweep_of_the_lan_cannot_tell_which_user_exists_and_is_ignored_soon() {
    let (_dir, _options, appliance) = plain(SITE);
    let answers = sweep(Ipv4Addr::LOCALHOST, appliance.sip, "REGISTER");
    assert!(
        (1..FEW).contains(&answers.len()),
        "{} answers to {SWEEP} requests",
        answers.len()
    );
    assert!(
        answers.iter().all(|answer| answer == &answers[0]),
        "they differ: {answers:?}"
    );
    assert!(answers[0].starts_with("SIP/2.0 401 "), "{answers:?}");
    assert_eq!(
        sweep(Ipv4Addr::LOCALHOST, appliance.sip, "INVITE"),
        Vec::<String>::new(),
        "it is still ignored"
    );
}

#[test]
fn a_banned_scanner_is_shown_lifted_and_answered_again() {
    let (_dir, _options, appliance) = plain(SITE);
    let admin = Admin::sign_in(&appliance).unwrap();
    let bans = || admin.ask("GET", "/api/bans", None).unwrap().1["bans"].clone();
    assert_eq!(bans(), serde_json::json!([]));

    assert_eq!(
        sweep(OUTSIDE, appliance.sip, "OPTIONS"),
        ["SIP/2.0 403 Forbidden"]
    );
    let shown = wait_for(SOON, || Some(bans()).filter(|bans| bans[0].is_object()));
    let ban = &shown.expect("the ban is shown")[0];
    assert_eq!(ban["address"], OUTSIDE.to_string());
    assert_eq!(ban["why"], "probing");
    assert_eq!(ban["times"], 1);
    let length = ban["until"].as_i64().unwrap() - ban["since"].as_i64().unwrap();
    assert_eq!(length, 600_000, "ten minutes the first time");
    assert_eq!(appliance.metric("branchline_bans"), Some(1.0));
    let ignored = || appliance.metric("branchline_banned_packets_total");
    wait_for(SOON, || ignored().filter(|count| *count > 50.0)).expect("they are counted");
    assert_eq!(sweep(OUTSIDE, appliance.sip, "REGISTER").len(), 0);

    let address = format!("/api/bans/{OUTSIDE}");
    let (status, told) = admin.ask("DELETE", &address, None).unwrap();
    assert_eq!(status, 202, "{told}");
    wait_for(SOON, || {
        Some(()).filter(|()| bans() == serde_json::json!([]))
    })
    .expect("it is lifted");
    assert_eq!(admin.ask("DELETE", &address, None).unwrap().0, 404);
    assert!(appliance.log_tail().contains("lifts the ban"));
    assert_eq!(
        sweep(OUTSIDE, appliance.sip, "INVITE"),
        ["SIP/2.0 403 Forbidden"],
        "it is answered again, and banned again for what it goes on doing"
    );
}
