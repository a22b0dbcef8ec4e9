//! Banned sources: which stand, and lifting one.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use tokio::sync::mpsc::error::TrySendError;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::Problem;
use crate::wire::bans::BanLine;

/// All bans.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BansView {
    bans: Vec<BanLine>,
}

/// The sources that are met with silence, by address; at most a second old.
#[utoipa::path(get, path = "/api/bans", responses((status = 200, body = BansView)))]
pub(crate) async fn bans(State(app): State<App>) -> Json<BansView> {
    let bans = (app.doors.bans)().iter().map(BanLine::from).collect();
    Json(BansView { bans })
}

/// Lifts a ban: the source is answered again like any stranger, and what it did is forgotten.
#[utoipa::path(delete, path = "/api/bans/{address}",
    params(("address" = String, Path, description = "as listed")),
    responses(
        (status = 202, description = "it is being done"),
        (status = 404, body = Problem, description = "this source is not banned"),
        (status = 503, body = Problem, description = "too many bans are lifted at once"),
    ))]
pub(crate) async fn lift(
    State(app): State<App>,
    Path(address): Path<String>,
) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found(format!("`{address}` is not banned"));
    let source: IpAddr = address.parse().map_err(|_| missing())?;
    if !(app.doors.bans)().iter().any(|ban| ban.source == source) {
        return Err(missing());
    }
    match app.doors.lifts.try_send(source) {
        Ok(()) => {
            tracing::info!(%source, "an administrator lifts the ban of a source");
            Ok(StatusCode::ACCEPTED)
        }
        Err(TrySendError::Full(_)) => Err(Problem::busy("too many bans are lifted at once")),
        Err(TrySendError::Closed(_)) => Err(Problem::busy("the box is stopping")),
    }
}
