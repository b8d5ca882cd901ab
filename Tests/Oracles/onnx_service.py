#!/usr/bin/env python3
"""A second opinion on ONNX models that stays in memory: one JSON request a line in, one JSON answer a line out.

Request: {"model", "fixture", "rtol", "atol", "oracles": ["onnxruntime", "onnx.reference"], "check": true,
"source": MODEL or null}. The fixture is an npz (`in:NAME`, `out:NAME`) or a folder with ONNX test data
(`test_data_set_*/input_0.pb`). Answer: {"checker": "" or why onnx.checker refuses, "runs": {oracle: "" or why not},
"constants": how many initialisers of the source stand in the model unchanged, "changed": [names of those that differ]}.
"""

import json
import os
import sys
from pathlib import Path

os.environ["ALLOW_RELEASED_ONNX_OPSET_ONLY"] = "0"

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime as ort  # noqa: E402
from onnx import numpy_helper  # noqa: E402

import onnx_check  # noqa: E402


def read_value(path, value_type):
    kind = value_type.WhichOneof("value")
    data = Path(path).read_bytes()
    if kind == "sequence_type":
        message = onnx.SequenceProto.FromString(data)
        return numpy_helper.to_list(message)
    if kind == "optional_type":
        message = onnx.OptionalProto.FromString(data)
        return numpy_helper.to_optional(message)
    return numpy_helper.to_array(onnx.TensorProto.FromString(data))


def fixtures(model, place):
    """Pairs of inputs and expected outputs by name."""
    place = Path(place)
    initializers = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initializers]
    if place.is_file():
        with np.load(place, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        yield ({key[3:]: value for key, value in arrays.items() if key.startswith("in:")},
               {key[4:]: value for key, value in arrays.items() if key.startswith("out:")})
        return
    for folder in sorted(place.glob("test_data_set_*")):
        feeds = {}
        named = {value.name: value for value in model.graph.input}
        for k in range(len(list(folder.glob("input_*.pb")))):
            file = folder / f"input_{k}.pb"
            if k >= len(inputs):
                break
            name = onnx.TensorProto.FromString(file.read_bytes()).name if len(inputs) != len(named) else ""
            value = named.get(name, inputs[k])
            feeds[value.name] = read_value(file, value.type)
        wanted = {}
        for k, value in enumerate(model.graph.output):
            file = folder / f"output_{k}.pb"
            if file.exists():
                wanted[value.name] = read_value(file, value.type)
        yield feeds, wanted


def compare(name, actual, expected, rtol, atol):
    if expected is None or actual is None:
        if (expected is None) != (actual is None):
            raise onnx_check.Failure("compare", f"{name}: absent on one side")
        return
    if isinstance(expected, (list, tuple)):
        if len(actual) != len(expected):
            raise onnx_check.Failure("compare", f"{name}: {len(actual)} elements, expected {len(expected)}")
        for k, (a, b) in enumerate(zip(actual, expected)):
            compare(f"{name}[{k}]", a, b, rtol, atol)
        return
    if isinstance(expected, dict):
        if sorted(expected) != sorted(actual):
            raise onnx_check.Failure("compare", f"{name}: other keys")
        for key in expected:
            compare(f"{name}[{key}]", actual[key], expected[key], rtol, atol)
        return
    actual, expected = np.asarray(actual), np.asarray(expected)
    if expected.dtype.kind in "OUS":
        def text(v):
            return [s.decode() if isinstance(s, bytes) else str(s) for s in v.ravel()]
        if actual.shape != expected.shape or text(actual) != text(expected):
            raise onnx_check.Failure("compare", f"{name}: strings differ")
        return
    if expected.dtype.kind == "V" or expected.dtype.name.startswith(("bfloat", "float8", "float4", "float6")):
        if actual.dtype != expected.dtype or actual.shape != expected.shape:
            raise onnx_check.Failure("compare", f"{name}: {actual.dtype}{actual.shape}, expected {expected.dtype}{expected.shape}")
        actual, expected = actual.astype(np.float32), expected.astype(np.float32)
    if expected.dtype.kind == "c":
        if actual.shape != expected.shape or not np.allclose(actual, expected, rtol, atol, equal_nan=True):
            raise onnx_check.Failure("compare", f"{name}: complex values differ")
        return
    onnx_check.compare(name, actual, expected, rtol, atol)


def run_onnxruntime(path, model, feeds):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def run_reference(path, model, feeds):
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(str(path))
    return dict(zip(evaluator.output_names, evaluator.run(None, feeds)))


RUNNERS = {"onnxruntime": run_onnxruntime, "onnx.reference": run_reference}


def initializers(model, folder):
    out = {}
    for tensor in model.graph.initializer:
        copy = onnx.TensorProto()
        copy.CopyFrom(tensor)
        if onnx.external_data_helper.uses_external_data(copy):
            onnx.external_data_helper.load_external_data_for_tensor(copy, str(folder))
            copy.data_location = onnx.TensorProto.DEFAULT
        array = numpy_helper.to_array(copy)
        content = [bytes(s) if isinstance(s, bytes) else str(s).encode() for s in array.ravel()] \
            if copy.data_type == onnx.TensorProto.STRING else array.tobytes()
        out[tensor.name] = (copy.data_type, tuple(copy.dims), content)
    return out


def constants(request, model):
    source_path, path = Path(request["source"]), Path(request["model"])
    source = onnx.load(source_path, load_external_data=False)
    before, after = initializers(source, source_path.parent), initializers(model, path.parent)
    same = [name for name in before if name in after and after[name] == before[name]]
    changed = [name for name in before if name in after and after[name] != before[name]]
    return len(same), changed


def operators(graph, functions=()):
    """`domain|operator` of every node, those of bodies and functions included."""
    out = set()
    for node in [*graph.node, *(n for f in functions for n in f.node)]:
        out.add(f"{node.domain or 'ai.onnx'}|{node.op_type}")
        for attribute in node.attribute:
            for body in [attribute.g, *attribute.graphs]:
                if body.node:
                    out |= operators(body)
    return out


def answer(request):
    reply = {"checker": "", "runs": {}, "constants": 0, "changed": []}
    path = request["model"]
    if request.get("check", True):
        try:
            onnx.checker.check_model(path, full_check=True)
        except Exception as error:
            reply["checker"] = (str(error).strip().splitlines() or [type(error).__name__])[0][:400]
    try:
        model = onnx.load(path, load_external_data=False)
        reply["operators"] = sorted(operators(model.graph, model.functions))
        reply["opset"] = max([o.version for o in model.opset_import if o.domain in ("", "ai.onnx")], default=1)
        if request.get("source"):
            reply["constants"], reply["changed"] = constants(request, model)
        pairs = list(fixtures(model, request["fixture"])) if request.get("fixture") else []
    except Exception as error:
        reply["runs"] = {oracle: f"load: {error}"[:400] for oracle in request["oracles"]}
        return reply
    for oracle in request["oracles"]:
        try:
            for feeds, wanted in pairs:
                results = RUNNERS[oracle](path, model, feeds)
                if sorted(results) != sorted(wanted):
                    raise onnx_check.Failure("names", f"outputs {sorted(results)}, expected {sorted(wanted)}")
                for name, expected in wanted.items():
                    compare(name, results[name], expected, request["rtol"], request["atol"])
            reply["runs"][oracle] = "" if pairs else "no fixture"
        except Exception as error:
            reply["runs"][oracle] = f"{type(error).__name__}: {error}".replace("\n", " ").strip()[:400]
        if request.get("first_that_passes") and reply["runs"][oracle] == "":
            break
    return reply


def main():
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a runtime prints must not reach the answers
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line))) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
