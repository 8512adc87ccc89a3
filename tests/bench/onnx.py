# SPDX-License-Identifier: GPL-3.0-or-later
"""onnx.py - evaluates a small neural network stored as ONNX, with numpy

Only what feed-forward surrogates need. The file is protocol buffers: fields of
(number, type), where type 0 is a variable-length integer, 1 and 5 are 8 and 4
bytes, 2 is a length and bytes. Field numbers are those of onnx.proto.
"""

import struct
from pathlib import Path

import numpy as np

TYPES = {
    1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 11: np.float64,
}  # fmt: skip


def integer(data: bytes, i: int) -> tuple:
    """Return the variable-length integer at i, and where it ends."""
    value = shift = 0
    while True:
        byte = data[i]
        value |= (byte & 127) << shift
        i, shift = i + 1, shift + 7
        if byte < 128:
            return value, i


def signed(value: int) -> int:
    """Return an int64 that was stored as if it had no sign."""
    return value - 2**64 if value >= 2**63 else value


def fields(data: bytes) -> dict:
    """Return the values of a message by field number, in order."""
    found, i = {}, 0
    while i < len(data):
        key, i = integer(data, i)
        if key & 7 == 0:
            value, i = integer(data, i)
        else:
            if key & 7 == 2:
                size, i = integer(data, i)
            else:
                size = {1: 8, 5: 4}[key & 7]
            value, i = data[i : i + size], i + size
        found.setdefault(key >> 3, []).append(value)
    return found


def integers(values: list) -> list:
    """Return a repeated int64, packed or not."""
    numbers = []
    for value in values:
        if isinstance(value, int):
            numbers.append(signed(value))
            continue
        i = 0
        while i < len(value):
            number, i = integer(value, i)
            numbers.append(signed(number))
    return numbers


def tensor(data: bytes):
    """Return an array."""
    found = fields(data)
    kind = TYPES[found[2][0]]
    if 9 in found:
        array = np.frombuffer(found[9][0], kind)
    elif 4 in found:
        array = np.frombuffer(found[4][0], np.float32)
    else:
        array = np.array(integers(found.get(7, [])), np.int64)
    return array.reshape(integers(found.get(1, [])))


def attribute(data: bytes) -> tuple:
    """Return the name and the value of an attribute."""
    found = fields(data)
    value = None
    if 8 in found:
        value = integers(found[8])
    elif 5 in found:
        value = tensor(found[5][0])
    elif 3 in found:
        value = signed(found[3][0])
    elif 2 in found:
        value = struct.unpack("<f", found[2][0])[0]
    return found[1][0].decode(), value


class Network:
    """A network, read from a file."""

    def __init__(self, path: Path):
        graph = fields(fields(Path(path).read_bytes())[7][0])
        self._weights = {
            fields(data)[8][0].decode(): tensor(data) for data in graph[5]
        }
        self.outputs = [fields(data)[1][0].decode() for data in graph[12]]
        self._nodes = []
        for data in graph[1]:
            node = fields(data)
            names = [[n.decode() for n in node.get(k, [])] for k in (1, 2)]
            options = dict(attribute(a) for a in node.get(5, []))
            self._nodes.append((*names, node[4][0].decode(), options))

    def run(self, inputs: dict) -> list:
        """Return the outputs; inputs are arrays by name."""
        values = {**self._weights, **inputs}
        with np.errstate(all="ignore"):
            for names, outputs, kind, options in self._nodes:
                given = [values[name] if name else None for name in names]
                values[outputs[0]] = OPERATIONS[kind](given, options)
        return [values[name] for name in self.outputs]


# ---- operations -------------------------------------------------------------


def gemm(x, options):
    """Return a matrix product plus a bias."""
    a = x[0].T if options.get("transA") else x[0]
    b = x[1].T if options.get("transB") else x[1]
    return a @ b + x[2]


def normalize(x, options):
    """Return what batch normalization makes of an input after training."""
    scale = np.sqrt(x[4] + options.get("epsilon", 1e-5))
    return (x[0] - x[3]) / scale * x[1] + x[2]


def unsqueeze(x, options):
    """Return an array with more axes."""
    axes = options["axes"] if "axes" in options else x[1]
    return np.expand_dims(x[0], tuple(int(axis) for axis in axes))


def cut(x, _):
    """Return a slice; x is data, starts, ends, axes, steps."""
    places = x[3] if len(x) > 3 and x[3] is not None else range(len(x[1]))
    steps = x[4] if len(x) > 4 and x[4] is not None else [1] * len(x[1])
    index = [slice(None)] * x[0].ndim
    for axis, low, high, step in zip(places, x[1], x[2], steps):
        index[axis] = slice(int(low), int(min(high, 2**31)), int(step))
    return x[0][tuple(index)]


def divide(x, _):
    """Return a quotient; of integers, rounded down."""
    return x[0] / x[1] if x[0].dtype.kind == "f" else x[0] // x[1]


OPERATIONS = {
    "Add": lambda x, _: x[0] + x[1],
    "Sub": lambda x, _: x[0] - x[1],
    "Mul": lambda x, _: x[0] * x[1],
    "Div": divide,
    "Exp": lambda x, _: np.exp(x[0]),
    "Log": lambda x, _: np.log(x[0]),
    "Relu": lambda x, _: np.maximum(x[0], 0),
    "Sigmoid": lambda x, _: 1 / (1 + np.exp(-x[0])),
    "Gemm": gemm,
    "BatchNormalization": normalize,
    "Gather": lambda x, o: np.take(x[0], x[1], axis=o.get("axis", 0)),
    "Concat": lambda x, o: np.concatenate(x, axis=o["axis"]),
    "Constant": lambda x, o: o["value"],
    "Shape": lambda x, _: np.array(x[0].shape, np.int64),
    "Unsqueeze": unsqueeze,
    "Cast": lambda x, o: x[0].astype(TYPES[o["to"]]),
    "Slice": cut,
}
