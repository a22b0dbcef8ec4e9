//! Endpoints under virtual time: every timer, every race, digest, a lossy network.
#![expect(
    clippy::disallowed_methods,
    reason = "a test needs one origin instant; from there time is an argument"
)]

mod called;
mod calling;
mod digest;
mod early;
mod limits;
mod network;
mod registering;
mod reliable;
mod requests;
mod world;
