//! Good and bad manifests; missing and altered files.

use super::*;

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn text(path: &str, sha256: &str, bytes: u64) -> String {
    format!(
        "[[pack]]\nname = \"tiny\"\nengine = \"silero\"\nsample_rate = 8000\ndialects = [\"zh\"]\n\
         licence = \"MIT\"\nsource = \"here\"\n[pack.files]\n\
         model = {{ path = {path:?}, sha256 = {sha256:?}, bytes = {bytes} }}\n"
    )
}

fn message<T: std::fmt::Debug>(result: Result<T, SpeechError>) -> String {
    result.unwrap_err().to_string()
}

fn packs(content: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("tiny")).unwrap();
    std::fs::write(dir.path().join("tiny/m.onnx"), content).unwrap();
    dir
}

#[test]
fn a_whole_file_is_found_and_trusted() {
    let dir = packs(b"abc");
    let manifest = Manifest::parse(&text("m.onnx", ABC, 3), Path::new("manifest.toml")).unwrap();
    let pack = manifest.default_pack(&Engine::Silero).unwrap();
    assert_eq!(
        manifest.verified(pack, "model", dir.path()).unwrap(),
        dir.path().join("tiny/m.onnx")
    );
}

#[test]
fn a_missing_an_altered_and_a_short_file_are_named_with_a_hint() {
    let manifest = Manifest::parse(&text("m.onnx", ABC, 3), Path::new("manifest.toml")).unwrap();
    let pack = manifest.pack("tiny").unwrap();
    for (content, expected) in [
        (&b"abd"[..], "has sha256"),
        (b"ab", "has 2 bytes, the manifest says 3"),
    ] {
        let dir = packs(content);
        let said = message(manifest.verified(pack, "model", dir.path()));
        assert!(
            said.contains(expected) && said.contains("m.onnx") && said.contains("hint:"),
            "{said}"
        );
    }
    let said = message(manifest.verified(pack, "model", Path::new("/nonexistent")));
    assert!(
        said.contains("tiny/m.onnx: is missing") && said.contains("hint: install the packs"),
        "{said}"
    );
    assert!(
        message(manifest.verified(pack, "decoder", Path::new("/")))
            .contains("names no file for \"decoder\"")
    );
    assert!(message(manifest.pack("huge")).contains("it has: tiny"));
}

#[test]
fn a_pack_may_lie_beside_the_manifest() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("silero")).unwrap();
    std::fs::write(dir.path().join("silero/m.onnx"), b"abc").unwrap();
    let manifest =
        Manifest::parse(&text("m.onnx", ABC, 3), &dir.path().join("manifest.toml")).unwrap();
    let pack = manifest.pack("tiny").unwrap();
    let found = manifest
        .verified(pack, "model", Path::new("/nonexistent"))
        .unwrap();
    assert_eq!(found, dir.path().join("silero/m.onnx"));
}

#[test]
fn malformed_manifests_say_where() {
    let file = Path::new("m.toml");
    let said = message(Manifest::parse("[[pack]]\nname = 3\n", file));
    assert!(said.contains("line 2") && said.contains("m.toml"), "{said}");
    for path in ["../x", "/etc/passwd", "", "a/../../b"] {
        let said = message(Manifest::parse(&text(path, ABC, 3), file));
        assert!(said.contains("must stay below"), "{path}: {said}");
    }
    assert!(message(Manifest::parse(&text("m", "abc", 3), file)).contains("64 hexadecimal digits"));
    assert!(message(Manifest::parse(&text("m", ABC, u64::MAX >> 1), file)).contains("too many"));
    let twice = text("m", ABC, 3).repeat(2);
    assert!(message(Manifest::parse(&twice, file)).contains("is there twice"));
    assert!(
        message(Manifest::load(Path::new("/nonexistent/manifest.toml")))
            .contains("hint: name the manifest")
    );
}

#[test]
fn an_engine_for_someone_else_is_kept_but_not_ours() {
    let text = text("m", ABC, 3).replace("silero", "e5");
    let manifest = Manifest::parse(&text, Path::new("m.toml")).unwrap();
    assert_eq!(manifest.packs()[0].engine, Engine::Other("e5".into()));
    assert!(manifest.default_pack(&Engine::Silero).is_none());
}
