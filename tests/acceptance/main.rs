//! The real binaries on loopback: one test binary, a module per capability.

mod house;
mod servers;
