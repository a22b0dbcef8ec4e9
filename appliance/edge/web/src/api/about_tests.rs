//! What the box says of itself, and its bill of materials.

use axum::http::StatusCode;

use crate::rig::Rig;

#[tokio::test]
async fn box_says_version_board_and_variant_of_its_image() {
    let mut rig = Rig::signed_in().await;
    let about = rig.get("/api/about").await.json();
    assert_eq!(about["version"], "4.5.6");
    assert_eq!(about["image"]["board"], "x86-64");
    assert_eq!(about["image"]["variant"], "release");
}

#[tokio::test]
async fn last_update_is_told_with_how_far_it_is_and_why_it_ended() {
    let mut rig = Rig::signed_in().await;
    let file = rig.folder.path().join("update.json");
    assert!(rig.get("/api/about").await.json()["image"]["update"].is_null());
    let text = r#"{"phase":"rolled_back","source":"https://updates.example/x","version":"4.5.7","floor":2,"slot":"B",
                   "percent":100,"why":"call: no sound","since_unix_ms":1795000000000}"#;
    std::fs::write(&file, text).unwrap();
    let told = &rig.get("/api/about").await.json()["image"]["update"];
    assert_eq!(told["phase"], "rolled_back");
    assert_eq!(told["version"], "4.5.7");
    assert_eq!(told["why"], "call: no sound");
    assert!(
        told["source"].is_null(),
        "where it came from may hold a secret"
    );
    std::fs::write(&file, "{\"phase\":").unwrap();
    assert!(rig.get("/api/about").await.json()["image"]["update"].is_null());
}

#[tokio::test]
async fn bill_of_materials_is_sent_as_it_lies_in_the_image() {
    let mut rig = Rig::signed_in().await;
    let none = rig.get("/api/about/bill").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert_eq!(none.problem(), "not-found");
    let text = br#"{"bomFormat":"CycloneDX"}"#;
    std::fs::write(rig.folder.path().join("sbom.cdx.json"), text).unwrap();
    let bill = rig.get("/api/about/bill").await;
    assert_eq!(bill.bytes, text);
    assert!(bill.header("content-type").contains("cyclonedx"));
    assert!(bill.header("content-disposition").starts_with("attachment"));
}

#[tokio::test]
async fn what_the_box_is_made_of_is_told_to_nobody_outside() {
    let mut rig = Rig::new().await;
    for path in ["/api/about", "/api/about/bill"] {
        assert_eq!(rig.get(path).await.status, StatusCode::UNAUTHORIZED);
    }
}
