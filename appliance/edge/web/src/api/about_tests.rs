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
async fn terms_of_a_package_come_with_the_shared_licences_they_name() {
    let mut rig = Rig::signed_in().await;
    let share = rig.folder.path().join("share");
    for (file, text) in [
        (
            "doc/kmod/copyright",
            "GPL: see /usr/share/common-licenses/GPL-2.",
        ),
        ("common-licenses/GPL-2", "GNU GENERAL PUBLIC LICENSE"),
    ] {
        let file = share.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let terms = rig.get("/api/about/terms/kmod").await;
    assert_eq!(terms.status, StatusCode::OK);
    let text = String::from_utf8(terms.bytes).unwrap();
    assert!(text.starts_with("GPL: see") && text.ends_with("GNU GENERAL PUBLIC LICENSE"));
    for missing in ["bash", "..", "%2e%2e%2fcommon-licenses"] {
        let missing = rig.get(&format!("/api/about/terms/{missing}")).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_the_box_is_made_of_is_told_to_nobody_outside() {
    let mut rig = Rig::new().await;
    for path in ["/api/about", "/api/about/bill", "/api/about/terms/kmod"] {
        assert_eq!(rig.get(path).await.status, StatusCode::UNAUTHORIZED);
    }
}
