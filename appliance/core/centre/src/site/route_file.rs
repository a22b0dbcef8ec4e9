//! The `[plan]`, `[route.NAME]` and `[trunk.NAME.account]` tables as they were written.

use super::file::check_name;
use super::limits::{MAX_LEVEL, MAX_ROUTES};
use super::pattern::Pattern;
use super::plan::{Form, Plan};
use super::routes::{Account, Route, Transport};
use super::table::{Reader, Table};
use super::text::shorten;
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
    account.asserted = reader.flag(&table, "asserted", false);
    if account.register && account.user.is_none() && account.credentials.is_none() {
        let hint = "add username and password, or user = \"..\"";
        let message = format!("{} registers, but nobody", table.name);
        reader.notes.error(table.at, message, hint);
    }
    Some(account)
}

/// A number of ours that is shown to the called party.
pub(super) fn caller_id<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Option<Spot> {
    let spot = reader.string(table, "caller_id")?;
    checked_number(reader, spot)
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
pub(super) fn form<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Form {
    let forms = [
        ("dialled", Form::Dialled),
        ("e164", Form::E164),
        ("national", Form::National),
    ];
    reader.choice(table, "format", &forms).unwrap_or_default()
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
