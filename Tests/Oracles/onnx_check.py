#!/usr/bin/env python3
"""Checks ONNX models with programs that share no code with modelconv.

For each job: `onnx.checker` with full check (schemas, names, strict shape inference), then the model runs on a
recorded fixture in ONNX Runtime and each output is compared with the recorded one. Where ONNX Runtime has no kernel
for an operator, ONNX's own reference evaluator runs the model instead, and the report says so.

    onnx_check.py MODEL.onnx io.npz [--rtol 1e-3 --atol 1e-5] [--blobs]
    onnx_check.py --batch JOBS.json --report REPORT.json [--timeout 120]

A fixture is an npz with `in:NAME`, `out:NAME` and optionally `blob:NAME` arrays. Names must match exactly: every
graph input has its `in:`, every `out:` is a graph output and the other way round. A batch is a JSON list of
{"id", "model", "fixture", "rtol", "atol", "blobs"}; the report is a list of
{"id", "passed", "stage", "message", "runtime", "max_abs", "max_rel", "compared"}. Many models share one process; a
model that kills or hangs it fails alone, and the rest continue in a new process.
"""

import argparse
import json
import multiprocessing
import sys

import numpy as np


class Failure(Exception):
    def __init__(self, stage, message):
        super().__init__(message)
        self.stage = stage


def compare(name, actual, expected, rtol, atol):
    """Largest absolute and relative difference; raises when a value is outside |a-b| <= atol + rtol*|b|. NaN equals
    NaN, equal infinities pass; shapes and element types must match."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.dtype != expected.dtype:
        raise Failure("compare", f"{name}: element type {actual.dtype}, expected {expected.dtype}")
    if actual.shape != expected.shape:
        raise Failure("compare", f"{name}: shape {actual.shape}, expected {expected.shape}")
    if actual.size == 0:
        return 0.0, 0.0
    if actual.dtype.kind not in "fc":
        if not np.array_equal(actual, expected):
            raise Failure("compare", f"{name}: {np.sum(actual != expected)} of {actual.size} values differ")
        return 0.0, 0.0
    a, b = actual.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.abs(a - b)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        passes = same | (np.isfinite(a) & np.isfinite(b) & (difference <= atol + rtol * np.abs(b)))
        difference = np.where(same, 0.0, difference)
        relative = difference / np.maximum(np.abs(b), np.finfo(np.float32).tiny)
    if not passes.all():
        worst = np.unravel_index(np.argmax(np.where(passes, -1.0, np.nan_to_num(difference, nan=np.inf))), a.shape)
        raise Failure(
            "compare",
            f"{name}: {int((~passes).sum())} of {a.size} values differ; at {[int(i) for i in worst]} "
            f"{a[worst]:.7g}, expected {b[worst]:.7g}")
    return float(np.nanmax(difference)), float(np.nanmax(np.where(np.isfinite(relative), relative, 0.0)))


def with_intermediates(model, names):
    """`model` with those of `names` that its nodes produce added to the outputs; the names added."""
    import onnx

    produced = {output for node in model.graph.node for output in node.output}
    known = {output.name for output in model.graph.output}
    added = [name for name in names if name in produced and name not in known]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in added)
    return added


def run(path, feeds, intermediates):
    """Outputs by name, and which runtime computed them."""
    import onnx
    import onnxruntime as ort

    source = path
    if intermediates:
        model = onnx.load(path)
        if with_intermediates(model, intermediates):
            source = model.SerializeToString()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, feeds))), "onnxruntime"
    except ort.capi.onnxruntime_pybind11_state.NotImplemented:
        pass
    except Exception as error:
        if "under development" not in str(error) and "is till opset" not in str(error):
            raise
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(path)
    with_intermediates(model, intermediates)
    evaluator = ReferenceEvaluator(model)
    return dict(zip(evaluator.output_names, evaluator.run(None, feeds))), "onnx.reference"


def check(job):
    import onnx

    report = {"id": job.get("id", job["model"]), "passed": False, "stage": "", "message": "", "runtime": "",
              "max_abs": None, "max_rel": None, "compared": 0}
    try:
        try:
            onnx.checker.check_model(job["model"], full_check=True)
        except Exception as error:
            raise Failure("checker", str(error).strip().splitlines()[0]) from error
        if job.get("fixture"):
            compare_with_fixture(job, report)
        report["passed"] = True
    except Failure as failure:
        report["stage"], report["message"] = failure.stage, str(failure)
    except Exception as error:  # whatever a runtime throws is that model's failure
        report["stage"], report["message"] = "run", f"{type(error).__name__}: {error}".strip()[:600]
    return report


def compare_with_fixture(job, report):
    import onnx

    with np.load(job["fixture"], allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    feeds = {key[3:]: value for key, value in arrays.items() if key.startswith("in:")}
    expected = {key[4:]: value for key, value in arrays.items() if key.startswith("out:")}
    blobs = {key[5:]: value for key, value in arrays.items() if key.startswith("blob:")} if job.get("blobs") else {}

    graph = onnx.load(job["model"], load_external_data=False).graph
    initializers = {tensor.name for tensor in graph.initializer}
    inputs = [value.name for value in graph.input if value.name not in initializers]
    outputs = [value.name for value in graph.output]
    if sorted(inputs) != sorted(feeds):
        raise Failure("names", f"inputs {sorted(inputs)}, the fixture has {sorted(feeds)}")
    if sorted(outputs) != sorted(expected):
        raise Failure("names", f"outputs {sorted(outputs)}, the fixture has {sorted(expected)}")

    results, report["runtime"] = run(job["model"], feeds, [name for name in blobs if name not in expected])
    rtol, atol = job.get("rtol", 1e-3), job.get("atol", 1e-5)
    worst_abs = worst_rel = 0.0
    for name, value in [*expected.items(), *((n, v) for n, v in blobs.items() if n in results)]:
        largest, relative = compare(name, results[name], value, rtol, atol)
        worst_abs, worst_rel = max(worst_abs, largest), max(worst_rel, relative)
        report["compared"] += 1
    report["max_abs"], report["max_rel"] = worst_abs, worst_rel


def worker(jobs, queue):
    for index, job in enumerate(jobs):
        queue.put((index, None))
        queue.put((index, check(job)))


def run_batch(jobs, timeout, worker=worker):
    """Reports in the jobs' order, made by `worker`. A job that ends the process or exceeds `timeout` seconds fails
    alone."""
    context = multiprocessing.get_context("spawn")
    reports = []
    while len(reports) < len(jobs):
        rest = jobs[len(reports):]
        queue = context.Queue()
        process = context.Process(target=worker, args=(rest, queue), daemon=True)
        process.start()
        reason = collect(process, queue, len(rest), timeout, reports)
        if reason:
            job = jobs[len(reports)]
            reports.append({"id": job.get("id", job["model"]), "passed": False, "stage": "run", "message": reason,
                            "runtime": "", "max_abs": None, "max_rel": None, "compared": 0})
        process.kill()
        process.join()
    return reports


def collect(process, queue, count, timeout, reports):
    """Appends reports as they come; why it stopped early, or None when all `count` came."""
    import queue as queues
    import time

    done, last = 0, time.monotonic()
    while done < count:
        try:
            _, report = queue.get(timeout=0.5)
        except queues.Empty:
            if not process.is_alive() and queue.empty():
                return f"the process died with status {process.exitcode}"
            if time.monotonic() - last > timeout + (60 if done == 0 else 0):
                return f"no answer within {timeout} s"
            continue
        last = time.monotonic()
        if report is not None:
            reports.append(report)
            done += 1
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?")
    parser.add_argument("fixture", nargs="?")
    parser.add_argument("--rtol", type=float, default=1e-3)
    parser.add_argument("--atol", type=float, default=1e-5)
    parser.add_argument("--blobs", action="store_true", help="compare intermediate values of the same name too")
    parser.add_argument("--batch", help="JSON list of jobs")
    parser.add_argument("--report", help="where to write the JSON report of a batch")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one model of a batch")
    options = parser.parse_args()

    if options.batch:
        with open(options.batch) as file:
            reports = run_batch(json.load(file), options.timeout)
        with open(options.report, "w") as file:
            json.dump(reports, file, indent=1)
        return 0 if all(report["passed"] for report in reports) else 1
    if not options.model:
        parser.error("a model or --batch is needed")
    report = check({"model": options.model, "fixture": options.fixture, "rtol": options.rtol, "atol": options.atol,
                    "blobs": options.blobs})
    if report["passed"]:
        print(f"ok: {report['compared']} values compared by {report['runtime'] or 'the checker'}, "
              f"max abs {report['max_abs']}, max rel {report['max_rel']}")
    else:
        print(f"{report['stage']}: {report['message']}")
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
