//! The box's page and API: HTTPS, sign-in, live events, records, recordings, the site's text.
//!
//! Driven by gateway, which calls [`serve`] once and gives it every way in and out ([`Doors`]). It
//! reads the store and asks the one owner of the calls to put a site in force; it never touches
//! calls, media or the link itself. `web-ui/openapi.json` is made from the routes here.

mod api;
mod app;
mod audio;
mod diff;
mod doors;
mod gate;
mod limits;
mod live;
mod pages;
mod problem;
#[cfg(test)]
mod rig;
mod router;
mod serve;
#[cfg(test)]
mod serve_tests;
mod sign_in;
mod tls;
mod wire;

pub use doors::{
    AgentWish, BlackBoxState, Doors, Image, LinkView, SiteRequest, SiteWish, SoundWish, WebConfig,
};
pub use serve::{Served, WebError, serve};
pub use sign_in::make_claim_code;
pub use wire::sounds::{CardLine, SoundAct, SoundLine};
