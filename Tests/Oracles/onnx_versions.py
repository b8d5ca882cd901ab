#!/usr/bin/env python3
"""Every ONNX operator at every version against independent programs.

    onnx_versions.py --binary .build/release/modelconv [--only REGEX] [--every N] [--list] [--missing]

`version_cases` yields small models, one operator each, at the operator set that introduced a version. ONNX Runtime and
ONNX's ReferenceEvaluator compute the expected outputs where they can; a case may bring its own expectation (a numpy
function written from the specification) for versions that neither runs. `modelconv verify` must agree with one of
them; where the two differ from each other the case is listed as disputed, and its own expectation decides.
"""

import argparse
import collections
import re
import shutil
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import onnx.reference
from onnx import helper, numpy_helper

import version_cases
from limited_process import run

warnings.filterwarnings("ignore")
TOLERANCES = {"float16": (4e-3, 2e-3), "bfloat16": (3e-2, 1e-2), "float64": (1e-6, 1e-8)}
# Versions whose schema only adds element types that neither oracle computes, and operators with outputs that are
# random: what --missing need not name.
RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}


def run_runtime(case):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(case.judged.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {}
    for name, value in case.inputs.items():
        if isinstance(value, np.ndarray) and value.dtype.name in ("bfloat16",) or (
                isinstance(value, np.ndarray) and ("float8" in value.dtype.name or "int4" in value.dtype.name
                                                   or "int2" in value.dtype.name or "float4" in value.dtype.name)):
            raise NotImplementedError(value.dtype.name)
        feeds[name] = value
    return session.run(None, feeds)


def run_reference(case):
    return onnx.reference.ReferenceEvaluator(case.judged).run(None, dict(case.inputs))


def same(a, b, rtol, atol):
    if isinstance(a, list) or isinstance(b, list):
        return isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and all(
            same(x, y, rtol, atol) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a == b
    if a is None or b is None:
        return a is b
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or (a.dtype != b.dtype and a.dtype.kind != "O" and b.dtype.kind not in "OUS"
                              and a.dtype.kind not in "OUS"):
        return False
    if a.dtype.kind in "OUS":
        return [str(x) for x in a.ravel()] == [str(x) for x in b.ravel()]
    if a.dtype.kind == "c":
        return np.allclose(a, b, rtol, atol, equal_nan=True)
    with np.errstate(all="ignore"):
        return np.allclose(a.astype(np.float64), b.astype(np.float64), rtol, atol, equal_nan=True)


def message(value, info):
    """A value as the message that its test data file holds, and how the message is to be read."""
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return maps(value, info.name)
        kind = onnx.SequenceProto.TENSOR
        out = onnx.SequenceProto(name=info.name, elem_type=kind)
        out.tensor_values.extend(tensor_message(np.asarray(v)) for v in value)
        return out
    if isinstance(value, dict):
        return one_map(value, info.name)
    if info.type.HasField("optional_type"):
        inner = info.type.optional_type.elem_type
        if value is None:
            return helper.make_optional(info.name, onnx.OptionalProto.UNDEFINED, None)
        if inner.HasField("sequence_type"):
            seq = onnx.SequenceProto(elem_type=onnx.SequenceProto.TENSOR)
            seq.tensor_values.extend(numpy_helper.from_array(np.asarray(v)) for v in value)
            return helper.make_optional(info.name, onnx.OptionalProto.SEQUENCE, seq)
        return helper.make_optional(info.name, onnx.OptionalProto.TENSOR, numpy_helper.from_array(np.asarray(value)))
    array = np.asarray(value)
    return tensor_message(array, info.name)


def tensor_message(array, name=""):
    if array.dtype.kind in "US":
        array = array.astype(object)
    elif array.dtype.kind == "O" and not all(isinstance(v, (str, bytes)) for v in array.ravel()):
        array = array.astype(np.int64)
    return numpy_helper.from_array(array, name)


def one_map(value, name=""):
    keys = list(value)
    key_type = onnx.TensorProto.STRING if keys and isinstance(keys[0], str) else onnx.TensorProto.INT64
    values = onnx.SequenceProto(elem_type=onnx.SequenceProto.TENSOR)
    for v in value.values():
        t = np.asarray(v)
        if t.dtype.kind == "f" and not isinstance(v, np.ndarray):
            t = t.astype(np.float32)
        if t.dtype.kind in "US":
            t = t.astype(object)
        values.tensor_values.append(numpy_helper.from_array(t))
    out = onnx.MapProto(name=name, key_type=key_type, values=values)
    if key_type == onnx.TensorProto.STRING:
        out.string_keys.extend(k.encode() for k in keys)
    else:
        out.keys.extend(int(k) for k in keys)
    return out


def maps(value, name):
    out = onnx.SequenceProto(name=name, elem_type=onnx.SequenceProto.MAP)
    out.map_values.extend(one_map(v) for v in value)
    return out


def misfit(case, answer):
    """What tells that an oracle broke the operator's own typing rule: it is no judge then."""
    inferred = onnx.shape_inference.infer_shapes(case.judged)
    for info, value in zip(inferred.graph.output, answer):
        declared = info.type.tensor_type.elem_type
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiubc" or not declared:
            continue
        wanted = helper.tensor_dtype_to_np_dtype(declared)
        if value.dtype != wanted and (wanted.kind in "fiubc" or wanted.name == "bfloat16"):
            return f"{value.dtype} where the operator gives {wanted}"
    return ""


class Outcome:
    def __init__(self, case, kind, text=""):
        self.case, self.kind, self.text = case, kind, text


class Judge:
    def __init__(self, options, scratch):
        self.binary = str(Path(options.binary).resolve())
        self.keep = Path(options.keep)
        self.scratch = scratch

    def expectations(self, case):
        answers, failures = [], []
        if case.expect is not None:
            answers.append(("specification", [np.asarray(v) if not isinstance(v, (list, dict)) else v
                                              for v in case.expect]))
        for name, oracle in (("onnxruntime", run_runtime), ("reference", run_reference)):
            if name in case.skip:
                continue
            try:
                answer = oracle(case)
                if wrong := misfit(case, answer):
                    failures.append(f"{name}: {wrong}")
                else:
                    answers.append((name, answer))
            except BaseException as error:  # oracles fail in every way there is
                if isinstance(error, KeyboardInterrupt):
                    raise
                failures.append(f"{name}: {type(error).__name__} {str(error).splitlines()[0][:160] if str(error) else ''}")
        return answers, failures

    def safely(self, case):
        try:
            return self.judge(case, self.expectations(case))
        except Exception as error:  # a case must not end the run
            return Outcome(case, "failed", f"the driver: {type(error).__name__} {error}")

    def judge(self, case, prepared):
        answers, failures = prepared
        rtol, atol = case.tolerance
        if case.rejected:
            result, _ = self.verify(case, None)
            good = result.status == 65 and "error:" in result.stderr
            return Outcome(case, "passed" if good else "failed", f"should be refused: {result.summary()}")
        if not answers:
            result, _ = self.verify(case, None)
            text = "; ".join(failures)
            if result.status not in (0, 64, 65) or result.died:
                return Outcome(case, "failed", f"{result.summary()} (no oracle: {text})")
            return Outcome(case, "unjudged" if result.status == 0 else "unjudged-refused",
                           f"{text} | here: {result.summary()}")
        first_name, first = answers[0]
        disputed = [n for n, a in answers[1:] if not all(same(x, y, rtol, atol) for x, y in zip(first, a))]
        texts = []
        for name, answer in answers:
            result, folder = self.verify(case, answer)
            if result.status == 0:
                shutil.rmtree(folder)
                if disputed:
                    return Outcome(case, "disputed", f"agrees with {name}; differs: {first_name} and {disputed}")
                return Outcome(case, "passed", name)
            lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
            texts.append(f"[{name}] {result.summary()} {' / '.join(lines)[:300]}")
            if case.expect is not None:
                break
        keep = self.keep / re.sub(r"[^\w.-]", "_", case.name)
        shutil.rmtree(keep, ignore_errors=True)
        shutil.copytree(folder, keep)
        return Outcome(case, "failed", " || ".join(texts) + (f" (oracles differ: {disputed})" if disputed else ""))

    def verify(self, case, answer):
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        data = folder / "test_data_set_0"
        data.mkdir()
        model = folder / "model.onnx"
        model.write_bytes(case.model.SerializeToString())
        for k, info in enumerate(case.model.graph.input):
            (data / f"input_{k}.pb").write_bytes(message(case.inputs[info.name], info).SerializeToString())
        for k, info in enumerate(case.model.graph.output):
            if answer is not None and k < len(answer):
                (data / f"output_{k}.pb").write_bytes(message(answer[k], info).SerializeToString())
        rtol, atol = case.tolerance
        if answer is None:
            return run([self.binary, "run", model, "-o", folder / "out.npz"]
                       + [x for name, path in inputs_as_files(case, folder) for x in ("--input", f"{name}={path}")],
                       seconds=30), folder
        return run([self.binary, "verify", model, "--rtol", repr(rtol), "--atol", repr(atol), "--fixtures", data],
                   seconds=30), folder


def inputs_as_files(case, folder):
    out = []
    for k, (name, value) in enumerate(case.inputs.items()):
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiubc" and value.dtype.name not in ("bfloat16",):
            path = folder / f"in{k}.npy"
            np.save(path, value)
            out.append((name, path))
    return out


def missing(judged):
    """Operators and versions that no judged case covers."""
    seen = collections.defaultdict(set)
    for outcome in judged:
        if outcome.kind in ("passed", "failed", "disputed"):
            seen[outcome.case.domain, outcome.case.op].add(outcome.case.version)
    lines = []
    for schema in sorted(onnx.defs.get_all_schemas_with_history(), key=lambda s: (s.domain, s.name, s.since_version)):
        if schema.since_version not in seen[schema.domain, schema.name] and schema.name not in RANDOM:
            lines.append(f"{schema.domain or 'ai.onnx'}.{schema.name}-{schema.since_version}"
                         + (" (deprecated)" if schema.deprecated else ""))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", help="regular expression on case names")
    parser.add_argument("--every", type=int, default=1, help="run every Nth case")
    parser.add_argument("--keep", default=".build/version-failures")
    parser.add_argument("--missing", action="store_true", help="name the versions that no case judges")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    wanted = re.compile(options.only) if options.only else None
    cases = [c for c in version_cases.all_cases() if wanted is None or wanted.search(c.name)][::options.every]
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="modelconv-versions-") as scratch:
        judge = Judge(options, scratch)
        with ThreadPoolExecutor(options.jobs) as pool:
            for o in pool.map(judge.safely, cases):
                outcomes.append(o)
                if o.kind == "failed" or (options.verbose and o.kind != "passed"):
                    print(f"{o.kind.upper()}  {o.case.name}  {o.text}", flush=True)
    counts = collections.Counter(o.kind for o in outcomes)
    if options.missing:
        print("no case judges: " + ", ".join(missing(outcomes)))
    print("onnx versions: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
    return 1 if counts["failed"] or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
