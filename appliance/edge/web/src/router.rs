//! The routes, and what holds for all of them: sign-in, same origin, strict headers.
//!
//! The API's routes and its OpenAPI document come from the same list (`api`).

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;

use crate::app::App;
use crate::problem::Problem;
use crate::sign_in::{self, Standing};
use crate::{api, limits, pages};

/// No script, style, picture or connection but our own; no frame around us.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    media-src 'self'; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Sent with every answer. No HSTS: with a self-signed certificate it would take away the
/// browser's way past its own warning.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Everything that is served.
pub(crate) fn router(app: App) -> Router {
    let signed_in = api::signed_in()
        .router()
        .route_layer(middleware::from_fn_with_state(
            app.clone(),
            must_be_signed_in,
        ));
    let site = api::site_texts()
        .router()
        .route_layer(middleware::from_fn_with_state(
            app.clone(),
            must_be_signed_in,
        ))
        .layer(DefaultBodyLimit::max(limits::SITE_TEXT * 2));
    Router::new()
        .merge(api::open().router())
        .merge(signed_in)
        .merge(site)
        .route("/metrics", get(metrics))
        .route("/api", get(no_route))
        .route("/api/{*rest}", get(no_route))
        .fallback(pages::page)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn(same_origin))
        .layer(middleware::map_response(strict))
        .layer(DefaultBodyLimit::max(limits::FORM_BODY))
        .with_state(app)
}

/// Full sessions only; the session of a one-time code may set the password and nothing else.
async fn must_be_signed_in(State(app): State<App>, request: Request, next: Next) -> Response {
    match sign_in::token(request.headers()).and_then(|token| app.session(token)) {
        Some(session) if session.standing == Standing::SignedIn => next.run(request).await,
        Some(_) => Problem::new(
            axum::http::StatusCode::FORBIDDEN,
            "password-needed",
            "the one-time code only lets you set a password",
        )
        .hint("POST /api/password first")
        .into_response(),
        None => Problem::signed_out().into_response(),
    }
}

/// Whatever changes something must come from our own page (besides the cookie's `SameSite`).
async fn same_origin(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || is_same_origin(request.headers(), request.uri()) {
        return next.run(request).await;
    }
    Problem::new(
        axum::http::StatusCode::FORBIDDEN,
        "foreign-origin",
        "the request does not come from this box's own page",
    )
    .hint("send an `Origin` header that names this box")
    .into_response()
}

fn is_same_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    // HTTP/2 carries the host in the URI, HTTP/1.1 in its header.
    let host = uri
        .authority()
        .map(|host| host.as_str())
        .or_else(|| text(header::HOST));
    let origin = text(header::ORIGIN).and_then(|origin| origin.strip_prefix("https://"));
    matches!((origin, host), (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host))
}

async fn strict(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // What says nothing of caching is about calls or people.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The box's figures: for a Prometheus on the box itself, or a signed-in person.
async fn metrics(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let session = sign_in::token(&headers).and_then(|token| app.session(token));
    let may = session.is_some_and(|session| session.standing == Standing::SignedIn);
    if !may && !peer.ip().to_canonical().is_loopback() {
        return Problem::signed_out().into_response();
    }
    let text = (app.doors.metrics)();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

async fn no_route(uri: Uri) -> Problem {
    Problem::not_found(format!("no such address: `{}`", uri.path())).hint("see /api/openapi.json")
}

async fn no_method(method: Method, uri: Uri) -> Problem {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "wrong-method",
        format!("`{}` does not take {method}", uri.path()),
    )
}
