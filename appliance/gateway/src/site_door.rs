//! Puts a site text in force: checked, committed, then handed to `Centre` for new calls.
//!
//! Persist before you speak: the answer with the version goes out only after both.

use std::collections::BTreeSet;
use std::sync::Arc;

use centre::Input;
use centre::site::{Diagnostic, Severity, Site};
use store::{Store, StoreError};
use tokio::sync::mpsc;
use tracing::{error, info};
use web::{SiteRequest, SiteWish};

/// Site texts waiting to be applied; one more is answered that the box is busy.
const SITES: usize = 4;

/// Takes requests until the web server is gone.
pub(crate) fn open(
    store: Store,
    prompts: BTreeSet<String>,
    inputs: mpsc::Sender<Input>,
) -> mpsc::Sender<SiteRequest> {
    let (sites, requests) = mpsc::channel(SITES);
    tokio::spawn(serve(requests, store, prompts, inputs));
    sites
}

async fn serve(
    mut requests: mpsc::Receiver<SiteRequest>,
    store: Store,
    prompts: BTreeSet<String>,
    inputs: mpsc::Sender<Input>,
) {
    while let Some(SiteRequest { wish, reply }) = requests.recv().await {
        let result = match wish {
            SiteWish::Apply { text, note } => apply(&text, &note, &store, &prompts).await,
            SiteWish::Undo => undo(&store, &prompts).await,
        };
        let answer = match result {
            Ok((version, site)) => {
                info!(
                    version,
                    name = site.name(),
                    "a site is in force for new calls"
                );
                // Closed only while the box stops; the next start takes the saved version.
                let _ = inputs.send(Input::Site(Arc::new(site))).await;
                Ok(version)
            }
            Err(faults) => Err(faults),
        };
        // The browser may have gone; what was decided stands all the same.
        let _ = reply.send(answer);
    }
}

type InForce = Result<(u64, Site), Vec<Diagnostic>>;

async fn apply(text: &str, note: &str, store: &Store, prompts: &BTreeSet<String>) -> InForce {
    let site = Site::load(text, prompts)?;
    let version = store
        .save_site(text, note)
        .await
        .map_err(|why| unsaved(&why))?;
    Ok((version, site))
}

/// The version before is looked at first: a prompt may have gone since it was applied.
async fn undo(store: &Store, prompts: &BTreeSet<String>) -> InForce {
    let now = store.current_site().await.map_err(|why| unsaved(&why))?;
    let Some(parent) = now.and_then(|site| site.parent) else {
        return Err(vec![fault(
            "there is no version before this one",
            "nothing was changed",
        )]);
    };
    let before = store
        .site_version(parent)
        .await
        .map_err(|why| unsaved(&why))?;
    let Some(before) = before else {
        return Err(vec![fault(
            "the version before is gone",
            "apply a text instead",
        )]);
    };
    let site = Site::load(&before.text, prompts)?;
    store.undo_site().await.map_err(|why| unsaved(&why))?;
    Ok((before.version, site))
}

fn unsaved(why: &StoreError) -> Vec<Diagnostic> {
    error!("could not save the site: {why}");
    let hint = "look at the disk's free space, then try again; the old site stays in force";
    vec![fault(&format!("could not be saved: {why}"), hint)]
}

fn fault(message: &str, hint: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        line: 1,
        column: 1,
        message: message.to_owned(),
        hint: hint.to_owned(),
    }
}
