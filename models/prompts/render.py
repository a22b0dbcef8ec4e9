"""Renders the prompts of prompts.toml into WAV files here: 8 kHz, 16-bit, mono, one level. Build time only.

usage: python -m venv V && V/bin/pip install -r models/prompts/requirements.txt
       V/bin/python models/prompts/render.py [--wheels DIR] [NAME ...]
  --wheels DIR  where Kokoro's wheels are kept or downloaded to (default .cache/wheels)
  NAME ...      render these only (default: all)

Writes length and SHA-256 of each file back into prompts.toml. Read them back with readback.py, and listen.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tomllib
import wave
from pathlib import Path

import numpy as np
import soxr
from voice import RATE, Voice

HERE = Path(__file__).resolve().parent
LINE_RATE = 8000
LOUDNESS, PEAK = 0.1, 0.89
"""RMS (-20 dB of full scale) and the highest sample (-1 dB)."""
QUIET, MARGIN_MS = 0.01, 30
"""Level below which the ends are cut off, and what is left before and after."""


def trimmed(sound: np.ndarray) -> np.ndarray:
    """Without the silence at both ends."""
    loud = np.flatnonzero(np.abs(sound) > QUIET)
    margin = RATE * MARGIN_MS // 1000
    return sound[max(0, loud[0] - margin) : loud[-1] + margin]


def for_the_line(sound: np.ndarray) -> np.ndarray:
    """24 kHz to 16-bit samples at 8 kHz and the common level."""
    narrow = soxr.resample(trimmed(sound), RATE, LINE_RATE)
    gain = min(LOUDNESS / np.sqrt(np.mean(narrow**2)), PEAK / np.abs(narrow).max())
    return np.round(narrow * gain * 32767).astype("<i2")


def save(samples: np.ndarray, path: Path) -> None:
    """A WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(LINE_RATE)
        file.writeframes(samples.tobytes())


def noted(text: str, name: str, length_ms: int, sha256: str) -> str:
    """prompts.toml with these two values of one prompt; all else stays as people wrote it."""
    before, mark, after = text.partition(f'name = "{name}"\n')
    entry, gap, rest = after.partition("\n[[prompt]]")
    entry = re.sub(r"(length_ms|sha256) = .*\n?", "", entry).rstrip("\n")
    return f'{before}{mark}{entry}\nlength_ms = {length_ms}\nsha256 = "{sha256}"\n{gap}{rest}'


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, default=HERE.parents[1] / ".cache" / "wheels")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    listing = HERE / "prompts.toml"
    prompts = tomllib.loads(listing.read_text())["prompt"]
    chosen = [prompt for prompt in prompts if prompt["name"] in options.names or not options.names]
    voice = Voice(options.wheels)
    for number, prompt in enumerate(chosen, 1):
        samples = for_the_line(voice.say(prompt["zh"], prompt["voice"], prompt["speed"]))
        path = HERE / f"{prompt['name']}.wav"
        save(samples, path)
        length_ms = len(samples) * 1000 // LINE_RATE
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        listing.write_text(noted(listing.read_text(), prompt["name"], length_ms, sha256))
        print(f"[{number}/{len(chosen)}] {path.name} {length_ms} ms", flush=True)


if __name__ == "__main__":
    main()
