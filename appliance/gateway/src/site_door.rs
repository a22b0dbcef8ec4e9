//! Puts a site text in force: checked, committed, then handed to `Centre` for new calls.
//!
//! Persist before you speak: the answer with the version goes out only after both.

use std::collections::BTreeSet;
use std::sync::Arc;

use centre::Input;
use centre::site::{Diagnostic, Severity, Site};
use store::Store;
use tokio::sync::mpsc;
use tracing::{error, info};
use web::SiteRequest;

/// Serves requests until the web server is gone.
pub async fn serve(
    mut requests: mpsc::Receiver<SiteRequest>,
    store: Store,
    prompts: BTreeSet<String>,
    inputs: mpsc::Sender<Input>,
) {
    while let Some(SiteRequest { text, note, reply }) = requests.recv().await {
        let result = apply(text, &note, &store, &prompts, &inputs).await;
        // The browser may have gone; the site is in force all the same.
        let _ = reply.send(result);
    }
}

async fn apply(
    text: String,
    note: &str,
    store: &Store,
    prompts: &BTreeSet<String>,
    inputs: &mpsc::Sender<Input>,
) -> Result<u64, Vec<Diagnostic>> {
    let site = Site::load(&text, prompts)?;
    let version = store.save_site(&text, note).await.map_err(|why| {
        error!("could not save the site: {why}");
        vec![Diagnostic {
            severity: Severity::Error,
            line: 1,
            column: 1,
            message: format!("could not be saved: {why}"),
            hint: "look at the disk's free space, then apply again; the old site stays in force"
                .to_owned(),
        }]
    })?;
    info!(version, name = site.name(), "a new site is in force for new calls");
    // Closed only while the box stops; the next start takes the saved version.
    let _ = inputs.send(Input::Site(Arc::new(site))).await;
    Ok(version)
}
