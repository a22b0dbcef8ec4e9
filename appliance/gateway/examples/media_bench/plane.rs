//! The box's own media plane with its streams open, as the box itself starts it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway::media_plane::{MediaConfig, MediaEvents, MediaPlane, PromptShelf};
use media::sdp::Direction;
use media::{Codec, Prompt, StreamCommand, StreamEvent, StreamId, StreamSpec};

use crate::traffic::Phone;

/// How long recordings may take to be closed and on disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the streams do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Two and two hear each other.
    Relay,
    /// The same, and all are recorded.
    Record,
    /// All hear a prompt and say nothing.
    Silent,
}

/// A media plane with open streams.
pub(crate) struct Appliance {
    plane: MediaPlane,
    events: MediaEvents,
    /// Where recordings go.
    _folder: tempfile::TempDir,
    streams: usize,
}

impl Appliance {
    pub(crate) fn start(streams: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = MediaConfig {
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            ports: None,
            max_streams: streams,
            core: None,
            recordings: folder.path().to_owned(),
        };
        let sweep: Vec<i16> = (0..80_000).map(|n| (n % 200 * 40) as i16).collect();
        let prompt = Arc::new(Prompt::from_samples("prompt", &sweep));
        let (plane, events) =
            MediaPlane::start(config, PromptShelf::from([("prompt".into(), prompt)]))?;
        Ok(Self {
            plane,
            events,
            _folder: folder,
            streams,
        })
    }

    /// Opens a stream for each phone.
    pub(crate) fn answer(&mut self, phones: &[Phone], job: Job) -> anyhow::Result<()> {
        let ports = self.plane.ports();
        for (n, (phone, port)) in phones.iter().zip(ports).enumerate() {
            phone.connect(port)?;
            let stream = StreamId(n as u32);
            let spec = spec(phone)?;
            self.plane
                .command(StreamCommand::Open { stream, port, spec });
            if job == Job::Record {
                let file = format!("{n}.wav");
                self.plane.command(StreamCommand::Record { stream, file });
            }
            match job {
                Job::Silent => self.plane.command(StreamCommand::Play {
                    stream,
                    id: 1,
                    prompts: vec!["prompt".into()],
                    repeat: true,
                }),
                Job::Relay | Job::Record if n % 2 == 1 => {
                    let a = StreamId(n as u32 - 1);
                    self.plane.command(StreamCommand::Bridge { a, b: stream });
                }
                Job::Relay | Job::Record => {}
            }
            // The thread looks at its orders many times a second; a thousand calls never come at once.
            if n % 100 == 99 {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    /// Whether the media thread goes before all else.
    pub(crate) fn is_realtime(&self) -> bool {
        self.plane.stats().is_realtime
    }

    /// Closes all streams; says how many gaps their recordings have.
    pub(crate) fn close(mut self, job: Job) -> anyhow::Result<u64> {
        for n in 0..self.streams {
            let stream = StreamId(n as u32);
            self.plane.command(StreamCommand::Close { stream });
        }
        let stats = self.plane.stats();
        anyhow::ensure!(stats.overruns == 0, "{} overruns", stats.overruns);
        let mut left = if job == Job::Record { self.streams } else { 0 };
        let mut gaps = 0;
        let deadline = Instant::now() + PATIENCE;
        while left > 0 {
            match self.events.try_next() {
                Some(StreamEvent::Recorded { gaps: some, .. }) => {
                    gaps += some;
                    left -= 1;
                }
                Some(_) => {}
                None => {
                    anyhow::ensure!(Instant::now() < deadline, "{left} recordings are missing");
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
        Ok(gaps)
    }
}

/// What was agreed with a phone: A-law and keys, RTCP one port higher.
fn spec(phone: &Phone) -> anyhow::Result<StreamSpec> {
    let remote_rtp = phone.address()?;
    let mut remote_rtcp = remote_rtp;
    remote_rtcp.set_port(remote_rtp.port() + 1);
    Ok(StreamSpec {
        codec: Codec::Pcma,
        payload: Codec::Pcma.static_payload(),
        events: Some(101),
        tones: false,
        mute_keys: false,
        events_clock: 8_000,
        keys: None,
        ptime_ms: 20,
        remote_rtp,
        remote_rtcp,
        direction: Direction::SendRecv,
    })
}
