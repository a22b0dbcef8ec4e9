//! A received message in place: start line, a fixed table of header fields, body. Zero allocations.
//!
//! Made by [`Message::parse`]; typed views (addresses, Via, CSeq, numbers) read their field when asked. A
//! message never outlives the receive buffer: what a dialog keeps, it copies.

use crate::header::Kind;
use crate::lex::{Cursor, number};
use crate::limits;
use crate::name_addr::{AddressList, NameAddr};
use crate::span::Span;
use crate::via::{Via, ViaList};

/// The first line of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// A request.
    Request {
        /// The method token as received.
        method: &'a [u8],
        /// The Request-URI as received, not yet read.
        uri: &'a [u8],
    },
    /// A response.
    Response {
        /// 100 to 699.
        status: u16,
        /// The reason phrase as received, may be empty.
        reason: &'a [u8],
    },
}

/// One header field as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Which header it is.
    pub kind: Kind,
    /// Its name as received.
    pub name: &'a [u8],
    /// Its value as received, trimmed; folds are still in it.
    pub value: &'a [u8],
}

/// A received message.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) start: StartLine<'a>,
    pub(crate) fields: Fields,
    pub(crate) body: &'a [u8],
}

/// Where the header fields stand.
#[derive(Clone, Copy)]
pub(crate) struct Fields {
    entries: [Entry; limits::MAX_HEADERS],
    count: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    kind: Kind,
    name: Span,
    value: Span,
}

impl Fields {
    pub(crate) fn new() -> Self {
        let empty = Entry {
            kind: Kind::Other,
            name: Span::new(0, 0),
            value: Span::new(0, 0),
        };
        Self {
            entries: [empty; limits::MAX_HEADERS],
            count: 0,
        }
    }

    /// Adds a field; false where the table is full.
    pub(crate) fn push(&mut self, kind: Kind, name: Span, value: Span) -> bool {
        let Some(entry) = self.entries.get_mut(self.count) else {
            return false;
        };
        *entry = Entry { kind, name, value };
        self.count += 1;
        true
    }
}

impl<'a> Message<'a> {
    /// The start line.
    pub fn start(&self) -> StartLine<'a> {
        self.start
    }

    /// The body: as long as Content-Length says, else all that follows the header.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// All header fields, top first.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> {
        let bytes = self.bytes;
        self.fields
            .entries
            .iter()
            .take(self.fields.count)
            .map(move |entry| Field {
                kind: entry.kind,
                name: entry.name.of(bytes),
                value: entry.value.of(bytes),
            })
    }

    /// The values of all fields of one kind, top first; lists are not split.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &'a [u8]> {
        let bytes = self.bytes;
        let wanted = move |entry: &&Entry| entry.kind == kind;
        self.fields
            .entries
            .iter()
            .take(self.fields.count)
            .filter(wanted)
            .map(move |e| e.value.of(bytes))
    }

    /// The value of the first field of one kind.
    pub fn first(&self, kind: Kind) -> Option<&'a [u8]> {
        self.all(kind).next()
    }

    /// The top Via, if it can be read.
    pub fn top_via(&self) -> Option<Via<'a>> {
        ViaList::first(self.first(Kind::Via)?).map(|(via, _)| via)
    }

    /// The From, if it can be read.
    pub fn from(&self) -> Option<NameAddr<'a>> {
        NameAddr::parse(self.first(Kind::From)?).ok()
    }

    /// The To, if it can be read.
    pub fn to(&self) -> Option<NameAddr<'a>> {
        NameAddr::parse(self.first(Kind::To)?).ok()
    }

    /// The Call-ID as received.
    pub fn call_id(&self) -> Option<&'a [u8]> {
        self.first(Kind::CallId)
    }

    /// The CSeq, if it can be read: number and method.
    pub fn cseq(&self) -> Option<(u32, &'a [u8])> {
        cseq(self.first(Kind::CSeq)?).ok()
    }

    /// The Contact addresses of all Contact fields; an error ends its field. `*` is not an address.
    pub fn contacts(&self) -> impl Iterator<Item = Result<NameAddr<'a>, &'static str>> {
        self.all(Kind::Contact)
            .filter(|value| *value != b"*")
            .flat_map(AddressList::new)
    }

    /// The addresses of all Record-Route fields, top first.
    pub fn record_routes(&self) -> impl Iterator<Item = Result<NameAddr<'a>, &'static str>> {
        self.all(Kind::RecordRoute).flat_map(AddressList::new)
    }

    /// Max-Forwards, if there is one that can be read.
    pub fn max_forwards(&self) -> Option<u32> {
        number(self.first(Kind::MaxForwards)?, 255).ok()
    }
}

impl std::fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Header values hold callers' numbers, so they stay out.
        f.debug_struct("Message")
            .field("fields", &self.fields.count)
            .field("body", &self.body.len())
            .finish()
    }
}

/// Reads a CSeq value: a number below 2^31, white space, a method token.
pub(crate) fn cseq(value: &[u8]) -> Result<(u32, &[u8]), &'static str> {
    let mut cursor = Cursor::new(value);
    let digits = cursor.take_while(|b| b.is_ascii_digit());
    let count = number(digits, limits::MAX_CSEQ)?;
    let before = cursor.at();
    cursor.skip_lws();
    let has_space = cursor.at() > before;
    let method = cursor.token();
    if !has_space || method.is_empty() || !cursor.is_at_end() {
        return Err("method missing");
    }
    Ok((count, method))
}
