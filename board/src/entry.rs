//! Boot entries: file names on the EFI partition that say which slot boots next and how often it may try.
//!
//! systemd-boot counts in names (the Automatic Boot Assessment): `branchline-7-b+4-1.efi` is the seventh choice made,
//! slot B, four tries left, one spent. The loader takes the entry with the highest number that has a try left, and
//! renames it before it starts it. What is decided here are renames; whoever owns the partition does them.

use std::fmt;
use std::str::FromStr;

use crate::Slot;

/// Start of every name of ours; other files on the partition are nobody's business.
const PREFIX: &str = "branchline-";
const SUFFIX: &str = ".efi";
/// Numbers beyond this were not written by us.
const MAX_NUMBER: u32 = 999_999_999;
/// What a spent entry says it used; any number but none keeps it from being tried.
const SPENT: u8 = 1;

/// One entry, as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The choice's number: the highest that may be tried boots.
    pub number: u32,
    pub slot: Slot,
    /// `None`: not counted, always bootable. Never written by us, met after foreign hands.
    pub left: Option<u8>,
    /// Tries spent since it was last armed.
    pub done: u8,
}

/// A file to be renamed; both names lie in the folder of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    pub from: String,
    pub to: String,
}

/// The names of a folder that are entries of ours.
#[derive(Clone, Debug, Default)]
pub struct Entries(Vec<(Entry, String)>);

impl Entry {
    /// Whether the loader would start it.
    #[must_use]
    pub fn bootable(&self) -> bool {
        self.left != Some(0)
    }

    /// The name under which a slot's new kernel waits: it cannot boot until its slot is chosen.
    #[must_use]
    pub fn waiting(slot: Slot) -> Self {
        Self {
            number: 0,
            slot,
            left: Some(0),
            done: SPENT,
        }
    }

    fn armed(self, tries: u8) -> Self {
        Self {
            left: Some(tries),
            done: 0,
            ..self
        }
    }

    fn spent(self) -> Self {
        Self {
            left: Some(0),
            done: self.done.max(SPENT),
            ..self
        }
    }
}

impl Entries {
    /// Takes a folder's file names; what is not ours is left alone.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut entries: Vec<_> = names
            .into_iter()
            .filter_map(|name| Some((name.parse::<Entry>().ok()?, name.to_owned())))
            .collect();
        entries.sort_by(|(a, an), (b, bn)| (a.number, an).cmp(&(b.number, bn)));
        Self(entries)
    }

    /// The entry the loader would start: the highest number with a try left.
    #[must_use]
    pub fn primary(&self) -> Option<Entry> {
        let bootable = self
            .0
            .iter()
            .map(|(entry, _)| *entry)
            .filter(Entry::bootable);
        bootable.max_by_key(|entry| entry.number)
    }

    /// The entry of a slot; where a cut left two, the one with the higher number.
    #[must_use]
    pub fn of(&self, slot: Slot) -> Option<Entry> {
        self.named(slot).map(|(entry, _)| *entry)
    }

    /// Every file name of a slot, for whoever lays a new kernel in.
    pub fn names(&self, slot: Slot) -> impl Iterator<Item = &str> {
        let of_slot = self.0.iter().filter(move |(entry, _)| entry.slot == slot);
        of_slot.map(|(_, name)| name.as_str())
    }

    /// Makes a slot the one that boots next, with all its tries. Nothing where it is that already and may be tried.
    #[must_use]
    pub fn choose(&self, slot: Slot, tries: u8) -> Option<Rename> {
        let (entry, name) = self.named(slot)?;
        let highest = self.0.last().map_or(0, |(entry, _)| entry.number);
        let ties = self
            .0
            .iter()
            .filter(|(other, _)| other.number == highest)
            .count()
            > 1;
        let first = entry.number == highest && !ties;
        let number = if first {
            entry.number
        } else {
            (highest + 1).min(MAX_NUMBER)
        };
        rename(name, Entry { number, ..*entry }.armed(tries))
    }

    /// Grants a slot all its tries again; which one boots first stays as it is.
    #[must_use]
    pub fn arm(&self, slot: Slot, tries: u8) -> Option<Rename> {
        let (entry, name) = self.named(slot)?;
        rename(name, entry.armed(tries))
    }

    /// Takes a slot out: it cannot boot until it is chosen again.
    #[must_use]
    pub fn spend(&self, slot: Slot) -> Option<Rename> {
        let (entry, name) = self.named(slot)?;
        rename(name, entry.spent())
    }

    fn named(&self, slot: Slot) -> Option<&(Entry, String)> {
        self.0.iter().rev().find(|(entry, _)| entry.slot == slot)
    }
}

impl FromStr for Entry {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let inner = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_suffix(SUFFIX))
            .ok_or(())?;
        let (inner, counts) = match inner.split_once('+') {
            Some((inner, counts)) => (inner, Some(counts)),
            None => (inner, None),
        };
        let (number, slot) = inner.split_once('-').ok_or(())?;
        let number = digits(number)
            .filter(|number| *number <= MAX_NUMBER)
            .ok_or(())?;
        let slot = Slot::BOTH
            .into_iter()
            .find(|one| slot == one.letter().to_string())
            .ok_or(())?;
        let (left, done) =
            match counts.map(|counts| counts.split_once('-').unwrap_or((counts, "0"))) {
                // The loader counts in whole numbers; we never grant more than a digit's worth.
                Some((left, done)) => (Some(count(left)?), count(done)?),
                None => (None, 0),
            };
        Ok(Self {
            number,
            slot,
            left,
            done,
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}-{}", self.number, self.slot.letter())?;
        match (self.left, self.done) {
            (None, _) => {}
            (Some(left), 0) => write!(f, "+{left}")?,
            (Some(left), done) => write!(f, "+{left}-{done}")?,
        }
        f.write_str(SUFFIX)
    }
}

fn rename(from: &str, to: Entry) -> Option<Rename> {
    let to = to.to_string();
    (from != to).then(|| Rename {
        from: from.to_owned(),
        to,
    })
}

/// Digits alone: `u32::from_str` would take a sign.
fn digits(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn count(text: &str) -> Result<u8, ()> {
    digits(text)
        .and_then(|count| count.try_into().ok())
        .ok_or(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(names: &[&str]) -> Entries {
        Entries::new(names.iter().copied())
    }

    /// Names after a rename.
    fn after(names: &[String], change: Option<&Rename>) -> Vec<String> {
        let renamed = |name: &String| {
            change
                .filter(|change| change.from == *name)
                .map_or_else(|| name.clone(), |change| change.to.clone())
        };
        names.iter().map(renamed).collect()
    }

    /// What systemd-boot 252 starts: entries without a try left sort last, then the higher version of the name first.
    fn loader_starts(names: &[String]) -> Option<Slot> {
        let entries = names.iter().filter_map(|name| name.parse::<Entry>().ok());
        let mut sorted: Vec<_> = entries.collect();
        sorted.sort_by_key(|entry| (entry.left == Some(0), std::cmp::Reverse(entry.number)));
        // With none left it would take the first all the same: the box answers that by spending no more.
        sorted
            .first()
            .filter(|entry| entry.bootable())
            .map(|entry| entry.slot)
    }

    #[test]
    fn names_read_back_and_foreign_files_are_none_of_ours() {
        for name in [
            "branchline-1-a+5.efi",
            "branchline-12-b+4-1.efi",
            "branchline-0-b+0-1.efi",
            "branchline-3-a.efi",
        ] {
            assert_eq!(name.parse::<Entry>().unwrap().to_string(), name);
        }
        for name in [
            "branchline-1-c+5.efi",
            "branchline--a.efi",
            "branchline-+1-a.efi",
            "branchline-1-a+x.efi",
            "linux.efi",
            "branchline-1-a+999.efi",
            "branchline-9999999999-a.efi",
            ".new",
        ] {
            assert!(name.parse::<Entry>().is_err(), "{name}");
        }
    }

    #[test]
    fn an_update_boots_next_and_the_old_slot_stays_behind_it() {
        let start = ["branchline-1-a+5.efi", "branchline-0-b+0-1.efi"];
        let change = entries(&start).choose(Slot::B, 5).unwrap();
        assert_eq!(change.to, "branchline-2-b+5.efi");
        let names = after(&start.map(str::to_owned), Some(&change));
        assert_eq!(loader_starts(&names), Some(Slot::B));
        assert_eq!(
            Entries::new(names.iter().map(String::as_str)).choose(Slot::B, 5),
            None,
            "chosen twice is chosen once"
        );
    }

    #[test]
    fn a_slot_that_spent_its_tries_gives_way_to_the_other() {
        let names = [
            "branchline-1-a+5.efi".to_owned(),
            "branchline-2-b+0-5.efi".to_owned(),
        ];
        assert_eq!(loader_starts(&names), Some(Slot::A));
        let entries = Entries::new(names.iter().map(String::as_str));
        assert_eq!(entries.primary().unwrap().slot, Slot::A);
        assert!(!entries.of(Slot::B).unwrap().bootable());
    }

    #[test]
    fn a_spent_slot_that_is_chosen_again_boots_again() {
        let change = entries(&["branchline-1-a+5.efi", "branchline-2-b+0-5.efi"])
            .choose(Slot::B, 5)
            .unwrap();
        assert_eq!(change.to, "branchline-2-b+5.efi");
    }

    #[test]
    fn a_healthy_start_grants_every_try_again() {
        let change = entries(&["branchline-1-a+5.efi", "branchline-2-b+3-2.efi"])
            .arm(Slot::B, 5)
            .unwrap();
        assert_eq!(
            (change.from.as_str(), change.to.as_str()),
            ("branchline-2-b+3-2.efi", "branchline-2-b+5.efi")
        );
    }

    fn any_entry() -> impl Strategy<Value = String> {
        (0_u32..50, any::<bool>(), 0_u8..6, 0_u8..6).prop_map(|(number, b, left, done)| {
            let slot = if b { Slot::B } else { Slot::A };
            Entry {
                number,
                slot,
                left: Some(left),
                done,
            }
            .to_string()
        })
    }

    proptest! {
        #[test]
        fn primary_is_what_the_loader_starts(names in prop::collection::btree_set(any_entry(), 0..5)) {
            let names: Vec<_> = names.into_iter().collect();
            let entries = Entries::new(names.iter().map(String::as_str));
            let tied = names.iter().filter_map(|name| name.parse::<Entry>().ok()).any(|one| {
                one.bootable() && entries.primary().is_some_and(|first| first.number == one.number && first.slot != one.slot)
            });
            prop_assume!(!tied);
            prop_assert_eq!(entries.primary().map(|entry| entry.slot), loader_starts(&names));
        }

        /// Each change is one rename, so a power cut leaves the state before it or the state after it: both boot.
        #[test]
        fn whatever_is_done_something_bootable_stays(
            names in prop::collection::btree_set(any_entry(), 1..4), acts in prop::collection::vec((0_u8..2, any::<bool>()), 0..12),
        ) {
            let mut names: Vec<_> = names.into_iter().collect();
            for (act, b) in acts {
                let slot = if b { Slot::B } else { Slot::A };
                let entries = Entries::new(names.iter().map(String::as_str));
                let before = entries.primary();
                let change = if act == 0 { entries.choose(slot, 5) } else { entries.arm(slot, 5) };
                names = after(&names, change.as_ref());
                if act == 0 && change.is_some() {
                    prop_assert_eq!(loader_starts(&names), Some(slot));
                }
                prop_assert!(before.is_none() || loader_starts(&names).is_some());
            }
        }
    }
}
