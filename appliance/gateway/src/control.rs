//! The loop that owns all calls: an input, `centre.handle`, what `centre.poll` says, sleep.
//!
//! One task, no locks. It is the only place where `Centre` meets sockets, media threads and disk;
//! it decides nothing about a call.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use centre::event::{Event, Live};
use centre::{Centre, Input, Output, Peer, StreamCommand, StreamEvent, Transport};
use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, watch};
use tracing::{debug, warn};

use crate::blackbox::BlackBox;
use crate::draft::draft;
use crate::keeper::Keep;
use crate::local_audio::LocalAudio;
use crate::media_plane::{MediaEvents, MediaPlane};
use crate::resolver::{Found, Resolver};
use crate::snapshot::Snapshot;
use crate::speech_pool::TapSwitch;
use crate::standing::Stand;
use crate::supervisor::Supervisor;
use crate::transport::Streams;

/// Largest SIP datagram we take.
const DATAGRAM: usize = 65_535;
/// Datagrams taken in one go before time-outs and media get their turn.
const BURST: usize = 64;
/// TLS peers whose names are remembered; then all are forgotten and located again.
const MAX_NAMES: usize = 1_024;
/// How often at most pages are told what happened: nobody reads faster, and each telling wakes
/// another thread.
const SHOW_EVERY: Duration = Duration::from_millis(100);
/// How often figures are refreshed and the wall clock is told.
const SECOND: Duration = Duration::from_secs(1);

/// All that the loop holds.
pub(crate) struct Control {
    pub(crate) centre: Centre,
    pub(crate) socket: UdpSocket,
    pub(crate) streams: Streams,
    pub(crate) resolver: Resolver,
    /// What the certificates of located TLS peers must say.
    pub(crate) names: BTreeMap<Peer, String>,
    pub(crate) plane: MediaPlane,
    pub(crate) audio: LocalAudio,
    pub(crate) media: MediaEvents,
    pub(crate) inputs: mpsc::Receiver<Input>,
    pub(crate) keep: mpsc::Sender<Keep>,
    pub(crate) taps: Option<mpsc::Sender<TapSwitch>>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) live: watch::Sender<Live>,
    pub(crate) snapshot: watch::Sender<Snapshot>,
    pub(crate) black_box: BlackBox,
    pub(crate) stand: Stand,
    pub(crate) supervisor: Supervisor,
    /// Inputs that came up while others were handled.
    pub(crate) later: VecDeque<Input>,
    /// Events that pages have not been told yet.
    pub(crate) untold: Vec<Event>,
}

impl Control {
    /// Runs until `Input::Stop` was taken and the last call has ended.
    pub(crate) async fn run(mut self) -> anyhow::Result<()> {
        let mut datagram = vec![0; DATAGRAM];
        let mut second = tokio::time::interval(SECOND);
        let mut stopping = false;
        let mut show_at = None;
        while !(stopping && self.centre.is_idle()) {
            let wake = self.centre.poll_timeout().map(|(at, _)| at);
            let mut changed = false;
            tokio::select! {
                received = self.socket.recv_from(&mut datagram) => {
                    self.take_datagrams(received, &mut datagram);
                }
                found = self.resolver.next() => self.take_found(found),
                input = self.streams.next() => self.take_streams(input),
                event = self.media.next() => self.take_media(event),
                Some(input) = self.inputs.recv() => {
                    stopping |= matches!(input, Input::Stop);
                    self.later.push_back(input);
                }
                () = sleep_until(wake) => changed |= self.step(None).await?,
                _ = second.tick() => self.each_second()?,
                () = sleep_until(show_at) => {
                    show_at = None;
                    self.show();
                }
            }
            while let Some(input) = self.later.pop_front() {
                changed |= self.step(Some(input)).await?;
            }
            if let Some(centre) = self.black_box.renew(&self.centre) {
                self.centre = centre;
            }
            if changed {
                show_at.get_or_insert_with(|| Instant::now() + SHOW_EVERY);
            }
        }
        self.show();
        Ok(())
    }

    /// One step of the centre: an input, or a time-out, and all that follows from it. True when a
    /// running call changed.
    async fn step(&mut self, input: Option<Input>) -> anyhow::Result<bool> {
        let now = Instant::now();
        if matches!(input, Some(Input::Stop)) {
            self.stand.last(now, &self.centre, &self.keep).await?;
        }
        self.black_box.told(now, input.as_ref());
        if let Some(Input::Site(site)) = &input {
            self.plane.set_prompts(self.audio.arrange(site));
        }
        match input {
            Some(input) => self.centre.handle(now, input),
            None => self.centre.handle_timeout(now),
        }
        let changed = self.drain().await?;
        self.black_box.settle();
        Ok(changed)
    }

    fn take_datagrams(&mut self, first: std::io::Result<(usize, SocketAddr)>, datagram: &mut [u8]) {
        let mut received = first;
        for _ in 0..BURST {
            match received {
                Ok((length, from)) => {
                    let bytes = datagram.get(..length).unwrap_or_default().to_vec();
                    let from = from.into();
                    self.later.push_back(Input::Datagram { from, bytes });
                }
                Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => return,
                // An ICMP error of an earlier send; the transaction's own timer deals with it.
                Err(why) => debug!("SIP socket: {why}"),
            }
            received = self.socket.try_recv_from(datagram);
        }
    }

    fn take_streams(&mut self, first: Input) {
        self.later.push_back(first);
        let more = std::iter::from_fn(|| self.streams.try_next());
        self.later.extend(more.take(BURST - 1));
    }

    fn take_found(&mut self, found: Found) {
        let secure = |peer: &&Peer| peer.transport == Transport::Tls;
        if self.names.len() >= MAX_NAMES {
            self.names.clear();
        }
        for peer in found.peers.iter().filter(secure) {
            self.names.insert(*peer, found.host.clone());
        }
        let Found { id, peers, .. } = found;
        self.later.push_back(Input::Located { id, peers });
    }

    fn take_media(&mut self, event: StreamEvent) {
        if let StreamEvent::MissingPrompt { prompt, .. } = &event {
            warn!(prompt, "a prompt is missing, the flow goes on without it");
        }
        self.later.push_back(Input::Stream(event));
    }

    fn each_second(&mut self) -> anyhow::Result<()> {
        let unix_ms = crate::unix_ms();
        self.later.push_back(Input::WallClock { unix_ms });
        self.stand.keep(Instant::now(), &self.centre, &self.keep);
        let media = self.plane.stats();
        // Without it every call is silent: better none, until the box has started again.
        anyhow::ensure!(media.is_alive, "the media thread has ended by itself");
        self.supervisor.alive(media.rounds);
        self.plane.nudge();
        let centre = self.centre.stats();
        let calls = centre.calls;
        self.supervisor.status(&format!("calls now: {calls}"));
        self.snapshot.send_replace(Snapshot {
            centre,
            bans: self.centre.bans(Instant::now()),
            media,
            streams: self.streams.stats(),
            black_box: self.black_box.figures(),
        });
        Ok(())
    }

    /// Does what `Centre` says until it says nothing more; true when a running call changed.
    async fn drain(&mut self) -> anyhow::Result<bool> {
        let mut changed = false;
        while let Some(output) = self.centre.poll() {
            self.black_box.answered(&output);
            match output {
                Output::Transmit { to, bytes } => self.transmit(to, bytes),
                Output::Stream(command) => self.command(command),
                Output::Lookup { id, uri } => {
                    if !self.resolver.ask(id, &uri) {
                        let peers = Vec::new();
                        self.later.push_back(Input::Located { id, peers });
                    }
                }
                Output::Event(event) => {
                    changed = true;
                    self.event(event).await?;
                }
                Output::Record(record) => self.keep.send(Keep::Record(record)).await?,
            }
        }
        Ok(changed)
    }

    fn transmit(&mut self, to: Peer, bytes: Vec<u8>) {
        if to.transport != Transport::Udp {
            let name = self.names.get(&to).map(String::as_str);
            return self.streams.send(to, bytes, name);
        }
        // A full socket buffer is a lost datagram: SIP over UDP sends again.
        if let Err(why) = self.socket.try_send_to(&bytes, to.addr) {
            debug!("could not send to {to}: {why}");
        }
    }

    fn command(&mut self, command: StreamCommand) {
        if let StreamCommand::Tap { stream, on } = command {
            let switch = TapSwitch { stream, on };
            let told = self
                .taps
                .as_ref()
                .is_some_and(|taps| taps.try_send(switch).is_ok());
            if !told {
                // Nobody listens, or the speech process is down: no word will come.
                return self.later.push_back(Input::SpeechDone { stream });
            }
        }
        self.plane.command(command);
    }

    async fn event(&mut self, event: Event) -> anyhow::Result<()> {
        match &event {
            Event::Started(call) => self.keep.send(Keep::Open(Box::new(draft(call)))).await?,
            Event::Changed(call) => {
                // A draft is colour: when the disk is slow the next one will do.
                let _ = self.keep.try_send(Keep::Draft(Box::new(draft(call))));
            }
            _ => {}
        }
        self.untold.push(event);
        Ok(())
    }

    /// Tells pages what happened since they were told last.
    fn show(&mut self) {
        self.live.send_replace(self.centre.scene());
        for event in self.untold.drain(..) {
            // No subscriber is no error.
            let _ = self.events.send(event);
        }
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
