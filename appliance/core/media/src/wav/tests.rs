use proptest::prelude::*;

use super::*;

/// A file with a `fmt ` and a `data` chunk.
fn file(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(channels) * u32::from(bits) / 8).to_le_bytes());
    bytes.extend((channels * bits / 8).to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn telephone_audio_is_found_in_all_its_spellings() {
    let data = [1, 2, 3, 4];
    assert_eq!(
        read(&file(1, 1, 8_000, 16, &data)),
        Ok(Audio::Linear(&data))
    );
    assert_eq!(
        read(&file(6, 1, 8_000, 8, &data)),
        Ok(Audio::G711(Codec::Pcma, &data))
    );
    assert_eq!(
        read(&file(7, 1, 8_000, 8, &data)),
        Ok(Audio::G711(Codec::Pcmu, &data))
    );
    // Half a sample at the end is no sample.
    assert_eq!(
        read(&file(1, 1, 8_000, 16, &data[..3])),
        Ok(Audio::Linear(&data[..2]))
    );
}

#[test]
fn what_is_no_prompt_says_why_and_what_to_do() {
    let good = file(1, 1, 8_000, 16, &[1, 2, 3, 4]);
    let table = [
        (
            file(1, 1, 16_000, 16, &[0; 4]),
            "sampling rate is 16000, needed is 8000",
        ),
        (file(1, 2, 8_000, 16, &[0; 4]), "channels is 2, needed is 1"),
        (
            file(1, 1, 8_000, 24, &[0; 6]),
            "bits of a sample are 24, needed is 16",
        ),
        (file(3, 1, 8_000, 32, &[0; 8]), "format tag is 3"),
        (file(1, 1, 8_000, 16, &[]), "no audio"),
        (b"ID3\x04mp3".to_vec(), "no `RIFF` at byte 0"),
        (b"RIFF\0\0\0\0AVI ".to_vec(), "no `WAVE` at byte 8"),
        (good[..20].to_vec(), "no `fmt ` chunk at byte 24"),
        (good[..50].to_vec(), "no `data` chunk at byte 48"),
        (vec![], "no `RIFF`"),
        (vec![0; MAX_PROMPT_FILE + 1], "too long"),
    ];
    for (bytes, words) in table {
        let error = read(&bytes).unwrap_err().to_string();
        assert!(
            error.contains(words) && error.contains("hint: "),
            "{words}: {error}"
        );
    }
}

#[test]
fn the_header_of_a_recording_tells_its_length() {
    let header = header(320_000);
    assert_eq!(&header[..4], b"RIFF");
    assert_eq!(u32_at(&header, 4), Some(320_050));
    assert_eq!(
        (u16_at(&header, 20), u16_at(&header, 22)),
        (Some(6), Some(2))
    );
    assert_eq!(&header[38..42], b"fact");
    assert_eq!(u32_at(&header, 46), Some(160_000));
    assert_eq!(&header[50..54], b"data");
    assert_eq!(u32_at(&header, 54), Some(320_000));
    assert_eq!(u32_at(&super::header(u32::MAX), 54), Some(MAX_DATA & !1));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&[b"RIFF\0\0\0\0WAVE", bytes.as_slice()].concat());
    }
}
