//! What of a record becomes columns; the whole of it stays in `body`.
//!
//! Lenient towards newer boxes: unknown fields and causes pass. Strict where a row could not be
//! kept: no id, no time, a time PostgreSQL has no place for.

use centre::record::{Emotion, Parties, Path, Times, Utterance};
use serde::Deserialize;
use serde_json::Value;
use sync::{Row, RowKind};
use uuid::Uuid;

/// 0001-01-02 and 9999-12-30 UTC, milliseconds since 1970.
const TIMES: std::ops::Range<i64> = -62_135_510_400_000..253_402_128_000_000;

/// A row of `records`, less where it came from.
#[derive(Debug, PartialEq)]
pub(crate) struct Columns {
    pub(crate) id: Uuid,
    /// Milliseconds since 1970 UTC.
    pub(crate) started: i64,
    /// Seconds.
    pub(crate) duration: f64,
    pub(crate) channel: String,
    pub(crate) trunk: String,
    pub(crate) flow: String,
    pub(crate) target: Option<String>,
    pub(crate) digits: String,
    pub(crate) caller: String,
    pub(crate) called: String,
    pub(crate) words: String,
    pub(crate) emotion: Option<String>,
    pub(crate) cause: String,
    pub(crate) body: String,
}

#[derive(Deserialize)]
struct Incoming {
    id: Uuid,
    channel: String,
    times: Times,
    #[serde(default)]
    parties: Parties,
    #[serde(default)]
    path: Path,
    #[serde(default)]
    transcript: Vec<Utterance>,
    #[serde(default)]
    emotion: Option<Emotion>,
    /// As text: a newer box knows causes that we do not.
    #[serde(default)]
    cause: String,
}

impl Columns {
    /// Reads a row; the error is for the box and for a person.
    pub(crate) fn of_row(row: &Row) -> Result<Self, String> {
        match row.kind {
            RowKind::Record => {}
            RowKind::Withheld => return Err("the box could not send it".to_owned()),
            RowKind::Unknown => return Err("unknown kind of row".to_owned()),
        }
        let mut value: Value = serde_json::from_str(&row.body).map_err(|e| e.to_string())?;
        // PostgreSQL has no place for the NUL character; a caller's name must not cost the record.
        let had_nul = replace_nul(&mut value);
        let body = if had_nul {
            value.to_string()
        } else {
            row.body.clone()
        };
        let record: Incoming = serde_json::from_value(value).map_err(|e| e.to_string())?;
        if record.id != row.id {
            return Err(format!("record {} came as row {}", record.id, row.id));
        }
        if !TIMES.contains(&record.times.started) {
            return Err(format!(
                "no calendar has this start: {}",
                record.times.started
            ));
        }
        let words: Vec<String> = record
            .transcript
            .into_iter()
            .map(|said| said.words)
            .collect();
        let talk = record
            .times
            .answered
            .map_or(0, |at| record.times.ended.saturating_sub(at));
        Ok(Self {
            id: record.id,
            started: record.times.started,
            duration: talk.max(0) as f64 / 1000.0,
            channel: record.channel,
            trunk: record.parties.trunk,
            flow: record.path.flow,
            target: record.path.target,
            digits: record.path.digits,
            caller: record.parties.from,
            called: record.parties.to,
            words: words.join("\n"),
            emotion: record.emotion.map(|emotion| emotion.label),
            cause: record.cause,
            body,
        })
    }
}

fn replace_nul(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let has = text.contains('\0');
            if has {
                *text = text.replace('\0', "\u{fffd}");
            }
            has
        }
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |had, item| replace_nul(item) | had),
        Value::Object(fields) => {
            let odd: Vec<String> = fields
                .keys()
                .filter(|key| key.contains('\0'))
                .cloned()
                .collect();
            for key in &odd {
                if let Some(field) = fields.remove(key) {
                    fields.insert(key.replace('\0', "\u{fffd}"), field);
                }
            }
            fields
                .values_mut()
                .fold(!odd.is_empty(), |had, field| replace_nul(field) | had)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(body: &str) -> Row {
        Row {
            seq: 1,
            kind: RowKind::Record,
            id: Uuid::from_u128(7),
            body: body.to_owned(),
        }
    }

    fn body(extra: &str) -> String {
        let id = Uuid::from_u128(7);
        format!(
            "{{\"id\":\"{id}\",\"channel\":\"voice\",\"times\":{{\"started\":1000,\"answered\":2000,\"ended\":5500}}{extra}}}"
        )
    }

    #[test]
    fn a_record_of_a_newer_box_is_kept_whole() {
        let text = body(",\"cause\":\"aliens\",\"mood\":{\"new\":[1]}");
        let columns = Columns::of_row(&row(&text)).unwrap();
        assert_eq!((columns.cause.as_str(), columns.duration), ("aliens", 3.5));
        assert_eq!(columns.body, text);
    }

    #[test]
    fn a_nul_in_a_name_does_not_cost_the_record() {
        let text = body(",\"a\\u0000\":[{\"b\":\"\\u0000x\"}],\"c\":\"\\\\u0000\"");
        let columns = Columns::of_row(&row(&text)).unwrap();
        assert!(!columns.body.contains("\"\\u0000"), "{}", columns.body);
        assert!(columns.body.contains("\"\\\\u0000\""), "{}", columns.body);
    }

    #[test]
    fn a_row_that_is_no_record_says_why() {
        for (text, why) in [
            ("null", "invalid type"),
            ("{}", "missing field"),
            ("{\"id\":1}", "invalid type"),
            (
                &body("").replace("1000", "9223372036854775807"),
                "no calendar",
            ),
            (&body("").replace("1000", "1e999"), "number out of range"),
            (&body("").replace("0007\"", "0008\""), "came as row"),
        ] {
            let said = Columns::of_row(&row(text)).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
        for kind in [RowKind::Withheld, RowKind::Unknown] {
            assert!(
                Columns::of_row(&Row {
                    kind,
                    ..row("null")
                })
                .is_err()
            );
        }
    }
}
