//! Local audio: phones that the box makes of its sound cards, and lines in that are played as prompts.
//!
//! All of it runs in a process of its own, so that a card that is pulled out, or a fault in libasound, hurts
//! no call: its phones are devices of the branch like any other and speak SIP and RTP with the box. What
//! comes in over a line is handed to the media threads by a ring each.

mod door;
mod enrolment;
mod figures;
mod phone;
mod plan;
mod pool;
mod talk;
mod worker;

use std::collections::BTreeMap;
use std::io::{stdin, stdout};
use std::net::SocketAddr;
use std::sync::Arc;

use centre::site::Site;
use media::{Live, Prompt};
use tokio::sync::{mpsc, watch};

pub(crate) use figures::encode_sounds;
pub(crate) use pool::Standings;

use crate::media_plane::PromptShelf;
use door::AudioDoor;
use plan::Plan;
use pool::{Pool, Wanted};

/// Acts on their way to the audio process; more are passed over.
const ACTS: usize = 16;

/// What a site's sound cards are used for. Kept by the loop that owns all calls.
pub(crate) struct LocalAudio {
    /// Prompts that lie in files.
    files: PromptShelf,
    sip: SocketAddr,
    password: String,
    /// A ring for each line that any site of this life had.
    lines: BTreeMap<String, Live>,
    wanted: watch::Sender<Wanted>,
}

impl LocalAudio {
    /// Starts with no device; the site's are [arranged](Self::arrange). Gives also how devices stand, and a way to
    /// phones without keys.
    pub(crate) fn start(
        files: PromptShelf,
        (sip, password): (SocketAddr, String),
    ) -> (Self, AudioDoor) {
        let nothing = Wanted {
            plan: Plan::nothing(sip),
            lines: Vec::new(),
        };
        let (wanted, seen) = watch::channel(nothing);
        let audio = Self {
            files,
            sip,
            password,
            lines: BTreeMap::new(),
            wanted,
        };
        let (standings, told) = watch::channel(Standings::new());
        let (wishes, acts) = mpsc::channel(ACTS);
        let pool = Pool {
            wanted: seen,
            acts,
            standings,
        };
        tokio::spawn(pool.run());
        let door = AudioDoor {
            standings: told,
            acts: wishes,
        };
        (audio, door)
    }

    /// Another site is in force: what can be played from now on. Devices that it keeps go on.
    pub(crate) fn arrange(&mut self, site: &Site) -> PromptShelf {
        let mut shelf = self.files.clone();
        for (name, line) in site.lines_in() {
            if shelf.contains_key(name) {
                continue;
            }
            let otherwise = line.otherwise.as_ref();
            let otherwise = otherwise.and_then(|name| self.files.get(name));
            let live = self.lines.entry(name.clone()).or_default().clone();
            let prompt = Prompt::of_line(name, live, otherwise.map(AsRef::as_ref));
            shelf.insert(name.clone(), Arc::new(prompt));
        }
        let plan = Plan::of(site, self.sip, &self.password);
        let lines = plan.lines.iter();
        let lines = lines.map(|line| self.lines.entry(line.name.clone()).or_default().clone());
        let lines = lines.collect();
        self.wanted.send_replace(Wanted { plan, lines });
        shelf
    }
}

/// The audio process itself.
pub fn run_worker() -> anyhow::Result<()> {
    worker::run(stdin(), stdout())
}
