//! The real binaries on loopback: one test binary, a module per capability.

mod blackbox;
mod calls;
mod delivery;
mod front;
mod house;
mod interop;
mod local_audio;
mod nat;
mod page;
mod phones;
mod restart;
mod scanners;
mod servers;
mod streams;
