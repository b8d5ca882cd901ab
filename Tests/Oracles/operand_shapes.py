#!/usr/bin/env python3
"""ONNX's node cases with one operand of another shape or element type through `modelconv verify`: the status must be 0, 1,
64 or 65 with a message; a signal, another status or a timeout is a failure. What is computed is not judged.

    operand_shapes.py --binary .build/release/modelconv --shared SHARED [--every N] [--only REGEX]

Each tensor input of each case is changed in turn, in the declaration and in the recorded data alike: each axis to one
element less, to 1, to 0 and to twice as many; an axis dropped; an axis added in front and at the end; another element
type. Every other change makes the operand an initialiser, since kernels take constants along other ways. Declared
types of outputs are taken away, so that nothing but the operators themselves can notice.
With a binary that was built with `--sanitize=address`, give `--megabytes 0`: reads past an operand's end are then seen
even where the memory behind it is there. What fails is kept in --keep.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from limited_process import run

SECONDS = 20
ALLOWED = {0, 1, 64, 65}
NO_LIMIT = 1 << 32  # megabytes, more than any address space has
TYPES = [TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.INT32, TensorProto.INT64]


def changes(tensor):
    """(name, changed tensor) for every change of a TensorProto."""
    try:
        array = numpy_helper.to_array(tensor)
    except (TypeError, ValueError):
        return

    def made(name, new):
        new = np.asarray(new, dtype=array.dtype)
        message = numpy_helper.from_array(new)
        if message.data_type != tensor.data_type:  # types that NumPy lacks
            return None
        message.name = tensor.name
        return name, message

    for axis, extent in enumerate(array.shape):
        for name, count in [("less", extent - 1), ("one", 1), ("none", 0)]:
            if 0 <= count < extent and (name != "one" or extent > 2) and (name != "less" or extent != 1):
                yield made(f"axis {axis} {name}", array.take(range(count), axis))
        yield made(f"axis {axis} twice", np.concatenate([array, array], axis))
    if array.ndim:
        if array.shape[0]:
            yield made("first axis dropped", array[0])
        yield made("axis in front", array[np.newaxis])
        yield made("axis at the end", array[..., np.newaxis])
    else:
        yield made("axis in front", array.reshape(1))
        yield made("two elements", np.stack([array, array]))
    if tensor.data_type in TYPES:
        for other in TYPES:
            if other != tensor.data_type:
                kind = onnx.helper.tensor_dtype_to_np_dtype(other)
                with np.errstate(all="ignore"):
                    message = numpy_helper.from_array(array.astype(kind))
                message.name = tensor.name
                yield f"as {kind}", message


def blank(model):
    """Takes declared types of results and intermediate values away."""
    del model.graph.value_info[:]
    for output in model.graph.output:
        kind = output.type
        if kind.HasField("tensor_type"):
            kind.tensor_type.ClearField("shape")


def variants(case):
    """(name, model, {file: bytes}) for every change of every tensor input of a case."""
    model = onnx.load(case / "model.onnx")
    blank(model)
    data = case / "test_data_set_0"
    number = 0
    for index, value in enumerate(model.graph.input):
        path = data / f"input_{index}.pb"
        if not value.type.HasField("tensor_type") or not path.exists():
            continue
        tensor = TensorProto.FromString(path.read_bytes())
        tensor.name = value.name
        for change in filter(None, changes(tensor)):
            name, new = change
            number += 1
            changed = onnx.ModelProto.FromString(model.SerializeToString())
            files = {f"input_{i}.pb": (data / f"input_{i}.pb") for i in range(len(model.graph.input))}
            declared = changed.graph.input[index]
            if number % 2:
                declared.CopyFrom(onnx.helper.make_tensor_value_info(value.name, new.data_type, new.dims))
                files[f"input_{index}.pb"] = new.SerializeToString()
                form = "given"
            else:
                del changed.graph.input[index]
                changed.graph.initializer.append(new)
                rest = [i for i in range(len(model.graph.input)) if i != index]
                files = {f"input_{k}.pb": data / f"input_{i}.pb" for k, i in enumerate(rest)}
                form = "constant"
            yield f"{case.name} {value.name or index} {name} ({form})", changed, files


def play(options, binary, name, model, files, outputs, scratch):
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        (folder / "data").mkdir()
        (folder / "model.onnx").write_bytes(model.SerializeToString())
        for file, content in files.items():
            if isinstance(content, bytes):
                (folder / "data" / file).write_bytes(content)
            elif content.exists():
                os.symlink(content, folder / "data" / file)
        for path in outputs:
            os.symlink(path, folder / "data" / path.name)
        result = run([binary, "verify", folder / "model.onnx", "--fixtures", folder / "data"], seconds=options.seconds,
                     megabytes=options.megabytes or NO_LIMIT)
        said = result.stderr.strip() or result.stdout.strip()
        ends_well = not result.died and result.status in ALLOWED and (result.status == 0 or said)
        if "AddressSanitizer" in result.stderr:
            ends_well = False
        if not ends_well and options.keep:
            shutil.copytree(folder, Path(options.keep) / re.sub(r"\W+", "_", name), dirs_exist_ok=True)
        return name, result, ends_well
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def blame(result):
    """What a failure is known by: the frame that AddressSanitizer names first in our code, or the summary."""
    frames = re.findall(r"#\d+ \S+ in (.*)", result.stderr)
    own = next((f for f in frames if "Kernel" in f or "CPURuntime" in f), None)
    kind = re.search(r"AddressSanitizer: (\S+)", result.stderr)
    if kind:
        return f"{kind.group(1)} in {(own or (frames or ['?'])[0])[:200]}"
    fatal = re.search(r"Fatal error[^\n]*", result.stderr)
    return result.summary() + (f" {fatal.group(0)}" if fatal else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--shared", required=True, help="a folder with corpus/onnx-node-*")
    parser.add_argument("--only", help="regular expression on names of cases")
    parser.add_argument("--every", type=int, default=1, help="play each Nth change alone")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--megabytes", type=int, default=4096, help="of address space; 0 for no limit")
    parser.add_argument("--keep", help="a folder for what fails")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    binary = str(Path(options.binary).resolve())
    folders = sorted(Path(options.shared).glob("corpus/onnx-node-*/*/model.onnx"))
    played = failed = number = 0
    with tempfile.TemporaryDirectory(prefix="modelconv-operands-") as scratch, ThreadPoolExecutor(options.jobs) as pool:
        for case in (path.parent for path in folders):
            outputs = sorted((case / "test_data_set_0").glob("output_*.pb"))
            jobs = []
            if options.only and not re.search(options.only, case.name):
                continue
            for name, model, files in variants(case):
                number += 1
                if number % options.every == 0:
                    jobs.append(pool.submit(play, options, binary, name, model, files, outputs, scratch))
            for job in jobs:
                name, result, ends_well = job.result()
                played += 1
                if not ends_well:
                    failed += 1
                    print(f"FAILED  {name}: {blame(result)}", flush=True)
    print(f"operand shapes: {played - failed} of {played} changes end as they must")
    return 1 if failed or not played else 0


if __name__ == "__main__":
    sys.exit(main())
