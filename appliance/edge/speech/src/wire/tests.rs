//! Round trips, chunking and hostile bytes.

use super::*;
use crate::limits::MAX_TEXT;

fn to_worker() -> Vec<ToWorker> {
    let mut samples = [0; FRAME_SAMPLES];
    samples[0] = i16::MIN;
    samples[159] = i16::MAX;
    vec![
        ToWorker::Open { stream: 7 },
        ToWorker::Pcm {
            stream: u32::MAX,
            seq: 3,
            samples,
        },
        ToWorker::Close { stream: 0 },
    ]
}

fn from_worker() -> Vec<FromWorker> {
    let heard = |emotion| FromWorker::Heard {
        stream: 1,
        at_ms: 1200,
        length_ms: 2400,
        words: "查询订单".into(),
        dialect: "zh".into(),
        confidence: 0.75,
        emotion,
    };
    vec![
        FromWorker::Ready {
            engine: "whisper-base-zh".into(),
            dialects: vec!["zh".into(), "yue".into()],
        },
        heard(Some(("angry".into(), 0.5))),
        heard(None),
        FromWorker::Closed { stream: 9 },
        FromWorker::Status {
            rss_kb: 1,
            lag_ms: 2,
            dropped: u64::MAX,
        },
        FromWorker::Error {
            stream: None,
            message: "gone".into(),
        },
        FromWorker::Error {
            stream: Some(4),
            message: String::new(),
        },
    ]
}

fn bytes_of<F: Frame>(frames: &[F]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frames.iter().for_each(|frame| frame.encode(&mut bytes));
    bytes
}

#[test]
fn every_frame_survives_the_pipe() {
    let (to, from) = (to_worker(), from_worker());
    let mut pipe = std::io::Cursor::new(bytes_of(&to));
    for frame in &to {
        assert_eq!(
            read_frame::<ToWorker>(&mut pipe).unwrap().as_ref(),
            Some(frame)
        );
    }
    assert_eq!(read_frame::<ToWorker>(&mut pipe).unwrap(), None);
    let mut pipe = std::io::Cursor::new(bytes_of(&from));
    for frame in &from {
        assert_eq!(
            read_frame::<FromWorker>(&mut pipe).unwrap().as_ref(),
            Some(frame)
        );
    }
}

#[test]
fn frames_come_whole_out_of_any_chunking() {
    let frames = from_worker();
    let bytes = bytes_of(&frames);
    for size in [1, 2, 3, 7, 64, bytes.len()] {
        let mut decoder = Decoder::new();
        let mut seen = Vec::new();
        for chunk in bytes.chunks(size) {
            decoder.push(chunk);
            while let Some(frame) = decoder.next_frame::<FromWorker>().unwrap() {
                seen.push(frame);
            }
        }
        assert_eq!(seen, frames, "chunks of {size}");
    }
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_anything_is_read() {
    let mut decoder = Decoder::new();
    decoder.push(&u32::MAX.to_le_bytes());
    assert!(matches!(
        decoder.next_frame::<ToWorker>(),
        Err(WireError::Length(u32::MAX))
    ));
    for length in [0u32, 1, MAX_FRAME as u32 + 1] {
        let mut pipe = std::io::Cursor::new(length.to_le_bytes().to_vec());
        assert!(
            matches!(read_frame::<ToWorker>(&mut pipe), Err(WireError::Length(n)) if n == length)
        );
    }
}

#[test]
fn a_pipe_that_ends_inside_a_frame_is_an_error() {
    let bytes = bytes_of(&to_worker());
    for end in 1..10 {
        assert!(matches!(
            read_frame::<ToWorker>(&mut &bytes[..end.min(9)]),
            Err(WireError::Pipe(_)) | Ok(Some(_))
        ));
    }
    assert!(matches!(
        read_frame::<ToWorker>(&mut &bytes[..3]),
        Err(WireError::Pipe(_))
    ));
}

#[test]
fn wrong_version_kind_and_fields_are_told_apart() {
    assert!(matches!(
        ToWorker::decode(&[9, 1]),
        Err(WireError::Version(9))
    ));
    assert!(matches!(
        ToWorker::decode(&[VERSION, 17]),
        Err(WireError::Kind(17))
    ));
    assert!(matches!(
        ToWorker::decode(&[VERSION, 1, 0]),
        Err(WireError::Fields(1))
    ));
    assert!(matches!(
        ToWorker::decode(&[VERSION, 1, 0, 0, 0, 0, 0]),
        Err(WireError::Fields(1))
    ));
    assert!(matches!(
        ToWorker::decode(&[VERSION]),
        Err(WireError::Length(1))
    ));
    let bad_utf8 = [VERSION, 21, 0, 1, 0, 0xff];
    assert!(matches!(
        FromWorker::decode(&bad_utf8),
        Err(WireError::Fields(21))
    ));
    let many_dialects = [VERSION, 17, 0, 0, 0xff, 0xff, 0xff, 0xff];
    assert!(matches!(
        FromWorker::decode(&many_dialects),
        Err(WireError::Fields(17))
    ));
}

#[test]
fn garbage_never_panics() {
    // A small fixed generator: every run tries the same bytes.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..20_000 {
        let mut body = [0; 40];
        for byte in &mut body {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        body[0] = VERSION;
        body[1] %= 24;
        let length = usize::from(body[2]) % body.len();
        let _ = ToWorker::decode(&body[..length]);
        let _ = FromWorker::decode(&body[..length]);
    }
}

#[test]
fn long_text_is_cut_between_characters_and_still_fits() {
    let frame = FromWorker::Error {
        stream: Some(1),
        message: "听".repeat(3000),
    };
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    assert!(bytes.len() <= 4 + MAX_FRAME);
    let Some(FromWorker::Error { message, .. }) = read_frame(&mut bytes.as_slice()).unwrap() else {
        panic!("no frame")
    };
    assert_eq!(message.len(), MAX_TEXT / 3 * 3);
}
