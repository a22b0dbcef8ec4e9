//! The real page and API over a real store, with calls that are only told, not made: for work on the
//! page without a telephone. The first line printed is JSON with address and sign-in code; each line
//! `call` on its input tells one more call. Never a part of the box.

mod bans;
mod staff;
mod town;

use std::collections::BTreeSet;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use centre::event::Live;
use centre::site::Site;
use store::Store;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::{broadcast, mpsc, watch};
use web::{BlackBoxState, Doors, LinkView, SiteRequest, SiteWish, WebConfig};

use town::Town;

const PROMPTS: [&str; 10] = [
    "welcome",
    "queue_wait",
    "sales",
    "say_problem",
    "net_help",
    "billing",
    "sorry",
    "goodbye",
    "no_input",
    "invalid_key",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let recordings = folder.path().join("recordings");
    std::fs::create_dir(&recordings)?;
    let (store, _) = Store::open(&folder.path().join("data"))?;
    store.save_site(Site::default_text(), "first start").await?;

    let (events, _) = broadcast::channel(256);
    let (live, live_out) = watch::channel(Live {
        agents: staff::agents(),
        queues: staff::queues(),
        call_backs: staff::call_backs(),
        ..Live::default()
    });
    let (agents, agent_wishes) = mpsc::channel(8);
    let (bans, lifts) = bans::standing();
    let call_backs = staff::call_backs_taken(events.clone());
    let (site, wishes) = mpsc::channel(1);
    let prompts: Vec<String> = PROMPTS.map(str::to_owned).into();
    let (_prompts, prompts_out) = watch::channel(prompts.clone());
    let (_link, link_out) = watch::channel(LinkView {
        connected: true,
        ..LinkView::default()
    });
    let (sound_wishes, _no_card) = mpsc::channel(1);
    let doors = Doors {
        store: store.clone(),
        events: events.clone(),
        live: live_out,
        agents,
        bans,
        lifts,
        call_backs,
        sounds: Arc::new(Vec::new),
        sound_wishes,
        black_box: Arc::new(BlackBoxState::default),
        site,
        prompts: prompts_out,
        link: link_out,
        metrics: Arc::new(|| "branchline_up 1\n".to_owned()),
    };
    tokio::spawn(staff::serve(agent_wishes, events.clone()));
    let mut town = Town::new(store.clone(), events, live, recordings.clone());
    town.remember_a_morning().await?;
    let served = web::serve(
        config(folder.path(), &recordings)?,
        doors,
        std::future::pending(),
    )
    .await?;
    let code = served.sign_in_code.unwrap_or_default();
    #[expect(clippy::print_stdout, reason = "whoever started us reads it")]
    {
        println!(
            "{{\"url\":\"https://localhost:{}\",\"code\":\"{code}\"}}",
            served.addr.port()
        );
    }
    tokio::spawn(keep_sites(store, prompts.into_iter().collect(), wishes));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        match line.trim() {
            "call" => town.one_call().await?,
            "stop" => break,
            _ => {}
        }
    }
    Ok(())
}

fn config(folder: &Path, recordings: &Path) -> Result<WebConfig, Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    Ok(WebConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], port)),
        data_dir: folder.join("data"),
        recordings: recordings.to_owned(),
        image: None,
    })
}

/// What the box's owner of the calls does with a wish, without calls.
async fn keep_sites(
    store: Store,
    prompts: BTreeSet<String>,
    mut wishes: mpsc::Receiver<SiteRequest>,
) {
    while let Some(SiteRequest { wish, reply }) = wishes.recv().await {
        let version = match wish {
            SiteWish::Apply { text, note } => match Site::load(&text, &prompts) {
                Ok(_) => store.save_site(&text, &note).await.unwrap_or_default(),
                Err(found) => {
                    // Whoever asked may be gone.
                    let _ = reply.send(Err(found));
                    continue;
                }
            },
            SiteWish::Undo => store
                .undo_site()
                .await
                .ok()
                .flatten()
                .map_or(0, |site| site.version),
        };
        let _ = reply.send(Ok(version));
    }
}
