#!/usr/bin/env python3
"""How the modelconv binary behaves when things go wrong: the exit status, the message, and what is left on disk.

    cli_checks.py --binary .build/release/modelconv [--report FILE.json]

Every check is a function of `Checks` whose name starts with `check_`; it returns a list of problems, empty when all is
well. Needs the digits sample and nothing outside the standard library.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import caffe_writer
import operator_table
from limited_process import run

ROOT = Path(__file__).resolve().parent.parent.parent
DIGITS = ROOT / "Samples" / "digits"
GOOGLENET = ROOT / "Samples" / "bvlc_googlenet" / "deploy.prototxt"
PROTOTXT, WEIGHTS = DIGITS / "deploy.prototxt", DIGITS / "digits.caffemodel"


class Checks:
    def __init__(self, binary, scratch):
        self.binary, self.scratch = str(Path(binary).resolve()), scratch

    def modelconv(self, *arguments, **limits):
        return run([self.binary, *arguments], cwd=self.scratch, **limits)

    def write(self, name, content):
        path = self.scratch / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def expect(self, status, *arguments, says=(), **limits):
        """Problems of one run: the status (or one of several) and texts that stderr must hold; scratch must hold
        no new file after an error."""
        before = set(os.listdir(self.scratch))
        result = self.modelconv(*arguments, **limits)
        allowed = status if isinstance(status, tuple) else (status,)
        asked = " ".join(Path(str(a)).name if "/" in str(a) else str(a) for a in arguments)
        problems = []
        if result.died or result.status not in allowed:
            problems.append(f"`{asked}`: expected exit {'/'.join(map(str, allowed))}, {result.summary()}")
        for text in says:
            if text not in result.stderr:
                problems.append(f"`{asked}`: the message lacks {text!r}: {result.stderr.strip()[:200]}")
        if 0 not in allowed and 1 not in allowed:
            if "error:" not in result.stderr.lower():
                problems.append(f"`{asked}`: no error message")
            left = set(os.listdir(self.scratch)) - before
            if left:
                problems.append(f"`{asked}`: left {sorted(left)} behind")
        return problems

    # MARK: Inputs

    def check_missing_file(self):
        return (self.expect(66, "inspect", "absent.prototxt", says=["absent.prototxt"])
                + self.expect(66, "caffe2onnx", PROTOTXT, "absent.caffemodel", "-o", "o.onnx",
                              says=["absent.caffemodel"])
                + self.expect(66, "verify", PROTOTXT, WEIGHTS, "--fixtures", "absent.npz", says=["absent.npz"]))

    def check_directory(self):
        (self.scratch / "folder").mkdir()
        return (self.expect((65, 66), "inspect", "folder", says=["folder"])
                + self.expect((65, 66), "caffe2onnx", PROTOTXT, "folder", "-o", "o.onnx", says=["folder"]))

    def check_empty_file(self):
        self.write("empty.prototxt", "")
        self.write("empty.caffemodel", "")
        return (self.expect(65, "inspect", "empty.prototxt", says=["empty.prototxt"])
                + self.expect(65, "caffe2onnx", PROTOTXT, "empty.caffemodel", "-o", "o.onnx",
                              says=["empty.caffemodel"])
                + self.expect(65, "caffe2onnx", "empty.prototxt", WEIGHTS, "-o", "o.onnx"))

    def check_wrong_format(self):
        return (self.expect(65, "inspect", DIGITS / "digit-3.png", says=["digit-3.png"])
                + self.expect(65, "caffe2onnx", PROTOTXT, DIGITS / "digit-3.png", "-o", "o.onnx",
                              says=["digit-3.png"])
                + self.expect(65, "verify", PROTOTXT, WEIGHTS, "--fixtures", DIGITS / "digit-3.png",
                              says=["digit-3.png"]))

    def check_truncated_weights(self):
        data, problems = WEIGHTS.read_bytes(), []
        for length in (1, 9, 40, 700, len(data) // 2, len(data) - 1):
            name = f"cut-{length}.caffemodel"
            self.write(name, data[:length])
            problems += self.expect(65, "caffe2onnx", PROTOTXT, name, "-o", "o.onnx", says=[name])
        return problems

    def check_syntax_and_semantic_errors_all_at_once(self):
        text = ('name: "broken"\n'
                'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }\n'
                'layer { name: "c1" type: "Convolution" bottom: "data" top: "c1"\n'
                '  convolution_param { num_outputs: 4 kernel_size: 3 } }\n'
                'layer { name: "p1" type: "Pooling" bottom: "data" top: "p1"\n'
                '  pooling_param { pool: AVERAGE kernel_size: 2 } }\n'
                'layer { name: "r1" type: ReLU bottom: "data" top: "r1" }\n')
        self.write("broken.prototxt", text)
        return self.expect(65, "inspect", "broken.prototxt",
                           says=["broken.prototxt:4:", "broken.prototxt:6:", "broken.prototxt:7:", "num_outputs",
                                 "AVERAGE"])

    def check_weights_that_do_not_fit(self):
        self.write("wide.prototxt", PROTOTXT.read_text().replace("num_output: 64", "num_output: 65"))
        return self.expect(65, "caffe2onnx", "wide.prototxt", WEIGHTS, "-o", "o.onnx", says=["fc3"])

    def check_missing_weights(self):
        self.write("renamed.prototxt", PROTOTXT.read_text().replace('name: "fc4"', 'name: "fc_other"'))
        return (self.expect(65, "caffe2onnx", "renamed.prototxt", WEIGHTS, "-o", "o.onnx", says=["fc_other"])
                + self.expect((0, 1), "caffe2onnx", "renamed.prototxt", WEIGHTS, "-o", "o.onnx", "--allow-missing"))

    def check_unsupported_layers_are_all_listed(self):
        text = PROTOTXT.read_text().replace('type: "ReLU" bottom: "conv1"', 'type: "Frobnicate" bottom: "conv1"')
        self.write("foreign.prototxt", text.replace('type: "Softmax"', 'type: "Quux"'))
        return self.expect(65, "caffe2onnx", "foreign.prototxt", WEIGHTS, "-o", "o.onnx",
                           says=["relu1", "Frobnicate", "prob", "Quux"])

    # MARK: Outputs

    def check_output_that_cannot_be_created(self):
        (self.scratch / "folder").mkdir()
        self.write("file", "x")
        return (self.expect(73, "caffe2onnx", PROTOTXT, WEIGHTS, "-o", "nowhere/o.onnx", says=["nowhere/o.onnx"])
                + self.expect(73, "caffe2onnx", PROTOTXT, WEIGHTS, "-o", "file/o.onnx", says=["file/o.onnx"])
                + self.expect(73, "caffe2onnx", PROTOTXT, WEIGHTS, "-o", "folder", says=["folder"]))

    def check_failed_conversion_leaves_an_existing_file_alone(self):
        self.write("o.onnx", "precious")
        self.write("cut.caffemodel", WEIGHTS.read_bytes()[:5000])
        problems = self.expect(65, "caffe2onnx", PROTOTXT, "cut.caffemodel", "-o", "o.onnx")
        if (self.scratch / "o.onnx").read_bytes() != b"precious":
            problems.append("o.onnx was damaged")
        return problems

    def check_full_disk(self):
        """A file size limit stands in for a full disk: the write fails half-way."""
        self.write("o.onnx", "precious")
        before = sorted(os.listdir(self.scratch))
        done = subprocess.run(
            ["/bin/sh", "-c", 'ulimit -f 16; exec "$@"', "sh", self.binary, "caffe2onnx", PROTOTXT, WEIGHTS, "-o",
             "o.onnx"], cwd=self.scratch, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        problems = []
        if done.returncode != 74:
            problems.append(f"expected exit 74, got {done.returncode}: {done.stderr.strip()[:200]}")
        if sorted(os.listdir(self.scratch)) != before or (self.scratch / "o.onnx").read_bytes() != b"precious":
            problems.append(f"the folder holds {sorted(os.listdir(self.scratch))}, or o.onnx was damaged")
        return problems

    def check_interrupt_leaves_nothing(self):
        """SIGINT at many moments of a 64 MB conversion: either the old file or the whole new one."""
        rows, columns = 1024, 16384
        self.write("wide.prototxt", (
            f'layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ dim: 1 dim: {columns} }} }} }}\n'
            f'layer {{ name: "fc" type: "InnerProduct" bottom: "data" top: "fc"\n'
            f'  inner_product_param {{ num_output: {rows} bias_term: false }} }}\n'))
        write_zero_weights(self.scratch / "wide.caffemodel", rows, columns)
        before = sorted([*os.listdir(self.scratch), "o.onnx"])
        problems, statuses = [], []
        for milliseconds in (5, 10, 15, 20, 30, 40, 50, 60, 80, 100, 130, 170, 250, 400):
            self.write("o.onnx", "precious")
            process = subprocess.Popen(
                [self.binary, "caffe2onnx", "wide.prototxt", "wide.caffemodel", "-o", "o.onnx"], cwd=self.scratch,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGINT)
            statuses.append(process.wait(60))
            size = (self.scratch / "o.onnx").stat().st_size
            if size != 8 and size < 4 * rows * columns:
                problems.append(f"after {milliseconds} ms: o.onnx has {size} bytes")
            if sorted(os.listdir(self.scratch)) != before:
                problems.append(f"after {milliseconds} ms: the folder holds {sorted(os.listdir(self.scratch))}")
        # While the loader works (longer on a busy machine), no program can have installed a handler yet.
        odd = [status for status in statuses if status not in (0, 130, -signal.SIGINT)]
        if odd:
            problems.append(f"exit statuses {statuses}, expected 130 (interrupted) or 0 (done)")
        return problems

    def check_identical_bytes(self):
        problems = (self.expect(0, "caffe2onnx", PROTOTXT, WEIGHTS, "-o", "a.onnx")
                    + self.expect(0, "caffe2onnx", PROTOTXT, WEIGHTS, "-o", "b.onnx"))
        if not problems and (self.scratch / "a.onnx").read_bytes() != (self.scratch / "b.onnx").read_bytes():
            problems.append("two runs wrote different bytes")
        return problems

    # MARK: Caffe's own view of a net

    def listing(self, option, fixture, columns):
        """Problems of `inspect OPTION` of GoogLeNet against the lines that Caffe's Net gave."""
        expected = [line.split()[:columns] for line in (ROOT / "Tests" / "Fixtures" / fixture).read_text().splitlines()]
        result = self.modelconv("inspect", option, GOOGLENET)
        lines = [line.split()[:columns] for line in result.stdout.splitlines()]
        actual = [line for line in lines if line and line[0].isdigit() and len(line[0]) == 4]
        if actual == expected:
            return []
        wrong = next((pair for pair in zip(actual, expected) if pair[0] != pair[1]), ("", ""))
        return [f"`inspect {option}`: {len(actual)} lines, expected {len(expected)}; first difference {wrong}; "
                f"{result.summary()}"]

    def check_layers_of_googlenet(self):
        return self.listing("--layers", "bvlc_googlenet-layers.txt", 3)

    def check_blobs_of_googlenet(self):
        return self.listing("--blobs", "bvlc_googlenet-blobs.txt", 2)

    # MARK: Conventions

    def check_usage(self):
        problems = []
        for arguments in (["frobnicate"], ["inspect"], ["inspect", "--frobnicate", PROTOTXT],
                          ["caffe2onnx", PROTOTXT, WEIGHTS, "-o", "o.onnx", "--opset", "x"],
                          ["verify", PROTOTXT, WEIGHTS]):
            problems += self.expect(64, *arguments)
        return problems + self.expect((64, 65), "caffe2onnx", PROTOTXT, WEIGHTS, "-o", "o.onnx", "--opset", "8")

    def check_help(self):
        problems = self.expect(0, "--help")
        for verb in self.verbs():
            result = self.modelconv(verb, "--help")
            if result.status != 0 or f"modelconv {verb} " not in result.stdout.replace("USAGE: modelconv", ""):
                problems.append(f"`{verb} --help`: no worked example")
        return problems

    def check_json(self):
        problems = []
        for arguments in (["inspect", PROTOTXT, WEIGHTS], ["inspect", "--weights", WEIGHTS],
                          ["rounding", PROTOTXT], ["check", PROTOTXT, WEIGHTS],
                          ["verify", PROTOTXT, WEIGHTS, "--fixtures", DIGITS / "io.npz"], ["list", "formats"],
                          ["time", PROTOTXT, WEIGHTS, "-n", "2"]):
            if arguments[0] not in self.verbs():
                continue
            result = self.modelconv(*arguments, "--json")
            try:
                json.loads(result.stdout)
            except ValueError as error:
                problems.append(f"`{arguments[0]} --json`: {error}; {result.summary()}")
        self.write("bad.prototxt", 'layer { name: "x" type: "ReLU" bottom: "nothing" top: "y" }\n')
        result = self.modelconv("inspect", "bad.prototxt", "--diagnostics", "json")
        try:
            if not [json.loads(line) for line in result.stderr.splitlines()]:
                problems.append("--diagnostics json: nothing on stderr")
        except ValueError as error:
            problems.append(f"--diagnostics json: {error}: {result.stderr[:200]}")
        return problems

    def check_no_escape_codes_without_a_terminal(self):
        result = self.modelconv("inspect", PROTOTXT, WEIGHTS)
        return ["escape codes on a pipe"] if "\x1b" in result.stdout + result.stderr else []

    def check_closed_pipe(self):
        process = subprocess.Popen(
            [self.binary, "inspect", PROTOTXT, WEIGHTS], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL)
        process.stdout.close()
        process.stderr.read()
        status = process.wait(60)
        return [f"signal {-status}"] if status < 0 else []

    def check_the_operator_page_is_current(self):
        operators = operator_table.listed(self.binary)
        evidence = json.loads(operator_table.EVIDENCE.read_text())
        page = ROOT / "Sources" / "ModelConv" / "ModelConv.docc" / "OnnxOperators.md"
        problems = list(operator_table.claims(operators, evidence))
        if page.read_text() != operator_table.page(operators, evidence):
            problems.append(f"{page.name} is not what `make docs` writes")
        return problems

    def check_texts_of_other_encodings(self):
        """A byte order mark and UTF-16 are named, not taken for damage."""
        text = PROTOTXT.read_text()
        return (self.expect(65, "inspect", self.write("bom.prototxt", b"\xef\xbb\xbf" + text.encode()),
                            says=["byte order mark", "bom.prototxt:1:1"])
                + self.expect(65, "inspect", self.write("wide.prototxt", text.encode("utf-16")), says=["UTF-16"]))

    def check_inputs_of_another_rank(self):
        """An array with other axes than the input's is refused as such, before any layer sees it."""
        header = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
        header += b"{'descr': '<f4', 'fortran_order': False, 'shape': (8, 8), }".ljust(117) + b"\n"
        array = self.write("plane.npy", header + bytes(8 * 8 * 4))
        return self.expect(64, "run", PROTOTXT, WEIGHTS, "--input", f"data={array}", "-o", "out.npz",
                           says=["'data'", "4 axes", "8x8"])

    def check_standard_input(self):
        done = subprocess.run([self.binary, "inspect", "--layers", "-"], input=PROTOTXT.read_bytes(),
                              capture_output=True, timeout=60)
        named = self.modelconv("inspect", "--layers", PROTOTXT)
        if done.returncode != 0 or done.stdout.decode() != named.stdout:
            return [f"`inspect --layers -`: exit {done.returncode}, {done.stderr.decode()[:200]}"]
        return []

    def verbs(self):
        listed = self.modelconv("--help").stdout.partition("SUBCOMMANDS:")[2].split("\n\n")[0]
        return [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2:3].isalpha()]


def write_zero_weights(path, rows, columns):
    """A caffemodel of one InnerProduct layer `fc` whose zeros are a hole in the file."""
    dims = caffe_writer.length_delimited(1, caffe_writer.varint(rows) + caffe_writer.varint(columns))
    size = 4 * rows * columns
    blob = caffe_writer.length_delimited(7, dims) + caffe_writer.tag(5, 2) + caffe_writer.varint(size)
    layer = caffe_writer.text(1, "fc") + caffe_writer.text(2, "InnerProduct")
    layer += caffe_writer.tag(7, 2) + caffe_writer.varint(len(blob) + size) + blob
    with open(path, "wb") as file:
        file.write(caffe_writer.tag(100, 2) + caffe_writer.varint(len(layer) + size) + layer)
        file.truncate(file.tell() + size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--report")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    rows = []
    for name in sorted(name for name in dir(Checks) if name.startswith("check_") and options.only in name):
        with tempfile.TemporaryDirectory(prefix="modelconv-cli-") as scratch:
            try:
                problems = getattr(Checks(options.binary, Path(scratch)), name)()
            except (OSError, subprocess.TimeoutExpired) as error:
                problems = [f"{type(error).__name__}: {error}"]
        title = name.removeprefix("check_").replace("_", " ")
        rows.append({"case": "cli", "check": title, "outcome": "failed" if problems else "passed",
                     "message": "; ".join(problems)})
        for problem in problems:
            print(f"FAILED  {title}: {problem}")
    failed = sum(row["outcome"] == "failed" for row in rows)
    if options.report:
        Path(options.report).write_text(json.dumps(rows, indent=1))
    print(f"command line: {len(rows) - failed} passed, {failed} failed")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
