#!/usr/bin/env python3
"""The acceptance driver: every case of the fixture folders through the modelconv binary.

For each Caffe case:
  verify       `modelconv verify` agrees with what Caffe computed, intermediate blobs included
  disturbed    the same with one recorded value changed must answer no (exit 1)       [--disturb]
  onnx@N       `modelconv caffe2onnx --opset N`, then onnx.checker and ONNX Runtime on the fixture
  identical    a second conversion writes the same bytes
  roundtrip    written as Caffe (`convert -o X.prototxt`): the current form, which agrees with the recording like the
               source, equals the source bit for bit in every layer, and is written again as the same bytes [--roundtrip]
  refuse       (cases of `caffe-rejects`) exit 65, naming the file and the line
For each corpus case: `corpus`, judged by its `expect`: run, load, reject, unsupported, or two of them.
Whatever is asked, a signal or a passed time or memory limit is a failure, and so is a hostile file's canary.

Known failures stand in a deny list with a reason each; one that passes fails the run, so the list only shrinks.
Needs no Python package itself; without the oracles' interpreter the onnx checks are skipped with a message.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cases
import npz
from limited_process import run

HERE = Path(__file__).resolve().parent
CANARY = "modelconv-canary.txt"
HOSTILE_SECONDS, HOSTILE_MEGABYTES = 10, 512


class Report:
    """Outcomes by (case, check): passed, failed or skipped, with a message."""

    def __init__(self):
        self.rows = {}

    def add(self, case, check, passed, message=""):
        self.rows[(case, check)] = ("passed" if passed else "failed", message)

    def skip(self, case, check, message):
        self.rows[(case, check)] = ("skipped", message)

    def apply_denials(self, denials):
        """Turns failures that the deny list names into denials, and entries that all pass into failures. A key is
        `CASE CHECK`; CHECK may leave out the opset (`onnx`) to stand for all of them."""
        for key, reason in denials.items():
            case, _, check = key.partition(" ")
            covered = [row for row in self.rows if row[0] == case and check in (row[1], row[1].split("@")[0])]
            covered = [row for row in covered if self.rows[row][0] != "skipped"]
            failing = [row for row in covered if self.rows[row][0] in ("failed", "denied")]
            for row in failing:
                self.rows[row] = ("denied", f"{reason} [{self.rows[row][1]}]")
            if covered and not failing:
                self.add(case, check, False, f"stands in the deny list ({reason}) and passes: take it out")

    def count(self, outcome):
        return sum(1 for kind, _ in self.rows.values() if kind == outcome)


class Driver:
    def __init__(self, options, report, scratch):
        self.binary = str(Path(options.binary).resolve())
        self.opsets = [int(n) for n in options.opsets.split(",") if n]
        self.disturb, self.roundtrip = options.disturb, options.roundtrip
        self.report = report
        self.scratch = scratch
        self.jobs = []

    def modelconv(self, *arguments, seconds=120, megabytes=8192, cwd=None):
        return run([self.binary, *arguments], seconds=seconds, megabytes=megabytes, cwd=cwd)

    # MARK: Caffe cases

    def caffe(self, case):
        if case.fails_at:
            return self.refuse(case)
        model = [case.prototxt] + ([case.folder / case.weights] if case.weights else [])
        tolerance = ["--rtol", repr(case.rtol), "--atol", repr(case.atol)]
        verify = ["verify", *model, *case.net_options(), *tolerance, "--fixtures"]
        result = self.modelconv(*verify, case.fixture)
        self.report.add(case.name, "verify", result.status == 0, result.summary())
        if self.disturb and result.status == 0:
            self.disturbed(case, verify)
        if self.roundtrip:
            self.write_back(case, model, tolerance)
        for opset in self.opsets:
            self.convert(case, model, opset)

    def disturbed(self, case, verify):
        for prefix in ("out:", "blob:"):
            copy = self.scratch / f"{case.name.replace('/', '_')}-{prefix[:-1]}.npz"
            key = npz.disturb(case.fixture, copy, prefix)
            if key is None:
                continue
            result = self.modelconv(*verify, copy)
            self.report.add(case.name, f"disturbed {prefix[:-1]}", result.status == 1,
                            f"{key} was changed, but: {result.summary()}")
            copy.unlink()

    def write_back(self, case, model, tolerance):
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        first, second = folder / "a.prototxt", folder / "b.prototxt"
        written = [first, first.with_suffix(".caffemodel")]
        state = case.net_options()
        steps = [
            ("written", ["convert", *model, "-o", first, *state]),
            ("recorded", ["verify", *written, *state, *tolerance, "--fixtures", case.fixture]),
            ("equal", ["verify", ",".join(map(str, model)), "--against", ",".join(map(str, written)), *state,
                       *case.shape_options(), "--rtol", "0", "--atol", "0"]),
            ("again", ["convert", *written, "-o", second, *state]),
        ]
        problem = ""
        for name, command in steps:
            result = self.modelconv(*command)
            if result.status != 0:
                problem = f"{name}: {result.summary()}"
                break
        else:
            if re.search(r"^layers\b", first.read_text(), re.M):
                problem = "an old form was written"
            elif any(first.with_suffix(end).read_bytes() != second.with_suffix(end).read_bytes()
                     for end in (".prototxt", ".caffemodel")):
                problem = "written again, other bytes"
        self.report.add(case.name, "roundtrip", not problem, problem)
        shutil.rmtree(folder)

    def convert(self, case, model, opset):
        check = f"onnx@{opset}"
        out = self.scratch / f"{case.name.replace('/', '_')}-{opset}.onnx"
        command = ["caffe2onnx", *model, "-o", out, "--opset", opset, *case.net_options(), *case.shape_options()]
        result = self.modelconv(*command)
        if result.status == 65 and "degenerate" in case.tags and "error:" in result.stderr:
            return self.report.add(case.name, check, True, "refused, as a converter may")
        if result.status != 0 or not out.exists():
            return self.report.add(case.name, check, False, result.summary())
        if opset == self.opsets[-1]:
            again = out.with_suffix(".again")
            second = self.modelconv(*command[:4], again, *command[5:])
            same = second.status == 0 and again.exists() and again.read_bytes() == out.read_bytes()
            self.report.add(case.name, "identical", same, "a second conversion wrote other bytes")
            again.unlink(missing_ok=True)
        self.jobs.append({"id": f"{case.name} {check}", "model": str(out), "fixture": str(case.fixture),
                          "rtol": case.rtol, "atol": case.atol, "blobs": True})

    def refuse(self, case):
        """Caffe refuses these files, and so must modelconv: on reading or, where the file can be shown and only not be
        run (a layer type that nobody knows), on converting."""
        out = self.scratch / f"{case.name.replace('/', '_')}.onnx"
        if case.weights:
            attempts = [["caffe2onnx", case.prototxt, case.folder / case.weights, "-o", out]]
        else:
            attempts = [["inspect", case.prototxt], ["convert", case.prototxt, "-o", out]]
        for attempt in attempts:
            result = self.modelconv(*attempt, seconds=HOSTILE_SECONDS)
            if result.status != 0:
                break
        problems = []
        if result.status != 65:
            problems.append(f"{attempt[0]}: expected exit 65, {result.summary()}")
        place = case.weights if case.weights else r"deploy\.prototxt:(\d+):\d+"
        found = re.search(place + r".*: error: ", result.stderr)
        if not found:
            problems.append(f"no error with file and place: {result.summary()}")
        line = re.search(r"(\d+):\d+: ", case.parser)
        lines = re.findall(r"deploy\.prototxt:(\d+):\d+: error: ", result.stderr)
        if line and line.group(1) not in lines:
            problems.append(f"Caffe names line {line.group(1)}, modelconv {lines}")
        if out.exists():
            problems.append("an output file was left behind")
        self.report.add(case.name, "refuse", not problems, "; ".join(problems))

    # MARK: Corpus cases

    def corpus(self, case):
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        hostile = bool(case.expect & {"reject", "unsupported"})
        limits = {"seconds": HOSTILE_SECONDS if hostile else 120, "cwd": folder}
        fixture = case.fixture
        if fixture is not None:
            tolerance = ["--rtol", repr(case.rtol), "--atol", repr(case.atol)]
            result = self.modelconv("verify", case.model, *tolerance, "--fixtures", fixture, **limits)
        else:
            result = self.modelconv("inspect", case.model, **limits)
            if result.status == 0 and hostile and "load" not in case.expect:
                result = self.modelconv("inspect", "--weights", case.model, **limits)
            if result.status == 0 and hostile and "load" not in case.expect and str(case.model).endswith(".onnx"):
                # What can be shown is refused when it is to be run.
                result = self.modelconv("run", case.model, "-o", self.scratch / "never.npz", **limits)
        problems = []
        if result.died:
            problems.append(result.summary())
        elif result.status == 0:
            if not case.expect & {"run", "load"}:
                problems.append(f"exit 0, expected {'-or-'.join(sorted(case.expect))}")
        elif result.status == 65:
            if not case.expect & {"reject", "unsupported"}:
                problems.append(result.summary())
            elif "error:" not in result.stderr:
                problems.append("exit 65 without an error message")
        else:
            problems.append(result.summary())
        if hostile and result.peak_mb > HOSTILE_MEGABYTES:
            problems.append(f"{result.peak_mb:.0f} MB")
        left = os.listdir(folder)
        if left:
            problems.append("the canary was written" if CANARY in left else f"wrote {left}")
        shutil.rmtree(folder)
        self.report.add(case.name, "corpus", not problems, "; ".join(problems))

    # MARK: ONNX oracles

    def run_oracles(self, python):
        if not self.jobs:
            return
        if not python or not Path(python).exists():
            print(f"no Python oracles at {python}: ONNX Runtime comparisons are skipped", file=sys.stderr)
            for job in self.jobs:
                self.report.skip(*job["id"].rsplit(" ", 1), "no Python oracles")
            return
        batch, answers = self.scratch / "jobs.json", self.scratch / "answers.json"
        batch.write_text(json.dumps(self.jobs))
        subprocess.run([python, HERE / "onnx_check.py", "--batch", batch, "--report", answers],
                       stdin=subprocess.DEVNULL, check=False)
        for answer in json.loads(answers.read_text()):
            case, check = answer["id"].rsplit(" ", 1)
            message = f"{answer['stage']}: {answer['message']}" if not answer["passed"] else answer["runtime"]
            self.report.add(case, check, answer["passed"], message)


def collect_cases(options):
    folders = [Path(folder) for folder in options.fixtures]
    shared = Path(options.shared) if options.shared else None
    if shared and shared.is_dir():
        folders += sorted(path.parent for path in (shared / "fixtures").glob("*/cases.json"))
    elif options.shared is not None:
        print("no shared fixtures (set MODELCONV_SHARED): whole networks and the corpus are skipped", file=sys.stderr)
    caffe = [case for folder in folders for case in cases.load_caffe_cases(folder)]
    corpus = []
    if options.corpus and shared and (shared / "corpus" / "index.json").exists():
        formats = None if options.corpus == "all" else set(options.corpus.split(","))
        corpus = cases.load_corpus_cases(shared / "corpus", formats)
    if options.only:
        wanted = re.compile(options.only)
        caffe = [case for case in caffe if wanted.search(case.name)]
        corpus = [case for case in corpus if wanted.search(case.name)]
    return caffe, corpus


def print_table(report, verbose):
    table = {}
    for (case, check), (outcome, _) in report.rows.items():
        table.setdefault((case.split("/")[0], check), Counter())[outcome] += 1
    width = max((len(name) for name, _ in table), default=0)
    print(f"{'set':<{width}}  {'check':<14} passed  failed  denied  skipped")
    for (name, check), counts in sorted(table.items()):
        print(f"{name:<{width}}  {check:<14} {counts['passed']:6}  {counts['failed']:6}  {counts['denied']:6}"
              f"  {counts['skipped']:7}")
    for (case, check), (outcome, message) in sorted(report.rows.items()):
        if outcome == "failed" or (verbose and outcome != "passed"):
            print(f"{outcome.upper()}  {case}  {check}  {message}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--fixtures", action="append", default=[], help="a folder with cases.json (repeatable)")
    parser.add_argument("--shared", help="a folder with fixtures/*/cases.json and corpus/index.json")
    parser.add_argument("--corpus", help="formats of the corpus to run, separated by commas, or `all`")
    parser.add_argument("--opsets", default="9,11,13,17,21")
    parser.add_argument("--oracle-python", help="an interpreter with the packages of requirements.txt")
    parser.add_argument("--deny", default=HERE / "denied.json", help="JSON object: `CASE CHECK` to reason")
    parser.add_argument("--report", help="write every outcome there as JSON")
    parser.add_argument("--only", help="regular expression on case names")
    parser.add_argument("--disturb", action="store_true", help="also demand that disturbed fixtures fail")
    parser.add_argument("--roundtrip", action="store_true", help="also write Caffe cases as Caffe and read them again")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()

    caffe, corpus = collect_cases(options)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="modelconv-") as scratch:
        driver = Driver(options, report, Path(scratch))
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(driver.caffe, caffe))
            list(pool.map(driver.corpus, corpus))
        driver.run_oracles(options.oracle_python)
    report.apply_denials(json.loads(Path(options.deny).read_text()))

    print_table(report, options.verbose)
    if options.report:
        rows = [{"case": case, "check": check, "outcome": outcome, "message": message}
                for (case, check), (outcome, message) in sorted(report.rows.items())]
        Path(options.report).write_text(json.dumps(rows, indent=1))
    print(f"conformance: {report.count('passed')} passed, {report.count('failed')} failed, "
          f"{report.count('denied')} denied with a reason, {report.count('skipped')} skipped")
    if not report.rows:
        print("no case was run", file=sys.stderr)
    return 0 if report.rows and not report.count("failed") else 1


if __name__ == "__main__":
    sys.exit(main())
