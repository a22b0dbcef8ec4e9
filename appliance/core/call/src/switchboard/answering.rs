//! Offer and answer on a leg: the first answer, its ACK, and every change after it.

use std::time::Instant;

use media::sdes::OurSecret;
use media::sdp::{Keys, OfferError, SdpIds, Srtp};
use media::srtp::MAX_KEY;
use media::{Codec, StreamCommand, StreamId, StreamSpec};
use rand_core::RngCore;
use sip::{Body, DialogId, Reply, Request, TxId};

use super::admission::{ALLOW, SUPPORTED, joined, wish};
use super::{Parting, Switchboard, Why};
use crate::cause::Cause;
use crate::event::LegEvent;
use crate::leg::{Allows, LegId, LegStream, State};
use crate::limits::{OFFER_RETRY_AFTER_S, PROBE_EVERY};
use crate::offer::{self, Place, SDP};
use crate::refresh::{self, Agreement, Refresh};

impl Switchboard {
    /// Answers `leg` with 200; when that cannot be, the leg ends with the cause why.
    pub fn answer(&mut self, now: Instant, leg: LegId) {
        let Some(State::Offered(invite)) = self.legs.get(&leg).map(|l| &l.state) else {
            return;
        };
        let (tx, refresh) = (invite.tx, agreed(&invite.request));
        let allows = Allows::read(&joined(&invite.request.headers, "Allow"));
        let Some((body, spec)) = self.last_word(now, leg) else {
            return;
        };
        let mut reply = Reply::new(200)
            .with_header("Allow", ALLOW)
            .with_header("Supported", SUPPORTED);
        reply.body = body;
        reply
            .headers
            .extend(refresh.map(Refresh::headers).unwrap_or_default());
        let dialog = self.endpoint.accept(now, tx, &reply);
        self.index.invites.remove(&tx);
        self.lead_to(leg, dialog);
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.state = State::Up;
            entry.allows = allows;
        }
        self.watch(now, leg, refresh);
        self.events.push_back(LegEvent::Answered { leg });
        if let Some(spec) = spec {
            self.agree(leg, spec);
        }
        self.drain(now);
    }

    /// Opens the stream of an unanswered leg, so that the caller hears what is played or who is
    /// bridged before the call is answered (183). A caller that made no offer hears it ring.
    pub fn open_early(&mut self, now: Instant, leg: LegId) {
        let Some(State::Offered(invite)) = self.legs.get(&leg).map(|l| &l.state) else {
            return;
        };
        if invite.request.body.is_none() || self.is_changed_early(leg) {
            return self.ring(now, leg);
        }
        let tx = invite.tx;
        let Some((body, Some(spec))) = self.describe(now, leg) else {
            return;
        };
        let dialog = self
            .endpoint
            .progress(now, tx, &Reply::new(183).with_body(body), true);
        self.lead_to(leg, dialog);
        self.agree(leg, spec);
    }

    /// What comes in `dialog` is for `leg`. Where the caller has given up meanwhile, each of our
    /// responses got an identity of its own: only the last one is kept.
    pub(super) fn lead_to(&mut self, leg: LegId, dialog: DialogId) {
        let Some(entry) = self.legs.get_mut(&leg) else {
            return;
        };
        if let Some(old) = entry.dialog.replace(dialog) {
            self.index.dialogs.remove(&old);
        }
        self.index.dialogs.insert(dialog, leg);
    }

    /// What our 2xx to the INVITE of `leg` brings: nothing where it was agreed otherwise since.
    fn last_word(
        &mut self,
        now: Instant,
        leg: LegId,
    ) -> Option<(Option<Body>, Option<StreamSpec>)> {
        if self.is_changed_early(leg) {
            return Some((None, None));
        }
        let (body, spec) = self.describe(now, leg)?;
        Some((Some(body), spec))
    }

    fn is_changed_early(&self, leg: LegId) -> bool {
        let stream = self.legs.get(&leg).and_then(|l| l.stream.as_ref());
        stream.is_some_and(|stream| stream.changed_early)
    }

    /// Our description for the INVITE of `leg`, and what it agrees on; the same each time. Ends
    /// the leg where there is none.
    fn describe(&mut self, now: Instant, leg: LegId) -> Option<(Body, Option<StreamSpec>)> {
        let entry = self.legs.get_mut(&leg)?;
        let State::Offered(invite) = &entry.state else {
            return None;
        };
        let offer = invite.request.body.clone();
        let sound = self.gate.sound_of(&entry.party);
        let secret = secret(&mut self.house.keys);
        let mut stream = match entry.stream.take() {
            Some(stream) => stream,
            None => {
                let Some(port) = self.ports.take(now) else {
                    self.finish(now, leg, Cause::Overload, Parting::Speak);
                    return None;
                };
                LegStream::new(stream_id(leg), port, (sound, secret))
            }
        };
        let described = self.first_answer(&mut stream, offer.as_ref());
        match described {
            Ok(agreed) => {
                self.index.streams.insert(stream.id, leg);
                if let Some(entry) = self.legs.get_mut(&leg) {
                    entry.stream = Some(stream);
                }
                Some(agreed)
            }
            Err(error) => {
                self.ports.put_back_unused(stream.port);
                let reply = Box::new(offer::refusal(&error, &self.agent()));
                self.finish(now, leg, offer::cause(&error), Parting::Refuse(reply));
                None
            }
        }
    }

    /// The codec that `leg` speaks, or will speak by what it offered.
    pub(super) fn codec_of(&self, leg: LegId) -> Option<Codec> {
        let entry = self.legs.get(&leg)?;
        if let Some(spec) = entry
            .stream
            .as_ref()
            .and_then(|stream| stream.spec.as_ref())
        {
            return Some(spec.codec);
        }
        let State::Offered(invite) = &entry.state else {
            return None;
        };
        let sound = self.gate.sound_of(&entry.party);
        // Nobody is told this answer, so its key is none.
        let voice = (sound, OurSecret::new([0; MAX_KEY]));
        let stream = LegStream::new(stream_id(leg), 0, voice);
        let offer = invite.request.body.as_ref()?;
        let answer = offer::answer(&offer.bytes, &self.place_of(&stream));
        answer.ok().map(|(_, spec)| spec.codec)
    }

    /// The ACK of a 2xx; it carries the answer where the 2xx carried our offer.
    pub(super) fn on_acked(&mut self, now: Instant, dialog: DialogId, body: Option<Body>) {
        let Some(leg) = self.leg_of(dialog) else {
            return;
        };
        let Some(stream) = self.legs.get_mut(&leg).and_then(|l| l.stream.as_mut()) else {
            return;
        };
        if !std::mem::take(&mut stream.offering) {
            return;
        }
        let answer = body.map(|b| b.bytes).unwrap_or_default();
        let place = place(self.house.media_ip, stream);
        match offer::accept(&answer, &place) {
            Ok(spec) => {
                self.agree(leg, spec);
                self.settle_hold(now, leg);
            }
            Err(error) => {
                tracing::debug!(%leg, %error, "the ACK has no answer we can use");
                self.finish(now, leg, offer::cause(&error), Parting::Speak);
            }
        }
    }

    /// A re-INVITE: hold, another codec, another address, or the refresh of a session.
    pub(super) fn on_reinvite(&mut self, now: Instant, tx: TxId, leg: LegId, request: &Request) {
        match self.change(leg, request.body.as_ref(), true) {
            Ok((body, spec)) => {
                let reply = self.refreshed(now, leg, request, Some(body));
                self.endpoint.accept(now, tx, &reply);
                if let Some(spec) = spec {
                    self.agree(leg, spec);
                }
            }
            Err(reply) => self.endpoint.respond(now, tx, &reply),
        }
    }

    /// An UPDATE (RFC 3311): as a re-INVITE, or without a body a refresh only.
    pub(super) fn on_update(&mut self, now: Instant, tx: TxId, leg: LegId, request: &Request) {
        let changed = match &request.body {
            None => Ok((None, None)),
            body => self
                .change(leg, body.as_ref(), false)
                .map(|(body, spec)| (Some(body), spec)),
        };
        let reply = match changed {
            Ok((body, spec)) => {
                if let Some(spec) = spec {
                    self.note_change(leg);
                    self.agree(leg, spec);
                }
                self.refreshed(now, leg, request, body)
            }
            Err(reply) => reply,
        };
        self.endpoint.respond(now, tx, &reply);
    }

    /// An UPDATE brought an offer: before the answer to the INVITE it takes that one's place.
    fn note_change(&mut self, leg: LegId) {
        let Some(entry) = self.legs.get_mut(&leg).filter(|l| !l.is_up()) else {
            return;
        };
        if let Some(stream) = entry.stream.as_mut() {
            stream.changed_early = true;
        }
    }

    /// Takes a stream as agreed: opens it the first time, changes it after that.
    pub(super) fn agree(&mut self, leg: LegId, mut spec: StreamSpec) {
        let Some(entry) = self.legs.get_mut(&leg) else {
            return;
        };
        let takes_info = entry.allows.info;
        let Some(stream) = entry.stream.as_mut() else {
            return;
        };
        spec.mute_keys = match stream.sound.keys {
            Keys::Info => true,
            Keys::Auto => takes_info && spec.events.is_none(),
            Keys::Events | Keys::Tones => false,
        };
        let id = stream.id;
        match stream.spec.replace(spec.clone()) {
            None => {
                self.commands.push_back(StreamCommand::Open {
                    stream: id,
                    port: stream.port,
                    spec,
                });
                self.events.push_back(LegEvent::Opened { leg, stream: id });
            }
            Some(before) if before != spec => {
                // Another payload may bring digits by another road.
                stream.digits = None;
                self.commands
                    .push_back(StreamCommand::Update { stream: id, spec });
            }
            Some(_) => {}
        }
        let held = stream.is_held();
        if std::mem::replace(&mut stream.hold.by_peer, held) != held {
            self.events.push_back(LegEvent::Held { leg, on: held });
        }
    }

    /// Answers the first offer, or makes one where the INVITE had none.
    fn first_answer(
        &self,
        stream: &mut LegStream,
        body: Option<&Body>,
    ) -> Result<(Body, Option<StreamSpec>), OfferError> {
        stream.hold.told = stream.hold.wanted;
        let place = self.place_of(stream);
        if let Some(body) = body {
            return offer::answer(&body.bytes, &place).map(|(body, spec)| (body, Some(spec)));
        }
        stream.offering = true;
        Ok((Body::new(SDP, offer::offer(&place)), None))
    }

    /// A later offer, answered on the same port with the next version.
    fn change(
        &mut self,
        leg: LegId,
        body: Option<&Body>,
        may_offer: bool,
    ) -> Result<(Body, Option<StreamSpec>), Reply> {
        let agent = self.agent();
        let media_ip = self.house.media_ip;
        let entry = self.legs.get_mut(&leg).ok_or_else(|| Reply::new(481))?;
        // The offer of its INVITE was not answered yet (RFC 3311 section 5.2).
        let stream = entry.stream.as_mut().ok_or_else(|| {
            Reply::new(500).with_header("Retry-After", OFFER_RETRY_AFTER_S.to_string())
        })?;
        if stream.offering {
            // Our own offer still waits for its answer (RFC 3311 section 5.2).
            return Err(Reply::new(491));
        }
        stream.version += 1;
        stream.hold.told = stream.hold.wanted;
        let place = place(media_ip, stream);
        match body {
            Some(body) => offer::answer(&body.bytes, &place)
                .map(|(body, spec)| (body, Some(spec)))
                .map_err(|error| offer::refusal(&error, &agent)),
            None if may_offer => {
                stream.offering = true;
                Ok((Body::new(SDP, offer::offer(&place)), None))
            }
            None => Err(Reply::new(400)),
        }
    }

    /// The 200 to a request that refreshes the session, its timer set anew.
    fn refreshed(
        &mut self,
        now: Instant,
        leg: LegId,
        request: &Request,
        body: Option<Body>,
    ) -> Reply {
        let refresh = agreed(request);
        self.watch(now, leg, refresh);
        let mut reply = Reply::new(200)
            .with_header("Allow", ALLOW)
            .with_header("Supported", SUPPORTED);
        reply
            .headers
            .extend(refresh.map(Refresh::headers).unwrap_or_default());
        reply.body = body;
        reply
    }

    /// The 2xx to a request of ours that refreshed the session: its timer holds from now on, and
    /// where it has none, nobody is waited for (RFC 4028 section 7.2).
    pub(super) fn keep_time(&mut self, now: Instant, leg: LegId, session_expires: Option<&str>) {
        let Some(before) = self.legs.get(&leg).and_then(|l| l.refresh) else {
            return;
        };
        let ours = before.by_us.then_some(before);
        self.watch(now, leg, refresh::granted(session_expires).or(ours));
    }

    /// Sets when the peer must next prove to be there.
    pub(super) fn watch(&mut self, now: Instant, leg: LegId, refresh: Option<Refresh>) {
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.refresh = refresh;
            let wait = refresh.map_or(PROBE_EVERY, Refresh::wait);
            self.deadlines.set((leg, Why::Liveness), now + wait);
        }
    }

    pub(super) fn place_of(&self, stream: &LegStream) -> Place {
        place(self.house.media_ip, stream)
    }

    /// Our name in a Warning.
    fn agent(&self) -> String {
        self.endpoint.config().local.udp.to_string()
    }
}

pub(super) fn place(ip: std::net::IpAddr, stream: &LegStream) -> Place {
    let ids = SdpIds {
        session: u64::from(stream.id.0),
        version: stream.version,
    };
    // A change on the way keeps the codec where the peer does not want another.
    let mut sound = stream.sound.clone();
    if let Some(spec) = &stream.spec {
        sound.prefer(spec.codec);
        if spec.keys.is_some() {
            // Once protected, always protected: nobody on the way talks a call back into the clear.
            sound.srtp = Srtp::Require;
        }
    }
    Place {
        ip,
        port: stream.port,
        ids,
        direction: stream.direction(),
        sound,
        secret: stream.secret,
    }
}

fn agreed(request: &Request) -> Option<Refresh> {
    match refresh::agree(wish(request).borrow()) {
        Agreement::Timer(refresh) => Some(refresh),
        Agreement::None | Agreement::TooSmall => None,
    }
}

/// The makings of a key of ours.
pub(super) fn secret(random: &mut impl RngCore) -> OurSecret {
    let mut bytes = [0; MAX_KEY];
    random.fill_bytes(&mut bytes);
    OurSecret::new(bytes)
}

/// Streams are named by the low half of the leg's number: legs live at most some hours, so two
/// that share it never run at once.
pub(super) fn stream_id(leg: LegId) -> StreamId {
    StreamId((leg.0 & u64::from(u32::MAX)) as u32)
}
