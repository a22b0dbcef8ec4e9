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

use crate::self_test::SelfTest;

/// Site texts waiting to be applied; one more is answered that the box is busy.
const SITES: usize = 4;

/// What a text is checked against: the prompts there are, and the door that is laid behind it.
type Against = (BTreeSet<String>, Option<SelfTest>);

/// Takes requests until the web server is gone.
pub(crate) fn open(
    store: Store,
    against: Against,
    inputs: mpsc::Sender<Input>,
) -> mpsc::Sender<SiteRequest> {
    let (sites, requests) = mpsc::channel(SITES);
    tokio::spawn(serve(requests, store, against, inputs));
    sites
}

async fn serve(
    mut requests: mpsc::Receiver<SiteRequest>,
    store: Store,
    against: Against,
    inputs: mpsc::Sender<Input>,
) {
    while let Some(SiteRequest { wish, reply }) = requests.recv().await {
        let result = match wish {
            SiteWish::Apply { text, note } => apply(&text, &note, &store, &against).await,
            SiteWish::Undo => undo(&store, &against).await,
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

async fn apply(text: &str, note: &str, store: &Store, (prompts, test): &Against) -> InForce {
    let site = SelfTest::load(test.as_ref(), text, prompts)?;
    let version = store
        .save_site(text, note)
        .await
        .map_err(|why| unsaved(&why))?;
    Ok((version, site))
}

/// The version before is looked at first: a prompt may have gone since it was applied.
async fn undo(store: &Store, (prompts, test): &Against) -> InForce {
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
    let site = SelfTest::load(test.as_ref(), &before.text, prompts)?;
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
