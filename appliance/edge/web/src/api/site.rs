//! The site's text: what is in force, its versions, the check, the difference, Apply and Undo.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use centre::site::{Names, Site};
use serde::Serialize;
use store::SiteVersion;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::taken::Body;
use crate::app::App;
use crate::diff::{self, DiffLine};
use crate::live::News;
use crate::problem::Problem;
use crate::wire::site::{
    Applied, Apply, Checked, Draft, Finding, NamesView, SiteView, Undo, VersionText, VersionView,
};
use crate::{SiteRequest, SiteWish, limits};

/// Earlier versions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryView {
    versions: Vec<VersionView>,
}

/// All lines of both texts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiffView {
    /// The version in force that the draft was compared with.
    base: u64,
    lines: Vec<DiffLine>,
}

/// The site in force.
#[utoipa::path(get, path = "/api/site", responses((status = 200, body = SiteView)))]
pub(crate) async fn current(State(app): State<App>) -> Result<Json<SiteView>, Problem> {
    let current = app.doors.store.current_site().await.map_err(unread)?;
    let undo_to = current.as_ref().and_then(|current| current.parent);
    let (version, applied, text) = match current {
        Some(current) => (current.version, Some(current.saved), current.text),
        None => (0, None, Site::default_text().to_owned()),
    };
    let prompts = prompts(&app);
    let names = match Site::load(&text, &prompts) {
        Ok(site) => names(site.names()),
        Err(_) => NamesView {
            prompts: prompts.into_iter().collect(),
            ..NamesView::default()
        },
    };
    Ok(Json(SiteView {
        version,
        applied,
        undo_to,
        text,
        names,
    }))
}

/// Versions of the site, newest first, the one in force among them.
#[utoipa::path(get, path = "/api/site/history", responses((status = 200, body = HistoryView)))]
pub(crate) async fn history(State(app): State<App>) -> Result<Json<HistoryView>, Problem> {
    let versions = app
        .doors
        .store
        .site_history(limits::HISTORY)
        .await
        .map_err(unread)?;
    let view = |it: SiteVersion| VersionView {
        version: it.version,
        applied: it.saved,
        note: it.note,
        is_current: it.is_current,
    };
    Ok(Json(HistoryView {
        versions: versions.into_iter().map(view).collect(),
    }))
}

/// The text of one version.
#[utoipa::path(get, path = "/api/site/history/{version}",
    params(("version" = u64, Path, description = "its number")),
    responses((status = 200, body = VersionText), (status = 404, body = Problem)))]
pub(crate) async fn version(
    State(app): State<App>,
    Path(version): Path<String>,
) -> Result<Json<VersionText>, Problem> {
    let missing = || Problem::not_found("no such version");
    let version: u64 = version.parse().map_err(|_| missing())?;
    let found = app
        .doors
        .store
        .site_version(version)
        .await
        .map_err(unread)?
        .ok_or_else(missing)?;
    Ok(Json(VersionText {
        version,
        text: found.text,
    }))
}

/// What is wrong with a draft, at its line and column. Changes nothing.
#[utoipa::path(post, path = "/api/site/check", request_body = Draft,
    responses((status = 200, body = Checked), (status = 413, body = Problem)))]
pub(crate) async fn check(
    State(app): State<App>,
    Body(draft): Body<Draft>,
) -> Result<Json<Checked>, Problem> {
    fits(&draft.text)?;
    let prompts = prompts(&app);
    // A large text takes milliseconds: not on a thread that serves others.
    let loaded = tokio::task::spawn_blocking(move || Site::load(&draft.text, &prompts));
    let loaded = loaded
        .await
        .map_err(|error| Problem::inside("the check failed", error))?;
    Ok(Json(match loaded {
        Ok(site) => Checked {
            good: true,
            findings: site.warnings().iter().map(Finding::from).collect(),
            names: Some(names(site.names())),
        },
        Err(found) => Checked {
            good: false,
            findings: found.iter().map(Finding::from).collect(),
            names: None,
        },
    }))
}

/// What a draft would change. Changes nothing.
#[utoipa::path(post, path = "/api/site/diff", request_body = Draft,
    responses((status = 200, body = DiffView), (status = 413, body = Problem)))]
pub(crate) async fn diff(
    State(app): State<App>,
    Body(draft): Body<Draft>,
) -> Result<Json<DiffView>, Problem> {
    fits(&draft.text)?;
    let current = app.doors.store.current_site().await.map_err(unread)?;
    let (base, old) = current.map_or((0, String::new()), |it| (it.version, it.text));
    let lines = tokio::task::spawn_blocking(move || diff::diff(&old, &draft.text));
    let lines = lines
        .await
        .map_err(|error| Problem::inside("the comparison failed", error))?;
    Ok(Json(DiffView { base, lines }))
}

/// Put a draft in force for new calls. Committed before it is answered; running calls keep theirs.
#[utoipa::path(post, path = "/api/site/apply", request_body = Apply,
    responses(
        (status = 200, body = Applied),
        (status = 409, body = Problem, description = "another version is in force than the draft was based on"),
        (status = 422, body = Problem, description = "the text has errors: `findings`"),
    ))]
pub(crate) async fn apply(
    State(app): State<App>,
    Body(wish): Body<Apply>,
) -> Result<Json<Applied>, Problem> {
    fits(&wish.text)?;
    let note: String = wish.note.trim().chars().take(limits::NOTE).collect();
    let _turn = app.applying.lock().await;
    is_fresh(&app, wish.base).await?;
    put_in_force(
        &app,
        SiteWish::Apply {
            text: wish.text,
            note,
        },
    )
    .await
}

/// Put the version that the present one replaced back in force. Again and again, down to the first.
#[utoipa::path(post, path = "/api/site/undo", request_body = Undo,
    responses(
        (status = 200, body = Applied),
        (status = 404, body = Problem, description = "there is no earlier version"),
        (status = 409, body = Problem, description = "another version is in force than the one to undo"),
    ))]
pub(crate) async fn undo(
    State(app): State<App>,
    Body(wish): Body<Undo>,
) -> Result<Json<Applied>, Problem> {
    let _turn = app.applying.lock().await;
    let current = is_fresh(&app, wish.base).await?;
    if current.and_then(|current| current.parent).is_none() {
        return Err(Problem::not_found("there is no earlier version"));
    }
    put_in_force(&app, SiteWish::Undo).await
}

/// Names of the prompts that exist.
pub(super) fn prompts(app: &App) -> BTreeSet<String> {
    app.doors.prompts.borrow().iter().cloned().collect()
}

/// The version in force, if it is the one that the wish was based on.
async fn is_fresh(app: &App, base: u64) -> Result<Option<SiteVersion>, Problem> {
    let current = app.doors.store.current_site().await.map_err(unread)?;
    let version = current.as_ref().map_or(0, |current| current.version);
    if version == base {
        return Ok(current);
    }
    let detail = format!("version {version} is in force, not {base}");
    Err(Problem::new(StatusCode::CONFLICT, "stale", detail)
        .hint("look at what changed, then send it again based on that version"))
}

async fn put_in_force(app: &App, wish: SiteWish) -> Result<Json<Applied>, Problem> {
    let (reply, answer) = oneshot::channel();
    // A full queue means that the box is busy applying others: refuse rather than pile up.
    app.doors
        .site
        .try_send(SiteRequest { wish, reply })
        .map_err(|_| Problem::busy("the box is busy with another version"))?;
    let answered = answer
        .await
        .map_err(|error| Problem::inside("the box did not answer", error))?;
    let version = answered.map_err(|found| {
        let errors = found.iter().filter(|one| one.is_error()).count();
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad-site",
            format!("errors in the text: {errors}"),
        )
        .hint("each of `findings` names its line, its column and the way out")
        .findings(found.iter().map(Finding::from).collect())
    })?;
    app.board.announce(&News::Site { version });
    tracing::info!(version, "another site is in force for new calls");
    Ok(Json(Applied { version }))
}

fn fits(text: &str) -> Result<(), Problem> {
    if text.len() <= limits::SITE_TEXT {
        return Ok(());
    }
    let detail = format!("the text is too long, bytes: {}", text.len());
    Err(
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
            .hint(format!("the limit is {} bytes", limits::SITE_TEXT)),
    )
}

fn names(names: Names) -> NamesView {
    let steps = names
        .flows
        .iter()
        .flat_map(|(flow, steps)| steps.iter().map(move |step| format!("{flow}/{step}")));
    NamesView {
        steps: steps.collect(),
        flows: names.flows.into_keys().collect(),
        queues: names.queues,
        trunks: names.trunks,
        templates: names.templates,
        devices: names.devices,
        agents: names.agents,
        skills: names.skills,
        prompts: names.prompts,
    }
}

fn unread(error: impl std::fmt::Display) -> Problem {
    Problem::inside("the site cannot be read", error)
}
