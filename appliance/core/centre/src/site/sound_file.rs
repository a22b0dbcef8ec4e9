//! How a trunk or a device is spoken with, as it was written: `codecs`, `srtp`, `dtmf`.

use call::{Codec, Keys, Srtp};

use super::Sound;
use super::diagnostic::did_you_mean;
use super::table::{Reader, Table};
use super::text::shorten;

/// The codecs by the names they have in a site.
const CODECS: [(&str, Codec); 4] = [
    ("opus", Codec::Opus),
    ("g722", Codec::G722),
    ("pcma", Codec::Pcma),
    ("pcmu", Codec::Pcmu),
];

const SRTP: [(&str, Srtp); 3] = [
    ("off", Srtp::Off),
    ("allow", Srtp::Allow),
    ("require", Srtp::Require),
];

const KEYS: [(&str, Keys); 4] = [
    ("auto", Keys::Auto),
    ("rfc4733", Keys::Events),
    ("info", Keys::Info),
    ("inband", Keys::Tones),
];

/// What is written, or `otherwise`.
pub(super) fn sound<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>, otherwise: Sound) -> Sound {
    Sound {
        codecs: codecs(reader, table).unwrap_or(otherwise.codecs),
        srtp: reader
            .choice(table, "srtp", &SRTP)
            .unwrap_or(otherwise.srtp),
        keys: reader
            .choice(table, "dtmf", &KEYS)
            .unwrap_or(otherwise.keys),
    }
}

fn codecs<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Option<Vec<Codec>> {
    if !table.has("codecs") {
        return None;
    }
    let words = || CODECS.iter().map(|(word, _)| *word);
    let all = || format!("one of: {}", words().collect::<Vec<_>>().join(", "));
    let written = reader.strings(table, "codecs")?;
    if written.is_empty() {
        let message = format!("{} has no codec to speak", table.name);
        reader.notes.error(table.at, message, all());
        return None;
    }
    let mut codecs = Vec::with_capacity(CODECS.len());
    for spot in written {
        let word = spot.text.to_ascii_lowercase();
        let Some((_, codec)) = CODECS.iter().find(|(known, _)| *known == word) else {
            let hint = match did_you_mean(&word, words()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => all(),
            };
            let message = format!("`{}` is no codec", shorten(&spot.text));
            reader.notes.error(spot.at, message, hint);
            continue;
        };
        if codecs.contains(codec) {
            let message = format!("codec `{word}` is written twice");
            reader
                .notes
                .warn(spot.at, message, "write each codec once, the best first");
            continue;
        }
        codecs.push(*codec);
    }
    Some(codecs)
}
