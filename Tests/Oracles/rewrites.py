#!/usr/bin/env python3
"""Proves rewrites over a corpus: read, rewrite, write, and both runtimes must still agree with the recorded outputs.

For each ONNX case that runs:
  convert   `modelconv convert IN.onnx -o OUT.onnx --opset N` with the model's own operator set
  again     `modelconv verify OUT.onnx --fixtures …`, wherever the original passes
  runtime   OUT in ONNX Runtime on the recorded inputs, wherever the original passes there
  idle      converting OUT once more changes nothing: no rewrite finds a place                        [--idle]

    rewrites.py --binary B --shared ../shared [--formats onnx-real,onnx-torch] [--passes standard|all|none|NAME,…]
                [--opset N] [--counts counts.json] [--only REGEX]

Needs the packages of requirements.txt.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

import cases
from limited_process import run
from onnx_check import Failure, compare, run_batch

FORMATS = [
    "onnx-node-1.23.2", "onnx-simple-1.23.2", "onnx-pytorch-converted-1.23.2", "onnx-pytorch-operator-1.23.2",
    "onnx-structure", "onnx-torch", "onnx-light-1.23.2", "onnx-real", "onnx-tf2onnx",
]


# MARK: Recorded values


def stored(path, value_info):
    """The value of a .pb file: a tensor, a list, or None for an empty optional."""
    data = Path(path).read_bytes()
    kind = value_info.type.WhichOneof("value") if value_info is not None else "tensor_type"
    if kind == "sequence_type":
        sequence = onnx.SequenceProto()
        sequence.ParseFromString(data)
        return numpy_helper.to_list(sequence)
    if kind == "optional_type":
        optional = onnx.OptionalProto()
        optional.ParseFromString(data)
        return numpy_helper.to_optional(optional)
    tensor = onnx.TensorProto()
    tensor.ParseFromString(data)
    return numpy_helper.to_array(tensor)


def data_sets(fixture, graph):
    """(inputs by name, outputs by name) of each recorded case."""
    initializers = {t.name for t in graph.initializer}
    inputs = [v for v in graph.input if v.name not in initializers]
    fixture = Path(fixture)
    if fixture.suffix == ".npz":
        with np.load(fixture, allow_pickle=False) as archive:
            given = {k[3:]: archive[k] for k in archive.files if k.startswith("in:")}
            wanted = {k[4:]: archive[k] for k in archive.files if k.startswith("out:")}
        # A lone input or output may be recorded under another name.
        if len(given) == 1 and len(inputs) == 1:
            given = {inputs[0].name: next(iter(given.values()))}
        if len(wanted) == 1 and len(graph.output) == 1:
            wanted = {graph.output[0].name: next(iter(wanted.values()))}
        return [(given, wanted)]
    found = []
    for folder in sorted(fixture.glob("test_data_set_*")):
        def read(prefix, places):
            files = ((v, folder / f"{prefix}_{i}.pb") for i, v in enumerate(places))
            return {v.name: stored(f, v) for v, f in files if f.exists()}
        found.append((read("input", inputs), read("output", graph.output)))
    return found


def compare_values(name, actual, expected, rtol, atol):
    if isinstance(expected, list):
        if not isinstance(actual, list) or len(actual) != len(expected):
            raise Failure("compare", f"{name}: not a sequence of {len(expected)}")
        for i, (a, b) in enumerate(zip(actual, expected)):
            compare_values(f"{name}[{i}]", a, b, rtol, atol)
    elif expected is None or actual is None:
        if expected is not actual:
            raise Failure("compare", f"{name}: one side is empty")
    elif np.asarray(expected).dtype.kind in "OUS":
        a, b = np.asarray(actual).astype(str), np.asarray(expected).astype(str)
        if a.shape != b.shape or not (a == b).all():
            raise Failure("compare", f"{name}: strings differ")
    else:
        compare(name, actual, expected, rtol, atol)


def run_model(path, sets, rtol, atol):
    """Raises unless ONNX Runtime's outputs agree with all data sets."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    for given, wanted in sets:
        results = dict(zip([o.name for o in session.get_outputs()], session.run(None, given)))
        for name, value in wanted.items():
            compare_values(name, results[name], value, rtol, atol)


def judge(job):
    """Whether the written model runs where the original does."""
    report = {"id": job["id"], "passed": True, "message": "", "baseline": False}
    try:
        graph = onnx.load(job["model"], load_external_data=False).graph
        sets = data_sets(job["fixture"], graph)
        run_model(job["model"], sets, job["rtol"], job["atol"])
        report["baseline"] = True
    except BaseException as error:  # whatever a runtime throws: the original does not run there
        report["message"] = f"original: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}"
        return report
    try:
        run_model(job["written"], sets, job["rtol"], job["atol"])
    except BaseException as error:
        report["passed"] = False
        report["message"] = f"{type(error).__name__}: {str(error)[:300]}"
    return report


def worker(jobs, queue):
    for index, job in enumerate(jobs):
        queue.put((index, None))
        queue.put((index, judge(job)))


# MARK: The driver


class Driver:
    def __init__(self, options, scratch):
        self.options = options
        self.binary = str(Path(options.binary).resolve())
        self.scratch = scratch
        self.rows = {}
        self.jobs = []
        self.counts = {}
        self.known = {}
        if options.known:
            rows = json.loads(Path(options.known).read_text())
            self.known = {r["case"]: "skipped" if r["outcome"] == "skipped" else "passed"
                          for r in rows if r["check"] == "convert"}
        self.passes = []
        if options.passes == "none":
            self.passes = ["--no-rewrite"]
        elif options.passes == "all":
            listing = run([self.binary, "list", "rewrites", "--json"])
            names = [entry["name"] for entry in json.loads(listing.stdout)]
            self.passes = [part for name in names for part in ("--rewrite", name)]
        elif options.passes != "standard":
            self.passes = [part for name in options.passes.split(",") for part in ("--rewrite", name)]

    def modelconv(self, *arguments, seconds=300):
        return run([self.binary, *arguments], seconds=seconds, megabytes=8192, cwd=self.scratch)

    def add(self, case, check, outcome, message=""):
        self.rows[(case.name, check)] = (outcome, message)

    def case(self, case):
        if "run" not in case.expect or case.fixture is None:
            return
        tolerance = ["--rtol", repr(case.rtol), "--atol", repr(case.atol)]
        if self.known.get(case.name) == "skipped":
            return self.add(case, "convert", "skipped", "an earlier report says that the original does not pass")
        original = self.known.get(case.name) or self.modelconv("verify", case.model, *tolerance, "--fixtures", case.fixture)
        if original != "passed" and original.status != 0:
            return self.add(case, "convert", "skipped", f"original: {original.summary()}")
        model = onnx.load(case.model, load_external_data=False)
        opset = max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=1)
        opset = self.options.opset or min(max(opset, 9), 28)
        out = self.scratch / f"{case.name.replace('/', '_')}.onnx"
        convert = ["convert", case.model, "-o", out, "--opset", opset, "--no-verify", "--json", *self.passes]
        result = self.modelconv(*convert)
        if result.status != 0 or not out.exists():
            return self.add(case, "convert", "failed", result.summary())
        self.add(case, "convert", "passed")
        try:
            written = json.loads(result.stdout)
            self.counts[case.name] = written
        except ValueError as error:
            return self.add(case, "convert", "failed", f"no JSON report: {error}")
        again = self.modelconv("verify", out, *tolerance, "--fixtures", case.fixture)
        message = again.summary() if again.status else ""
        if again.status == 1:
            message += " | " + " | ".join(again.stdout.splitlines()[:6])
        self.add(case, "again", "passed" if again.status == 0 else "failed", message)
        if self.options.idle:
            second = self.modelconv("convert", out, "-o", f"{out}.2.onnx", "--opset", opset, "--no-verify", "--json",
                                    *self.passes)
            steps = json.loads(second.stdout)["rewrites"] if second.status == 0 else [{"name": second.summary()}]
            self.add(case, "idle", "passed" if not steps else "failed", ", ".join(s["name"] for s in steps))
            Path(f"{out}.2.onnx").unlink(missing_ok=True)
        self.jobs.append({"id": case.name, "model": str(case.model), "written": str(out),
                          "fixture": str(case.fixture), "rtol": case.rtol, "atol": case.atol})

    def run_oracle(self):
        for report in run_batch(self.jobs, 120, worker):
            outcome = "passed" if report["passed"] else "failed"
            if not report.get("baseline", True):
                outcome = "skipped"
            self.rows[(report["id"], "runtime")] = (outcome, report["message"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--shared", required=True, help="a folder with corpus/index.json")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--passes", default="standard", help="standard, all, none, or names with commas")
    parser.add_argument("--opset", type=int, help="instead of each model's own")
    parser.add_argument("--only", help="regular expression on case names")
    parser.add_argument("--idle", action="store_true", help="a second conversion must find nothing to do")
    parser.add_argument("--known", help="an earlier --report: its originals are not verified again")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--counts", help="write the conversion reports there as JSON")
    parser.add_argument("--report", help="write every outcome there as JSON")
    options = parser.parse_args()

    found = cases.load_corpus_cases(Path(options.shared).resolve() / "corpus", set(options.formats.split(",")))
    if options.only:
        found = [c for c in found if re.search(options.only, c.name)]
    with tempfile.TemporaryDirectory(prefix="modelconv-") as scratch:
        driver = Driver(options, Path(scratch))
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(driver.case, found))
        driver.run_oracle()
    table = {}
    for (name, check), (outcome, _) in driver.rows.items():
        table.setdefault((name.split("/")[0], check), Counter())[outcome] += 1
    for (name, check), n in sorted(table.items()):
        print(f"{name:32} {check:8} passed {n['passed']:5}  failed {n['failed']:4}  skipped {n['skipped']:4}")
    for (name, check), (outcome, message) in sorted(driver.rows.items()):
        if outcome == "failed":
            print(f"FAILED  {name}  {check}  {message}")
    if options.counts:
        Path(options.counts).write_text(json.dumps(driver.counts, indent=1))
    if options.report:
        rows = [{"case": c, "check": k, "outcome": o, "message": m} for (c, k), (o, m) in sorted(driver.rows.items())]
        Path(options.report).write_text(json.dumps(rows, indent=1))
    failed = sum(1 for outcome, _ in driver.rows.values() if outcome == "failed")
    print(f"rewrites: {len(driver.rows)} checks, {failed} failed")
    return 0 if driver.rows and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
