//! Recordings as browsers want them: opened safely, cut by `Range`, G.711 turned to 16-bit PCM.
//!
//! Driven by `api::recording`. The file may still be growing: its length is taken once, at opening,
//! and nothing beyond it is promised. Never follows a name out of the recordings folder.

mod body;
mod g711;
mod range;
mod shelf;
#[cfg(test)]
mod tests;
mod wav;
mod wave;

pub(crate) use body::{Form, body};
pub(crate) use range::{Cut, cut};
pub(crate) use shelf::{Audio, NoAudio, open};
pub(crate) use wave::wave;
