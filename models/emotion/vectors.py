"""Test vectors: signals made by formula (no one's voice), their 79 features and probabilities."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from features import RATE, features
from network import Network


def noise(count: int, seed: int) -> np.ndarray:
    """-1 to 1 from the linear congruence of Numerical Recipes."""
    values = np.empty(count)
    for index in range(count):
        seed = (seed * 1664525 + 1013904223) % 2**32
        values[index] = seed / 2**31 - 1
    return values


def voice(count: int, start: float, end: float, loud: float, hiss: float, seed: int) -> np.ndarray:
    """Syllables: ten harmonics gliding from `start` to `end` hertz, with pauses, over noise."""
    time = np.arange(count) / RATE
    phase = 2 * np.pi * (start * time + (end - start) * time**2 / (2 * time[-1]))
    buzz = sum(np.sin(k * phase) / k for k in range(1, 11))
    syllables = np.maximum(0, np.sin(2 * np.pi * 3.3 * time)) ** 0.5
    return loud * buzz * syllables + hiss * noise(count, seed)


def signals() -> dict[str, np.ndarray]:
    """By name, 16-bit."""
    sounds = {
        "rising voice": voice(7200, 120, 220, 0.25, 0.004, 1),
        "high falling voice in noise": voice(6400, 330, 180, 0.3, 0.03, 2),
        "low quiet voice": voice(8000, 90, 80, 0.02, 0.0005, 3),
        "noise alone": 0.1 * noise(2400, 4),
    }
    return {name: np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16) for name, sound in sounds.items()}


def write(network: Network, labels: list[str], path: Path) -> None:
    """Samples are divided by 32768 before use."""
    made = []
    for name, samples in signals().items():
        numbers = features(samples / 32768)
        made.append(
            {
                "name": name,
                "samples": samples.tolist(),
                "features": [float(f"{value:.9g}") for value in numbers],
                "probabilities": [float(f"{value:.6g}") for value in network.probabilities(numbers[None])[0]],
            }
        )
    text = json.dumps({"rate": RATE, "labels": labels, "vectors": made}, separators=(",", ":"))
    path.write_text(text.replace('{"name"', '\n{"name"') + "\n")
