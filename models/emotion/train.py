"""Trains the box's emotion classifier on EmoDB and writes emotion.onnx, card.toml and vectors.json.

usage: python models/emotion/train.py [--data ../shared/data/emodb-8k]

Prints leave-one-speaker-out figures: each of the ten speakers is judged by a model that never heard them.
Needs requirements.txt beside this file. The result is deterministic.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import soundfile
from features import COUNT, RATE, features
from onnx import TensorProto, helper, numpy_helper
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
LABELS = ["angry", "happy", "low", "neutral"]
"""angry: anger, fear, disgust (tense); low: sadness, boredom. EmoDB's letter is character 6 of the name."""
LETTERS = {"W": "angry", "A": "angry", "E": "angry", "F": "happy", "L": "low", "T": "low", "N": "neutral"}
SEEDS = 5
"""Networks averaged into one; a wider last layer says the same with less luck."""
HIDDEN = 48


def load(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, label numbers and speakers of all clips."""
    rows, labels, speakers = [], [], []
    for path in sorted(folder.glob("*.wav")):
        samples, rate = soundfile.read(path)
        if rate != RATE:
            raise SystemExit(f"error: `{path}` is at {rate} Hz\nhint: give 8 kHz clips")
        rows.append(features(samples))
        labels.append(LABELS.index(LETTERS[path.name[5]]))
        speakers.append(path.name[:2])
    if not rows:
        raise SystemExit(f"error: no clips in `{folder}`\nhint: give the folder of EmoDB at 8 kHz by --data")
    return np.array(rows), np.array(labels), np.array(speakers)


def fit(rows: np.ndarray, labels: np.ndarray) -> tuple[StandardScaler, list[MLPClassifier]]:
    """A scaler and the networks behind it. Classes are evened out by repeating the rarer ones."""
    scaler = StandardScaler().fit(rows)
    most = np.bincount(labels).max()
    even = np.concatenate([np.resize(np.flatnonzero(labels == label), most) for label in np.unique(labels)])
    scaled = scaler.transform(rows)[even]
    nets = [
        MLPClassifier((HIDDEN,), alpha=3, max_iter=300, random_state=seed).fit(scaled, labels[even]) for seed in range(SEEDS)
    ]
    return scaler, nets


def folded(scaler: StandardScaler, nets: list[MLPClassifier]) -> list[np.ndarray]:
    """One network of two layers that takes raw figures: scaler folded in, the networks' logits averaged."""
    first = np.concatenate([net.coefs_[0] for net in nets], axis=1)
    bias = np.concatenate([net.intercepts_[0] for net in nets]) - (scaler.mean_ / scaler.scale_) @ first
    second = np.concatenate([net.coefs_[1] for net in nets]) / len(nets)
    last = np.mean([net.intercepts_[1] for net in nets], axis=0)
    return [part.astype(np.float32) for part in (first / scaler.scale_[:, None], bias, second, last)]


def probabilities(parts: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """What the folded network says."""
    first, bias, second, last = (part.astype(np.float64) for part in parts)
    logits = np.maximum(rows @ first + bias, 0) @ second + last
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def judge(rows: np.ndarray, labels: np.ndarray, speakers: np.ndarray) -> dict[str, float]:
    """Leave-one-speaker-out accuracy and mean recall, and the recall of `angry` against the rest."""
    said = np.empty_like(labels)
    for seen, unseen in LeaveOneGroupOut().split(rows, labels, speakers):
        said[unseen] = probabilities(folded(*fit(rows[seen], labels[seen])), rows[unseen]).argmax(1)
    angry = labels == LABELS.index("angry")
    said_angry = said == LABELS.index("angry")
    figures = {
        "accuracy": accuracy_score(labels, said),
        "mean_recall": recall_score(labels, said, average="macro"),
        "angry_recall": said_angry[angry].mean(),
        "angry_precision": angry[said_angry].mean(),
    }
    return {name: round(float(value), 3) for name, value in figures.items()}


def export(parts: list[np.ndarray], path: Path) -> None:
    """features [1,79] -> probabilities [1,4]: Gemm, Relu, Gemm, Softmax."""
    names = ["w1", "b1", "w2", "b2"]
    nodes = [
        helper.make_node("Gemm", ["features", "w1", "b1"], ["h"], name="first"),
        helper.make_node("Relu", ["h"], ["r"], name="relu"),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["logits"], name="second"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], name="softmax", axis=-1),
    ]
    graph = helper.make_graph(
        nodes,
        "emotion",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, COUNT])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, len(LABELS)])],
        [numpy_helper.from_array(part, name) for name, part in zip(names, parts, strict=True)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="branchline")
    model.ir_version = 8
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def signals() -> dict[str, np.ndarray]:
    """Test signals made by formula, 16-bit: nobody's voice is committed."""
    t = np.arange(RATE) / RATE
    state, noise = 12_345, []
    for _ in range(RATE):
        state = (state * 1_103_515_245 + 12_345) & 0x7FFF_FFFF
        noise.append(state / 0x4000_0000 - 1)
    hum = sum(np.sin(2 * np.pi * 140 * n * (t + 0.02 * np.sin(2 * np.pi * 3 * t))) / n for n in range(1, 12))
    shapes = {
        "glide": 0.3 * np.sin(2 * np.pi * (120 * t + 90 * t**2)) * (1 + 0.8 * np.sin(2 * np.pi * 4 * t)),
        "hum in bursts": 0.15 * hum * (np.sin(2 * np.pi * 2.5 * t) > -0.2),
        "noise": 0.1 * np.array(noise),
        "hum in noise": 0.1 * hum[: RATE // 2] + 0.02 * np.array(noise)[: RATE // 2],
    }
    return {name: np.clip(np.round(shape * 32_767), -32_768, 32_767).astype(np.int16) for name, shape in shapes.items()}


def vectors(parts: list[np.ndarray]) -> list[dict]:
    """What the box's Rust must find for the test signals."""
    found = []
    for name, samples in signals().items():
        figures = features(samples / 32_768)
        says = probabilities(parts, figures[None])[0]
        found.append(
            {
                "name": name,
                "samples": samples.tolist(),
                "features": [float(f"{value:.9g}") for value in figures],
                "probabilities": [float(f"{value:.6g}") for value in says],
            }
        )
    return found


def card(figures: dict[str, float], clips: int) -> str:
    """The card as the box reads it."""
    digest = hashlib.sha256((HERE / "emotion.onnx").read_bytes()).hexdigest()
    lines = [
        "# Written by train.py; what it means is in card.md.",
        f"labels = {json.dumps(LABELS)}",
        f'sha256 = "{digest}"',
        f"clips = {clips}",
        "",
        "[leave_one_speaker_out]",
        *(f"{name} = {value}" for name, value in figures.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data" / "emodb-8k")
    options = parser.parse_args()
    rows, labels, speakers = load(options.data)
    counts = ", ".join(f"{name} {count}" for name, count in zip(LABELS, np.bincount(labels), strict=True))
    print(f"{len(rows)} clips of {len(set(speakers))} speakers: {counts}", flush=True)
    figures = judge(rows, labels, speakers)
    print("leave one speaker out:", ", ".join(f"{name} {value:.3f}" for name, value in figures.items()), flush=True)
    parts = folded(*fit(rows, labels))
    export(parts, HERE / "emotion.onnx")
    (HERE / "card.toml").write_text(card(figures, len(rows)))
    (HERE / "vectors.json").write_text(json.dumps(vectors(parts), separators=(",", ":")) + "\n")
    print(f"emotion.onnx {(HERE / 'emotion.onnx').stat().st_size} bytes, card.toml, vectors.json written")


if __name__ == "__main__":
    main()
