//! The API: its routes and its OpenAPI document, which are one list.
//!
//! A handler carries `#[utoipa::path]`; [`Routes::with`] mounts it at the path and method written
//! there, so nothing under /api can be served and undocumented. The document is checked in at
//! `web-ui/openapi.json`; a test says when it is stale.

mod about;
#[cfg(test)]
mod about_tests;
mod bans;
#[cfg(test)]
mod bans_tests;
mod call_backs;
#[cfg(test)]
mod call_backs_tests;
mod calls;
mod document;
mod recording;
mod records;
mod routes;
mod sign_in;
mod site;
#[cfg(test)]
mod site_tests;
mod sounds;
#[cfg(test)]
mod sounds_tests;
mod staff;
#[cfg(test)]
mod staff_tests;
mod status;
mod taken;
mod terms;
#[cfg(test)]
mod tests;

use routes::Routes;

/// Routes for everybody: they look at the session themselves.
pub(crate) fn open() -> Routes {
    Routes::default()
        .with::<sign_in::__path_session, _, _>(sign_in::session)
        .with::<sign_in::__path_with_code, _, _>(sign_in::with_code)
        .with::<sign_in::__path_with_password, _, _>(sign_in::with_password)
        .with::<sign_in::__path_set_password, _, _>(sign_in::set_password)
        .with::<sign_in::__path_sign_out, _, _>(sign_in::sign_out)
}

/// Routes for whoever is signed in.
pub(crate) fn signed_in() -> Routes {
    Routes::default()
        .with::<calls::__path_live, _, _>(calls::live)
        .with::<calls::__path_events, _, _>(calls::events)
        .with::<records::__path_list, _, _>(records::list)
        .with::<records::__path_hours, _, _>(records::hours)
        .with::<records::__path_one, _, _>(records::one)
        .with::<recording::__path_audio, _, _>(recording::audio)
        .with::<recording::__path_wave, _, _>(recording::wave)
        .with::<site::__path_current, _, _>(site::current)
        .with::<site::__path_history, _, _>(site::history)
        .with::<site::__path_version, _, _>(site::version)
        .with::<site::__path_undo, _, _>(site::undo)
        .with::<staff::__path_agents, _, _>(staff::agents)
        .with::<staff::__path_queues, _, _>(staff::queues)
        .with::<staff::__path_wish, _, _>(staff::wish)
        .with::<bans::__path_bans, _, _>(bans::bans)
        .with::<bans::__path_lift, _, _>(bans::lift)
        .with::<call_backs::__path_call_backs, _, _>(call_backs::call_backs)
        .with::<call_backs::__path_cancel, _, _>(call_backs::cancel)
        .with::<sounds::__path_sounds, _, _>(sounds::sounds)
        .with::<sounds::__path_act, _, _>(sounds::act)
        .with::<status::__path_status, _, _>(status::status)
        .with::<about::__path_about, _, _>(about::about)
        .with::<about::__path_bill, _, _>(about::bill)
        .with::<terms::__path_terms, _, _>(terms::terms)
        .with::<document::__path_openapi, _, _>(document::openapi)
}

/// Routes for whoever is signed in that take a whole site text.
pub(crate) fn site_texts() -> Routes {
    Routes::default()
        .with::<site::__path_check, _, _>(site::check)
        .with::<site::__path_diff, _, _>(site::diff)
        .with::<site::__path_apply, _, _>(site::apply)
}
