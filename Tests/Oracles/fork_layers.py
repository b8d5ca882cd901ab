#!/usr/bin/env python3
"""Layers of forks of Caffe against references in NumPy, which follow the forks' own code: what `modelconv verify` says of
its run, and what ONNX Runtime makes of the ONNX file (or the message with which the export is refused).

There is no Caffe of these forks to ask, so the references under forks/ are written a second time, as plain loops.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

import caffe_writer
from forks import detection, field, flow, shapes, synopsys
from forks.case import net_text
from limited_process import run

FAMILIES = {"flow": flow, "detection": detection, "field": field, "shapes": shapes, "synopsys": synopsys}


def compare(name, actual, expected, case):
    """What differs; None where nothing does."""
    expected = np.asarray(expected)
    if actual.shape != expected.shape:
        return f"{name} has shape {list(actual.shape)}, not {list(expected.shape)}"
    close = np.isclose(actual, expected, rtol=case.rtol, atol=case.atol, equal_nan=True)
    if close.all():
        return None
    worst = np.unravel_index(np.argmax(np.where(close, 0, np.nan_to_num(np.abs(actual - expected), nan=np.inf))), close.shape)
    return f"{name}: {(~close).sum()} of {close.size} values differ, at {list(map(int, worst))} {actual[worst]} for {expected[worst]}"


def write_case(case, folder):
    (folder / "deploy.prototxt").write_text(net_text(case))
    model = str(folder / "deploy.prototxt")
    if case.blobs:
        layers = [(name, "", [], [], blobs) for name, blobs in case.blobs.items()]
        caffe_writer.write_caffemodel(folder / "net.caffemodel", "net", layers)
        model += f",{folder / 'net.caffemodel'}"
    arrays = {f"in:{k}": v for k, v in case.inputs.items()}
    arrays |= {f"out:{k}": np.asarray(v, np.float32) for k, v in case.expected.items()}
    np.savez(folder / "io.npz", **arrays)
    return model


def check_onnx(case, binary, model, folder):
    result = run([binary, "convert", model, "-o", str(folder / "net.onnx"), "--allow-missing"], seconds=120)
    if case.refused:
        if result.status == 65 and case.refused in result.stderr:
            return None
        return f"export answered {result.status}, and should refuse with '{case.refused}': {result.stderr[-300:]}"
    if result.status != 0:
        return f"export failed: {result.stderr[-400:]}"
    import onnx
    import onnxruntime

    onnx.checker.check_model(str(folder / "net.onnx"), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(folder / "net.onnx"), options, providers=["CPUExecutionProvider"])
    wanted = {i.name for i in session.get_inputs()}
    outputs = session.run(None, {k: v for k, v in case.inputs.items() if k in wanted})
    for info, array in zip(session.get_outputs(), outputs):
        problem = compare(info.name, array, case.expected[info.name], case)
        if problem:
            return f"ONNX Runtime: {problem}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=".build/release/modelconv")
    parser.add_argument("--only", default="", help="cases whose family/name contains this")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    binary = str(Path(options.binary).resolve())
    failures = passed = 0
    for family, module in FAMILIES.items():
        for case in module.cases():
            if options.only not in f"{family}/{case.name}":
                continue
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                model = write_case(case, folder)
                result = run(
                    [binary, "verify", model, "--fixtures", str(folder / "io.npz"), "--rtol", str(case.rtol), "--atol",
                     str(case.atol)], seconds=120)
                problems = [] if result.status == 0 else [f"run: {(result.stdout + result.stderr)[-500:].strip()}"]
                try:
                    problems.append(check_onnx(case, binary, model, folder))
                except Exception as error:
                    problems.append(f"ONNX: {error}")
            problems = [p for p in problems if p]
            failures += bool(problems)
            passed += not problems
            if problems or options.verbose:
                print(f"{'FAIL' if problems else 'ok  '} {family}/{case.name}")
            for problem in problems:
                print("     " + problem.replace("\n", "\n     "))
    print(f"{passed} passed, {failures} failed")
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
