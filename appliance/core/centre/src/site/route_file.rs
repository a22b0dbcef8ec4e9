//! The `[plan]`, `[route.NAME]` and `[trunk.NAME.account]` tables as they were written.

use std::time::Duration;

use call::{Identity, Manner};

use super::file::check_name;
use super::limits::{KEEPALIVE, KEEPALIVES, MAX_LEVEL, MAX_PEERS, MAX_ROUTES, SESSION};
use super::pattern::Pattern;
use super::plan::{Form, Plan};
use super::routes::{Account, Forms, Route, Transport};
use super::table::{Reader, Table};
use super::text::{duration, shorten};
use super::trunk_file::credentials;
use super::value::Wanted;
use crate::flow::draft::Spot;

/// How messages call a pattern of numbers.
pub(super) const PATTERN: Wanted = Wanted {
    what: "pattern of numbers",
    hint: "digits, `X` for any digit, `*` at the end for any rest: `0*`, `1XXXXXXXXXX`, `+86*`",
};
const DIGITS: Wanted = Wanted {
    what: "number",
    hint: "digits only, such as `86`",
};

#[derive(Clone, Debug)]
pub(super) struct RouteFile {
    pub(super) name: Spot,
    pub(super) route: Route,
    pub(super) trunks: Vec<Spot>,
    pub(super) caller_id: Option<Spot>,
}

/// The number plan; `None` where none is written.
pub(super) fn plan<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Option<Plan> {
    let keys = [
        "country",
        "area",
        "national",
        "international",
        "whole",
        "emergency",
    ];
    let table = reader.table(root, "plan", &keys)?;
    let usual = Plan::default();
    let country = reader.parsed(&table, "country", DIGITS, country);
    if !table.has("country") {
        reader.missing(&table, "country", "add country = \"86\": the country code");
    }
    let whole = reader.all_parsed(&table, "whole", PATTERN, Pattern::parse);
    let emergency = reader.all_parsed(&table, "emergency", DIGITS, digits);
    Some(Plan {
        whole: whole.unwrap_or_else(|| whole_in(country.as_deref().unwrap_or_default())),
        country: country.unwrap_or_default(),
        area: reader
            .parsed(&table, "area", DIGITS, digits)
            .unwrap_or_default(),
        national: reader
            .parsed(&table, "national", DIGITS, digits)
            .unwrap_or(usual.national),
        international: reader
            .parsed(&table, "international", DIGITS, digits)
            .unwrap_or(usual.international),
        emergency: emergency.map_or(usual.emergency, |all| all.into_iter().collect()),
    })
}

pub(super) fn routes<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<RouteFile> {
    let keys = [
        "match",
        "trunk",
        "priority",
        "strip",
        "prepend",
        "caller_id",
        "hide",
    ];
    let mut routes = Vec::new();
    for (name, table) in reader.tables(root, "route", &keys, MAX_ROUTES) {
        check_name(reader, &name);
        let matches = reader.all_parsed(&table, "match", PATTERN, Pattern::parse);
        let trunks = reader.names(&table, "trunk");
        for (key, hint) in [
            ("match", "add match = [\"0*\"]: the numbers that take it"),
            ("trunk", "add trunk = [\"..\"]: the trunks to try, in order"),
        ] {
            if !table.has(key) {
                reader.missing(&table, key, hint);
            }
        }
        let wanted = Wanted {
            what: "number to put before another",
            hint: "digits, with `+` before them where need be",
        };
        let strip = reader.number(&table, "strip", (0, 16)).unwrap_or(0);
        let caller_id = caller_id(reader, &table);
        let route = Route {
            name: name.text.clone(),
            matches: matches.unwrap_or_default(),
            trunks: trunks.iter().map(|spot| spot.text.clone()).collect(),
            priority: reader
                .number(&table, "priority", (0, MAX_LEVEL))
                .unwrap_or(0),
            strip: usize::try_from(strip).unwrap_or(0),
            prepend: reader
                .parsed(&table, "prepend", wanted, number)
                .unwrap_or_default(),
            caller_id: caller_id.as_ref().map(|spot| spot.text.clone()),
            hide: reader.flag(&table, "hide", false),
        };
        routes.push(RouteFile {
            name,
            route,
            trunks,
            caller_id,
        });
    }
    routes
}

/// How a trunk is called; `None` where it only calls us.
pub(super) fn account<'t>(reader: &mut Reader<'t, '_>, trunk: &Table<'t>) -> Option<Account> {
    let keys = [
        "server",
        "transport",
        "domain",
        "user",
        "username",
        "password",
        "register",
        "asserted",
        "identity",
        "user_phone",
        "reliable",
        "session_timer",
        "keepalive",
    ];
    let table = reader.table(trunk, "account", &keys)?;
    let wanted = Wanted {
        what: "server",
        hint: "a name or an address, with its port where need be: `sip.example.net:5060`",
    };
    let server = reader.parsed(&table, "server", wanted, host);
    if !table.has("server") {
        reader.missing(&table, "server", "add server = \"sip.example.net\"");
    }
    let transports = [
        ("udp", Transport::Udp),
        ("tcp", Transport::Tcp),
        ("tls", Transport::Tls),
    ];
    let user = Wanted {
        what: "user at a carrier",
        hint: "letters, digits and `+-_.!~*'()`",
    };
    let mut account = Account::at(&server.unwrap_or_default());
    account.transport = reader
        .choice(&table, "transport", &transports)
        .unwrap_or_default();
    account.domain = reader.parsed(&table, "domain", wanted, host);
    account.user = reader.parsed(&table, "user", user, |text| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "+-_.!~*'()".contains(c);
        (!text.is_empty() && text.len() <= 64 && text.chars().all(plain)).then(|| text.to_owned())
    });
    account.credentials = credentials(reader, &table);
    account.register = reader.flag(&table, "register", false);
    manner(reader, &table, &mut account);
    if account.register && account.user.is_none() && account.credentials.is_none() {
        let hint = "add username and password, or user = \"..\"";
        let message = format!("{} registers, but nobody", table.name);
        reader.notes.error(table.at, message, hint);
    }
    Some(account)
}

/// How calls to a carrier are made.
fn manner<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>, account: &mut Account) {
    let identities = [
        ("from", Identity::From),
        ("preferred", Identity::Preferred),
        ("asserted", Identity::Asserted),
    ];
    let usual = match reader.choice(table, "identity", &identities) {
        Some(identity) => identity,
        // An older site says it so.
        None if reader.flag(table, "asserted", false) => Identity::Asserted,
        None => Identity::From,
    };
    let span = |reader: &mut Reader<'t, '_>, key, bounds: (Duration, Duration)| {
        let spot = reader.string(table, key)?;
        if spot.text == "off" {
            return Some(None);
        }
        match duration(&spot.text, bounds) {
            Ok(span) => Some(Some(span)),
            Err((message, hint)) => {
                let hint = format!("{hint}; or `off`");
                reader.notes.error(spot.at, message, hint);
                None
            }
        }
    };
    account.manner = Manner {
        identity: usual,
        user_phone: reader.flag(table, "user_phone", false),
        reliable: reader.flag(table, "reliable", true),
        session: span(reader, "session_timer", SESSION).flatten(),
    };
    account.keepalive = match span(reader, "keepalive", KEEPALIVES) {
        Some(wanted) => wanted,
        None => (!account.register).then_some(KEEPALIVE),
    };
}

/// A number of ours that is shown to the called party.
pub(super) fn caller_id<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Option<Spot> {
    let spot = reader.string(table, "caller_id")?;
    checked_number(reader, spot)
}

/// Numbers of ours that a phone may ask to be shown with.
pub(super) fn claims<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Vec<Spot> {
    let spots = reader.strings(table, "claims").unwrap_or_default();
    let spots = spots.into_iter().take(MAX_PEERS);
    spots
        .filter_map(|spot| checked_number(reader, spot))
        .collect()
}

/// A list of numbers of ours.
pub(super) fn own_numbers<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Vec<String> {
    let wanted = Wanted {
        what: "number",
        hint: "digits, with `+` before them where need be",
    };
    reader
        .all_parsed(table, "numbers", wanted, number)
        .unwrap_or_default()
}

/// How a trunk wants numbers.
pub(super) fn forms<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Forms {
    let words = [
        ("dialled", Form::Dialled),
        ("e164", Form::E164),
        ("e164_plain", Form::E164Plain),
        ("national", Form::National),
    ];
    let called = reader.choice(table, "format", &words).unwrap_or_default();
    let caller = reader.choice(table, "caller_format", &words);
    Forms {
        called,
        caller: caller.unwrap_or(called),
    }
}

fn checked_number(reader: &mut Reader<'_, '_>, spot: Spot) -> Option<Spot> {
    if number(&spot.text).is_some() {
        return Some(spot);
    }
    let message = format!("`{}` is no number", shorten(&spot.text));
    let hint = "digits, with `+` before them where need be";
    reader.notes.error(spot.at, message, hint);
    None
}

/// Numbers that are complete without prefix and area code where the plan says nothing of them.
fn whole_in(country: &str) -> Vec<Pattern> {
    let patterns: &[&str] = match country {
        // Mobile numbers and the numbers one pays for less, by the plan of the ministry.
        "86" => &["1XXXXXXXXXX", "400XXXXXXX", "800XXXXXXX"],
        _ => &[],
    };
    patterns
        .iter()
        .filter_map(|text| Pattern::parse(text))
        .collect()
}

fn country(text: &str) -> Option<String> {
    let fits = (1..=3).contains(&text.len()) && !text.starts_with('0');
    digits(text).filter(|_| fits)
}

fn digits(text: &str) -> Option<String> {
    let fits = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.to_owned())
}

fn number(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'#');
    let fits = (1..=32).contains(&digits.len()) && plain;
    fits.then(|| text.to_owned())
}

fn host(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let fits = (1..=255).contains(&text.len()) && text.chars().all(plain);
    fits.then(|| text.to_owned())
}
