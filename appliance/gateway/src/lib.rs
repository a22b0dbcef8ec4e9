//! The box's binary as a library: sockets, media threads, wiring; `main` only dispatches.
//!
//! Nothing here decides anything about a call: it carries what `centre` says to the world and back.

mod agent_door;
mod ban_door;
pub mod blackbox;
pub mod boot;
pub mod boot_slot;
mod call_back_door;
pub mod caller;
pub mod cli;
mod control;
mod draft;
mod first_site;
pub mod flow_check;
pub mod health;
mod host_address;
mod image;
mod keeper;
pub mod label;
pub mod local_audio;
mod masking;
pub mod media_plane;
mod metrics;
mod prompts;
pub mod recorder;
pub mod reset;
mod resolver;
pub mod run;
pub mod seal;
mod self_test;
mod site_door;
mod snapshot;
mod speech_pool;
mod standing;
mod supervisor;
pub mod transport;
pub mod update;

use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock, milliseconds since 1970 UTC; 0 on a machine that lives before.
fn unix_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Fresh randomness of the system, for identities and nonces.
fn seed() -> anyhow::Result<[u8; 32]> {
    let mut seed = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random
        .fill(&mut seed)
        .map_err(|_| anyhow::anyhow!("the system gives no randomness"))?;
    Ok(seed)
}
