//! What this box is: version, board, variant, and the software bill of materials that its image carries.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
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
}

/// What this box is.
#[utoipa::path(get, path = "/api/about", responses((status = 200, body = AboutView)))]
pub(crate) async fn about(State(app): State<App>) -> Json<AboutView> {
    let image = app.image.as_ref();
    Json(AboutView {
        version: image
            .map_or(env!("CARGO_PKG_VERSION"), |image| &image.version)
            .to_owned(),
        image: image.map(|image| ImageView {
            board: image.board.clone(),
            variant: image.variant.clone(),
        }),
    })
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
