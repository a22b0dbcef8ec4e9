//! A banned source as a person is shown it: who, why, since when and until when.

use std::net::IpAddr;

use call::BanReason;
use serde::{Deserialize, Serialize};

use crate::record::UnixMillis;

/// A source that is met with silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanView {
    /// The address; of an IPv6 source the first of its /64, all of which is banned.
    pub source: IpAddr,
    /// Why.
    pub why: BanReason,
    /// Since when.
    pub since: UnixMillis,
    /// Until when.
    pub until: UnixMillis,
    /// How often it was banned lately, this time included.
    pub times: u32,
    /// Requests of it that were ignored meanwhile.
    pub ignored: u64,
}
