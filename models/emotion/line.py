"""What a telephone line does to a clip: band, A-law, noise. Training hears the clips this way too."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfilt

LEVEL = 0.1
"""Level at which a clip enters the line, RMS of full scale 1 (-20 dB)."""
NOISE_DB = 20.0
"""How far the noise lies below the voice."""
COMPRESSION = 87.6
"""A of A-law."""


def levelled(sound: np.ndarray) -> np.ndarray:
    """The clip at `LEVEL`."""
    return sound * (LEVEL / (np.sqrt(np.mean(sound**2)) + 1e-9))


def a_law(sound: np.ndarray) -> np.ndarray:
    """To A-law and back, by the curve's formula in 8 bits."""
    span = 1 + np.log(COMPRESSION)
    size = np.minimum(np.abs(sound), 1)
    low = size < 1 / COMPRESSION
    curve = np.where(low, COMPRESSION * size, 1 + np.log(np.maximum(COMPRESSION * size, 1))) / span
    curve = (np.floor(curve * 128) + 0.5) / 128
    back = np.where(curve < 1 / span, curve * span, np.exp(curve * span - 1)) / COMPRESSION
    return np.sign(sound) * back


def telephone(sound: np.ndarray) -> np.ndarray:
    """300-3400 Hz, then A-law."""
    band = butter(2, [300, 3400], "band", fs=8000, output="sos")
    return a_law(sosfilt(band, levelled(sound)))


def noisy(sound: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """White noise at `NOISE_DB` below the voice, then A-law."""
    noise = random.standard_normal(len(sound)) * LEVEL * 10 ** (-NOISE_DB / 20)
    return a_law(levelled(sound) + noise)
