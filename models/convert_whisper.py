"""Whisper weights in CTranslate2's form to two ONNX graphs and two tables for tract.

encoder.onnx   mel [1,80,F], positions [1,T,512] -> xkv [12,8,T,64]: cross keys and values, once a phrase
decoder.onnx   x [1,S,512], mask [1,1,S,Q], past [12,8,P,64], xkv -> hidden [1,S,512], present [12,8,Q,64]
embedding.f16  [51865,512]: the token table, also the output projection; kept out of the graph so that
               it is held once and in half precision
positions.f16  decoder [448,512], then encoder [1500,512]
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, HEADS, HEAD, LAYERS = 512, 8, 64, 6
TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Every tensor of a CTranslate2 `model.bin`, version 6: strings are u16 length with a final NUL."""
    data, at = path.read_bytes(), 0

    def number(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize(form)
        return value

    def string() -> str:
        nonlocal at
        length = number("H")
        text = data[at : at + length - 1].decode()
        at += length
        return text

    number("I"), string(), number("I")
    weights = {}
    for _ in range(number("I")):
        name = string()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = np.dtype(TYPES[number("B")]), number("I")
        weights[name] = np.frombuffer(data, kind, size // kind.itemsize, at).reshape(shape)
        at += size
    return weights


class Graph:
    """An ONNX graph under construction; names are counted, so that two runs give the same bytes."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.count = 0

    def constant(self, value: np.ndarray, name: str | None = None) -> str:
        name = name or f"c{self.count}"
        self.count += 1
        if name not in self.constants:
            # Scalars stay scalars: ascontiguousarray would give them an axis.
            self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def weight(self, name: str) -> str:
        return self.constant(self.weights[name].astype(np.float32), name)

    def op(self, kind: str, inputs: list[str], output: str | None = None, **attributes: object) -> str:
        output = output or f"t{self.count}"
        self.count += 1
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def linear(self, x: str, name: str, rows: int | None = None) -> str:
        """y = x W^T + b; `rows` takes the n-th block of 512 outputs of a fused projection."""
        weight = self.weights[f"{name}/weight"].astype(np.float32)
        bias = self.weights.get(f"{name}/bias")
        label = name
        if rows is not None:
            span = slice(rows * WIDTH, (rows + 1) * WIDTH)
            weight, bias, label = weight[span], None if bias is None else bias[span], f"{name}.{rows}"
        y = self.op("MatMul", [x, self.constant(weight.T, f"{label}.w")])
        return y if bias is None else self.op("Add", [y, self.constant(bias.astype(np.float32), f"{label}.b")])

    def norm(self, x: str, name: str, output: str | None = None) -> str:
        inputs = [x, self.weight(f"{name}/gamma"), self.weight(f"{name}/beta")]
        return self.op("LayerNormalization", inputs, output, axis=-1, epsilon=1e-5)

    def gelu(self, x: str) -> str:
        erf = self.op("Erf", [self.op("Mul", [x, self.constant(np.float32(2**-0.5))])])
        half = self.op("Mul", [x, self.constant(np.float32(0.5))])
        return self.op("Mul", [half, self.op("Add", [erf, self.constant(np.float32(1))])])

    def heads(self, x: str) -> str:
        return self.op("Transpose", [self.op("Reshape", [x, self.ints(1, -1, HEADS, HEAD)])], perm=[0, 2, 1, 3])

    def attend(self, q: str, k: str, v: str, mask: str | None = None) -> str:
        scaled = self.op("Mul", [q, self.constant(np.float32(HEAD**-0.5))])
        scores = self.op("MatMul", [scaled, self.op("Transpose", [k], perm=[0, 1, 3, 2])])
        scores = self.op("Add", [scores, mask]) if mask else scores
        mixed = self.op("MatMul", [self.op("Softmax", [scores], axis=-1), v])
        return self.op("Reshape", [self.op("Transpose", [mixed], perm=[0, 2, 1, 3]), self.ints(1, -1, WIDTH)])

    def feed_forward(self, x: str, layer: str) -> str:
        hidden = self.gelu(self.linear(self.norm(x, f"{layer}/ffn/layer_norm"), f"{layer}/ffn/linear_0"))
        return self.op("Add", [x, self.linear(hidden, f"{layer}/ffn/linear_1")])

    def slab(self, x: str, index: int) -> str:
        return self.op("Slice", [x, self.ints(index), self.ints(index + 1), self.ints(0)])

    def save(self, inputs: dict[str, list], outputs: dict[str, list], path: Path) -> None:
        value = lambda item: helper.make_tensor_value_info(item[0], TensorProto.FLOAT, item[1])
        graph = helper.make_graph(
            self.nodes, path.stem, [*map(value, inputs.items())], [*map(value, outputs.items())], [*self.constants.values()]
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="branchline")
        model.ir_version = 8
        path.write_bytes(model.SerializeToString(deterministic=True))


def encoder(weights: dict[str, np.ndarray], path: Path) -> None:
    """Sound to cross keys and values: layer 0 K, layer 0 V, layer 1 K, ..."""
    g = Graph(weights)
    convolved = "mel"
    for name, stride in (("encoder/conv1", 1), ("encoder/conv2", 2)):
        inputs = [convolved, g.weight(f"{name}/weight"), g.weight(f"{name}/bias")]
        convolved = g.gelu(g.op("Conv", inputs, kernel_shape=[3], pads=[1, 1], strides=[stride]))
    x = g.op("Add", [g.op("Transpose", [convolved], perm=[0, 2, 1]), "positions"])
    for number in range(LAYERS):
        layer = f"encoder/layer_{number}"
        h = g.norm(x, f"{layer}/self_attention/layer_norm")
        q, k, v = (g.heads(g.linear(h, f"{layer}/self_attention/linear_0", i)) for i in range(3))
        x = g.op("Add", [x, g.linear(g.attend(q, k, v), f"{layer}/self_attention/linear_1")])
        x = g.feed_forward(x, layer)
    x = g.norm(x, "encoder/layer_norm")
    slabs = [
        g.heads(g.linear(x, f"decoder/layer_{number}/attention/linear_1", i)) for number in range(LAYERS) for i in range(2)
    ]
    g.op("Concat", slabs, "xkv", axis=0)
    ends = {"mel": [1, 80, "F"], "positions": [1, "T", WIDTH]}, {"xkv": [2 * LAYERS, HEADS, "T", HEAD]}
    g.save(*ends, path)


def decoder(weights: dict[str, np.ndarray], path: Path) -> None:
    """Tokens so far to the next hidden states, with keys and values of the past kept by the caller."""
    g = Graph(weights)
    x, present = "x", []
    for number in range(LAYERS):
        layer = f"decoder/layer_{number}"
        h = g.norm(x, f"{layer}/self_attention/layer_norm")
        q, k, v = (g.heads(g.linear(h, f"{layer}/self_attention/linear_0", i)) for i in range(3))
        keys = g.op("Concat", [g.slab("past", 2 * number), k], axis=2)
        values = g.op("Concat", [g.slab("past", 2 * number + 1), v], axis=2)
        present += [keys, values]
        x = g.op("Add", [x, g.linear(g.attend(q, keys, values, "mask"), f"{layer}/self_attention/linear_1")])
        q = g.heads(g.linear(g.norm(x, f"{layer}/attention/layer_norm"), f"{layer}/attention/linear_0"))
        cross = g.attend(q, g.slab("xkv", 2 * number), g.slab("xkv", 2 * number + 1))
        x = g.op("Add", [x, g.linear(cross, f"{layer}/attention/linear_2")])
        x = g.feed_forward(x, layer)
    g.norm(x, "decoder/layer_norm", "hidden")
    g.op("Concat", present, "present", axis=0)
    cache = [2 * LAYERS, HEADS]
    inputs = {
        "x": [1, "S", WIDTH],
        "mask": [1, 1, "S", "Q"],
        "past": [*cache, "P", HEAD],
        "xkv": [*cache, "T", HEAD],
    }
    g.save(inputs, {"hidden": [1, "S", WIDTH], "present": [*cache, "Q", HEAD]}, path)


def convert_whisper(model: Path, folder: Path) -> None:
    """Writes the two graphs and the two tables into `folder`."""
    weights = read_weights(model)
    encoder(weights, folder / "encoder.onnx")
    decoder(weights, folder / "decoder.onnx")
    weights["decoder/embeddings/weight"].astype("<f2").tofile(folder / "embedding.f16")
    tables = [weights[f"{side}/position_encodings/encodings"].astype("<f2") for side in ("decoder", "encoder")]
    np.concatenate(tables).tofile(folder / "positions.f16")
