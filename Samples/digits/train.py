#!/usr/bin/env python3
"""Trains the digits network and writes every file of this folder that is not a prototxt.

    python3 -m venv .venv && .venv/bin/pip install -r Samples/requirements.txt
    .venv/bin/python Samples/digits/train.py

The network is the one of train_val.prototxt, in plain numpy with Caffe's semantics: pooling rounds the output size
up, average pooling divides by the window cut at the image's border, dropout scales at training time. The data are
scikit-learn's 1,797 handwritten digits (8x8, UCI's optical recognition set); every fifth is held out.
Writes digits.caffemodel, digit-0.png to digit-9.png (held-out pictures) and io.npz (the ten pictures, every blob and
the output, computed in float64 and stored as float32).
"""

import pathlib
import sys
import zipfile

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "Tests" / "Oracles"))
from caffe_writer import write_caffemodel  # noqa: E402

SCALE = 0.00390625  # transform_param.scale of train_val.prototxt: 8-bit grey to [0, 1)
BATCH, EPOCHS, BASE_LR, MOMENTUM, WEIGHT_DECAY, DROPOUT = 64, 90, 0.05, 0.9, 0.0005, 0.3


def im2col(x, kernel, pad):
    """Patches of N,C,H,W with stride 1 as N, C*k*k, H*W (the output has the input's extent)."""
    n, c, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    columns = np.empty((n, c, kernel, kernel, h, w), x.dtype)
    for i in range(kernel):
        for j in range(kernel):
            columns[:, :, i, j] = padded[:, :, i:i + h, j:j + w]
    return columns.reshape(n, c * kernel * kernel, h * w)


def col2im(columns, shape, kernel, pad):
    """The adjoint of im2col: adds every patch back to where it came from."""
    n, c, h, w = shape
    columns = columns.reshape(n, c, kernel, kernel, h, w)
    padded = np.zeros((n, c, h + 2 * pad, w + 2 * pad), columns.dtype)
    for i in range(kernel):
        for j in range(kernel):
            padded[:, :, i:i + h, j:j + w] += columns[:, :, i, j]
    return padded[:, :, pad:pad + h, pad:pad + w]


class Parametric:
    """Weights and bias with Caffe's xavier filler, trained by SGD with momentum."""

    def __init__(self, rng, shape):
        bound = np.sqrt(3.0 / np.prod(shape[1:]))
        self.values = [rng.uniform(-bound, bound, shape), np.zeros(shape[0])]
        self.momenta = [np.zeros_like(v) for v in self.values]

    def step(self, rate):
        for index, (value, gradient) in enumerate(zip(self.values, self.gradients)):
            decay = WEIGHT_DECAY if index == 0 else 0.0
            self.momenta[index] = MOMENTUM * self.momenta[index] + rate * (gradient + decay * value)
            value -= self.momenta[index]


class Convolution(Parametric):
    """3x3, stride 1, padding 1."""

    def forward(self, x, training):
        self.shape, self.columns = x.shape, im2col(x, 3, 1)
        weights = self.values[0].reshape(len(self.values[0]), -1)
        y = np.matmul(weights, self.columns) + self.values[1][:, None]
        return y.reshape(len(x), -1, *x.shape[2:])

    def backward(self, dy):
        dy = dy.reshape(*dy.shape[:2], -1)
        weights = self.values[0].reshape(len(self.values[0]), -1)
        dw = np.einsum("nop,nkp->ok", dy, self.columns, optimize=True)
        self.gradients = [dw.reshape(self.values[0].shape), dy.sum((0, 2))]
        return col2im(np.matmul(weights.T, dy), self.shape, 3, 1)


class InnerProduct(Parametric):
    def forward(self, x, training):
        self.shape, self.flat = x.shape, x.reshape(len(x), -1)
        return self.flat @ self.values[0].T + self.values[1]

    def backward(self, dy):
        self.gradients = [dy.T @ self.flat, dy.sum(0)]
        return (dy @ self.values[0]).reshape(self.shape)


class ReLU:
    def forward(self, x, training):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class Dropout:
    def __init__(self, rng):
        self.rng = rng

    def forward(self, x, training):
        self.mask = (self.rng.random(x.shape) >= DROPOUT) / (1 - DROPOUT) if training else np.ones_like(x)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class Pooling:
    """3x3, stride 2, no padding. Output size is ceil((size - 3) / 2) + 1: on an even map the last window hangs over
    the border and is cut there, where a floor-rounding framework drops it."""

    def __init__(self, method):
        self.method = method

    def windows(self, size):
        count = -(-(size - 3) // 2) + 1
        return [slice(2 * i, min(2 * i + 3, size)) for i in range(count)]

    def forward(self, x, training):
        self.x = x
        rows, columns = self.windows(x.shape[2]), self.windows(x.shape[3])
        y = np.empty((*x.shape[:2], len(rows), len(columns)), x.dtype)
        for i, r in enumerate(rows):
            for j, c in enumerate(columns):
                window = x[:, :, r, c]
                y[:, :, i, j] = window.max((2, 3)) if self.method == "MAX" else window.mean((2, 3))
        self.y = y
        return y

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        for i, r in enumerate(self.windows(self.x.shape[2])):
            for j, c in enumerate(self.windows(self.x.shape[3])):
                window, g = self.x[:, :, r, c], dy[:, :, i, j][:, :, None, None]
                if self.method == "MAX":
                    chosen = window == self.y[:, :, i, j][:, :, None, None]
                    dx[:, :, r, c] += g * chosen / chosen.sum((2, 3), keepdims=True)
                else:
                    dx[:, :, r, c] += g / (window.shape[2] * window.shape[3])
        return dx


def build(rng):
    """(layer name, Caffe type, bottom, top, layer) in the order of deploy.prototxt, Softmax left out."""
    return [
        ("conv1", "Convolution", "data", "conv1", Convolution(rng, (16, 1, 3, 3))),
        ("relu1", "ReLU", "conv1", "conv1", ReLU()),
        ("pool1", "Pooling", "conv1", "pool1", Pooling("MAX")),
        ("conv2", "Convolution", "pool1", "conv2", Convolution(rng, (32, 16, 3, 3))),
        ("relu2", "ReLU", "conv2", "conv2", ReLU()),
        ("pool2", "Pooling", "conv2", "pool2", Pooling("AVE")),
        ("fc3", "InnerProduct", "pool2", "fc3", InnerProduct(rng, (64, 32 * 2 * 2))),
        ("relu3", "ReLU", "fc3", "fc3", ReLU()),
        ("drop3", "Dropout", "fc3", "fc3", Dropout(rng)),
        ("fc4", "InnerProduct", "fc3", "fc4", InnerProduct(rng, (10, 64))),
    ]


def forward(net, x, training=False):
    """The blobs by name, each with its last value, as a Caffe net holds them after a forward pass."""
    blobs = {"data": x}
    for _, _, bottom, top, layer in net:
        blobs[top] = layer.forward(blobs[bottom], training)
    shifted = np.exp(blobs["fc4"] - blobs["fc4"].max(1, keepdims=True))
    blobs["prob"] = shifted / shifted.sum(1, keepdims=True)
    return blobs


def shift(images, rng):
    """Each picture moved by up to one pixel in both directions, zeros moving in."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    offsets = rng.integers(0, 3, (len(images), 2))
    return np.stack([p[:, i:i + 8, j:j + 8] for p, (i, j) in zip(padded, offsets)])


def train(net, images, labels, rng):
    for epoch in range(EPOCHS):
        rate = BASE_LR * 0.1 ** (epoch // (EPOCHS // 3))
        order = rng.permutation(len(images))
        for start in range(0, len(order), BATCH):
            index = order[start:start + BATCH]
            blobs = forward(net, shift(images[index], rng), training=True)
            gradient = (blobs["prob"] - np.eye(10)[labels[index]]) / len(index)
            for _, _, _, _, layer in reversed(net):
                gradient = layer.backward(gradient)
            for _, _, _, _, layer in net:
                if isinstance(layer, Parametric):
                    layer.step(rate)


def save_npz(path, arrays):
    """A stored npz with fixed dates, so that the same numbers give the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
            with archive.open(info, "w") as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array, np.float32))


def main():
    rng = np.random.default_rng(7)
    digits = load_digits()
    pixels = np.minimum(digits.images * 16, 255).astype(np.uint8)  # the set's 0…16 as 8-bit grey
    images = pixels[:, None].astype(np.float64) * SCALE
    held_out = np.arange(len(images)) % 5 == 0
    net = build(rng)
    train(net, images[~held_out], digits.target[~held_out], rng)
    for _, _, _, _, layer in net:
        if isinstance(layer, Parametric):  # the fixture is computed with the weights that the file holds
            layer.values = [v.astype(np.float32).astype(np.float64) for v in layer.values]

    guesses = forward(net, images[held_out])["prob"].argmax(1)
    accuracy = (guesses == digits.target[held_out]).mean()
    print(f"held-out accuracy {accuracy:.4f} on {held_out.sum()} pictures")

    chosen = [next(i for i in np.flatnonzero(held_out) if digits.target[i] == d) for d in range(10)]
    for digit, index in enumerate(chosen):
        Image.fromarray(pixels[index]).save(HERE / f"digit-{digit}.png", optimize=True)

    blobs = forward(net, images[chosen])
    fixture = {"in:data": blobs["data"]}
    fixture.update({f"blob:{name}": value for name, value in blobs.items() if name != "data"})
    fixture["out:prob"] = blobs["prob"]
    save_npz(HERE / "io.npz", fixture)
    write_caffemodel(
        HERE / "digits.caffemodel", "digits",
        ((name, kind, [bottom], [top], layer.values if isinstance(layer, Parametric) else [])
         for name, kind, bottom, top, layer in net))


if __name__ == "__main__":
    main()
