#!/usr/bin/env python3
"""Types and shapes that `modelconv inspect` infers, against onnx.shape_inference and what ONNX Runtime computes.

    onnx_types.py --binary .build/release/modelconv --corpus CORPUS [--formats onnx-real,onnx-torch] [--only REGEX]

For every value of a model that both sides name: the element type and the extents must not contradict ONNX's inference
(with data propagation), nothing that ONNX's inference knows may be unknown here, and the sizes that ONNX Runtime
computes on the recorded inputs must fit. Needs the packages of requirements.txt.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper

import cases
from onnx_service import fixtures

NAMES = {"float": "float32", "double": "float64", "float8_e4m3fn": "float8e4m3fn", "float8_e5m2": "float8e5m2"}


def inspected(binary, path):
    """Name to (element type, extents) of every value that inspect shows."""
    ended = subprocess.run([binary, "inspect", str(path), "--json"], capture_output=True, text=True, timeout=300)
    if ended.returncode != 0:
        raise RuntimeError(ended.stderr.strip()[:200])
    document = json.loads(ended.stdout)
    values = {}
    for v in [*document["inputs"], *document["outputs"], *(o for layer in document["layers"] for o in layer["outputs"])]:
        values[v["name"]] = (v["elementType"], v.get("shape"))
    return values


def inferred(model):
    """The same by onnx.shape_inference, for tensors."""
    result = onnx.shape_inference.infer_shapes(model, data_prop=True)
    values = {}
    for v in [*result.graph.value_info, *result.graph.output]:
        if v.type.WhichOneof("value") != "tensor_type":
            continue
        t = v.type.tensor_type
        name = np.dtype(helper.tensor_dtype_to_np_dtype(t.elem_type)).name if t.elem_type != 8 else "string"
        shape = None
        if t.HasField("shape"):
            # Some exporters write -1 where an extent is free.
            shape = [str(d.dim_value) if d.HasField("dim_value") and d.dim_value >= 0 else d.dim_param or None
                     for d in t.shape.dim]
        values[v.name] = (NAMES.get(name, name), shape)
    return values


def is_number(text):
    return re.fullmatch(r"-?\d+", text) is not None


def compare_static(ours, theirs):
    for name, (dtype, shape) in theirs.items():
        if name not in ours:
            continue
        have_type, have = ours[name]
        if have_type == "unknown":
            yield f"{name}: unknown here, {dtype}{shape} by ONNX"
            continue
        if have_type != dtype and dtype in ("float32", "float64", "float16", "int64", "int32", "bool", "uint8", "int8"):
            yield f"{name}: {have_type} here, {dtype} by ONNX"
        if shape is None:
            continue
        if have is None:
            yield f"{name}: rank unknown here, {shape} by ONNX"
            continue
        if len(have) != len(shape):
            yield f"{name}: {have} here, {shape} by ONNX"
            continue
        for k, (a, b) in enumerate(zip(have, shape)):
            if b is not None and is_number(b) and a != b:
                word = "is" if is_number(a) else "is only"
                yield f"{name}: extent {k} {word} {a}, {b} by ONNX"
            elif b is not None and not is_number(b) and a.startswith("?") and not b.startswith("unk__"):
                yield f"{name}: extent {k} is only {a}, {b} by ONNX"


def compare_run(ours, case, model):
    """Sizes of every intermediate value against the inferred ones; symbols must stand for one number each."""
    produced = [o for n in model.graph.node for o in n.output if o]
    known = {o.name for o in model.graph.output}
    wanted = [name for name in produced if name in ours and name not in known]
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in wanted)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    with tempfile.NamedTemporaryFile(suffix=".onnx", dir=case.folder if external(model) else None) as file:
        onnx.save(copy, file.name)
        session = ort.InferenceSession(file.name, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    for feeds, _ in fixtures(model, case.fixture):
        symbols = {}

        def check(name, array):
            if not isinstance(array, np.ndarray) or ours[name][1] is None:
                return
            shape = ours[name][1]
            if len(shape) != array.ndim:
                yield f"{name}: {shape} here, {list(array.shape)} when run"
                return
            for k, (text, size) in enumerate(zip(shape, array.shape)):
                if is_number(text):
                    if int(text) != size:
                        yield f"{name}: extent {k} is {text}, {size} when run"
                elif re.fullmatch(r"[A-Za-z_]\w*|\?[\w.]+", text) and symbols.setdefault(text, size) != size:
                    yield f"{name}: extent {k} is {text} = {symbols[text]}, {size} when run"

        for name, array in feeds.items():
            if name in ours:
                yield from check(name, array)
        for name, array in zip(names, session.run(names, feeds)):
            if name in ours:
                yield from check(name, array)


def external(model):
    return any(onnx.external_data_helper.uses_external_data(t) for t in model.graph.initializer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--formats", default="onnx-real,onnx-torch,onnx-tf2onnx,onnx-light-1.23.2,onnx-simple-1.23.2,"
                        "onnx-pytorch-converted-1.23.2,onnx-pytorch-operator-1.23.2,onnx-structure")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    binary = str(Path(options.binary).resolve())
    failed = compared = 0
    chosen = [case for case in cases.load_corpus_cases(Path(options.corpus), set(options.formats.split(",")))
              if "run" in case.expect and re.search(options.only, case.name)]
    for case in chosen:
        found = []
        try:
            model = onnx.load(case.model, load_external_data=False)
            ours = inspected(binary, case.model)
            try:
                theirs = inferred(model)
            except Exception as error:
                theirs = {}
                print(f"note  {case.name}  onnx.shape_inference: {str(error).splitlines()[0][:120]}")
            compared += len(set(ours) & set(theirs))
            found += compare_static(ours, theirs)
            if case.fixture:
                try:
                    found += compare_run(ours, case, model)
                except Exception as error:
                    print(f"note  {case.name}  ONNX Runtime: {str(error).splitlines()[0][:160]}")
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
        failed += bool(found)
        for line in found[:12]:
            print(f"FAILED  {case.name}  {line}")
        if len(found) > 12:
            print(f"FAILED  {case.name}  … {len(found) - 12} more")
    print(f"onnx types: {len(chosen) - failed} models agree, {failed} do not; {compared} values compared")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
