//! The `[device.NAME]`, `[agent.NAME]` and `[caller."..."]` tables as they were written.

use super::audio_file::audio;
use super::file::check_name;
use super::limits::{MAX_AGENTS, MAX_CALLERS, MAX_DEVICES, MAX_FIELD_BYTES, MAX_LEVEL};
use super::number_file::check_dialled;
use super::pattern::Pattern;
use super::people::{Agent, Device, KnownCaller};
use super::protection_file::limits;
use super::route_file::{PATTERN, caller_id, claims};
use super::sound_file::sound;
use super::table::{Reader, Table};
use super::text::shorten;
use super::trunk_file::{nets, secret};
use super::{Secret, Sound};
use crate::flow::draft::Spot;

#[derive(Clone, Debug)]
pub(super) struct DeviceFile {
    pub(super) name: Spot,
    pub(super) device: Device,
    /// The numbers that it may be shown with.
    pub(super) shown: Vec<Spot>,
}

#[derive(Clone, Debug)]
pub(super) struct AgentFile {
    pub(super) name: Spot,
    pub(super) agent: Agent,
    pub(super) device: Option<Spot>,
    pub(super) queues: Option<Vec<Spot>>,
    pub(super) number: Option<Spot>,
}

pub(super) fn devices<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<DeviceFile> {
    let keys = [
        "name",
        "password",
        "nets",
        "caller_id",
        "claims",
        "trusted",
        "outbound",
        "codecs",
        "srtp",
        "dtmf",
        "limits",
        "audio",
    ];
    let mut devices = Vec::new();
    for (name, table) in reader.tables(root, "device", &keys, MAX_DEVICES) {
        check_dialled(reader, &name);
        let password = secret(reader, &table, "password");
        let audio = audio(reader, &table);
        if !table.has("password") && audio.is_none() {
            let hint = "add password = \"..\": a long one, the phone shows it with every call";
            reader.missing(&table, "password", hint);
        }
        let caller_id = caller_id(reader, &table);
        let claims = claims(reader, &table);
        let device = Device {
            name: name.text.clone(),
            shown: shown(reader, &table, &name),
            password: Secret::new(password.as_deref().unwrap_or_default()),
            nets: nets(reader, &table, "nets")
                .into_iter()
                .map(|(net, _)| net)
                .collect(),
            caller_id: caller_id.as_ref().map(|spot| spot.text.clone()),
            claims: claims.iter().map(|spot| spot.text.clone()).collect(),
            trusted: reader.flag(&table, "trusted", false),
            sound: sound(reader, &table, Sound::of_device()),
            outbound: reader.flag(&table, "outbound", true),
            limits: limits(reader, &table, "limits"),
            audio,
        };
        devices.push(DeviceFile {
            name,
            device,
            shown: caller_id.into_iter().chain(claims).collect(),
        });
    }
    devices
}

pub(super) fn agents<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<AgentFile> {
    let keys = ["name", "device", "skills", "queues", "number"];
    let mut agents = Vec::new();
    for (name, table) in reader.tables(root, "agent", &keys, MAX_AGENTS) {
        check_name(reader, &name);
        let skills = reader.names(&table, "skills");
        let queues = table.has("queues").then(|| reader.names(&table, "queues"));
        let number = reader.string(&table, "number");
        if let Some(number) = &number {
            check_dialled(reader, number);
        }
        let device = reader.string(&table, "device");
        let agent = Agent {
            name: name.text.clone(),
            shown: shown(reader, &table, &name),
            device: device.as_ref().map(|spot| spot.text.clone()),
            skills: skills.into_iter().map(|spot| spot.text).collect(),
            queues: queues
                .as_ref()
                .map(|all| all.iter().map(|spot| spot.text.clone()).collect()),
            number: number.as_ref().map(|spot| spot.text.clone()),
        };
        agents.push(AgentFile {
            name,
            agent,
            device,
            queues,
            number,
        });
    }
    agents
}

pub(super) fn callers<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<KnownCaller> {
    let keys = ["level", "skills", "refuse"];
    let mut callers = Vec::new();
    for (numbers, table) in reader.tables(root, "caller", &keys, MAX_CALLERS) {
        let Some(pattern) = Pattern::parse(&numbers.text) else {
            let message = format!("`{}` is no {}", shorten(&numbers.text), PATTERN.what);
            reader.notes.error(numbers.at, message, PATTERN.hint);
            continue;
        };
        let level = reader.number(&table, "level", (0, MAX_LEVEL)).unwrap_or(0);
        let skills = reader.names(&table, "skills");
        callers.push(KnownCaller {
            pattern,
            level: u8::try_from(level).unwrap_or(0),
            skills: skills.into_iter().map(|spot| spot.text).collect(),
            refuse: reader.flag(&table, "refuse", false),
        });
    }
    callers
}

fn shown<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>, name: &Spot) -> String {
    match reader.string(table, "name") {
        Some(shown) if !fits(&shown.text) => {
            let hint = format!("1 to {MAX_FIELD_BYTES} bytes, no quotes or control characters");
            let message = format!("{} has a name that cannot be shown", table.name);
            reader.notes.error(shown.at, message, hint);
            name.text.clone()
        }
        Some(shown) => shown.text,
        None => name.text.clone(),
    }
}

fn fits(text: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '"' | '<' | '>' | '\\');
    !text.trim().is_empty() && text.len() <= MAX_FIELD_BYTES && text.chars().all(plain)
}
