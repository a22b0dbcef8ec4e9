use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use media::limits::MAX_PACKET;
use media::rtp::Packet;
use media::sdp::Direction;
use media::wav::{self, HEADER, STEREO_FRAME};
use media::{Codec, StreamSpec};

use super::*;

mod faults;

/// Whatever a test waits for comes within this.
const PATIENCE: Duration = Duration::from_secs(20);
const LOCALHOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const CALLER: i16 = -8_000;

/// A plane with its events, and a folder for its recordings.
struct Bench {
    plane: MediaPlane,
    events: MediaEvents,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(streams: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = MediaConfig {
            ip: LOCALHOST,
            ports: None,
            max_streams: streams,
            core: None,
            recordings: folder.path().to_owned(),
        };
        let tone = Arc::new(Prompt::from_samples("tone", &[4_000; 20 * FRAME]));
        let shelf = PromptShelf::from([("tone".into(), tone)]);
        let (plane, events) = MediaPlane::start(config, shelf).unwrap();
        Self {
            plane,
            events,
            folder,
        }
    }

    /// The next event, waited for.
    async fn event(&mut self) -> StreamEvent {
        tokio::time::timeout(PATIENCE, self.events.next())
            .await
            .expect("an event in time")
    }

    /// All events until a stream is closed and its recording too.
    async fn last_words(&mut self) -> Vec<StreamEvent> {
        let (mut events, mut left) = (Vec::new(), 2);
        while left > 0 {
            let event = self.event().await;
            let is_last = |event: &StreamEvent| {
                matches!(
                    event,
                    StreamEvent::Recorded { .. } | StreamEvent::Closed { .. }
                )
            };
            left -= usize::from(is_last(&event));
            events.push(event);
        }
        events
    }

    /// Opens a stream on the first port to a new peer.
    fn open(&mut self, stream: u32) -> Peer {
        self.open_on(0, stream)
    }

    fn open_on(&mut self, port: usize, stream: u32) -> Peer {
        let port = self.plane.ports()[port];
        let peer = Peer::new(port);
        let spec = peer.spec();
        self.plane.command(StreamCommand::Open {
            stream: StreamId(stream),
            port,
            spec,
        });
        peer
    }
}

/// A phone on loopback.
struct Peer {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    sequence: u16,
    timestamp: u32,
}

/// A packet as the phone got it.
#[derive(Debug)]
struct Got {
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: Vec<u8>,
}

impl Peer {
    fn new(port: u16) -> Self {
        let socket = |to: u16| {
            let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
            socket.connect((LOCALHOST, to)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        };
        Self {
            rtp: socket(port),
            rtcp: socket(port + 1),
            sequence: 100,
            timestamp: 16_000,
        }
    }

    fn spec(&self) -> StreamSpec {
        StreamSpec {
            codec: Codec::Pcma,
            payload: 8,
            events: Some(101),
            tones: false,
            mute_keys: false,
            events_clock: 8_000,
            keys: None,
            ptime_ms: 20,
            remote_rtp: self.rtp.local_addr().unwrap(),
            remote_rtcp: self.rtcp.local_addr().unwrap(),
            direction: Direction::SendRecv,
        }
    }

    fn send(&mut self, payload_type: u8, payload: &[u8]) {
        let packet = Packet {
            payload_type,
            marker: false,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: 7,
            payload,
        };
        let mut buffer = [0; MAX_PACKET];
        let length = packet.write(&mut buffer).unwrap();
        // A closed port on the other side is for the test to find out.
        let _ = self.rtp.send(&buffer[..length]);
        self.sequence = self.sequence.wrapping_add(1);
    }

    fn say(&mut self) {
        self.send(8, &[Codec::Pcma.encode(CALLER); FRAME]);
        self.timestamp += FRAME as u32;
    }

    /// Presses a key: five packets, and its end three times.
    fn press(&mut self, event: u8) {
        for n in 1..=8u8 {
            let end = if n > 5 { 0x80 } else { 0 };
            let [high, low] = (u16::from(n.min(6)) * 160).to_be_bytes();
            self.send(101, &[event, end | 10, high, low]);
        }
        self.timestamp += 1_600;
    }

    fn hear(&self) -> Got {
        let mut buffer = [0; MAX_PACKET];
        let length = self.rtp.recv(&mut buffer).expect("a packet in time");
        let packet = Packet::parse(&buffer[..length]).unwrap();
        Got {
            payload_type: packet.payload_type,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
            payload: packet.payload.to_vec(),
        }
    }
}

/// Reads a recording as it is now: its frames as far as the header tells.
fn frames(path: &Path) -> Vec<[u8; STEREO_FRAME]> {
    let bytes = std::fs::read(path).unwrap_or_default();
    if bytes.len() < HEADER {
        return Vec::new();
    }
    let told = u32::from_le_bytes(bytes[54..58].try_into().unwrap()) as usize;
    assert!(
        bytes.len() - HEADER >= told,
        "the header tells of audio that is not there"
    );
    assert_eq!(bytes[..HEADER], wav::header(told as u32));
    let (frames, rest) = bytes[HEADER..HEADER + told].as_chunks();
    assert!(rest.is_empty());
    frames.to_vec()
}

/// Forty frames of talk, less than silence lasts before it is left out, with two keys pressed in them. The peer speaks whenever it hears a frame,
/// so both go at the box's pace. Says what it heard, and how long the recording was each time.
fn converse(peer: &mut Peer, recording: &Path) -> (Vec<Got>, Vec<usize>) {
    let (mut got, mut told) = (Vec::new(), Vec::new());
    // The prompts' 40 frames, and of the silence after them what is sent without a pause.
    for n in 0..44 {
        got.push(peer.hear());
        peer.say();
        if n == 10 || n == 30 {
            peer.press(n / 20 + 1);
        }
        told.push(frames(recording).len());
    }
    (got, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_hears_its_prompt_is_heard_recorded_and_tapped() {
    let mut bench = Bench::new(2);
    let stream = StreamId(1);
    let mut taps = bench.plane.take_tap().unwrap();
    assert!(bench.plane.take_tap().is_none());
    let mut peer = bench.open(1);
    let file = String::from("call.wav");
    bench.plane.command(StreamCommand::Record { stream, file });
    bench.plane.command(StreamCommand::Tap { stream, on: true });
    let prompts = vec!["tone".into(), "tone".into(), "gone".into()];
    bench.plane.command(StreamCommand::Play {
        stream,
        id: 1,
        prompts,
        repeat: false,
    });

    let path = bench.folder.path().join("call.wav");
    let (got, told) = converse(&mut peer, &path);
    for pair in got.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
        assert_eq!((pair[1].ssrc, pair[1].payload_type), (pair[0].ssrc, 8));
    }
    let tone = Codec::Pcma.encode(4_000);
    let heard = got
        .iter()
        .filter(|packet| packet.payload == [tone; FRAME])
        .count();
    assert_eq!(heard, 40, "the prompt of 20 frames, twice");
    assert!(
        told.is_sorted() && told.iter().any(|frames| *frames > 0),
        "{told:?}"
    );

    bench.plane.command(StreamCommand::Close { stream });
    let events = bench.last_words().await;
    let digit = |digit| StreamEvent::Digit { stream, digit };
    let missing = StreamEvent::MissingPrompt {
        stream,
        prompt: "gone".into(),
    };
    for expected in [
        missing,
        StreamEvent::PlayDone { stream, id: 1 },
        digit('1'),
        digit('2'),
    ] {
        let times = events.iter().filter(|event| **event == expected).count();
        assert_eq!(times, 1, "{expected:?} in {events:?}");
    }
    let recorded = frames(&path);
    let spoken = Codec::Pcma.encode(CALLER);
    let both = recorded
        .iter()
        .filter(|frame| frame[..2] == [spoken, tone])
        .count();
    assert!(
        recorded.len() > 20 && both > 0,
        "{both} of {}",
        recorded.len()
    );

    let mut tapped = Vec::new();
    while let Some(frame) = taps.pop() {
        assert_eq!((frame.stream, frame.seq), (stream, tapped.len() as u32));
        tapped.push(frame.samples);
    }
    let linear = Codec::Pcma.decode(spoken);
    assert!(
        tapped
            .iter()
            .filter(|samples| **samples == [linear; FRAME])
            .count()
            > 20
    );
    let stats = bench.plane.stats();
    assert!(
        stats.is_alive && stats.open == 0 && stats.lateness.count >= 40,
        "{stats:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_bridged_callers_hear_each_other_until_one_is_gone() {
    let mut bench = Bench::new(2);
    let (one, two) = (StreamId(1), StreamId(2));
    let (mut first, mut second) = (bench.open(1), bench.open_on(1, 2));
    let file = String::from("talk.wav");
    bench
        .plane
        .command(StreamCommand::Record { stream: two, file });
    bench
        .plane
        .command(StreamCommand::Bridge { a: one, b: two });
    let codes = |got: &Got| (got.payload_type == 8).then(|| got.payload[0]);
    let (mut heard, mut heard_back) = (Vec::new(), Vec::new());
    // Speech comes as it is spoken: a jitter buffer drops what comes in a burst.
    let mut pace = tokio::time::interval(media::limits::FRAME_TIME);
    for code in 1..=60u8 {
        pace.tick().await;
        first.send(8, &[code; FRAME]);
        first.timestamp += FRAME as u32;
        second.send(8, &[code + 100; FRAME]);
        second.timestamp += FRAME as u32;
        // What was said before the bridge stood is heard by nobody.
        let wait = |peer: &Peer, heard: &mut Vec<u8>, wanted| {
            while code > 20 && heard.last() != Some(&wanted) {
                heard.extend(codes(&peer.hear()));
            }
        };
        if code <= 20 {
            first.hear();
            second.hear();
        }
        wait(&second, &mut heard, code);
        wait(&first, &mut heard_back, code + 100);
    }
    let tail = |heard: &[u8], from: u8| {
        let begins = heard.iter().position(|code| *code == from).unwrap();
        heard[begins..].to_vec()
    };
    assert_eq!(tail(&heard, 21), (21..=60).collect::<Vec<u8>>());
    assert_eq!(tail(&heard_back, 121), (121..=160).collect::<Vec<u8>>());

    first.press(5);
    assert_eq!(
        bench.event().await,
        StreamEvent::Digit {
            stream: one,
            digit: '5'
        }
    );
    let is_event = |got: &Got| got.payload_type == 101 && got.payload[0] == 5;
    assert_eq!((0..8).filter(|_| is_event(&second.hear())).count(), 8);

    // One is closed: the other has silence and can be played to again.
    bench.plane.command(StreamCommand::Close { stream: one });
    while !matches!(bench.event().await, StreamEvent::Closed { .. }) {}
    bench.plane.command(StreamCommand::Play {
        stream: two,
        id: 1,
        prompts: vec!["tone".into()],
        repeat: false,
    });
    let done = StreamEvent::PlayDone { stream: two, id: 1 };
    while bench.event().await != done {}
    bench.plane.command(StreamCommand::Close { stream: two });
    bench.last_words().await;
    let recorded = frames(&bench.folder.path().join("talk.wav"));
    let has = |side: usize, code: u8| {
        let frames = recorded.iter();
        frames
            .filter(|frame| frame.iter().skip(side).step_by(2).any(|c| *c == code))
            .count()
    };
    for code in 25..=60 {
        assert!(has(1, code) > 0, "{code} of the other party is missing");
        assert!(has(0, code + 100) > 0, "{code} of his own is missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_with_nobody_is_misdirected() {
    let mut bench = Bench::new(2);
    let (one, gone) = (StreamId(1), StreamId(9));
    let peer = bench.open(1);
    bench
        .plane
        .command(StreamCommand::Bridge { a: one, b: gone });
    bench
        .plane
        .command(StreamCommand::Bridge { a: one, b: one });
    bench.plane.command(StreamCommand::Unbridge { stream: one });
    peer.hear();
    assert_eq!(bench.plane.stats().misdirected, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_is_used_again_and_hears_nothing_of_the_call_before() {
    let mut bench = Bench::new(1);
    let mut first = bench.open(1);
    let ssrc = first.hear().ssrc;
    bench.plane.command(StreamCommand::Close {
        stream: StreamId(1),
    });
    assert!(matches!(
        bench.event().await,
        StreamEvent::Closed {
            stream: StreamId(1),
            ..
        }
    ));
    // Late packets of the first caller, and a key.
    first.say();
    first.press(9);
    let mut second = bench.open(2);
    let got = second.hear();
    assert_ne!(got.ssrc, ssrc);
    // Once the second caller was heard, the first has no say (before that a port rests).
    second.say();
    first.press(8);
    second.press(3);
    let digit = bench.event().await;
    assert_eq!(
        digit,
        StreamEvent::Digit {
            stream: StreamId(2),
            digit: '3'
        }
    );
    bench.plane.command(StreamCommand::Close {
        stream: StreamId(2),
    });
    let StreamEvent::Closed { stats, .. } = bench.event().await else {
        panic!()
    };
    // His own word and his key; of the first caller's at most what came before that.
    assert!((1..=9).contains(&stats.packets_in), "{stats:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_for_nobody_are_counted_and_a_refused_open_is_told() {
    let mut bench = Bench::new(1);
    let peer = bench.open(1);
    let spec = peer.spec();
    for (stream, port) in [(2, 1), (3, bench.plane.ports()[0])] {
        let stream = StreamId(stream);
        bench.plane.command(StreamCommand::Open {
            stream,
            port,
            spec: spec.clone(),
        });
        let closed = StreamEvent::Closed {
            stream,
            stats: StreamStats::default(),
        };
        assert_eq!(bench.event().await, closed);
        bench.plane.command(StreamCommand::StopPlay { stream });
    }
    assert_eq!(bench.plane.stats().misdirected, 4);
}

#[test]
fn a_range_without_room_says_so_with_a_way_out() {
    let taken = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port() & !1;
    let config = MediaConfig {
        ip: LOCALHOST,
        ports: Some(port..=port + 1),
        max_streams: 1,
        core: None,
        recordings: tempfile::tempdir().unwrap().path().to_owned(),
    };
    let error = MediaPlane::start(config, PromptShelf::new())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("0 of 1") && error.contains("hint: "),
        "{error}"
    );
}

#[test]
fn prompts_off_the_shelf_are_freed_by_the_control_side() {
    let mut bench = Bench::new(1);
    let tone = bench.plane.shelf["tone"].clone();
    bench.plane.set_prompts(PromptShelf::new());
    assert_eq!(bench.plane.retired.len(), 1);
    drop(tone);
    bench.plane.set_prompts(PromptShelf::new());
    assert!(bench.plane.retired.is_empty());
}
