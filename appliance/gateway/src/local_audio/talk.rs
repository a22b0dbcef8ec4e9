//! The sound of one call of a phone: RTP in and out between two frames of a card.

use std::net::{IpAddr, UdpSocket};
use std::time::Instant;

use anyhow::{Context as _, bail};
use audio::limits::FRAME;
use media::limits::MAX_PACKET;
use media::{PacketKind, Stream, StreamId, StreamSeed, StreamSpec};

/// Port pairs tried before giving up.
const PORT_TRIES: usize = 50;
/// Seconds from 1900 (NTP) to 1970 (Unix).
const NTP_UNIX: u64 = 2_208_988_800;
/// Packets taken in one go: more wait for the next frame.
const BURST: usize = 32;

/// An RTP socket on an even port and the RTCP one above it, neither ever waiting.
#[derive(Debug)]
pub(super) struct Ports {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl Ports {
    pub(super) fn bind(ip: IpAddr) -> anyhow::Result<Self> {
        for _ in 0..PORT_TRIES {
            let rtp = UdpSocket::bind((ip, 0)).context("could not open an RTP socket")?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 0
                && let Ok(rtcp) = UdpSocket::bind((ip, port + 1))
            {
                rtp.set_nonblocking(true)?;
                rtcp.set_nonblocking(true)?;
                return Ok(Self { rtp, rtcp });
            }
        }
        bail!("no two free neighbouring ports for RTP on {ip}")
    }

    pub(super) fn rtp_port(&self) -> anyhow::Result<u16> {
        Ok(self.rtp.local_addr()?.port())
    }
}

/// The sound of one call.
#[derive(Debug)]
pub(super) struct Talk {
    ports: Ports,
    stream: Stream,
    speaks: bool,
}

impl Talk {
    /// Begins; `speaks` where there is a microphone.
    pub(super) fn begin(
        now: Instant,
        ports: Ports,
        spec: StreamSpec,
        speaks: bool,
    ) -> anyhow::Result<Self> {
        let seed = StreamSeed {
            random: crate::seed()?,
            ntp: (u64::try_from(crate::unix_ms() / 1_000)? + NTP_UNIX) << 32,
        };
        let mut stream = Stream::new(now, StreamId(0), spec, &seed);
        stream.tap(true);
        stream.bridge(speaks);
        Ok(Self {
            ports,
            stream,
            speaks,
        })
    }

    /// Where it listens.
    pub(super) fn rtp_port(&self) -> anyhow::Result<u16> {
        self.ports.rtp_port()
    }

    /// Something else was agreed.
    pub(super) fn update(&mut self, now: Instant, spec: StreamSpec) {
        let _ = self.stream.fit(media::Gear::new(&spec), false);
        self.stream.update(now, spec);
    }

    /// 20 ms: `said` goes out, `heard` becomes what came in.
    pub(super) fn frame(&mut self, now: Instant, said: &[i16; FRAME], heard: &mut [i16; FRAME]) {
        self.receive(now);
        if self.speaks {
            self.stream.hear(said);
        }
        self.stream.handle_tick(now);
        if let Some(frame) = self.stream.tap_frame() {
            *heard = *frame;
        }
        self.send();
        while self.stream.poll_event().is_some() {}
    }

    /// Says goodbye.
    pub(super) fn end(&mut self, now: Instant) {
        self.stream.close(now);
        self.send();
    }

    fn receive(&mut self, now: Instant) {
        let mut packet = [0; MAX_PACKET];
        for _ in 0..BURST {
            let Ok((length, from)) = self.ports.rtp.recv_from(&mut packet) else {
                break;
            };
            let bytes = packet.get(..length).unwrap_or_default();
            self.stream.handle_rtp(now, from, bytes);
        }
        for _ in 0..BURST {
            let Ok((length, from)) = self.ports.rtcp.recv_from(&mut packet) else {
                break;
            };
            let bytes = packet.get(..length).unwrap_or_default();
            self.stream.handle_rtcp(now, from, bytes);
        }
    }

    fn send(&mut self) {
        let mut packet = [0; MAX_PACKET];
        while let Some((kind, length)) = self.stream.poll_transmit(&mut packet) {
            let bytes = packet.get(..length).unwrap_or_default();
            let socket = match kind {
                PacketKind::Rtp => &self.ports.rtp,
                PacketKind::Rtcp => &self.ports.rtcp,
            };
            // Lost packets are part of the world.
            let _ = socket.send_to(bytes, self.stream.remote(kind));
        }
    }
}
