//! What sound cards count, under Prometheus' names.

use std::fmt::Error;

use audio::Status;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::pool::Standings;

/// Writes the figures of all cards; nothing where the site has none.
pub(crate) fn encode_sounds(
    standings: &Standings,
    to: &mut DescriptorEncoder<'_>,
) -> Result<(), Error> {
    if standings.is_empty() {
        return Ok(());
    }
    let present = |card: &Status| ConstGauge::new(f64::from(u8::from(card.is_open())));
    let drift = |card: &Status| ConstGauge::new(f64::from(card.drift_ppm));
    let help = "Sound cards that are there (1) or absent (0)";
    family(standings, to, ("audio_card_present", help), present)?;
    let help = "How much faster a sound card's clock runs than ours, millionths";
    family(standings, to, ("audio_drift_ppm", help), drift)?;
    let count = |count: u64| ConstCounter::new(count);
    let help = "Times a sound card ran out of samples";
    family(standings, to, ("audio_underruns", help), |card| {
        count(card.underruns)
    })?;
    let help = "Times a sound card had more samples than could be taken";
    family(standings, to, ("audio_overruns", help), |card| {
        count(card.overruns)
    })?;
    let help = "Times a sound card was opened";
    family(standings, to, ("audio_opened", help), |card| {
        count(card.opened)
    })
}

/// One figure of every card.
fn family<M: EncodeMetric>(
    standings: &Standings,
    to: &mut DescriptorEncoder<'_>,
    (name, help): (&str, &str),
    figure: impl Fn(&Status) -> M,
) -> Result<(), Error> {
    let kind = figure(&Status::default()).metric_type();
    let mut family = to.encode_descriptor(name, help, None, kind)?;
    for (device, standing) in standings {
        let cards = [
            ("playback", &standing.playback),
            ("capture", &standing.capture),
        ];
        for (way, card) in cards {
            if let Some(card) = card {
                let labels = [("device", device.as_str()), ("way", way)];
                figure(card).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    Ok(())
}
