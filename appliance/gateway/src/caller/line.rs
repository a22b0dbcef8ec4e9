//! The caller's audio: one RTP stream paced on this task, the current act, and what came back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use media::limits::FRAME_TIME;
use media::{PacketKind, Playlist, Stream, StreamEvent, StreamId, StreamSeed, StreamSpec};
use tokio::net::UdpSocket;
use tokio::time::{Interval, MissedTickBehavior};

use super::script::Act;
use crate::prompts;

/// Port pairs tried before giving up.
const PORT_TRIES: usize = 50;
/// Seconds from 1900 (NTP) to 1970 (Unix).
const NTP_UNIX: u64 = 2_208_988_800;
/// Louder than this is sound, 16-bit linear mean magnitude.
const SOUND: u32 = 60;
/// `quiet` gives up after so long.
const QUIET_LIMIT: Duration = Duration::from_secs(20);
/// Pause around keys, so that they are apart.
const KEY_TIME: Duration = Duration::from_millis(220);

/// An RTP socket on an even port and the RTCP one above it.
pub(super) struct Ports {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl Ports {
    pub(super) async fn bind(ip: IpAddr) -> anyhow::Result<Self> {
        for _ in 0..PORT_TRIES {
            let rtp = UdpSocket::bind((ip, 0))
                .await
                .context("could not open an RTP socket")?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 0
                && let Ok(rtcp) = UdpSocket::bind((ip, port + 1)).await
            {
                return Ok(Self { rtp, rtcp });
            }
        }
        bail!("no two free neighbouring ports for RTP on {ip}")
    }

    pub(super) fn rtp_port(&self) -> anyhow::Result<u16> {
        Ok(self.rtp.local_addr()?.port())
    }
}

/// What the caller heard of the box.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeardBack {
    pub(super) packets: u64,
    /// Milliseconds of sound, not silence.
    pub(super) sound_ms: u64,
}

/// The running line.
pub(super) struct Line {
    ports: Ports,
    stream: Stream,
    spec: StreamSpec,
    tick: Interval,
    act: Option<Doing>,
    last_sound: Instant,
    heard: HeardBack,
}

enum Doing {
    Until(Instant),
    Speaking,
    Quiet { so_long: Duration, since: Instant },
}

impl Line {
    pub(super) fn open(
        ports: Ports,
        spec: StreamSpec,
        random: [u8; 32],
        unix_ms: i64,
    ) -> anyhow::Result<Self> {
        let seconds = u64::try_from(unix_ms / 1000)? + NTP_UNIX;
        let seed = StreamSeed {
            random,
            ntp: seconds << 32,
        };
        let now = Instant::now();
        let mut stream = Stream::new(now, StreamId(0), spec.clone(), &seed);
        stream.tap(true);
        let mut tick = tokio::time::interval(FRAME_TIME);
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let heard = HeardBack::default();
        Ok(Self {
            ports,
            stream,
            spec,
            tick,
            act: None,
            last_sound: now,
            heard,
        })
    }

    pub(super) fn heard(&self) -> HeardBack {
        self.heard
    }

    /// Whether the last act is done.
    pub(super) fn is_free(&mut self, now: Instant) -> bool {
        let done = match &self.act {
            None => true,
            Some(Doing::Until(at)) => now >= *at,
            Some(Doing::Speaking) => false,
            Some(Doing::Quiet { so_long, since }) => {
                let began = self.last_sound.max(*since);
                now.duration_since(began) >= *so_long || now.duration_since(*since) >= QUIET_LIMIT
            }
        };
        if done {
            self.act = None;
        }
        done
    }

    pub(super) fn begin(&mut self, act: Act) -> anyhow::Result<()> {
        let now = Instant::now();
        self.act = Some(match act {
            Act::Press(digits) => {
                for digit in digits.chars() {
                    self.stream.send_digit(digit);
                }
                Doing::Until(now + KEY_TIME * u32::try_from(digits.len())?)
            }
            Act::Say(file) => {
                let prompt = Arc::new(prompts::read(&file, "said")?);
                self.stream.play(1, Playlist::new([prompt], false));
                Doing::Speaking
            }
            Act::Wait(so_long) => Doing::Until(now + so_long),
            Act::Quiet(so_long) => Doing::Quiet {
                so_long,
                since: now,
            },
        });
        Ok(())
    }

    /// One packet in, or one frame out.
    pub(super) async fn turn(&mut self) {
        let mut packet = [0; media::limits::MAX_PACKET];
        let mut report = [0; media::limits::MAX_PACKET];
        tokio::select! {
            received = self.ports.rtp.recv_from(&mut packet) => {
                if let Ok((length, from)) = received {
                    self.heard.packets += 1;
                    let bytes = packet.get(..length).unwrap_or_default();
                    self.stream.handle_rtp(Instant::now(), from, bytes);
                }
            }
            received = self.ports.rtcp.recv_from(&mut report) => {
                if let Ok((length, from)) = received {
                    let bytes = report.get(..length).unwrap_or_default();
                    self.stream.handle_rtcp(Instant::now(), from, bytes);
                }
            }
            _ = self.tick.tick() => self.frame(),
        }
    }

    fn frame(&mut self) {
        let now = Instant::now();
        self.stream.handle_tick(now);
        if let Some(samples) = self.stream.tap_frame() {
            let sum: u32 = samples
                .iter()
                .map(|sample| u32::from(sample.unsigned_abs()))
                .sum();
            if sum / samples.len() as u32 > SOUND {
                self.last_sound = now;
                self.heard.sound_ms += 20;
            }
        }
        let mut packet = [0; media::limits::MAX_PACKET];
        while let Some((kind, length)) = self.stream.poll_transmit(&mut packet) {
            let bytes = packet.get(..length).unwrap_or_default();
            // Lost packets are part of the world.
            let _ = match kind {
                PacketKind::Rtp => self.ports.rtp.try_send_to(bytes, self.spec.remote_rtp),
                PacketKind::Rtcp => self.ports.rtcp.try_send_to(bytes, self.spec.remote_rtcp),
            };
        }
        while let Some(event) = self.stream.poll_event() {
            if matches!(event, StreamEvent::PlayDone { .. }) {
                self.act = None;
            }
        }
    }
}
