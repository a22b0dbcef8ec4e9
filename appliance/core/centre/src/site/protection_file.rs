//! The `[protection]`, `[price."..."]` and limits tables as they were written.

use super::limits::{MAX_CALLS_AT_ONCE, MAX_PRICES, MAX_RATE};
use super::pattern::Pattern;
use super::protection::{Hours, Limits, Price, Protection, money};
use super::route_file::PATTERN;
use super::table::{Reader, Table};
use super::text::shorten;
use super::value::Wanted;

const MONEY: Wanted = Wanted {
    what: "sum of money",
    hint: "a number with at most three places, in quotes: `20`, `0.15`",
};
const HOURS: Wanted = Wanted {
    what: "span of hours",
    hint: "such as `08:00-20:00`, `mon-fri 08:00-20:00` or `sat 09:00-13:00`",
};

/// What the protection and the prices say; whether it was written at all.
pub(super) fn protection<'t>(
    reader: &mut Reader<'t, '_>,
    root: &Table<'t>,
    has_zone: bool,
) -> Protection {
    let prices = prices(reader, root);
    let keys = ["allow", "block", "hours", "trunk", "device"];
    let Some(table) = reader.table(root, "protection", &keys) else {
        return Protection { prices, ..usual() };
    };
    if table.has("hours") && !has_zone {
        let hint = "add time_zone = \"+08:00\" to [site]";
        let message = "`hours` need to know the time of the branch";
        reader.notes.error(table.at, message, hint);
    }
    let usual = usual();
    let trunk = limits(reader, &table, "trunk").or(usual.trunk);
    let device = limits(reader, &table, "device").or(usual.device);
    let capped = trunk.cap.is_some() || device.cap.is_some();
    if capped && prices.is_empty() {
        let hint = "add [price.\"*\"] with minute = \"0.20\"";
        let message = "money is capped, but no call has a price: all are refused";
        reader.notes.warn(table.at, message, hint);
    }
    Protection {
        allow: reader.all_parsed(&table, "allow", PATTERN, Pattern::parse),
        block: reader
            .all_parsed(&table, "block", PATTERN, Pattern::parse)
            .unwrap_or_default(),
        hours: reader
            .all_parsed(&table, "hours", HOURS, Hours::parse)
            .unwrap_or_default(),
        trunk,
        device,
        prices,
    }
}

/// A table of limits inside another.
pub(super) fn limits<'t>(reader: &mut Reader<'t, '_>, outer: &Table<'t>, key: &str) -> Limits {
    let Some(table) = reader.table(outer, key, &["calls", "rate", "cap"]) else {
        return Limits::default();
    };
    Limits {
        calls: reader.number(&table, "calls", (0, MAX_CALLS_AT_ONCE)),
        rate: reader.number(&table, "rate", (0, MAX_RATE)),
        cap: reader.parsed(&table, "cap", MONEY, money),
    }
}

/// What holds where nothing is written: enough for a branch, little for a thief.
fn usual() -> Protection {
    Protection {
        trunk: Limits {
            calls: Some(30),
            rate: Some(600),
            cap: None,
        },
        device: Limits {
            calls: Some(2),
            rate: Some(60),
            cap: None,
        },
        ..Protection::default()
    }
}

fn prices<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<Price> {
    let mut prices = Vec::new();
    for (numbers, table) in reader.tables(root, "price", &["minute", "setup"], MAX_PRICES) {
        let minute = reader.parsed(&table, "minute", MONEY, money);
        if !table.has("minute") {
            reader.missing(&table, "minute", "add minute = \"0.15\"");
        }
        let setup = reader.parsed(&table, "setup", MONEY, money).unwrap_or(0);
        let Some(pattern) = Pattern::parse(&numbers.text) else {
            let message = format!("`{}` is no {}", shorten(&numbers.text), PATTERN.what);
            reader.notes.error(numbers.at, message, PATTERN.hint);
            continue;
        };
        prices.push(Price {
            pattern,
            setup,
            minute: minute.unwrap_or(0),
        });
    }
    prices
}
