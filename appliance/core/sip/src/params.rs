//! `;name=value` parameters of a header field (RFC 3261 25.1, generic-param), read in place.
//!
//! White space, folds included, may stand round `;` and `=`. A value is a quoted string or a run of bytes
//! up to the next separator, so `received=[2001:db8::9]` and `received=2001:db8::9` both read (RFC 5118 4.5).

use crate::lex::{Cursor, is_lws, trim};

/// The parameters of one value, already proved well-formed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params<'a> {
    text: &'a [u8],
}

impl<'a> Params<'a> {
    /// Reads parameters at `cursor` up to the end or the comma of a list; says what is wrong if they are not.
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, &'static str> {
        let before = cursor.rest();
        let start = cursor.at();
        while next(cursor)?.is_some() {}
        Ok(Self {
            text: before.get(..cursor.at() - start).unwrap_or_default(),
        })
    }

    /// The value of the parameter called `name`, whatever its case: `Some("")` where it has none.
    /// Quotes are kept.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, v)| v)
    }

    /// All parameters as (name, value), in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut cursor = Cursor::new(self.text);
        std::iter::from_fn(move || next(&mut cursor).ok().flatten())
    }

    /// The parameters as received, first `;` included.
    pub fn as_bytes(&self) -> &'a [u8] {
        trim(self.text)
    }
}

type Param<'a> = (&'a [u8], &'a [u8]);

/// The next parameter; `None` at the end of the value or at a comma, which is left in place.
fn next<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Param<'a>>, &'static str> {
    cursor.skip_lws();
    if !cursor.eat(b';') {
        let done = cursor.is_at_end() || cursor.peek() == Some(b',');
        return if done {
            Ok(None)
        } else {
            Err("text after a value")
        };
    }
    cursor.skip_lws();
    let name = cursor.token();
    if name.is_empty() {
        return Err("empty parameter");
    }
    cursor.skip_lws();
    if !cursor.eat(b'=') {
        return Ok(Some((name, b"")));
    }
    cursor.skip_lws();
    let value = if cursor.peek() == Some(b'"') {
        cursor.quoted().ok_or("quote does not close")?
    } else {
        cursor.take_while(|b| !is_lws(b) && !matches!(b, b';' | b',' | b'"' | b'<' | b'>'))
    };
    if value.is_empty() {
        return Err("parameter without a value after `=`");
    }
    Ok(Some((name, value)))
}
