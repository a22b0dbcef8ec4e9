//! Coming in and going out.

use std::net::SocketAddr;
use std::time::Instant;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::taken::Body;
use crate::app::App;
use crate::problem::Problem;
use crate::sign_in::{self, Refusal, Standing};

/// How the browser stands with the box.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    state: SessionState,
    /// No password was ever set: sign in with the one-time code of the console.
    first_start: bool,
    /// A development image: whoever stands before the box has its console.
    dev: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionState {
    SignedOut,
    MustSetPassword,
    SignedIn,
}

/// The one-time code, as typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeForm {
    code: String,
}

/// The password, as typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordForm {
    password: String,
}

/// A new password; whoever is signed in already names the present one too.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasswordForm {
    new: String,
    #[serde(default)]
    present: Option<String>,
}

/// How this browser stands.
#[utoipa::path(get, path = "/api/session", responses((status = 200, body = SessionView)))]
pub(crate) async fn session(State(app): State<App>, headers: HeaderMap) -> Json<SessionView> {
    let session = sign_in::token(&headers).and_then(|token| app.session(token));
    Json(view(&app, session.map(|session| session.standing)))
}

/// Sign in with the one-time code of a first start; what follows is setting a password.
#[utoipa::path(post, path = "/api/sign-in/code", request_body = CodeForm,
    responses((status = 200, body = SessionView), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn with_code(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Body(form): Body<CodeForm>,
) -> Result<Response, Problem> {
    let token = app
        .sign_in
        .with_code(Instant::now(), peer.ip(), &form.code)?;
    tracing::info!("signed in with the one-time code");
    Ok(welcome(&app, &token, Standing::MustSetPassword))
}

/// Sign in with the password.
#[utoipa::path(post, path = "/api/sign-in/password", request_body = PasswordForm,
    responses((status = 200, body = SessionView), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(crate) async fn with_password(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Body(form): Body<PasswordForm>,
) -> Result<Response, Problem> {
    let token = app
        .sign_in
        .with_password(Instant::now(), peer.ip(), form.password)
        .await?;
    tracing::info!("signed in with the password");
    Ok(welcome(&app, &token, Standing::SignedIn))
}

/// Set the password after the one-time code, or change it. Every other session ends.
#[utoipa::path(post, path = "/api/password", request_body = NewPasswordForm,
    responses((status = 200, body = SessionView), (status = 400, body = Problem), (status = 401, body = Problem)))]
pub(crate) async fn set_password(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(form): Body<NewPasswordForm>,
) -> Result<Response, Problem> {
    let session = sign_in::token(&headers).and_then(|token| app.session(token));
    let standing = session.ok_or_else(Problem::signed_out)?.standing;
    let (now, from) = (Instant::now(), peer.ip());
    let token = app
        .sign_in
        .set_password(now, from, standing, form.present, form.new)
        .await?;
    tracing::info!("a new password is set");
    Ok(welcome(&app, &token, Standing::SignedIn))
}

/// End this session.
#[utoipa::path(post, path = "/api/sign-out", responses((status = 204, description = "signed out")))]
pub(crate) async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Response {
    if let Some(token) = sign_in::token(&headers) {
        app.sign_in.sign_out(token);
    }
    (
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, sign_in::no_cookie())],
    )
        .into_response()
}

fn welcome(app: &App, token: &str, standing: Standing) -> Response {
    let view = Json(view(app, Some(standing)));
    ([(header::SET_COOKIE, sign_in::cookie(token))], view).into_response()
}

fn view(app: &App, standing: Option<Standing>) -> SessionView {
    let state = match standing {
        None => SessionState::SignedOut,
        Some(Standing::MustSetPassword) => SessionState::MustSetPassword,
        Some(Standing::SignedIn) => SessionState::SignedIn,
    };
    SessionView {
        state,
        first_start: !app.sign_in.has_password(),
        dev: app
            .image
            .as_ref()
            .is_some_and(|image| image.variant == "dev"),
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Wrong { left } => {
                Self::new(StatusCode::UNAUTHORIZED, "wrong", detail).tries_left(left)
            }
            Refusal::Locked { seconds } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "locked", detail).retry_after(seconds)
            }
            Refusal::NoCode => Self::new(StatusCode::UNAUTHORIZED, "no-code", detail)
                .hint("sign in with the password, or restart the box for a new code"),
            Refusal::NoPassword => Self::new(StatusCode::UNAUTHORIZED, "no-password", detail)
                .hint("sign in with the one-time code of the console"),
            Refusal::Unfit => Self::new(StatusCode::BAD_REQUEST, "unfit-password", detail),
            Refusal::Inside(error) => Self::inside("sign-in failed", error),
        }
    }
}
