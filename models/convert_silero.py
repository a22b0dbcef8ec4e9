"""Lifts the 8 kHz branch out of Silero's op18 model, so that a graph without `If` remains."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

WINDOW = 288
"""Samples of one call: 32 of context and 256 new ones, 32 ms at 8 kHz."""


def convert_silero(source: Path, target: Path) -> None:
    """Writes `input [1,288]`, `state [2,1,128]` -> `prob [1,1]`, `stateN [2,1,128]`."""
    graph = onnx.load(source).graph
    switch = next(node for node in graph.node if node.op_type == "If")
    branch = next(a.g for a in switch.attribute if a.name == "else_branch")
    used = {name for node in branch.node for name in node.input}
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    nodes = [
        *branch.node,
        helper.make_node("Identity", [branch.output[0].name], ["prob"]),
        helper.make_node("Identity", [branch.output[1].name], ["stateN"]),
    ]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    lifted = helper.make_graph(
        nodes,
        "silero_8k",
        [value("input", [1, WINDOW]), value("state", [2, 1, 128])],
        [value("prob", [1, 1]), value("stateN", [2, 1, 128])],
        weights,
    )
    model = helper.make_model(lifted, opset_imports=[helper.make_opsetid("", 18)], producer_name="branchline")
    model.ir_version = 8
    onnx.checker.check_model(model)
    target.write_bytes(model.SerializeToString(deterministic=True))
