//! A site text as it was written: every value read, no name looked up yet.
//!
//! The keys are written down in schema/site.md. Unknown ones are refused.

use std::time::Duration;

use toml::de::DeTable;

use super::Secret;
use super::diagnostic::{At, Diagnostic, Notes, Source};
use super::limits::{
    MAX_FIELD_BYTES, MAX_FLOWS, MAX_NUMBERS, MAX_PROMPTS, MAX_QUEUES, MAX_SITE_BYTES, QUEUE_WAIT,
};
use super::table::{Reader, Table};
use super::text::{NAME_HINT, duration, is_name, shorten};
use super::trunk_file::{TrunkFile, trunks};
use crate::flow::draft::{Draft, Spot};
use crate::flow::{Known, parse};

/// A site text as it was written, with places.
#[derive(Clone, Debug)]
pub struct SiteFile {
    pub(super) text: Secret,
    pub(super) name: String,
    pub(super) language: String,
    pub(super) record: bool,
    pub(super) speech: bool,
    pub(super) trunks: Vec<TrunkFile>,
    pub(super) numbers: Vec<NumberFile>,
    pub(super) queues: Vec<QueueFile>,
    pub(super) flows: Vec<Draft>,
    pub(super) notes: Notes,
}

#[derive(Clone, Debug)]
pub(super) struct NumberFile {
    pub(super) dialled: Spot,
    pub(super) flow: Option<Spot>,
    pub(super) queue: Option<Spot>,
}

#[derive(Clone, Debug)]
pub(super) struct QueueFile {
    pub(super) name: Spot,
    pub(super) prompts: Vec<Spot>,
    pub(super) max_wait: Duration,
    pub(super) then: Spot,
}

/// How long a caller waits in a queue, where nothing else is said.
const WAIT: Duration = Duration::from_secs(60);
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
    let root = reader.root(
        root.get_ref(),
        &["site", "trunk", "number", "queue", "flow"],
    );
    let mut file = site(&mut reader, &root);
    file.trunks = trunks(&mut reader, &root);
    file.numbers = numbers(&mut reader, &root);
    file.queues = queues(&mut reader, &root);
    file.flows = flows(&mut reader, &root);
    file.notes = notes;
    Ok(file)
}

fn site<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> SiteFile {
    let mut file = SiteFile {
        text: Secret::new(reader.source.text()),
        name: String::new(),
        language: "zh-CN".to_owned(),
        record: true,
        speech: true,
        trunks: Vec::new(),
        numbers: Vec::new(),
        queues: Vec::new(),
        flows: Vec::new(),
        notes: Notes::default(),
    };
    let Some(table) = reader.table(root, "site", &["name", "language", "record", "speech"]) else {
        let hint = "add [site] with name = \"..\" at the top";
        reader
            .notes
            .error(At { line: 1, column: 1 }, "the site lacks [site]", hint);
        return file;
    };
    match reader.string(&table, "name") {
        Some(name) if name.text.trim().is_empty() || name.text.len() > MAX_FIELD_BYTES => {
            let hint = format!("1 to {MAX_FIELD_BYTES} bytes");
            reader
                .notes
                .error(name.at, "the site's name is empty or too long", hint);
        }
        Some(name) => file.name = name.text,
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
        file.language = language.text;
    }
    file.record = reader.flag(&table, "record", true);
    file.speech = reader.flag(&table, "speech", true);
    file
}

fn numbers<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<NumberFile> {
    let mut numbers = Vec::new();
    for (dialled, table) in reader.tables(root, "number", &["flow", "queue"], MAX_NUMBERS) {
        let is_dialled = |c: char| c.is_ascii_alphanumeric() || "+*#_-.".contains(c);
        let fits = (1..=64).contains(&dialled.text.len());
        if !fits || !dialled.text.chars().all(is_dialled) {
            let message = format!("`{}` cannot be dialled", shorten(&dialled.text));
            reader.notes.error(
                dialled.at,
                message,
                "[number.\"4000\"], or [number.\"*\"] for any",
            );
        }
        let (flow, queue) = (
            reader.string(&table, "flow"),
            reader.string(&table, "queue"),
        );
        if table.has("flow") == table.has("queue") {
            let message = format!("{} needs a flow or a queue, one of them", table.name);
            reader
                .notes
                .error(table.at, message, "write flow = \"..\" or queue = \"..\"");
        }
        numbers.push(NumberFile {
            dialled,
            flow,
            queue,
        });
    }
    numbers
}

fn queues<'t>(reader: &mut Reader<'t, '_>, root: &Table<'t>) -> Vec<QueueFile> {
    let mut queues = Vec::new();
    for (name, table) in reader.tables(root, "queue", &["prompt", "max_wait", "then"], MAX_QUEUES) {
        check_name(reader, &name);
        let prompts = prompts(reader, &table);
        let max_wait = reader.string(&table, "max_wait").map_or(WAIT, |spot| {
            duration(&spot.text, QUEUE_WAIT).unwrap_or_else(|(message, hint)| {
                reader.notes.error(spot.at, message, hint);
                WAIT
            })
        });
        let hang_up = || Spot {
            text: "hangup".to_owned(),
            at: table.at,
        };
        let then = reader.string(&table, "then").unwrap_or_else(hang_up);
        queues.push(QueueFile {
            name,
            prompts,
            max_wait,
            then,
        });
    }
    queues
}

fn prompts<'t>(reader: &mut Reader<'t, '_>, table: &Table<'t>) -> Vec<Spot> {
    let Some((text, place)) = reader.text(table, "prompt") else {
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
        let message = format!("`prompt` names {} prompts", spots.len());
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
