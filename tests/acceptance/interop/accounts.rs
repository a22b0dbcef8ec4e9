//! Accounts at carriers: registrations and calls that are challenged, and carriers that fail.

use std::io::Write as _;
use std::net::UdpSocket;
use std::process::{Command, Stdio};

use rig::peer::{Part, Peer, header};
use rig::process::wait_for;

use super::{MUTE, World, carrier, host, phone};
use crate::calls::SOON;

const SHA_256: &str =
    "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"a1b2\", algorithm=SHA-256, qop=\"auth\"\n";
const MD5: &str =
    "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"c3d4\", algorithm=MD5, qop=\"auth\"\n";
const ACCOUNT: &str = "keepalive = \"off\"\nregister = true\nuser = \"box\"\nusername = \"branch\"\npassword = \"heron\"";

/// The hexadecimal hash of `text` by a program that is not ours.
fn hash(program: &str, text: &str) -> String {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = child.stdin.take();
    input.unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap().stdout;
    let words = String::from_utf8(output).unwrap();
    words.split(' ').next().unwrap().to_owned()
}

/// A parameter of an Authorization header.
fn param<'a>(value: &'a str, name: &str) -> &'a str {
    let found = value
        .trim_start_matches("Digest ")
        .split(',')
        .find_map(|param| {
            let (key, value) = param.trim().split_once('=')?;
            (key == name).then(|| value.trim_matches('"'))
        });
    found.unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Asserts that a request proves in its header field `name` that the box knows the password
/// (RFC 7616 section 3.4.1).
fn is_proven(request: &str, name: &str, program: &str) {
    let shown = header(request, name);
    let method = request.split(' ').next().unwrap_or_default();
    let param = |name| param(shown, name);
    let secret = hash(program, "branch:carrier:heron");
    let act = hash(program, &format!("{method}:{}", param("uri")));
    let (nonce, nc, cnonce) = (param("nonce"), param("nc"), param("cnonce"));
    let right = hash(
        program,
        &format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{act}"),
    );
    assert_eq!(param("response"), right, "{request}");
    assert_eq!(param("username"), "branch");
}

#[test]
fn a_box_registers_with_what_its_carrier_wants_to_see_and_for_as_long() {
    let dir = tempfile::tempdir().unwrap();
    // Who offers both is answered by the better one.
    let both = format!("{SHA_256}{MD5}");
    let registrar = |challenges, last| {
        let part = Part {
            words: &[("CHALLENGES", challenges)],
            ..Part::of("registrar", host(last))
        };
        Peer::waits(dir.path(), &part).unwrap()
    };
    let (strong, weak) = (registrar(&both, 51), registrar(MD5, 52));
    let carriers = carrier("51", strong.sip, "", ACCOUNT) + &carrier("52", weak.sip, "", ACCOUNT);
    let world = World::start(&dir, &carriers);

    for (peer, algorithm, program) in [(strong, "SHA-256", "sha256sum"), (weak, "MD5", "md5sum")] {
        let seen = world.seen(peer);
        let [first, proven, longer] = seen.came("REGISTER ")[..] else {
            panic!("not three requests: {seen:?}");
        };
        assert_eq!(header(first, "Authorization"), "");
        for register in [proven, longer] {
            let shown = header(register, "Authorization");
            assert_eq!(param(shown, "algorithm"), algorithm);
            is_proven(register, "Authorization", program);
            assert_eq!(header(register, "Call-ID"), header(first, "Call-ID"));
        }
    }
    let registered = || {
        let log = std::fs::read_to_string(&world.appliance.log).ok()?;
        let told = |trunk| {
            log.lines()
                .any(|line| line.contains(trunk) && line.contains("registered"))
        };
        (told("c51") && told("c52")).then_some(())
    };
    assert!(
        wait_for(SOON, registered).is_some(),
        "{}",
        world.appliance.log_tail()
    );
}

#[test]
fn a_carrier_that_challenges_a_call_is_shown_who_calls() {
    let dir = tempfile::tempdir().unwrap();
    let challenges = Peer::waits(dir.path(), &Part::of("challenges", host(56))).unwrap();
    let account = ACCOUNT.replace("register = true", "register = false");
    let world = World::start(&dir, &carrier("56", challenges.sip, "", &account));
    world.seen(world.calls(dir.path(), &phone("dial", "56001")));
    let seen = world.seen(challenges);
    let invites = seen.came("INVITE ");
    is_proven(invites[1], "Proxy-Authorization", "md5sum");
    assert_eq!(world.row("56001").cause, "caller_hung_up");
}

#[test]
fn a_call_goes_by_the_second_carrier_where_the_first_is_full_or_silent() {
    let dir = tempfile::tempdir().unwrap();
    let full = Peer::waits(dir.path(), &Part::of("unavailable", host(53))).unwrap();
    let silent = UdpSocket::bind((host(54), 0)).unwrap();
    let second = Part {
        calls: 2,
        ..Part::of("pick", host(55))
    };
    let second = Peer::waits(dir.path(), &second).unwrap();
    let std::net::SocketAddr::V4(nobody) = silent.local_addr().unwrap() else {
        unreachable!("it was bound to an IPv4 address")
    };
    let carriers = carrier("53", full.sip, "", MUTE)
        + &carrier("54", nobody, "", MUTE)
        + &carrier("55", second.sip, "", MUTE);
    let carriers = carriers
        .replace("trunk = [\"c53\"]", "trunk = [\"c53\", \"c55\"]")
        .replace("trunk = [\"c54\"]", "trunk = [\"c54\", \"c55\"]");
    let world = World::start(&dir, &carriers);

    for number in ["53001", "54001"] {
        world.seen(world.calls(dir.path(), &phone("dial", number)));
        let row = world.row(number);
        assert_eq!(row.body["parties"]["trunk"], "c55", "{row:?}");
        assert_eq!(row.cause, "caller_hung_up", "{row:?}");
    }
    world.seen(full);
    world.seen(second);
}
