//! The sending half: one packet each 20 ms of our own voice (prompts, keys), or the other party of
//! a bridge, packet by packet as it comes; and little where nothing is said.
//!
//! Our own voice goes first: while a prompt plays or keys are sent, the other party is not heard.
//! Silence is not sent on and on (RFC 3551 section 4.1): after [`IDLE_TAIL`] frames of it only one
//! packet each [`IDLE_KEEPALIVE`] frames tells the peer, and the NATs between, that we are there.

use crate::codec::{Codec, translation};
use crate::digits::{DigitSender, EventPacket, Slot, key};
use crate::dtmf::DtmfGenerator;
use crate::limits::{FRAME, IDLE_KEEPALIVE, IDLE_TAIL, RATE};
use crate::prompt::Playlist;
use crate::rtp::{HEADER, Packet};
use crate::sdp::StreamSpec;

use super::StreamSeed;
use super::ear::Ear;
use super::frame::Frame;
use super::gear::Coders;
use super::relay::{Kind, Passing, Track, is_relayed, length_of};

#[derive(Clone, Debug)]
pub(super) struct Outbound {
    numbers: Numbers,
    /// What plays, by its number.
    list: Option<(u32, Playlist)>,
    keys: Keys,
    /// The next audio packet begins a talk spurt.
    spurt: bool,
    /// Frames since something was said.
    idle: u32,
    frame: Frame,
    waiting: Option<Waiting>,
    bridge: Bridge,
    heard: Heard,
    sent: Totals,
}

/// What RTP packets of ours are numbered by.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    ssrc: u32,
    sequence: u16,
    /// Timestamp of the frame that the next tick makes.
    timestamp: u32,
}

/// Keys on their way out: as events, or as tones where the peer takes no events.
#[derive(Clone, Debug, Default)]
struct Keys {
    digits: DigitSender,
    /// Timestamp of the event being sent.
    timestamp: u32,
    tone: Option<DtmfGenerator>,
}

/// What is sent of the other party.
#[derive(Clone, Debug, Default)]
struct Bridge {
    on: bool,
    /// The source being sent; `None` until its next packet.
    track: Option<Track>,
}

/// What our party hears, while it is recorded.
#[derive(Clone, Debug, Default)]
struct Heard {
    on: bool,
    ear: Ear,
    /// The last tick was our own voice: it need not be decoded.
    is_ours: bool,
    /// Samples since the recording began.
    time: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    packets: u64,
    octets: u64,
    /// Packets counted when the last report was made.
    reported: u64,
}

/// The packet of the last tick.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    payload_type: u8,
    codec: Codec,
    marker: bool,
    timestamp: u32,
    event: Option<[u8; 4]>,
}

/// What was sent until now, for a sender report.
#[derive(Clone, Copy, Debug)]
pub(super) struct SentSoFar {
    pub(super) timestamp: u32,
    pub(super) packets: u32,
    pub(super) octets: u32,
}

impl Outbound {
    pub(super) fn new(seed: &StreamSeed) -> Self {
        Self {
            numbers: Numbers::new(seed),
            list: None,
            keys: Keys::default(),
            spurt: true,
            idle: 0,
            frame: Frame::new(),
            waiting: None,
            bridge: Bridge::default(),
            heard: Heard::default(),
            sent: Totals::default(),
        }
    }

    /// A new life that keeps the jitter buffer's memory.
    pub(super) fn reopen(&mut self, seed: &StreamSeed) {
        self.numbers = Numbers::new(seed);
        self.list = None;
        self.keys = Keys::default();
        self.spurt = true;
        self.idle = 0;
        self.frame.voice = None;
        self.waiting = None;
        self.bridge = Bridge::default();
        self.hear(false);
        self.sent = Totals::default();
    }

    /// Makes the next frame of our own voice and its packet; says the number of the list that came
    /// to its end.
    pub(super) fn tick(&mut self, spec: &StreamSpec, coders: Option<&mut Coders>) -> Option<u32> {
        let slot = self.keys.digits.next_frame();
        let mut done = None;
        let mut packet = Waiting {
            payload_type: spec.payload,
            codec: spec.codec,
            marker: false,
            timestamp: self.numbers.timestamp,
            event: None,
        };
        let voice = self.frame.voice.take().filter(|_| self.bridge.on);
        let is_said = self.list.is_some() || slot != Slot::Audio || voice.is_some();
        match (slot, spec.events) {
            (Slot::Event(event), Some(payload_type)) => {
                self.frame.silence(spec.codec);
                self.set_event(&mut packet, event, (payload_type, spec.events_clock));
            }
            (Slot::Event(event), None) => self.sound(event, spec.codec),
            (Slot::Quiet, _) => self.frame.silence(spec.codec),
            (Slot::Audio, _) => done = self.next_audio(spec, voice.as_ref()),
        }
        if packet.event.is_none() {
            packet.marker = self.spurt;
        }
        let step = spec.codec.clock() / 50;
        self.numbers.timestamp = self.numbers.timestamp.wrapping_add(step);
        self.decide(packet, is_said, spec);
        self.encode(spec.codec, coders);
        done
    }

    /// Ticks from now on that send nothing, where nothing new is to be said.
    pub(super) fn rest(&self) -> u32 {
        let is_quiet = !self.is_speaking() && self.waiting.is_none() && self.frame.voice.is_none();
        match self.idle.checked_sub(IDLE_TAIL) {
            Some(since) if is_quiet => IDLE_KEEPALIVE - 1 - since % IDLE_KEEPALIVE,
            _ => 0,
        }
    }

    /// So many ticks of a [rest](Self::rest) went by.
    pub(super) fn skip(&mut self, ticks: u32, spec: &StreamSpec) {
        let step = spec.codec.clock() / 50;
        self.numbers.timestamp = self.numbers.timestamp.wrapping_add(step * ticks);
        self.idle = self.idle.saturating_add(ticks);
        self.heard.time = self.heard.time.wrapping_add(FRAME as u32 * ticks);
        self.heard.is_ours = self.bridge.track.is_none();
        if self.bridge.track.is_none() {
            self.begin_spurt();
        }
    }

    /// Sends the frame, or leaves the line to the other party and to silence.
    fn decide(&mut self, packet: Waiting, is_said: bool, spec: &StreamSpec) {
        self.idle = if is_said {
            0
        } else {
            self.idle.saturating_add(1)
        };
        let is_worth_sending = is_said
            || self.idle <= IDLE_TAIL && self.bridge.track.is_none()
            || self.idle > IDLE_TAIL && (self.idle - IDLE_TAIL).is_multiple_of(IDLE_KEEPALIVE);
        // On hold time goes on and prompts with it, but nothing is sent.
        self.waiting = (spec.direction.sends() && is_worth_sending).then_some(packet);
        let is_ours = is_said || self.bridge.track.is_none();
        self.heard.is_ours = is_ours || self.waiting.is_some();
        self.heard.time = self.heard.time.wrapping_add(FRAME as u32);
        if self.heard.on && self.heard.is_ours && spec.codec.is_g711() {
            let at = (self.heard.time, packet.timestamp);
            self.heard.ear.write(None, at, &self.frame.codes);
        }
        if self.waiting.is_some() {
            self.spurt = packet.event.is_some();
            self.bridge.track = None;
        } else if self.bridge.track.is_none() {
            self.begin_spurt();
        }
    }

    /// Makes the payload of a packet that is sent; without a coder there is none.
    fn encode(&mut self, codec: Codec, coders: Option<&mut Coders>) {
        let is_audio = |packet: &Waiting| packet.event.is_none();
        if codec.is_g711() || !self.waiting.as_ref().is_some_and(is_audio) {
            return;
        }
        let Frame { pcm, coded, .. } = &mut self.frame;
        self.frame.length = coders.map_or(0, |coders| coders.mouth.say(pcm, coded));
        if self.frame.length == 0 {
            self.waiting = None;
        }
    }

    /// Writes the packet of the last tick.
    pub(super) fn poll(&mut self, out: &mut [u8]) -> Option<usize> {
        let waiting = self.waiting.take()?;
        let payload = match &waiting.event {
            Some(event) => event.as_slice(),
            None => self.frame.payload(waiting.codec),
        };
        let packet = Packet {
            payload_type: waiting.payload_type,
            marker: waiting.marker,
            sequence: self.numbers.sequence,
            timestamp: waiting.timestamp,
            ssrc: self.numbers.ssrc,
            payload,
        };
        let length = packet.write(out)?;
        self.numbers.sequence = self.numbers.sequence.wrapping_add(1);
        self.sent.count(payload);
        Some(length)
    }

    /// Writes a packet of the other party with our numbers; `None` where our party is not to hear
    /// it, or cannot.
    pub(super) fn pass(
        &mut self,
        passing: &Passing<'_>,
        spec: &StreamSpec,
        coders: Option<&mut Coders>,
        out: &mut [u8],
    ) -> Option<usize> {
        if let Kind::Key(key) = passing.kind {
            self.press(key, spec);
            return None;
        }
        if let (Kind::Audio(Some(key)), Some(_)) = (passing.kind, spec.events) {
            self.push_digit(key);
        }
        if !is_relayed(passing.codec, spec.codec) {
            if let Kind::Event(Some(key)) = passing.kind {
                self.press(key, spec);
            }
            return None;
        }
        if !self.bridge.on || !spec.direction.sends() || self.is_speaking() {
            return None;
        }
        if !self.bridge.track.is_some_and(|track| track.has(passing)) {
            self.bridge.track = Some(Track::new(
                passing,
                self.numbers.sequence,
                self.numbers.timestamp,
            ));
            self.begin_spurt();
        }
        let track = self.bridge.track.as_mut()?;
        let table = translation(passing.codec, spec.codec);
        let payload_type = match passing.kind {
            Kind::Audio(_) if table.is_some() || passing.codec == spec.codec => Some(spec.payload),
            // Beside Opus the two may count durations by different clocks: told anew.
            Kind::Event(_) if spec.codec != Codec::Opus => spec.events,
            Kind::Audio(_) | Kind::Event(_) | Kind::Key(_) => None,
        };
        let Some(payload_type) = payload_type else {
            track.leave_out();
            if let Kind::Event(Some(key)) = passing.kind {
                self.press(key, spec);
            }
            return None;
        };
        let placed = track.place(passing, spec.codec.clock())?;
        let packet = Packet {
            payload_type,
            marker: passing.packet.marker || self.spurt,
            sequence: placed.sequence,
            timestamp: placed.timestamp,
            ssrc: self.numbers.ssrc,
            payload: passing.packet.payload,
        };
        let length = packet.write(out)?;
        let payload = out.get_mut(HEADER..length)?;
        let is_audio = matches!(passing.kind, Kind::Audio(_));
        if let Some(table) = table.filter(|_| is_audio) {
            for code in payload.iter_mut() {
                *code = table.get(usize::from(*code)).copied().unwrap_or(*code);
            }
        }
        if self.heard.on && is_audio {
            let voice = coders.map(|coders| &mut coders.heard);
            let at = (self.heard.time, placed.timestamp);
            self.heard.ear.write(voice, at, payload);
        }
        self.sent.count(payload);
        if placed.is_newest {
            self.numbers.sequence = placed.sequence.wrapping_add(1);
            if is_audio {
                let length = length_of(spec.codec, payload);
                self.numbers.timestamp = placed.timestamp.wrapping_add(length);
            }
        }
        self.spurt = false;
        self.idle = IDLE_TAIL;
        Some(length)
    }

    /// Whether something of our own is being said.
    fn is_speaking(&self) -> bool {
        self.list.is_some() || self.keys.digits.is_busy()
    }

    /// Plays a list, or falls silent.
    pub(super) fn play(&mut self, list: Option<(u32, Playlist)>) {
        self.begin_spurt();
        self.list = list;
    }

    pub(super) fn push_digit(&mut self, digit: char) -> bool {
        self.keys.digits.push(digit)
    }

    /// A key of the other party, unless it reaches ours by signalling.
    fn press(&mut self, key: char, spec: &StreamSpec) {
        if !spec.mute_keys {
            self.push_digit(key);
        }
    }

    /// Sends what the other party says, from now on or no more.
    pub(super) fn bridge(&mut self, on: bool) {
        if on {
            self.list = None;
        }
        self.bridge = Bridge { on, track: None };
        self.idle = 0;
        self.begin_spurt();
    }

    /// Keeps what our party hears for [`Self::read_heard`], or no more.
    pub(super) fn hear(&mut self, on: bool) {
        self.heard.ear.forget();
        self.heard.on = on;
        self.heard.time = 0;
    }

    /// The next frame of what our party heard.
    pub(super) fn read_heard(
        &mut self,
        codec: Codec,
        coders: Option<&mut Coders>,
        pcm: &mut [i16; FRAME],
    ) {
        if self.heard.is_ours && !codec.is_g711() {
            *pcm = self.frame.pcm;
            return;
        }
        let voice = coders.map(|coders| &mut coders.heard);
        self.heard.ear.read(codec, voice, self.heard.time, pcm);
    }

    /// Keeps a frame of the other party for the tick to come.
    pub(super) fn hear_frame(&mut self, pcm: &[i16; FRAME]) {
        self.frame.voice = Some(*pcm);
    }

    /// Another codec was agreed.
    pub(super) fn forget_audio(&mut self) {
        self.heard.ear.forget();
        self.bridge.track = None;
    }

    /// The next audio packet is marked: peers may set their jitter buffers anew.
    pub(super) fn begin_spurt(&mut self) {
        self.spurt = true;
    }

    /// What was sent, where something was sent since this was asked last.
    pub(super) fn take_sent(&mut self) -> Option<SentSoFar> {
        let before = std::mem::replace(&mut self.sent.reported, self.sent.packets);
        (self.sent.packets > before).then_some(SentSoFar {
            timestamp: self.numbers.timestamp,
            packets: self.sent.packets as u32,
            octets: self.sent.octets as u32,
        })
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.numbers.ssrc
    }

    pub(super) fn packets(&self) -> u64 {
        self.sent.packets
    }

    fn next_audio(&mut self, spec: &StreamSpec, voice: Option<&[i16; FRAME]>) -> Option<u32> {
        let Some((id, list)) = &mut self.list else {
            match voice {
                Some(voice) => self.frame.set(spec.codec, voice),
                None => self.frame.silence(spec.codec),
            }
            return None;
        };
        let id = *id;
        // Prompts lie there as G.711 only.
        let shelf = if spec.codec.is_g711() {
            spec.codec
        } else {
            Codec::Pcma
        };
        let is_more = list.next_frame(shelf, &mut self.frame.codes);
        if !spec.codec.is_g711() {
            for (place, code) in self.frame.pcm.iter_mut().zip(&self.frame.codes) {
                *place = shelf.decode(*code);
            }
        }
        if is_more {
            return None;
        }
        self.list = None;
        Some(id)
    }

    /// All packets of a press carry the timestamp of its first (RFC 4733 section 2.2).
    fn set_event(
        &mut self,
        packet: &mut Waiting,
        event: EventPacket,
        (payload_type, clock): (u8, u32),
    ) {
        if event.first {
            self.keys.timestamp = packet.timestamp;
        }
        packet.payload_type = payload_type;
        packet.marker = event.first;
        packet.timestamp = self.keys.timestamp;
        let [code, volume, high, low] = event.payload;
        let duration = u32::from(u16::from_be_bytes([high, low])) * (clock / RATE).max(1);
        let [high, low] = u16::try_from(duration).unwrap_or(u16::MAX).to_be_bytes();
        packet.event = Some([code, volume, high, low]);
    }

    /// The frame sounds as the key does; what would be the event's ends is the pause after it.
    fn sound(&mut self, event: EventPacket, codec: Codec) {
        let [code, ..] = event.payload;
        if event.first {
            self.keys.tone = key(code).and_then(DtmfGenerator::new);
        }
        let mut pcm = [0; FRAME];
        if let Some(tone) = &mut self.keys.tone {
            tone.fill(&mut pcm);
        }
        self.frame.set(codec, &pcm);
    }
}

impl Numbers {
    fn new(seed: &StreamSeed) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, ..] = seed.random;
        Self {
            ssrc: u32::from_be_bytes([a, b, c, d]),
            sequence: u16::from_be_bytes([e, f]),
            timestamp: u32::from_be_bytes([g, h, i, j]),
        }
    }
}

impl Totals {
    fn count(&mut self, payload: &[u8]) {
        self.packets += 1;
        self.octets += payload.len() as u64;
    }
}
