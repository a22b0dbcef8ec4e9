//! Check, difference, Apply, Undo: what is in force is never in doubt.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::SiteWish;
use crate::rig::{Answer, Rig};

const GOOD: &str = "[site]\nname = \"Branch\"\n[trunk.local]\npeers = [\"127.0.0.1\"]\n[number.\"*\"]\n\
flow = \"menu\"\n[flow.menu]\nxml = '''<ivr name=\"menu\"><step type=\"hangup\" prompt=\"welcome\"/></ivr>'''\n";

/// Answers one wish as the box would, while the request waits.
async fn with_box(rig: &mut Rig, path: &str, body: &Value) -> Answer {
    let (store, router) = (rig.store.clone(), rig.router());
    let request = axum::http::Request::post(path)
        .header("host", "box.test")
        .header("origin", "https://box.test")
        .header("content-type", "application/json")
        .header("cookie", rig.cookie.as_deref().unwrap_or_default())
        .body(axum::body::Body::from(body.to_string()))
        .unwrap();
    let asked = tower::ServiceExt::oneshot(router, request);
    let answering = async {
        let wish = rig.site.recv().await.unwrap();
        let version = match wish.wish {
            SiteWish::Apply { text, note } => store.save_site(&text, &note).await.unwrap(),
            SiteWish::Undo => store.undo_site().await.unwrap().unwrap().version,
        };
        wish.reply.send(Ok(version)).unwrap();
    };
    let (response, ()) = tokio::join!(asked, answering);
    let (parts, body) = response.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec();
    Answer {
        status: parts.status,
        headers: parts.headers,
        bytes,
    }
}

#[tokio::test]
async fn check_names_each_fault_at_its_line_with_the_way_out() {
    let mut rig = Rig::signed_in().await;
    let good = rig
        .post("/api/site/check", &json!({ "text": GOOD }))
        .await
        .json();
    assert_eq!(good["good"], true, "{good}");
    assert_eq!(good["names"]["flows"], json!(["menu"]));
    assert_eq!(good["names"]["prompts"], json!(["welcome"]));
    let text = GOOD.replace("flow = \"menu\"", "flow = \"meno\"");
    let bad = rig
        .post("/api/site/check", &json!({ "text": text }))
        .await
        .json();
    assert_eq!(bad["good"], false);
    let finding = &bad["findings"][0];
    assert_eq!(
        (&finding["severity"], &finding["line"], &finding["column"]),
        (&"error".into(), &6.into(), &9.into())
    );
    assert!(
        finding["hint"].as_str().unwrap().contains("menu"),
        "{finding}"
    );
    assert!(rig.site.try_recv().is_err(), "a check applies nothing");
}

#[tokio::test]
async fn apply_wants_the_version_in_force_and_undo_goes_back_to_it() {
    let mut rig = Rig::signed_in().await;
    assert_eq!(rig.get("/api/site").await.json()["version"], 0);
    let first = with_box(
        &mut rig,
        "/api/site/apply",
        &json!({ "text": GOOD, "base": 0, "note": " first " }),
    )
    .await;
    assert_eq!(first.json(), json!({ "version": 1 }));
    let second = format!("{GOOD}# more\n");
    let answer = with_box(
        &mut rig,
        "/api/site/apply",
        &json!({ "text": second, "base": 1 }),
    )
    .await;
    assert_eq!(answer.json(), json!({ "version": 2 }));

    let stale = rig
        .post("/api/site/apply", &json!({ "text": GOOD, "base": 1 }))
        .await;
    assert_eq!(
        (stale.status, stale.problem().as_str()),
        (StatusCode::CONFLICT, "stale")
    );
    let stale = rig.post("/api/site/undo", &json!({ "base": 1 })).await;
    assert_eq!(
        (stale.status, stale.problem().as_str()),
        (StatusCode::CONFLICT, "stale")
    );

    let site = rig.get("/api/site").await.json();
    assert_eq!(
        (&site["version"], &site["undo_to"], &site["text"]),
        (&2.into(), &1.into(), &second.into())
    );
    let diff = rig
        .post("/api/site/diff", &json!({ "text": GOOD }))
        .await
        .json();
    assert_eq!(diff["base"], 2);
    let lines = diff["lines"].as_array().unwrap();
    assert_eq!(
        lines
            .iter()
            .filter(|line| line["change"] == "removed")
            .count(),
        1
    );

    let undone = with_box(&mut rig, "/api/site/undo", &json!({ "base": 2 })).await;
    assert_eq!(undone.json(), json!({ "version": 1 }));
    assert_eq!(rig.get("/api/site").await.json()["text"], GOOD);
    let history = rig.get("/api/site/history").await.json();
    let versions = history["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    assert_eq!(
        (&versions[1]["is_current"], &versions[1]["note"]),
        (&true.into(), &"first".into())
    );
    assert_eq!(
        rig.get("/api/site/history/2").await.json()["text"],
        format!("{GOOD}# more\n")
    );
    let none = rig.post("/api/site/undo", &json!({ "base": 1 })).await;
    assert_eq!(
        (none.status, none.problem().as_str()),
        (StatusCode::NOT_FOUND, "not-found")
    );
}

#[tokio::test]
async fn text_that_the_box_refuses_comes_back_with_its_findings() {
    let mut rig = Rig::signed_in().await;
    let mut site = std::mem::replace(&mut rig.site, tokio::sync::mpsc::channel(1).1);
    let answering = tokio::spawn(async move {
        let wish = site.recv().await.unwrap();
        let SiteWish::Apply { text, .. } = wish.wish else {
            panic!("not an Apply")
        };
        let found =
            centre::site::Site::load(&text, &std::collections::BTreeSet::new()).unwrap_err();
        wish.reply.send(Err(found)).unwrap();
    });
    let answer = rig
        .post(
            "/api/site/apply",
            &json!({ "text": "[site]\nnom = 1\n", "base": 0 }),
        )
        .await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "bad-site")
    );
    assert_eq!(answer.json()["findings"][1]["line"], 2, "{}", answer.json());
    answering.await.unwrap();
}

#[tokio::test]
async fn box_that_does_not_take_the_wish_is_told_as_busy_or_broken() {
    let mut rig = Rig::signed_in().await;
    rig.site.close();
    let answer = rig
        .post("/api/site/apply", &json!({ "text": GOOD, "base": 0 }))
        .await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "busy")
    );
}
