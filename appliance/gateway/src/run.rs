//! `branchline run`: builds the box from its parts, announces it, waits for the signal, drains.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use centre::blackbox::Birth;
use centre::event::Live;
use centre::site::Site;
use centre::{Centre, CentreConfig, Input, Local, Transport, house_password};
use link::{LinkConfig, LinkStatus};
use store::Store;
use tokio::net::UdpSocket;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;
use tracing::{info, warn};
use web::{Doors, LinkView, Served, WebConfig};

use crate::blackbox::{self, BlackBox};
use crate::boot::{Boot, Speech};
use crate::control::Control;
use crate::first_site::Finder;
use crate::host_address::HostAddress;
use crate::local_audio::LocalAudio;
use crate::media_plane::{MediaConfig, MediaEvents, MediaPlane, PromptShelf, TapReader};
use crate::metrics::Sources;
use crate::recorder::archive::Archive;
use crate::resolver::Resolver;
use crate::self_test::SelfTest;
use crate::snapshot::Snapshot;
use crate::speech_pool::{SpeechPool, SpeechStatus, TapSwitch};
use crate::standing::{self, Stand};
use crate::supervisor::Supervisor;
use crate::transport::Streams;
use crate::{agent_door, ban_door, call_back_door, keeper, metrics, prompts, site_door, update};

/// Inputs waiting for the loop beside packets: words heard, sites. A sender waits when it is full.
const INPUTS: usize = 256;
/// Live events a slow page may lag behind before it is told to read everything anew.
const EVENTS: usize = 1_024;
/// Taps switched but not yet told to the speech process.
const TAPS: usize = 256;
/// How long running calls are given when the box stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Runs the box until SIGTERM or SIGINT.
pub async fn run(boot: Boot, json: bool) -> anyhow::Result<()> {
    let mut supervisor = Supervisor::from_env()?;
    let address = HostAddress::settle(boot.media.ip, boot.sip.ip(), &mut supervisor).await;
    let recordings = boot.data.join("recordings");
    let (store, left) = open_store(&boot, &recordings)?;
    let shelf = prompts::load(&boot.prompts)?;
    let names: BTreeSet<String> = shelf.keys().cloned().collect();
    let test = SelfTest::open(&recordings, &names)?;
    let site = first_site(&boot, &store, (&names, test.as_ref())).await?;
    let (socket, streams, sip) = listen(&boot).await?;
    let resolver = resolver(&boot);
    let (mut plane, media, taps) = media_plane(&boot, address.ip, recordings.clone())?;
    let _archive = archive(&boot, &recordings)?;
    let speech = boot.speech.clone().filter(|_| site.speech());
    let (centre, black_box, house) =
        centre(&boot, (sip, address.ip), &plane, (site.clone(), left))?;
    let (mut audio, audio_door) = LocalAudio::start(shelf, house);
    plane.set_prompts(audio.arrange(&site));

    let (keep, kept, keeper) = keeper::start(store.clone(), test.clone());
    let (inputs, incoming) = mpsc::channel(INPUTS);
    let (events, _) = broadcast::channel(EVENTS);
    let (live, live_seen) = watch::channel(Live::default());
    let (snapshot, figures) = watch::channel(Snapshot::default());
    let (tap_switches, speech_seen) = start_speech(speech, taps, &inputs);
    let (stop, stopped) = watch::channel(false);
    let (link, link_view) = start_link(&boot, &store, stopped.clone()).await?;
    let sources = Sources {
        figures: figures.clone(),
        kept,
        speech: speech_seen,
        link: link_view.clone(),
        outbox: metrics::watch_outbox(store.clone()),
        store: store.clone(),
        sounds: audio_door.standings.clone(),
    };
    let (sounds, sound_wishes) = audio_door.open();
    let doors = Doors {
        store: store.clone(),
        events: events.clone(),
        live: live_seen,
        agents: agent_door::open(inputs.clone()),
        lifts: ban_door::open(inputs.clone()),
        call_backs: call_back_door::open(inputs.clone()),
        sounds,
        sound_wishes,
        black_box: blackbox::watched(figures.clone()),
        bans: bans(figures.clone()),
        site: site_door::open(store.clone(), (names.clone(), test), inputs.clone()),
        prompts: watch::channel(names.into_iter().collect()).1,
        link: link_view,
        metrics: Arc::new(metrics::page(sources)),
    };
    let served = web::serve(page_config(&boot, recordings), doors, told(stopped)).await?;

    let control = Control {
        centre,
        socket,
        streams,
        resolver,
        names: BTreeMap::new(),
        plane,
        audio,
        media,
        inputs: incoming,
        keep,
        taps: tap_switches,
        events,
        live,
        snapshot,
        black_box,
        stand: Stand::new(Instant::now()),
        supervisor: supervisor.second()?,
        later: VecDeque::new(),
        untold: Vec::new(),
    };
    let mut control = tokio::spawn(control.run());
    announce((sip, address.ip), &served, json)?;
    until_told(&mut control, &mut supervisor, &inputs, (address, figures)).await?;
    wind_down(control, inputs, stop, keeper, link).await
}

/// Where SIP is taken, and where that is.
async fn listen(boot: &Boot) -> anyhow::Result<(UdpSocket, Streams, Local)> {
    let socket = UdpSocket::bind(boot.sip)
        .await
        .with_context(|| format!("could not listen for SIP on {}", boot.sip))?;
    let streams = Streams::start(boot.streams.clone()).await?;
    let sip = Local {
        udp: socket.local_addr()?,
        tcp: streams.tcp(),
        tls: streams.tls(),
    };
    Ok((socket, streams, sip))
}

/// Who finds SIP peers, by all transports we have.
fn resolver(boot: &Boot) -> Resolver {
    let usable = vec![Transport::Udp, Transport::Tcp, Transport::Tls];
    Resolver::start(boot.name_servers.clone(), usable)
}

/// Who is banned now, for the page.
fn bans(figures: watch::Receiver<Snapshot>) -> Arc<dyn Fn() -> Vec<centre::BanView> + Send + Sync> {
    Arc::new(move || figures.borrow().bans.clone())
}

/// Starts to archive recordings, where the boot file wants it.
fn archive(boot: &Boot, recordings: &Path) -> anyhow::Result<Option<Archive>> {
    let start = |after| Archive::start(recordings.to_owned(), after);
    let archive = boot.archive_after.map(start).transpose();
    archive.context("could not start the thread that archives recordings")
}

/// Starts the speech pool, where the site wants one; where taps are switched, and how it fares.
fn start_speech(
    speech: Option<Speech>,
    taps: TapReader,
    inputs: &mpsc::Sender<Input>,
) -> (
    Option<mpsc::Sender<TapSwitch>>,
    watch::Receiver<SpeechStatus>,
) {
    let (status, seen) = watch::channel(SpeechStatus::default());
    let switch = speech.map(|speech| {
        let (switch, switches) = mpsc::channel::<TapSwitch>(TAPS);
        let inputs = inputs.clone();
        tokio::spawn(
            SpeechPool {
                speech,
                taps,
                switches,
                inputs,
                status,
            }
            .run(),
        );
        switch
    });
    (switch, seen)
}

fn page_config(boot: &Boot, recordings: PathBuf) -> WebConfig {
    WebConfig {
        listen: boot.web,
        data_dir: boot.data.join("web"),
        recordings,
        image: crate::image::this_one(),
    }
}

/// The store, with the records of calls that a crash cut off, and what was kept beside them; and the
/// folder for audio.
fn open_store(boot: &Boot, recordings: &Path) -> anyhow::Result<(Store, Option<Vec<u8>>)> {
    std::fs::create_dir_all(recordings)
        .with_context(|| format!("could not make `{}`", recordings.display()))?;
    let (store, recovered) = Store::open(&boot.data)?;
    if !recovered.records.is_empty() {
        let calls = recovered.records.len();
        warn!("{calls} calls were cut when the box last went down; they have their records");
    }
    Ok((store, recovered.standing))
}

/// Until the signal, or until the host has another address. SIGUSR1 turns new calls away and lets the running
/// ones go on: whoever sends it starts the box anew after them, or takes it back by SIGUSR2.
async fn until_told(
    control: &mut JoinHandle<anyhow::Result<()>>,
    supervisor: &mut Supervisor,
    inputs: &mpsc::Sender<Input>,
    (address, figures): (HostAddress, watch::Receiver<Snapshot>),
) -> anyhow::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    let mut drain = signal(SignalKind::user_defined1())?;
    let mut reopen = signal(SignalKind::user_defined2())?;
    let mut left = std::pin::pin!(address.left(figures, inputs.clone()));
    supervisor.ready();
    loop {
        tokio::select! {
            ended = &mut *control => bail!("the control loop ended by itself: {ended:?}"),
            _ = term.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
            () = &mut left => break,
            _ = drain.recv() => {
                info!("told to take no new calls: the running ones go on");
                // Closed only where the loop has ended, which the next round says.
                let _ = inputs.send(Input::Drain).await;
            }
            _ = reopen.recv() => {
                info!("told to take new calls again");
                let _ = inputs.send(Input::Reopen).await;
            }
        }
    }
    supervisor.stopping();
    Ok(())
}

/// No new calls, running ones end, records are committed.
async fn wind_down(
    mut control: JoinHandle<anyhow::Result<()>>,
    inputs: mpsc::Sender<Input>,
    stop: watch::Sender<bool>,
    keeper: JoinHandle<()>,
    link: Option<JoinHandle<()>>,
) -> anyhow::Result<()> {
    info!("stopping: running calls end, records are committed");
    let _ = inputs.send(Input::Stop).await;
    match tokio::time::timeout(DRAIN, &mut control).await {
        Ok(ended) => ended??,
        Err(_) => {
            warn!(
                "calls did not end in {} s; they get their records at the next start",
                DRAIN.as_secs()
            );
            control.abort();
        }
    }
    keeper.await?;
    let _ = stop.send(true);
    if let Some(link) = link {
        let _ = tokio::time::timeout(DRAIN, link).await;
    }
    Ok(())
}

/// Resolves when the box stops.
async fn told(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn first_site(
    boot: &Boot,
    store: &Store,
    (prompts, test): (&BTreeSet<String>, Option<&SelfTest>),
) -> anyhow::Result<Arc<Site>> {
    let finder = Finder {
        store,
        given: boot.first_site.as_deref(),
        prompts,
        test,
        is_on_trial: update::is_on_trial(),
    };
    finder.find().await
}

fn media_plane(
    boot: &Boot,
    ip: IpAddr,
    recordings: PathBuf,
) -> anyhow::Result<(MediaPlane, MediaEvents, TapReader)> {
    let config = MediaConfig {
        ip,
        ports: boot.media.ports.clone(),
        max_streams: boot.media.max_calls,
        core: None,
        recordings,
    };
    let (mut plane, events) = MediaPlane::start(config, PromptShelf::new())?;
    let taps = plane.take_tap().context("the taps are taken once")?;
    Ok((plane, events, taps))
}

fn centre(
    boot: &Boot,
    (sip, media_ip): (Local, IpAddr),
    plane: &MediaPlane,
    (site, left): (Arc<Site>, Option<Vec<u8>>),
) -> anyhow::Result<(Centre, BlackBox, (SocketAddr, String))> {
    let seed = crate::seed()?;
    // What peers are told to call back: the media address where SIP listens on all of them.
    let named = |at: SocketAddr| {
        let ip = Some(at.ip()).filter(|ip| !ip.is_unspecified());
        SocketAddr::new(ip.unwrap_or(media_ip), at.port())
    };
    let config = CentreConfig {
        seed,
        ports: plane.ports(),
        local: Local {
            udp: named(sip.udp),
            tcp: sip.tcp.map(named),
            tls: sip.tls.map(named),
        },
        media_ip,
        now: Instant::now(),
        unix_ms: crate::unix_ms(),
    };
    let birth = Birth::of(&config, &site);
    let birth = match standing::read(left.as_deref(), config.unix_ms) {
        Some(left) => birth.with_standing(left),
        None => birth,
    };
    let house = (config.local.udp, house_password(seed));
    let centre = blackbox::born(&birth, config.now)?;
    let dir = boot.data.join("blackbox");
    let black_box = BlackBox::start(&dir, boot.black_box, birth, config.now)?;
    Ok((centre, black_box, house))
}

/// Starts the link, where central is configured, and shows its status as the page wants it.
async fn start_link(
    boot: &Boot,
    store: &Store,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<(Option<JoinHandle<()>>, watch::Receiver<LinkView>)> {
    let Some(broker) = &boot.broker else {
        return Ok((
            None,
            watch::channel(LinkView {
                standalone: true,
                ..LinkView::default()
            })
            .1,
        ));
    };
    let config = LinkConfig::new(broker, &store.box_id().await?.to_string())?;
    let (status, mut seen) = watch::channel(LinkStatus::default());
    let task = tokio::spawn(link::run(config, store.clone(), status, stopped));
    let (view, views) = watch::channel(LinkView::default());
    tokio::spawn(async move {
        while seen.changed().await.is_ok() {
            let now = seen.borrow_and_update().clone();
            view.send_replace(LinkView {
                standalone: false,
                connected: now.connected,
                unacked: now.unacked,
                last_ack: now.last_ack_unix_ms,
            });
        }
    });
    Ok((Some(task), views))
}

/// Tells a person, or a program, where the box is.
fn announce((sip, ip): (Local, IpAddr), served: &Served, json: bool) -> anyhow::Result<()> {
    // Nobody can type 0.0.0.0.
    let named = |at: SocketAddr| match at.ip().is_unspecified() {
        true => SocketAddr::new(ip, at.port()),
        false => at,
    };
    let mut out = std::io::stdout().lock();
    if json {
        let ready = serde_json::json!({
            "ready": true,
            "sip": sip.udp,
            "sip_tcp": sip.tcp,
            "sip_tls": sip.tls,
            "web": format!("https://{}", served.addr),
            "sign_in_code": served.sign_in_code,
        });
        writeln!(out, "{ready}")?;
    } else {
        writeln!(
            out,
            "SIP      {} (UDP)\nweb      https://{}",
            named(sip.udp),
            named(served.addr)
        )?;
        for (at, what) in [(sip.tcp, "TCP"), (sip.tls, "TLS")] {
            if let Some(at) = at {
                writeln!(out, "SIP      {} ({what})", named(at))?;
            }
        }
        if let Some(code) = &served.sign_in_code {
            writeln!(out, "sign-in  {code}   (once; then set a password)")?;
        }
    }
    Ok(out.flush()?)
}
