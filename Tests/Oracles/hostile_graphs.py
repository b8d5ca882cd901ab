#!/usr/bin/env python3
"""Valid files with unreasonable requests through `modelconv run`: huge sizes, extreme integers, NaN scales, indices out of
range. Each must end with exit 0 or 65, where 65 names the node, in seconds and little memory.

    hostile_graphs.py --binary .build/release/modelconv [--only REGEX]
"""

import argparse
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from limited_process import run
from onnx_versions import inputs_as_files, tensor_message
from version_cases import BOOL, F32, I32, I64, TEXT, arr, i64, make

SECONDS, MEGABYTES, PEAK = 30, 40960, 700
BIG, LOW, HIGH = 1 << 40, np.iinfo(I64).min, np.iinfo(I64).max
NAN, INF = float("nan"), float("inf")
X = arr((2, 3, 4))
PICTURE = arr((1, 2, 6, 7))
# (operator, opset, inputs, attributes, what must happen: 65, or None for "65 or 0")
GRAPHS = []


def ask(op, version, inputs, attrs=None, status=None, outputs=1, domain="", nodes=None):
    GRAPHS.append((op, version, inputs, attrs or {}, status, outputs, domain, nodes))


for shape in ([BIG, 3, 4], [HIGH, HIGH, 1], [2, LOW, 4], [-1, 3, 4], [1 << 33, 3, 4]):
    ask("Expand", 13, [X, i64(*shape)], status=65 if max(shape) > 1 << 30 or min(shape) < -1 else None)
    ask("Reshape", 21, [X, i64(*shape)], status=None if shape == [-1, 3, 4] else 65)
    ask("ConstantOfShape", 9, [i64(*shape)], status=65)
    ask("Resize", 19, [X, None, None, i64(*shape)], status=65)
for repeats in ([BIG, 1, 1], [1, -1, 1], [HIGH, HIGH, HIGH], [LOW, 1, 1], [1, 1]):
    ask("Tile", 13, [X, i64(*repeats)], status=65)
for a, b, c in [(0, HIGH, 1), (LOW, HIGH, 1), (0, BIG, 1), (5, 0, 0), (HIGH, LOW, -1), (LOW, HIGH, HIGH), (0, 10, LOW)]:
    ask("Range", 11, [np.array(v, I64) for v in (a, b, c)], status=65 if abs(b - a) // max(abs(c), 1) > 1 << 34 or c == 0 else None)
for a, b, c in [(0, INF, 1), (0, 1, 0), (NAN, 1, 1), (0, 1e30, 1), (0, 1, 1e-30), (-INF, INF, 1), (0, 10, NAN)]:
    ask("Range", 11, [np.array(v, F32) for v in (a, b, c)], status=65)
for scale in (1e9, 1e30, INF, NAN, -1.0, 0.0, 1e-30):
    for mode in ("nearest", "linear", "cubic"):
        ask("Resize", 13, [PICTURE, None, np.array([1, 1, scale, 2], F32)], dict(mode=mode),
            status=None if scale in (0.0, 1e-30) else 65)
        ask("Upsample", 9, [PICTURE, np.array([1, 1, scale, 2], F32)], dict(mode=mode if mode != "cubic" else "linear"))
for roi in ([0, 0, NAN, NAN, 1, 1, 1, 1], [0, 0, -1e30, 0, 1, 1, 1e30, 1], [0, 0, INF, -INF, 1, 1, INF, INF]):
    ask("Resize", 13, [PICTURE, np.array(roi, F32), np.array([1, 1, 2, 2], F32)],
        dict(coordinate_transformation_mode="tf_crop_and_resize", mode="linear"))
for depth in (BIG, -1, HIGH, LOW, 0):
    ask("OneHot", 11, [i64(0, 1), np.array(depth, I64), np.array([0, 1], F32)], status=65 if depth != 0 else None)
for axis in (99, -99, HIGH, LOW):
    ask("OneHot", 11, [i64(0, 1), np.array(4, I64), np.array([0, 1], F32)], dict(axis=axis), status=65)
    for op, version, inputs in [("Gather", 13, [X, i64(0)]), ("Concat", 13, [X, X]), ("Softmax", 13, [X]),
                                ("ArgMax", 13, [X]), ("GatherElements", 13, [X, np.zeros((1, 1, 1), I64)]),
                                ("Flatten", 13, [X]), ("TopK", 11, [X, i64(1)]), ("Split", 18, [X]), ("LpNormalization", 1, [X]),
                                ("Unique", 11, [X]), ("Compress", 11, [X, np.array([True])]), ("LayerNormalization", 17, [X, X[0, 0]]),
                                ("ScatterElements", 18, [X, np.zeros((1, 1, 1), I64), np.zeros((1, 1, 1), F32)]),
                                ("SplitToSequence", 11, [X]), ("Hardmax", 13, [X]), ("LogSoftmax", 11, [X])]:
        ask(op, version, inputs, dict(axis=axis), status=65)
    ask("CumSum", 14, [X, np.array(axis, I64)], status=65)
    ask("ReduceSum", 13, [X, i64(axis)], status=65)
    ask("ReduceMax", 18, [X, i64(axis)], status=65)
    ask("Squeeze", 13, [X, i64(axis)], status=65)
    ask("Unsqueeze", 13, [X, i64(axis)], status=65)
    ask("DFT", 20, [arr((2, 5, 1)), None, np.array(axis, I64)], status=65)
    ask("Trilu", 14, [X, np.array(axis, I64)])
    ask("EyeLike", 9, [arr((3, 4))], dict(k=axis))
    ask("Shape", 15, [X], dict(start=axis, end=-axis if axis != LOW else axis))
    ask("Gather", 13, [X, i64(axis)], status=65)
    ask("GatherND", 13, [X, i64(axis)], status=65)
    ask("GatherElements", 13, [X, np.full((1, 1, 1), axis, I64)], status=65)
    ask("ScatterND", 18, [X, i64(axis), X[0]], status=65)
    ask("ScatterElements", 18, [X, np.full((1, 1, 1), axis, I64), np.zeros((1, 1, 1), F32)], status=65)
    ask("ReverseSequence", 10, [arr((4, 3)), i64(axis, 1, 1)], status=65)
    ask("TopK", 11, [X, i64(axis)], status=65, outputs=2)
    ask("MaxUnpool", 11, [arr((1, 1, 2, 2)), np.full((1, 1, 2, 2), axis, I64)], dict(kernel_shape=[2, 2], strides=[2, 2]), status=65)
    ask("DequantizeLinear", 13, [X.astype(np.uint8), np.ones(3, F32)], dict(axis=axis), status=65)
    ask("NegativeLogLikelihoodLoss", 13, [arr((2, 3)), i64(0, axis)], status=65)
    ask("ArrayFeatureExtractor", 1, [arr((2, 3)), i64(axis)], status=65, domain="ai.onnx.ml")
    ask("TensorScatter", 24, [arr((2, 3, 6, 4)), arr((2, 3, 2, 4)), i64(1, axis)], status=65)
    ask("RoiAlign", 16, [PICTURE, np.array([[0, 0, 1, 1]], F32), i64(axis)], status=65)
    ask("SequenceAt", 11, [X, np.array(axis, I64)], status=65, nodes=[
        helper.make_node("SequenceConstruct", ["x0"], ["s"]), helper.make_node("SequenceAt", ["s", "x1"], ["y0"], name="node")])
for pads in ([BIG] * 6, [LOW] * 6, [HIGH] * 6, [0, 0, -9, 0, 0, 0], [0, 0, 0]):
    for mode in ("constant", "reflect", "edge", "wrap"):
        ask("Pad", 19, [X, i64(*pads)], dict(mode=mode), status=65)
ask("Pad", 19, [arr((0, 3)), i64(2, 0, 0, 0)], dict(mode="reflect"))
ask("Pad", 19, [arr((1, 3)), i64(7, 0, 9, 0)], dict(mode="reflect"))
ask("Pad", 19, [arr((0, 3)), i64(7, 0, 9, 0)], dict(mode="wrap"))
ask("Pad", 18, [X, i64(1, 1), None, i64(7)], status=65)
for s, e, st in [(LOW, HIGH, 1), (HIGH, LOW, -1), (0, 5, 0), (LOW, LOW, LOW), (0, HIGH, HIGH), (HIGH, LOW, LOW)]:
    ask("Slice", 13, [X, i64(s), i64(e), i64(0), i64(st)], status=65 if st == 0 else None)
for sizes in ([LOW, HIGH], [-1, 4], [BIG, BIG], [1, 1]):
    ask("Split", 13, [X, i64(*sizes)], dict(axis=1), outputs=2, status=65)
ask("Split", 18, [X], dict(axis=1, num_outputs=0), status=65)
ask("Split", 18, [X], dict(axis=1, num_outputs=HIGH), status=65)
for perm in ([0, 0, 1], [0, 1], [0, 1, 99], [0, 1, -1], [LOW, 1, 2]):
    ask("Transpose", 13, [X], dict(perm=perm), status=65)
for block in (0, -1, HIGH, 1 << 32):
    ask("DepthToSpace", 13, [arr((1, 8, 2, 3))], dict(blocksize=block), status=65)
    ask("SpaceToDepth", 13, [arr((1, 2, 4, 6))], dict(blocksize=block), status=65)
kernel = arr((3, 2, 2, 2))
for a in (dict(strides=[0, 1]), dict(strides=[-1, 1]), dict(dilations=[0, 1]), dict(dilations=[HIGH, 1]), dict(pads=[LOW, 0, 0, 0]),
          dict(pads=[HIGH, HIGH, HIGH, HIGH]), dict(pads=[BIG, 0, 0, 0]), dict(group=0), dict(group=-1), dict(group=HIGH),
          dict(strides=[1]), dict(kernel_shape=[9, 9]), dict(kernel_shape=[0, 0]), dict(strides=[HIGH, HIGH]), dict(pads=[1])):
    ask("Conv", 11, [PICTURE, kernel], a, status=None if a.get("strides") == [HIGH, HIGH] else 65)
    ask("ConvTranspose", 11, [PICTURE, arr((2, 3, 2, 2))], a, status=None if a.get("strides") == [HIGH, HIGH] else None)
    if "group" not in a:
        for op, v in (("MaxPool", 12), ("AveragePool", 19), ("LpPool", 18)):
            ask(op, v, [PICTURE], {"kernel_shape": [2, 2], **a})
for a in (dict(output_shape=[BIG, BIG]), dict(output_padding=[HIGH, 0]), dict(output_shape=[-1, 0]), dict(strides=[1 << 30, 1 << 30])):
    ask("ConvTranspose", 11, [PICTURE, arr((2, 3, 2, 2))], a, status=65)
ask("Col2Im", 18, [arr((1, 8, 4)), i64(BIG, BIG), i64(2, 2)], status=65)
ask("Col2Im", 18, [arr((1, 8, 4)), i64(3, 3), i64(0, 2)], status=65)
ask("LRN", 13, [PICTURE], dict(size=0))
ask("LRN", 13, [PICTURE], dict(size=HIGH))
ask("CenterCropPad", 18, [X, i64(BIG, 3, 4)], status=65)
ask("CenterCropPad", 18, [X, i64(-1, 3, 4)], status=65)
for op, gates in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
    w, r = arr((1, gates * 4, 3)), arr((1, gates * 4, 4))
    for hidden in (BIG, -4, 0, 3):
        ask(op, 14, [arr((5, 2, 3)), w, r], dict(hidden_size=hidden), status=65)
    ask(op, 14, [arr((5, 2, 3)), w, r, None, np.array([LOW >> 32, 9], I32)], dict(hidden_size=4), status=65)
    ask(op, 14, [arr((5, 2, 3)), w, r], dict(hidden_size=4, activations=["What"] * 3), status=65)
    ask(op, 14, [arr((5, 2, 9)), w, r], dict(hidden_size=4), status=65)
for step in (0, -1, LOW, HIGH):
    ask("STFT", 17, [arr((2, 20, 1)), np.array(step, I64), np.ones(8, F32)], status=65 if step <= 0 else None)
for length in (BIG, -1, LOW, HIGH, 0):
    ask("DFT", 20, [arr((2, 5, 1)), np.array(length, I64)], status=65 if length != 0 else None)
    ask("HannWindow", 17, [np.array(length, I64)], status=65 if length != 0 else None)
    ask("STFT", 17, [arr((2, 20, 1)), np.array(2, I64), None, np.array(length, I64)], status=65)
    ask("MelWeightMatrix", 17, [np.array(length, I64), np.array(16, I64), np.array(8192, I64), np.array(0, F32), np.array(4000, F32)])
    ask("MelWeightMatrix", 17, [np.array(8, I64), np.array(length, I64), np.array(length, I64), np.array(0, F32), np.array(4000, F32)])
for a in (dict(shape=[BIG, BIG]), dict(shape=[-1]), dict(shape=[HIGH])):
    ask("RandomNormal", 22, [], a, status=65)
    ask("RandomUniform", 22, [], a, status=65)
ask("Multinomial", 22, [arr((2, 3))], dict(sample_size=-1), status=65)
ask("Multinomial", 22, [arr((2, 3))], dict(sample_size=BIG), status=65)
ask("Multinomial", 22, [np.full((2, 3), NAN, F32)], dict(sample_size=4))
ask("Bernoulli", 22, [np.array([NAN, 2, -1], F32)])
for op in ("Div", "Mod"):
    for t in (np.int8, I32, I64, np.uint8):
        least = np.iinfo(t).min
        ask(op, 14 if op == "Div" else 13, [np.array([5, least, 0], t), np.array([0, -1 if least else 0, 0], t)])
ask("BitShift", 11, [np.array([1, 255], np.uint8), np.array([200, 8], np.uint8)], dict(direction="LEFT"))
ask("Pow", 15, [np.array([2, -2, 0], I64), np.array([HIGH, LOW, -1], I64)])
ask("Abs", 13, [np.array([LOW], I64)])
ask("Neg", 13, [np.array([LOW], I64)])
ask("ReduceProd", 18, [np.full((3, 4), LOW, I64), i64(1)])
ask("ReduceMean", 18, [np.full((3, 0), 1, I64), i64(1)])
ask("ReduceMean", 18, [np.full((3, 4), HIGH, I64), i64(1)])
ask("CumSum", 14, [np.full((4,), HIGH, I64), np.array(0, I32)])
for t in (I32, np.uint8, I64, np.uint64, np.int8):
    ask("Cast", 13, [np.array([NAN, INF, -INF, 1e38, -1e38], F32)], dict(to=helper.np_dtype_to_tensor_dtype(np.dtype(t))))
ask("Cast", 13, [np.array(["x", "", "1e999", "--1"], object)], dict(to=TensorProto.FLOAT), status=65)
ask("Cast", 13, [np.array(["99999999999999999999"], object)], dict(to=TensorProto.INT64))
ask("RegexFullMatch", 20, [np.array(["a" * 5000 + "!"], object)], dict(pattern="(a+)+$"))
ask("RegexFullMatch", 20, [np.array(["a" * 5000 + "!"], object)], dict(pattern="(a|aa)*" * 20))
ask("RegexFullMatch", 20, [np.array(["a"], object)], dict(pattern="(" * 5000), status=65)
ask("RegexFullMatch", 20, [np.array(["a"], object)], dict(pattern="a{1000000000}"))
ask("RegexFullMatch", 20, [np.array(["a"], object)], dict(pattern="((a{1000}){1000}){1000}"))
ask("Einsum", 12, [arr((2, 3)), arr((4, 3))], dict(equation="ij,jk->ik"), status=65)
ask("Einsum", 12, [arr((50, 51)), arr((52, 53)), arr((54, 55)), arr((56, 57))], dict(equation="ab,cd,ef,gh->abcdefgh"), status=65)
ask("Einsum", 12, [arr((2, 3))], dict(equation="i1->"), status=65)
ask("QuantizeLinear", 21, [X, np.ones((2, 3, 2), F32)], dict(axis=2, block_size=0))
ask("QuantizeLinear", 21, [X, np.ones((2, 3, 2), F32)], dict(axis=2, block_size=-2), status=65)
ask("QuantizeLinear", 13, [X, np.array(0, F32)])
ask("QuantizeLinear", 13, [np.array([NAN, INF], F32), np.array(NAN, F32), np.array(1, np.int8)])
ask("NonMaxSuppression", 11, [np.full((1, 5, 4), NAN, F32), np.full((1, 2, 5), NAN, F32), i64(HIGH), np.array([NAN], F32)])
ask("NonMaxSuppression", 11, [arr((1, 5, 4)), arr((1, 2, 5)), i64(LOW)])
for rois in ([[0, 0, 1e30, 1e30]], [[NAN, 0, 1, 1]], [[-1e9, -1e9, 1e9, 1e9]], [[INF, 0, -INF, 1]]):
    ask("RoiAlign", 16, [PICTURE, np.array(rois, F32), i64(0)], dict(output_height=2, output_width=3, sampling_ratio=0))
    ask("MaxRoiPool", 22, [PICTURE, np.array([[0] + rois[0]], F32)], dict(pooled_shape=[2, 2]))
ask("RoiAlign", 16, [PICTURE, np.array([[0, 0, 1, 1]], F32), i64(0)], dict(output_height=BIG, output_width=BIG), status=65)
ask("RoiAlign", 16, [PICTURE, np.array([[0, 0, 1, 1]], F32), i64(0)], dict(sampling_ratio=HIGH))
ask("MaxRoiPool", 22, [PICTURE, np.array([[HIGH, 0, 0, 1, 1]], F32)], dict(pooled_shape=[2, 2]), status=65)
ask("MaxRoiPool", 22, [PICTURE, np.array([[0, 0, 0, 1, 1]], F32)], dict(pooled_shape=[BIG, BIG]), status=65)
for value in (NAN, INF, -INF, 1e30):
    for mode in ("linear", "nearest", "cubic"):
        for pad in ("zeros", "border", "reflection"):
            ask("GridSample", 20, [PICTURE, np.full((1, 2, 2, 2), value, F32)], dict(mode=mode, padding_mode=pad))
ask("AffineGrid", 20, [arr((1, 2, 3)), i64(1, 1, BIG, BIG)], status=65)
ask("AffineGrid", 20, [arr((1, 2, 3)), i64(1, 1, -1, 2)], status=65)
ask("DeformConv", 22, [arr((1, 2, 4, 4)), arr((2, 2, 2, 2)), np.full((1, 8, 3, 3), NAN, F32)])
ask("DeformConv", 22, [arr((1, 2, 4, 4)), arr((2, 2, 2, 2)), np.full((1, 8, 3, 3), 1e30, F32)])
ask("TfIdfVectorizer", 9, [np.array([1, 2], I32)], dict(mode="TF", max_gram_length=BIG, max_skip_count=BIG, min_gram_length=1,
                                                        ngram_counts=[0], ngram_indexes=[0], pool_int64s=[1]))
ask("TfIdfVectorizer", 9, [np.array([1, 2], I32)], dict(mode="TF", max_gram_length=1, max_skip_count=0, min_gram_length=1,
                                                        ngram_counts=[5], ngram_indexes=[BIG], pool_int64s=[1]), status=65)
ask("StringSplit", 20, [np.array(["a b"], object)], dict(maxsplit=LOW), outputs=2)
ask("Attention", 23, [arr((1, 2, 3, 4)), arr((1, 3, 3, 4)), arr((1, 3, 3, 4))], status=65)
ask("Attention", 23, [arr((1, 3, 8)), arr((1, 3, 8)), arr((1, 3, 8))], dict(q_num_heads=0, kv_num_heads=0), status=65)
ask("Attention", 23, [arr((1, 3, 8)), arr((1, 3, 8)), arr((1, 3, 8))], dict(q_num_heads=3, kv_num_heads=2), status=65)
ask("RotaryEmbedding", 23, [arr((1, 2, 3, 8)), arr((4, 4)), arr((4, 4)), np.full((1, 3), HIGH, I64)], status=65)
ask("GroupNormalization", 21, [arr((1, 6, 3)), arr((6,)), arr((6,))], dict(num_groups=0), status=65)
ask("ImageDecoder", 20, [np.arange(64, dtype=np.uint8)], status=65)
ask("ImageDecoder", 20, [np.frombuffer(b"BM" + b"\xff" * 60, np.uint8)], status=65)
ask("ImageDecoder", 20, [np.frombuffer(b"P6\n99999999 99999999\n255\n" + b"\xff" * 60, np.uint8)], status=65)
ask("SVMClassifier", 1, [arr((2, 3))], dict(classlabels_ints=[0, 1], coefficients=[1.0], rho=[0.0], vectors_per_class=[BIG, BIG],
                                            support_vectors=[1.0], kernel_type="RBF", kernel_params=[1.0, 0.0, 3.0]),
    status=65, outputs=2, domain="ai.onnx.ml")
ask("TreeEnsembleRegressor", 3, [arr((2, 3))], dict(
    n_targets=1, nodes_treeids=[0, 0], nodes_nodeids=[0, 1], nodes_featureids=[0, 0], nodes_modes=["BRANCH_LEQ"] * 2,
    nodes_values=[0.0, 0.0], nodes_truenodeids=[1, 0], nodes_falsenodeids=[1, 0], target_treeids=[0], target_nodeids=[0],
    target_ids=[0], target_weights=[1.0]), domain="ai.onnx.ml")
ask("TreeEnsembleRegressor", 3, [arr((2, 3))], dict(
    n_targets=BIG, nodes_treeids=[0], nodes_nodeids=[0], nodes_featureids=[0], nodes_modes=["LEAF"], nodes_values=[0.0],
    nodes_truenodeids=[0], nodes_falsenodeids=[0], target_treeids=[0], target_nodeids=[0], target_ids=[0],
    target_weights=[1.0]), status=65, domain="ai.onnx.ml")
ask("FeatureVectorizer", 1, [arr((2, 3))], dict(inputdimensions=[BIG]), status=65, domain="ai.onnx.ml")
ask("OneHotEncoder", 1, [i64(5)], dict(cats_int64s=[1], zeros=0), status=65, domain="ai.onnx.ml")


def loop(grows):
    body = helper.make_graph(
        [helper.make_node("Concat", ["s", "s"], ["n"], axis=0) if grows else helper.make_node("Identity", ["s"], ["n"]),
         helper.make_node("Identity", ["c"], ["c2"])], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("c", TensorProto.BOOL, []),
         helper.make_tensor_value_info("s", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("c2", TensorProto.BOOL, []), helper.make_tensor_value_info("n", TensorProto.FLOAT, None)])
    return [helper.make_node("Loop", ["x0", "x1", "x2"], ["y0"], name="node", body=body)]


ask("Loop", 16, [np.array(HIGH, I64), np.array(True), X], nodes=loop(True), status=65)
ask("Loop", 16, [np.array(LOW, I64), np.array(True), X], nodes=loop(False))
ask("If", 16, [np.array([True, False])], status=65, nodes=[helper.make_node(
    "If", ["x0"], ["y0"], name="node",
    then_branch=helper.make_graph([helper.make_node("Not", ["x0"], ["t"])], "t", [], [helper.make_tensor_value_info("t", TensorProto.BOOL, None)]),
    else_branch=helper.make_graph([helper.make_node("Not", ["x0"], ["e"])], "e", [], [helper.make_tensor_value_info("e", TensorProto.BOOL, None)]))])


def play(binary, number, graph, scratch):
    op, version, inputs, attrs, wanted, outputs, domain, nodes = graph
    name = f"{number:03} {op}-{version} {[v.ravel()[:6].tolist() if v is not None else None for v in inputs[1:]]} {str(attrs)[:80]}"
    folder = Path(tempfile.mkdtemp(dir=scratch))
    problems = []
    for constants in ((), tuple(range(1, len(inputs)))):
        if constants == () and nodes is None or not constants or nodes is None and len(inputs) > 1:
            case = make(op, version, inputs, attrs, outputs, domain=domain, constants=[k for k in constants if inputs[k] is not None],
                        nodes=nodes)
        else:
            continue
        model = folder / "model.onnx"
        model.write_bytes(case.model.SerializeToString())
        text = {n: v for n, v in case.inputs.items() if v.dtype.kind == "O"}
        arguments = []
        if text:
            # Strings travel as test data.
            for k, info in enumerate(case.model.graph.input):
                (folder / f"input_{k}.pb").write_bytes(tensor_message(case.inputs[info.name], info.name).SerializeToString())
            (folder / "output_0.pb").write_bytes(tensor_message(np.zeros(1, F32), "y0").SerializeToString())
            command = [binary, "verify", model, "--fixtures", folder]
        else:
            for n, path in inputs_as_files(case, folder):
                arguments += ["--input", f"{n}={path}"]
            command = [binary, "run", model, *arguments, "-o", folder / "out.npz"]
        result = run(command, seconds=SECONDS, megabytes=MEGABYTES)
        label = "constant " if constants else ""
        if result.died or result.status not in (0, 1, 65):
            problems.append(f"{label}{result.summary()}")
        elif wanted is not None and result.status != wanted:
            problems.append(f"{label}expected exit {wanted}, got {result.summary()}")
        elif result.status == 65 and "node" not in result.stderr and "'y0'" not in result.stderr:
            problems.append(f"{label}does not name the node: {result.summary()}")
        # What a loop carries may grow up to the limit that is then named.
        limit = re.search(r"memory limit of (\d+) bytes", result.stderr)
        if result.peak_mb > max(PEAK, int(limit.group(1)) >> 20 if limit and op == "Loop" else 0):
            problems.append(f"{label}{result.peak_mb:.0f} MB")
    return name, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    binary = str(Path(options.binary).resolve())
    graphs = [(k, g) for k, g in enumerate(GRAPHS) if not options.only or re.search(options.only, g[0])]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="modelconv-hostile-") as scratch, ThreadPoolExecutor(options.jobs) as pool:
        for name, problems in pool.map(lambda kg: play(binary, kg[0], kg[1], scratch), graphs):
            if problems:
                failed += 1
                print(f"FAILED  {name}: {'; '.join(problems)}", flush=True)
    print(f"hostile graphs: {len(graphs) - failed} of {len(graphs)} end as they must")
    return 1 if failed or not graphs else 0


if __name__ == "__main__":
    sys.exit(main())
