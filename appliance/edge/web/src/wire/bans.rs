//! Banned sources as the page shows them.

use centre::{BanReason, BanView};
use serde::Serialize;
use utoipa::ToSchema;

use super::calls::UnixMillis;

/// A source that is met with silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BanLine {
    /// The IP address; of an IPv6 source the first of its /64, all of which is banned.
    pub(crate) address: String,
    pub(crate) why: BanReasonView,
    pub(crate) since: UnixMillis,
    pub(crate) until: UnixMillis,
    /// How often it was banned lately, this time included; each time is twice as long.
    pub(crate) times: u32,
    /// Requests of it that were ignored meanwhile.
    pub(crate) ignored: u64,
}

/// What a source did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BanReasonView {
    /// It calls itself by the name of a known scanner.
    Scanner,
    /// It showed wrong credentials again and again.
    Guessing,
    /// It went on asking without ever showing credentials.
    Probing,
}

impl From<&BanView> for BanLine {
    fn from(ban: &BanView) -> Self {
        Self {
            address: ban.source.to_string(),
            why: match ban.why {
                BanReason::Scanner => BanReasonView::Scanner,
                BanReason::Guessing => BanReasonView::Guessing,
                BanReason::Probing => BanReasonView::Probing,
            },
            since: ban.since,
            until: ban.until,
            times: ban.times,
            ignored: ban.ignored,
        }
    }
}
