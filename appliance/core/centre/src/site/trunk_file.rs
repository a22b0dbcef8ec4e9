//! The `[trunk.NAME]` tables as they were written.

use super::diagnostic::At;
use super::file::check_name;
use super::limits::{MAX_FIELD_BYTES, MAX_PEERS, MAX_TRUNKS};
use super::table::{Reader, Table};
use super::text::shorten;
use super::{Credentials, Net, NetError, Secret};
use crate::flow::draft::Spot;

#[derive(Clone, Debug)]
pub(super) struct TrunkFile {
    pub(super) name: Spot,
    pub(super) peers: Vec<(Net, At)>,
    pub(super) credentials: Option<Credentials>,
}

pub(super) fn trunks<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<TrunkFile> {
    let mut trunks = Vec::new();
    for (name, table) in reader.tables(
        root,
        "trunk",
        &["peers", "username", "password"],
        MAX_TRUNKS,
    ) {
        check_name(reader, &name);
        let written = reader.strings(&table, "peers");
        let lacks_peers = written.as_ref().is_some_and(Vec::is_empty);
        let written = written.unwrap_or_default();
        if let Some(beyond) = written.get(MAX_PEERS) {
            let message = format!("{} peers, {MAX_PEERS} are allowed", written.len());
            reader
                .notes
                .error(beyond.at, message, "write networks, such as `192.0.2.0/24`");
        }
        let peers = written
            .iter()
            .take(MAX_PEERS)
            .filter_map(|spot| peer(reader, spot))
            .collect();
        let credentials = credentials(reader, &table);
        if lacks_peers && !table.has("username") && !table.has("password") {
            let hint = "add peers = [\"192.0.2.7\"], or username and password";
            reader
                .notes
                .error(table.at, format!("{} lets nobody in", table.name), hint);
        }
        trunks.push(TrunkFile {
            name,
            peers,
            credentials,
        });
    }
    trunks
}

fn peer(reader: &mut Reader<'_, '_>, spot: &Spot) -> Option<(Net, At)> {
    let (net, at) = (spot.text.parse::<Net>(), spot.at);
    match net {
        Ok(net) => {
            if net.is_everything() {
                let hint = "write the carrier's addresses, or a username and password";
                reader
                    .notes
                    .warn(at, format!("everybody may call: {net}"), hint);
            }
            Some((net, at))
        }
        Err(error) => {
            let hint = match error {
                NetError::Host(net) => format!("write `{net}`"),
                _ => "an address or network: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32".to_owned(),
            };
            let message = format!("`{}` is no peer: {error}", shorten(&spot.text));
            reader.notes.error(at, message, hint);
            None
        }
    }
}

fn credentials<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Option<Credentials> {
    let username = reader.string(table, "username");
    let password = reader.string(table, "password");
    for spot in username.iter().chain(&password) {
        let is_plain = !spot.text.chars().any(|c| c.is_control() || c == '"');
        if spot.text.is_empty() || spot.text.len() > MAX_FIELD_BYTES || !is_plain {
            let message = format!(
                "{} has a user name or password that cannot be sent",
                table.name
            );
            let hint = format!("1 to {MAX_FIELD_BYTES} bytes, no quotes or control characters");
            reader.notes.error(spot.at, message, hint);
        }
    }
    match (username, password) {
        (Some(username), Some(password)) => Some(Credentials {
            username: username.text,
            password: Secret::new(&password.text),
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
