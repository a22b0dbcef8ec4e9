//! SIP over TCP and TLS at the real box: SIPp as a carrier, baresip as a phone, our own caller.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rig::appliance::{Appliance, Options, place_call_to};
use rig::baresip::{Account, Baresip};
use rig::process::wait_for;
use rig::sipp::{Scenario, Sipp};
use tempfile::TempDir;

use crate::calls::{VERBATIM, records_of, site};

/// A phone is registered, a call is up, a tone is heard so soon.
const WAIT: Duration = Duration::from_secs(20);

const PHONES: &str = r#"
[site]
name = "secure phones"
record = true
speech = false
[device.1001]
password = "kingfisher-1"
nets = ["127.0.0.1"]
[device.1002]
password = "kingfisher-2"
nets = ["127.0.0.1"]
"#;

/// A box that takes UDP, TCP and TLS, and the authority that signed its certificate.
fn secure(text: &str) -> (TempDir, Options, Appliance, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (ca, identity) = certificates(dir.path());
    let options = Options {
        data: dir.path().join("box"),
        site: Some(site(dir.path(), text)),
        tcp: true,
        tls: Some(identity),
        ..Options::default()
    };
    let appliance = Appliance::start(&options).unwrap();
    (dir, options, appliance, ca)
}

fn certificates(dir: &Path) -> (PathBuf, (PathBuf, PathBuf)) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // With the name of what it signs it would look like a certificate that signed itself.
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "authority of the test");
    let key = KeyPair::generate().unwrap();
    let own = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let signed = params.signed_by(&key, &issuer).unwrap();
    let write = |name: &str, text: String| {
        let file = dir.join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let ca = write("ca.pem", own.pem());
    let identity = (
        write("box.pem", signed.pem()),
        write("box.key", key.serialize_pem()),
    );
    (ca, identity)
}

fn account<'a>(user: &'a str, registrar: SocketAddr, ca: &'a Path) -> Account<'a> {
    let (password, tone) = match user {
        "1001" => ("kingfisher-1", 440.0),
        _ => ("kingfisher-2", 660.0),
    };
    Account {
        user,
        password,
        registrar,
        tone,
        more: "",
        codec: "PCMA/8000/1",
        ca: Some(ca),
        inside: None,
    }
}

#[test]
fn a_carrier_that_comes_by_tcp_is_answered_on_one_connection_and_on_many() {
    let (dir, options, appliance, _) = secure(VERBATIM);
    let hold = Scenario {
        name: "hold",
        digit: None,
        number: "4000",
        hold_ms: 500,
        calls: (10, 10),
    };
    let tcp = appliance.sip_tcp.unwrap();
    for transport in ["t1", "tn"] {
        let calls = Sipp::start_by(dir.path(), tcp, &hold, transport).unwrap();
        let done = calls.finish();
        assert!(done.is_ok(), "{done:?}\n{}", appliance.log_tail());
    }
    let rows = records_of(&options.data, 20);
    assert!(
        rows.iter().all(|row| row.cause == "caller_hung_up"),
        "{rows:?}"
    );
    let sent_again = appliance.metric("branchline_sip_retransmissions_sent_total");
    assert_eq!(
        sent_again,
        Some(0.0),
        "the connection sends again, not the box"
    );
    let taken = appliance
        .metric("branchline_sip_connections_taken_total")
        .unwrap();
    assert!(taken >= 11.0, "{taken}");
}

#[test]
fn a_call_by_tcp_and_one_by_tls_are_answered_and_recorded() {
    let (_dir, options, appliance, ca) = secure(VERBATIM);
    let (tcp, tls) = (appliance.sip_tcp.unwrap(), appliance.sip_tls.unwrap());
    for uri in [
        format!("sip:4000@{tcp};transport=tcp"),
        format!("sip:4000@{tls};transport=tls"),
    ] {
        let report = place_call_to(&uri, Some(&ca), &["wait:1"]).unwrap();
        assert_eq!(report["answered"], true, "{uri}: {report}");
    }
    assert_eq!(records_of(&options.data, 2).len(), 2);
}

#[test]
fn another_tls_program_is_answered() {
    let (dir, _options, appliance, ca) = secure(VERBATIM);
    let tls = appliance.sip_tls.unwrap();
    let ask = format!(
        "OPTIONS sip:box@{tls} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKssl;rport\r\n\
         From: <sip:probe@127.0.0.1>;tag=p\r\nTo: <sip:box@{tls}>\r\nCall-ID: ssl\r\nCSeq: 1 OPTIONS\r\n\
         Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    let file = dir.path().join("options.sip");
    std::fs::write(&file, ask).unwrap();
    let shell = format!(
        "(cat {}; sleep 2) | openssl s_client -quiet -no_ign_eof -verify_return_error -verify_ip 127.0.0.1 -CAfile {} -connect {tls}",
        file.display(),
        ca.display()
    );
    let output = Command::new("sh")
        .args(["-c", &shell])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(answer.starts_with("SIP/2.0 200 OK\r\n"), "{answer}");
}

#[test]
fn two_phones_register_over_tls_call_and_hear_each_other() {
    let (dir, options, appliance, ca) = secure(PHONES);
    let tls = appliance.sip_tls.unwrap();
    let start = |user| {
        let account = account(user, tls, &ca);
        let mut phone = Baresip::start(&dir.path().join(user), &account).unwrap();
        let registered = phone.wait_registered("OK", WAIT);
        registered.unwrap_or_else(|why| panic!("{why}\n{}", appliance.log_tail()));
        phone
    };
    let (mut one, mut two) = (start("1001"), start("1002"));
    one.dial("1002").unwrap();
    let up = one.event("CALL_ESTABLISHED", WAIT);
    assert!(up.is_ok(), "{up:?}\n{}", appliance.log_tail());
    two.event("CALL_ESTABLISHED", WAIT).unwrap();
    one.wait_for_tone(660.0, WAIT).unwrap();
    two.wait_for_tone(440.0, WAIT).unwrap();
    one.command("hangup", "").unwrap();
    two.event("CALL_CLOSED", WAIT).unwrap();
    let rows = records_of(&options.data, 1);
    assert_eq!(rows[0].cause, "caller_hung_up", "{rows:?}");
    let taken = || {
        let taken = appliance.metric("branchline_sip_connections_taken_total")?;
        (taken >= 2.0).then_some(())
    };
    assert!(wait_for(WAIT, taken).is_some(), "two phones came over TLS");
}
