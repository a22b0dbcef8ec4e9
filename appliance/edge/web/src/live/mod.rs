//! Live events on their way from the box to the browsers: numbered, kept a while, never blocking.

mod board;
mod stream;
#[cfg(test)]
mod tests;

pub(crate) use board::{Board, News};
pub(crate) use stream::{Watcher, follow};
