//! One call: its trunk, its legs, and one cause for every ending.
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

pub mod cause;
mod deadlines;
pub mod limits;
mod trunk;

pub use cause::Cause;
pub use deadlines::Deadlines;
pub use trunk::{Login, Net, NetError, Trunk};
