//! Carries the outbox to central and acks back, over MQTT 5.
//!
//! `gateway` runs [`run`] as one task; it drives `sync::Uplink` with the store on one side and a
//! broker on the other. Each connection is a fresh MQTT client: what was under way is known by the
//! uplink and stands in the outbox, so the client's own memory is never trusted.
//! Never here: a decision what to send, a row deleted without central's ack.

mod backoff;
mod config;
mod driver;
mod session;
mod status;

pub use config::{LinkConfig, LinkError, Tls};
pub use driver::run;
pub use status::LinkStatus;
