//! The proof of replay: days of a branch in every weather, each played again from its black box.
//!
//! `cargo run -p sim --example replay -- 10000` lives days until that many calls have left a record
//! and says how many steps differ in what was said (SIP, media, flow, records) or in state. The
//! command fails when one does.

use std::io::Write as _;
use std::process::ExitCode;

use sim::day::day;
use sim::{TownConfig, Weather};

/// Callers of one day.
const CALLERS: u16 = 500;
/// Calls where none are asked for.
const USUAL: u64 = 10_000;
/// The first day's seed.
const FIRST: u64 = 0x2026;

fn main() -> ExitCode {
    let asked = std::env::args().nth(1);
    let Some(wanted) = asked.map_or(Some(USUAL), |text| text.parse().ok()) else {
        return say("usage: replay [CALLS]", ExitCode::from(2));
    };
    let (mut days, mut calls, mut steps, mut bytes, mut differ) = (0, 0, 0, 0, 0);
    while calls < wanted {
        let (name, weather, apart_ms) = match days % 4 {
            0 | 2 => ("calm", Weather::CALM, 2_500),
            1 => ("rain", Weather::RAIN, 2_000),
            _ => ("storm", Weather::STORM, 3_000),
        };
        let config = TownConfig::branch(FIRST + days).weather(weather);
        let town = day(config.black_box(), CALLERS, apart_ms);
        let Some(written) = &town.black_box else {
            return say("the town has no black box", ExitCode::FAILURE);
        };
        let proof = match written.prove(written.bytes()) {
            Ok(proof) => proof,
            Err(why) => return say(&format!("day {days}: {why}"), ExitCode::FAILURE),
        };
        let whole = proof.holds() && proof.said.records == town.records.len() as u64;
        if !whole {
            say(&format!("day {days} diverges: {proof:?}"), ());
        }
        differ += proof.said.diverged + proof.states_diverged;
        differ += u64::from(!whole && proof.said.diverged + proof.states_diverged == 0);
        (days, calls) = (days + 1, calls + proof.said.records);
        (steps, bytes) = (steps + proof.said.steps, bytes + written.bytes().len());
        say(&format!("day {days}, {name}: {calls} calls so far"), ());
    }
    let told = format!(
        "{calls} calls of {days} days, {steps} steps, {} MiB: {differ} divergences in what was \
         said and in state",
        bytes >> 20
    );
    let end = if differ == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    };
    say(&told, end)
}

/// Writes a line, and hands `then` on.
fn say<T>(text: &str, then: T) -> T {
    // Nobody may be reading; the exit code says it too.
    _ = writeln!(std::io::stdout(), "{text}");
    then
}
