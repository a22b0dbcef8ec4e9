//! What a bundle says of itself, and whether this box takes it. Pure; `rauc` has checked the signature before.
//!
//! The floor stands in the manifest's `build` field as `floor-N`: RAUC keeps no other field of ours in what it signs
//! that its older releases would show. A bundle without one has floor 0.

use serde::Deserialize;

/// Start of the manifest's `build` where it states a floor.
const FLOOR: &str = "floor-";

/// The part of a signed manifest that decides.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Bundle {
    pub(super) compatible: String,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    build: Option<String>,
}

/// Why a bundle may not come in. Nothing was written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error(
        "the bundle is signed by nobody this box trusts ({said})\nhint: take the bundle from where this box came from"
    )]
    Foreign { said: String },
    #[error("this is no whole bundle ({said})\nhint: fetch it again, it may have been cut short")]
    Unreadable { said: String },
    #[error(
        "the bundle is for `{theirs}`, this box is `{ours}`\nhint: take the bundle of this board"
    )]
    Board { theirs: String, ours: String },
    #[error(
        "the bundle's floor is {theirs}, this box has gone beyond it: {ours}\nhint: releases below the floor have holes that are closed; take a newer one"
    )]
    Older { theirs: u32, ours: u32 },
    #[error("the bundle's floor `{0}` is not a number\nhint: it was built wrongly")]
    Floor(String),
}

impl Bundle {
    /// From what `rauc info --output-format=json` prints.
    pub(super) fn parse(json: &str) -> Result<Self, Refusal> {
        serde_json::from_str(json).map_err(|why| Refusal::Unreadable {
            said: why.to_string(),
        })
    }

    /// From the manifest's own text: the keys of `[update]`.
    pub(super) fn of_manifest(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim);
        let _heading = lines.by_ref().find(|line| *line == "[update]");
        let keys = lines.take_while(|line| !line.starts_with('['));
        let pairs: Vec<_> = keys.filter_map(|line| line.split_once('=')).collect();
        let value = |key: &str| {
            let found = pairs.iter().find(|(name, _)| name.trim() == key);
            found.map(|(_, value)| value.trim().to_owned())
        };
        Self {
            compatible: value("compatible").unwrap_or_default(),
            version: value("version"),
            build: value("build"),
        }
    }

    /// Boxes that ran this refuse bundles below it.
    pub(super) fn floor(&self) -> Result<u32, Refusal> {
        let stated = (self.build.as_deref()).and_then(|build| build.strip_prefix(FLOOR));
        stated.map_or(Ok(0), |number| {
            let digits = number.bytes().all(|byte| byte.is_ascii_digit());
            let bad = || Refusal::Floor(number.to_owned());
            number.parse().ok().filter(|_| digits).ok_or_else(bad)
        })
    }

    /// Whether it is for this board, and not below what the box has reached.
    pub(super) fn judge(&self, ours: &str, floor: u32) -> Result<(), Refusal> {
        if self.compatible != ours {
            return Err(Refusal::Board {
                theirs: self.compatible.clone(),
                ours: ours.to_owned(),
            });
        }
        self.above(floor)
    }

    /// Whether it is not below what the box has reached.
    pub(super) fn above(&self, floor: u32) -> Result<(), Refusal> {
        let theirs = self.floor()?;
        if theirs < floor {
            return Err(Refusal::Older {
                theirs,
                ours: floor,
            });
        }
        Ok(())
    }
}

/// Why `rauc info` would not show a bundle, from what it said last.
pub(super) fn refusal(said: &str) -> Refusal {
    let last = said
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let said = last.unwrap_or("no reason was given").to_owned();
    if said.contains("signature verification failed") {
        return Refusal::Foreign { said };
    }
    Refusal::Unreadable { said }
}

/// A line of `rauc install`: how far it is, and what it does.
pub(super) fn progress(line: &str) -> Option<(u8, &str)> {
    let (percent, what) = line.trim_start().split_once("% ")?;
    let percent = percent.parse().ok().filter(|percent| *percent <= 100)?;
    Some((percent, what.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(build: &str) -> Bundle {
        let json = format!(
            r#"{{"compatible":"branchline-x86-64","version":"2.0.0","description":null,"build":{build},"images":[]}}"#
        );
        Bundle::parse(&json).unwrap()
    }

    #[test]
    fn a_bundle_of_another_board_or_below_the_floor_is_refused_with_both_sides_named() {
        let three = bundle(r#""floor-3""#);
        assert_eq!(three.judge("branchline-x86-64", 3), Ok(()));
        let board = three.judge("branchline-arm64", 3).unwrap_err().to_string();
        assert!(board.contains("branchline-x86-64") && board.contains("branchline-arm64"));
        let older = three.judge("branchline-x86-64", 4).unwrap_err();
        assert_eq!(older, Refusal::Older { theirs: 3, ours: 4 });
        assert!(older.to_string().contains("hint:"));
    }

    #[test]
    fn a_floor_that_is_missing_is_zero_and_one_that_is_no_number_is_refused() {
        assert_eq!(bundle("null").floor(), Ok(0));
        assert_eq!(bundle(r#""2026-11""#).floor(), Ok(0));
        for odd in ["", "x", "-1", "+1", "99999999999"] {
            let bundle = bundle(&format!("\"floor-{odd}\""));
            assert_eq!(bundle.floor(), Err(Refusal::Floor(odd.into())));
        }
    }

    #[test]
    fn the_manifests_own_text_says_the_same() {
        let text = "[update]\ncompatible=branchline-x86-64\nversion=2.0.0\nbuild=floor-3\n\n[bundle]\nbuild=floor-9\n";
        let bundle = Bundle::of_manifest(text);
        assert_eq!(bundle.judge("branchline-x86-64", 3), Ok(()));
        assert_eq!(bundle.version.as_deref(), Some("2.0.0"));
        assert_eq!(bundle.above(4), Err(Refusal::Older { theirs: 3, ours: 4 }));
        assert_eq!(
            Bundle::of_manifest("[bundle]\nbuild=floor-9").floor(),
            Ok(0)
        );
    }

    #[test]
    fn what_rauc_says_becomes_the_reason() {
        let foreign = "rauc-Message: Reading bundle: x\n\
             signature verification failed: Verify error: self-signed certificate in certificate chain\n";
        assert!(
            matches!(refusal(foreign), Refusal::Foreign { said } if said.contains("self-signed"))
        );
        let cut = "Invalid bundle format: Signature size is 0\n";
        assert!(matches!(refusal(cut), Refusal::Unreadable { said } if said.contains("size is 0")));
        assert!(matches!(refusal(""), Refusal::Unreadable { .. }));
        assert!(matches!(
            Bundle::parse("{"),
            Err(Refusal::Unreadable { .. })
        ));
    }

    #[test]
    fn lines_of_the_installation_are_read_and_others_passed_over() {
        assert_eq!(
            progress(" 40% Checking bundle done.\n"),
            Some((40, "Checking bundle done."))
        );
        assert_eq!(
            progress("100% Installing done."),
            Some((100, "Installing done."))
        );
        for line in [
            "installing",
            "400% odd",
            "-1% odd",
            "% odd",
            "Installing `x` succeeded",
        ] {
            assert_eq!(progress(line), None, "{line}");
        }
    }
}
