//! Recordings: heads, ranges, conversion, names that lead elsewhere.

use axum::http::StatusCode;

use super::g711::{A_LAW, MU_LAW};
use super::range::{Cut, cut};
use super::wav;
use crate::rig::{Rig, live_call, record, recorded};

/// A stereo G.711 file of so many frames whose samples count up.
fn file(law: u16, frames: u32) -> Vec<u8> {
    let mut out = Vec::from(*b"RIFF\0\0\0\0WAVEfmt ");
    out.extend(18u32.to_le_bytes());
    for half in [law, 2] {
        out.extend(half.to_le_bytes());
    }
    out.extend(8000u32.to_le_bytes());
    out.extend(16_000u32.to_le_bytes());
    for half in [2u16, 8, 0] {
        out.extend(half.to_le_bytes());
    }
    out.extend(b"fact\x04\0\0\0\0\0\0\0data");
    out.extend((frames * 2).to_le_bytes());
    out.extend((0..frames * 2).map(|nth| nth as u8));
    out
}

async fn rig_with(name: &str, bytes: &[u8]) -> Rig {
    let rig = Rig::signed_in().await;
    let path = rig.folder.path().join("recordings").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    rig.store.commit(recorded(1, name)).await.unwrap();
    rig
}

const ONE: &str = "/api/records/00000000-0000-0000-0000-000000000001/recording";

#[test]
fn g711_tables_have_the_values_of_the_recommendation() {
    assert_eq!(
        (A_LAW[0xD5], A_LAW[0x55], A_LAW[0xAA], A_LAW[0x2A]),
        (8, -8, 32_256, -32_256)
    );
    assert_eq!(
        (MU_LAW[0xFF], MU_LAW[0x7F], MU_LAW[0x80], MU_LAW[0x00]),
        (0, 0, 32_124, -32_124)
    );
}

#[test]
fn ranges_are_read_as_the_rfc_says() {
    let part = |start, end| Cut::Part { start, end };
    for (header, expected) in [
        (None, Cut::Whole),
        (Some("bytes=0-9"), part(0, 10)),
        (Some("bytes=90-"), part(90, 100)),
        (Some("bytes=-10"), part(90, 100)),
        (Some("bytes=-1000"), part(0, 100)),
        (Some("bytes=50-99999999999999999999999"), part(50, 100)),
        (Some("bytes=100-"), Cut::Outside),
        (Some("bytes=-0"), Cut::Outside),
        (Some("bytes=9-3"), Cut::Whole),
        (Some("bytes=0-1,5-6"), Cut::Whole),
        (Some("bytes=a-b"), Cut::Whole),
        (Some("bytes=+1-2"), Cut::Whole),
        (Some("lines=1-2"), Cut::Whole),
        (Some("bytes="), Cut::Whole),
    ] {
        assert_eq!(cut(header, 100), expected, "{header:?}");
    }
    assert_eq!(cut(Some("bytes=0-"), 0), Cut::Outside);
    assert_eq!(cut(Some("bytes=-5"), 0), Cut::Outside);
}

#[test]
fn broken_heads_are_refused_without_a_panic() {
    let good = file(6, 4);
    assert!(wav::parse(&good).is_ok());
    for length in 0..good.len() - 8 {
        let _ = wav::parse(&good[..length]);
    }
    for (at, byte) in [
        (0, b'X'),
        (20, 9),
        (22, 0),
        (22, 3),
        (24, 1),
        (34, 16),
        (16, 255),
    ] {
        let mut bad = good.clone();
        bad[at] = byte;
        assert!(wav::parse(&bad).is_err(), "byte {at}");
    }
    let mut huge = good;
    huge[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(wav::parse(&huge).is_err());
}

#[tokio::test]
async fn recording_is_sent_as_it_lies_or_as_linear() {
    let kept = file(6, 500);
    let mut rig = rig_with("a.wav", &kept).await;
    let whole = rig.get(ONE).await;
    assert_eq!(
        (whole.status, whole.header("content-type")),
        (StatusCode::OK, "audio/wav")
    );
    assert_eq!(whole.bytes, kept);

    let linear = rig.get(&format!("{ONE}?format=pcm")).await;
    assert_eq!(linear.bytes.len(), 44 + 500 * 2 * 2);
    assert_eq!(
        linear.header("content-length"),
        linear.bytes.len().to_string()
    );
    assert_eq!(&linear.bytes[20..24], [1, 0, 2, 0]);
    assert_eq!(linear.bytes[40..44], 2000u32.to_le_bytes());
    assert_eq!(linear.bytes[44..46], A_LAW[0].to_le_bytes());
    assert_eq!(linear.bytes[46..48], A_LAW[1].to_le_bytes());
}

#[tokio::test]
async fn archived_recording_is_sent_as_ogg_whatever_form_is_asked_for() {
    let mut rig = rig_with("b/a.wav", &file(6, 5)).await;
    let folder = rig.folder.path().join("recordings/b");
    std::fs::write(folder.join("a.opus"), b"OggS and so on").unwrap();
    // As long as the WAV is there it is the recording.
    assert_eq!(rig.get(ONE).await.header("content-type"), "audio/wav");
    std::fs::remove_file(folder.join("a.wav")).unwrap();
    for address in [ONE.to_owned(), format!("{ONE}?format=pcm")] {
        let whole = rig.get(&address).await;
        assert_eq!(
            (whole.status, whole.header("content-type")),
            (StatusCode::OK, "audio/ogg")
        );
        assert_eq!(whole.bytes, b"OggS and so on");
    }
    let wave = ONE.replace("/recording", "/wave");
    assert_eq!(
        rig.get(&wave).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    std::fs::remove_file(folder.join("a.opus")).unwrap();
    assert_eq!(rig.get(ONE).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_part_of_a_converted_recording_equals_that_part_of_the_whole() {
    let mut rig = rig_with("a.wav", &file(7, 400)).await;
    let address = format!("{ONE}?format=pcm");
    let whole = rig.get(&address).await.bytes;
    for (first, last) in [
        (0, 0),
        (0, 43),
        (10, 50),
        (43, 44),
        (44, 44),
        (45, 45),
        (45, 100),
        (101, 1642),
        (1643, 1643),
    ] {
        let part = rig
            .get_range(&address, &format!("bytes={first}-{last}"))
            .await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(
            part.header("content-range"),
            format!("bytes {first}-{last}/{}", whole.len())
        );
        assert_eq!(part.bytes, whole[first..=last], "{first}-{last}");
    }
    let outside = rig.get_range(&address, "bytes=99999-").await;
    assert_eq!(
        (outside.status, outside.problem().as_str()),
        (StatusCode::RANGE_NOT_SATISFIABLE, "outside")
    );
    assert_eq!(
        outside.header("content-range"),
        format!("bytes */{}", whole.len())
    );
}

#[tokio::test]
async fn long_recording_crosses_its_chunks_without_a_seam() {
    let frames = 100_000;
    let mut rig = rig_with("a.wav", &file(6, frames)).await;
    let linear = rig.get(&format!("{ONE}?format=pcm")).await.bytes;
    assert_eq!(linear.len(), 44 + frames as usize * 4);
    let expected = (0..frames * 2).flat_map(|nth| A_LAW[nth as usize % 256].to_le_bytes());
    assert!(linear[44..].iter().copied().eq(expected));
}

#[tokio::test]
async fn recording_of_a_running_call_is_sent_up_to_now() {
    let mut growing = file(6, 100);
    let data_at = growing.len() - 200;
    growing[data_at - 4..data_at].copy_from_slice(&0u32.to_le_bytes());
    let mut rig = Rig::signed_in().await;
    let folder = rig.folder.path().join("recordings/2023/11/14");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("00000000-0000-0000-0000-000000000001.wav");
    std::fs::write(&path, &growing).unwrap();
    rig.live.send_replace(centre::event::Live {
        calls: vec![live_call(1)],
        ..Default::default()
    });
    let address = format!("{ONE}?format=pcm");
    assert_eq!(rig.get(&address).await.bytes.len(), 44 + 400);
    growing.extend([0; 50]);
    std::fs::write(&path, &growing).unwrap();
    assert_eq!(rig.get(&address).await.bytes.len(), 44 + 500);
}

#[tokio::test]
async fn names_that_lead_out_of_the_folder_are_refused() {
    let mut rig = rig_with("a.wav", &file(6, 10)).await;
    std::fs::write(rig.folder.path().join("secret.wav"), file(6, 10)).unwrap();
    let recordings = rig.folder.path().join("recordings");
    std::os::unix::fs::symlink(
        rig.folder.path().join("secret.wav"),
        recordings.join("link.wav"),
    )
    .unwrap();
    let outside = rig.folder.path().join("secret.wav");
    let names = [
        "../secret.wav",
        "link.wav",
        "x/../../secret.wav",
        outside.to_str().unwrap(),
        "",
        ".",
        "no\0name",
    ];
    for (nth, name) in names.into_iter().enumerate() {
        let mut one = recorded(100 + nth as u128, name);
        one.times.started += 1;
        let id = one.id;
        rig.store.commit(one).await.unwrap();
        let answer = rig.get(&format!("/api/records/{id}/recording")).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::NOT_FOUND, "not-found"),
            "{name:?}"
        );
    }
    for id in [
        "..%2f..%2fsecret.wav",
        "x",
        "00000000-0000-0000-0000-00000000ffff",
    ] {
        assert_eq!(
            rig.get(&format!("/api/records/{id}/recording"))
                .await
                .status,
            StatusCode::NOT_FOUND
        );
    }
    let mut silent = record(7, 0);
    silent.recording = None;
    rig.store.commit(silent).await.unwrap();
    let answer = rig
        .get("/api/records/00000000-0000-0000-0000-000000000007/recording")
        .await;
    assert_eq!(answer.json()["detail"], "this call was not recorded");
}

#[tokio::test]
async fn outline_has_a_peak_for_each_channel_and_part() {
    let mut loud = file(6, 4800);
    let data_at = loud.len() - 9600;
    for (nth, byte) in loud[data_at..].iter_mut().enumerate() {
        *byte = if nth % 2 == 0 && nth > 4800 {
            0xAA
        } else {
            0xD5
        };
    }
    let mut rig = rig_with("a.wav", &loud).await;
    let wave = rig.get(&ONE.replace("recording", "wave")).await.json();
    assert_eq!(wave["length_ms"], 600);
    let peaks = |channel: usize| wave["peaks"][channel].as_array().unwrap();
    assert_eq!((peaks(0).len(), peaks(1).len()), (240, 240));
    assert_eq!(
        (
            peaks(0)[0].as_u64(),
            peaks(0)[239].as_u64(),
            peaks(1)[239].as_u64()
        ),
        (Some(0), Some(98), Some(0))
    );
}
