#!/usr/bin/env python3
"""The closing line of `make test`: what the reports of this run add up to. Exit 1 when anything failed or a report is
missing.

    summary.py FOLDER    holding unit*.xml (swift test --xunit-output), conformance.json and cli.json
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def main():
    folder = Path(sys.argv[1])
    passed = failed = skipped = 0
    complete = True
    suites = [suite for path in folder.glob("unit*.xml") for suite in ElementTree.parse(path).iter("testsuite")]
    if not any(int(suite.get("tests", 0)) for suite in suites):
        print("no report of the Swift tests: they did not build or did not finish", file=sys.stderr)
        complete = False
    for suite in suites:
        cases = list(suite.iter("testcase"))
        broken = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
        ignored = sum(1 for case in cases if case.find("skipped") is not None)
        failed, skipped, passed = failed + broken, skipped + ignored, passed + len(cases) - broken - ignored
    for name in ("conformance.json", "cli.json", "pictures.json"):
        # Without Python oracles there is no report about pictures.
        if name == "pictures.json" and not (folder / name).exists():
            continue
        if not (folder / name).exists():
            print(f"no report {name}: that run did not finish", file=sys.stderr)
            complete = False
            continue
        outcomes = [row["outcome"] for row in json.loads((folder / name).read_text())]
        passed += outcomes.count("passed")
        failed += outcomes.count("failed")
        skipped += outcomes.count("skipped") + outcomes.count("denied")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if complete and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
