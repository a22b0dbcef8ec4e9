//! With the real `rauc` and bundles signed here; where it is not installed that is printed. Writing and starting are
//! proved in a machine by `tests/image`.

use std::fs;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use super::*;

const OURS: &str = "branchline-x86-64";

/// Who signs bundles: an authority and its signer, as files.
struct Signer(tempfile::TempDir);

impl Signer {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let named = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let root_key = KeyPair::generate().unwrap();
        let mut root = named("authority");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let root_pem = root.clone().self_signed(&root_key).unwrap().pem();
        let key = KeyPair::generate().unwrap();
        let mut signer = named("signer");
        signer.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let issuer = Issuer::new(root, root_key);
        let pem = signer.signed_by(&key, &issuer).unwrap().pem();
        for (name, text) in [
            ("authority.pem", root_pem),
            ("signer.pem", pem),
            ("signer.key", key.serialize_pem()),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let conf = format!(
            "[system]\ncompatible={OURS}\nbootloader=noop\nstatusfile={0}/status\n\n[keyring]\npath={0}/authority.pem\n\n[slot.rootfs.0]\ndevice={0}/a\n",
            dir.path().display()
        );
        fs::write(dir.path().join("system.conf"), conf).unwrap();
        Self(dir)
    }

    fn rauc(&self) -> Rauc {
        Rauc {
            conf: Some(self.0.path().join("system.conf")),
        }
    }

    fn bundle(&self, name: &str, update: &str) -> PathBuf {
        let dir = self.0.path().join(name);
        fs::create_dir(&dir).unwrap();
        // It must not shrink: RAUC wants more than one block.
        let root: Vec<u8> = (0..512).flat_map(|_| crate::seed().unwrap()).collect();
        fs::write(dir.join("root.img"), root).unwrap();
        let manifest = format!(
            "[update]\n{update}\n\n[bundle]\nformat=verity\n\n[image.rootfs]\nfilename=root.img\n"
        );
        fs::write(dir.join("manifest.raucm"), manifest).unwrap();
        let file = self.0.path().join(format!("{name}.raucb"));
        let at = |name: &str| self.0.path().join(name).display().to_string();
        let made = Command::new("rauc")
            .arg("bundle")
            .arg(format!("--cert={}", at("signer.pem")))
            .arg(format!("--key={}", at("signer.key")))
            .arg(format!("--keyring={}", at("authority.pem")))
            .args([&dir, &file])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        file
    }

    fn check(&self, file: &Path, floor: u32) -> Result<Step, Refusal> {
        check(&self.rauc(), file, OURS, floor).unwrap()
    }
}

fn is_installed() -> bool {
    let found = ["rauc", "mksquashfs"]
        .iter()
        .all(|tool| Command::new(tool).arg("-version").output().is_ok());
    if !found {
        println!("not run: rauc and mksquashfs are not installed");
    }
    found
}

#[test]
fn bundles_of_ours_come_in_and_foreign_cut_strange_and_older_ones_are_refused() {
    if !is_installed() {
        return;
    }
    let (ours, stranger) = (Signer::new(), Signer::new());
    let good = ours.bundle(
        "good",
        &format!("compatible={OURS}\nversion=2.0.0\nbuild=floor-3"),
    );
    let accepted = Step::Accepted {
        version: "2.0.0".into(),
        floor: 3,
    };
    assert_eq!(ours.check(&good, 3), Ok(accepted));
    assert_eq!(
        ours.check(&good, 4),
        Err(Refusal::Older { theirs: 3, ours: 4 })
    );
    let foreign = stranger.check(&good, 0).unwrap_err();
    assert!(matches!(foreign, Refusal::Foreign { .. }), "{foreign}");
    let board = ours.bundle("board", "compatible=branchline-arm64\nversion=2.0.0");
    let board = ours.check(&board, 0).unwrap_err();
    assert!(matches!(board, Refusal::Board { .. }), "{board}");
    let bytes = fs::read(&good).unwrap();
    let cut = ours.0.path().join("cut.raucb");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let cut = ours.check(&cut, 0).unwrap_err();
    assert!(matches!(cut, Refusal::Unreadable { .. }), "{cut}");
    // A flipped bit of the signed manifest, which lies at the file's end.
    let at = bytes.windows(5).rposition(|five| five == b"2.0.0").unwrap();
    let mut changed = bytes;
    changed[at] = b'9';
    let file = ours.0.path().join("changed.raucb");
    fs::write(&file, changed).unwrap();
    assert!(ours.check(&file, 0).is_err());
}

#[tokio::test]
async fn a_refusal_is_written_down_with_its_reason_and_ends_with_its_own_status() {
    if !is_installed() {
        return;
    }
    let (ours, stranger) = (Signer::new(), Signer::new());
    let system = tempfile::tempdir().unwrap();
    let at = |name: &str| system.path().join(name);
    let board = Board::parse(
        include_str!("../../../../board/common/board.toml"),
        include_str!("../../../../board/x86-64/board.toml"),
    );
    fs::write(at("board.toml"), board.unwrap().to_toml().unwrap()).unwrap();
    fs::write(at("cmdline"), "ro branchline.slot=A").unwrap();
    let file = stranger.bundle("foreign", &format!("compatible={OURS}\nversion=6.6.6"));
    let args = UpdateArgs {
        source: Some(file.display().to_string()),
        now: true,
        system: system.path().to_owned(),
        board: at("board.toml"),
        command_line: at("cmdline"),
        rauc_conf: ours.rauc().conf,
        verb: None,
    };
    assert!(!run(&args).await.unwrap());
    let place = Place(system.path().to_owned());
    let update = place.update().unwrap().unwrap();
    assert_eq!((update.phase, update.slot), (Phase::Refused, 'B'));
    assert!(update.why.unwrap().contains("signed by nobody"));
    let again = UpdateArgs {
        verb: Some(UpdateVerb::Switch { if_written: false }),
        ..args
    };
    let waits = run(&again);
    assert!(
        waits
            .await
            .unwrap_err()
            .to_string()
            .contains("no update waits")
    );
}

#[test]
fn a_good_start_of_the_new_slot_raises_the_floor_and_one_of_the_old_slot_says_why() {
    let trying = |place: &Place| {
        let mut update = Update::asked("x", 'B', 0);
        for step in [
            Step::Accepted {
                version: "2.0.0".into(),
                floor: 4,
            },
            Step::Written,
            Step::Drain,
            Step::Armed,
        ] {
            place.step(&mut update, step).unwrap();
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let place = Place(dir.path().to_owned());
    came_up(&place.0, Slot::A);
    assert_eq!(place.update().unwrap(), None);
    assert!(!is_tried(&place, Some("2.0.0")));
    trying(&place);
    assert!(is_tried(&place, Some("2.0.0")), "it must prove itself");
    assert!(!is_tried(&place, Some("1.0.0")), "the one that came back");
    assert!(!is_tried(&place, None), "no image at all");
    came_up(&place.0, Slot::B);
    assert!(!is_tried(&place, Some("2.0.0")), "it has proved itself");
    assert_eq!(place.update().unwrap().unwrap().phase, Phase::Healthy);
    assert_eq!(place.floor().unwrap(), 4);
    place.raise(2).unwrap();
    assert_eq!(place.floor().unwrap(), 4);

    trying(&place);
    let report = r#"{"healthy":false,"checks":[{"name":"sip","failed":null},{"name":"call","failed":"no sound"}]}"#;
    fs::write(dir.path().join("boot-report.json"), report).unwrap();
    came_up(&place.0, Slot::A);
    let update = place.update().unwrap().unwrap();
    assert_eq!(update.phase, Phase::RolledBack);
    assert_eq!(update.why.as_deref(), Some("call: no sound"));
}

#[test]
fn a_floor_that_cannot_be_read_lets_nothing_in_and_only_one_updates_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place(dir.path().to_owned());
    fs::write(dir.path().join("floor"), "damaged").unwrap();
    assert!(
        place
            .floor()
            .unwrap_err()
            .to_string()
            .contains("holds no number")
    );
    let held = place.lock().unwrap();
    assert!(
        place
            .lock()
            .unwrap_err()
            .to_string()
            .contains("another update")
    );
    drop(held);
    place.lock().unwrap();
}
