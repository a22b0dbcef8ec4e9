//! Records: a page of them, one of them, and how many there were in each hour.
#![expect(
    unused_qualifications,
    reason = "the path macro qualifies the query's type in code of its own"
)]

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use store::{Before, RecordQuery};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::taken::Wish;
use crate::app::App;
use crate::limits;
use crate::problem::Problem;
use crate::wire::calls::{RecordView, UnixMillis};

const HOUR_MS: i64 = 3_600_000;

/// Which records are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordsWish {
    /// Started at or after, milliseconds since 1970 UTC. A day is the reader's midnight to midnight.
    from: Option<UnixMillis>,
    /// Started before.
    to: Option<UnixMillis>,
    /// Occurs in a number, the digits, the flow, the target or the words.
    q: Option<String>,
    /// At most so many, 1 to 200; 50 when absent.
    limit: Option<u32>,
    /// `next` of the page before.
    after: Option<String>,
}

/// One page of records, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordsView {
    records: Vec<RecordView>,
    /// Give it as `after` for the next page; absent on the last.
    next: Option<String>,
}

/// Which hours are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoursWish {
    /// Start of the first hour, milliseconds since 1970 UTC.
    from: UnixMillis,
    /// End of the last hour; at most 31 days after.
    to: UnixMillis,
}

/// Calls by hour, and the sums over all of them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct HoursView {
    /// One per hour from `from` on.
    hours: Vec<HourView>,
    total: u32,
    answered: u32,
    /// Over the answered calls, milliseconds.
    average_talk_ms: i64,
    /// There are more calls than are counted here.
    is_cut: bool,
}

/// Calls that started within one hour.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct HourView {
    calls: u32,
    answered: u32,
}

/// Records, newest first, a page at a time.
#[utoipa::path(get, path = "/api/records", params(RecordsWish),
    responses((status = 200, body = RecordsView), (status = 400, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    Wish(wish): Wish<RecordsWish>,
) -> Result<Json<RecordsView>, Problem> {
    let limit = wish
        .limit
        .unwrap_or(limits::PAGE)
        .clamp(1, limits::PAGE_MAX);
    let before = wish.after.as_deref().map(read_cursor).transpose()?;
    let text = wish.q.filter(|text| !text.trim().is_empty());
    if text
        .as_ref()
        .is_some_and(|text| text.chars().count() > limits::SEARCH_TEXT)
    {
        return Err(Problem::bad_request("the search text is too long")
            .hint(format!("the limit is {} characters", limits::SEARCH_TEXT)));
    }
    let text = text.map(|text| text.trim().to_owned());
    // One more than shown tells whether there is a next page.
    let query = RecordQuery {
        from: wish.from,
        to: wish.to,
        text,
        limit: limit + 1,
        before,
    };
    let mut records = app.doors.store.records(query).await.map_err(unread)?;
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    let next = records
        .last()
        .filter(|_| more)
        .map(|last| format!("{}_{}", last.times.started, last.id));
    Ok(Json(RecordsView {
        records: records.iter().map(RecordView::from).collect(),
        next,
    }))
}

/// One record.
#[utoipa::path(get, path = "/api/records/{id}",
    params(("id" = String, Path, description = "the record's id")),
    responses((status = 200, body = RecordView), (status = 404, body = Problem)))]
pub(crate) async fn one(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<RecordView>, Problem> {
    let missing = || Problem::not_found("no such call");
    let id: Uuid = id.parse().map_err(|_| missing())?;
    let record = app.doors.store.record(id).await.map_err(unread)?;
    match record {
        Some(record) => Ok(Json(RecordView::from(&record))),
        None if app.board.is_live(id) => Err(Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            "still-live",
            "the call is still running; its record follows when it ends",
        )),
        None => Err(missing()),
    }
}

/// Calls by hour.
#[utoipa::path(get, path = "/api/records/hours", params(HoursWish),
    responses((status = 200, body = HoursView), (status = 400, body = Problem)))]
pub(crate) async fn hours(
    State(app): State<App>,
    Wish(wish): Wish<HoursWish>,
) -> Result<Json<HoursView>, Problem> {
    let span = wish.to.checked_sub(wish.from).filter(|span| *span > 0);
    let Some(count) = span
        .map(|span| (span - 1) / HOUR_MS + 1)
        .filter(|n| *n <= limits::HOURS_SPAN)
    else {
        return Err(Problem::bad_request(
            "`to` must lie after `from`, by 31 days at most",
        ));
    };
    let mut view = HoursView {
        hours: vec![HourView::default(); count as usize],
        ..HoursView::default()
    };
    let (mut before, mut talk_ms) = (None, 0);
    for page in 0.. {
        view.is_cut = page == limits::FIGURES_PAGES;
        if view.is_cut {
            break;
        }
        let query = RecordQuery {
            from: Some(wish.from),
            to: Some(wish.to),
            text: None,
            limit: limits::FIGURES_PAGE,
            before,
        };
        let records = app.doors.store.records(query).await.map_err(unread)?;
        for record in &records {
            let nth = usize::try_from((record.times.started - wish.from) / HOUR_MS).unwrap_or(0);
            let Some(hour) = view.hours.get_mut(nth) else {
                continue;
            };
            let answered = u32::from(record.times.answered.is_some());
            hour.calls += 1;
            hour.answered += answered;
            view.total += 1;
            view.answered += answered;
            talk_ms += record.times.talk_ms();
        }
        before = records.last().map(|last| Before {
            started: last.times.started,
            id: last.id,
        });
        if records.len() < limits::FIGURES_PAGE as usize {
            break;
        }
    }
    view.average_talk_ms = talk_ms / i64::from(view.answered.max(1));
    Ok(Json(view))
}

/// `started_id`, as `next` gives it.
fn read_cursor(cursor: &str) -> Result<Before, Problem> {
    let (started, id) = cursor.split_once('_').unwrap_or_default();
    match (started.parse(), id.parse()) {
        (Ok(started), Ok(id)) => Ok(Before { started, id }),
        _ => Err(Problem::bad_request("`after` is not a `next` of this list")),
    }
}

fn unread(error: impl std::fmt::Display) -> Problem {
    Problem::inside("the records cannot be read", error)
}
