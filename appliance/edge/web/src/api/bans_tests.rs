//! Bans on the page: listed, lifted, and what cannot be lifted.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use centre::{BanReason, BanView};

use crate::rig::Rig;

fn ban(source: &str, why: BanReason) -> BanView {
    BanView {
        source: source.parse().unwrap(),
        why,
        since: 1_000,
        until: 601_000,
        times: 1,
        ignored: 12,
    }
}

#[tokio::test]
async fn bans_are_listed_with_what_each_did_and_when_it_ends() {
    let mut rig = Rig::signed_in().await;
    assert_eq!(
        rig.get("/api/bans").await.json()["bans"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    *rig.bans.lock().unwrap() = vec![
        ban("203.0.113.66", BanReason::Scanner),
        ban("2001:db8::", BanReason::Guessing),
    ];
    let bans = rig.get("/api/bans").await.json();
    assert_eq!(bans["bans"][0]["address"], "203.0.113.66");
    assert_eq!(bans["bans"][0]["why"], "scanner");
    assert_eq!(bans["bans"][0]["until"], 601_000);
    assert_eq!(bans["bans"][0]["ignored"], 12);
    assert_eq!(bans["bans"][1]["address"], "2001:db8::");
}

#[tokio::test]
async fn a_ban_that_stands_is_lifted_and_another_is_not_found() {
    let mut rig = Rig::signed_in().await;
    *rig.bans.lock().unwrap() = vec![ban("2001:db8::", BanReason::Probing)];
    for unknown in ["203.0.113.66", "everybody", "2001:db8::99"] {
        let answer = rig.delete(&format!("/api/bans/{unknown}")).await;
        assert_eq!(answer.problem(), "not-found", "{unknown}");
    }
    let answer = rig.delete("/api/bans/2001:db8::").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let again = rig.delete("/api/bans/2001:db8::").await;
    assert_eq!(
        again.problem(),
        "busy",
        "the box did not take the first yet"
    );
    assert_eq!(rig.lifts.try_recv().unwrap().to_string(), "2001:db8::");
}

#[tokio::test]
async fn strangers_and_foreign_pages_lift_nothing() {
    let mut rig = Rig::signed_in().await;
    *rig.bans.lock().unwrap() = vec![ban("203.0.113.66", BanReason::Scanner)];
    let request = Request::delete("/api/bans/203.0.113.66");
    let foreign = rig.send(request, Body::empty()).await;
    assert_eq!(foreign.problem(), "foreign-origin");
    rig.cookie = None;
    assert_eq!(rig.get("/api/bans").await.problem(), "signed-out");
    assert_eq!(
        rig.delete("/api/bans/203.0.113.66").await.problem(),
        "signed-out"
    );
    assert!(rig.lifts.try_recv().is_err());
}
