//! The switchboard as its owner sees it, against peers that are real SIP endpoints.
#![allow(clippy::disallowed_methods)]

mod devices;
mod dialling;
mod phone;
mod world;
