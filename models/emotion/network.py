"""The classifier: a few small networks whose votes are added, written as one Gemm-Relu-Gemm.

Networks that share their input are one wider network: hidden layers side by side, output weights
divided by their number. The scaling of the features is folded into the first layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

VOTERS, HIDDEN, DECAY, ROUNDS = 4, 24, 3.0, 300
"""Networks, neurons of each, weight decay, most rounds: set once, not tuned on the held-out speakers."""


@dataclass(frozen=True)
class Network:
    """`softmax(relu(x @ first + first_bias) @ second + second_bias)`, float32."""

    first: np.ndarray
    first_bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """One row of probabilities for each row of features."""
        hidden = np.maximum(rows.astype(np.float32) @ self.first + self.first_bias, 0)
        votes = hidden @ self.second + self.second_bias
        votes = np.exp(votes - votes.max(axis=1, keepdims=True))
        return votes / votes.sum(axis=1, keepdims=True)


def fit(rows: np.ndarray, labels: np.ndarray) -> Network:
    """Trains the voters, seeds 0, 1, ..., and joins them. Classes are in alphabetical order."""
    scaler = StandardScaler().fit(rows)
    scaled = scaler.transform(rows)
    shape = {"hidden_layer_sizes": (HIDDEN,), "alpha": DECAY, "max_iter": ROUNDS}
    voters = [MLPClassifier(**shape, random_state=seed).fit(scaled, labels) for seed in range(VOTERS)]
    first = np.hstack([voter.coefs_[0] for voter in voters]) / scaler.scale_[:, None]
    first_bias = np.hstack([voter.intercepts_[0] for voter in voters]) - scaler.mean_ @ first
    second = np.vstack([voter.coefs_[1] for voter in voters]) / VOTERS
    second_bias = np.mean([voter.intercepts_[1] for voter in voters], axis=0)
    return Network(*(np.ascontiguousarray(part, np.float32) for part in (first, first_bias, second, second_bias)))


def export(network: Network, path: Path) -> None:
    """Writes `features [1,79]` -> `probs [1,N]`; the same network gives the same bytes."""
    weights = {
        "first": network.first,
        "first_bias": network.first_bias,
        "second": network.second,
        "second_bias": network.second_bias,
    }
    nodes = [
        helper.make_node("Gemm", ["features", "first", "first_bias"], ["sum"], name="first_layer"),
        helper.make_node("Relu", ["sum"], ["hidden"], name="hidden_layer"),
        helper.make_node("Gemm", ["hidden", "second", "second_bias"], ["votes"], name="second_layer"),
        helper.make_node("Softmax", ["votes"], ["probs"], name="shares", axis=-1),
    ]
    ends = ("features", [1, network.first.shape[0]]), ("probs", [1, network.second.shape[1]])
    given, result = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends)
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "emotion", [given], [result], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="branchline")
    model.ir_version = 8
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))
