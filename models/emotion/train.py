"""Trains the emotion pack on EmoDB and writes emotion.onnx, card.toml, card.md and vectors.json here.

usage: python -m venv V && V/bin/pip install -r models/emotion/requirements.txt
       V/bin/python models/emotion/train.py [--data DIR] [--check]
  --data DIR  the 535 clips at 8 kHz, named as EmoDB names them (default ../shared/data/emodb-8k)
  --check     only print the figures, write nothing

Figures come from speakers that the network never heard: each of the ten is held out once.
"""

from __future__ import annotations

import argparse
import os
import sys
import wave
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread: the same sums in the same order

import card
import numpy as np
import vectors
from features import FEATURES, features
from line import noisy, telephone
from network import Network, export, fit

HERE = Path(__file__).resolve().parent
LABELS = {"W": "angry", "F": "happy", "N": "neutral", "L": "neutral", "T": "sad"}
"""EmoDB's letter to our label: boredom is spoken flat, which a branch would call neutral."""
LEFT_OUT = {"A": "fear", "E": "disgust"}
"""Not trained on, but judged all the same: a caller may sound so."""
LINES = ("clean", "telephone", "noisy")


@dataclass(frozen=True)
class Clips:
    """Every clip as heard over each line: `rows[line, clip, feature]`."""

    rows: np.ndarray
    letters: np.ndarray
    speakers: np.ndarray

    def pick(self, chosen: np.ndarray) -> Clips:
        """Some of the clips."""
        return Clips(self.rows[:, chosen], self.letters[chosen], self.speakers[chosen])

    def labels(self) -> np.ndarray:
        """Our labels, all clips being of emotions that have one."""
        return np.array([LABELS[letter] for letter in self.letters])

    def fit(self) -> Network:
        """A network trained on these clips over all lines."""
        return fit(self.rows.reshape(-1, FEATURES), np.tile(self.labels(), len(LINES)))


def read(path: Path) -> np.ndarray:
    """One clip, -1 to 1."""
    with wave.open(str(path)) as clip:
        if (clip.getframerate(), clip.getsampwidth(), clip.getnchannels()) != (8000, 2, 1):
            raise SystemExit(f"error: `{path}` is not 16-bit mono at 8 kHz\nhint: resample the clips first")
        return np.frombuffer(clip.readframes(clip.getnframes()), "<i2") / 32768


def load(folder: Path) -> Clips:
    """All clips of EmoDB: characters 1-2 of a name are the speaker, character 6 the emotion."""
    random = np.random.default_rng(0)
    paths = sorted(folder.glob("*.wav"))
    if not paths:
        raise SystemExit(f"error: no clips in `{folder}`\nhint: name the folder of EmoDB at 8 kHz with --data DIR")
    rows = []
    for path in paths:
        sound = read(path)
        rows.append([features(heard) for heard in (sound, telephone(sound), noisy(sound, random))])
    letters, speakers = (np.array([path.name[part] for path in paths]) for part in (slice(5, 6), slice(0, 2)))
    return Clips(np.array(rows).swapaxes(0, 1), letters, speakers)


def held_out(clips: Clips) -> tuple[np.ndarray, np.ndarray]:
    """For each line and clip the label and its share, said by a network that never heard the speaker."""
    names = np.array(sorted(set(LABELS.values())))
    said = np.empty((len(LINES), len(clips.letters)), names.dtype)
    share = np.empty(said.shape)
    known = np.isin(clips.letters, list(LABELS))
    for speaker in np.unique(clips.speakers):
        network = clips.pick(known & (clips.speakers != speaker)).fit()
        mine = clips.speakers == speaker
        for line in range(len(LINES)):
            shares = network.probabilities(clips.rows[line, mine])
            said[line, mine], share[line, mine] = names[shares.argmax(axis=1)], shares.max(axis=1)
        print(f"speaker {speaker} held out", flush=True)
    return said, share


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parents[1] / "../shared/data/emodb-8k")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    clips = load(options.data)
    print(f"{len(clips.letters)} clips of {len(set(clips.speakers))} speakers", flush=True)
    said, share = held_out(clips)
    truth = np.array([LABELS.get(letter, LEFT_OUT.get(letter)) for letter in clips.letters])
    figures = card.measure(truth, said, share, LINES, sorted(set(LABELS.values())))
    print(card.table(figures))
    if options.check:
        return 0
    network = clips.pick(np.isin(clips.letters, list(LABELS))).fit()
    export(network, HERE / "emotion.onnx")
    card.write(figures, HERE)
    vectors.write(network, figures["labels"], HERE / "vectors.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
