//! What holds for the whole API: its document, its problems, its doors.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use centre::event::Event;
use serde_json::json;

use super::document::document;
use crate::limits;
use crate::rig::{Rig, live_call, record};

/// Set it to write `web-ui/openapi.json` anew instead of comparing.
const REWRITE: &str = "BRANCHLINE_REWRITE";

/// What anybody may ask: method and path.
const OPEN: [&str; 5] = [
    "get /api/session",
    "post /api/password",
    "post /api/sign-in/code",
    "post /api/sign-in/password",
    "post /api/sign-out",
];

#[test]
fn openapi_json_that_is_checked_in_is_the_one_of_the_routes() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../web-ui/openapi.json");
    let mut made = document().to_pretty_json().unwrap();
    made.push('\n');
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(file, made).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        kept == made,
        "web-ui/openapi.json is stale; hint: {REWRITE}=1 cargo test -p web openapi, then npm run wire"
    );
}

#[test]
fn document_names_only_schemas_that_it_carries() {
    let json = document().to_json().unwrap();
    let known = document().components.unwrap().schemas;
    for wanted in json.split("#/components/schemas/").skip(1) {
        let name = wanted.split('"').next().unwrap();
        assert!(known.contains_key(name), "no schema {name}");
    }
}

#[tokio::test]
async fn every_documented_route_but_sign_in_wants_a_session() {
    let mut rig = Rig::new().await;
    let mut asked = 0;
    for (path, item) in document().paths.paths {
        let path = path.replace(['{', '}'], "");
        for (method, there) in [("get", item.get.is_some()), ("post", item.post.is_some())] {
            if !there || OPEN.contains(&format!("{method} {path}").as_str()) {
                continue;
            }
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(&path)
                .header("host", "box.test")
                .header("origin", "https://box.test");
            let answer = rig.send(request, Body::empty()).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (StatusCode::UNAUTHORIZED, "signed-out"),
                "{path}"
            );
            asked += 1;
        }
    }
    assert!(asked > 10);
}

#[tokio::test]
async fn answers_carry_the_strict_headers_whatever_they_are() {
    let mut rig = Rig::new().await;
    for path in [
        "/",
        "/settings",
        "/api/session",
        "/api/nothing",
        "/missing.js",
    ] {
        let answer = rig.get(path).await;
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'; script-src 'self';")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.headers.get("strict-transport-security").is_none());
    }
    assert_eq!(
        rig.get("/api/session").await.header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_a_problem() {
    let mut rig = Rig::signed_in().await;
    assert_eq!(rig.get("/api/nothing").await.problem(), "not-found");
    assert_eq!(rig.get("/api").await.problem(), "not-found");
    assert_eq!(
        rig.get("/api/records?limit=many").await.problem(),
        "bad-request"
    );
    assert_eq!(
        rig.get("/api/records?colour=red").await.problem(),
        "bad-request"
    );
    assert_eq!(
        rig.get("/api/records?after=here").await.problem(),
        "bad-request"
    );
    assert_eq!(
        rig.get("/api/records/hours?from=5&to=5").await.problem(),
        "bad-request"
    );
    assert_eq!(
        rig.get("/api/records/hours?from=-9223372036854775808&to=9223372036854775807")
            .await
            .problem(),
        "bad-request"
    );
    assert_eq!(
        rig.get("/api/records/hours?from=0&to=99999999999")
            .await
            .problem(),
        "bad-request"
    );
    assert_eq!(
        rig.get("/api/records/not-an-id").await.problem(),
        "not-found"
    );
    assert_eq!(rig.get("/api/site/history/0").await.problem(), "not-found");
    assert_eq!(
        rig.post("/api/site/apply", &json!({ "txt": "" }))
            .await
            .problem(),
        "bad-request"
    );
    assert_eq!(
        rig.post("/api/live", &json!({})).await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let long = "x".repeat(101);
    assert_eq!(
        rig.get(&format!("/api/records?q={long}")).await.problem(),
        "bad-request"
    );
    let request = Request::post("/api/site/check")
        .header("host", "b")
        .header("origin", "https://b");
    assert_eq!(
        rig.send(request, Body::from("{}")).await.problem(),
        "not-json"
    );
}

#[tokio::test]
async fn bodies_are_bounded() {
    let mut rig = Rig::signed_in().await;
    let text = "#".repeat(limits::SITE_TEXT + 1);
    let answer = rig.post("/api/site/check", &json!({ "text": text })).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    );
    let text = "#".repeat(limits::SITE_TEXT * 3);
    let answer = rig.post("/api/site/check", &json!({ "text": text })).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let password = "p".repeat(limits::FORM_BODY);
    let answer = rig
        .post("/api/sign-in/password", &json!({ "password": password }))
        .await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    );
}

#[tokio::test]
async fn records_come_page_by_page_and_by_their_words() {
    let mut rig = Rig::signed_in().await;
    for nth in 0..25 {
        rig.store.commit(record(nth + 1, nth as i64)).await.unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = rig
            .get(&format!("/api/records?limit=10{after}"))
            .await
            .json();
        let records = page["records"].as_array().unwrap();
        seen.extend(
            records
                .iter()
                .map(|one| one["times"]["started"].as_i64().unwrap()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(seen.len(), 25);
    assert!(
        seen.windows(2).all(|two| two[0] > two[1]),
        "newest first, none twice"
    );
    let found = |answer: serde_json::Value| answer["records"].as_array().unwrap().len();
    assert_eq!(
        found(rig.get("/api/records?q=%E8%AE%A2%E5%8D%95").await.json()),
        25
    );
    assert_eq!(found(rig.get("/api/records?q=100%25").await.json()), 0);
}

#[tokio::test]
async fn hours_count_the_calls_that_began_in_each() {
    let mut rig = Rig::signed_in().await;
    for (nth, minutes) in [(1, 0), (2, 59), (3, 60), (4, 600)] {
        rig.store.commit(record(nth, minutes)).await.unwrap();
    }
    let mut missed = record(5, 61);
    missed.times.answered = None;
    rig.store.commit(missed).await.unwrap();
    let from = record(1, 0).times.started;
    let view = rig
        .get(&format!(
            "/api/records/hours?from={from}&to={}",
            from + 3 * 3_600_000
        ))
        .await
        .json();
    let calls: Vec<_> = view["hours"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hour| hour["calls"].as_u64().unwrap())
        .collect();
    assert_eq!(calls, [2, 2, 0]);
    assert_eq!(view["hours"][1]["answered"], 1);
    assert_eq!(
        (&view["total"], &view["answered"], &view["average_talk_ms"]),
        (&4.into(), &3.into(), &60_000.into())
    );
    assert_eq!(view["is_cut"], false);
}

#[tokio::test]
async fn running_call_has_no_record_yet_and_says_so() {
    let mut rig = Rig::signed_in().await;
    rig.app.board.hear(&Event::Started(live_call(1)));
    let id = live_call(1).id;
    assert_eq!(
        rig.get(&format!("/api/records/{id}")).await.problem(),
        "still-live"
    );
    assert_eq!(
        rig.get("/api/live").await.json()["calls"][0]["id"],
        id.to_string()
    );
    let status = rig.get("/api/status").await.json();
    assert_eq!(
        (&status["live_calls"], &status["outbox"]["depth"]),
        (&1.into(), &0.into())
    );
    assert_eq!(status["black_box"]["recording"], true);
    assert_eq!(status["black_box"]["gaps"], 2);
}

#[tokio::test]
async fn metrics_are_for_the_box_itself_or_a_signed_in_person() {
    let mut rig = Rig::signed_in().await;
    assert_eq!(rig.get("/metrics").await.bytes, b"branchline_up 1\n");
    rig.cookie = None;
    assert_eq!(rig.get("/metrics").await.problem(), "signed-out");
    for loopback in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        rig.peer.set_ip(loopback.parse().unwrap());
        assert_eq!(rig.get("/metrics").await.status, StatusCode::OK);
    }
}

#[cfg(not(feature = "embed-ui"))]
#[tokio::test]
async fn binary_without_the_page_names_the_way_to_build_it() {
    let mut rig = Rig::new().await;
    for path in ["/", "/calls/1"] {
        let answer = rig.get(path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(String::from_utf8_lossy(&answer.bytes).contains("scripts/build"));
    }
    assert_eq!(
        rig.get("/assets/app.js").await.status,
        StatusCode::NOT_FOUND
    );
}
