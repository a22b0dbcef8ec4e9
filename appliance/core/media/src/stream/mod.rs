//! The RTP of one leg, both ways: the hot path of the box.
//!
//! Sans-IO. The media thread hands in packets ([`Stream::handle_rtp`], [`Stream::handle_rtcp`]) and
//! a tick every 20 ms ([`Stream::handle_tick`]); the owner's verbs are `play`, `send_digit`,
//! `record`, `tap`, `update` and `close`. After each of these: [`Stream::poll_transmit`] until
//! `None`, [`Stream::poll_event`] until `None`, and after a tick also the two frames.
//! While nothing plays it sends silence, so that address translators keep the path open and peers
//! raise no one-way alarm. Nothing here allocates after [`Stream::new`], locks or logs.

mod ear;
mod events;
mod flow;
mod frame;
mod gear;
mod inbound;
mod latch;
mod outbound;
mod relay;
mod reports;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Instant;

use crate::codec::Codec;
use crate::command::{StreamEvent, StreamId};
use crate::limits::{FRAME, FRAME_TIME, MAX_REST, VOICE_HOLD};
use crate::prompt::Playlist;
use crate::rtcp::VoipMetrics;
use crate::sdp::StreamSpec;
use crate::srtp::SrtpError;
use crate::stats::StreamStats;
use crate::wav::STEREO_FRAME;

use events::{Events, Happened};
use flow::Flow;
pub use gear::Gear;
use inbound::Inbound;
use outbound::Outbound;
pub use relay::Passing;
use reports::Reports;

/// What a stream may not make up itself: randomness and the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct StreamSeed {
    /// Source of SSRC, first sequence number, first timestamp, CNAME and report times.
    pub random: [u8; 32],
    /// Wall clock at the opening, NTP format (seconds since 1900 in the upper 32 bits).
    pub ntp: u64,
}

/// Which of the two sockets a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// Media.
    Rtp,
    /// Reports.
    Rtcp,
}

/// One leg's RTP and RTCP.
#[derive(Debug)]
pub struct Stream {
    id: StreamId,
    spec: StreamSpec,
    inbound: Inbound,
    outbound: Outbound,
    reports: Reports,
    events: Events,
    frames: Frames,
    gear: Gear,
    flow: Flow,
    /// Where the peer's RTCP came from last.
    rtcp_from: Option<SocketAddr>,
}

/// What the last tick made for the recorder and for speech.
#[derive(Clone, Debug)]
struct Frames {
    record: bool,
    tap: bool,
    /// The other party of the bridge speaks another codec, and hears the frames below.
    cross: bool,
    /// Keys are looked for in the frames below.
    listen: bool,
    /// A key that was heard in them, for the other party of the bridge.
    key: Option<char>,
    /// A tick made the frames below and nobody could have seen them before.
    fresh: bool,
    pcm: [i16; FRAME],
    stereo: [u8; STEREO_FRAME],
}

impl Stream {
    /// Opens a stream. All memory it will ever use is taken here.
    pub fn new(now: Instant, id: StreamId, spec: StreamSpec, seed: &StreamSeed) -> Self {
        Self {
            id,
            gear: Gear::new(&spec),
            inbound: Inbound::new(now, spec.remote_rtp),
            outbound: Outbound::new(seed),
            reports: Reports::new(now, seed),
            events: Events::default(),
            frames: Frames {
                record: false,
                tap: false,
                cross: false,
                listen: listens(&spec),
                key: None,
                fresh: false,
                pcm: [0; FRAME],
                stereo: [0; STEREO_FRAME],
            },
            flow: Flow::default(),
            rtcp_from: None,
            spec,
        }
    }

    /// Begins another life in the same memory; what that needs beyond was [fitted](Self::fit).
    pub fn reopen(&mut self, now: Instant, id: StreamId, spec: StreamSpec, seed: &StreamSeed) {
        self.id = id;
        self.inbound.reopen(now, spec.remote_rtp);
        self.outbound.reopen(seed);
        self.frames.cross = false;
        self.frames.listen = listens(&spec);
        self.frames.key = None;
        self.spec = spec;
        self.reports = Reports::new(now, seed);
        self.events = Events::default();
        self.frames.record = false;
        self.frames.tap = false;
        self.frames.fresh = false;
        self.flow = Flow::default();
        self.rtcp_from = None;
    }

    /// Hands over what the description of the next [`reopen`](Self::reopen) or
    /// [`update`](Self::update) needs, and back what is to be freed. What goes on as it was keeps its
    /// state, unless a `fresh` life begins.
    #[must_use = "dropping it frees memory"]
    pub fn fit(&mut self, mut gear: Gear, fresh: bool) -> Gear {
        if !fresh {
            gear.inherit(&mut self.gear);
        }
        std::mem::replace(&mut self.gear, gear)
    }

    /// Opens what came on a socket, in place, where the peer protects it: the length of the packet
    /// inside, to be handed on. `None` where it does not prove itself or came before: counted, and
    /// nobody hears of it.
    pub fn open(&mut self, kind: PacketKind, bytes: &mut [u8]) -> Option<usize> {
        if self.spec.keys.is_none() {
            return Some(bytes.len());
        }
        let guard = self.gear.guard.as_deref_mut()?;
        let opened = match kind {
            PacketKind::Rtp => guard.opener.open_rtp(bytes),
            PacketKind::Rtcp => guard.opener.open_rtcp(bytes),
        };
        match opened {
            Ok(length) => return Some(length),
            Err(SrtpError::Replayed) => self.inbound.note_replayed(),
            Err(_) => self.inbound.note_unproved(),
        }
        None
    }

    /// Protects what is to be sent, where that was agreed; without its key nothing is sent at all.
    fn seal(&mut self, kind: PacketKind, out: &mut [u8], length: usize) -> Option<usize> {
        if self.spec.keys.is_none() {
            return Some(length);
        }
        let guard = self.gear.guard.as_deref_mut()?;
        let sealed = match kind {
            PacketKind::Rtp => guard.sealer.protect_rtp(out, length),
            PacketKind::Rtcp => guard.sealer.protect_rtcp(out, length),
        };
        sealed.ok()
    }

    /// Takes what came on the RTP socket at `now` from `from`. Whatever it is, it is at worst
    /// counted. Says what the other party of a bridge should [`pass`](Self::pass) on.
    pub fn handle_rtp<'a>(
        &mut self,
        now: Instant,
        from: SocketAddr,
        bytes: &'a [u8],
    ) -> Option<Passing<'a>> {
        let decodes = self.frames.wanted() && self.spec.direction.receives();
        let voice = self.gear.coders.as_mut().map(|coders| &mut coders.ear);
        let ear = (decodes, voice);
        let taken = self.inbound.take(now, from, bytes, &self.spec, ear);
        if let Some(digit) = taken.digit {
            self.events.push(Happened::Digit(digit));
        }
        taken.passing
    }

    /// Writes what the other party says into `out`, as a packet for ours, and says its length;
    /// `None` where it is not to be sent: not bridged, on hold, or our own voice goes first.
    pub fn pass(&mut self, passing: &Passing<'_>, out: &mut [u8]) -> Option<usize> {
        let coders = self.gear.coders.as_deref_mut();
        let length = self.outbound.pass(passing, &self.spec, coders, out)?;
        self.seal(PacketKind::Rtp, out, length)
    }

    /// Takes what came on the RTCP socket at `now` from `from`: of the agreed address, or of the
    /// host that RTP comes from.
    pub fn handle_rtcp(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let is_neighbour = from.ip() == self.inbound.latch().remote().ip();
        let is_heard = is_neighbour || from == self.spec.remote_rtcp;
        let ssrc = self.outbound.ssrc();
        if is_heard && self.reports.take(now, bytes, ssrc).is_ok() {
            self.rtcp_from = Some(from);
            if let Some(coders) = &mut self.gear.coders {
                coders.mouth.expect_loss(self.reports.remote_loss());
            }
            self.inbound.heard_at(now);
        } else {
            self.inbound.refuse();
        }
    }

    /// Where packets of this kind go now.
    pub fn remote(&self, kind: PacketKind) -> SocketAddr {
        let latch = self.inbound.latch();
        match kind {
            PacketKind::Rtp => latch.remote(),
            PacketKind::Rtcp if latch.is_moved() => {
                let rtp = latch.remote();
                let guess = SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1));
                self.rtcp_from.unwrap_or(guess)
            }
            PacketKind::Rtcp => self.rtcp_from.unwrap_or(self.spec.remote_rtcp),
        }
    }

    /// Whether RTP need only be heard from [`remote`](Self::remote) now: its owner may let the
    /// kernel drop all other. Asked with each tick, because it ends when the source falls silent.
    pub fn is_settled(&self, now: Instant) -> bool {
        self.inbound.latch().is_settled(now)
    }

    /// Makes the next 20 ms: what is sent, recorded and tapped, and a report where one is due.
    pub fn handle_tick(&mut self, now: Instant) {
        let mut coders = self.gear.coders.as_deref_mut();
        if let Some(id) = self.outbound.tick(&self.spec, coders.as_deref_mut()) {
            self.events.push(Happened::PlayDone(id));
        }
        self.frames.fresh = self.frames.wanted();
        if self.frames.fresh {
            let codec = self.spec.codec;
            let voice = coders.as_mut().map(|coders| &mut coders.ear);
            self.inbound.decode(now, codec, voice, &mut self.frames.pcm);
            if self.frames.listen
                && let Some(digit) = self.inbound.listen_to(&self.frames.pcm)
            {
                self.events.push(Happened::Digit(digit));
                self.frames.key = Some(digit);
            }
            if self.frames.record {
                let mut heard = [0; FRAME];
                self.outbound.read_heard(codec, coders, &mut heard);
                mix_stereo(&self.frames.pcm, &heard, &mut self.frames.stereo);
            }
        }
        if now >= self.reports.due() {
            self.report(now, false);
        }
        let (flow, direction) = (&mut self.flow, self.spec.direction);
        flow.watch(now, &self.inbound, direction, &mut self.events);
    }

    /// Ticks that would do nothing but let time go by, at most [`MAX_REST`], where neither a packet
    /// nor a verb comes before them. Asked after a tick. Whoever drives the stream may leave them
    /// out, and [says so](Self::skip) before anything else is told or asked.
    pub fn rest(&self, now: Instant) -> u32 {
        if self.frames.wanted() || self.events.wait() {
            return 0;
        }
        let ticks = self.outbound.rest().min(MAX_REST);
        let heard = self.flow.next_look(now, &self.inbound, self.spec.direction);
        let due = heard.into_iter().fold(self.reports.due(), Instant::min);
        // A tick at that very moment would act already.
        let before = due
            .saturating_duration_since(now)
            .as_nanos()
            .saturating_sub(1);
        ticks.min(u32::try_from(before / FRAME_TIME.as_nanos()).unwrap_or(ticks))
    }

    /// So many ticks of a [rest](Self::rest) went by; those that did not need not come.
    pub fn skip(&mut self, ticks: u32) {
        self.outbound.skip(ticks, &self.spec);
        self.frames.fresh = false;
    }

    /// The peer changed address, codec or direction.
    pub fn update(&mut self, now: Instant, spec: StreamSpec) {
        self.frames.listen = listens(&spec);
        if spec.codec != self.spec.codec {
            self.inbound.forget_audio();
            self.outbound.forget_audio();
        }
        if spec.remote_rtcp != self.spec.remote_rtcp {
            self.rtcp_from = None;
        }
        if spec.direction != self.spec.direction {
            self.outbound.begin_spurt();
        }
        // A peer on hold may have been silent for long with good reason.
        self.inbound.update(now, spec.remote_rtp);
        self.spec = spec;
    }

    /// Plays a list from its start; replaces what plays. Its end is told with `id`.
    pub fn play(&mut self, id: u32, list: Playlist) {
        self.outbound.play(Some((id, list)));
    }

    /// Falls silent; no [`StreamEvent::PlayDone`] follows.
    pub fn stop_play(&mut self) {
        self.outbound.play(None);
    }

    /// Queues a key, sent as events or, where the peer takes none, as tones; `false` where it is no
    /// key or too many wait.
    pub fn send_digit(&mut self, digit: char) -> bool {
        self.outbound.push_digit(digit)
    }

    /// From now on this party hears what is [`pass`](Self::pass)ed, or silence and prompts again.
    /// Ends what plays.
    pub fn bridge(&mut self, on: bool) {
        self.outbound.bridge(on);
    }

    /// Who is on the other side of the bridge: where that one's codec is not ours, our party is
    /// decoded for it. Told before each tick.
    pub fn faces(&mut self, codec: Option<Codec>) {
        let cross = codec.is_some_and(|codec| !relay::is_relayed(self.spec.codec, codec));
        if cross != self.frames.cross {
            self.frames.begin(&mut self.inbound);
            self.frames.cross = cross;
        }
    }

    /// The last tick's frame of our party, where the other one is to [`hear`](Self::hear) it so.
    pub fn voice_frame(&self, now: Instant) -> Option<&[i16; FRAME]> {
        let since = now.saturating_duration_since(self.inbound.last_rtp());
        let is_there = self.frames.fresh && self.frames.cross && since < VOICE_HOLD;
        is_there.then_some(&self.frames.pcm)
    }

    /// A key that the last tick heard in the sound, for a party that is sent events instead.
    pub fn take_key(&mut self) -> Option<char> {
        self.frames.key.take()
    }

    /// Says a frame of the other party with the next tick, where our own voice does not go first.
    pub fn hear(&mut self, pcm: &[i16; FRAME]) {
        self.outbound.hear_frame(pcm);
    }

    /// Makes a stereo frame each tick, or stops.
    pub fn record(&mut self, on: bool) {
        self.frames.begin(&mut self.inbound);
        self.frames.record = on;
        self.outbound.hear(on);
    }

    /// Makes a linear frame of the caller each tick, or stops.
    pub fn tap(&mut self, on: bool) {
        self.frames.begin(&mut self.inbound);
        self.frames.tap = on;
    }

    /// Says goodbye by RTCP; what [`Stream::poll_transmit`] hands out after this is the last.
    pub fn close(&mut self, now: Instant) {
        self.report(now, true);
    }

    fn report(&mut self, now: Instant, bye: bool) {
        let heard = (self.inbound.report(), self.sound());
        let sent = self.outbound.take_sent();
        self.reports
            .make(now, self.outbound.ssrc(), sent, heard, bye);
    }

    /// How the party sounds here.
    fn sound(&self) -> Option<VoipMetrics> {
        self.inbound.sound(&self.spec, self.reports.round_trip_ms())
    }

    /// Writes the next packet into `out`, which holds [`crate::limits::MAX_PACKET`] bytes, protected
    /// where that was agreed.
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> Option<(PacketKind, usize)> {
        if let Some(length) = self.outbound.poll(out) {
            let length = self.seal(PacketKind::Rtp, out, length)?;
            return Some((PacketKind::Rtp, length));
        }
        let length = self.reports.poll(out)?;
        let length = self.seal(PacketKind::Rtcp, out, length)?;
        Some((PacketKind::Rtcp, length))
    }

    /// What happened, oldest first.
    pub fn poll_event(&mut self) -> Option<StreamEvent> {
        let stream = self.id;
        Some(match self.events.pop()? {
            Happened::Digit(digit) => StreamEvent::Digit { stream, digit },
            Happened::PlayDone(id) => StreamEvent::PlayDone { stream, id },
            Happened::MediaTimeout => StreamEvent::MediaTimeout { stream },
            Happened::OneWay(since_ms) => StreamEvent::OneWay { stream, since_ms },
            Happened::Flowing => StreamEvent::Flowing { stream },
        })
    }

    /// The last tick's recording frame: A-law, left the party, right what it hears.
    pub fn recording_frame(&self) -> Option<&[u8; STEREO_FRAME]> {
        (self.frames.fresh && self.frames.record).then_some(&self.frames.stereo)
    }

    /// The last tick's frame of the caller, linear.
    pub fn tap_frame(&self) -> Option<&[i16; FRAME]> {
        (self.frames.fresh && self.frames.tap).then_some(&self.frames.pcm)
    }

    /// Which stream this is.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// What was agreed for it.
    pub fn spec(&self) -> &StreamSpec {
        &self.spec
    }

    /// What was counted so far.
    pub fn stats(&self) -> StreamStats {
        let mut stats = StreamStats {
            packets_out: self.outbound.packets(),
            remote_loss: self.reports.remote_loss(),
            round_trip_ms: self.reports.round_trip_ms(),
            mos: self.sound().map(|sound| sound.mos.1),
            remote_mos: self.reports.remote_mos(),
            events_dropped: self.events.dropped(),
            ..StreamStats::default()
        };
        self.inbound.count(&mut stats);
        stats
    }
}

impl Frames {
    fn wanted(&self) -> bool {
        self.record || self.tap || self.cross || self.listen
    }

    /// What lay in the jitter buffer when nobody read it is of no use.
    fn begin(&self, inbound: &mut Inbound) {
        if !self.wanted() {
            inbound.forget_audio();
        }
    }
}

/// Whether keys are looked for in the decoded sound: G.711's are found packet by packet.
fn listens(spec: &StreamSpec) -> bool {
    spec.tones && !spec.codec.is_g711()
}

/// Interleaves the party (left) and what it hears (right) as A-law.
fn mix_stereo(left: &[i16; FRAME], right: &[i16; FRAME], stereo: &mut [u8; STEREO_FRAME]) {
    for ((pair, left), right) in stereo.chunks_exact_mut(2).zip(left).zip(right) {
        if let [left_place, right_place] = pair {
            *left_place = Codec::Pcma.encode(*left);
            *right_place = Codec::Pcma.encode(*right);
        }
    }
}
