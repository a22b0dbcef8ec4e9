//! parse(write(x)) == x, and write(parse(y)) == y.

use proptest::prelude::*;
use sip::{Message, StartLine, Writer, write};

#[derive(Clone, Debug)]
struct Draft {
    method: String,
    uri: String,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => 0x21..=0x7e_u8, 1 => Just(b' '), 1 => 0x80..=0xff_u8];
    prop::collection::vec(byte, 0..40).prop_map(|bytes| {
        let text: Vec<u8> = bytes.into_iter().skip_while(|b| *b == b' ').collect();
        let end = text.iter().rposition(|b| *b != b' ').map_or(0, |at| at + 1);
        text[..end].to_vec()
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let name = "[A-Za-z][A-Za-z0-9.!%*_+~-]{0,20}";
    let known = prop::sample::select(vec![
        "Via", "v", "From", "To", "Call-ID", "Contact", "m", "Route",
    ]);
    let field = (
        prop_oneof![name.prop_map(String::from), known.prop_map(String::from)],
        value(),
    );
    let no_length = |(name, _): &(String, Vec<u8>)| {
        !name.eq_ignore_ascii_case("l") && !name.eq_ignore_ascii_case("content-length")
    };
    (
        "[A-Z!%*_+`'~.-]{1,12}",
        "sip:[a-z0-9;?&=+$,/!~*'()_.-]{1,12}@[a-z]{1,10}",
        prop::collection::vec(field.prop_filter("length is ours", no_length), 0..40),
        prop::collection::vec(any::<u8>(), 0..200),
    )
        .prop_map(|(method, uri, fields, body)| Draft {
            method,
            uri,
            fields,
            body,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(draft in draft()) {
        let mut writer = Writer::request(draft.method.as_bytes(), draft.uri.as_bytes());
        for (name, value) in &draft.fields {
            writer.field(name, value);
        }
        let bytes = writer.finish(&draft.body);
        let message = Message::parse(&bytes).unwrap();
        let start = StartLine::Request { method: draft.method.as_bytes(), uri: draft.uri.as_bytes() };
        prop_assert_eq!(message.start(), start);
        prop_assert_eq!(message.body(), &draft.body[..]);
        let mut read: Vec<(String, Vec<u8>)> = message
            .fields()
            .map(|f| (String::from_utf8(f.name.to_vec()).unwrap(), f.value.to_vec()))
            .collect();
        let length = read.pop().unwrap();
        prop_assert_eq!(length, ("Content-Length".to_owned(), draft.body.len().to_string().into_bytes()));
        prop_assert_eq!(read, draft.fields);
        prop_assert_eq!(write(&message), bytes);
    }
}

#[test]
fn what_was_received_is_written_unchanged() {
    let text = "INVITE sip:%61@a;transport=tcp SIP/2.0\r\nv: SIP/2.0/TCP h;branch=z9hG4bK%fz\r\n\
                To: <sip:b@c;transport=ws>\r\nX-Odd:  \r\nl: 3\r\n\r\nabc";
    let message = Message::parse(text.as_bytes()).unwrap();
    let written = String::from_utf8(write(&message)).unwrap();
    assert_eq!(written, text.replace("X-Odd:  ", "X-Odd: "));
}

#[test]
fn an_owner_cannot_smuggle_a_line_end() {
    let mut writer = Writer::response(200, b"OK\r\nX: y");
    writer
        .field("Subject", "a\r\nEvil: b\n\nc")
        .field("Na\r\nme", "d");
    let bytes = writer.finish(b"");
    let message = Message::parse(&bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        message.is_err() || message.unwrap().fields().all(|f| f.name != b"Evil"),
        "{text}"
    );
}
