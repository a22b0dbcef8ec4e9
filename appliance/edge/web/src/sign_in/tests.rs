//! Who comes in and who does not.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;

use super::code::Code;
use super::sessions::{Sessions, Standing};
use super::tries::Tries;
use super::{Refusal, limits};
use crate::rig::{PASSWORD, Rig};

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

#[test]
fn code_is_read_as_a_person_types_it() {
    let (code, shown) = Code::make([1, 0, 2, 3, 4, 5, 6, 7]);
    assert_eq!(shown, "1023-4567");
    for typed in ["1023-4567", "10234567", " lo23 4567 ", "IO23-4567"] {
        assert!(code.matches(typed), "{typed}");
    }
    for typed in ["", "1023-456", "1023-4568", "1023-45677"] {
        assert!(!code.matches(typed), "{typed}");
    }
}

#[test]
fn five_wrong_tries_lock_an_address_for_ten_minutes() {
    let (mut tries, now) = (Tries::default(), Instant::now());
    for left in [4, 3, 2, 1] {
        assert!(matches!(tries.wrong(now, address(1)), Refusal::Wrong { left: l } if l == left));
    }
    assert!(matches!(
        tries.wrong(now, address(1)),
        Refusal::Locked { seconds: 600 }
    ));
    assert!(matches!(
        tries.allow(now, address(1)),
        Err(Refusal::Locked { .. })
    ));
    assert!(
        tries.allow(now, address(2)).is_ok(),
        "others are not locked"
    );
    let later = now + limits::LOCK - Duration::from_secs(1);
    assert!(matches!(
        tries.allow(later, address(1)),
        Err(Refusal::Locked { seconds: 1 })
    ));
    assert!(tries.allow(now + limits::LOCK, address(1)).is_ok());
}

#[test]
fn ipv6_peer_cannot_walk_through_its_own_network() {
    let (mut tries, now) = (Tries::default(), Instant::now());
    for host in 1..=5u16 {
        let from: IpAddr = format!("2001:db8::{host:x}").parse().unwrap();
        tries.wrong(now, from);
    }
    assert!(tries.allow(now, "2001:db8::ffff".parse().unwrap()).is_err());
    assert!(tries.allow(now, "2001:db8:0:1::1".parse().unwrap()).is_ok());
}

#[test]
fn table_full_of_wrong_tries_refuses_unknown_addresses() {
    let (mut tries, now) = (Tries::default(), Instant::now());
    for nth in 0..limits::TRIED_ADDRESSES {
        let nth = u32::try_from(nth).unwrap();
        tries.wrong(now, IpAddr::from((0x0A00_0000 + nth).to_be_bytes()));
    }
    assert!(tries.allow(now, address(1)).is_err());
    assert!(
        tries.allow(now, IpAddr::from([10, 0, 0, 0])).is_ok(),
        "known ones have tries left"
    );
    assert!(tries.allow(now + limits::LOCK, address(1)).is_ok());
}

#[test]
fn session_ends_by_time_and_the_oldest_gives_way() {
    let (mut sessions, now) = (Sessions::default(), Instant::now());
    let first = sessions.open(now, [0; 32], Standing::SignedIn);
    assert!(sessions.find(now, &first).is_some());
    assert!(sessions.find(now + limits::SESSION_LIFE, &first).is_none());
    for nth in 1..=limits::SESSIONS {
        let nth = u8::try_from(nth).unwrap();
        sessions.open(
            now + Duration::from_secs(nth.into()),
            [nth; 32],
            Standing::SignedIn,
        );
    }
    assert!(sessions.find(now, &first).is_none());
    assert!(sessions.find(now, "").is_none());
}

#[tokio::test]
async fn one_time_code_works_once_and_only_lets_the_password_be_set() {
    let mut rig = Rig::new().await;
    let answer = rig.sign_in_with_code().await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["state"], "must_set_password");
    let refused = rig.get("/api/live").await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::FORBIDDEN, "password-needed")
    );

    let mut other = rig.cookie.take();
    let again = rig.sign_in_with_code().await;
    assert_eq!(
        (again.status, again.problem().as_str()),
        (StatusCode::UNAUTHORIZED, "no-code")
    );
    std::mem::swap(&mut rig.cookie, &mut other);
    let short = rig.post("/api/password", &json!({ "new": "short" })).await;
    assert_eq!(
        (short.status, short.problem().as_str()),
        (StatusCode::BAD_REQUEST, "unfit-password")
    );
    let set = rig.post("/api/password", &json!({ "new": PASSWORD })).await;
    assert_eq!(
        set.json(),
        json!({ "state": "signed_in", "first_start": false, "dev": false })
    );
    assert_eq!(rig.get("/api/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn fresh_code_is_made_at_each_start_until_a_password_is_set() {
    let rig = Rig::new().await;
    let first = rig.code.clone().unwrap();
    let mut rig = rig.restart().await;
    let second = rig.code.clone().unwrap();
    assert_ne!(first, second);
    let old = rig
        .post("/api/sign-in/code", &json!({ "code": first }))
        .await;
    assert_eq!(old.problem(), "wrong");
    assert_eq!(old.json()["tries_left"], 4);
    rig.sign_in_with_code().await;
    rig.post("/api/password", &json!({ "new": PASSWORD })).await;

    let mut rig = rig.restart().await;
    assert_eq!(rig.code, None);
    rig.cookie = None;
    let answer = rig
        .post("/api/sign-in/password", &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(rig.get("/api/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn five_wrong_passwords_lock_even_the_right_one_out() {
    let mut rig = Rig::signed_in().await;
    rig.cookie = None;
    for nth in 1..=5 {
        let wrong = rig
            .post(
                "/api/sign-in/password",
                &json!({ "password": "not this one" }),
            )
            .await;
        let expected = if nth < 5 {
            (StatusCode::UNAUTHORIZED, "wrong")
        } else {
            (StatusCode::TOO_MANY_REQUESTS, "locked")
        };
        assert_eq!((wrong.status, wrong.problem().as_str()), expected);
    }
    let right = rig
        .post("/api/sign-in/password", &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = right.header("retry-after").parse().unwrap();
    assert!((590..=600).contains(&wait));
    rig.peer.set_ip(address(200));
    let elsewhere = rig
        .post("/api/sign-in/password", &json!({ "password": PASSWORD }))
        .await;
    assert_eq!(elsewhere.status, StatusCode::OK);
}

#[tokio::test]
async fn new_password_wants_the_present_one_and_ends_every_other_session() {
    let mut rig = Rig::signed_in().await;
    let first = rig.cookie.clone();
    let without = rig
        .post("/api/password", &json!({ "new": "another afternoon" }))
        .await;
    assert_eq!(without.problem(), "wrong");
    let body = json!({ "new": "another afternoon", "present": PASSWORD });
    assert_eq!(
        rig.post("/api/password", &body).await.status,
        StatusCode::OK
    );
    assert_eq!(rig.get("/api/live").await.status, StatusCode::OK);
    rig.cookie = first;
    assert_eq!(rig.get("/api/live").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn cookie_is_bound_to_this_host_and_closed_to_scripts() {
    let mut rig = Rig::new().await;
    let answer = rig.sign_in_with_code().await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-branchline="));
    for flag in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.split("; ").any(|part| part == flag), "{flag}");
    }
    assert!(!cookie.contains("Domain"));
    rig.post("/api/sign-out", &json!({})).await;
    assert_eq!(rig.cookie.as_deref(), Some("__Host-branchline="));
    assert_eq!(rig.get("/api/session").await.json()["state"], "signed_out");
}

#[tokio::test]
async fn post_from_another_origin_or_none_is_refused() {
    let mut rig = Rig::signed_in().await;
    for origin in [
        None,
        Some("https://evil.test"),
        Some("http://box.test"),
        Some("null"),
    ] {
        let mut request = Request::post("/api/sign-out").header(header::HOST, "box.test");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let answer = rig.send(request, Body::empty()).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::FORBIDDEN, "foreign-origin"),
            "{origin:?}"
        );
    }
    assert_eq!(rig.get("/api/live").await.status, StatusCode::OK);
}

#[tokio::test]
async fn code_of_the_label_lets_in_once_from_the_next_start_on_until_a_password_is_set() {
    let rig = Rig::new().await;
    let first = crate::make_claim_code(&rig.folder.path().join("data")).unwrap();
    let label = crate::make_claim_code(&rig.folder.path().join("data")).unwrap();
    assert_eq!(label.len(), 14, "{label}");
    let mut rig = rig.restart().await;
    for wrong in [first, String::new()] {
        let old = rig
            .post("/api/sign-in/code", &json!({ "code": wrong }))
            .await;
        assert_eq!(old.problem(), "wrong");
    }
    let code = json!({ "code": label.to_lowercase() });
    let answer = rig.post("/api/sign-in/code", &code).await;
    assert_eq!(answer.json()["state"], "must_set_password");
    let shown = rig.sign_in_with_code().await;
    assert_eq!(
        shown.problem(),
        "no-code",
        "one code used takes the other with it"
    );

    let mut rig = rig.restart().await;
    rig.sign_in_with_code().await;
    rig.post("/api/password", &json!({ "new": PASSWORD })).await;
    let mut rig = rig.restart().await;
    let late = rig.post("/api/sign-in/code", &code).await;
    assert_eq!(late.problem(), "no-code");
}
