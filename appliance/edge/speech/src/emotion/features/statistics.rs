//! numpy's conventions for a few statistics. Private to `features`. All are 0 of nothing.

pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value;
        count += 1;
    }
    if count == 0 { 0.0 } else { sum / count as f64 }
}

/// Standard deviation of the population.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - centre).powi(2))).sqrt()
}

/// Linear interpolation between ranks; `percent` 0..=100.
pub(super) fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = percent / 100.0 * sorted.len().saturating_sub(1) as f64;
    let at = |n: usize| {
        sorted
            .get(n)
            .or_else(|| sorted.last())
            .copied()
            .unwrap_or(0.0)
    };
    let (below, above) = (at(place as usize), at(place as usize + 1));
    below + (above - below) * place.fract()
}

/// Largest minus smallest.
pub(super) fn range(values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    if values.is_empty() { 0.0 } else { most - least }
}

/// Sizes of the steps from each value to the next.
pub(super) fn steps(values: &[f64]) -> impl Iterator<Item = f64> + '_ {
    values
        .iter()
        .zip(values.iter().skip(1))
        .map(|(a, b)| (b - a).abs())
}
