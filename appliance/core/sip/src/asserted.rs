//! Who calls, as the network vouches for it, and what of it may be shown (RFC 3325, RFC 3323).
//!
//! Read from a request's header fields; whether the sender may be believed is the owner's judgement.

use crate::name_addr::{AddressList, text};
use crate::request::{Address, Headers};

/// RFC 3325 9.1: at most one sip and one tel address.
const MAX_IDENTITIES: usize = 2;

/// What a caller wants hidden (the priv-values of RFC 3323 4.2 and RFC 3325 9.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Privacy {
    /// The network-asserted identity stays inside the network.
    pub id: bool,
    /// What the user wrote into the message that tells who he is.
    pub user: bool,
    /// Header fields that tell the way.
    pub header: bool,
    /// Addresses in the session description.
    pub session: bool,
    /// The request must fail where this cannot be granted.
    pub critical: bool,
    /// Nothing is to be hidden, whatever the network would do by itself.
    pub none: bool,
    /// Something that these standards do not know.
    pub other: bool,
}

impl Privacy {
    /// Whether the called party must not learn who calls.
    pub fn hides_caller(&self) -> bool {
        !self.none && (self.id || self.user)
    }

    /// Whether a side that makes every message anew, with its own addresses and its own media, must
    /// refuse the request: something is wanted that it does not know, and wanted without fail
    /// (RFC 3323 5).
    pub fn is_beyond_us(&self) -> bool {
        self.critical && self.other && !self.none
    }

    /// The header value; `None` where there is nothing to say.
    pub fn value(&self) -> Option<String> {
        let all = [
            (self.id, "id"),
            (self.user, "user"),
            (self.header, "header"),
            (self.session, "session"),
            (self.none, "none"),
            (self.critical, "critical"),
        ];
        let wanted: Vec<&str> = all.iter().filter(|(on, _)| *on).map(|(_, n)| *n).collect();
        (!wanted.is_empty()).then(|| wanted.join(";"))
    }
}

impl Headers {
    /// The P-Asserted-Identity addresses, sip or tel, in order; what is malformed is left out.
    pub fn asserted(&self) -> Vec<Address> {
        self.addresses("P-Asserted-Identity")
    }

    /// The P-Preferred-Identity addresses: what a phone asks its own network to assert.
    pub fn preferred(&self) -> Vec<Address> {
        self.addresses("P-Preferred-Identity")
    }

    /// The Privacy values; unknown ones are only noted.
    pub fn privacy(&self) -> Privacy {
        let mut privacy = Privacy::default();
        // RFC 3323 separates by `;`, some by commas.
        let values = self
            .all("Privacy")
            .flat_map(|value| value.split([';', ',']));
        for value in values {
            match value.trim().to_ascii_lowercase().as_str() {
                "id" => privacy.id = true,
                "user" => privacy.user = true,
                "header" => privacy.header = true,
                "session" => privacy.session = true,
                "critical" => privacy.critical = true,
                "none" => privacy.none = true,
                "" => {}
                _ => privacy.other = true,
            }
        }
        privacy
    }

    fn addresses(&self, name: &str) -> Vec<Address> {
        self.all(name)
            .flat_map(|value| AddressList::new(value.as_bytes()))
            .map_while(Result::ok)
            .take(MAX_IDENTITIES)
            .map(|address| Address {
                display: address.display_text(),
                uri: address.uri.to_uri(),
                tag: address.tag().map(text),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::default();
        for (name, value) in fields {
            headers.push((*name).to_owned(), (*value).to_owned());
        }
        headers
    }

    #[test]
    fn a_caller_is_known_by_both_kinds_of_address() {
        let headers = headers(&[
            (
                "P-Asserted-Identity",
                "\"Cullen Jennings\" <sip:fluffy@cisco.com>",
            ),
            ("P-Asserted-Identity", "tel:+14085264000"),
            ("P-Asserted-Identity", "<sip:third@one.example>"),
        ]);
        let asserted = headers.asserted();
        assert_eq!(asserted.len(), 2);
        assert_eq!(asserted[0].display.as_deref(), Some("Cullen Jennings"));
        assert_eq!(asserted[1].uri.user(), Some("+14085264000"));
        assert_eq!(headers.preferred(), []);
    }

    #[test]
    fn privacy_is_read_as_it_is_written() {
        let read = headers(&[("Privacy", "ID;user"), ("privacy", "critical, odd")]).privacy();
        assert!(read.id && read.user && read.critical && !read.header);
        assert!(read.hides_caller() && read.is_beyond_us());
        let known = headers(&[("Privacy", "header;session;critical;")]).privacy();
        assert!(!known.is_beyond_us() && !known.hides_caller());
        assert_eq!(read.value().as_deref(), Some("id;user;critical"));
        let none = headers(&[("Privacy", "none")]).privacy();
        assert!(!none.hides_caller());
        assert_eq!(Privacy::default().value(), None);
    }
}
