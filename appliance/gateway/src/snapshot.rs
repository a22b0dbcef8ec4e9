//! The figures of one moment, refreshed each second by the control task, read by `/metrics`.

use crate::blackbox::Figures;
use crate::media_plane::PlaneStats;
use crate::transport::StreamsStats;

/// Plain counters of the core and the media plane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// What the owner of all calls counted.
    pub(crate) centre: centre::Stats,
    /// Sources that are met with silence.
    pub(crate) bans: Vec<centre::BanView>,
    /// What the media threads counted.
    pub(crate) media: PlaneStats,
    /// What SIP over TCP and TLS counted.
    pub(crate) streams: StreamsStats,
    /// How the black box fares.
    pub(crate) black_box: Figures,
}
