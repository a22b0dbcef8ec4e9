//! Addresses in header fields: `"Display" <uri>;params` or a bare URI (RFC 3261 20.10, 25.1).
//!
//! Inside `<>` parameters belong to the URI, outside to the header; a bare URI holds no `?` or `,`
//! (RFC 4475 `cparam01`, `cparam02`, `regbadct`). White space inside `<>` is tolerated (`badaspec`), an
//! unquoted comma in a display name is not (`baddn`): it would split the list elsewhere.

use crate::lex::{Cursor, is_lws, trim};
use crate::params::Params;
use crate::uri::UriRef;

/// One address of a From, To, Contact, Route or alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAddr<'a> {
    /// The display name as received, quotes included.
    pub display: Option<&'a [u8]>,
    /// The URI.
    pub uri: UriRef<'a>,
    /// Whether the URI stood in `<>`.
    pub is_bracketed: bool,
    /// The header's parameters.
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// Reads a value that holds one address and nothing else.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub fn parse(value: &'a [u8]) -> Result<Self, &'static str> {
        let mut cursor = Cursor::new(value);
        let address = Self::read(&mut cursor)?;
        if cursor.is_at_end() {
            Ok(address)
        } else {
            Err("more than one address")
        }
    }

    /// The tag parameter.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The display name without quotes and escapes; bytes that are not UTF-8 are read as Latin-1.
    pub fn display_text(&self) -> Option<String> {
        let display = self.display?;
        let Some(inner) = display
            .strip_prefix(b"\"")
            .and_then(|d| d.strip_suffix(b"\""))
        else {
            return Some(text(display));
        };
        let mut plain = Vec::with_capacity(inner.len());
        let mut bytes = inner.iter();
        while let Some(&byte) = bytes.next() {
            plain.push(if byte == b'\\' {
                bytes.next().copied().unwrap_or(byte)
            } else {
                byte
            });
        }
        Some(text(&plain))
    }

    /// Reads one address at `cursor` and its parameters, up to the end or a comma.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, &'static str> {
        cursor.skip_lws();
        let display = match cursor.peek() {
            Some(b'"') => {
                let quoted = cursor.quoted().ok_or("quote does not close")?;
                cursor.skip_lws();
                if cursor.peek() != Some(b'<') {
                    return Err("display name without `<`");
                }
                Some(quoted)
            }
            Some(b'<') => None,
            _ => match unquoted(cursor)? {
                Some(display) => Some(display),
                None => return bare(cursor),
            },
        };
        cursor.eat(b'<');
        let inner = cursor.take_while(|b| b != b'>');
        if !cursor.eat(b'>') {
            return Err("`<` does not close");
        }
        let uri = UriRef::parse(trim(inner)).map_err(|e| e.0)?;
        let params = Params::read(cursor)?;
        Ok(Self {
            display,
            uri,
            is_bracketed: true,
            params,
        })
    }
}

/// Addresses of a list header, one after another; an error ends the list.
#[derive(Clone, Copy)]
pub struct AddressList<'a> {
    cursor: Cursor<'a>,
    is_done: bool,
}

impl<'a> AddressList<'a> {
    /// The addresses of `value`.
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(value),
            is_done: false,
        }
    }
}

impl<'a> Iterator for AddressList<'a> {
    type Item = Result<NameAddr<'a>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let address = NameAddr::read(&mut self.cursor);
        self.is_done = address.is_err() || !self.cursor.eat(b',');
        Some(address)
    }
}

/// Text of a peer for people: UTF-8, else Latin-1.
pub(crate) fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().map(|&b| char::from(b)).collect(),
        ToOwned::to_owned,
    )
}

/// A display name without quotes; `None`, and nothing taken, where a bare URI stands here.
fn unquoted<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a [u8]>, &'static str> {
    let mut ahead = *cursor;
    let display = trim(ahead.take_while(|b| !matches!(b, b'<' | b',' | b';' | b'"')));
    if ahead.peek() != Some(b'<') {
        return Ok(None);
    }
    if display.contains(&b':') {
        return Err("`:` in an unquoted display name");
    }
    *cursor = ahead;
    Ok(Some(display))
}

/// An address without `<>`: all parameters are the header's.
fn bare<'a>(cursor: &mut Cursor<'a>) -> Result<NameAddr<'a>, &'static str> {
    let text = cursor.take_while(|b| !is_lws(b) && !matches!(b, b';' | b','));
    if text.contains(&b'?') {
        return Err("`?` in an address without `<>`");
    }
    let uri = UriRef::parse(text).map_err(|e| e.0)?;
    let params = Params::read(cursor)?;
    Ok(NameAddr {
        display: None,
        uri,
        is_bracketed: false,
        params,
    })
}
