//! A phone: a SIP caller of our own endpoint, with a plan of what to do when.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sip::{
    Body, DialogId, Endpoint, EndpointConfig, Event, Method, OutgoingInvite, Reply, Transmit, TxId,
    Uri,
};

/// One thing a phone does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Press a key, by RTP.
    Press(char),
    /// Press a key, by INFO.
    Info(char),
    /// Say something.
    Say(&'static str),
    /// Put the box on hold by re-INVITE.
    Hold,
    /// Come back by re-INVITE.
    Resume,
    /// Hang up: CANCEL while it rings, BYE after.
    HangUp,
    /// Lose power: nothing is sent or taken any more.
    Vanish,
}

/// What a phone is going to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Number to dial.
    pub number: String,
    /// Number it calls from.
    pub from: String,
    /// Acts in order, each so long after the one before; the first after dialling.
    pub acts: Vec<(Duration, Act)>,
    /// Status of the NOTIFY when the box wants to transfer the call; `None` refuses the REFER.
    pub transfer: Option<u16>,
    /// Credentials for a trunk that wants them.
    pub credentials: Option<sip::Credentials>,
}

impl Plan {
    /// Dials `number` and does nothing more.
    pub fn dial(number: &str) -> Self {
        Self {
            number: number.into(),
            from: "13800000007".into(),
            acts: Vec::new(),
            transfer: None,
            credentials: None,
        }
    }

    /// And does `act` so many milliseconds after the act before.
    #[must_use]
    pub fn then(mut self, after_ms: u64, act: Act) -> Self {
        self.acts.push((Duration::from_millis(after_ms), act));
        self
    }
}

/// How a call looks from the phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// 200 came.
    pub answered: bool,
    /// The INVITE failed with this status.
    pub rejected: Option<u16>,
    /// The box hung up, with this Reason.
    pub hung_up: Option<Option<String>>,
    /// REFER that came, as its Refer-To.
    pub referred: Option<String>,
}

/// A phone.
#[derive(Debug)]
pub struct Phone {
    /// What became of its call.
    pub fate: Fate,
    endpoint: Endpoint,
    address: SocketAddr,
    rtp: SocketAddr,
    transfer: Option<u16>,
    acts: VecDeque<(Instant, Act)>,
    dialog: DialogId,
    alive: bool,
    over: bool,
    version: u64,
}

/// What a phone wants of the media plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Press(SocketAddr, char),
    Say(SocketAddr, &'static str),
    Mute(SocketAddr),
}

impl Phone {
    /// A phone at `address` that dials `to` now.
    pub fn dial(
        now: Instant,
        address: SocketAddr,
        to: SocketAddr,
        plan: Plan,
        seed: [u8; 32],
    ) -> Self {
        let mut endpoint = Endpoint::new(EndpointConfig::new(address), seed);
        let rtp = SocketAddr::new(address.ip(), 40_000);
        let uri = |user: &str, at: SocketAddr| Uri::parse(&format!("sip:{user}@{at}")).unwrap();
        let dialog = endpoint.invite(
            now,
            OutgoingInvite {
                to: to.into(),
                request_uri: uri(&plan.number, to),
                from_uri: uri(&plan.from, address),
                to_uri: uri(&plan.number, to),
                display: None,
                body: Some(sdp(rtp, 1, "sendrecv")),
                credentials: plan.credentials,
                headers: vec![],
            },
        );
        let mut at = now;
        let acts = plan.acts.into_iter().map(|(after, act)| {
            at += after;
            (at, act)
        });
        Self {
            fate: Fate::default(),
            endpoint,
            address,
            rtp,
            transfer: plan.transfer,
            acts: acts.collect(),
            dialog,
            alive: true,
            over: false,
            version: 1,
        }
    }

    /// Hangs up at `at`, whatever else it planned.
    pub fn hang_up_at(&mut self, at: Instant) {
        self.acts.clear();
        self.acts.push_back((at, Act::HangUp));
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes a datagram.
    pub fn hear(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        if self.alive {
            self.endpoint.handle_message(now, from.into(), bytes);
            self.drain(now);
        }
    }

    /// When it wants to act next.
    pub fn next(&self) -> Option<Instant> {
        if !self.alive {
            return None;
        }
        let timer = self.endpoint.poll_timeout().map(|(at, _)| at);
        let act = self.acts.front().map(|(at, _)| *at);
        timer.into_iter().chain(act).min()
    }

    /// Acts at `now`; what it wants of the media plane comes back.
    pub fn act(&mut self, now: Instant) -> Option<Wish> {
        self.endpoint.handle_timeout(now);
        self.drain(now);
        let (_, act) = self.acts.pop_front_if(|(at, _)| *at <= now)?;
        let talking = self.fate.answered && !self.over;
        let wish = match act {
            Act::Press(digit) => talking.then_some(Wish::Press(self.rtp, digit)),
            Act::Say(words) => talking.then_some(Wish::Say(self.rtp, words)),
            Act::Vanish => {
                self.alive = false;
                Some(Wish::Mute(self.rtp))
            }
            Act::HangUp if !self.over => {
                if self.fate.answered {
                    self.endpoint.bye(now, self.dialog, vec![]);
                    self.over = true;
                } else {
                    self.endpoint.cancel(now, self.dialog);
                }
                None
            }
            Act::Info(digit) if talking => {
                let body = Body::new(
                    "application/dtmf-relay",
                    format!("Signal={digit}\r\nDuration=160\r\n"),
                );
                self.ask(now, Method::Info, Some(body));
                None
            }
            Act::Hold if talking => self.reinvite(now, "inactive"),
            Act::Resume if talking => self.reinvite(now, "sendrecv"),
            _ => None,
        };
        self.drain(now);
        wish
    }

    /// The next datagram it sends.
    pub fn send(&mut self) -> Option<Transmit> {
        if !self.alive {
            None
        } else {
            self.endpoint.poll_transmit()
        }
    }

    /// True when nothing is left to do.
    pub fn is_quiet(&self) -> bool {
        self.next().is_none()
    }

    fn reinvite(&mut self, now: Instant, direction: &str) -> Option<Wish> {
        self.version += 1;
        let body = sdp(self.rtp, self.version, direction);
        self.ask(now, Method::Invite, Some(body));
        None
    }

    fn ask(&mut self, now: Instant, method: Method, body: Option<Body>) -> TxId {
        self.endpoint
            .request(now, self.dialog, method, vec![], body)
    }

    fn drain(&mut self, now: Instant) {
        while let Some(event) = self.endpoint.poll_event() {
            self.on(now, event);
        }
    }

    fn on(&mut self, now: Instant, event: Event) {
        match event {
            Event::Answered { .. } => self.fate.answered = true,
            Event::Rejected { status, .. } => {
                self.fate.rejected = Some(status);
                self.over = true;
            }
            Event::Ended { by, .. } => {
                self.over = true;
                if let sip::EndedBy::Peer { reason } = by {
                    self.fate.hung_up = Some(reason);
                }
            }
            Event::Request {
                tx,
                dialog,
                request,
                ..
            } => self.serve(now, tx, dialog, &request),
            _ => {}
        }
    }

    fn serve(&mut self, now: Instant, tx: TxId, dialog: Option<DialogId>, request: &sip::Request) {
        if request.method != Method::Refer {
            return self.endpoint.respond(now, tx, &Reply::new(200));
        }
        self.fate.referred = request.headers.first("Refer-To").map(str::to_owned);
        let Some((status, dialog)) = self.transfer.zip(dialog) else {
            return self.endpoint.respond(now, tx, &Reply::new(603));
        };
        self.endpoint.respond(now, tx, &Reply::new(202));
        let headers = vec![
            ("Event".into(), "refer".into()),
            (
                "Subscription-State".into(),
                "terminated;reason=noresource".into(),
            ),
        ];
        let body = Body::new("message/sipfrag", format!("SIP/2.0 {status} Done\r\n"));
        self.endpoint
            .request(now, dialog, Method::Notify, headers, Some(body));
    }
}

/// An offer of A-law with digits.
pub(crate) fn sdp(rtp: SocketAddr, version: u64, direction: &str) -> Body {
    let (ip, port) = (rtp.ip(), rtp.port());
    let text = format!(
        "v=0\r\no=- 1 {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na={direction}\r\n"
    );
    Body::new("application/sdp", text)
}
