//! One seat: a port pair and the stream that sits on it, made at start and used again and again.
//!
//! Driven by the media thread; nothing here waits, allocates, locks or logs.

use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use media::{Gear, PacketKind, Passing, Stream, StreamEvent, StreamId, StreamSeed, StreamSpec};
use rustix::io::Errno;

use super::TapFrame;
use super::counters::count;
use super::order::Act;
use super::outlets::Outlets;
use super::sockets::{self, Pair};
use crate::recorder::Take;

/// Bytes read of one packet; what is longer is no telephone audio and is refused by its length.
pub(super) const BUFFER: usize = 2_048;
/// Packets taken from one socket before the others get their turn.
const BURST: usize = 8;

/// A port pair with its stream.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) pair: Pair,
    stream: Stream,
    phase: Phase,
    /// Frames made for the recorder, while it records.
    recorded: Option<u32>,
    tapped: u32,
    /// Seat of the other party of its bridge.
    pub(super) partner: Option<usize>,
    /// Whom the RTP socket is connected to.
    connected: Option<SocketAddr>,
}

/// Room for a packet that came and for one that goes.
#[derive(Debug)]
pub(super) struct Buffers {
    pub(super) came: [u8; BUFFER],
    pub(super) goes: [u8; BUFFER],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Free,
    Open,
    /// A fault of ours ended its stream, which its owner is still to be told.
    Failed,
    /// The owner knows; it only waits to be closed.
    Lost,
    /// Closed, but the rings had no room yet for its last words.
    Closing,
}

impl Seat {
    pub(super) fn new(pair: Pair, stream: Stream) -> Self {
        Self {
            pair,
            stream,
            phase: Phase::Free,
            recorded: None,
            tapped: 0,
            partner: None,
            connected: None,
        }
    }

    pub(super) fn is_free(&self) -> bool {
        self.phase == Phase::Free
    }

    /// Whether `stream` sits here and may be told things.
    pub(super) fn has(&self, stream: StreamId) -> bool {
        matches!(self.phase, Phase::Open | Phase::Failed | Phase::Lost)
            && self.stream.id() == stream
    }

    /// A new stream sits down.
    pub(super) fn open(
        &mut self,
        now: Instant,
        stream: StreamId,
        (spec, seed, gear): (StreamSpec, &StreamSeed, Gear),
        buffer: &mut [u8],
        out: &mut Outlets,
    ) {
        sockets::drain(&self.pair.rtp, buffer);
        sockets::drain(&self.pair.rtcp, buffer);
        out.give_back(self.stream.fit(gear, true));
        self.phase = Phase::Open;
        self.stream.reopen(now, stream, spec, seed);
        self.recorded = None;
        self.tapped = 0;
    }

    /// Does what the stream was told. `Open`, `Close` and bridges are the thread's.
    pub(super) fn act(&mut self, now: Instant, act: Act, out: &mut Outlets) {
        if self.phase != Phase::Open {
            return;
        }
        match act {
            Act::Update(spec, gear) => {
                out.give_back(self.stream.fit(gear, false));
                self.stream.update(now, spec);
            }
            Act::Play(id, list) => self.stream.play(id, list),
            Act::StopPlay => self.stream.stop_play(),
            Act::SendDigits(digits) => {
                for digit in digits.iter() {
                    self.stream.send_digit(digit);
                }
            }
            Act::Record => {
                self.recorded = Some(0);
                self.stream.record(true);
            }
            Act::Tap(on) => {
                self.tapped = 0;
                self.stream.tap(on);
            }
            Act::Open(..) | Act::Close | Act::Bridge(..) | Act::Unbridge => {}
            #[cfg(test)]
            Act::Fail => panic!("a bug in a stream"),
        }
    }

    /// From now on the party hears that of the seat `partner`, or nobody.
    pub(super) fn bridge(&mut self, partner: Option<usize>) {
        self.partner = partner;
        self.stream.bridge(partner.is_some());
    }

    /// Takes a packet from the RTP socket and hands it on to the other party of the bridge.
    pub(super) fn hear(
        &mut self,
        now: Instant,
        mut partner: Option<&mut Self>,
        buffers: &mut Buffers,
        out: &mut Outlets,
    ) {
        if self.phase != Phase::Open {
            return;
        }
        let Buffers { came, goes } = buffers;
        // One packet: where there are more, the socket stays readable. To look for a second one that is
        // hardly ever there would cost a system call a packet.
        match sockets::receive(&self.pair.rtp, came) {
            Ok((length, from)) => {
                count(&out.counters.packets_in);
                let bytes = came.get_mut(..length).unwrap_or_default();
                if let Some(length) = self.stream.open(PacketKind::Rtp, bytes) {
                    let bytes = came.get(..length).unwrap_or_default();
                    let passing = self.stream.handle_rtp(now, from, bytes);
                    if let (Some(passing), Some(partner)) = (passing, &mut partner) {
                        partner.pass(&passing, goes, out);
                    }
                }
            }
            // The peer's host says that nobody listens; reading it has cleared it.
            Err(Errno::CONNREFUSED) => count(&out.counters.refused_by_peer),
            Err(_) => {}
        }
        self.tell(out);
    }

    /// Takes what waits in the RTCP socket.
    pub(super) fn hear_report(&mut self, now: Instant, buffer: &mut [u8], out: &Outlets) {
        if self.phase != Phase::Open {
            return;
        }
        for _ in 0..BURST {
            let Ok((length, from)) = sockets::receive(&self.pair.rtcp, buffer) else {
                return;
            };
            count(&out.counters.packets_in);
            let bytes = buffer.get_mut(..length).unwrap_or_default();
            if let Some(length) = self.stream.open(PacketKind::Rtcp, bytes) {
                let bytes = buffer.get(..length).unwrap_or_default();
                self.stream.handle_rtcp(now, from, bytes);
            }
        }
    }

    /// Sends on what the other party says.
    fn pass(&mut self, passing: &Passing<'_>, buffer: &mut [u8], out: &Outlets) {
        if let Some(length) = self.stream.pass(passing, buffer) {
            let bytes = buffer.get(..length).unwrap_or_default();
            self.send(PacketKind::Rtp, bytes, out);
        }
    }

    /// 20 ms went by. Says whether the seat is free afterwards.
    pub(super) fn tick(
        &mut self,
        now: Instant,
        partner: Option<&mut Self>,
        buffer: &mut [u8],
        out: &mut Outlets,
    ) -> bool {
        if self.phase == Phase::Open {
            let other = partner.as_ref().map(|partner| partner.stream.spec().codec);
            self.stream.faces(other);
            self.stream.handle_tick(now);
            if let Some(partner) = partner {
                self.speak(now, partner);
            }
            self.follow(now, out);
            self.transmit(buffer, out);
            self.hand_over_frames(out);
            self.tell(out);
            return false;
        }
        if self.phase == Phase::Failed {
            self.tell_lost(out);
        }
        self.phase == Phase::Closing && self.settle(out)
    }

    /// Ticks that would do nothing for this seat, where nothing comes before.
    pub(super) fn rest(&self, now: Instant) -> u32 {
        let is_led = self.stream.is_settled(now) == self.connected.is_some();
        if self.phase == Phase::Open && is_led {
            self.stream.rest(now)
        } else {
            0
        }
    }

    /// So many ticks of a rest went by.
    pub(super) fn skip(&mut self, ticks: u32) {
        if self.phase == Phase::Open {
            self.stream.skip(ticks);
        }
    }

    /// Hands the other party what only a decoder hears.
    fn speak(&mut self, now: Instant, partner: &mut Self) {
        if let Some(pcm) = self.stream.voice_frame(now) {
            partner.stream.hear(pcm);
        }
        if let Some(key) = self.stream.take_key()
            && partner.stream.spec().events.is_some()
        {
            partner.stream.send_digit(key);
        }
    }

    /// The stream says goodbye and stands up. Says whether the seat is free afterwards; else each
    /// tick tries again.
    pub(super) fn close(&mut self, now: Instant, buffer: &mut [u8], out: &mut Outlets) -> bool {
        let works = std::mem::replace(&mut self.phase, Phase::Closing) == Phase::Open;
        if works {
            self.stream.close(now);
            self.transmit(buffer, out);
        }
        sockets::disconnect(&self.pair.rtp);
        self.connected = None;
        self.settle(out)
    }

    /// A fault of ours happened while the stream was at work: whatever state it left is thrown away
    /// for that of `fresh`, which says so. What was recorded stays.
    pub(super) fn lose(&mut self, fresh: Stream, out: &mut Outlets) {
        self.stream = fresh;
        self.phase = Phase::Failed;
        self.tell_lost(out);
    }

    /// Where the ring is full the next tick tries again.
    fn tell_lost(&mut self, out: &mut Outlets) {
        if out.has_room_for_event() {
            let stream = self.stream.id();
            out.event(StreamEvent::Lost { stream });
            self.phase = Phase::Lost;
        }
    }

    /// Whose stream sits here.
    pub(super) fn stream(&self) -> StreamId {
        self.stream.id()
    }

    /// Whether a stream sits here that works.
    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Lets the kernel keep strangers away while the source is proved and speaks.
    fn follow(&mut self, now: Instant, out: &Outlets) {
        let is_settled = self.stream.is_settled(now);
        let wanted = is_settled.then(|| self.stream.remote(PacketKind::Rtp));
        if wanted == self.connected {
            return;
        }
        self.connected = wanted.filter(|peer| sockets::connect(&self.pair.rtp, *peer));
        if self.connected.is_none() {
            sockets::disconnect(&self.pair.rtp);
        }
        if wanted != self.connected {
            count(&out.counters.socket_errors);
        }
    }

    fn transmit(&mut self, buffer: &mut [u8], out: &Outlets) {
        while let Some((kind, length)) = self.stream.poll_transmit(buffer) {
            self.send(kind, buffer.get(..length).unwrap_or_default(), out);
        }
    }

    fn send(&self, kind: PacketKind, bytes: &[u8], out: &Outlets) {
        let sent = match (kind, self.connected) {
            (PacketKind::Rtp, Some(_)) => sockets::send(&self.pair.rtp, bytes),
            (kind, _) => sockets::send_to(self.socket(kind), bytes, self.stream.remote(kind)),
        };
        match sent {
            Ok(_) => count(&out.counters.packets_out),
            Err(Errno::CONNREFUSED) => count(&out.counters.refused_by_peer),
            Err(_) => count(&out.counters.socket_errors),
        }
    }

    fn socket(&self, kind: PacketKind) -> &UdpSocket {
        match kind {
            PacketKind::Rtp => &self.pair.rtp,
            PacketKind::Rtcp => &self.pair.rtcp,
        }
    }

    fn hand_over_frames(&mut self, out: &mut Outlets) {
        let stream = self.stream.id();
        if let (Some(frames), Some(stereo)) = (&mut self.recorded, self.stream.recording_frame()) {
            out.take(Take::Frame {
                stream,
                index: *frames,
                stereo: *stereo,
            });
            *frames += 1;
        }
        if let Some(samples) = self.stream.tap_frame() {
            out.tap(TapFrame {
                stream,
                seq: self.tapped,
                samples: *samples,
            });
            self.tapped = self.tapped.wrapping_add(1);
        }
    }

    /// Hands on events as far as the ring has room; the others wait in the stream.
    fn tell(&mut self, out: &mut Outlets) {
        while out.has_room_for_event() {
            let Some(event) = self.stream.poll_event() else {
                return;
            };
            out.event(event);
        }
    }

    /// Hands over the last words: what happened, the end of the recording, what was counted.
    fn settle(&mut self, out: &mut Outlets) -> bool {
        self.tell(out);
        let stream = self.stream.id();
        if let Some(frames) = self.recorded {
            if !out.take(Take::End { stream, frames }) {
                return false;
            }
            self.recorded = None;
        }
        if !out.has_room_for_event() {
            return false;
        }
        let stats = self.stream.stats();
        out.event(StreamEvent::Closed { stream, stats });
        self.phase = Phase::Free;
        true
    }
}
