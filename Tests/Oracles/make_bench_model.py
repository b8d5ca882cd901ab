#!/usr/bin/env python3
"""Writes Caffe networks with seeded weights for measurements, without Caffe.

    make_bench_model.py alexnet FOLDER     AlexNet's shapes: 61 million weights, 244 MB
    make_bench_model.py resnet18 FOLDER    ResNet-18's shapes with BatchNorm and Scale, 47 MB

FOLDER/NAME.prototxt and FOLDER/NAME.caffemodel; existing files are kept.
"""

import sys
from pathlib import Path

import numpy as np

from caffe_writer import write_caffemodel


class Net:
    """Collects a prototxt and the blobs of its layers; the last top is `self.top`."""

    def __init__(self, name, shape, seed):
        self.name, self.top, self.channels = name, "data", shape[1]
        dims = " ".join(f"dim: {d}" for d in shape)
        self.text = [f'name: "{name}"',
                     f'layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ {dims} }} }} }}']
        self.layers = []
        self.rng = np.random.default_rng(seed)

    def layer(self, name, kind, bottoms, top, parameters="", shapes=()):
        ends = " ".join(f'bottom: "{b}"' for b in bottoms)
        self.text.append(f'layer {{ name: "{name}" type: "{kind}" {ends} top: "{top}" {parameters} }}')
        self.layers.append((name, kind, bottoms, [top], shapes))
        self.top = top
        return top

    def convolution(self, name, outputs, kernel, stride=1, pad=0, group=1, bias=True, bottom=None):
        channels = self.channels if bottom is None else bottom[1]
        source = self.top if bottom is None else bottom[0]
        parameters = (f"convolution_param {{ num_output: {outputs} kernel_size: {kernel} stride: {stride} pad: {pad}"
                      f" group: {group}{'' if bias else ' bias_term: false'} }}")
        shapes = [("normal", (outputs, channels // group, kernel, kernel))] + [("bias", (outputs,))] * bias
        self.channels = outputs
        return self.layer(name, "Convolution", [source], name, parameters, shapes)

    def inner_product(self, name, outputs, inputs):
        shapes = [("normal", (outputs, inputs)), ("bias", (outputs,))]
        return self.layer(name, "InnerProduct", [self.top], name,
                          f"inner_product_param {{ num_output: {outputs} }}", shapes)

    def in_place(self, name, kind, parameters="", shapes=()):
        return self.layer(name, kind, [self.top], self.top, parameters, shapes)

    def batch_norm(self, name):
        c = self.channels
        self.in_place(f"{name}/bn", "BatchNorm", "", [("bias", (c,)), ("positive", (c,)), ("one", (1,))])
        self.in_place(f"{name}/scale", "Scale", "scale_param { bias_term: true }", [("positive", (c,)), ("bias", (c,))])

    def pool(self, name, method, kernel, stride):
        return self.layer(name, "Pooling", [self.top], name,
                          f"pooling_param {{ pool: {method} kernel_size: {kernel} stride: {stride} }}")

    def fill(self, kind, shape):
        """Weights whose size keeps activations near one, so that long nets stay finite."""
        if kind == "normal":
            return self.rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[1:])))
        if kind == "bias":
            return self.rng.standard_normal(shape, np.float32) * np.float32(0.1)
        if kind == "positive":
            return self.rng.uniform(0.5, 1.0, shape).astype(np.float32)
        return np.ones(shape, np.float32)

    def write(self, folder):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        prototxt, weights = folder / f"{self.name}.prototxt", folder / f"{self.name}.caffemodel"
        if not (prototxt.exists() and weights.exists()):
            prototxt.write_text("\n".join(self.text) + "\n")
            partial = weights.with_suffix(".partial")
            write_caffemodel(partial, self.name, (
                (name, kind, bottoms, tops, [self.fill(*shape) for shape in shapes])
                for name, kind, bottoms, tops, shapes in self.layers))
            partial.rename(weights)
        return prototxt, weights


def alexnet():
    net = Net("alexnet", (1, 3, 227, 227), 1)

    def block(index, outputs, kernel, **geometry):
        net.convolution(f"conv{index}", outputs, kernel, **geometry)
        net.in_place(f"relu{index}", "ReLU")

    block(1, 96, 11, stride=4)
    net.layer("norm1", "LRN", [net.top], "norm1", "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }")
    net.pool("pool1", "MAX", 3, 2)
    block(2, 256, 5, pad=2, group=2)
    net.layer("norm2", "LRN", [net.top], "norm2", "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }")
    net.pool("pool2", "MAX", 3, 2)
    block(3, 384, 3, pad=1)
    block(4, 384, 3, pad=1, group=2)
    block(5, 256, 3, pad=1, group=2)
    net.pool("pool5", "MAX", 3, 2)
    for index, outputs, inputs in ((6, 4096, 9216), (7, 4096, 4096)):
        net.inner_product(f"fc{index}", outputs, inputs)
        net.in_place(f"relu{index}", "ReLU")
        net.in_place(f"drop{index}", "Dropout", "dropout_param { dropout_ratio: 0.5 }")
    net.inner_product("fc8", 1000, 4096)
    net.layer("prob", "Softmax", [net.top], "prob")
    return net


def resnet18():
    net = Net("resnet18", (1, 3, 224, 224), 2)

    def unit(name, outputs, kernel, stride=1, pad=0, bottom=None, relu=True):
        net.convolution(name, outputs, kernel, stride, pad, bias=False, bottom=bottom)
        net.batch_norm(name)
        if relu:
            net.in_place(f"{name}/relu", "ReLU")
        return net.top

    unit("conv1", 64, 7, 2, 3)
    net.pool("pool1", "MAX", 3, 2)
    for stage, outputs in enumerate((64, 128, 256, 512), start=2):
        for index in range(2):
            stride = 2 if stage > 2 and index == 0 else 1
            name = f"res{stage}{'ab'[index]}"
            source = (net.top, net.channels)
            shortcut = unit(f"{name}/shortcut", outputs, 1, stride, relu=False) if stride > 1 else source[0]
            unit(f"{name}/a", outputs, 3, stride, 1, bottom=source)
            main = unit(f"{name}/b", outputs, 3, 1, 1, relu=False)
            net.layer(name, "Eltwise", [shortcut, main], name, "eltwise_param { operation: SUM }")
            net.in_place(f"{name}/relu", "ReLU")
    net.layer("pool5", "Pooling", [net.top], "pool5", "pooling_param { pool: AVE global_pooling: true }")
    net.inner_product("fc", 1000, 512)
    net.layer("prob", "Softmax", [net.top], "prob")
    return net


NETS = {"alexnet": alexnet, "resnet18": resnet18}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in NETS:
        sys.exit(__doc__)
    print(*NETS[sys.argv[1]]().write(sys.argv[2]))
