//! Who is answered, by what, and what is remembered.
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

pub mod event;
pub mod flow;
pub mod record;
pub mod site;
