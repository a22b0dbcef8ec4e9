//! The parameters of Digest challenges and credentials (RFC 7616 3.3, 3.4; RFC 3261 20.7, 20.44).
//!
//! `name=value` between commas, values quoted or not; read in place, nothing is trusted.

use crate::lex::{Cursor, is_lws};

/// The parameters of a Digest challenge or credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthParams<'a> {
    text: &'a str,
}

impl<'a> AuthParams<'a> {
    /// Reads an Authorization, WWW-Authenticate or alike value; `None` where its scheme is not Digest or its
    /// parameters are malformed.
    pub fn parse(value: &'a str) -> Option<Self> {
        let value = value.trim_start();
        let (scheme, text) = value.split_at_checked(6)?;
        let starts =
            scheme.eq_ignore_ascii_case("Digest") && text.bytes().next().is_some_and(is_lws);
        let params = Self { text };
        (starts && params.iter().all(|p| p.is_some())).then_some(params)
    }

    /// A parameter by name, whatever its case, without quotes and escapes.
    pub fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self
            .iter()
            .flatten()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(unquote(value))
    }

    /// All parameters; a `None` ends the list where one is malformed.
    fn iter(&self) -> impl Iterator<Item = Option<(&'a str, &'a str)>> {
        let mut cursor = Cursor::new(self.text.as_bytes());
        let mut is_done = false;
        std::iter::from_fn(move || {
            cursor.take_while(|b| is_lws(b) || b == b',');
            if is_done || cursor.is_at_end() {
                return None;
            }
            let param = auth_param(&mut cursor);
            is_done = param.is_none();
            Some(param)
        })
    }
}

fn auth_param<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, &'a str)> {
    let name = cursor.token();
    cursor.skip_lws();
    if name.is_empty() || !cursor.eat(b'=') {
        return None;
    }
    cursor.skip_lws();
    let value = match cursor.peek()? {
        b'"' => cursor.quoted()?,
        _ => cursor.take_while(|b| !is_lws(b) && b != b','),
    };
    Some((
        std::str::from_utf8(name).ok()?,
        std::str::from_utf8(value).ok()?,
    ))
}

/// A quoted string without quotes and escapes; anything else as it is.
pub(crate) fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        plain.push(if letter == '\\' {
            letters.next().unwrap_or(letter)
        } else {
            letter
        });
    }
    plain
}

/// The inside of a quoted string.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}
