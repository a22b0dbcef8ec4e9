use proptest::prelude::*;

use super::*;

fn pages(mut bytes: &[u8]) -> Result<Vec<Page<'_>>, OggError> {
    let mut pages = Vec::new();
    while let Some(page) = next_page(bytes)? {
        bytes = &bytes[page.length..];
        pages.push(page);
    }
    assert!(bytes.is_empty());
    Ok(pages)
}

fn file(packets: &[Vec<u8>], samples: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(7, 52, &mut out);
    for packet in packets {
        writer.packet(packet, &mut out);
    }
    writer.finish(samples, &mut out);
    out
}

#[test]
fn the_checksum_is_oggs() {
    // RFC 3533 section 6, bit by bit: polynomial 0x04C11DB7, nothing reflected, nothing inverted.
    let page = b"OggS\0\x02 and more".to_vec();
    let mut sum = 0u32;
    for (at, byte) in page.iter().enumerate() {
        let byte = if (22..26).contains(&at) { 0 } else { *byte };
        sum ^= u32::from(byte) << 24;
        for _ in 0..8 {
            let carry = sum >> 31 == 1;
            sum <<= 1;
            if carry {
                sum ^= 0x04C1_1DB7;
            }
        }
    }
    assert_eq!(checksum(&page), sum);
}

#[test]
fn a_file_has_its_headers_a_page_a_second_and_its_length() {
    let packets: Vec<Vec<u8>> = (0..120).map(|n| vec![n as u8; 100 + n]).collect();
    let bytes = file(&packets, 120 * 160 - 60);
    let pages = pages(&bytes).unwrap();
    let head = pages[0].packets().next().unwrap();
    assert_eq!(&head[..10], b"OpusHead\x01\x02");
    assert_eq!(head[10..12], 312u16.to_le_bytes());
    assert_eq!(&bytes[..6], b"OggS\0\x02");
    assert!(pages[1].packets().next().unwrap().starts_with(b"OpusTags"));
    assert_eq!(pages.len(), 5);
    assert_eq!(pages[2].granule, 48_000);
    assert_eq!(pages[4].granule, 312 + (120 * 160 - 60) * 6);
    assert!(pages[4].ends && !pages[3].ends);
    assert!((0..).zip(&pages).all(|(n, page)| page.sequence == n));
    let read: Vec<&[u8]> = pages[2..].iter().flat_map(Page::packets).collect();
    assert_eq!(read, packets);
}

#[test]
fn a_damaged_page_is_refused_and_a_cut_one_is_none() {
    let bytes = file(&vec![vec![5; 300]; 10], 1_600);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let mut rest = &damaged[..];
        let found = loop {
            match next_page(rest) {
                Ok(Some(page)) => rest = &rest[page.length..],
                other => break other,
            }
        };
        assert!(found.is_err() || !rest.is_empty(), "{at}");
    }
    for cut in 0..47 {
        assert_eq!(next_page(&bytes[..cut]), Ok(None), "{cut}");
    }
}

proptest! {
    #[test]
    fn packets_of_any_length_come_back(
        lengths in prop::collection::vec(0usize..2_600, 1..130),
    ) {
        let packets: Vec<Vec<u8>> = lengths.iter().map(|length| vec![9; *length]).collect();
        let bytes = file(&packets, 1);
        let pages = pages(&bytes).unwrap();
        let read: Vec<&[u8]> = pages[2..].iter().flat_map(Page::packets).collect();
        prop_assert_eq!(read, packets);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = next_page(&bytes);
        let _ = next_page(&[b"OggS\0\0", &bytes[..]].concat());
    }
}
