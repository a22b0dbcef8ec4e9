//! The OpenAPI 3.1 document: the paths from the routes, the schemas from the transfer types.

use axum::Json;
use utoipa::OpenApi;
use utoipa::openapi::{OpenApi as Document, RefOr};

use super::{
    about, bans, call_backs, calls, recording, records, sign_in, site, sounds, staff, status, terms,
};
use crate::live::News;
use crate::problem::Problem;

/// Schemas that no route names by itself are listed; the others come with `paths`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Branchline box",
        description = "The API behind the box's own page. Refusals are RFC 9457 problem details.",
        license(name = "Apache-2.0 OR MIT")
    ),
    paths(
        sign_in::session,
        sign_in::with_code,
        sign_in::with_password,
        sign_in::set_password,
        sign_in::sign_out,
        calls::live,
        calls::events,
        records::list,
        records::hours,
        records::one,
        recording::audio,
        recording::wave,
        site::current,
        site::history,
        site::version,
        site::undo,
        site::check,
        site::diff,
        site::apply,
        staff::agents,
        staff::queues,
        staff::wish,
        bans::bans,
        bans::lift,
        call_backs::call_backs,
        call_backs::cancel,
        sounds::sounds,
        sounds::act,
        status::status,
        about::about,
        about::bill,
        terms::terms,
        openapi,
    ),
    components(schemas(News, Problem))
)]
struct Schemas;

/// The whole document.
pub(crate) fn document() -> Document {
    let mut document = Schemas::openapi();
    let mut paths = super::open().paths();
    for more in [super::signed_in().paths(), super::site_texts().paths()] {
        paths.merge(more);
    }
    document.paths = paths;
    name_problems(&mut document);
    document
}

/// Every refusal is `application/problem+json`, which each route need not say.
fn name_problems(document: &mut Document) {
    let items = document.paths.paths.values_mut();
    let operations = items
        .flat_map(|item| [item.get.as_mut(), item.post.as_mut(), item.delete.as_mut()])
        .flatten();
    for (status, response) in operations.flat_map(|one| one.responses.responses.iter_mut()) {
        let RefOr::T(response) = response else {
            continue;
        };
        if status.starts_with(['4', '5'])
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response
                .content
                .insert("application/problem+json".to_owned(), content);
        }
    }
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", responses((status = 200, description = "OpenAPI 3.1")))]
pub(crate) async fn openapi() -> Json<Document> {
    Json(document())
}
