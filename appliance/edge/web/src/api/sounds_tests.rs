//! Sound devices on the page: listed, told what to do, and what cannot be told.

use axum::http::StatusCode;
use serde_json::json;

use crate::rig::Rig;
use crate::wire::sounds::{CardLine, SoundAct, SoundLine};

#[tokio::test]
async fn sound_devices_are_listed_with_why_a_card_is_absent() {
    let mut rig = Rig::signed_in().await;
    let absent = CardLine {
        absent: Some("there is no such card".to_owned()),
        ..CardLine::default()
    };
    *rig.sounds.lock().unwrap() = vec![SoundLine {
        device: "radio".to_owned(),
        capture: Some(absent),
        ..SoundLine::default()
    }];
    let seen = rig.get("/api/audio").await.json();
    let card = &seen["devices"][0]["capture"];
    assert_eq!(card["absent"], "there is no such card");
    assert_eq!(seen["devices"][0]["playback"], serde_json::Value::Null);
    let answer = rig
        .post("/api/audio/radio", &json!({"act": "answer"}))
        .await;
    assert_eq!(answer.problem(), "not-found", "a line in is no phone");
}

#[tokio::test]
async fn phone_of_the_box_is_told_to_dial_and_only_what_can_be_dialled() {
    let mut rig = Rig::signed_in().await;
    *rig.sounds.lock().unwrap() = vec![SoundLine {
        device: "door".to_owned(),
        is_phone: true,
        ..SoundLine::default()
    }];
    for to in ["", "1 2", "sip:a@b", "\r\nVia: x"] {
        let wish = json!({"act": "dial", "to": to});
        let answer = rig.post("/api/audio/door", &wish).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{to}");
    }
    let answer = rig.post("/api/audio/door", &json!({"act": "dial"})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let told = rig.sound_wishes.try_recv().unwrap();
    assert_eq!(told.device, "door");
    assert_eq!(told.act, SoundAct::Dial { to: None });
}
