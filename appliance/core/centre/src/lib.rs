//! Who is answered, by what, and what is remembered.
//!
//! [`Centre`] holds all calls and is driven by the shell; [`site`] is what a customer configures,
//! [`flow`] what a caller is led through, [`record`] what is remembered, [`event`] what is shown.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod ban_view;
pub mod blackbox;
mod call_id;
mod centre;
mod clock;
pub mod event;
pub mod flow;
mod input;
mod ledger;
pub mod limits;
mod queue;
pub mod record;
mod report;
mod shield;
pub mod site;

pub use ban_view::BanView;
pub use call::{
    BanReason, Cause, LegId, Local, Peer, StreamCommand, StreamEvent, StreamId, StreamStats,
    Transport,
};
pub use call_id::CallId;
pub use centre::{
    CallBackView, Centre, CentreConfig, Reason, Standing, StandingError, Stats, Why, house_password,
};
pub use input::{AgentAct, Input, Output};
pub use queue::{AgentState, AgentView, PauseWhy, QueueView};
pub use report::recording_file;
pub use shield::{Refusal, RefusalWhy};
