//! What the web crate is given by the box: every way in and out that it has.
//!
//! Made by gateway once, at start. The web crate never reaches around them: it asks the one owner
//! of the calls to apply a site, it reads records from the store, it listens to events.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use centre::event::{Event, Live};
use centre::site::Diagnostic;
use centre::{AgentAct, BanView};
use store::Store;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use uuid::Uuid;

use crate::wire::sounds::{SoundAct, SoundLine};

/// Where the web server listens and what it keeps on disk.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// Port 0 takes a free port.
    pub listen: SocketAddr,
    /// TLS key and certificate lie here, readable by the owner only.
    pub data_dir: PathBuf,
    /// Folder of the recordings; nothing outside it is ever sent.
    pub recordings: PathBuf,
    /// The firmware image that the box is; none where the program runs on a system of somebody's own.
    pub image: Option<Image>,
}

/// The firmware image that the box is, as it calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its version.
    pub version: String,
    /// The board it was built for.
    pub board: String,
    /// `release`, or `dev`: its console is open.
    pub variant: String,
    /// Its software bill of materials.
    pub bill: PathBuf,
    /// Where its packages keep what they say of themselves (`doc`, `common-licenses`).
    pub share: PathBuf,
    /// How its last update fares, as the updater writes it down; not there before the first.
    pub update: PathBuf,
}

/// The ways between the web server and the rest of the box.
#[derive(Clone)]
pub struct Doors {
    /// Records, outbox, site versions, settings.
    pub store: Store,
    /// Live events; the web server subscribes once.
    pub events: broadcast::Sender<Event>,
    /// What goes on now: read at start and after events were missed.
    pub live: watch::Receiver<Live>,
    /// Takes what agents wish; a full one is said to be busy.
    pub agents: mpsc::Sender<AgentWish>,
    /// The sources that are met with silence, at most a second old.
    pub bans: Arc<dyn Fn() -> Vec<BanView> + Send + Sync>,
    /// Takes sources whose ban is to be lifted; a full one is said to be busy.
    pub lifts: mpsc::Sender<IpAddr>,
    /// Takes the calls whose promised call-backs a supervisor takes back; a full one is said to be
    /// busy.
    pub call_backs: mpsc::Sender<Uuid>,
    /// How the box's sound devices stand.
    pub sounds: Arc<dyn Fn() -> Vec<SoundLine> + Send + Sync>,
    /// Takes what is done at phones made of them; a full one is said to be busy.
    pub sound_wishes: mpsc::Sender<SoundWish>,
    /// Takes wishes for another site, one after the other; the capacity is the box's choice.
    pub site: mpsc::Sender<SiteRequest>,
    /// Names of the prompts that exist, for the check and for completion.
    pub prompts: watch::Receiver<Vec<String>>,
    /// How the link to central stands.
    pub link: watch::Receiver<LinkView>,
    /// How the black box fares; at most a second old.
    pub black_box: Arc<dyn Fn() -> BlackBoxState + Send + Sync>,
    /// The box's figures in Prometheus text form.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// How the black box fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlackBoxState {
    /// What happens now is recorded; else it waits for a moment without calls.
    pub is_recording: bool,
    /// How often it had to wait since the box started.
    pub gaps: u64,
}

/// An agent wishes to stand elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentWish {
    /// Who, by the name in the site.
    pub agent: String,
    /// What.
    pub act: AgentAct,
}

/// Something is done at a phone that the box makes of a sound card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundWish {
    /// Which, by the name in the site.
    pub device: String,
    /// What.
    pub act: SoundAct,
}

/// A wish to put another site in force for new calls.
#[derive(Debug)]
pub struct SiteRequest {
    /// Which.
    pub wish: SiteWish,
    /// The version in force once that is committed, or what is wrong with the text.
    pub reply: oneshot::Sender<Result<u64, Vec<Diagnostic>>>,
}

/// Which site is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteWish {
    /// A new text: to be checked, saved (`Store::save_site`) and put in force.
    Apply {
        /// The whole text.
        text: String,
        /// Why, in the administrator's words; may be empty.
        note: String,
    },
    /// The version that the present one replaced: to be checked against today's prompts, pointed to
    /// (`Store::undo_site`) and put in force. Sent only where there is one.
    Undo,
}

/// How the link to central stands, as the page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkView {
    /// No central is configured: records stay on the box and nobody waits for them.
    pub standalone: bool,
    /// The broker answers.
    pub connected: bool,
    /// Records sent and not acknowledged yet.
    pub unacked: u64,
    /// When central last acknowledged, milliseconds since 1970 UTC.
    pub last_ack: Option<i64>,
}
