"""Cases of control flow, sequences and optionals."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from version_cases import BOOL, F32, I64, TEXT, arr, cases, i64


def info(name, t=TensorProto.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, t, shape)


def const(name, value):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value)))


def add(a, b, o, v):
    return helper.make_node("Add", [a, b], [o]) if v >= 7 else helper.make_node("Add", [a, b], [o])


@cases("If")
def if_(op, v):
    for c in (True, False):
        then = helper.make_graph([helper.make_node("Add", ["x1", "x1"], ["t"])], "then", [], [info("t")])
        other = helper.make_graph([helper.make_node("Mul", ["x1", "x1"], ["e"])], "else", [], [info("e")])
        yield dict(inputs=[np.array(c), arr((2, 3))], tag=f"{c}", nodes=[helper.make_node(
            "If", ["x0"], ["y0"], name="node", then_branch=then, else_branch=other)],
            expect=[arr((2, 3)) * 2 if c else arr((2, 3)) ** 2])
        yield dict(inputs=[np.array([c]), arr((2, 3))], tag=f"vector{c}", nodes=[helper.make_node(
            "If", ["x0"], ["y0"], name="node", then_branch=then, else_branch=other)],
            expect=[arr((2, 3)) * 2 if c else arr((2, 3)) ** 2])
        # Branches of different shapes.
        then = helper.make_graph([const("a", np.ones((2, 3), F32))], "then", [], [info("a")])
        other = helper.make_graph([const("b", np.ones((4,), F32))], "else", [], [info("b")])
        yield dict(inputs=[np.array(c)], tag=f"shapes{c}", nodes=[helper.make_node(
            "If", ["x0"], ["y0"], name="node", then_branch=then, else_branch=other)],
            expect=[np.ones((2, 3) if c else (4,), F32)])


@cases("Loop")
def loop(op, v):
    def body(continues):
        return helper.make_graph([
            helper.make_node("Add", ["state", "x3"], ["next"]), helper.make_node("Identity", ["next"], ["scan"]),
            continues], "body", [info("i", TensorProto.INT64, [] if v > 1 else [1]), info("c", TensorProto.BOOL, [] if v > 1 else [1]),
                                 info("state")], [info("c2", TensorProto.BOOL), info("next"), info("scan")])
    x, step = arr((2, 3)), arr((2, 3), key=1)
    keep = helper.make_node("Identity", ["c"], ["c2"])
    for n in (0, 1, 4):
        states = [x + step * (k + 1) for k in range(n)]
        nodes = [helper.make_node("Loop", ["x0", "x1", "x2"], ["y0", "y1"], name="node", body=body(keep))]
        yield dict(inputs=[np.array(n, I64), np.array(True), x, step], outputs=2, tag=f"trip{n}", nodes=nodes,
                   expect=[states[-1] if n else x, np.stack(states) if n else np.zeros((0, 2, 3), F32)])
        nodes = [helper.make_node("Loop", ["x0", "", "x2"], ["y0", "y1"], name="node", body=body(keep))]
        if n:
            yield dict(inputs=[np.array([n], I64), None, x, step], outputs=2, tag=f"nocond{n}", nodes=nodes,
                       expect=[states[-1], np.stack(states)])
    nodes = [helper.make_node("Loop", ["x0", "x1", "x2"], ["y0", "y1"], name="node", body=body(keep))]
    yield dict(inputs=[np.array(5, I64), np.array(False), x, step], outputs=["y0"], tag="false", expect=[x], nodes=[
        helper.make_node("Loop", ["x0", "x1", "x2"], ["y0", "unused"], name="node", body=body(keep))])
    stop = helper.make_node("Less", ["i", "x4"], ["c2"]) if v >= 9 else None
    if stop is not None:
        states = [x + step * (k + 1) for k in range(4)]
        nodes = [helper.make_node("Loop", ["", "x1", "x2"], ["y0", "y1"], name="node", body=body(stop))]
        yield dict(inputs=[None, np.array(True), x, step, np.array(3, I64)], outputs=2, tag="while", nodes=nodes,
                   expect=[states[-1], np.stack(states)])
    if v >= 13:
        b = helper.make_graph([
            helper.make_node("Add", ["x1", "x1"], ["e"]), helper.make_node("SequenceInsert", ["s", "e"], ["s2"]),
            helper.make_node("Identity", ["c"], ["c2"])], "body",
            [info("i", TensorProto.INT64, []), info("c", TensorProto.BOOL, []),
             helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)],
            [info("c2", TensorProto.BOOL), helper.make_tensor_sequence_value_info("s2", TensorProto.FLOAT, None)])
        nodes = [helper.make_node("SequenceEmpty", [], ["empty"]),
                 helper.make_node("Loop", ["x0", "", "empty"], ["y0"], name="node", body=b)]
        yield dict(inputs=[np.array(3, I64), x], tag="sequence", nodes=nodes, expect=[[x + x] * 3],
                   out_types=[helper.make_tensor_sequence_value_info("y0", TensorProto.FLOAT, None)])


@cases("Scan")
def scan(op, v):
    def body():
        return helper.make_graph([
            helper.make_node("Add", ["state", "part"], ["next"]), helper.make_node("Identity", ["next"], ["out"])], "body",
            [info("state", shape=[3]), info("part", shape=[3])], [info("next", shape=[3]), info("out", shape=[3])])
    if v == 8:
        s, x = arr((2, 3)), arr((2, 4, 3), key=1)
        total = s[:, None, :] + np.cumsum(x, 1)
        for d in (0, 1):
            xs = x if d == 0 else x[:, ::-1]
            total = s[:, None, :] + np.cumsum(xs, 1)
            nodes = [helper.make_node("Scan", ["", "x1", "x2"], ["y0", "y1"], name="node", body=body(), num_scan_inputs=1,
                                      **({"directions": [1]} if d else {}))]
            yield dict(inputs=[None, s, x], outputs=2, nodes=nodes, tag=f"plain{d}", expect=[total[:, -1], total])
        nodes = [helper.make_node("Scan", ["x0", "x1", "x2"], ["y0", "y1"], name="node", body=body(), num_scan_inputs=1)]
        total = s[:, None, :] + np.cumsum(x, 1)
        cut = total.copy()
        cut[1, 2:] = 0
        yield dict(inputs=[i64(4, 2), s, x], outputs=2, nodes=nodes, tag="lengths",
                   expect=[np.stack([total[0, 3], total[1, 1]]), cut])
        return
    s, x = arr((3,)), arr((4, 3), key=1)
    nodes = [helper.make_node("Scan", ["x0", "x1"], ["y0", "y1"], name="node", body=body(), num_scan_inputs=1)]
    total = s + np.cumsum(x, 0)
    yield dict(inputs=[s, x], outputs=2, nodes=nodes, tag="plain", expect=[total[-1], total])
    for d in (0, 1):
        nodes = [helper.make_node("Scan", ["x0", "x1"], ["y0", "y1"], name="node", body=body(), num_scan_inputs=1,
                                  scan_input_directions=[1], scan_output_directions=[d], scan_input_axes=[1],
                                  scan_output_axes=[1])]
        total = s + np.cumsum(x[::-1], 0)
        yield dict(inputs=[s, np.ascontiguousarray(x.T)], outputs=2, nodes=nodes, tag=f"axes{d}",
                   expect=[total[-1], (total[::-1] if d else total).T])
    if v >= 11:
        nodes = [helper.make_node("Scan", ["x0", "x1"], ["y0", "y1"], name="node", body=body(), num_scan_inputs=1,
                                  scan_input_axes=[-2], scan_output_axes=[-1])]
        total = s + np.cumsum(x, 0)
        yield dict(inputs=[s, x], outputs=2, nodes=nodes, tag="negative", expect=[total[-1], total.T])


@cases("SequenceConstruct", "SequenceAt", "SequenceInsert", "SequenceErase", "SequenceLength", "ConcatFromSequence")
def sequence(op, v):
    a, b, c = arr((2, 3)), arr((1, 3), key=1), arr((4, 3), key=2)
    make = helper.make_node("SequenceConstruct", ["x0", "x1", "x2"], ["s"])
    seq = [helper.make_tensor_sequence_value_info("y0", TensorProto.FLOAT, None)]
    if op == "SequenceConstruct":
        yield dict(inputs=[a, b, c], out_types=seq, expect=[[a, b, c]])
    if op == "SequenceAt":
        for k in (0, 2, -1, -3):
            yield dict(inputs=[a, b, c, np.array(k, I64)], nodes=[make, helper.make_node("SequenceAt", ["s", "x3"], ["y0"])],
                       tag=f"{k}", expect=[[a, b, c][k]])
        yield dict(inputs=[a, b, c, np.array(3, I64)], nodes=[make, helper.make_node("SequenceAt", ["s", "x3"], ["y0"])],
                   tag="bad", rejected=True)
    if op == "SequenceInsert":
        for k in (None, 0, 1, 3, -1, -3):
            want = [a, b, c]
            want.insert(3 if k is None else k, a)
            n = helper.make_node("SequenceInsert", ["s", "x0"] + ([] if k is None else ["x3"]), ["y0"])
            yield dict(inputs=[a, b, c] + ([] if k is None else [np.array(k, I64)]), nodes=[make, n], tag=f"{k}",
                       out_types=seq, expect=[want])
    if op == "SequenceErase":
        for k in (None, 0, -1, -3):
            want = [a, b, c]
            want.pop(-1 if k is None else k)
            n = helper.make_node("SequenceErase", ["s"] + ([] if k is None else ["x3"]), ["y0"])
            yield dict(inputs=[a, b, c] + ([] if k is None else [np.array(k, I64)]), nodes=[make, n], tag=f"{k}",
                       out_types=seq, expect=[want])
    if op == "SequenceLength":
        yield dict(inputs=[a, b, c], nodes=[make, helper.make_node("SequenceLength", ["s"], ["y0"])],
                   expect=[np.array(3, I64)])
    if op == "ConcatFromSequence":
        yield dict(inputs=[a, b, c], nodes=[make, helper.make_node("ConcatFromSequence", ["s"], ["y0"], axis=0)],
                   expect=[np.concatenate([a, b, c])])
        d = arr((2, 3), key=5)
        two = helper.make_node("SequenceConstruct", ["x0", "x1"], ["s"])
        for axis in (0, 1, 2, -1):
            yield dict(inputs=[a, d], tag=f"new{axis}", expect=[np.stack([a, d], axis)], nodes=[
                two, helper.make_node("ConcatFromSequence", ["s"], ["y0"], axis=axis, new_axis=1)])


@cases("SequenceEmpty")
def sequence_empty(op, v):
    yield dict(nodes=[helper.make_node("SequenceEmpty", [], ["s"]), helper.make_node("SequenceLength", ["s"], ["y0"])],
               expect=[np.array(0, I64)])


@cases("SplitToSequence")
def split_to_sequence(op, v):
    x = arr((3, 6))
    seq = [helper.make_tensor_sequence_value_info("y0", TensorProto.FLOAT, None)]
    yield dict(inputs=[x, np.array(4, I64)], attrs=dict(axis=1), out_types=seq, expect=[[x[:, :4], x[:, 4:]]], tag="scalar")
    yield dict(inputs=[x, i64(1, 2, 3)], attrs=dict(axis=-1), out_types=seq, tag="list",
               expect=[[x[:, :1], x[:, 1:3], x[:, 3:]]])
    yield dict(inputs=[x], out_types=seq, expect=[[x[:1], x[1:2], x[2:]]], tag="ones")
    yield dict(inputs=[x], attrs=dict(keepdims=0), out_types=seq, expect=[[x[0], x[1], x[2]]], tag="drop")


@cases("SequenceMap")
def sequence_map(op, v):
    a, b = arr((2, 3)), arr((1, 3), key=1)
    body = helper.make_graph([helper.make_node("Add", ["e", "t"], ["r"])], "body", [info("e"), info("t")], [info("r")])
    yield dict(inputs=[a, b, arr((3,), key=2)], out_types=[helper.make_tensor_sequence_value_info("y0", 1, None)],
               nodes=[helper.make_node("SequenceConstruct", ["x0", "x1"], ["s"]),
                      helper.make_node("SequenceMap", ["s", "x2"], ["y0"], body=body)],
               expect=[[a + arr((3,), key=2), b + arr((3,), key=2)]])


@cases("Optional", "OptionalHasElement", "OptionalGetElement")
def optional(op, v):
    x = arr((2, 3))
    make = helper.make_node("Optional", ["x0"], ["o"])
    float_type = helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    none = helper.make_node("Optional", [], ["o"], type=float_type)
    if op in ("OptionalHasElement", "Optional"):
        has = helper.make_node("OptionalHasElement", ["o"], ["y0"])
        yield dict(inputs=[x], nodes=[make, has], tag="some", expect=[np.array(True)])
        yield dict(nodes=[none, has], tag="none", expect=[np.array(False)])
        if op == "OptionalHasElement" and v >= 18:
            yield dict(nodes=[helper.make_node("OptionalHasElement", [""], ["y0"])], tag="absent", expect=[np.array(False)])
            yield dict(inputs=[x], nodes=[helper.make_node("OptionalHasElement", ["x0"], ["y0"])], tag="tensor",
                       expect=[np.array(True)])
    if op == "OptionalGetElement":
        get = helper.make_node("OptionalGetElement", ["o"], ["y0"], name="node")
        yield dict(inputs=[x], nodes=[make, get], tag="some", expect=[x])
        yield dict(nodes=[none, get], tag="none", rejected=True)
        if v >= 18:
            yield dict(inputs=[x], nodes=[helper.make_node("OptionalGetElement", ["x0"], ["y0"])], tag="tensor", expect=[x])
        seq = helper.make_node("SequenceConstruct", ["x0", "x0"], ["s"])
        yield dict(inputs=[x], tag="sequence", expect=[x], nodes=[
            seq, helper.make_node("Optional", ["s"], ["o"]), helper.make_node("OptionalGetElement", ["o"], ["g"]),
            const("zero", np.array(0, I64)), helper.make_node("SequenceAt", ["g", "zero"], ["y0"])])
