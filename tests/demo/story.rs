//! What became of the demo call, read back from central's PostgreSQL: for a person, and as one line.

use std::time::Duration;

use anyhow::Context as _;
use rig::postgres::Postgres;
use serde_json::{Value, json};

/// The record's bodies in PostgreSQL for one SIP call.
pub(crate) fn rows(postgres: &Postgres, call_id: &str) -> anyhow::Result<Vec<Value>> {
    let id = call_id.replace('\'', "''");
    let sql = format!("select body from records where body->'parties'->>'sip_call_id' = '{id}'");
    postgres
        .ask(&sql)?
        .iter()
        .map(|row| Ok(serde_json::from_str(row)?))
        .collect()
}

/// One call, told.
pub(crate) struct Story {
    record: Value,
    times_stored: usize,
    acked: bool,
    seconds: f64,
    report: Value,
}

impl Story {
    pub(crate) fn of(
        rows: &[Value],
        acked: bool,
        took: Duration,
        report: Value,
    ) -> anyhow::Result<Self> {
        let record = rows.first().context("no record")?.clone();
        let seconds = (took.as_secs_f64() * 10.0).round() / 10.0;
        Ok(Self {
            record,
            times_stored: rows.len(),
            acked,
            seconds,
            report,
        })
    }

    /// The words of all phrases.
    fn heard(&self) -> String {
        let phrases = self.record["transcript"].as_array().into_iter().flatten();
        phrases
            .filter_map(|phrase| phrase["words"].as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// In PostgreSQL exactly once, with its transcript, and acknowledged.
    pub(crate) fn is_good(&self) -> bool {
        self.times_stored == 1 && self.acked && !self.heard().is_empty()
    }

    pub(crate) fn tell(&self) {
        let record = &self.record;
        let path = |key: &str| record["path"][key].as_str().unwrap_or("-").to_owned();
        println!("\n  flow      {} -> {}", path("flow"), path("target"));
        println!("  keys      {}", path("digits"));
        println!("  heard     {}", self.heard());
        println!("  felt      {}", record["emotion"]);
        println!(
            "  recorded  {}",
            record["recording"]["file"].as_str().unwrap_or("nothing")
        );
        println!(
            "  caller    {} s, {} ms of sound from the box",
            self.report["talk_seconds"], self.report["sound_ms"]
        );
        println!(
            "  record    {} in PostgreSQL {} time(s), acknowledged: {}",
            record["id"], self.times_stored, self.acked
        );
    }

    pub(crate) fn json(&self) -> Value {
        let record = &self.record;
        json!({
            "call": record["parties"]["sip_call_id"],
            "flow": record["path"]["flow"],
            "digits": record["path"]["digits"],
            "heard": self.heard(),
            "emotion": { "label": record["emotion"]["label"], "score": record["emotion"]["score"] },
            "record": record["id"],
            "acked": self.acked && self.times_stored == 1,
            "seconds": self.seconds,
        })
    }
}
