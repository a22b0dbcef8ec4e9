//! Digest, both sides: RFC 7616 and 2617 vectors, our challenge, a peer's challenge.

use std::net::SocketAddr;
use std::time::Duration;

use sip::{Algorithm, Credentials, DigestInput, DigestVerdict, EndpointConfig, Event, Request};

use crate::world::{Stage, answer, field, invite, outgoing};

fn rfc7616(algorithm: Algorithm) -> DigestInput<'static> {
    DigestInput {
        algorithm,
        is_session: false,
        realm: "http-auth@example.org",
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        qop: "auth",
        nc: "00000001",
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        method: "GET",
        uri: "/dir/index.html",
        body: b"",
    }
}

#[test]
fn vectors_of_the_rfcs_come_out() {
    let md5 = rfc7616(Algorithm::Md5).response("Mufasa", "Circle of Life");
    assert_eq!(md5, "8ca523f5e9506fed4657c9700eebdbec");
    let sha = rfc7616(Algorithm::Sha256).response("Mufasa", "Circle of Life");
    assert_eq!(
        sha,
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    );
    // RFC 7616 3.9.2, with the response of erratum 4897: the RFC's own is a truncated SHA-512.
    let sha512 = DigestInput {
        realm: "api@example.org",
        nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        uri: "/doe.json",
        ..rfc7616(Algorithm::Sha512T256)
    };
    assert_eq!(
        sha512.response("J\u{e4}s\u{f8}n Doe", "Secret, or not?"),
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    );
    let rfc2617 = DigestInput {
        realm: "testrealm@host.com",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        cnonce: "0a4f113b",
        ..rfc7616(Algorithm::Md5)
    };
    assert_eq!(
        rfc2617.response("Mufasa", "Circle Of Life"),
        "6629fae49393a05397450978507c4ef1"
    );
    let rfc2069 = DigestInput { qop: "", ..rfc2617 };
    assert_eq!(
        rfc2069.response("Mufasa", "Circle Of Life"),
        "670fd8c2df070c60b045671b8b24ff02"
    );
}

/// Challenges an INVITE; its answer with the parameters a client chooses.
struct Client {
    algorithm: Algorithm,
    is_session: bool,
    qop: &'static str,
    nc: &'static str,
    password: &'static str,
}

const GOOD: Client = Client {
    algorithm: Algorithm::Sha256,
    is_session: false,
    qop: "auth",
    nc: "0000000a",
    password: "secret",
};

fn challenged(stage: &mut Stage) -> String {
    stage.receive(&invite("first"));
    let Event::Invite { tx, request, .. } = stage.event() else {
        panic!()
    };
    assert_eq!(verdict(stage, &request), DigestVerdict::Missing);
    stage.endpoint.challenge(stage.now, tx, "box");
    let refusal = stage.sent_one();
    assert!(refusal.starts_with("SIP/2.0 401 Unauthorized"));
    let offers: Vec<&str> = refusal
        .lines()
        .filter(|l| l.starts_with("WWW-Authenticate: "))
        .collect();
    assert!(
        offers.len() == 1 && offers[0].contains("algorithm=MD5,"),
        "{offers:?}"
    );
    refusal
}

#[test]
fn stronger_algorithms_are_offered_first_where_the_owner_wants_them() {
    let mut config = EndpointConfig::new(SocketAddr::from(([192, 0, 2, 9], 5060)));
    config.challenge = vec![Algorithm::Sha256, Algorithm::Md5];
    let mut stage = Stage::with(config);
    stage.receive(&invite("first"));
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    stage.endpoint.challenge(stage.now, tx, "box");
    let refusal = stage.sent_one();
    let (strong, weak) = (refusal.find("=SHA-256,"), refusal.find("=MD5,"));
    assert!(strong.is_some() && strong < weak, "{refusal}");
}

fn nonce(refusal: &str) -> String {
    refusal
        .split("nonce=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

fn verdict(stage: &Stage, request: &Request) -> DigestVerdict {
    stage
        .endpoint
        .verify(stage.now, request, "ann", "secret", "box")
}

/// An INVITE with credentials, as the owner gets it.
fn authorized(stage: &mut Stage, client: &Client, nonce: &str) -> Request {
    let qop = client.qop.trim_start_matches('=');
    let input = DigestInput {
        algorithm: client.algorithm,
        is_session: client.is_session,
        realm: "box",
        nonce,
        qop,
        nc: client.nc,
        cnonce: "c",
        method: "INVITE",
        uri: "sip:4000@192.0.2.9",
        body: b"v=0\r\n",
    };
    let response = input.response("ann", client.password);
    let session = if client.is_session { "-sess" } else { "" };
    let tail = if qop.is_empty() {
        String::new()
    } else {
        format!(", qop={qop}, nc={}", client.nc)
    };
    let line = format!(
        "Authorization: Digest username=\"ann\", realm=\"box\", nonce=\"{nonce}\",\n uri=\"sip:4000@192.0.2.9\", \
         response=\"{response}\", algorithm={}{session}, cnonce=\"c\"{tail}\nMax-Forwards",
        client.algorithm.name()
    );
    stage.receive(
        &invite("second")
            .replace("CSeq: 1", "CSeq: 2")
            .replace("Max-Forwards", &line),
    );
    let Event::Invite { request, tx, .. } = stage.event() else {
        panic!()
    };
    stage.endpoint.drop_silently(tx);
    request
}

#[test]
fn right_password_is_good_with_every_algorithm_and_protection() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512T256] {
        for (qop, is_session) in [
            ("auth", false),
            ("auth-int", false),
            ("auth", true),
            ("", false),
        ] {
            for nc in ["00000001", "0000000a", "00000100", "ffffffff"] {
                let mut stage = Stage::new();
                let nonce = nonce(&challenged(&mut stage));
                let client = Client {
                    algorithm,
                    is_session,
                    qop,
                    nc,
                    ..GOOD
                };
                let request = authorized(&mut stage, &client, &nonce);
                assert_eq!(
                    verdict(&stage, &request),
                    DigestVerdict::Good,
                    "{algorithm:?} {qop} {nc}"
                );
            }
        }
    }
}

#[test]
fn wrong_password_realm_or_body_is_wrong() {
    let mut stage = Stage::new();
    let nonce = nonce(&challenged(&mut stage));
    let request = authorized(
        &mut stage,
        &Client {
            password: "guess",
            ..GOOD
        },
        &nonce,
    );
    assert_eq!(verdict(&stage, &request), DigestVerdict::Wrong);
    let request = authorized(&mut stage, &GOOD, &nonce);
    let other = stage
        .endpoint
        .verify(stage.now, &request, "ann", "secret", "elsewhere");
    assert_eq!(other, DigestVerdict::Missing);
    let mut tampered = authorized(
        &mut stage,
        &Client {
            qop: "auth-int",
            ..GOOD
        },
        &nonce,
    );
    tampered.body.as_mut().unwrap().bytes.push(b'x');
    assert_eq!(verdict(&stage, &tampered), DigestVerdict::Wrong);
    let short = authorized(&mut stage, &Client { nc: "1", ..GOOD }, &nonce);
    assert_eq!(verdict(&stage, &short), DigestVerdict::Wrong);
}

#[test]
fn old_or_foreign_nonce_is_stale_and_the_next_challenge_says_so() {
    let mut stage = Stage::new();
    let nonce = nonce(&challenged(&mut stage));
    stage.now += Duration::from_secs(299);
    let request = authorized(&mut stage, &GOOD, &nonce);
    assert_eq!(verdict(&stage, &request), DigestVerdict::Good);
    stage.now += Duration::from_secs(2);
    let request = authorized(&mut stage, &GOOD, &nonce);
    assert_eq!(verdict(&stage, &request), DigestVerdict::Stale);
    let request = authorized(&mut stage, &GOOD, "0123456789abcdef");
    assert_eq!(verdict(&stage, &request), DigestVerdict::Stale);
    let line = format!(
        "Authorization: Digest username=\"ann\", realm=\"box\", nonce=\"{nonce}\", uri=\"x\", response=\"y\"\nMax-Forwards"
    );
    stage.receive(
        &invite("third")
            .replace("CSeq: 1", "CSeq: 3")
            .replace("Max-Forwards", &line),
    );
    let Event::Invite { tx, .. } = stage.event() else {
        panic!()
    };
    stage.sent();
    stage.endpoint.challenge(stage.now, tx, "box");
    assert!(stage.sent_one().contains("stale=true"));
}

#[test]
fn challenged_call_is_placed_again_once_with_credentials() {
    let mut stage = Stage::new();
    let login = Credentials {
        user: "box".to_owned(),
        password: "pw".to_owned(),
    };
    let call = sip::OutgoingInvite {
        credentials: Some(login),
        ..outgoing()
    };
    let dialog = stage.endpoint.invite(stage.now, call);
    let first = stage.sent_one();
    // The top-most challenge we can answer is taken: the first is of an algorithm nobody has.
    let offers = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n0\", algorithm=SHA3, qop=\"auth\"\n\
                  WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth,auth-int\", opaque=\"o\"\n\
                  WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\"\n";
    let refusal = answer(&first, "401 Unauthorized", offers);
    stage.receive(&refusal);
    let sent = stage.sent();
    assert!(
        sent[0].starts_with("ACK ") && sent[1].starts_with("INVITE "),
        "{sent:?}"
    );
    let (again, auth) = (&sent[1], field(&sent[1], "Authorization"));
    assert_eq!(field(again, "CSeq"), "2 INVITE");
    assert_eq!(field(again, "Call-ID"), field(&first, "Call-ID"));
    assert_eq!(field(again, "From"), field(&first, "From"));
    assert_ne!(field(again, "Via"), field(&first, "Via"));
    let cnonce = auth
        .split("cnonce=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let input = DigestInput {
        algorithm: Algorithm::Sha256,
        is_session: false,
        realm: "r",
        nonce: "n1",
        qop: "auth",
        nc: "00000001",
        cnonce,
        method: "INVITE",
        uri: "sip:bob@192.0.2.1",
        body: b"",
    };
    assert!(
        auth.contains(&format!("response=\"{}\"", input.response("box", "pw"))),
        "{auth}"
    );
    assert!(
        auth.contains("opaque=\"o\"") && auth.contains("uri=\"sip:bob@192.0.2.1\""),
        "{auth}"
    );
    assert_eq!(stage.events(), []);
    stage.receive(&refusal);
    assert!(
        stage.sent_one().starts_with("ACK "),
        "a copy of the refusal"
    );
    stage.receive(&answer(again, "401 Unauthorized", offers));
    assert!(stage.sent_one().starts_with("ACK "));
    let Event::Rejected {
        dialog: rejected,
        status: 401,
        ..
    } = stage.event()
    else {
        panic!()
    };
    assert_eq!(rejected, dialog);
}

#[test]
fn the_strongest_challenge_is_answered_wherever_it_stands() {
    let offer = |algorithm: &str, nonce: &str| {
        format!(
            "WWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"\n"
        )
    };
    for (offered, expected) in [
        (vec!["MD5", "SHA-256", "SHA-512-256"], "SHA-512-256"),
        (vec!["SHA-256", "MD5"], "SHA-256"),
        (vec!["MD5", "SHA-256-sess", "SHA-256"], "SHA-256-sess"),
        (vec!["SHA3-512", "MD5"], "MD5"),
    ] {
        let mut stage = Stage::new();
        let credentials = Some(Credentials {
            user: "box".to_owned(),
            password: "pw".to_owned(),
        });
        let call = sip::OutgoingInvite {
            credentials,
            ..outgoing()
        };
        stage.endpoint.invite(stage.now, call);
        let first = stage.sent_one();
        let offers: String = offered.iter().map(|a| offer(a, a)).collect();
        stage.receive(&answer(&first, "401 Unauthorized", &offers));
        let again = stage.sent().pop().unwrap();
        let auth = field(&again, "Authorization");
        assert!(
            auth.contains(&format!("algorithm={expected},"))
                && auth.contains(&format!("nonce=\"{expected}\"")),
            "{offered:?}: {auth}"
        );
    }
}

#[test]
fn requests_inside_a_challenged_call_carry_credentials_at_once_and_count_up() {
    let mut stage = Stage::new();
    let credentials = Some(Credentials {
        user: "box".to_owned(),
        password: "pw".to_owned(),
    });
    let call = sip::OutgoingInvite {
        credentials,
        ..outgoing()
    };
    let dialog = stage.endpoint.invite(stage.now, call);
    let offer = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\n";
    let first = stage.sent_one();
    stage.receive(&answer(&first, "401 Unauthorized", offer));
    let second = stage.sent().pop().unwrap();
    let contact = "Contact: <sip:bob@192.0.2.1>\n";
    stage.receive(&answer(&second, "200 OK", contact));
    stage.sent();
    for count in 2..=17 {
        let info = sip::Method::Info;
        let now = stage.now;
        stage.endpoint.request(now, dialog, info, Vec::new(), None);
        let sent = stage.sent_one();
        let nc = format!("nc={count:08x},");
        assert!(field(&sent, "Authorization").contains(&nc), "{sent}");
        stage.receive(&answer(&sent, "200 OK", ""));
    }
}

#[test]
fn stale_nonce_is_worth_one_more_try_and_bye_is_authorized_too() {
    let mut stage = Stage::new();
    let login = Credentials {
        user: "box".to_owned(),
        password: "pw".to_owned(),
    };
    let call = sip::OutgoingInvite {
        credentials: Some(login),
        ..outgoing()
    };
    let dialog = stage.endpoint.invite(stage.now, call);
    let offer = |nonce: &str, stale: &str| {
        format!("Proxy-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\"{stale}\n")
    };
    let first = stage.sent_one();
    stage.receive(&answer(
        &first,
        "407 Proxy Authentication Required",
        &offer("a", ""),
    ));
    let second = stage.sent().pop().unwrap();
    assert!(!field(&second, "Proxy-Authorization").contains("qop"));
    let stale = offer("b", ", stale=TRUE");
    stage.receive(&answer(
        &second,
        "407 Proxy Authentication Required",
        &stale,
    ));
    let third = stage.sent().pop().unwrap();
    assert!(field(&third, "Proxy-Authorization").contains("nonce=\"b\""));
    stage.receive(&answer(&third, "200 OK", "Contact: <sip:bob@192.0.2.1>\n"));
    assert!(matches!(stage.event(), Event::Answered { dialog: d, body: None, .. } if d == dialog));
    assert_eq!(field(&stage.sent_one(), "CSeq"), "3 ACK");
    stage.endpoint.bye(stage.now, dialog, Vec::new());
    let bye = stage.sent_one();
    stage.receive(&answer(
        &bye,
        "401 Unauthorized",
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"c\"\n",
    ));
    let again = stage.sent_one();
    assert!(
        again.starts_with("BYE ") && again.contains("Authorization: Digest"),
        "{again}"
    );
    assert_eq!(field(&again, "CSeq"), "5 BYE");
}

#[test]
fn passwords_stay_out_of_debug_output() {
    let login = Credentials {
        user: "box".to_owned(),
        password: "hunter2".to_owned(),
    };
    assert!(!format!("{login:?}").contains("hunter2"));
}
