//! The town's tests: one behaviour each, in virtual time.

mod agents;
mod branch;
mod call_backs;
mod crowd;
mod endings;
mod flows;
mod hostile;
mod offers;
mod replay;
mod standing;
mod talks;
mod transfers;
mod trunks;
mod ways;
