//! Model packs as a read-only file system of their own: what the manifest calls default, each file held against it.
//!
//! No hash tree lies beside it: the manifest stands in the verified root, and the speech worker holds each file against
//! it once more before it opens one. So packs outlive updates, and a release takes only those it knows.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::seal;
use crate::shop::{Shop, sha256};

/// Below the repository's root; packs of our own lie beside it, in the folder of their engine.
const MANIFEST: &str = "models/manifest.toml";
/// The default packs shrink by a third; what zstd gains beyond this level is 3 % for ten times the work.
const PACKING: [&str; 4] = ["-comp", "zstd", "-Xcompression-level", "3"];

/// The part of the manifest that says what lies where.
#[derive(Deserialize)]
struct Manifest {
    pack: Vec<Pack>,
}

#[derive(Deserialize)]
struct Pack {
    name: String,
    engine: String,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    files: BTreeMap<String, Wanted>,
}

#[derive(Deserialize)]
struct Wanted {
    path: PathBuf,
    sha256: String,
}

/// `packs.img` of the default packs below `from`; one with nothing in it where none is given.
pub(crate) fn make(shop: &mut Shop, from: Option<&Path>) -> anyhow::Result<PathBuf> {
    shop.step(match from {
        Some(_) => "packs: default ones, held against the manifest",
        None => "packs: none",
    });
    let tree = shop.fresh("packs")?;
    if let Some(from) = from {
        fill(&tree, from, &shop.repo.join(MANIFEST))?;
    }
    let file = shop.out.join("packs.img");
    seal::squash(shop, &tree, &file, &PACKING)?;
    Ok(file)
}

fn fill(tree: &Path, from: &Path, manifest: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let stated: Manifest = toml::from_str(&text).with_context(|| manifest.display().to_string())?;
    let own = manifest.parent().unwrap_or_else(|| Path::new("."));
    for pack in stated.pack.iter().filter(|pack| pack.default) {
        for wanted in pack.files.values() {
            let places = [
                from.join(&pack.name).join(&wanted.path),
                own.join(&pack.engine).join(&wanted.path),
            ];
            let Some(place) = places.iter().find(|place| place.is_file()) else {
                bail!(
                    "pack `{}` has no `{}`\nhint: scripts/models fetches packs",
                    pack.name,
                    places[0].display()
                );
            };
            if !sha256(place)?.eq_ignore_ascii_case(&wanted.sha256) {
                bail!(
                    "`{}` is not what {MANIFEST} names\nhint: delete it, scripts/models fetches it again",
                    place.display()
                );
            }
            let to = tree.join(&pack.name).join(&wanted.path);
            fs::create_dir_all(to.parent().unwrap_or(tree))?;
            fs::copy(place, &to)?;
            fs::set_permissions(&to, fs::Permissions::from_mode(0o644))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(sha256: &str, weights: &[u8]) -> (tempfile::TempDir, anyhow::Result<()>) {
        let dir = tempfile::tempdir().unwrap();
        let pack = |name: &str, default: bool| {
            format!(
                "[[pack]]\nname = \"{name}\"\nengine = \"{name}\"\ndefault = {default}\n[pack.files]\n\
                 model = {{ path = \"in/model.onnx\", sha256 = \"{sha256}\", bytes = 7 }}\n"
            )
        };
        let manifest = dir.path().join("models/manifest.toml");
        fs::create_dir_all(dir.path().join("models/own/in")).unwrap();
        fs::create_dir_all(dir.path().join("packs/heard/in")).unwrap();
        let text = pack("heard", true) + &pack("own", true) + &pack("rare", false);
        fs::write(&manifest, text).unwrap();
        fs::write(dir.path().join("models/own/in/model.onnx"), weights).unwrap();
        fs::write(dir.path().join("packs/heard/in/model.onnx"), weights).unwrap();
        let done = fill(
            &dir.path().join("tree"),
            &dir.path().join("packs"),
            &manifest,
        );
        (dir, done)
    }

    fn sha(bytes: &[u8]) -> String {
        crate::shop::sha256_of(bytes)
    }

    #[test]
    fn default_packs_are_laid_out_by_name_wherever_they_lie() {
        let (dir, done) = world(&sha(b"weights"), b"weights");
        done.unwrap();
        for (pack, is_there) in [("heard", true), ("own", true), ("rare", false)] {
            let file = dir.path().join("tree").join(pack).join("in/model.onnx");
            assert_eq!(file.is_file(), is_there, "{pack}");
        }
    }

    #[test]
    fn a_file_that_is_not_the_manifests_is_named_and_refused() {
        let (_dir, done) = world(&sha(b"weights"), b"other weights");
        let why = done.unwrap_err().to_string();
        assert!(
            why.contains("heard/in/model.onnx") && why.contains("hint:"),
            "{why}"
        );
    }

    #[test]
    fn a_missing_file_is_named_with_the_way_to_it() {
        let (dir, _) = world(&sha(b"weights"), b"weights");
        let manifest = dir.path().join("models/manifest.toml");
        let why = fill(
            &dir.path().join("tree"),
            &dir.path().join("nowhere"),
            &manifest,
        );
        let why = why.unwrap_err().to_string();
        assert!(
            why.contains("`heard`") && why.contains("scripts/models"),
            "{why}"
        );
    }
}
