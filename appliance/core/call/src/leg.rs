//! One party's side of a call: one dialog and one stream, and one cause when it ends.
//!
//! `Switchboard` drives it. A leg only knows where it stands; it sends nothing by itself. Who
//! called whom makes no other kind of leg: it is one [`State`] on the way to [`State::Up`].

use std::collections::VecDeque;
use std::fmt;

use media::sdes::OurSecret;
use media::sdp::{Direction, Keys};
use media::{StreamEvent, StreamId, StreamSpec, StreamStats};
use sip::{DialogId, Peer, Request, TxId, Uri};

use crate::cause::Cause;
use crate::event::Origin;
use crate::line::{Dial, Line};
use crate::refresh::{Refresh, lists};
use crate::sound::Sound;
use crate::trunk::Manner;

/// A leg of one switchboard, counted from 1 and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "leg-{}", self.0)
    }
}

/// A finished audio file of a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// File name below the recordings folder.
    pub file: String,
    /// Length, milliseconds.
    pub length_ms: u64,
    /// 20 ms frames that the recorder had to drop.
    pub gaps: u64,
}

/// Where a leg stands.
#[derive(Debug)]
pub(crate) enum State {
    /// The peer's INVITE waits for the owner's word.
    Offered(Box<Invite>),
    /// Our INVITEs are out.
    Dialling(Box<Dialling>),
    /// One side sent 200.
    Up,
    /// A REFER is on its way; true once the peer accepted it.
    Referring { accepted: bool },
    /// It ended; only its stream is still to be settled.
    Ended,
}

/// An INVITE that nobody answered yet.
#[derive(Debug)]
pub(crate) struct Invite {
    pub(crate) tx: TxId,
    pub(crate) request: Request,
}

/// One place that an INVITE goes to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) peer: Peer,
    pub(crate) request_uri: Uri,
    pub(crate) credentials: Option<sip::Credentials>,
    /// The domain of our own addresses there.
    pub(crate) domain: String,
    /// How the call is made there.
    pub(crate) manner: Manner,
    /// Whether it is told who calls, also where the called party must not learn it (RFC 3325).
    pub(crate) trusted: bool,
}

/// A call of ours that nobody answered yet.
#[derive(Debug)]
pub(crate) struct Dialling {
    /// The INVITEs under way; the first answer wins.
    pub(crate) branches: Vec<DialogId>,
    /// Where to try next, one at a time, with the call as the owner wants it.
    pub(crate) spare: VecDeque<Target>,
    pub(crate) dial: Dial,
    /// What the failed ones said, in one word.
    pub(crate) failed: Option<Cause>,
    /// What the owner was told: rings, and whether its sound is there.
    pub(crate) told: Option<bool>,
}

impl Dialling {
    /// Keeps the cause of a failed branch where it tells more than those before.
    pub(crate) fn note_failure(&mut self, cause: Cause) {
        if self
            .failed
            .is_none_or(|known| known.weight() < cause.weight())
        {
            self.failed = Some(cause);
        }
    }
}

/// A transfer that a phone asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Referral {
    /// The number of its REFER, which names the subscription (RFC 3515 section 2.4.6).
    pub(crate) cseq: u32,
}

/// How digits come; the first road that brings one is the only one, so that a peer that sends
/// both never presses a key twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigitRoad {
    Rtp,
    Info,
}

/// Who holds whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hold {
    /// The owner wants the party held.
    pub(crate) wanted: bool,
    /// What the peer was last told of that.
    pub(crate) told: bool,
    /// What it knew before that, in case it does not take the change.
    pub(crate) before: bool,
    /// The owner knows that the peer holds us.
    pub(crate) by_peer: bool,
}

/// The stream of a leg and what is agreed about it.
#[derive(Debug)]
pub(crate) struct LegStream {
    pub(crate) id: StreamId,
    pub(crate) port: u16,
    /// Version of our session description (RFC 8866 section 5.2).
    pub(crate) version: u64,
    /// Our own offer waits for its answer.
    pub(crate) offering: bool,
    /// An UPDATE changed what was agreed before the call was answered: the 2xx to the INVITE brings
    /// nothing that counts any more (RFC 3311 section 5).
    pub(crate) changed_early: bool,
    /// What it may speak, best first.
    pub(crate) sound: Sound,
    /// What our key is made of, where media is protected.
    pub(crate) secret: OurSecret,
    pub(crate) hold: Hold,
    /// What was agreed last; `None` until the media plane has been told to open it.
    pub(crate) spec: Option<StreamSpec>,
    pub(crate) digits: Option<DigitRoad>,
    /// Number of what plays now.
    pub(crate) plays: u32,
    /// True while the caller's sound goes to speech.
    pub(crate) tapped: bool,
    /// True once a recording was asked for.
    pub(crate) recording: bool,
    pub(crate) closed: Option<StreamStats>,
    pub(crate) recorded: Option<Recorded>,
}

impl LegStream {
    pub(crate) fn new(id: StreamId, port: u16, (sound, secret): (Sound, OurSecret)) -> Self {
        Self {
            id,
            port,
            sound,
            secret,
            version: 1,
            offering: false,
            changed_early: false,
            hold: Hold::default(),
            spec: None,
            digits: None,
            plays: 0,
            tapped: false,
            recording: false,
            closed: None,
            recorded: None,
        }
    }

    /// True when nothing is to come from the peer now: it said so, or we hold it.
    pub(crate) fn is_silent(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| !s.direction.receives())
    }

    /// True when the peer wants to hear nothing of us: it holds us.
    pub(crate) fn is_held(&self) -> bool {
        self.spec.as_ref().is_some_and(|s| !s.direction.sends())
    }

    /// Which way we let media flow: a party on hold hears us and is not heard.
    pub(crate) fn direction(&self) -> Direction {
        if self.hold.wanted {
            Direction::SendOnly
        } else {
            Direction::SendRecv
        }
    }

    /// True when the media plane owes nothing more.
    pub(crate) fn is_settled(&self) -> bool {
        self.spec.is_none() || self.closed.is_some() && (!self.recording || self.recorded.is_some())
    }

    /// True when a digit by `road` counts: where its line does not say how keys come, the road of
    /// the first one is that of all.
    pub(crate) fn takes_digit(&mut self, road: DigitRoad) -> bool {
        let said = match self.sound.keys {
            Keys::Auto => None,
            Keys::Info => Some(DigitRoad::Info),
            Keys::Events | Keys::Tones => Some(DigitRoad::Rtp),
        };
        said.unwrap_or_else(|| *self.digits.get_or_insert(road)) == road
    }

    /// Keeps what the media plane says at the end of a stream.
    pub(crate) fn note_end(&mut self, event: StreamEvent) {
        match event {
            StreamEvent::Closed { stats, .. } => self.closed = Some(stats),
            StreamEvent::Recorded {
                file,
                length_ms,
                gaps,
                ..
            } => {
                self.recorded = Some(Recorded {
                    file,
                    length_ms,
                    gaps,
                });
            }
            _ => {}
        }
    }
}

/// What a peer's Allow says that it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allows {
    pub(crate) info: bool,
    pub(crate) update: bool,
}

impl Allows {
    /// Reads the values of Allow, joined.
    pub(crate) fn read(allow: &str) -> Self {
        Self {
            info: lists(allow, "INFO"),
            update: lists(allow, "UPDATE"),
        }
    }
}

/// The account at the other end of a leg, and who of us called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// It called us.
    Caller(Origin),
    /// We called it.
    Called(Line),
}

/// One leg.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) party: Party,
    pub(crate) peer: Peer,
    pub(crate) state: State,
    pub(crate) dialog: Option<DialogId>,
    pub(crate) stream: Option<LegStream>,
    pub(crate) refresh: Option<Refresh>,
    /// The leg that it hears and is heard by.
    pub(crate) bridged: Option<LegId>,
    /// The phone asked for a transfer and waits to be told how it went.
    pub(crate) referral: Option<Referral>,
    pub(crate) allows: Allows,
    cause: Option<Cause>,
}

impl Leg {
    /// A leg whose INVITE has just come from `peer`.
    pub(crate) fn incoming(origin: Origin, peer: Peer, invite: Invite) -> Self {
        let state = State::Offered(Box::new(invite));
        Self::new(Party::Caller(origin), peer, state)
    }

    /// A leg that is about to call `peer`.
    pub(crate) fn outgoing(dial: Dial, peer: Peer) -> Self {
        let line = dial.line.clone();
        let state = State::Dialling(Box::new(Dialling {
            branches: Vec::new(),
            spare: VecDeque::new(),
            dial,
            failed: None,
            told: None,
        }));
        Self::new(Party::Called(line), peer, state)
    }

    fn new(party: Party, peer: Peer, state: State) -> Self {
        Self {
            party,
            peer,
            state,
            dialog: None,
            stream: None,
            refresh: None,
            bridged: None,
            referral: None,
            allows: Allows::default(),
            cause: None,
        }
    }

    /// The cause of a leg whose peer sent BYE.
    pub(crate) fn hung_up(&self) -> Cause {
        match self.party {
            Party::Caller(_) => Cause::CallerHungUp,
            Party::Called(_) => Cause::CalledHungUp,
        }
    }

    /// Ends the leg for `cause` and hands back where it stood. Only the first cause counts: later
    /// ones find `None`.
    pub(crate) fn end(&mut self, cause: Cause) -> Option<State> {
        if self.cause.is_some() {
            return None;
        }
        self.cause = Some(cause);
        Some(std::mem::replace(&mut self.state, State::Ended))
    }

    /// True while neither party ended it.
    pub(crate) fn is_running(&self) -> bool {
        self.cause.is_none()
    }

    /// True once one side answered, for as long as nobody ended it.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Up | State::Referring { .. })
    }

    /// The stream, while the media plane runs it for a leg that has not ended.
    pub(crate) fn open_stream(&self) -> Option<StreamId> {
        let stream = self.stream.as_ref()?;
        (self.is_running() && stream.spec.is_some()).then_some(stream.id)
    }
}
