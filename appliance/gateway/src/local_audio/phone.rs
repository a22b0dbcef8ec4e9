//! A phone made of a sound card: a SIP user agent on one thread, led by the card's beat.
//!
//! It registers at the box while its cards are there, takes calls of the box alone, one at a time, and
//! places those it is told to. Its thread sleeps until the next frame, the next SIP timer, or the next try
//! of a card that is missing; it never waits for a card.

use std::net::UdpSocket;
use std::time::Instant;

use anyhow::Context as _;
use audio::limits::FRAME;
use audio::{Beat, Sound};
use media::sdp::{Capabilities, SdpIds, Session, accept_answer, answer, offer};
use media::tone::{Tone, TonePlayer};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sip::{
    Body, Credentials, DialogId, Endpoint, EndpointConfig, Event, Method, OutgoingInvite, Peer,
    Reply, Request, TxId, Uri,
};
use tracing::debug;

use super::enrolment::Enrolment;
use super::plan::{Act, PhonePlan, Plan, Standing};
use super::talk::{Ports, Talk};

/// Largest datagram taken.
const DATAGRAM: usize = 65_535;
/// Messages taken in one go before frames get their turn.
const BURST: usize = 16;
const SDP: &str = "application/sdp";

/// One phone.
pub(super) struct Phone {
    plan: PhonePlan,
    /// The box.
    home: Peer,
    credentials: Credentials,
    socket: UdpSocket,
    endpoint: Endpoint,
    enrolment: Enrolment,
    sound: Sound,
    beat: Beat,
    call: Call,
    ids: SdpIds,
    /// What the microphone gave last.
    said: [i16; FRAME],
}

/// What goes on.
enum Call {
    Idle,
    Ringing {
        tx: TxId,
        offer: Vec<u8>,
        tone: TonePlayer,
    },
    Calling {
        dialog: DialogId,
        ports: Ports,
        /// Heard once the other side rings.
        tone: Option<TonePlayer>,
    },
    Talking {
        dialog: DialogId,
        talk: Box<Talk>,
    },
}

impl Phone {
    pub(super) fn new(plan: PhonePlan, all: &Plan) -> anyhow::Result<Self> {
        let now = Instant::now();
        let socket = UdpSocket::bind((all.sip.ip(), 0)).context("could not open a SIP socket")?;
        socket.set_nonblocking(true)?;
        let endpoint = Endpoint::new(EndpointConfig::new(socket.local_addr()?), crate::seed()?);
        let credentials = Credentials {
            user: plan.name.clone(),
            password: all.password.clone(),
        };
        let home = Peer::from(all.sip);
        Ok(Self {
            enrolment: Enrolment::new(now, &plan.name, home, credentials.clone())?,
            sound: Sound::new(now, plan.cards.clone()),
            beat: Beat::new(now),
            call: Call::Idle,
            ids: SdpIds {
                session: u64::try_from(crate::unix_ms()).unwrap_or(1),
                version: 1,
            },
            said: [0; FRAME],
            plan,
            home,
            credentials,
            socket,
            endpoint,
        })
    }

    /// How it stands.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            is_phone: true,
            playback: self.sound.playback().cloned(),
            capture: self.sound.capture().cloned(),
            is_registered: self.enrolment.is_in(),
            is_busy: !matches!(self.call, Call::Idle),
        }
    }

    /// Sleeps until something is due, and does it.
    pub(super) fn turn(&mut self) {
        self.sleep();
        let now = Instant::now();
        self.receive(now);
        if self
            .endpoint
            .poll_timeout()
            .is_some_and(|(at, _)| at <= now)
        {
            self.endpoint.handle_timeout(now);
        }
        if self.is_led() {
            for _ in 0..self.beat.take(now) {
                self.frame(now);
            }
        } else if self.sound.next_try().is_some_and(|at| at <= now) {
            self.sound.turn(now, &[0; FRAME], &mut self.said);
            self.beat = Beat::new(now);
        }
        let is_present = self.sound.is_present();
        self.enrolment.turn(now, is_present, &mut self.endpoint);
        self.take_events(now);
        self.transmit();
    }

    /// Whether frames are due at each beat.
    fn is_led(&self) -> bool {
        self.sound.is_awake() || !matches!(self.call, Call::Idle)
    }

    fn sleep(&self) {
        let now = Instant::now();
        let frame = self.is_led().then(|| self.beat.next());
        let sound = self.sound.next_try();
        let sip = self.endpoint.poll_timeout().map(|(at, _)| at);
        let all = [frame, sound, sip, self.enrolment.next()];
        let wake = all.into_iter().flatten().min();
        let pause = wake.map(|at| at.saturating_duration_since(now));
        let pause = pause.and_then(|pause| Timespec::try_from(pause).ok());
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        // Woken for nothing at worst: what is due is looked up afterwards.
        let _ = poll(&mut fds, pause.as_ref());
    }

    /// 20 ms of the cards and of what goes on.
    fn frame(&mut self, now: Instant) {
        let mut heard = [0; FRAME];
        match &mut self.call {
            Call::Talking { talk, .. } => talk.frame(now, &self.said, &mut heard),
            Call::Ringing { tone, .. }
            | Call::Calling {
                tone: Some(tone), ..
            } => tone.fill(&mut heard),
            Call::Idle | Call::Calling { .. } => {}
        }
        self.sound.turn(now, &heard, &mut self.said);
    }

    fn receive(&mut self, now: Instant) {
        let mut datagram = vec![0; DATAGRAM];
        for _ in 0..BURST {
            let Ok((length, from)) = self.socket.recv_from(&mut datagram) else {
                break;
            };
            let bytes = datagram.get(..length).unwrap_or_default();
            // Nobody but the box is listened to.
            if Peer::from(from) == self.home {
                self.endpoint.handle_message(now, from.into(), bytes);
            }
        }
    }

    fn transmit(&mut self) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            // A lost datagram is sent again by its transaction.
            let _ = self.socket.send_to(&transmit.bytes, transmit.to.addr);
        }
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Invite { tx, request, .. } => self.on_invite(now, tx, request),
                Event::Request {
                    tx,
                    dialog,
                    request,
                    ..
                } => self.on_request(now, tx, dialog, &request),
                Event::Cancelled { tx, .. } => {
                    if matches!(&self.call, Call::Ringing { tx: ringing, .. } if *ringing == tx) {
                        self.call = Call::Idle;
                    }
                }
                Event::Progress { dialog, .. } => {
                    if let Call::Calling {
                        dialog: ours, tone, ..
                    } = &mut self.call
                        && *ours == dialog
                    {
                        tone.get_or_insert_with(|| TonePlayer::new(Tone::Ringback));
                    }
                }
                Event::Answered { dialog, body, .. } => self.on_answered(now, dialog, body),
                Event::Response { tx, status, .. } => self.enrolment.answered(now, tx, status),
                Event::Rejected { dialog, .. }
                | Event::Ended { dialog, .. }
                | Event::Unacknowledged { dialog } => {
                    if self.dialog() == Some(dialog) {
                        self.fall_silent(now);
                    }
                }
                Event::Acked { .. } | Event::Pracked { .. } => {}
            }
        }
    }

    fn dialog(&self) -> Option<DialogId> {
        match &self.call {
            Call::Calling { dialog, .. } | Call::Talking { dialog, .. } => Some(*dialog),
            Call::Idle | Call::Ringing { .. } => None,
        }
    }

    fn fall_silent(&mut self, now: Instant) {
        if let Call::Talking { talk, .. } = &mut self.call {
            talk.end(now);
        }
        self.call = Call::Idle;
    }

    fn on_invite(&mut self, now: Instant, tx: TxId, request: Request) {
        if !matches!(self.call, Call::Idle) {
            return self.endpoint.respond(now, tx, &Reply::new(486));
        }
        let Some(offer) = request.body.map(|body| body.bytes) else {
            return self.endpoint.respond(now, tx, &Reply::new(488));
        };
        if !self.plan.rings {
            return self.accept(now, tx, &offer);
        }
        self.endpoint.progress(now, tx, &Reply::new(180), false);
        let tone = TonePlayer::new(Tone::Ringback);
        self.call = Call::Ringing { tx, offer, tone };
    }

    /// Answers a call.
    fn accept(&mut self, now: Instant, tx: TxId, offer: &[u8]) {
        let opened = self.agree(now, offer);
        match opened {
            Ok((body, talk)) => {
                let reply = Reply::new(200).with_body(Body::new(SDP, body));
                let dialog = self.endpoint.accept(now, tx, &reply);
                let talk = Box::new(talk);
                self.call = Call::Talking { dialog, talk };
            }
            Err(why) => {
                debug!("a call cannot be taken: {why:#}");
                self.endpoint.respond(now, tx, &Reply::new(488));
                self.call = Call::Idle;
            }
        }
    }

    fn agree(&mut self, now: Instant, offer: &[u8]) -> anyhow::Result<(Vec<u8>, Talk)> {
        let ip = self.home.addr.ip();
        let ports = Ports::bind(ip)?;
        let ours = Capabilities::default();
        let agreed = answer(
            &Session::parse(offer)?,
            &ours,
            ip,
            ports.rtp_port()?,
            self.ids,
        )?;
        self.ids.version += 1;
        let speaks = self.plan.cards.capture.is_some();
        Ok((agreed.body, Talk::begin(now, ports, agreed.spec, speaks)?))
    }

    fn on_request(&mut self, now: Instant, tx: TxId, dialog: Option<DialogId>, request: &Request) {
        let is_ours = dialog.is_some() && dialog == self.dialog();
        let reply = match (&request.method, &request.body) {
            (Method::Options | Method::Info, _) => Reply::new(200),
            (Method::Invite | Method::Update, Some(body)) if is_ours => {
                self.renegotiate(now, &body.bytes)
            }
            (Method::Update, None) if is_ours => Reply::new(200),
            (Method::Invite | Method::Update, _) if is_ours => Reply::new(488),
            (_, _) if dialog.is_none() && request.to.tag.is_some() => Reply::new(481),
            _ => Reply::new(405),
        };
        self.endpoint.respond(now, tx, &reply);
    }

    /// Hold, resume, another party: the box offers something else.
    fn renegotiate(&mut self, now: Instant, offer: &[u8]) -> Reply {
        let Call::Talking { talk, .. } = &mut self.call else {
            return Reply::new(491);
        };
        let Ok(port) = talk.rtp_port() else {
            return Reply::new(500);
        };
        let ip = self.home.addr.ip();
        let ours = Capabilities::default();
        let agreed =
            Session::parse(offer).and_then(|session| answer(&session, &ours, ip, port, self.ids));
        match agreed {
            Ok(agreed) => {
                self.ids.version += 1;
                talk.update(now, agreed.spec);
                Reply::new(200).with_body(Body::new(SDP, agreed.body))
            }
            Err(why) => Reply::new(why.status()),
        }
    }

    fn on_answered(&mut self, now: Instant, dialog: DialogId, body: Option<Body>) {
        let call = std::mem::replace(&mut self.call, Call::Idle);
        let Call::Calling {
            dialog: ours,
            ports,
            ..
        } = call
        else {
            self.call = call;
            return;
        };
        let begun = body
            .filter(|_| ours == dialog)
            .context("no answer to our offer")
            .and_then(|body| {
                let spec = accept_answer(&body.bytes, &Capabilities::default())?;
                let speaks = self.plan.cards.capture.is_some();
                Talk::begin(now, ports, spec, speaks)
            });
        match begun {
            Ok(talk) => {
                let talk = Box::new(talk);
                self.call = Call::Talking { dialog, talk };
            }
            Err(why) => {
                debug!("an answer cannot be used: {why:#}");
                self.endpoint.bye(now, dialog, Vec::new());
            }
        }
    }

    /// Does what somebody wishes; what does not fit what goes on is passed over.
    pub(super) fn act(&mut self, act: Act) {
        let now = Instant::now();
        match (act, &self.call) {
            (Act::Dial { to }, Call::Idle) => {
                if let Some(to) = to.or_else(|| self.plan.call.clone())
                    && let Err(why) = self.dial(now, &to)
                {
                    debug!("a call cannot be placed: {why:#}");
                }
            }
            (Act::Answer, Call::Ringing { tx, offer, .. }) => {
                let (tx, offer) = (*tx, offer.clone());
                self.accept(now, tx, &offer);
            }
            (Act::HangUp, Call::Ringing { tx, .. }) => {
                self.endpoint.respond(now, *tx, &Reply::new(603));
                self.call = Call::Idle;
            }
            (Act::HangUp, Call::Calling { dialog, .. }) => self.endpoint.cancel(now, *dialog),
            (Act::HangUp, Call::Talking { dialog, .. }) => {
                self.endpoint.bye(now, *dialog, Vec::new());
                self.fall_silent(now);
            }
            _ => {}
        }
        self.transmit();
    }

    fn dial(&mut self, now: Instant, to: &str) -> anyhow::Result<()> {
        let at = self.home.addr;
        let uri = |user: &str| Uri::parse(&format!("sip:{user}@{at}"));
        let ports = Ports::bind(at.ip())?;
        let offer = offer(
            &Capabilities::default(),
            at.ip(),
            ports.rtp_port()?,
            self.ids,
        );
        self.ids.version += 1;
        let invite = OutgoingInvite {
            to: self.home,
            request_uri: uri(to)?,
            from_uri: uri(&self.plan.name)?,
            to_uri: uri(to)?,
            display: None,
            body: Some(Body::new(SDP, offer)),
            credentials: Some(self.credentials.clone()),
            headers: Vec::new(),
        };
        let dialog = self.endpoint.invite(now, invite);
        self.call = Call::Calling {
            dialog,
            ports,
            tone: None,
        };
        Ok(())
    }
}
