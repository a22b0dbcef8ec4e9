//! A site text as it was written: every value read, no name looked up yet.
//!
//! The keys are written down in schema/site.md. Unknown ones are refused.

use toml::de::DeTable;

use super::audio_file::{LineInFile, lines_in};
use super::diagnostic::{At, Diagnostic, Notes, Source};
use super::limits::{MAX_FIELD_BYTES, MAX_FLOWS, MAX_PROMPTS, MAX_SITE_BYTES};
use super::number_file::{NumberFile, numbers};
use super::people::KnownCaller;
use super::people_file::{AgentFile, DeviceFile, agents, callers, devices};
use super::plan::Plan;
use super::protection::Protection;
use super::protection_file::protection;
use super::queue_file::{QueueFile, queues};
use super::route_file::{RouteFile, plan, routes};
use super::table::{Reader, Table};
use super::text::{NAME_HINT, is_name, shorten, utc_offset};
use super::trunk_file::{TrunkFile, trunks};
use super::value::Wanted;
use super::{Branch, Secret};
use crate::flow::draft::{Draft, Spot};
use crate::flow::{Known, parse};

/// A site text as it was written, with places.
#[derive(Clone, Debug)]
pub struct SiteFile {
    pub(super) text: Secret,
    pub(super) branch: Branch,
    pub(super) hold: Vec<Spot>,
    pub(super) trunks: Vec<TrunkFile>,
    pub(super) numbers: Vec<NumberFile>,
    pub(super) queues: Vec<QueueFile>,
    pub(super) phones: PhonesFile,
    pub(super) flows: Vec<Draft>,
    pub(super) notes: Notes,
}

/// Everything but the branch itself, its trunks, queues and flows.
#[derive(Clone, Debug, Default)]
pub(super) struct PhonesFile {
    pub(super) devices: Vec<DeviceFile>,
    pub(super) agents: Vec<AgentFile>,
    pub(super) callers: Vec<KnownCaller>,
    pub(super) plan: Option<Plan>,
    pub(super) routes: Vec<RouteFile>,
    pub(super) protection: Protection,
    pub(super) lines_in: Vec<LineInFile>,
}

/// Every table a site may have.
const TABLES: [&str; 13] = [
    "site",
    "trunk",
    "number",
    "queue",
    "flow",
    "device",
    "agent",
    "caller",
    "plan",
    "route",
    "protection",
    "price",
    "line_in",
];
/// Characters of a language tag (RFC 5646 section 4.4.1 asks for at least 35).
const MAX_LANGUAGE_CHARS: usize = 35;

impl SiteFile {
    /// Parses a site text.
    ///
    /// # Errors
    /// Every fault of form found, warnings among them, in reading order.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        match read(text) {
            Ok(file) if !file.notes.has_errors() => Ok(file),
            Ok(Self { notes, .. }) | Err(notes) => Err(notes.finish()),
        }
    }

    /// The names of its lines in, which may be played as prompts are.
    pub fn lines_in(&self) -> impl Iterator<Item = &str> {
        self.phones
            .lines_in
            .iter()
            .map(|line| line.name.text.as_str())
    }

    /// The names a flow of this site may mention; its prompts are not known to a text.
    pub fn known(&self) -> Known {
        let ids = |draft: &Draft| draft.steps.iter().map(|step| step.id.clone()).collect();
        Known {
            flows: self
                .flows
                .iter()
                .map(|draft| (draft.name.clone(), ids(draft)))
                .collect(),
            queues: self
                .queues
                .iter()
                .map(|queue| queue.name.text.clone())
                .collect(),
            prompts: None,
        }
    }
}

/// All that can be read, with what was wrong; no file where the text is no TOML.
pub(super) fn read(text: &str) -> Result<SiteFile, Notes> {
    let mut notes = Notes::default();
    if text.len() > MAX_SITE_BYTES {
        let message = format!(
            "the site has {} bytes, {MAX_SITE_BYTES} are allowed",
            text.len()
        );
        notes.error(
            At { line: 1, column: 1 },
            message,
            "remove flows that are not used",
        );
        return Err(notes);
    }
    let source = Source::new(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = source.at(error.span().map_or(0, |span| span.start));
        let hint = "toml: [table], key = \"value\", long texts between '''";
        notes.error(at, shorten(error.message()), hint);
    }
    if !errors.is_empty() {
        return Err(notes);
    }
    let mut reader = Reader {
        source: &source,
        notes: &mut notes,
    };
    let root = reader.root(root.get_ref(), &TABLES);
    let (branch, hold) = site(&mut reader, &root);
    let has_zone = branch.utc_offset.is_some();
    let mut file = SiteFile {
        text: Secret::new(text),
        branch,
        hold,
        trunks: trunks(&mut reader, &root),
        numbers: numbers(&mut reader, &root),
        queues: queues(&mut reader, &root),
        phones: PhonesFile {
            devices: devices(&mut reader, &root),
            agents: agents(&mut reader, &root),
            callers: callers(&mut reader, &root),
            plan: plan(&mut reader, &root),
            routes: routes(&mut reader, &root),
            protection: protection(&mut reader, &root, has_zone),
            lines_in: lines_in(&mut reader, &root),
        },
        flows: flows(&mut reader, &root),
        notes: Notes::default(),
    };
    file.notes = notes;
    Ok(file)
}

fn site<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> (Branch, Vec<Spot>) {
    let mut branch = Branch::default();
    let keys = ["name", "language", "record", "speech", "hold", "time_zone"];
    let Some(table) = reader.table(root, "site", &keys) else {
        let hint = "add [site] with name = \"..\" at the top";
        reader
            .notes
            .error(At { line: 1, column: 1 }, "the site lacks [site]", hint);
        return (branch, Vec::new());
    };
    match reader.string(&table, "name") {
        Some(name) if name.text.trim().is_empty() || name.text.len() > MAX_FIELD_BYTES => {
            let hint = format!("1 to {MAX_FIELD_BYTES} bytes");
            reader
                .notes
                .error(name.at, "the site's name is empty or too long", hint);
        }
        Some(name) => branch.name = name.text,
        None => reader.missing(
            &table,
            "name",
            "add name = \"..\": the branch, as people call it",
        ),
    }
    if let Some(language) = reader.string(&table, "language") {
        let is_tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let fits = (1..=MAX_LANGUAGE_CHARS).contains(&language.text.len());
        if !fits || !language.text.chars().all(is_tag) {
            let message = format!("`{}` is no language tag", shorten(&language.text));
            reader
                .notes
                .error(language.at, message, "such as `zh-CN` or `en`");
        }
        branch.language = language.text;
    }
    branch.record = reader.flag(&table, "record", true);
    branch.speech = reader.flag(&table, "speech", true);
    let wanted = Wanted {
        what: "time zone",
        hint: "hours and minutes ahead of UTC, such as `+08:00`",
    };
    branch.utc_offset = reader.parsed(&table, "time_zone", wanted, utc_offset);
    (branch, prompts(reader, &table, "hold"))
}

/// Names of prompts parted by blanks.
pub(super) fn prompts<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>, key: &str) -> Vec<Spot> {
    let Some((text, place)) = reader.text(table, key) else {
        return Vec::new();
    };
    let mut spots = Vec::new();
    for name in text.split_whitespace() {
        let at = place.at(name.as_ptr() as usize - text.as_ptr() as usize);
        spots.push(Spot {
            text: name.to_owned(),
            at,
        });
    }
    if let Some(beyond) = spots.get(MAX_PROMPTS) {
        let message = format!("`{key}` names {} prompts", spots.len());
        reader
            .notes
            .error(beyond.at, message, format!("at most {MAX_PROMPTS}"));
        spots.truncate(MAX_PROMPTS);
    }
    for spot in &spots {
        check_name(reader, spot);
    }
    spots
}

fn flows<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<Draft> {
    let mut flows = Vec::new();
    for (name, table) in reader.tables(root, "flow", &["xml"], MAX_FLOWS) {
        check_name(reader, &name);
        let Some((xml, place)) = reader.text(&table, "xml") else {
            reader.missing(&table, "xml", "add xml = '''<ivr name=\"..\"> .. </ivr>'''");
            continue;
        };
        let Some(mut draft) = parse::parse(xml, &place, reader.notes) else {
            flows.push(Draft {
                name: name.text,
                at: name.at,
                steps: Vec::new(),
            });
            continue;
        };
        if draft.name != name.text && !draft.name.is_empty() {
            let message = format!(
                "{} holds an ivr of another name: `{}`",
                table.name, draft.name
            );
            reader.notes.error(
                draft.at,
                message,
                format!("write <ivr name=\"{}\">", name.text),
            );
        }
        (draft.name, draft.at) = (name.text, name.at);
        flows.push(draft);
    }
    flows
}

pub(super) fn check_name(reader: &mut Reader<'_, '_>, spot: &Spot) {
    if !is_name(&spot.text) {
        let message = format!("`{}` cannot be a name", shorten(&spot.text));
        reader.notes.error(spot.at, message, NAME_HINT);
    }
}
