use proptest::prelude::*;

use super::row;
use crate::limits::{MAX_BATCH_TEXT, MAX_ROW_BYTES};
use crate::{BatchError, BoxId, Epoch, Lane, Row, RowKind, decode_batch, encode_batch};

fn encode(rows: &[Row]) -> Vec<u8> {
    encode_batch(&BoxId::new("box-1").unwrap(), Epoch(7), Lane::Live, 1, rows).unwrap()
}

fn packed(text: &str) -> Vec<u8> {
    let mut bytes = vec![1, 1];
    bytes.extend(zstd::bulk::compress(text.as_bytes(), 3).unwrap());
    bytes
}

proptest! {
    #[test]
    fn a_batch_reads_back_as_it_was_written(first in 1u64..1 << 40, ns in prop::collection::vec(any::<u128>(), 1..200)) {
        let rows: Vec<Row> = ns.iter().zip(first..).map(|(&n, seq)| row(seq, n)).collect();
        let batch = decode_batch(&encode(&rows)).unwrap();
        prop_assert_eq!(batch.header.last_seq(), rows.last().unwrap().seq);
        prop_assert_eq!(batch.rows, rows);
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), lead in any::<bool>()) {
        let mut bytes = bytes;
        if lead {
            bytes.splice(0..0, [1, 1]);
        }
        prop_assert!(decode_batch(&bytes).is_err());
    }

    #[test]
    fn a_damaged_batch_is_refused_or_still_in_order(at in any::<prop::sample::Index>(), flip in 1u8.., cut in any::<bool>()) {
        let mut bytes = encode(&(1..50).map(|n| row(n, u128::from(n))).collect::<Vec<_>>());
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        if let Ok(batch) = decode_batch(&bytes) {
            prop_assert_eq!(batch.rows.len(), batch.header.count as usize);
        }
    }
}

#[test]
fn a_bomb_stops_at_our_limit() {
    let bomb = packed(&" ".repeat(MAX_BATCH_TEXT + 10));
    assert!(bomb.len() < 10_000);
    assert!(matches!(decode_batch(&bomb), Err(BatchError::TooMuchText)));
}

#[test]
fn a_frame_that_asks_for_a_huge_window_is_refused() {
    // Frame header: magic, no content size, window descriptor for 1 GiB.
    let bytes = [
        1,
        1,
        0x28,
        0xb5,
        0x2f,
        0xfd,
        0x00,
        20 << 3,
        0x01,
        0x00,
        0x00,
    ];
    assert!(matches!(
        decode_batch(&bytes),
        Err(BatchError::Compressed(_))
    ));
}

#[test]
fn each_malformed_batch_has_its_own_error() {
    let head = |first: u64, count: u32| {
        format!(
            "{{\"box\":\"b\",\"epoch\":1,\"lane\":\"live\",\"base\":1,\"first_seq\":{first},\"count\":{count}}}"
        )
    };
    let line = |seq: u64| {
        format!(
            "{{\"seq\":{seq},\"kind\":\"record\",\"id\":\"{}\",\"body\":{{}}}}",
            uuid::Uuid::nil()
        )
    };
    assert!(matches!(decode_batch(&[]), Err(BatchError::Cut)));
    assert!(matches!(
        decode_batch(&[9, 1, 0]),
        Err(BatchError::Version(9))
    ));
    assert!(matches!(
        decode_batch(&[1, 9, 0]),
        Err(BatchError::Codec(9))
    ));
    assert!(matches!(
        decode_batch(&packed("")),
        Err(BatchError::Line { line: 1, .. })
    ));
    assert!(matches!(
        decode_batch(&packed("{}")),
        Err(BatchError::Line { line: 1, .. })
    ));
    let text = format!("{}\nnot json", head(1, 1));
    assert!(matches!(
        decode_batch(&packed(&text)),
        Err(BatchError::Line { line: 2, .. })
    ));
    let text = format!("{}\n{}\n{}", head(1, 2), line(1), line(3));
    assert!(matches!(
        decode_batch(&packed(&text)),
        Err(BatchError::Mismatch(_))
    ));
    for (first, count) in [(1, 0), (1, 501), (0, 1), (u64::MAX, 1), (1, 2)] {
        let text = format!("{}\n{}", head(first, count), line(1));
        assert!(
            matches!(decode_batch(&packed(&text)), Err(BatchError::Mismatch(_))),
            "{first} {count}"
        );
    }
}

#[test]
fn a_row_that_cannot_travel_keeps_its_number() {
    let mut rows = vec![row(1, 1), row(2, 2), row(3, 3)];
    rows[1].body = format!("\"{}\"", "x".repeat(MAX_ROW_BYTES));
    rows[2].body = "{\"torn\":".into();
    let batch = decode_batch(&encode(&rows)).unwrap();
    let kinds: Vec<_> = batch.rows.iter().map(|row| row.kind).collect();
    assert_eq!(
        kinds,
        [RowKind::Record, RowKind::Withheld, RowKind::Withheld]
    );
    assert_eq!(batch.rows[1].id, rows[1].id);
}

#[test]
fn fields_and_kinds_of_a_newer_box_are_tolerated() {
    let text = format!(
        "{{\"box\":\"b\",\"epoch\":1,\"lane\":\"bulk\",\"base\":1,\"first_seq\":1,\"count\":1,\"new\":1}}\n\
         {{\"seq\":1,\"kind\":\"voicemail\",\"id\":\"{}\",\"body\":[1],\"more\":true}}",
        uuid::Uuid::nil()
    );
    assert_eq!(
        decode_batch(&packed(&text)).unwrap().rows[0].kind,
        RowKind::Unknown
    );
}
