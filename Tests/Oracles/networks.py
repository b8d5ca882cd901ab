#!/usr/bin/env python3
"""Published Caffe networks from their prototxts alone: read, filled, run, converted, and compared with ONNX Runtime.

    networks.py FOLDER --binary .build/release/modelconv [--only REGEX] [--report FILE.md]

For every NAME.prototxt in FOLDER:
  inspect      the net is read and its shapes are inferred; the number of layers
  init         weights from the net's fillers, `msra` where it names none (or what NAME.options says)
  run          modelconv's own executor on seeded inputs, all blobs kept
  caffe2onnx   with weights, then onnx.checker
  ORT          the ONNX file in ONNX Runtime on the same inputs: every blob that both have is compared; outputs whose
               rows are a set (detections) are compared row by nearest row. Pooling masks and ArgMax are given to ONNX
               Runtime as ours, and where its own differ, both places must hold the same value up to 1e-5 of the blob's
               largest
  write        `convert -o X.prototxt`: layers and blobs listed as before, weights bit for bit

Lines of NAME.options beside a net: `--shape data=1,3,65,65` and other model options for every step, `filler NAME`,
`feed BLOB value,value,...`, `feed BLOB range LOW HIGH` (whole numbers), `tolerance RTOL`.
Writes a Markdown table. Needs numpy, onnx and onnxruntime; the prototxts are not part of the project.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from limited_process import run

OUTPUT_SETS = ("DetectionOutput", "Proposal", "Yolov3DetectionOutput", "YoloDetectionOutput")


class Refused(Exception):
    """A step said no, with the reason that it printed."""


class Network:
    def __init__(self, prototxt, options):
        self.prototxt, self.name = prototxt, prototxt.stem
        self.binary, self.seconds = str(Path(options.binary).resolve()), options.seconds
        self.opset, self.seed = options.opset, options.seed
        self.arguments, self.feeds, self.filler, self.rtol, self.ties = [], {}, "msra", 1e-3, 0
        beside = prototxt.with_suffix(".options")
        for line in beside.read_text().splitlines() if beside.exists() else []:
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "filler":
                self.filler = words[1]
            elif words[0] == "feed":
                self.feeds[words[1]] = words[2:]
            elif words[0] == "tolerance":
                self.rtol = float(words[1])
            else:
                self.arguments += words

    def modelconv(self, *arguments):
        result = run([self.binary, *arguments, "--quiet"], seconds=self.seconds, megabytes=24 << 10)
        if result.died:
            raise RuntimeError(f"{arguments[0]}: {result.summary()}")
        if result.status != 0:
            errors = [line for line in result.stderr.splitlines() if "error:" in line]
            text = (errors or result.stderr.splitlines() or [f"exit {result.status}"])[0]
            raise Refused(f"{arguments[0]}: " + re.sub(r"^.*?error: ", "", text)[:160])
        return result.stdout

    # MARK: Steps

    def inspect(self):
        self.model = json.loads(self.modelconv("inspect", self.prototxt, *self.arguments, "--json"))
        listing = self.modelconv("inspect", "--layers", self.prototxt, *self.arguments)
        self.layers = [line for line in listing.splitlines() if re.match(r"\d{4} ", line)]
        self.blobs = self.modelconv("inspect", "--blobs", self.prototxt, *self.arguments)
        return len(self.layers)

    def masks(self, values):
        """Pooling masks and results of ArgMax over channels: (the blob they are of, the mask) by name."""
        found = {}
        for layer in self.model["layers"]:
            tops, bottom = [top["name"] for top in layer["outputs"]], next(iter(layer["inputs"]), "")
            name = tops[-1] if tops else ""
            if bottom not in values or name not in values:
                continue
            data, value = values[bottom], values[name]
            if layer["type"] == "Pooling" and len(tops) == 2:
                found[name] = (bottom, value)
            elif layer["type"] == "ArgMax" and value.shape == (data.shape[0], 1, *data.shape[2:]) and (
                    value.size and 0 <= value.min() and value.max() < data.shape[1]):
                found[name] = (bottom, value)
        return found

    def init(self, folder):
        self.weights = folder / "net.caffemodel"
        filler = [] if self.filler == "none" else ["--filler", self.filler]
        self.modelconv("init", self.prototxt, "-o", self.weights, "--seed", str(self.seed), *filler, *self.arguments)

    def inputs(self):
        generator = np.random.default_rng(self.seed)
        values = {}
        for value in self.model["inputs"]:
            name, shape = value["name"], [int(d) for d in value["shape"]]
            given = self.feeds.get(name)
            if given and given[0] == "range":
                values[name] = generator.integers(int(given[1]), int(given[2]), shape).astype(np.float32)
            elif given:
                values[name] = np.resize(np.array([float(v) for v in given[0].split(",")], np.float32), shape)
            else:
                values[name] = generator.standard_normal(shape).astype(np.float32)
        return values

    def run(self, folder, values):
        np.savez(folder / "in.npz", **values)
        self.modelconv("run", self.prototxt, self.weights, *self.arguments, "--input", folder / "in.npz",
                       "-o", folder / "out.npz", "--blobs", "all")
        with np.load(folder / "out.npz") as archive:
            return {name: archive[name] for name in archive.files}

    def convert(self, folder, *extra):
        self.onnx = folder / "net.onnx"
        self.modelconv("caffe2onnx", self.prototxt, self.weights, *self.arguments, "-o", self.onnx, "--no-verify",
                       "--opset", str(self.opset), "--external-data", *extra)

    def has_all(self, names):
        import onnx

        model = onnx.load(self.onnx, load_external_data=False)
        return set(names) <= {output for node in model.graph.node for output in node.output}

    def write_back(self, folder):
        """The net written as Caffe and read again: what Caffe's Net lists, and the weights bit for bit."""
        text, weights = folder / "again.prototxt", folder / "again.caffemodel"
        self.modelconv("convert", self.prototxt, self.weights, *self.arguments, "-o", text, "--no-verify")
        layers = self.modelconv("inspect", "--layers", text, *self.arguments)
        same = [line for line in layers.splitlines() if re.match(r"\d{4} ", line)] == self.layers
        if not same or self.modelconv("inspect", "--blobs", text, *self.arguments) != self.blobs:
            raise RuntimeError("write: other layers or blobs")
        difference = run([self.binary, "diff", self.weights, weights, *self.arguments], seconds=self.seconds)
        if difference.status != 0:
            raise RuntimeError(f"write: other weights, {difference.summary()}")


def pin(model, masks):
    """Makes each of `masks` an input of its readers; what its node computes is called `NAME/own`."""
    import onnx

    for name, value in masks.items():
        for node in model.graph.node:
            for i, output in enumerate(node.output):
                if output == name:
                    node.output[i] = f"{name}/own"
        if any(name in node.input for node in model.graph.node):
            kind = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
            model.graph.input.append(onnx.helper.make_tensor_value_info(name, kind, value.shape))
        for output in model.graph.output:
            if output.name == name:
                output.name = f"{name}/own"


def run_onnx(path, values, wanted, masks):
    """Values by name from ONNX Runtime: outputs and those of `wanted` that nodes compute."""
    import onnx
    import onnxruntime

    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path, load_external_data=False)
    wanted = [*wanted, *(f"{name}/own" for name in masks)]
    outputs = [output.name for output in model.graph.output]
    pin(model, masks)
    produced = {output for node in model.graph.node for output in node.output}
    known = [output.name for output in model.graph.output]
    extra = [name for name in wanted if name in produced and name not in known]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in extra)
    probe = path.with_name("probe.onnx")
    probe.write_bytes(model.SerializeToString())
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    # The graph is what is judged, not what the runtime's optimizer makes of it.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(probe), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    inputs = {value.name for value in session.get_inputs()}
    feeds = {name: value for name, value in {**values, **masks}.items() if name in inputs}
    return dict(zip(names, session.run(names, feeds))), outputs


def ties(name, data, ours, theirs):
    """How many maxima two runs found at different places; the values there must be as good as equal.

    `ours` and `theirs` are a pooling mask (places in a plane of `data`) or an ArgMax over channels.
    """
    if ours.shape != theirs.shape:
        raise RuntimeError(f"'{name}': shapes {ours.shape} and {theirs.shape}")
    if ours.shape[1] == data.shape[1]:
        plane = data.reshape(*data.shape[:2], -1)
        chosen = [np.take_along_axis(plane, m.astype(np.int64).reshape(*m.shape[:2], -1), 2) for m in (ours, theirs)]
    else:
        chosen = [np.take_along_axis(data, m.astype(np.int64), 1) for m in (ours, theirs)]
    gap = float(np.max(np.abs(chosen[0] - chosen[1]), initial=0))
    if gap > 1e-5 * float(np.max(np.abs(data), initial=0)):
        raise RuntimeError(f"'{name}': a maximum is at another place, {gap:.3g} away")
    return int((ours != theirs).sum())


def nearest(rows, others):
    """For each row the one of `others` that is nearest to it, in the largest difference relative to 1 + magnitude."""
    found = []
    with np.errstate(invalid="ignore", over="ignore"):
        for at in range(0, len(rows), 64):
            part = rows[at:at + 64, None, :]
            gap = np.abs(part - others[None]) / (1 + np.abs(part))
            gap = np.where(part == others[None], 0, gap)
            found.append(others[np.argmin(np.nan_to_num(gap, nan=np.inf).max(axis=2), axis=1)])
    return np.concatenate(found) if found else others


def differences(ours, theirs, is_set):
    """Largest absolute difference, and the same relative to the largest magnitude of the blob."""
    if ours.shape != theirs.shape:
        raise RuntimeError(f"shapes {ours.shape} and {theirs.shape}")
    if is_set and ours.ndim >= 2:
        rows = [array.reshape(-1, array.shape[-1]).astype(np.float64) for array in (ours, theirs)]
        theirs = nearest(rows[0], rows[1])
        # Both ways, so that no row stands for two.
        ours, theirs = np.concatenate([rows[0], nearest(rows[1], rows[0])]), np.concatenate([theirs, rows[1]])
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0, np.abs(a - b))
    if not difference.size:
        return 0.0, 0.0
    scale = np.max(np.abs(a[np.isfinite(a)]), initial=0)
    largest = float(np.max(np.where(np.isnan(difference), np.inf, difference)))
    return largest, largest / scale if scale > 0 else largest


def compare(network, ours, theirs, outputs):
    """(max abs of outputs, max rel of outputs, blobs compared); raises with the first blob that differs."""
    kinds = {top["name"]: layer["type"] for layer in network.model["layers"] for top in layer["outputs"]}
    largest = relative = 0.0
    compared, problem = 0, None
    for name, (bottom, value) in network.masks(ours).items():
        network.ties += ties(name, ours[bottom], value, np.asarray(theirs.pop(f"{name}/own")))
        theirs.pop(name, None)
        compared += 1
    for name, value in ours.items():
        if name not in theirs:
            continue
        compared += 1
        other = np.asarray(theirs[name])
        absolute, fraction = differences(value, other, kinds.get(name) in OUTPUT_SETS)
        if fraction > network.rtol and problem is None:
            problem = f"'{name}' ({kinds.get(name, '')}) differs by {absolute:.3g} (relative {fraction:.3g})"
        if name in outputs:
            largest, relative = max(largest, absolute), max(relative, fraction)
    missing = [name for name in outputs if name not in ours]
    if missing:
        raise RuntimeError(f"outputs {missing} are not among the net's blobs")
    if problem:
        raise RuntimeError(problem)
    return largest, relative, compared


def judge(network):
    """One row of the table."""
    row = {"net": network.name, "layers": "", "inspect": "-", "init": "-", "run": "-", "caffe2onnx": "-", "ORT": "-",
           "write": "-", "abs": "", "rel": "", "blobs": "", "status": "ok"}
    folder = Path(tempfile.mkdtemp(prefix="modelconv-net-"))
    step = "inspect"
    try:
        row["layers"] = network.inspect()
        row[step], step = "ok", "init"
        network.init(folder)
        row[step], step = "ok", "run"
        values = network.inputs()
        ours = network.run(folder, values)
        finite = [name for name, value in ours.items() if not np.isfinite(value).all()]
        row[step], step = "ok" if not finite else f"{len(finite)} blobs not finite", "write"
        network.write_back(folder)
        row[step], step = "ok", "caffe2onnx"
        network.convert(folder)
        row[step], step = "ok", "ORT"
        masks = {name: value for name, (_, value) in network.masks(ours).items()}
        if not network.has_all(masks):  # a pass has joined one with what comes behind
            network.convert(folder, "--no-rewrite")
        theirs, outputs = run_onnx(network.onnx, values, list(ours), masks)
        largest, relative, row["blobs"] = compare(network, ours, theirs, outputs)
        row["abs"], row["rel"], row[step] = f"{largest:.2g}", f"{relative:.2g}", "ok"
        if network.ties:
            row["status"] = f"ok; {network.ties} ties fall another way"
    except Refused as refusal:
        row[step], row["status"] = "refused", str(refusal)
    except Exception as error:  # whatever a runtime throws is this net's result
        row[step], row["status"] = "FAILED", f"{step}: {type(error).__name__}: {error}".replace("\n", " ")[:240]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return row


def table(rows):
    columns = ["net", "layers", "inspect", "init", "run", "write", "caffe2onnx", "ORT", "blobs", "abs", "rel", "status"]
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(str(row[c]).replace("|", "/") for c in columns) + " |" for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="", help="regular expression on net names")
    parser.add_argument("--opset", type=int, default=17)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=300, help="limit of one step")
    parser.add_argument("--report", type=Path, help="write the table there")
    options = parser.parse_args()
    rows = []
    for prototxt in sorted(options.folder.glob("*.prototxt")):
        if not re.search(options.only, prototxt.stem):
            continue
        start = time.monotonic()
        rows.append(judge(Network(prototxt, options)))
        row = rows[-1]
        print(f"{row['net']:<28} {row['layers']!s:>4} layers  ORT {row['ORT']:<7} rel {row['rel']:<8} "
              f"{time.monotonic() - start:5.0f} s  {row['status']}", flush=True)
        if options.report:
            options.report.write_text("\n".join(table(rows)) + "\n")
    failed = sum("FAILED" in row.values() for row in rows)
    refused = sum("refused" in row.values() for row in rows)
    print(f"networks: {len(rows) - failed - refused} equal, {refused} refused, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
