//! What runs now: a snapshot, and the stream of events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event as Line, Sse};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use crate::app::App;
use crate::live::{News, Watcher, follow};
use crate::problem::Problem;
use crate::sign_in;
use crate::wire::calls::CallView;

/// Calls that run now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveView {
    calls: Vec<CallView>,
}

/// Calls that run now, oldest first.
#[utoipa::path(get, path = "/api/live", responses((status = 200, body = LiveView)))]
pub(crate) async fn live(State(app): State<App>) -> Json<LiveView> {
    Json(LiveView {
        calls: app.board.calls(),
    })
}

/// What happens, as server-sent events. Each has an id; a browser that comes back with
/// `Last-Event-ID` gets what it missed, or a `snapshot` where that is not kept any more.
#[utoipa::path(get, path = "/api/events",
    params(("Last-Event-ID" = Option<String>, Header, description = "id of the last event received")),
    responses(
        (status = 200, body = News, content_type = "text/event-stream"),
        (status = 503, body = Problem, description = "too many listen already"),
    ))]
pub(crate) async fn events(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = Arc::clone(&app.streams)
        .try_acquire_owned()
        .map_err(|_| Problem::busy("too many pages listen already"))?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let token = sign_in::token(&headers).unwrap_or_default().to_owned();
    let welcoming = Arc::clone(&app);
    let watcher = Watcher {
        last: last.and_then(|id| id.strip_prefix(&app.boot)?.strip_prefix('-')?.parse().ok()),
        boot: app.boot.clone(),
        stop: app.stopping(),
        is_welcome: Box::new(move || welcoming.session(&token).is_some()),
        place,
    };
    // Few lines ahead of the browser; a full channel makes the stream lag, a lag makes a snapshot.
    let (lines, stream) = mpsc::channel::<Result<Line, Infallible>>(16);
    tokio::spawn(follow(Arc::clone(&app.board), watcher, lines));
    let mut response = Sse::new(ReceiverStream::new(stream)).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
