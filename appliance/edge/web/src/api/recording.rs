//! The audio of a call: its bytes with `Range`, and its outline.
#![expect(
    unused_qualifications,
    reason = "the path macro qualifies the query's type in code of its own"
)]

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::taken::Wish;
use crate::app::App;
use crate::audio::{self, Audio, Cut, Form, NoAudio};
use crate::problem::Problem;

/// How the samples are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AudioWish {
    /// `kept` as they lie in the file (G.711), `pcm` as 16-bit linear, which every browser plays.
    #[serde(default)]
    #[param(inline)]
    format: FormWish,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FormWish {
    #[default]
    Kept,
    Pcm,
}

/// The outline of a recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaveView {
    /// Length of what there is, milliseconds.
    length_ms: u64,
    /// For each channel (caller, box) the loudest sample of each equal part, 0..=100.
    peaks: Vec<Vec<u8>>,
}

/// The recording of a call as a WAV file, stereo: caller left, box right. Works while the call runs:
/// what is there at the request is the whole.
#[utoipa::path(get, path = "/api/records/{id}/recording",
    params(("id" = String, Path, description = "the record's id"), AudioWish,
        ("Range" = Option<String>, Header, description = "`bytes=..`, one part")),
    responses(
        (status = 200, content_type = "audio/wav", body = [u8]),
        (status = 206, content_type = "audio/wav", body = [u8]),
        (status = 404, body = Problem),
        (status = 416, body = Problem),
    ))]
pub(crate) async fn audio(
    State(app): State<App>,
    Path(id): Path<String>,
    Wish(wish): Wish<AudioWish>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let audio = open(&app, &id).await?;
    let form = match wish.format {
        FormWish::Pcm if !audio.archived => Form::Pcm,
        FormWish::Pcm | FormWish::Kept => Form::Kept,
    };
    let kind = if audio.archived {
        "audio/ogg"
    } else {
        "audio/wav"
    };
    let total = audio.total(form);
    let tag = format!("\"{total}\"");
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    // A growing recording has another tag each time: a part of the old whole is not asked for then.
    let is_same = text(header::IF_RANGE).is_none_or(|wanted| wanted == tag);
    let range = text(header::RANGE).filter(|_| is_same);
    let (status, start, end) = match audio::cut(range, total) {
        Cut::Whole => (StatusCode::OK, 0, total),
        Cut::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end),
        Cut::Outside => return Ok(outside(total)),
    };
    let place = Arc::clone(&app.listeners)
        .try_acquire_owned()
        .map_err(|_| Problem::busy("too many recordings are being played"))?;
    let mut response = Response::new(audio::body(audio, form, start, end, place));
    *response.status_mut() = status;
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    out.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    let mut put = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            out.insert(name, value);
        }
    };
    put(header::ETAG, tag);
    if status == StatusCode::PARTIAL_CONTENT {
        put(
            header::CONTENT_RANGE,
            format!("bytes {start}-{}/{total}", end - 1),
        );
    }
    Ok(response)
}

/// The outline of a recording, for a picture of it.
#[utoipa::path(get, path = "/api/records/{id}/wave",
    params(("id" = String, Path, description = "the record's id")),
    responses((status = 200, body = WaveView), (status = 404, body = Problem)))]
pub(crate) async fn wave(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<WaveView>, Problem> {
    let mut audio = open(&app, &id).await?;
    if audio.archived {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "archived",
            "the recording is archived as Opus, which has no outline here",
        ));
    }
    let _place = Arc::clone(&app.listeners)
        .try_acquire_owned()
        .map_err(|_| Problem::busy("too many recordings are being read"))?;
    let length_ms = audio.length_ms();
    let peaks = audio::wave(&mut audio)
        .await
        .map_err(|error| Problem::from(NoAudio::from(error)))?;
    Ok(Json(WaveView { length_ms, peaks }))
}

async fn open(app: &App, id: &str) -> Result<Audio, Problem> {
    let id: Uuid = id.parse().map_err(|_| Problem::not_found("no such call"))?;
    let name = file_name(app, id).await?;
    Ok(audio::open(&app.recordings, &name).await?)
}

/// The name the record keeps; for a call that still runs, the one it records under.
async fn file_name(app: &App, id: Uuid) -> Result<String, Problem> {
    let unread = |error| Problem::inside("the record cannot be read", error);
    match app.doors.store.record(id).await.map_err(unread)? {
        Some(record) => record
            .recording
            .map(|recording| recording.file)
            .ok_or_else(|| Problem::not_found("this call was not recorded")),
        None => {
            let running = app
                .doors
                .live
                .borrow()
                .calls
                .iter()
                .find(|call| call.id == id)
                .map(|call| call.started);
            running
                .map(|started| centre::recording_file(started, id))
                .ok_or_else(|| Problem::not_found("no such call"))
        }
    }
}

fn outside(total: u64) -> Response {
    let mut response = Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "outside",
        "the range lies beyond the end",
    )
    .into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{total}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

impl From<NoAudio> for Problem {
    fn from(error: NoAudio) -> Self {
        match error {
            NoAudio::Missing | NoAudio::Outside => Self::not_found(error.to_string()),
            NoAudio::Broken(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "broken-audio",
                error.to_string(),
            ),
            NoAudio::Io(_) => Self::inside("the recording cannot be read", error),
        }
    }
}
