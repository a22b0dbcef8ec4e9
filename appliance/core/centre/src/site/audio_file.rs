//! `audio` of a device and the `[line_in.NAME]` tables as they were written.

use super::audio::{Answer, Audio};
use super::file::check_name;
use super::limits::{MAX_FIELD_BYTES, MAX_LINES_IN};
use super::number_file::check_dialled;
use super::table::{Reader, Table};
use super::text::shorten;
use crate::flow::draft::Spot;

#[derive(Clone, Debug)]
pub(super) struct LineInFile {
    pub(super) name: Spot,
    pub(super) capture: String,
    pub(super) otherwise: Option<Spot>,
}

const ANSWERS: [(&str, Answer); 2] = [("at_once", Answer::AtOnce), ("ring", Answer::Ring)];

/// The cards of a device; `None` where it is a phone of somebody else's.
pub(super) fn audio<'t>(reader: &mut Reader<'t, '_>, device: &Table<'t>) -> Option<Audio> {
    let keys = ["playback", "capture", "answer", "call"];
    let table = reader.table(device, "audio", &keys)?;
    let playback = card(reader, &table, "playback");
    let capture = card(reader, &table, "capture");
    if playback.is_none() && capture.is_none() {
        let hint = "add playback = \"default\", capture = \"default\", or both";
        let message = format!("{} names no card", table.name);
        reader.notes.error(table.at, message, hint);
    }
    for key in ["password", "nets"] {
        if device.has(key) {
            let message = format!(
                "{} is the box's own phone and needs no `{key}`",
                device.name
            );
            reader
                .notes
                .error(device.at, message, format!("remove `{key}`"));
        }
    }
    let call = reader.string(&table, "call");
    if let Some(call) = &call {
        check_dialled(reader, call);
    }
    Some(Audio {
        playback,
        capture,
        answer: reader
            .choice(&table, "answer", &ANSWERS)
            .unwrap_or_default(),
        call: call.map(|spot| spot.text),
    })
}

pub(super) fn lines_in<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<LineInFile> {
    let mut lines = Vec::new();
    for (name, table) in reader.tables(root, "line_in", &["capture", "otherwise"], MAX_LINES_IN) {
        check_name(reader, &name);
        let capture = card(reader, &table, "capture");
        if !table.has("capture") {
            let hint = "add capture = \"hw:1\": the card, as ALSA names it";
            reader.missing(&table, "capture", hint);
        }
        let otherwise = reader.string(&table, "otherwise");
        lines.push(LineInFile {
            name,
            capture: capture.unwrap_or_default(),
            otherwise,
        });
    }
    lines
}

/// The name of a card.
fn card<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>, key: &str) -> Option<String> {
    let spot = reader.string(table, key)?;
    let fits = (1..=MAX_FIELD_BYTES).contains(&spot.text.len());
    if !fits || spot.text.chars().any(char::is_control) {
        let message = format!("`{}` is no card", shorten(&spot.text));
        let hint = "a name of ALSA's, such as `default` or `plughw:1`; `aplay -L` lists them";
        reader.notes.error(spot.at, message, hint);
    }
    Some(spot.text)
}
