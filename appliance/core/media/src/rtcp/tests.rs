use proptest::prelude::*;
use rtcp_types::{Compound as Oracle, Packet};

use super::*;
use crate::gaps::Spread;

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

fn voip() -> VoipMetrics {
    VoipMetrics {
        ssrc: 7,
        loss: 0.05,
        discard: 0.01,
        spread: Spread {
            burst_density: 0.5,
            gap_density: 0.002,
            burst_packets: 3.0,
            gap_packets: 200.0,
        },
        ptime_ms: 20,
        round_trip_ms: Some(61.0),
        r: 71.4,
        mos: (3.74, 3.63),
        buffer_ms: 40,
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
        voip: reports.then(voip),
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
    let score = Item::Score { ssrc: 7, mos: 3.6 };
    assert_eq!(
        all,
        [sender, Item::Block(block()), score, Item::Bye { ssrc: 99 }]
    );
    assert_eq!(
        items(&compound(false, true, false)).unwrap(),
        [Item::Block(block()), score]
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
                Packet::Xr(xr) => {
                    assert_eq!((xr.sender_ssrc(), xr.block_iter().count()), (99, 1));
                    kinds.push("xr");
                }
                Packet::Bye(bye) => {
                    assert_eq!(bye.ssrcs().collect::<Vec<_>>(), [99]);
                    kinds.push("bye");
                }
                other => panic!("{other:?}"),
            }
        }
        let report = if sent { "sr" } else { "rr" };
        let mut expected = vec![report, "sdes"];
        expected.extend(reports.then_some("xr"));
        expected.extend(bye.then_some("bye"));
        assert_eq!(kinds, expected);
    }
}

#[test]
fn voip_metrics_lie_where_the_rfc_says() {
    let bytes = compound(false, true, false);
    let xr = &bytes[bytes.len() - 44..];
    assert_eq!(xr[..8], [0x80, 207, 0, 10, 0, 0, 0, 99]);
    assert_eq!(xr[8..16], [7, 0, 0, 8, 0, 0, 0, 7]);
    assert_eq!(xr[16..20], [13, 3, 128, 1], "rates in 256ths");
    assert_eq!(xr[20..28], [0, 60, 15, 160, 0, 61, 0, 60], "milliseconds");
    assert_eq!(xr[28..36], [127, 127, 127, 16, 71, 127, 37, 36]);
    assert_eq!(xr[36..], [0b1011_0000, 0, 0, 40, 0, 40, 0, 40]);
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
    // An extended report without a block (207) and an application packet (204).
    bytes.extend([
        0x80, 207, 0, 1, 0, 0, 0, 1, 0x80, 204, 0, 2, 0, 0, 0, 1, b'a', b'b', b'c', b'd',
    ]);
    assert_eq!(items(&bytes).unwrap().len(), 2);
    // A block that says it is longer than its report, and one of a score that cannot be.
    bytes.extend([0x80, 207, 0, 2, 0, 0, 0, 1, 7, 0, 0, 8]);
    let mut impossible = compound(false, true, false);
    let at = impossible.len() - 44;
    (impossible[at + 34], impossible[at + 35]) = (127, 127);
    bytes.extend(&impossible[at..]);
    assert_eq!(items(&bytes).unwrap().len(), 2);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = items(&bytes);
    }

    #[test]
    fn no_broken_compound_makes_the_reader_panic(at in 0usize..140, byte: u8, cut in 0usize..140) {
        let mut bytes = compound(true, true, true);
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(cut);
        let _ = items(&bytes);
    }
}
