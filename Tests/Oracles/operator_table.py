#!/usr/bin/env python3
"""The documentation page of ONNX operators: what `modelconv list operators --json` says, beside what tests have shown.

    operator_table.py --binary .build/release/modelconv > Sources/ModelConv/ModelConv.docc/OnnxOperators.md
    operator_table.py --evidence-from REPORT.json [--evidence FILE]

The evidence (`onnx-evidence.json`) is drawn from a report of `onnx_conformance.py`: for each operator how many cases
hold it, how many run, how many were written at lower operator sets and still compute the same, and the lowest operator
set at which a case of that operator alone could be written.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
EVIDENCE = HERE / "onnx-evidence.json"

HEAD = """# ONNX operators

Which operators of which operator sets are read, run and written.

## Overview

Every version of an operator is raised to one meaning when it is read. When a model is written, an operator that came
later than the wanted operator set is said with older ones where those can say it; otherwise the conversion is refused
with the layer, the operator and the operator set that could say it.

*Versions* are the operator sets that introduced them. *Written from* is the lowest operator set of `ai.onnx` at which
some form of the operator can be written (9 is the lowest that modelconv writes); where the cases show it for a newer
one only, that stands beside it. *Run* and *written* count the cases
of ONNX's own test suite, and of models made for these tests, that hold the operator: how many of them compute what was
recorded, and how many conversions to operator sets 9, 13, 21 and their own do so afterwards, here and in ONNX Runtime
or ONNX's reference evaluator. An operator without cases is marked *untested*.

This page is written by `make docs`; a test compares it with the program.
"""


def evidence_of(rows):
    """By `domain|operator`: cases, run, written, refused, lowest."""
    evidence = defaultdict(lambda: {"cases": 0, "run": 0, "denied": 0, "written": 0, "refused": 0, "lowest": None})
    by_case = defaultdict(dict)
    for row in rows:
        by_case[row["case"]][row["check"]] = row
    for checks in by_case.values():
        operators = next((row["operators"] for row in checks.values() if row.get("operators")), [])
        alone = len([name for name in operators if name != "ai.onnx|Constant"]) == 1
        for name in operators:
            entry = evidence[name]
            entry["cases"] += 1
            entry["run"] += checks.get("verify", {}).get("outcome") == "passed"
            entry["denied"] += checks.get("verify", {}).get("outcome") == "denied"
            for check, row in checks.items():
                if check not in ("same", "plain") and not check.startswith("@"):
                    continue
                refused = row["message"].startswith("refused: ")
                if row["outcome"] == "passed":
                    entry["refused" if refused else "written"] += 1
                if alone and check.startswith("@") and row["outcome"] == "passed":
                    stated = re.search(r"\(opset (\d+)\)$", row["message"])
                    reached = int(stated.group(1)) if refused and stated else None if refused else int(check[1:])
                    if reached and (entry["lowest"] is None or reached < entry["lowest"]):
                        entry["lowest"] = reached
    return dict(sorted(evidence.items()))


def page(operators, evidence):
    lines = [HEAD]
    domains = sorted({o["domain"] for o in operators}, key=lambda d: (d != "ai.onnx", d))
    for domain in domains:
        lines += [f"## {domain}", "", "| operator | versions read | written from | run | written | limits |",
                  "|---|---|---|---|---|---|"]
        for o in sorted((o for o in operators if o["domain"] == domain), key=lambda o: o["name"].lower()):
            shown = evidence.get(f"{domain}|{o['name']}")
            versions = ", ".join(map(str, o["versionsRead"])) or "kept as it is"
            written_from = str(o.get("writtenFrom", "—"))
            if shown and o.get("writtenFrom") and (shown["lowest"] or 0) > o["writtenFrom"]:
                written_from += f" (its cases: {shown['lowest']})"
            if o.get("deprecatedIn"):
                versions += f" (deprecated in {o['deprecatedIn']})"
            run = f"{shown['run']} of {shown['cases']}" if shown else "untested"
            if shown and shown["denied"]:
                run += f", {shown['denied']} known not to"
            written = f"{shown['written']}" + (f", {shown['refused']} refused" if shown["refused"] else "") \
                if shown else "untested"
            lines.append(f"| {o['name']} | {versions} | {written_from} | {run} | {written} "
                         f"| {'; '.join(o.get('limits') or [])} |")
        lines.append("")
    return "\n".join(lines)


def listed(binary):
    ended = subprocess.run([str(binary), "list", "operators", "--json"], capture_output=True, text=True, check=True)
    return [o for o in json.loads(ended.stdout) if o["kind"] == "onnx"]


def claims(operators, evidence):
    """What the program claims and the tests do not bear out."""
    for o in operators:
        shown = evidence.get(f"{o['domain']}|{o['name']}")
        if not shown:
            continue
        if not o["runs"] and shown["run"]:
            yield f"{o['name']} runs, though the program says that it does not"
        if o["runs"] and not shown["run"] and not shown["denied"]:
            yield f"{o['name']} is said to run; none of its {shown['cases']} cases does"
        if o.get("writtenFrom") and shown["lowest"] is not None and shown["lowest"] < o["writtenFrom"]:
            yield f"{o['name']} is said to be written from {o['writtenFrom']}; its cases reach {shown['lowest']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path)
    parser.add_argument("--evidence", type=Path, default=EVIDENCE)
    parser.add_argument("--evidence-from", type=Path, help="a report of onnx_conformance.py")
    parser.add_argument("--claims", action="store_true", help="check the program's claims against the evidence instead")
    options = parser.parse_args()
    if options.evidence_from:
        found = evidence_of(json.loads(options.evidence_from.read_text()))
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(entry)}" for name, entry in found.items())
        options.evidence.write_text("{\n" + lines + "\n}\n")
        return 0
    evidence = json.loads(options.evidence.read_text())
    operators = listed(options.binary)
    if options.claims:
        problems = list(claims(operators, evidence))
        print("\n".join(problems))
        return 1 if problems else 0
    sys.stdout.write(page(operators, evidence))
    return 0


if __name__ == "__main__":
    sys.exit(main())
