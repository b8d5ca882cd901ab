#!/usr/bin/env python3
"""Agreement with ONNX Runtime layer by layer, and whether a broken weight is found.

  agree   every value that a node of the main graph makes: `modelconv run --blobs all` against ONNX Runtime with all of them
          as outputs and its optimisations off. A value agrees when max |a-b| <= 1e-4 * max(1, max |b|).
  broken  the first filter (or row) of one layer's weights is changed, as one weight alone may meet zeros only;
          `modelconv verify BROKEN --against ORIGINAL` (or --against, the Caffe net that it was converted from) must
          answer no, and name the result of exactly that layer as the first divergence.

    layers_check.py --binary B --shared ../shared [--formats onnx-real,onnx-torch,onnx-light-1.23.2] [--model X.onnx …]

Needs the packages of requirements.txt.
"""

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

import cases
from limited_process import run
from rewrites import data_sets

FORMATS = ["onnx-real", "onnx-torch", "onnx-light-1.23.2"]
TOLERANCE = 1e-4


def open_inputs(graph):
    initializers = {t.name for t in graph.initializer}
    return [v for v in graph.input if v.name not in initializers]


def feeds_for(model, case):
    """Recorded inputs, or seeded ones of the declared shapes (a free extent is 2)."""
    if case is not None and case.fixture is not None:
        return data_sets(case.fixture, model.graph)[0][0]
    generator = np.random.default_rng(7)
    feeds = {}
    for value in open_inputs(model.graph):
        tensor = value.type.tensor_type
        shape = [d.dim_value or 2 for d in tensor.shape.dim]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        feeds[value.name] = generator.standard_normal(shape).astype(dtype)
    return feeds


def run_oracle(model, feeds):
    """Every value of the main graph by name."""
    import onnxruntime as ort

    known = {o.name for o in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if name and name not in known:
                known.add(name)
                model.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 2
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))


def agree(binary, path, case, scratch):
    """(number of values compared, worst relative difference, its name, failures)."""
    model = onnx.load(path)
    feeds = feeds_for(model, case)
    given, out = scratch / "in.npz", scratch / "out.npz"
    np.savez(given, **{f"in:{k}": v for k, v in feeds.items()})
    result = run([binary, "run", path, "--input", given, "--blobs", "all", "-o", out], seconds=300)
    if result.status != 0:
        return 0, 0.0, "", [result.summary()]
    # What the mask of a Dropout holds when nothing is dropped was left open before operator set 10.
    masks = {node.output[1] for node in model.graph.node if node.op_type == "Dropout" and len(node.output) > 1}
    wanted = {name: value for name, value in run_oracle(model, feeds).items() if name not in masks}
    failures, worst, at, count = [], 0.0, "", 0
    with np.load(out) as mine:
        keys = set(mine.files)
        for name, b in wanted.items():
            key = next((k for k in (name, f"out:{name}", f"blob:{name}") if k in keys), None)
            if key is None or not isinstance(b, np.ndarray):
                continue
            a = mine[key]
            count += 1
            if a.shape != b.shape or a.dtype != b.dtype:
                failures.append(f"{name}: {a.dtype}{list(a.shape)}, ONNX Runtime has {b.dtype}{list(b.shape)}")
                continue
            if b.size == 0:
                continue
            if b.dtype.kind not in "fc":
                if not np.array_equal(a, b):
                    failures.append(f"{name}: {int((a != b).sum())} of {b.size} differ")
                continue
            x, y = a.astype(np.float64), b.astype(np.float64)
            same = (x == y) | (np.isnan(x) & np.isnan(y))
            difference = np.where(same, 0, np.abs(x - y))
            scale = max(1.0, float(np.max(np.abs(y[np.isfinite(y)]), initial=0)))
            relative = float(np.max(np.nan_to_num(difference, nan=np.inf))) / scale
            if relative > worst:
                worst, at = relative, name
            if not relative <= TOLERANCE:
                failures.append(f"{name}: {relative:.3g}")
    if not count:
        failures.append("no value was compared")
    return count, worst, at, failures


def break_weight(model, skip):
    """Changes one weight of the `skip`-th layer with constant weights; that layer's result, or None."""
    constants = {t.name: t for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = node.attribute[0].t
    users = [n for n in model.graph.node if n.op_type in ("Conv", "Gemm", "MatMul", "ConvTranspose")
             and len(n.input) > 1 and n.input[1] in constants]
    counts = {}
    for node in users:
        counts[node.input[1]] = counts.get(node.input[1], 0) + 1
    users = [n for n in users if counts[n.input[1]] == 1]
    if not users:
        return None
    node = users[skip % len(users)]
    tensor = constants[node.input[1]]
    values = numpy_helper.to_array(tensor).copy()
    values.reshape(values.shape[0], -1)[0] += values.dtype.type(max(1.0, 10 * float(np.abs(values).max())))
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return node.output[0]


def broken(binary, path, case, scratch, skip, against=None):
    model = onnx.load(path)
    given = scratch / "given.npz"
    np.savez(given, **{f"in:{k}": v for k, v in feeds_for(model, case).items()})
    wanted = break_weight(model, skip)
    if wanted is None:
        return None, "no layer with constant weights"
    damaged = scratch / "broken.onnx"
    onnx.save(model, damaged)
    result = run([binary, "verify", damaged, "--against", against or path, "--inputs", given, "--json"], seconds=300)
    if result.status not in (0, 1):
        return wanted, result.summary()
    report = json.loads(result.stdout)
    # A blob that a Caffe layer overwrites in place is compared as it is last.
    wanted = wanted.split("@")[0] if against else wanted
    if report.get("firstDivergence") != wanted:
        return wanted, f"'{report.get('firstDivergence')}' is named first"
    if result.status != 1:
        return wanted, f"exit {result.status}: no output shows it"
    return wanted, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--shared", help="a folder with corpus/index.json")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--against", help="with --model: the reference, another model with the same names")
    parser.add_argument("--model", action="append", default=[], help="a model outside the corpus (repeatable)")
    parser.add_argument("--break", dest="breaks", type=int, default=2, help="layers to break in each model")
    parser.add_argument("--only", help="regular expression on case names")
    options = parser.parse_args()
    binary = str(Path(options.binary).resolve())

    found = [(Path(m).name, Path(m).resolve(), None) for m in options.model]
    if options.shared:
        corpus = Path(options.shared).resolve() / "corpus"
        found += [(c.name, c.model, c) for c in cases.load_corpus_cases(corpus, set(options.formats.split(",")))]
    if options.only:
        found = [f for f in found if re.search(options.only, f[0])]
    failed = 0
    for name, path, case in found:
        with tempfile.TemporaryDirectory(prefix="modelconv-") as folder:
            scratch = Path(folder)
            count, worst, at, failures = agree(binary, path, case, scratch)
            print(f"{name}: {count} values, worst {worst:.2e}{f' at {at}' if at else ''}"
                  + (f"  FAILED: {'; '.join(failures[:3])}" if failures else ""), flush=True)
            failed += bool(failures)
            for k in range(options.breaks):
                layer, problem = broken(binary, path, case, scratch, 1 + 3 * k, options.against)
                if layer is None:
                    break
                print(f"  broken {layer}: {'FAILED: ' + problem if problem else 'named first'}", flush=True)
                failed += bool(problem)
    print(f"layers: {len(found)} models, {failed} failures")
    return 0 if found and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
