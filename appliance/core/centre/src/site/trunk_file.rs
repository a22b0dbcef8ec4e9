//! The `[trunk.NAME]` tables as they were written.

use super::carriers;
use super::diagnostic::At;
use super::file::check_name;
use super::limits::{MAX_FIELD_BYTES, MAX_PEERS, MAX_TRUNKS};
use super::protection::Limits;
use super::protection_file::limits;
use super::route_file::{account, forms, own_numbers};
use super::routes::{Account, Forms};
use super::sound_file::sound;
use super::table::{Reader, Table};
use super::text::shorten;
use super::{Credentials, Net, NetError, Secret, Sound};
use crate::flow::draft::Spot;

#[derive(Clone, Debug)]
pub(super) struct TrunkFile {
    pub(super) name: Spot,
    pub(super) template: Option<String>,
    pub(super) trusted: bool,
    pub(super) peers: Vec<(Net, At)>,
    pub(super) credentials: Option<Credentials>,
    pub(super) account: Option<Account>,
    pub(super) numbers: Vec<String>,
    pub(super) forms: Forms,
    pub(super) sound: Sound,
    pub(super) limits: Limits,
}

pub(super) fn trunks<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<TrunkFile> {
    let mut trunks = Vec::new();
    let keys = [
        "template",
        "peers",
        "username",
        "password",
        "trusted",
        "account",
        "numbers",
        "format",
        "caller_format",
        "codecs",
        "srtp",
        "dtmf",
        "limits",
    ];
    for (name, mut table) in reader.tables(root, "trunk", &keys, MAX_TRUNKS) {
        check_name(reader, &name);
        let template = template(reader, &mut table);
        let peers = nets(reader, &table, "peers");
        for (net, at) in peers.iter().filter(|(net, _)| net.is_everything()) {
            let hint = "write the carrier's addresses, or a username and password";
            reader
                .notes
                .warn(*at, format!("everybody may call: {net}"), hint);
        }
        let credentials = credentials(reader, &table);
        let account = account(reader, &table);
        // An empty list lets nobody in; a wrong one has its own fault.
        let lacks_peers = reader.is_empty_list(&table, "peers");
        let is_open = table.has("username") || table.has("password");
        // Where we have an account, the carrier's servers are let in as soon as they are located.
        if lacks_peers && !is_open && account.is_none() {
            let hint = "add peers = [\"192.0.2.7\"], or username and password";
            let message = format!("{} lets nobody in", table.name);
            reader.notes.error(table.at, message, hint);
        }
        trunks.push(TrunkFile {
            name,
            template,
            trusted: reader.flag(&table, "trusted", true),
            peers,
            credentials,
            account,
            numbers: own_numbers(reader, &table),
            forms: forms(reader, &table),
            sound: sound(reader, &table, Sound::of_trunk()),
            limits: limits(reader, &table, "limits"),
        });
    }
    trunks
}

/// The template that a trunk follows from here on.
fn template<'t>(reader: &mut Reader<'t, '_>, table: &mut Table<'t>) -> Option<String> {
    let spot = reader.string(table, "template")?;
    let found = carriers::template(&spot.text);
    if found.is_none() {
        let all: Vec<&str> = carriers::names().collect();
        let hint = format!("one of: {}", all.join(", "));
        let message = format!("`{}` is no template", shorten(&spot.text));
        reader.notes.error(spot.at, message, hint);
    }
    table.follow(found);
    found.map(|_| spot.text)
}

/// A list of addresses and networks.
pub(super) fn nets<'t>(
    reader: &mut Reader<'t, '_>,
    table: &Table<'t>,
    key: &str,
) -> Vec<(Net, At)> {
    let written = reader.strings(table, key).unwrap_or_default();
    if let Some(beyond) = written.get(MAX_PEERS) {
        let message = format!("{} {key}, {MAX_PEERS} are allowed", written.len());
        let hint = "write networks, such as `192.0.2.0/24`";
        reader.notes.error(beyond.at, message, hint);
    }
    let nets = written.iter().take(MAX_PEERS);
    nets.filter_map(|spot| net(reader, spot)).collect()
}

fn net(reader: &mut Reader<'_, '_>, spot: &Spot) -> Option<(Net, At)> {
    match spot.text.parse::<Net>() {
        Ok(net) => Some((net, spot.at)),
        Err(error) => {
            let hint = match error {
                NetError::Host(net) => format!("write `{net}`"),
                _ => "an address or network: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32".to_owned(),
            };
            let message = format!("`{}` is no peer: {error}", shorten(&spot.text));
            reader.notes.error(spot.at, message, hint);
            None
        }
    }
}

/// A user name and its password, both or neither.
pub(super) fn credentials<'t>(
    reader: &mut Reader<'t, '_>,
    table: &Table<'t>,
) -> Option<Credentials> {
    let username = secret(reader, table, "username");
    let password = secret(reader, table, "password");
    match (username, password) {
        (Some(username), Some(password)) => Some(Credentials {
            username,
            password: Secret::new(&password),
        }),
        (Some(_), None) => {
            reader.missing(table, "password", "a username needs a password");
            None
        }
        (None, Some(_)) => {
            reader.missing(table, "username", "a password needs a username");
            None
        }
        (None, None) => None,
    }
}

/// A user name or password that can be sent in a digest.
pub(super) fn secret<'t>(
    reader: &mut Reader<'t, '_>,
    table: &Table<'t>,
    key: &str,
) -> Option<String> {
    let spot = reader.string(table, key)?;
    let is_plain = !spot.text.chars().any(|c| c.is_control() || c == '"');
    if spot.text.is_empty() || spot.text.len() > MAX_FIELD_BYTES || !is_plain {
        let message = format!(
            "{} has a user name or password that cannot be sent",
            table.name
        );
        let hint = format!("1 to {MAX_FIELD_BYTES} bytes, no quotes or control characters");
        reader.notes.error(spot.at, message, hint);
    }
    Some(spot.text)
}
