#!/usr/bin/env python3
"""Models converted to half precision, run by ONNX Runtime and by modelconv on their recorded inputs.

    onnx_precision.py --binary .build/release/modelconv --corpus CORPUS [--formats …] [--only REGEX]

`convert --dtype float16` keeps the model's inputs and outputs in single precision; the outputs must be those that were
recorded, to a few hundredths of their largest value, and the checker must accept the file. Models whose constants do
not fit are reported by the conversion and left out. bfloat16 is run by modelconv only.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

import cases
from onnx_service import fixtures


def error_of(actual, expected):
    if not isinstance(expected, np.ndarray) or expected.dtype.kind != "f" or expected.size == 0:
        return 0.0
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        return float("inf")
    scale = max(1.0, float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0)))
    with np.errstate(invalid="ignore"):
        difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    return float(np.max(np.where(same, 0, difference)) / scale)


def problems(case, binary, folder):
    out = folder / "half.onnx"
    ended = subprocess.run([binary, "convert", case.model, "-o", out, "--dtype", "float16", "--no-verify"],
                           capture_output=True, text=True, timeout=300)
    if ended.returncode != 0:
        yield f"exit {ended.returncode}: {ended.stderr.strip()[:240]}"
        return
    if "float16-overflow" in ended.stderr:
        print(f"note  {case.name}  constants do not fit")
        return
    try:
        onnx.checker.check_model(str(out), full_check=True)
    except Exception as error:
        yield f"checker: {str(error).splitlines()[0][:200]}"
    model = onnx.load(case.model, load_external_data=False)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(str(out), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        try:
            ort.InferenceSession(str(case.model), options, providers=["CPUExecutionProvider"])
        except Exception:
            return
        yield f"ONNX Runtime: {str(error)[:240]}"
        return
    names = [o.name for o in session.get_outputs()]
    for feeds, wanted in fixtures(model, case.fixture):
        results = dict(zip(names, session.run(names, feeds)))
        for name, expected in wanted.items():
            found = error_of(results[name], expected)
            if not found < 0.05:
                yield f"float16 '{name}': {found:.3g} of the largest value"
    for dtype, tolerance in (("float16", 0.05), ("bfloat16", 0.3)):
        ended = subprocess.run(
            [binary, "convert", case.model, "-o", out, "--dtype", dtype, "--opset", "17", "--no-verify"],
            capture_output=True, text=True, timeout=300)
        if ended.returncode != 0:
            yield f"{dtype}: exit {ended.returncode}: {ended.stderr.strip()[:240]}"
            continue
        for feeds, wanted in fixtures(model, case.fixture):
            io = folder / "in.npz"
            np.savez(io, **{f"in:{k}": v for k, v in feeds.items()})
            result = folder / "out.npz"
            ended = subprocess.run([binary, "run", out, "--input", io, "-o", result], capture_output=True, text=True,
                                   timeout=300)
            if ended.returncode != 0:
                yield f"{dtype} run: exit {ended.returncode}: {ended.stderr.strip()[:240]}"
                continue
            with np.load(result) as arrays:
                for name, expected in wanted.items():
                    found = error_of(arrays[name], expected)
                    if not found < tolerance:
                        yield f"{dtype} here '{name}': {found:.3g} of the largest value"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--formats", default="onnx-real,onnx-torch,onnx-light-1.23.2,onnx-tf2onnx")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    binary = str(Path(options.binary).resolve())
    chosen = [case for case in cases.load_corpus_cases(Path(options.corpus), set(options.formats.split(",")))
              if case.expect == {"run"} and case.fixture and re.search(options.only, case.name)]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="modelconv-") as folder:
        for case in chosen:
            found = list(problems(case, binary, Path(folder)))
            failed += bool(found)
            for line in found:
                print(f"FAILED  {case.name}  {line}")
    print(f"onnx half precision: {len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
