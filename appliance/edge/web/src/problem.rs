//! What went wrong, in the form of RFC 9457 (`application/problem+json`).
//!
//! Every refusal of the API is one of these. `type` is the stable name that the page translates;
//! `detail` and `hint` are for people who read the API itself.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::site::Finding;

/// A refusal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Stable name: `urn:branchline:` and a word, e.g. `urn:branchline:stale`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: Box<str>,
    /// The name in words.
    #[schema(value_type = String)]
    title: Box<str>,
    /// HTTP status.
    status: u16,
    /// What happened here.
    #[schema(value_type = String)]
    detail: Box<str>,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    hint: Option<Box<str>>,
    /// Seconds until it is worth trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// Wrong tries that are left before a lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<u32>,
    /// What the check found in a refused site text.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<Finding>, required = false)]
    findings: Box<[Finding]>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, word: &str, detail: impl Into<Box<str>>) -> Self {
        Self {
            kind: format!("urn:branchline:{word}").into(),
            title: word.replace('-', " ").into(),
            status: status.as_u16(),
            detail: detail.into(),
            hint: None,
            retry_after: None,
            tries_left: None,
            findings: Box::default(),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn tries_left(mut self, tries: u32) -> Self {
        self.tries_left = Some(tries);
        self
    }

    pub(crate) fn findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings.into();
        self
    }

    pub(crate) fn bad_request(detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    pub(crate) fn not_found(detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub(crate) fn signed_out() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "signed-out",
            "no session, or it has ended",
        )
        .hint("sign in at `/`")
    }

    pub(crate) fn busy(detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(2)
    }

    /// Our own fault: the log has the cause, the peer a plain word.
    pub(crate) fn inside(what: &str, error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "{what}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "inside", what).hint("the box's log says more")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
