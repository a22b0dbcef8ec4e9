//! How the box stands: what waits for central, whether the link is up, which trunks there are.

use axum::Json;
use axum::extract::State;
use centre::site::Site;
use serde::Serialize;
use utoipa::ToSchema;

use super::site::prompts;
use crate::app::App;
use crate::problem::Problem;
use crate::wire::calls::UnixMillis;

/// How the box stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusView {
    /// Version of the software.
    version: String,
    /// The branch's name, from the site.
    site: String,
    outbox: OutboxView,
    link: LinkStateView,
    /// Names of the trunks of the site in force.
    trunks: Vec<String>,
    live_calls: usize,
    black_box: BlackBoxStateView,
}

/// The black box.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlackBoxStateView {
    /// What happens now is recorded; else it waits for a moment without calls.
    recording: bool,
    /// How often it had to wait since the box started.
    gaps: u64,
}

/// Records that central has not acknowledged.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutboxView {
    depth: u64,
    /// When the oldest of them was committed.
    oldest: Option<UnixMillis>,
    /// Records that central refused; they stay on the box.
    dead_letters: u64,
}

/// The link to central.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkStateView {
    /// No central is configured.
    standalone: bool,
    connected: bool,
    /// Records sent and not acknowledged yet.
    unacked: u64,
    last_ack: Option<UnixMillis>,
}

/// How the box stands now.
#[utoipa::path(get, path = "/api/status", responses((status = 200, body = StatusView)))]
pub(crate) async fn status(State(app): State<App>) -> Result<Json<StatusView>, Problem> {
    let store = &app.doors.store;
    let unread = |error| Problem::inside("the outbox cannot be read", error);
    let outbox = store.outbox().await.map_err(unread)?;
    let current = store.current_site().await.map_err(unread)?;
    let site = current.and_then(|current| Site::load(&current.text, &prompts(&app)).ok());
    let link = app.doors.link.borrow().clone();
    let black_box = (app.doors.black_box)();
    Ok(Json(StatusView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        site: site
            .as_ref()
            .map(|site| site.name().to_owned())
            .unwrap_or_default(),
        outbox: OutboxView {
            depth: outbox.depth,
            oldest: outbox.oldest,
            dead_letters: outbox.dead_letters,
        },
        link: LinkStateView {
            standalone: link.standalone,
            connected: link.connected,
            unacked: link.unacked,
            last_ack: link.last_ack,
        },
        trunks: site
            .map(|site| {
                site.trunks()
                    .iter()
                    .map(|trunk| trunk.name.clone())
                    .collect()
            })
            .unwrap_or_default(),
        live_calls: app.board.calls().len(),
        black_box: BlackBoxStateView {
            recording: black_box.is_recording,
            gaps: black_box.gaps,
        },
    }))
}
