//! What goes into a `Centre` and what comes out of it: plain values, nothing else.
//!
//! Inputs serialise, so a ring of them is the black box of the box: the same seed, the same
//! inputs and the same times give the same outputs. A site travels as its text and its prompt
//! names; it holds trunk passwords, so a written ring is as secret as the site file.

use std::net::IpAddr;
use std::sync::Arc;

use call::{Peer, StreamCommand, StreamEvent, StreamId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::Event;
use crate::record::{Record, UnixMillis, Utterance};
use crate::site::Site;

/// Something that happened in the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A SIP message came: a datagram, or one cut out of a stream.
    Datagram { from: Peer, bytes: Vec<u8> },
    /// The stream connection to a SIP peer broke, or none could be opened.
    TransportLost { peer: Peer },
    /// The media plane says something.
    Stream(StreamEvent),
    /// Speech recognised a phrase; its `at_ms` counts from the start of the tap.
    Heard {
        stream: StreamId,
        utterance: Utterance,
    },
    /// Speech has nothing more to say about a stream: its tap closed and all phrases are out, or
    /// there is no recogniser. The record waits for it, at most [`crate::limits::SPEECH_GRACE`].
    SpeechDone { stream: StreamId },
    /// A new site for new calls; running calls keep theirs.
    Site(#[serde(with = "site_text")] Arc<Site>),
    /// What the host's clock shows now; at start and whenever it was corrected.
    WallClock { unix_ms: UnixMillis },
    /// Take no new calls; the running ones go on to their own end.
    Drain,
    /// What new calls were turned away for will not be: take them again.
    Reopen,
    /// Take no new calls, end the running ones.
    Stop,
    /// An agent does something, by the web page or the API.
    Agent { agent: String, act: AgentAct },
    /// A supervisor takes back the call-back that was promised in this call.
    CancelCallBack { call: Uuid },
    /// Where a look-up of [`Output::Lookup`] leads, best first; nothing where it leads nowhere.
    Located { id: u64, peers: Vec<Peer> },
    /// An administrator wants this source answered again.
    LiftBan { source: IpAddr },
}

/// What an agent does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentAct {
    /// They work from now on, at their own phone where none is said.
    SignIn { device: Option<String> },
    /// They go home, after the call they are in.
    SignOut,
    /// They take no calls for a while, after the one they are in.
    Pause,
    /// They take calls again.
    Resume,
}

/// Something that must now be done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Send this SIP message by the transport that `to` names.
    Transmit { to: Peer, bytes: Vec<u8> },
    /// Tell the media plane.
    Stream(StreamCommand),
    /// Show this.
    Event(Event),
    /// Commit this: a call has ended. Once per call.
    Record(Box<Record>),
    /// Find out where this SIP URI leads (RFC 3263) and say so by [`Input::Located`].
    Lookup { id: u64, uri: String },
}

/// A site as its text and the names of its prompts.
pub(crate) mod site_text {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::site::Site;

    #[derive(Serialize, Deserialize)]
    struct Written {
        text: String,
        prompts: BTreeSet<String>,
    }

    pub(crate) fn serialize<S: Serializer>(site: &Arc<Site>, to: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            text: site.text().to_owned(),
            prompts: site.prompts().clone(),
        };
        written.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Site>, D::Error> {
        let written = Written::deserialize(from)?;
        let site = Site::load(&written.text, &written.prompts);
        site.map(Arc::new).map_err(|faults| {
            D::Error::custom(faults.first().map_or_else(String::new, ToString::to_string))
        })
    }
}
