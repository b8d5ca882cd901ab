#!/usr/bin/env python3
"""Models with every data form that ONNX files have, converted by modelconv and compared message by message.

    onnx_roundtrip.py --binary .build/release/modelconv [--only REGEX]

Each model is converted with and without rewrites; nothing that the file says may be lost (`onnx_survival.py`), and
what runs must compute the same in ONNX's reference evaluator. Models with `refuse` must be refused with that text.
Needs the packages of requirements.txt.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import onnx_survival

FLOAT = TensorProto.FLOAT
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def info(name, shape=(2, 3), dtype=FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs, outputs, initializer=(), opset=21, ir=10, imports=(), **more):
    graph = helper.make_graph(nodes, more.pop("name", "net"), inputs, outputs, list(initializer))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, v) for d, v in imports)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir, **more)


def props(message, **pairs):
    for key, value in pairs.items():
        entry = message.metadata_props.add()
        entry.key, entry.value = key, value


def relu(**more):
    return model([helper.make_node("Relu", ["x"], ["y"], name="r")], [info("x")], [info("y")], **more)


# MARK: What stands beside the network

@case
def model_fields():
    m = relu(producer_name="someone", producer_version="7", domain="org.example", model_version=42,
             doc_string="what it is\nand more")
    props(m, author="me", **{"onnx.odd": "kept", "licence": "ünïcode"})
    return m


@case
def docs_and_metadata_everywhere():
    w = numpy_helper.from_array(np.arange(3, dtype=np.float32), "w")
    w.doc_string = "weights"
    props(w, kind="bias")
    add = helper.make_node("Add", ["x", "w"], ["a"], name="add", doc_string="adds")
    props(add, namespace="enc/0")
    norm = helper.make_node("Softmax", ["a"], ["y"], name="soft", axis=0)
    norm.attribute[0].doc_string = "over the first axis"
    x, y = info("x"), info("y")
    x.doc_string, y.doc_string = "input", "output"
    props(x, unit="mm")
    props(y, unit="1")
    m = model([add, norm], [x], [y], [w])
    a = info("a")
    a.doc_string = "between"
    props(a, calibrated="yes")
    m.graph.value_info.append(a)
    m.graph.doc_string = "the graph"
    props(m.graph, stage="2")
    return m


@case
def denotations():
    m = relu()
    for value in (m.graph.input[0], m.graph.output[0]):
        value.type.denotation = "IMAGE"
        value.type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
        value.type.tensor_type.shape.dim[1].denotation = "DATA_CHANNEL"
    m.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch size"
    m.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "batch size"
    return m


@case
def quantization_annotation():
    scale = numpy_helper.from_array(np.float32(0.5), "x_scale")
    zero = numpy_helper.from_array(np.uint8(3), "x_zero")
    m = model([helper.make_node("Relu", ["x"], ["y"])], [info("x")], [info("y")], [scale, zero])
    a = m.graph.quantization_annotation.add()
    a.tensor_name = "x"
    for key, value in (("SCALE_TENSOR", "x_scale"), ("ZERO_POINT_TENSOR", "x_zero")):
        entry = a.quant_parameter_tensor_names.add()
        entry.key, entry.value = key, value
    return m


@case
def device_configurations():
    m = relu(opset=24, ir=12)
    c = m.configuration.add()
    c.name, c.num_devices = "two", 2
    c.device.extend(["cuda:0", "cuda:1"])
    d = m.graph.node[0].device_configurations.add()
    d.configuration_id, d.pipeline_stage = "two", 1
    s = d.sharding_spec.add()
    s.tensor_name = "x"
    s.device.extend([0, 1])
    dim = s.sharded_dim.add()
    dim.axis = 0
    dim.simple_sharding.add().num_shards = 2
    return m


@case
def training_info():
    m = model([helper.make_node("Mul", ["x", "w"], ["y"], name="mul")], [info("x")], [info("y")],
              [numpy_helper.from_array(np.ones(3, np.float32), "w")])
    t = m.training_info.add()
    t.algorithm.CopyFrom(helper.make_graph(
        [helper.make_node("Sub", ["w", "step"], ["w_new"])], "update", [], [info("w_new", (3,))],
        [numpy_helper.from_array(np.float32(0.1), "step")]))
    entry = t.update_binding.add()
    entry.key, entry.value = "w", "w_new"
    return m


@case
def unknown_fields():
    """Fields of a schema to come, in every message that has an own place here."""
    m = relu()
    extra = bytes([0xFA, 0x3E, 0x05]) + b"later"  # field 1007, five bytes
    node = m.graph.node[0]
    node.MergeFromString(extra)
    m.graph.input[0].MergeFromString(extra)
    m.graph.MergeFromString(extra)
    m.MergeFromString(extra)
    return m


@case
def unused_initializer():
    return model([helper.make_node("Relu", ["x"], ["y"])], [info("x")], [info("y")],
                 [numpy_helper.from_array(np.arange(4, dtype=np.int16), "kept_aside")])


unused_initializer.only_plain = True


@case
def constant_node_with_docs():
    c = helper.make_node("Constant", [], ["c"], name="c", value=numpy_helper.from_array(np.float32([1, 2, 3]), "inner"))
    c.doc_string = "three numbers"
    props(c, source="table")
    return model([c, helper.make_node("Add", ["x", "c"], ["y"])], [info("x")], [info("y")])


@case
def inputs_with_defaults():
    w = numpy_helper.from_array(np.float32([1, 2, 3]), "w")
    return model([helper.make_node("Add", ["x", "w"], ["y"])], [info("x"), info("w", (3,))], [info("y")], [w])


inputs_with_defaults.check = lambda m: [v.name for v in m.graph.input] == ["x", "w"]


# MARK: Foreign nodes

def everything_attribute():
    a = [helper.make_attribute("f", 0.1), helper.make_attribute("i", -(1 << 62)), helper.make_attribute("s", b"\xff\x00x"),
         helper.make_attribute("fs", [1.5, float("nan"), float("-inf")]), helper.make_attribute("is", [1, -2, 3]),
         helper.make_attribute("ss", [b"a", b"\xfe"]),
         helper.make_attribute("t", helper.make_tensor("named", TensorProto.INT32, [2, 2], [1, -2, 3, 4])),
         helper.make_attribute("ts", [numpy_helper.from_array(np.float16([1, 2]), "h")]),
         helper.make_attribute("tp", helper.make_tensor_type_proto(FLOAT, ["N", 3])),
         helper.make_attribute("tps", [helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None))])]
    empty = onnx.AttributeProto(name="none", type=onnx.AttributeProto.INTS)
    sparse = onnx.AttributeProto(name="sp", type=onnx.AttributeProto.SPARSE_TENSOR)
    sparse.sparse_tensor.CopyFrom(helper.make_sparse_tensor(
        helper.make_tensor("v", FLOAT, [2], [1, 2]), helper.make_tensor("k", TensorProto.INT64, [2], [0, 3]), [5]))
    a[0].doc_string = "a float"
    return [*a, empty, sparse]


@case
def foreign_attributes():
    n = helper.make_node("Odd", ["x", "", "w"], ["p", "q"], name="odd", domain="org.example", doc_string="odd one")
    n.attribute.extend(everything_attribute())
    props(n, note="kept")
    return model([n, helper.make_node("Relu", ["p"], ["y"])], [info("x")], [info("y")],
                 [numpy_helper.from_array(np.arange(3, dtype=np.float64), "w")],
                 imports=[("org.example", 3), ("org.unused", 9)])


foreign_attributes.foreign = True


@case
def foreign_body_with_captures():
    """The body of a foreign node uses values of the graph around it, one of which rewrites would remove."""
    body = helper.make_graph([helper.make_node("Add", ["b", "same"], ["s"]), helper.make_node("Mul", ["s", "w"], ["t"])],
                             "inner", [info("b")], [info("t")])
    n = helper.make_node("Apply", ["x"], ["y"], name="apply", domain="org.example", body=body)
    return model([helper.make_node("Identity", ["x"], ["same"], name="i"), n], [info("x")], [info("y")],
                 [numpy_helper.from_array(np.ones(3, np.float32), "w")], imports=[("org.example", 1)])


foreign_body_with_captures.foreign = True


@case
def foreign_body_calls_function():
    f = helper.make_function("org.example", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])],
                             [helper.make_opsetid("", 21)])
    body = helper.make_graph([helper.make_node("Twice", ["k"], ["t"], domain="org.example")], "inner", [info("k")],
                             [info("t")])
    n = helper.make_node("Apply", ["x"], ["y"], name="apply", domain="org.other", body=body)
    m = model([n], [info("x")], [info("y")], imports=[("org.example", 1), ("org.other", 2)])
    m.functions.append(f)
    return m


foreign_body_calls_function.foreign = True
foreign_body_calls_function.check = lambda m: [f.name for f in m.functions] == ["Twice"]


@case
def foreign_inside_branch():
    then = helper.make_graph([helper.make_node("Odd", ["x"], ["a"], name="o", domain="org.example", k=3)], "then_body",
                             [], [info("a")])
    other = helper.make_graph([helper.make_node("Relu", ["x"], ["b"], name="r2", doc_string="inside")], "else_body", [],
                              [info("b")])
    n = helper.make_node("If", ["c"], ["y"], name="if", then_branch=then, else_branch=other)
    return model([n], [info("c", (), TensorProto.BOOL), info("x")], [info("y")], imports=[("org.example", 1)])


foreign_inside_branch.foreign = True


@case
def overloads_and_unknown_standard_operator():
    n = helper.make_node("NotYetInvented", ["x"], ["y"], name="n", overload="fast", domain="org.example", k=1)
    return model([n], [info("x")], [info("y")], imports=[("org.example", 1)])


overloads_and_unknown_standard_operator.foreign = True


# MARK: Types of values

@case
def sequences_optionals_and_maps():
    seq = helper.make_value_info("s", helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, [2, None])))
    opt = helper.make_value_info("o", helper.make_optional_type_proto(helper.make_tensor_type_proto(FLOAT, [2])))
    out = helper.make_value_info("t", helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, [2, None])))
    return model([helper.make_node("Identity", ["s"], ["t"]), helper.make_node("OptionalGetElement", ["o"], ["p"])],
                 [seq, opt], [out, info("p", (2,))], opset=18, ir=8)


@case
def map_type():
    m = helper.make_value_info("m", helper.make_map_type_proto(
        TensorProto.INT64, helper.make_tensor_type_proto(FLOAT, None)))
    n = helper.make_node("Odd", ["m"], ["y"], domain="org.example", name="odd")
    return model([n], [m], [info("y")], imports=[("org.example", 1)])


map_type.foreign = True


@case
def symbols_and_unknown_extents():
    x = helper.make_tensor_value_info("x", FLOAT, ["N", 3, None, "sequence length"])
    y = helper.make_tensor_value_info("y", FLOAT, ["N", 3, None, "sequence length"])
    return model([helper.make_node("Relu", ["x"], ["y"])], [x], [y])


# MARK: Tensor data

def all_types():
    yield from ((np.dtype(t), None) for t in (
        "float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
        "complex64", "complex128"))
    for name in ("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu",
                 "int4", "uint4", "float4_e2m1fn", "int2", "uint2"):
        yield np.dtype(getattr(ml_dtypes, name)), None


def values_of(dtype, shape=(3, 5)):
    n = int(np.prod(shape))
    base = np.arange(n) % 4
    if dtype.kind == "b":
        return (base % 2 == 0).reshape(shape)
    return base.astype(np.float32).astype(dtype).reshape(shape)


def every_type(form):
    """One initializer of each element type, stored as raw bytes or in typed fields, each an output."""
    nodes, outputs, tensors = [], [], []
    for k, (dtype, _) in enumerate(all_types()):
        array = values_of(dtype)
        number = helper.np_dtype_to_tensor_dtype(dtype)
        if form == "raw":
            t = numpy_helper.from_array(array, f"w{k}")
        else:
            t = helper.make_tensor(f"w{k}", number, array.shape, array.ravel().tolist()
                                   if dtype.kind in "fiubc" else array.ravel())
        tensors.append(t)
        nodes.append(helper.make_node("Odd", [f"w{k}"], [f"y{k}"], domain="org.example", name=f"n{k}"))
        outputs.append(helper.make_tensor_value_info(f"y{k}", number, array.shape))
    strings = helper.make_tensor("text", TensorProto.STRING, [2, 2], [b"a", b"", "ü".encode(), b"\xff\x00"])
    nodes.append(helper.make_node("Odd", ["text"], ["strings"], domain="org.example", name="ns"))
    outputs.append(helper.make_tensor_value_info("strings", TensorProto.STRING, [2, 2]))
    return model(nodes, [], outputs, [*tensors, strings], opset=25, ir=13, imports=[("org.example", 1)])


@case
def raw_tensors():
    return every_type("raw")


@case
def typed_tensors():
    return every_type("typed")


raw_tensors.foreign = typed_tensors.foreign = True


@case
def empty_and_scalar_tensors():
    shapes = {"none": (0,), "nothing": (2, 0, 3), "one": (), "single": (1,)}
    tensors = [numpy_helper.from_array(np.full(shape, 7, np.float32), name) for name, shape in shapes.items()]
    nodes = [helper.make_node("Identity", [name], [name + "_out"]) for name in shapes]
    return model(nodes, [], [info(name + "_out", shape) for name, shape in shapes.items()], tensors)


@case
def sparse_initializers():
    linear = helper.make_sparse_tensor(
        helper.make_tensor("sa", FLOAT, [2], [5, 7]), helper.make_tensor("sa_i", TensorProto.INT64, [2], [1, 5]), [2, 3])
    grid = helper.make_sparse_tensor(
        helper.make_tensor("sb", FLOAT, [2], [3, 4]), helper.make_tensor("sb_i", TensorProto.INT64, [2, 2], [0, 2, 1, 0]),
        [2, 3])
    m = model([helper.make_node("Add", ["x", "sa"], ["a"]), helper.make_node("Add", ["a", "sb"], ["y"])], [info("x")],
              [info("y")])
    m.graph.sparse_initializer.extend([linear, grid])
    return m


def expect_sparse(feeds):
    dense = np.zeros((2, 3), np.float32)
    dense[0, 1], dense[1, 2] = 5, 7
    dense[0, 2] += 3
    dense[1, 0] += 4
    return {"y": feeds["x"] + dense}


sparse_initializers.expect = expect_sparse


@case
def sparse_constant_node():
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("", FLOAT, [2], [5, 7]), helper.make_tensor("", TensorProto.INT64, [2], [1, 5]), [2, 3])
    c = helper.make_node("Constant", [], ["c"], sparse_value=sparse)
    return model([c, helper.make_node("Add", ["x", "c"], ["y"])], [info("x")], [info("y")])


def expect_sparse_constant(feeds):
    dense = np.zeros((2, 3), np.float32)
    dense[0, 1], dense[1, 2] = 5, 7
    return {"y": feeds["x"] + dense}


sparse_constant_node.expect = expect_sparse_constant


# MARK: Functions and bodies

@case
def functions():
    """Nested calls, a default and a given attribute, an optional input left out, own operator sets, overloads."""
    scale = helper.make_function(
        "org.example", "Scale", ["a", "b"], ["c"],
        [helper.make_node("Constant", [], ["k"], name="k"), helper.make_node("Mul", ["a", "k"], ["m"]),
         helper.make_node("Identity", ["m"], ["c"])],
        [helper.make_opsetid("", 12)], attributes=[], attribute_protos=[helper.make_attribute("factor", 3.0)])
    ref = onnx.AttributeProto(name="value_float", type=onnx.AttributeProto.FLOAT, ref_attr_name="factor")
    scale.node[0].attribute.append(ref)
    other = onnx.FunctionProto()
    other.CopyFrom(scale)
    other.overload = "negative"
    other.node[2].op_type = "Neg"
    nested = helper.make_function(
        "org.example", "Nested", ["a"], ["c"],
        [helper.make_node("Scale", ["a"], ["s"], domain="org.example", factor=0.5),
         helper.make_node("Scale", ["s"], ["t"], domain="org.example"),
         helper.make_node("Scale", ["t"], ["c"], domain="org.example", overload="negative")],
        [helper.make_opsetid("org.example", 1), helper.make_opsetid("", 13)])
    m = model([helper.make_node("Nested", ["x"], ["u"], domain="org.example", name="first"),
               helper.make_node("Nested", ["u"], ["y"], domain="org.example", name="second")],
              [info("x")], [info("y")], opset=13, imports=[("org.example", 1)])
    m.functions.extend([scale, other, nested])
    return m


functions.inlined = True
functions.expect = lambda feeds: {"y": feeds["x"] * 20.25}


@case
def captures_through_two_bodies():
    inner = helper.make_graph([helper.make_node("Add", ["p", "w"], ["i"])], "inner", [], [info("i")])
    inner_else = helper.make_graph([helper.make_node("Sub", ["p", "x"], ["e"])], "inner_else", [], [info("e")])
    outer = helper.make_graph(
        [helper.make_node("Mul", ["x", "w"], ["p"]),
         helper.make_node("If", ["d"], ["q"], then_branch=inner, else_branch=inner_else)], "outer", [], [info("q")])
    outer_else = helper.make_graph([helper.make_node("Neg", ["x"], ["n"])], "outer_else", [], [info("n")])
    return model([helper.make_node("If", ["c"], ["y"], then_branch=outer, else_branch=outer_else)],
                 [info("c", (), TensorProto.BOOL), info("d", (), TensorProto.BOOL), info("x")], [info("y")],
                 [numpy_helper.from_array(np.float32([1, 2, 3]), "w")])


@case
def old_ir_without_kinds():
    """IR 3: initializers are inputs; attributes of IR 1 have no kind."""
    w = numpy_helper.from_array(np.float32([[1, 2], [3, 4], [5, 6]]), "w")
    n = helper.make_node("Gemm", ["x", "w", "b"], ["y"], alpha=2.0, transB=0)
    for a in n.attribute:
        a.ClearField("type")
    b = numpy_helper.from_array(np.float32([[1, 1]]), "b")
    return model([n], [info("x"), info("w", (3, 2)), info("b", (1, 2))], [info("y", (2, 2))], [w, b], opset=9, ir=3)


old_ir_without_kinds.expect = lambda feeds: {
    "y": 2 * feeds["x"] @ np.float32([[1, 2], [3, 4], [5, 6]]) + np.float32([[1, 1]])}


def seeded(m):
    """Feeds for tensors of numbers."""
    random = np.random.default_rng(7)
    feeds = {}
    constants = {t.name for t in m.graph.initializer}
    for v in m.graph.input:
        if v.name in constants:
            continue
        if v.type.WhichOneof("value") != "tensor_type":
            return None
        shape = [d.dim_value or 2 for d in v.type.tensor_type.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type)
        feeds[v.name] = (random.uniform(-1, 1, shape) * 4).astype(dtype)
    return feeds


def problems(name, build, binary, folder):
    source = build()
    path = folder / f"{name}.onnx"
    onnx.save(source, path)
    foreign = getattr(build, "foreign", False)
    for arguments in ([], ["--no-rewrite"]):
        label = arguments[0] if arguments else "rewritten"
        if getattr(build, "only_plain", False) and not arguments:
            continue
        out = folder / f"{name}-out.onnx"
        out.unlink(missing_ok=True)
        opset = max(o.version for o in source.opset_import if o.domain == "")
        command = [binary, "convert", path, "-o", out, "--opset", str(max(opset, 9)), *arguments]
        if foreign:
            command.append("--no-verify")
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if ended.returncode != 0:
            yield f"{label}: exit {ended.returncode}: {(ended.stderr or ended.stdout).strip()[:300]}"
            continue
        result = onnx.load(out)
        if not getattr(build, "inlined", False):
            for line in onnx_survival.model_losses(source, result):
                # Rewrites may remove and fuse what they are for.
                if arguments or not re.search(r"is gone|is now|: name is", line):
                    yield f"{label}: {line}"
        if hasattr(build, "check") and not build.check(result):
            yield f"{label}: the case's own check"
        if not foreign:
            try:
                onnx.checker.check_model(result, full_check=True)
            except Exception as error:
                yield f"{label}: checker: {str(error).splitlines()[0]}"
            yield from differences(source, result, build, label)


def differences(source, result, build, label):
    from onnx.reference import ReferenceEvaluator

    feeds = seeded(source)
    if feeds is None:
        return
    expect = getattr(build, "expect", None)
    if expect:
        expected = expect(feeds)
    else:
        evaluator = ReferenceEvaluator(source)
        expected = dict(zip(evaluator.output_names, evaluator.run(None, feeds)))
    evaluator = ReferenceEvaluator(result)
    actual = dict(zip(evaluator.output_names, evaluator.run(None, feeds)))
    for name, value in expected.items():
        if not np.allclose(actual[name], value, 1e-5, 1e-6, equal_nan=True):
            yield f"{label}: output '{name}' differs"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    binary = str(Path(options.binary).resolve())
    failed = 0
    chosen = {name: build for name, build in CASES.items() if re.search(options.only, name)}
    with tempfile.TemporaryDirectory(prefix="modelconv-") as folder:
        for name, build in chosen.items():
            found = list(problems(name, build, binary, Path(folder)))
            failed += bool(found)
            for line in found:
                print(f"FAILED  {name}  {line}")
    print(f"onnx round trips: {len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
