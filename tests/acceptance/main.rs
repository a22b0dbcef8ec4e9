//! The real binaries on loopback: one test binary, a module per capability.

mod blackbox;
mod calls;
mod delivery;
mod house;
mod page;
mod phones;
mod servers;
mod streams;
