use proptest::prelude::*;
use rtcp_types::{Compound as Oracle, Packet};

use super::*;

fn block() -> ReportBlock {
    ReportBlock {
        ssrc: 7,
        fraction_lost: 12,
        cumulative_lost: 345,
        highest: 70_000,
        jitter: 17,
        last_sr: 0xABCD_1234,
        delay_since_sr: 65_536,
    }
}

fn compound(sent: bool, reports: bool, bye: bool) -> Vec<u8> {
    let mut buffer = [0; 200];
    let compound = Compound {
        ssrc: 99,
        sent: sent.then_some(Sent {
            ntp: 0x1122_3344_5566_7788,
            rtp: 42,
            packets: 10,
            octets: 1_600,
        }),
        block: reports.then(block),
        cname: *b"0123456789abcdef",
        bye,
    };
    let length = compound.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

fn items(bytes: &[u8]) -> Result<Vec<Item>, RtcpError> {
    let mut items = Vec::new();
    read(bytes, |item| items.push(item)).map(|()| items)
}

#[test]
fn what_is_written_is_read() {
    let sender = Item::Sender {
        ssrc: 99,
        ntp: 0x1122_3344_5566_7788,
        rtp: 42,
    };
    let all = items(&compound(true, true, true)).unwrap();
    assert_eq!(all, [sender, Item::Block(block()), Item::Bye { ssrc: 99 }]);
    assert_eq!(
        items(&compound(false, true, false)).unwrap(),
        [Item::Block(block())]
    );
    assert_eq!(items(&compound(false, false, false)).unwrap(), []);
}

#[test]
fn another_implementation_reads_what_we_write() {
    for (sent, reports, bye) in [
        (true, true, true),
        (true, false, false),
        (false, true, true),
    ] {
        let bytes = compound(sent, reports, bye);
        let mut kinds = Vec::new();
        for packet in Oracle::parse(&bytes).unwrap() {
            match packet.unwrap() {
                Packet::Sr(sr) => {
                    assert_eq!(
                        (sr.ssrc(), sr.packet_count(), sr.octet_count()),
                        (99, 10, 1_600)
                    );
                    kinds.push("sr");
                }
                Packet::Rr(rr) => {
                    let theirs = rr.report_blocks().next().unwrap();
                    assert_eq!((theirs.ssrc(), theirs.fraction_lost()), (7, 12));
                    assert_eq!(theirs.cumulative_lost(), 345);
                    kinds.push("rr");
                }
                Packet::Sdes(sdes) => {
                    let chunk = sdes.chunks().next().unwrap();
                    let item = chunk.items().next().unwrap();
                    assert_eq!((item.type_(), item.value()), (1, &b"0123456789abcdef"[..]));
                    kinds.push("sdes");
                }
                Packet::Bye(bye) => {
                    assert_eq!(bye.ssrcs().collect::<Vec<_>>(), [99]);
                    kinds.push("bye");
                }
                other => panic!("{other:?}"),
            }
        }
        let report = if sent { "sr" } else { "rr" };
        let expected = [report, "sdes", "bye"];
        assert_eq!(kinds, expected[..if bye { 3 } else { 2 }]);
    }
}

#[test]
fn malformed_compounds_are_refused_whole() {
    let good = compound(true, true, true);
    let second = 4 * (1 + usize::from(good[3]));
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let table: [(&str, Vec<u8>, usize); 6] = [
        ("empty", vec![], 0),
        ("three bytes", good[..3].to_vec(), 0),
        ("version 1", changed(0, 0x41), 0),
        ("a length past the end", changed(2, 0xFF), 0),
        ("31 blocks that are not there", changed(0, 0x9F), 0),
        (
            "a second packet that is no RTCP",
            changed(second + 1, 8),
            second,
        ),
    ];
    for (name, bytes, at) in table {
        assert_eq!(items(&bytes), Err(RtcpError { at }), "{name}");
    }
}

#[test]
fn other_kinds_of_report_are_passed_over() {
    let mut bytes = compound(false, true, false);
    // An extended report (207) and an application packet (204).
    bytes.extend([
        0x80, 207, 0, 1, 0, 0, 0, 1, 0x80, 204, 0, 2, 0, 0, 0, 1, b'a', b'b', b'c', b'd',
    ]);
    assert_eq!(items(&bytes).unwrap(), [Item::Block(block())]);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = items(&bytes);
    }

    #[test]
    fn no_broken_compound_makes_the_reader_panic(at in 0usize..90, byte: u8, cut in 0usize..90) {
        let mut bytes = compound(true, true, true);
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(cut);
        let _ = items(&bytes);
    }
}
