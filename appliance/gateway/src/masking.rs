//! Personal data and secrets out of what people read: logs, traces, support bundles.

/// Digits of a number that stay: the area or operator before, the last two after.
const HEAD: usize = 3;
const TAIL: usize = 2;
/// Shorter digit strings are extensions and say nothing about a person.
const NUMBER: usize = 7;
/// Header fields whose values are never shown.
const SECRET: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "www-authenticate",
    "proxy-authenticate",
];

/// `text` with every telephone number in it masked: `13800001234` becomes `138******34`.
pub(crate) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            out.push_str(&hidden(&digits));
            digits.clear();
            out.push(c);
        }
    }
    out.push_str(&hidden(&digits));
    out
}

/// A SIP message without credentials and keys; unless `unmasked`, without numbers.
pub(crate) fn masked_message(text: &str, unmasked: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let name = line.split(':').next().unwrap_or_default().trim();
        let is_secret = SECRET
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret));
        let is_person = [
            "from",
            "to",
            "f",
            "t",
            "contact",
            "m",
            "p-asserted-identity",
        ]
        .iter()
        .any(|field| name.eq_ignore_ascii_case(field));
        // The first line of a request names the called party too.
        let is_person = is_person || line.ends_with(" SIP/2.0");
        if is_secret {
            out.push_str(name);
            out.push_str(": (left out)");
        } else if line.starts_with("a=crypto:") {
            out.push_str("a=crypto: (left out)");
        } else if is_person && !unmasked {
            out.push_str(&masked(line));
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

fn hidden(digits: &str) -> String {
    let count = digits.len();
    if count < NUMBER {
        return digits.to_owned();
    }
    // ASCII digits: bytes are characters.
    let (head, tail) = (digits.get(..HEAD), digits.get(count - TAIL..));
    let stars = "*".repeat(count - HEAD - TAIL);
    format!(
        "{}{stars}{}",
        head.unwrap_or_default(),
        tail.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_head_and_tail() {
        assert_eq!(masked("13800001234"), "138******34");
        assert_eq!(
            masked("sip:+8613800001234@10.0.0.1:5060"),
            "sip:+861********34@10.0.0.1:5060"
        );
        assert_eq!(masked("4001"), "4001");
    }

    #[test]
    fn credentials_and_keys_are_never_shown() {
        let text = "REGISTER sip:box SIP/2.0\r\nAuthorization: Digest response=\"0123456789abcdef\"\r\n\
            From: <sip:13800001234@box>;tag=1\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n";
        for unmasked in [false, true] {
            let shown = masked_message(text, unmasked);
            assert!(
                !shown.contains("0123456789abcdef") && !shown.contains("c2VjcmV0"),
                "{shown}"
            );
            assert_eq!(shown.contains("13800001234"), unmasked);
        }
    }
}
