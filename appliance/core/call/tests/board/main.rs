//! The switchboard as its owner sees it, against peers that are real SIP endpoints.
#![allow(clippy::disallowed_methods)]

mod bridging;
mod devices;
mod dialling;
mod drive;
mod early;
mod holding;
mod identity;
mod keys;
mod manner;
mod overload;
mod phone;
mod protection;
mod reasons;
mod transfers;
mod trunks;
mod world;
