//! What a REGISTER asks for: its Contact and Expires headers read (RFC 3261 sections 10.2, 20.10).

use sip::{NameAddr, Request, Scheme, Uri};

use super::Binding;
use crate::limits::MAX_CONTACTS;

/// What a REGISTER is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// No Contact: which phones are there?
    List,
    /// `*` with `Expires: 0`: all of them go.
    ForgetAll,
    /// These come, stay, or go with 0 seconds.
    Set(Vec<Asked>),
}

/// One phone that wants to come, stay or go.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) uri: Uri,
    pub(super) expires_s: Option<u32>,
    pub(super) instance: Option<String>,
}

impl Asked {
    /// Whether it is the phone of `binding`: the same instance, or the same address.
    pub(super) fn is(&self, binding: &Binding) -> bool {
        let is_same_instance = self.instance.is_some() && self.instance == binding.instance;
        is_same_instance || is_same(&self.uri, &binding.contact.uri)
    }
}

/// Reads the wish of a REGISTER.
///
/// # Errors
/// Where the Contacts cannot be read, are too many, or `*` is not alone with `Expires: 0`.
pub(super) fn read(request: &Request) -> Result<Wish, ()> {
    let default = request.headers.first("Expires").map(seconds);
    let mut asked = Vec::new();
    let mut all = false;
    for value in request.headers.all("Contact").flat_map(split) {
        if value.trim() == "*" {
            all = true;
            continue;
        }
        let address = NameAddr::parse(value.as_bytes()).map_err(|_| ())?;
        let uri = address.uri.to_uri();
        if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) || asked.len() >= MAX_CONTACTS {
            return Err(());
        }
        let param = |name| {
            let value = address.params.get(name)?;
            Some(String::from_utf8_lossy(value).into_owned())
        };
        asked.push(Asked {
            uri,
            expires_s: param("expires").map(|text| seconds(&text)).or(default),
            instance: param("+sip.instance"),
        });
    }
    match (all, asked.is_empty()) {
        (true, true) if default == Some(0) => Ok(Wish::ForgetAll),
        (true, _) => Err(()),
        (false, true) => Ok(Wish::List),
        (false, false) => Ok(Wish::Set(asked)),
    }
}

/// Delta-seconds; one that cannot be read counts as an hour (section 20.19), one too large as the
/// largest.
fn seconds(text: &str) -> u32 {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return 3_600;
    }
    text.parse().unwrap_or(u32::MAX)
}

/// Whether two contacts name the same phone: scheme, user, host and port (after section 19.1.4;
/// parameters such as `ob` or a changing `line` do not make a second phone).
fn is_same(one: &Uri, other: &Uri) -> bool {
    one.scheme() == other.scheme()
        && one.user_decoded() == other.user_decoded()
        && one.host().eq_ignore_ascii_case(other.host())
        && one.port() == other.port()
}

/// The values of a list header: commas split it outside quotes and `<>`.
fn split(value: &str) -> Vec<&str> {
    let (mut quoted, mut bracketed, mut escaped) = (false, false, false);
    let is_comma = |c: char| {
        let splits = c == ',' && !quoted && !bracketed;
        match c {
            '"' if !escaped && !bracketed => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            _ => {}
        }
        escaped = c == '\\' && quoted && !escaped;
        splits
    };
    value.split(is_comma).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_split_contacts_only_where_they_may() {
        assert_eq!(
            split("\"a, \\\" b\" <sip:1@h;x=\",\">;q=1, sip:2@h"),
            ["\"a, \\\" b\" <sip:1@h;x=\",\">;q=1", " sip:2@h"]
        );
        assert_eq!(split("*"), ["*"]);
    }

    #[test]
    fn odd_seconds_never_wrap() {
        for (text, expected) in [
            ("60", 60),
            (" 0 ", 0),
            ("99999999999999999999", u32::MAX),
            ("-1", 3_600),
            ("x", 3_600),
            ("", 3_600),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
