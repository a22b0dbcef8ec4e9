"""Has the installed Whisper pack read the prompts back as a telephone carries them. Build time only.

usage: V/bin/python models/prompts/readback.py [--packs DIR] [FILE.wav ...]

The sound goes through A-law at 8 kHz and back, then to 16 kHz, a 10 s window, greedy.
"""

from __future__ import annotations

import argparse
import json
import wave
from pathlib import Path

import numpy as np
import onnxruntime
import soxr
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
BEFORE, START = 50361, [50258, 50260, 50359, 50363]
"""<|startofprev|>; <|startoftranscript|> <|zh|> <|transcribe|> <|notimestamps|>"""
BIAS = "以下是普通话的句子。"
"""What the box has the recogniser believe was said before, so that it writes simplified Chinese."""
END, MOST = 50257, 90
WINDOW = 500
"""Encoder frames of 20 ms."""
COMPRESSION = 87.6


def a_law(sound: np.ndarray) -> np.ndarray:
    """To A-law and back, by the curve's formula in 8 bits."""
    span = 1 + np.log(COMPRESSION)
    size = np.minimum(np.abs(sound), 1)
    curve = np.where(size < 1 / COMPRESSION, COMPRESSION * size, 1 + np.log(np.maximum(COMPRESSION * size, 1))) / span
    curve = (np.floor(curve * 128) + 0.5) / 128
    back = np.where(curve < 1 / span, curve * span, np.exp(curve * span - 1)) / COMPRESSION
    return np.sign(sound) * back


def mel_filters() -> np.ndarray:
    """Whisper's 80 Slaney filters of 400-point spectra."""
    mels = np.linspace(0, 45.245640471924965, 82)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mels - 15)))
    ramps = edges[:, None] - np.fft.rfftfreq(400, 1 / 16000)
    widths = np.diff(edges)[:, None]
    triangles = np.maximum(0, np.minimum(-ramps[:-2] / widths[:-1], ramps[2:] / widths[1:]))
    return triangles * (2 / (edges[2:] - edges[:-2]))[:, None]


FILTERS = mel_filters()


def mel(sound: np.ndarray) -> np.ndarray:
    """`[1,80,2 * WINDOW]`."""
    padded = np.pad(sound, 200, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160][: 2 * WINDOW]
    power = np.abs(np.fft.rfft(frames * np.hanning(401)[:-1])) ** 2
    bands = np.log10(np.maximum(FILTERS @ power.T, 1e-10))
    return ((np.maximum(bands, bands.max() - 8) + 4) / 4)[None].astype(np.float32)


class Reader:
    """The installed pack on onnxruntime."""

    def __init__(self, pack: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.encoder, self.decoder = (
            onnxruntime.InferenceSession(pack / f"{side}.onnx", options) for side in ("encoder", "decoder")
        )
        self.words = Tokenizer.from_file(str(pack / "tokenizer.json"))
        self.prompt = [BEFORE, *self.words.encode(BIAS, add_special_tokens=False).ids, *START]
        config = json.loads((pack / "config.json").read_text())
        self.never = [*config["suppress_ids"], *range(50258, 51865)]
        self.never_first = config["suppress_ids_begin"]
        self.table = np.fromfile(pack / "embedding.f16", "<f2").reshape(-1, 512).astype(np.float32)
        positions = np.fromfile(pack / "positions.f16", "<f2").reshape(-1, 512).astype(np.float32)
        self.token_positions, self.sound_positions = positions[:448], positions[448:]

    def read(self, sound: np.ndarray) -> str:
        """What was heard in up to 10 s at 16 kHz."""
        window = np.zeros(WINDOW * 320)
        window[: len(sound)] = sound[: len(window)]
        cross = self.encoder.run(None, {"mel": mel(window), "positions": self.sound_positions[None, :WINDOW]})[0]
        past, said, tokens = np.zeros((12, 8, 0, 64), np.float32), [], self.prompt
        while len(said) < MOST:
            at, count = past.shape[2], len(tokens)
            mask = np.triu(np.full((count, at + count), -1e9, np.float32), at + 1)
            x = self.table[tokens] + self.token_positions[at : at + count]
            given = {"x": x[None], "mask": mask[None, None], "past": past, "xkv": cross}
            hidden, past = self.decoder.run(None, given)
            votes = self.table @ hidden[0, -1]
            votes[self.never] = -np.inf
            if not said:
                votes[self.never_first] = -np.inf
            best = int(votes.argmax())
            if best == END:
                break
            said.append(best)
            tokens = [best]
        return self.words.decode(said)

    def over_the_line(self, path: Path) -> str:
        """What a caller's recogniser would hear of a file at 8 kHz, 10 s at a time."""
        with wave.open(str(path)) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        sound = soxr.resample(a_law(sound), 8000, 16000)
        return " / ".join(self.read(sound[at : at + 160_000]) for at in range(0, len(sound), 160_000))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=Path, default=HERE.parents[1] / ".cache" / "packs")
    parser.add_argument("files", type=Path, nargs="*")
    options = parser.parse_args()
    reader = Reader(options.packs / "whisper-base-zh")
    for path in options.files or sorted(HERE.glob("*.wav")):
        print(f"{path.stem:12} {reader.over_the_line(path)}", flush=True)


if __name__ == "__main__":
    main()
