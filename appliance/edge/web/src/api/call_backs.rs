//! Call-backs that were promised: who waits for one, and taking one back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use tokio::sync::mpsc::error::TrySendError;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;
use crate::wire::call_backs::CallBackLine;

/// Calls that are owed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallBacksView {
    call_backs: Vec<CallBackLine>,
}

/// Calls that are owed, in the order in which they were promised; of many the first hundred.
#[utoipa::path(get, path = "/api/call-backs", responses((status = 200, body = CallBacksView)))]
pub(crate) async fn call_backs(State(app): State<App>) -> Json<CallBacksView> {
    let call_backs = app.board.call_backs();
    Json(CallBacksView { call_backs })
}

/// Takes a promise back: nobody is called, and a record says so. One whose phone rings already is
/// let go.
#[utoipa::path(delete, path = "/api/call-backs/{call}",
    params(("call" = String, Path, description = "id of the call in which it was promised")),
    responses(
        (status = 202, description = "it is being done"),
        (status = 404, body = Problem, description = "no call-back is owed for this call"),
        (status = 503, body = Problem, description = "too many are taken back at once"),
    ))]
pub(crate) async fn cancel(
    State(app): State<App>,
    Path(call): Path<String>,
) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found(format!("no call-back is owed for the call `{call}`"));
    let id: Uuid = call.parse().map_err(|_| missing())?;
    if !app.board.call_backs().iter().any(|owed| owed.call == call) {
        return Err(missing());
    }
    match app.doors.call_backs.try_send(id) {
        Ok(()) => {
            tracing::info!(call = %id, "a supervisor takes a call-back back");
            Ok(StatusCode::ACCEPTED)
        }
        Err(TrySendError::Full(_)) => Err(Problem::busy("too many are taken back at once")),
        Err(TrySendError::Closed(_)) => Err(Problem::busy("the box is stopping")),
    }
}
