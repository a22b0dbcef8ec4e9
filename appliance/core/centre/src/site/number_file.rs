//! The `[number."..."]` tables as they were written: where calls to a number lead.

use std::time::Duration;

use super::file::check_name;
use super::limits::{MAX_LEVEL, MAX_NUMBERS, RING_FOR, RING_TIME};
use super::table::{Reader, Table};
use super::text::shorten;
use crate::flow::draft::Spot;

#[derive(Clone, Debug)]
pub(super) struct NumberFile {
    pub(super) dialled: Spot,
    /// The key that says where it leads, and the name there.
    pub(super) door: Option<(&'static str, Spot)>,
    pub(super) level: u8,
    pub(super) ring: Duration,
    pub(super) then: Option<Spot>,
}

const DOORS: [&str; 4] = ["flow", "queue", "device", "agent"];

pub(super) fn numbers<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<NumberFile> {
    let mut numbers = Vec::new();
    let keys = ["flow", "queue", "device", "agent", "level", "ring", "then"];
    for (dialled, table) in reader.tables(root, "number", &keys, MAX_NUMBERS) {
        if !is_dialled(&dialled.text) {
            let message = format!("`{}` cannot be dialled", shorten(&dialled.text));
            let hint = "[number.\"4000\"], or [number.\"*\"] for any";
            reader.notes.error(dialled.at, message, hint);
        }
        let doors: Vec<&str> = DOORS.into_iter().filter(|key| table.has(key)).collect();
        if doors.len() != 1 {
            let message = format!("{} needs a flow or a queue, one of them", table.name);
            let hint = "write flow = \"..\", queue = \"..\", device = \"..\" or agent = \"..\"";
            reader.notes.error(table.at, message, hint);
        }
        let door = doors
            .first()
            .and_then(|key| Some((*key, reader.string(&table, key)?)));
        let level = reader.number(&table, "level", (0, MAX_LEVEL)).unwrap_or(0);
        let ring = reader.span(&table, "ring", RING_TIME, RING_FOR);
        let then = reader.string(&table, "then");
        let rings = door
            .as_ref()
            .is_some_and(|(key, _)| matches!(*key, "device" | "agent"));
        for key in ["ring", "then"] {
            if table.has(key) && !rings {
                let message = format!("`{key}` is for a device or an agent");
                let hint = "a flow or a queue says itself what follows: remove it";
                reader.notes.error(table.at, message, hint);
            }
        }
        numbers.push(NumberFile {
            dialled,
            door,
            level: u8::try_from(level).unwrap_or(0),
            ring,
            then,
        });
    }
    numbers
}

/// What a caller may dial to reach us.
fn is_dialled(text: &str) -> bool {
    let is_key = |c: char| c.is_ascii_alphanumeric() || "+*#_-.".contains(c);
    (1..=64).contains(&text.len()) && text.chars().all(is_key)
}

/// A name that is also a number inside the branch: it must be possible to dial it.
pub(super) fn check_dialled(reader: &mut Reader<'_, '_>, spot: &Spot) {
    check_name(reader, spot);
    if !is_dialled(&spot.text) {
        let message = format!("`{}` cannot be dialled", shorten(&spot.text));
        let hint = "digits and latin letters, such as `1001`";
        reader.notes.error(spot.at, message, hint);
    }
}
