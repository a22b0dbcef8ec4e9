//! Flows: what the caller hears, presses and says, and where that leads.
//!
//! XML (schema/ivr.md) -> [`Flow`], held by [`crate::site::Site`]; [`check`] names the faults of
//! one text; [`Run`] walks one call through under virtual time. Nothing here plays or routes.

mod grammar;
mod hanzi;
mod model;
mod run;
mod words;

pub use model::{Flow, Step, Target};
pub use run::{FlowAct, FlowInput, Reason, Run};
