"""Seventy-nine prosodic and spectral figures of one phrase at 8 kHz, for the emotion classifier.

The box computes the same figures in Rust (`appliance/edge/speech`); `vectors.json` proves that both agree.
Percentiles interpolate linearly between ranks; standard deviations are those of the population.
"""

from __future__ import annotations

import numpy as np

RATE = 8_000
FRAME, HOP = 256, 80
"""32 ms frames every 10 ms, Hamming window."""
BANDS, CEPSTRA = 26, 13
LOW, HIGH = 200.0, 3_500.0
"""The telephone's band, Hz."""
SHORTEST_LAG, LONGEST_LAG = 20, 129
"""Pitch lags in samples: 400 down to 62 Hz."""
FFT_FOR_PITCH = 1_024
VOICED = 0.45
COUNT = 79


def mel_filters() -> np.ndarray:
    """HTK-mel triangles over the power spectrum, [26, 129]."""
    to_mel = lambda hz: 2595 * np.log10(1 + hz / 700)  # noqa: E731
    edges = 700 * (10 ** (np.linspace(to_mel(LOW), to_mel(HIGH), BANDS + 2) / 2595) - 1)
    bins = np.arange(FRAME // 2 + 1) * RATE / FRAME
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))


FILTERS = mel_filters()
COSINES = np.cos(np.pi / BANDS * (np.arange(BANDS)[:, None] + 0.5) * np.arange(CEPSTRA))
WINDOW = np.hamming(FRAME)


def frames_of(samples: np.ndarray) -> np.ndarray:
    """The phrase scaled to RMS 0.1 and cut into overlapping frames."""
    scaled = samples / (np.sqrt(np.mean(samples**2)) + 1e-6) * 0.1
    return np.lib.stride_tricks.sliding_window_view(scaled, FRAME)[::HOP]


def pitch(frames: np.ndarray, energy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per frame: ln f0, strength of the periodicity, and whether it is voiced."""
    spectrum = np.abs(np.fft.rfft(frames * WINDOW, FFT_FOR_PITCH)) ** 2
    correlation = np.fft.irfft(spectrum)[:, :LONGEST_LAG]
    correlation = correlation / (correlation[:, :1] + 1e-9)
    lags = SHORTEST_LAG + correlation[:, SHORTEST_LAG:].argmax(1)
    strength = correlation[np.arange(len(frames)), lags]
    voiced = (strength > VOICED) & (energy > np.percentile(energy, 30))
    return np.log(RATE / lags), strength, voiced


def functionals(values: np.ndarray) -> np.ndarray:
    """Mean, deviation, 10th and 90th percentile of each column, one kind after the other."""
    return np.concatenate([values.mean(0), values.std(0), *np.percentile(values, [10, 90], axis=0)])


def features(samples: np.ndarray) -> np.ndarray:
    """The 79 figures of a phrase of at least one frame, samples in -1..1."""
    frames = frames_of(samples.astype(np.float64))
    power = np.abs(np.fft.rfft(frames * WINDOW)) ** 2
    bands = np.log(power @ FILTERS.T + 1e-6)
    energy = np.log(frames.var(1) + 1e-8)
    cepstra = bands @ COSINES
    # Central differences, one-sided at both ends.
    delta = np.gradient(cepstra, axis=0) if len(cepstra) > 1 else np.zeros_like(cepstra)
    active = energy > np.percentile(energy, 20)
    if not active.any():
        active[:] = True
    log_f0, strength, voiced = pitch(frames, energy)
    tune = log_f0[voiced] if voiced.sum() > 5 else np.array([5.0])
    moves = np.abs(np.diff(tune)) if len(tune) > 1 else np.array([0.0])
    rises = np.abs(np.diff(energy)) if len(energy) > 1 else np.array([0.0])
    onsets = (np.diff(voiced.astype(int)) == 1).sum()
    prosody = [
        tune.mean(),
        tune.std(),
        *np.percentile(tune, [10, 90]),
        np.ptp(tune),
        moves.mean(),
        voiced.mean(),
        energy.std(),
        np.ptp(energy),
        rises.mean(),
        strength.mean(),
        strength.std(),
        onsets / (len(frames) * HOP / RATE),
        bands[active][:, 16:].mean() - bands[active][:, :8].mean(),
    ]
    return np.concatenate([functionals(cepstra[active]), delta[active].std(0), prosody])
