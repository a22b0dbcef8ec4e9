use std::path::Path;

use media::wav::HEADER;
use rtrb::RingBuffer;
use rustix::event::{EventfdFlags, eventfd};

use super::*;

const FRAME_BYTES: usize = STEREO_FRAME;

/// A recorder with both ends of its rings.
struct Bench {
    folder: tempfile::TempDir,
    starts: Producer<Start>,
    takes: Producer<Take>,
    events: Consumer<StreamEvent>,
    thread: JoinHandle<()>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (starts, recorder_starts) = RingBuffer::new(8);
        let (takes, recorder_takes) = RingBuffer::new(64);
        let (recorder_events, events) = RingBuffer::new(8);
        let reels = Reels {
            starts: recorder_starts,
            takes: recorder_takes,
            events: recorder_events,
            wake: Arc::new(eventfd(0, EventfdFlags::CLOEXEC).unwrap()),
        };
        let thread = start(folder.path().to_owned(), reels).unwrap();
        Self {
            folder,
            starts,
            takes,
            events,
            thread,
        }
    }

    fn begin(&mut self, stream: u32, file: &str) {
        let start = Start {
            stream: StreamId(stream),
            file: file.into(),
        };
        self.starts.push(start).unwrap();
    }

    fn frame(&mut self, stream: u32, index: u32, byte: u8) {
        let take = Take::Frame {
            stream: StreamId(stream),
            index,
            stereo: [byte; FRAME_BYTES],
        };
        self.takes.push(take).unwrap();
    }

    fn end(&mut self, stream: u32, frames: u32) {
        let stream = StreamId(stream);
        self.takes.push(Take::End { stream, frames }).unwrap();
        self.thread.thread().unpark();
    }

    /// Waits for the recorder to say so; by then the file is closed.
    fn recorded(&mut self) -> (String, u64, u64) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match self.events.pop() {
                Ok(StreamEvent::Recorded {
                    file,
                    length_ms,
                    gaps,
                    ..
                }) => {
                    return (file, length_ms, gaps);
                }
                Ok(other) => panic!("{other:?}"),
                Err(_) => assert!(Instant::now() < deadline, "nothing was recorded"),
            }
            std::thread::yield_now();
        }
    }

    fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(file)).unwrap()
    }
}

/// Audio bytes that the header tells of, and those that are there.
fn told_and_there(bytes: &[u8]) -> (usize, usize) {
    let told = u32::from_le_bytes(bytes[54..58].try_into().unwrap());
    (told as usize, bytes.len() - HEADER)
}

#[test]
fn a_recording_holds_its_frames_in_order_and_says_its_length() {
    let mut bench = Bench::new();
    bench.begin(1, "2026/11/one.wav");
    for index in 0..10 {
        bench.frame(1, index, index as u8);
    }
    bench.end(1, 10);
    assert_eq!(bench.recorded(), ("2026/11/one.wav".into(), 200, 0));
    let bytes = bench.bytes("2026/11/one.wav");
    assert_eq!(told_and_there(&bytes), (3_200, 3_200));
    assert!(
        bytes[HEADER..]
            .chunks(FRAME_BYTES)
            .zip(0..)
            .all(|(c, n)| c == [n; FRAME_BYTES])
    );
}

#[test]
fn dropped_frames_are_silence_of_their_length_and_counted() {
    let mut bench = Bench::new();
    bench.begin(1, "one.wav");
    bench.frame(1, 2, 7);
    bench.frame(1, 5, 8);
    bench.end(1, 8);
    assert_eq!(bench.recorded(), ("one.wav".into(), 160, 6));
    let bytes = bench.bytes("one.wav");
    let frames: Vec<u8> = bytes[HEADER..]
        .chunks(FRAME_BYTES)
        .map(|frame| frame[0])
        .collect();
    assert_eq!(frames, [0xD5, 0xD5, 7, 0xD5, 0xD5, 8, 0xD5, 0xD5]);
}

#[test]
fn a_growing_file_is_true_whenever_it_is_read() {
    let mut bench = Bench::new();
    bench.begin(1, "one.wav");
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut seen = Vec::new();
    let mut index = 0;
    // Frames keep coming until three flushes were seen.
    while seen.len() < 4 {
        assert!(Instant::now() < deadline, "{seen:?}");
        if bench.takes.slots() > 32 {
            bench.frame(1, index, 1);
            index += 1;
        }
        let Ok(bytes) = std::fs::read(bench.folder.path().join("one.wav")) else {
            continue;
        };
        if bytes.len() >= HEADER {
            let (told, there) = told_and_there(&bytes);
            assert!(told <= there, "{told} of {there}");
            if seen.last() != Some(&told) {
                seen.push(told);
            }
        }
        std::thread::yield_now();
    }
    assert!(seen.is_sorted());
}

#[test]
fn names_that_lead_out_of_the_folder_and_names_in_use_are_refused() {
    let mut bench = Bench::new();
    let older = bench.folder.path().join("old.wav");
    std::fs::write(&older, b"precious").unwrap();
    for (stream, file) in ["../out.wav", "/tmp/out.wav", "", "old.wav"]
        .into_iter()
        .enumerate()
    {
        bench.begin(stream as u32, file);
        bench.frame(stream as u32, 0, 1);
        bench.end(stream as u32, 1);
        assert_eq!(bench.recorded(), (file.into(), 0, 1));
    }
    assert_eq!(std::fs::read(older).unwrap(), b"precious");
    assert!(!Path::new("/tmp/out.wav").exists());
}

#[test]
fn when_the_media_thread_goes_every_file_is_closed() {
    let mut bench = Bench::new();
    bench.begin(1, "one.wav");
    bench.begin(2, "two.wav");
    bench.frame(1, 0, 1);
    bench.frame(2, 0, 2);
    let Bench {
        folder,
        takes,
        mut events,
        thread,
        ..
    } = bench;
    drop(takes);
    thread.join().unwrap();
    assert_eq!(events.slots(), 2);
    while let Ok(event) = events.pop() {
        assert!(matches!(
            event,
            StreamEvent::Recorded {
                length_ms: 20,
                gaps: 0,
                ..
            }
        ));
    }
    let bytes = std::fs::read(folder.path().join("two.wav")).unwrap();
    assert_eq!(told_and_there(&bytes), (320, 320));
}
