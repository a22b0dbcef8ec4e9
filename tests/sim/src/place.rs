//! The lie of the town: how it is built, where everybody lives, what its box is told.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use centre::record::{Emotion, Utterance};
use centre::site::Site;

use crate::weather::Weather;

/// How a town is built.
#[derive(Clone, Debug)]
pub struct TownConfig {
    /// One seed, one history.
    pub seed: u64,
    /// The network.
    pub weather: Weather,
    /// RTP ports of the box.
    pub ports: Vec<u16>,
    /// Text of its site.
    pub site: String,
    /// Whether its box writes a black box.
    pub black_box: bool,
    /// Whether its box has a twin that is born anew again and again.
    pub twin: bool,
}

impl TownConfig {
    /// A calm town of `seed` with 20 ports and the town's own site.
    pub fn new(seed: u64) -> Self {
        let ports = (0..20).map(|n| 30_000 + 2 * n).collect();
        Self {
            seed,
            weather: Weather::CALM,
            ports,
            site: SITE.into(),
            black_box: false,
            twin: false,
        }
    }

    /// A calm town with people in it, and ports for them.
    pub fn branch(seed: u64) -> Self {
        Self {
            ports: (0..120).map(|n| 30_000 + 2 * n).collect(),
            site: BRANCH.into(),
            ..Self::new(seed)
        }
    }

    /// The same with a black box that writes.
    #[must_use]
    pub fn black_box(self) -> Self {
        Self {
            black_box: true,
            ..self
        }
    }

    /// The same with a twin beside its box.
    #[must_use]
    pub fn twin(self) -> Self {
        Self { twin: true, ..self }
    }

    /// The same in this weather.
    #[must_use]
    pub fn weather(self, weather: Weather) -> Self {
        Self { weather, ..self }
    }
}

/// Where the box is.
pub(crate) fn box_address() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060)
}

/// The address of phone `n`; all phones are the carrier's.
pub fn phone_address(n: u16) -> SocketAddr {
    let [high, low] = n.to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 1, high, low)), 5060)
}

/// The address of desk phone `n`, on the branch's own network.
pub fn desk_address(n: u16) -> SocketAddr {
    let [high, low] = n.to_be_bytes();
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 2, high, low)), 5060)
}

/// The address of carrier `n`.
pub fn carrier_address(n: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 9, 0, n)), 5060)
}

/// A checked site.
///
/// # Panics
/// When the text has a fault.
pub fn site(text: &str) -> Arc<Site> {
    let prompts = [
        "welcome",
        "wait",
        "bye",
        "sales",
        "hold",
        "sorry",
        "signed_in",
        "offer",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    match Site::load(text, &prompts) {
        Ok(site) => Arc::new(site),
        Err(faults) => panic!(
            "{}",
            faults.iter().map(|f| format!("{f}\n")).collect::<String>()
        ),
    }
}

/// A phrase as speech hands it on.
pub(crate) fn utterance(words: &str) -> Utterance {
    Utterance {
        at_ms: 1_000,
        length_ms: 900,
        words: words.into(),
        dialect: "zh".into(),
        confidence: 0.9,
        emotion: Some(Emotion {
            label: "neutral".into(),
            score: 0.6,
        }),
    }
}

/// The site of a branch with people in it.
pub const BRANCH: &str = include_str!("branch.toml");
/// The town's own site.
pub(crate) const SITE: &str = include_str!("site.toml");
