#!/usr/bin/env python3
"""Conversion of ONNX models, judged by the recorded outputs, onnx.checker and ONNX Runtime.

For each `onnx-*` case of the corpus that is expected to run:
  verify       `modelconv verify` on the case's own data
  same         `convert IN -o OUT` (optimised, the source's operator set): OUT passes here, in the oracle that the
               original passes in, and in onnx.checker where the original did; initialisers that no pass touched
               have the same bytes
  plain        the same with --no-rewrite: every initialiser that is still there has the same bytes
  identical    a second conversion writes the same bytes
  @N           `convert --opset N` for each of --opsets: passes as above, or is refused by a message that names layer,
               operator and the operator set that could say it, where that conversion then succeeds
The oracle is ONNX Runtime, or ONNX's reference evaluator for originals that ONNX Runtime does not take.

Known failures stand in the deny list with a reason each; one that passes fails the run.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cases
from conformance import HERE, Report, print_table
from limited_process import run

ORACLES = ["onnxruntime", "onnx.reference"]


class Oracle:
    """A service process that is started again when a model ends or hangs it."""

    def __init__(self, python, seconds=120):
        self.python, self.seconds, self.process = python, seconds, None

    def start(self):
        self.process = subprocess.Popen(
            [self.python, HERE / "onnx_service.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def ask(self, **request):
        if self.process is None or self.process.poll() is not None:
            self.start()
        process = self.process
        timer = threading.Timer(self.seconds, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if line:
            return json.loads(line)
        process.kill()
        process.wait()
        self.process = None
        reason = "the oracle's process died or gave no answer"
        return {"checker": "", "runs": {name: reason for name in request["oracles"]}, "constants": 0, "changed": []}

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()


class Driver:
    def __init__(self, options, report, scratch):
        self.binary = str(Path(options.binary).resolve())
        self.opsets = [int(n) for n in options.opsets.split(",") if n]
        self.options, self.report, self.scratch = options, report, scratch
        self.local = threading.local()
        self.oracles = []
        self.cache_path = Path(options.cache) if options.cache else None
        self.cache = {}
        if self.cache_path and self.cache_path.exists():
            self.cache = json.loads(self.cache_path.read_text())

    @property
    def oracle(self):
        if not hasattr(self.local, "oracle"):
            self.local.oracle = Oracle(self.options.oracle_python)
            self.oracles.append(self.local.oracle)
        return self.local.oracle

    def modelconv(self, *arguments, seconds=120):
        return run([self.binary, *arguments], seconds=seconds, megabytes=12288)

    def baseline(self, case):
        """What the oracles make of the original: which one passes it (or None), and the checker's complaint."""
        key = f"{case.name} {case.model.stat().st_size}"
        if key not in self.cache:
            reply = self.oracle.ask(
                model=str(case.model), fixture=str(case.fixture) if case.fixture else None, rtol=case.rtol,
                atol=case.atol, oracles=ORACLES, first_that_passes=True)
            passing = next((name for name in ORACLES if reply["runs"].get(name) == ""), None)
            self.cache[key] = {"oracle": passing, "checker": reply["checker"], "runs": reply["runs"],
                               "opset": reply.get("opset", 99), "operators": reply.get("operators", [])}
        return self.cache[key]

    def save_cache(self):
        if self.cache_path:
            self.cache_path.parent.mkdir(parents=True, exist_ok=True)
            self.cache_path.write_text(json.dumps(self.cache))

    def case(self, case):
        name = case.name
        verified = self.verify(case, case.model)
        if self.wants("verify"):
            self.report.add(name, "verify", verified == "", verified)
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        try:
            base = self.baseline(case)
            runs_here = verified == ""
            attempts = [("same", []), ("plain", ["--no-rewrite"])]
            attempts += [(f"@{target}", ["--opset", str(target)]) for target in self.opsets]
            for check, arguments in attempts:
                if self.wants(check):
                    self.attempt(case, check, arguments, folder, base, runs_here)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def wants(self, check):
        return driver_wants(self.options, check)

    def verify(self, case, model):
        """"" where the model gives the recorded outputs here, otherwise why not."""
        if not case.fixture:
            result = self.modelconv("inspect", model)
        else:
            result = self.modelconv("verify", model, "--rtol", repr(case.rtol), "--atol", repr(case.atol),
                                    "--fixtures", case.fixture)
        if result.status == 0:
            return ""
        detail = result.summary()
        if result.status == 1:
            detail += " " + " ".join(result.stdout.split())[:200]
        return detail

    def attempt(self, case, check, arguments, folder, base, runs_here):
        out = folder / f"{check.strip('@')}.onnx"
        command = ["convert", case.model, "-o", out, *arguments]
        if check != "same":
            command.append("--no-verify")
        result = self.modelconv(*command)
        if result.status == 65 and check.startswith("@"):
            return self.report.add(case.name, check, *self.refusal(case, result, folder))
        if result.status != 0 or not out.exists():
            return self.report.add(case.name, check, False, f"convert: {result.summary()}")
        problems = []
        if runs_here:
            own = self.verify(case, out)
            if own:
                problems.append(f"verify: {own}")
        reply = self.oracle.ask(
            model=str(out), fixture=str(case.fixture) if case.fixture else None, rtol=case.rtol, atol=case.atol,
            oracles=self.judges(base), source=str(case.model), first_that_passes=True)
        if reply["checker"] and not base["checker"]:
            problems.append(f"checker: {reply['checker']}")
        if base["oracle"] and "" not in reply["runs"].values():
            problems.append("; ".join(f"{name}: {why}" for name, why in reply["runs"].items()))
        if check == "plain" and reply["changed"]:
            problems.append(f"constants changed: {', '.join(reply['changed'][:5])}")
        if check == "same" and reply["changed"]:
            changed = self.untouched(case, out, reply["changed"])
            if changed:
                problems.append(f"constants changed by no pass: {', '.join(changed[:5])}")
        self.report.add(case.name, check, not problems, "; ".join(problems) or (base["oracle"] or "no oracle"))
        if check == "same" and self.wants("identical"):
            again = folder / "again.onnx"
            second = self.modelconv("convert", case.model, "-o", again, *arguments, "--no-verify")
            same = second.status == 0 and again.read_bytes() == out.read_bytes()
            self.report.add(case.name, "identical", same, "a second conversion wrote other bytes")

    @staticmethod
    def judges(base):
        """ONNX Runtime where it takes the original; otherwise whichever takes the result."""
        return {None: [], "onnxruntime": ["onnxruntime"]}.get(base["oracle"], ORACLES)

    def untouched(self, case, out, changed):
        """Those of the changed constants whose users carry no pass in their origin."""
        script = (
            "import onnx,sys\nm=onnx.load(sys.argv[1],load_external_data=False)\n"
            "for n in m.graph.node:\n"
            "  t=n.doc_string+' '.join(e.key for e in n.metadata_props)\n"
            "  if ' via ' not in t and 'origin.passes' not in t: print('\\n'.join(n.input))\n")
        listing = subprocess.run([self.options.oracle_python, "-c", script, str(out)], capture_output=True, text=True)
        used = set(listing.stdout.split("\n"))
        return [name for name in changed if name in used]

    def refusal(self, case, result, folder):
        """A refusal must name layer and operator and say which operator set would do; following that leads on until
        the conversion succeeds."""
        out, told, first = folder / "higher.onnx", 0, ""
        while result.status == 65:
            errors = [line for line in result.stderr.splitlines() if "error:" in line]
            if not errors or any(not re.search(r"layer '[^']*' \([^)]+\)", line) for line in errors):
                return False, f"refused without layer and operator: {result.summary()}"
            wanted = [int(n) for n in re.findall(r"--opset (\d+) or higher", result.stderr)]
            if not wanted or max(wanted) <= told:
                return False, f"refused at {told or 'first'} without a way out: {result.summary()}"
            told, first = max(wanted), first or errors[0].split("error: ", 1)[-1][:200]
            result = self.modelconv("convert", case.model, "-o", out, "--opset", told, "--no-verify")
        if result.status != 0:
            return False, f"--opset {told}: {result.summary()}"
        return True, f"refused: {first} (opset {told})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--corpus", required=True, help="a folder with index.json")
    parser.add_argument("--oracle-python", required=True, help="an interpreter with the packages of requirements.txt")
    parser.add_argument("--opsets", default="21,13,9")
    parser.add_argument("--formats", help="formats of the corpus, separated by commas; default: all `onnx-*`")
    parser.add_argument("--only", help="regular expression on case names")
    parser.add_argument("--again", help="a report: run the cases with a failure there, keep its other rows")
    parser.add_argument("--checks", help="only these, separated by commas: verify, same, plain, identical, @N")
    parser.add_argument("--deny", default=HERE / "denied.json", help="JSON object: `CASE CHECK` to reason")
    parser.add_argument("--report", help="write every outcome there as JSON")
    parser.add_argument("--cache", help="keep there what the oracles make of the originals")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()

    formats = set(options.formats.split(",")) if options.formats else None
    chosen = [case for case in cases.load_corpus_cases(Path(options.corpus), formats)
              if case.format.startswith("onnx-") and "run" in case.expect
              and (not options.only or re.search(options.only, case.name))]
    report = Report()
    if options.again:
        rows = json.loads(Path(options.again).read_text())
        failed = {row["case"] for row in rows if row["outcome"] == "failed"}
        for row in rows:
            if row["case"] not in failed or not driver_wants(options, row["check"]):
                report.rows[(row["case"], row["check"])] = (row["outcome"], row["message"])
        chosen = [case for case in chosen if case.name in failed]
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="modelconv-") as scratch:
        driver = Driver(options, report, Path(scratch))
        done = 0
        with ThreadPoolExecutor(options.jobs) as pool:
            for _ in pool.map(driver.case, chosen):
                done += 1
                if done % 100 == 0:
                    print(f"{done} of {len(chosen)} cases, {time.monotonic() - start:.0f} s, "
                          f"{report.count('failed')} failures", file=sys.stderr)
                    save(report, options.report)
                    driver.save_cache()
        driver.save_cache()
        for oracle in driver.oracles:
            oracle.stop()
    report.apply_denials(json.loads(Path(options.deny).read_text()))
    print_table(report, options.verbose)
    save(report, options.report, {key.split(" ")[0]: entry["operators"] for key, entry in driver.cache.items()})
    refused = sum(1 for outcome, message in report.rows.values() if message.startswith("refused: "))
    print(f"onnx conformance: {report.count('passed')} passed ({refused} of them refusals with a way out), "
          f"{report.count('failed')} failed, {report.count('denied')} denied with a reason")
    return 0 if report.rows and not report.count("failed") else 1


def driver_wants(options, check):
    return not options.checks or check in options.checks.split(",")


def save(report, path, operators={}):
    if path:
        rows = [{"case": case, "check": check, "outcome": outcome, "message": message,
                 "operators": operators.get(case, [])}
                for (case, check), (outcome, message) in sorted(report.rows.items())]
        Path(path).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    sys.exit(main())
