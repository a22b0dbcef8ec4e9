//! What this box is: version, board, variant, and the software bill of materials that its image carries.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::limits;
use crate::problem::Problem;

/// What this box is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AboutView {
    /// Version of the image; of the program, where that runs on a system of somebody's own.
    version: String,
    /// The firmware image, where the box is one.
    image: Option<ImageView>,
}

/// The firmware image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImageView {
    /// The board it was built for.
    board: String,
    /// `release` or `dev`.
    variant: String,
    /// The last update that was asked for, if one was.
    update: Option<UpdateView>,
}

/// How an update fares.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct UpdateView {
    /// How far it is.
    phase: UpdatePhase,
    /// Its version, once its signature was found good.
    version: Option<String>,
    /// Of what is fetched, then of what is written: 0 to 100.
    percent: u8,
    /// Why it was refused, failed or taken back.
    why: Option<String>,
    /// When the phase began, ms since 1970 UTC.
    since_unix_ms: i64,
}

/// `checking` and `installing` go on while calls run; `written` waits for its turn, `draining` for calls to end;
/// `trying` is not proved yet; `refused`, `failed`, `healthy` and `rolled_back` are ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UpdatePhase {
    Checking,
    Refused,
    Installing,
    Failed,
    Written,
    Draining,
    Trying,
    Healthy,
    RolledBack,
}

/// What this box is.
#[utoipa::path(get, path = "/api/about", responses((status = 200, body = AboutView)))]
pub(crate) async fn about(State(app): State<App>) -> Json<AboutView> {
    let image = app.image.as_ref();
    let update = match image {
        Some(image) => update(&image.update).await,
        None => None,
    };
    Json(AboutView {
        version: image
            .map_or(env!("CARGO_PKG_VERSION"), |image| &image.version)
            .to_owned(),
        image: image.map(|image| ImageView {
            board: image.board.clone(),
            variant: image.variant.clone(),
            update,
        }),
    })
}

/// What the updater wrote down; what cannot be read is as if it were not there.
async fn update(path: &Path) -> Option<UpdateView> {
    let size = tokio::fs::metadata(path).await.ok()?.len();
    if size > limits::UPDATE {
        return None;
    }
    serde_json::from_slice(&tokio::fs::read(path).await.ok()?).ok()
}

/// The software bill of materials of the image: CycloneDX, as it was built in.
#[utoipa::path(get, path = "/api/about/bill",
    responses(
        (status = 200, content_type = "application/vnd.cyclonedx+json", body = String),
        (status = 404, body = Problem, description = "this box carries none"),
    ))]
pub(crate) async fn bill(State(app): State<App>) -> Result<Response, Problem> {
    let missing = || Problem::not_found("this box carries no bill of materials");
    let path = &app.image.as_ref().ok_or_else(missing)?.bill;
    let size = tokio::fs::metadata(path)
        .await
        .map_err(|_| missing())?
        .len();
    if size > limits::BILL {
        return Err(missing());
    }
    let bytes = tokio::fs::read(path).await.map_err(|_| missing())?;
    let about = [
        (
            header::CONTENT_TYPE,
            "application/vnd.cyclonedx+json; version=1.6",
        ),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"branchline.cdx.json\"",
        ),
    ];
    Ok((about, bytes).into_response())
}
