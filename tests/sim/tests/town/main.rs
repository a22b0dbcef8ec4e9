//! The town's tests: one behaviour each, in virtual time.

mod crowd;
mod endings;
mod flows;
mod hostile;
mod offers;
mod replay;
mod trunks;
