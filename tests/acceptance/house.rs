//! The picture in ARCHITECTURE.md cannot lie: its house block is compared with `cargo tree`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use rig::root;

type House = BTreeMap<String, BTreeSet<String>>;

/// Outside crates the pure core may use; anything else is a wall broken.
const CORE_MAY_USE: &[&str] = &[
    "aes",
    "hmac",
    "md-5",
    "memchr",
    "opus",
    "postcard",
    "rand_chacha",
    "rand_core",
    "roxmltree",
    "rtcp-types",
    "rtp-rs",
    "serde",
    "serde_json",
    "sha1",
    "sha2",
    "thiserror",
    "toml",
    "tracing",
    "uuid",
    "zstd",
];
const CORE: &[&str] = &["sip", "media", "call", "centre", "sync"];

fn drawn() -> House {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let block = text.split("```house\n").nth(1).expect("a house block");
    let block = block.split("```").next().expect("its end");
    block
        .lines()
        .map(|line| {
            let (name, imports) = line.split_once("->").expect("`crate -> imports`");
            let imports = imports.split_whitespace().filter(|word| *word != "(none)");
            (name.trim().to_owned(), imports.map(str::to_owned).collect())
        })
        .collect()
}

/// Every workspace crate's direct dependencies: ours and all.
fn built() -> (House, House) {
    let tree = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "--workspace",
            "--no-dedupe",
            "--depth",
            "1",
            "--prefix",
            "depth",
        ])
        .args(["-e", "normal", "-f", " {p}", "--offline", "--locked"])
        .output()
        .expect("cargo tree runs");
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let (mut ours, mut all) = (House::new(), House::new());
    let mut open: Option<String> = None;
    for line in String::from_utf8_lossy(&tree.stdout).lines() {
        let Some((depth, package)) = line.split_once(' ') else {
            continue;
        };
        let name = package
            .split_whitespace()
            .next()
            .expect("a name")
            .to_owned();
        let inside = ["/appliance/", "/board"].iter().any(|home| {
            // A checkout may lie in a folder of any name: what stands below the root counts.
            let place = package.split_once(&*root().to_string_lossy());
            place.is_some_and(|(_, below)| below.starts_with(home))
        });
        match (depth, &open) {
            ("0", _) if inside => {
                ours.entry(name.clone()).or_default();
                all.entry(name.clone()).or_default();
                open = Some(name);
            }
            ("0", _) => open = None,
            (_, Some(owner)) => {
                all.entry(owner.clone()).or_default().insert(name.clone());
                if inside {
                    ours.entry(owner.clone()).or_default().insert(name);
                }
            }
            _ => {}
        }
    }
    (ours, all)
}

#[test]
fn the_house_block_is_what_cargo_builds() {
    assert_eq!(drawn(), built().0);
}

#[test]
fn the_core_uses_only_pure_crates() {
    let (ours, all) = built();
    for name in CORE {
        let foreign: Vec<_> = all[*name]
            .difference(&ours[*name])
            .filter(|import| !CORE_MAY_USE.contains(&import.as_str()))
            .collect();
        assert!(
            foreign.is_empty(),
            "`{name}` imports {foreign:?}, which the core may not use"
        );
    }
}
