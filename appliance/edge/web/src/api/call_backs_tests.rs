//! Call-backs on the page: listed as the box tells them, taken back, and what cannot be.

use axum::http::StatusCode;
use centre::CallBackView;
use centre::event::{Event, Live};
use uuid::Uuid;

use crate::rig::Rig;

fn owed(n: u128) -> CallBackView {
    CallBackView {
        call: Uuid::from_u128(n),
        queue: "later".into(),
        caller: "138******07".into(),
        since: 1_000,
        position: Some(2),
        due: None,
        until: 7_201_000,
        tries: 1,
        is_calling: false,
    }
}

#[tokio::test]
async fn what_is_owed_is_listed_as_the_box_tells_it() {
    let mut rig = Rig::signed_in().await;
    let listed = |json: serde_json::Value| json["call_backs"].as_array().unwrap().len();
    assert_eq!(listed(rig.get("/api/call-backs").await.json()), 0);
    let call_backs = vec![owed(1)];
    rig.app.board.reset(&Live {
        call_backs,
        ..Live::default()
    });
    let json = rig.get("/api/call-backs").await.json();
    let line = &json["call_backs"][0];
    assert_eq!(
        (&line["queue"], &line["caller"]),
        (&"later".into(), &"138******07".into())
    );
    assert_eq!(
        (&line["position"], &line["until"]),
        (&2.into(), &7_201_000.into())
    );
    let event = Event::CallBacks(vec![owed(1), owed(2)]);
    rig.app.board.hear(&event);
    assert_eq!(listed(rig.get("/api/call-backs").await.json()), 2);
    rig.app.board.hear(&Event::CallBacks(Vec::new()));
    assert_eq!(listed(rig.get("/api/call-backs").await.json()), 0);
}

#[tokio::test]
async fn a_promise_that_stands_is_taken_back_and_another_is_not_found() {
    let mut rig = Rig::signed_in().await;
    rig.app.board.hear(&Event::CallBacks(vec![owed(1)]));
    for unknown in ["me", "00000000-0000-0000-0000-000000000002"] {
        let answer = rig.delete(&format!("/api/call-backs/{unknown}")).await;
        assert_eq!(answer.problem(), "not-found", "{unknown}");
    }
    let path = format!("/api/call-backs/{}", Uuid::from_u128(1));
    assert_eq!(rig.delete(&path).await.status, StatusCode::ACCEPTED);
    assert_eq!(rig.delete(&path).await.problem(), "busy");
    assert_eq!(rig.call_backs.try_recv().unwrap(), Uuid::from_u128(1));
    rig.cookie = None;
    assert_eq!(rig.delete(&path).await.problem(), "signed-out");
}
