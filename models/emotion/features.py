"""How a phrase sounded, as 79 numbers: the same ones that `speech` computes in Rust.

Input is mono sound at 8 kHz, -1 to 1. Loudness is taken out first, so that the line's level says
nothing. `vectors.json` holds signals with their numbers; both sides are tested against it.

order: MFCC mean, standard deviation, 10th and 90th percentile over active frames (4 x 13);
standard deviation of the MFCCs' slope over active frames (13); prosody (14, see `prosody`).
Standard deviations divide by n; percentiles interpolate linearly between ranks.
"""

from __future__ import annotations

import numpy as np

RATE = 8000
"""Samples a second."""
FRAME, HOP, PITCH_FFT = 256, 80, 1024
"""Samples of a frame (32 ms), of a step (10 ms), points of the pitch transform."""
BANDS, CEPSTRA = 26, 13
LOWEST, HIGHEST = 200.0, 3500.0
"""Edges of the mel bands, hertz."""
LAGS = (20, 129)
"""Lags of the pitch search, first and one past the last: 400 to 62.5 Hz."""
VOICED = 0.45
"""The least autocorrelation peak of a voiced frame."""
FEATURES = 79
SHORTEST = 2000
"""Fewer samples (0.25 s) are not judged."""


def mel_bands() -> np.ndarray:
    """Triangles on HTK's mel scale, `[BANDS, FRAME / 2 + 1]`, not normalised."""
    to_mel = lambda hertz: 2595 * np.log10(1 + hertz / 700)
    edges = 700 * (10 ** (np.linspace(to_mel(LOWEST), to_mel(HIGHEST), BANDS + 2) / 2595) - 1)
    hertz = np.arange(FRAME // 2 + 1) * RATE / FRAME
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))


WINDOW = np.hamming(FRAME)
MEL = mel_bands()
DCT = np.cos(np.pi / BANDS * (np.arange(BANDS)[:, None] + 0.5) * np.arange(CEPSTRA))


def features(sound: np.ndarray) -> np.ndarray | None:
    """The 79 numbers of one phrase; `None` when it is too short to judge."""
    if len(sound) < SHORTEST:
        return None
    sound = np.asarray(sound, np.float64)
    sound = sound / (np.sqrt(np.mean(sound**2)) + 1e-6) * 0.1
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    energy = np.log(frames.var(axis=1) + 1e-8)
    windowed = frames * WINDOW
    bands = np.log(np.abs(np.fft.rfft(windowed)) ** 2 @ MEL.T + 1e-6)
    cepstra = bands @ DCT
    slope = np.gradient(cepstra, axis=0)  # half the distance of the neighbours; at the ends, of one step
    active = energy > np.percentile(energy, 20)
    if not active.any():  # a steady signal has no quiet fifth
        active[:] = True
    spread = [cepstra[active].mean(0), cepstra[active].std(0), *np.percentile(cepstra[active], [10, 90], axis=0)]
    return np.concatenate([*spread, slope[active].std(0), prosody(windowed, energy, bands[active])])


def pitch(windowed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each frame the logarithm of the pitch in hertz, and how clear it is (0 to 1)."""
    correlation = np.fft.irfft(np.abs(np.fft.rfft(windowed, PITCH_FFT)) ** 2)[:, : LAGS[1]]
    correlation = correlation / (correlation[:, :1] + 1e-9)
    lag = LAGS[0] + correlation[:, LAGS[0] :].argmax(axis=1)
    return np.log(RATE / lag), correlation[np.arange(len(lag)), lag]


def prosody(windowed: np.ndarray, energy: np.ndarray, active_bands: np.ndarray) -> np.ndarray:
    """Pitch over voiced frames: mean, standard deviation, 10th, 90th percentile, range, mean step;
    share of voiced frames; energy: standard deviation, range, mean step; clearness: mean, standard
    deviation; voiced onsets a second; mean of bands 16-25 less mean of bands 0-7."""
    height, clear = pitch(windowed)
    voiced = (clear > VOICED) & (energy > np.percentile(energy, 30))
    p = height[voiced] if voiced.sum() > 5 else np.array([5.0])
    onsets = np.count_nonzero(np.diff(voiced.astype(int)) == 1)
    return np.array(
        [
            p.mean(),
            p.std(),
            *np.percentile(p, [10, 90]),
            np.ptp(p),
            np.abs(np.diff(p)).mean() if len(p) > 1 else 0.0,
            voiced.mean(),
            energy.std(),
            np.ptp(energy),
            np.abs(np.diff(energy)).mean(),
            clear.mean(),
            clear.std(),
            onsets / (len(energy) * HOP / RATE),
            active_bands[:, 16:].mean() - active_bands[:, :8].mean(),
        ]
    )
