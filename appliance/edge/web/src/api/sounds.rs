//! Sound devices of the box: how they stand, and the keys of phones that have none.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use tokio::sync::mpsc::error::TrySendError;
use utoipa::ToSchema;

use super::taken::Body;
use crate::SoundWish;
use crate::app::App;
use crate::problem::Problem;
use crate::wire::sounds::{SoundAct, SoundLine};

/// All sound devices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SoundsView {
    devices: Vec<SoundLine>,
}

/// Characters of a number to be called.
const MAX_NUMBER: usize = 32;

/// All sound devices, by name; at most a second old.
#[utoipa::path(get, path = "/api/audio", responses((status = 200, body = SoundsView)))]
pub(crate) async fn sounds(State(app): State<App>) -> Json<SoundsView> {
    Json(SoundsView {
        devices: (app.doors.sounds)(),
    })
}

/// Calls, answers or hangs up with a phone that the box makes of a sound card. What does not fit what
/// goes on there is passed over.
#[utoipa::path(post, path = "/api/audio/{device}", request_body = SoundAct,
    params(("device" = String, Path, description = "the name in the site")),
    responses(
        (status = 202, description = "it is being done"),
        (status = 400, body = Problem, description = "the number cannot be dialled"),
        (status = 404, body = Problem, description = "there is no such phone"),
        (status = 503, body = Problem, description = "too many wish something at once"),
    ))]
pub(crate) async fn act(
    State(app): State<App>,
    Path(device): Path<String>,
    Body(act): Body<SoundAct>,
) -> Result<StatusCode, Problem> {
    let is_it = |line: &SoundLine| line.is_phone && line.device == device;
    if !(app.doors.sounds)().iter().any(is_it) {
        return Err(Problem::not_found(format!(
            "`{device}` is no phone made of a sound card"
        )));
    }
    if let SoundAct::Dial { to: Some(to) } = &act
        && !is_dialled(to)
    {
        let detail = "the number is empty, too long, or has other than digits, letters, + * #";
        return Err(Problem::bad_request(detail));
    }
    match app.doors.sound_wishes.try_send(SoundWish { device, act }) {
        Ok(()) => Ok(StatusCode::ACCEPTED),
        Err(TrySendError::Full(_)) => Err(Problem::busy("too many wish something at once")),
        Err(TrySendError::Closed(_)) => Err(Problem::busy("the box is stopping")),
    }
}

fn is_dialled(number: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+*#-_.".contains(c);
    (1..=MAX_NUMBER).contains(&number.len()) && number.chars().all(fits)
}
