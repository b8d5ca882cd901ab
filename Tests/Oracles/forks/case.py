"""A layer of a fork of Caffe with inputs, blobs and what it must give."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Case:
    """`layers` is prototxt text whose bottoms are the inputs; `blobs` are those of the layer of that name; `expected` maps
    tops to arrays. `refused` is a piece of the message with which the ONNX export must refuse; None where it must work."""

    name: str
    layers: str
    inputs: dict
    expected: dict
    blobs: dict = field(default_factory=dict)
    refused: str | None = None
    rtol: float = 1e-4
    atol: float = 1e-5


def layer(kind, bottoms, tops, parameters="", name="layer"):
    """Text of one layer."""
    return (
        f'layer {{ name: "{name}" type: "{kind}" '
        + " ".join(f'bottom: "{b}"' for b in bottoms)
        + " "
        + " ".join(f'top: "{t}"' for t in tops)
        + f" {parameters} }}\n"
    )


def net_text(case):
    """The whole net: an Input layer for each input, then the layers."""
    text = ""
    for name, array in case.inputs.items():
        dims = " ".join(f"dim: {d}" for d in array.shape)
        text += f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}\n'
    return text + case.layers


def numbers(seed, *shape, scale=1.0):
    """Seeded normal numbers in single precision."""
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def uniform(seed, low, high, *shape):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def softmax(x, axis):
    e = np.exp(x.astype(np.float64) - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def bilinear_zero(plane, y, x):
    """Bilinear sample where elements outside count as 0."""
    h, w = plane.shape
    y0, x0 = int(np.floor(y)), int(np.floor(x))
    total = 0.0
    for i in (y0, y0 + 1):
        for j in (x0, x0 + 1):
            if 0 <= i < h and 0 <= j < w:
                total += max(0.0, 1 - abs(y - i)) * max(0.0, 1 - abs(x - j)) * float(plane[i, j])
    return total
