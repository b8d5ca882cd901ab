#!/usr/bin/env python3
"""Writes the facts of every ONNX operator version from the `onnx` package's own definitions.

Usage: generate-onnx-facts.py [--check]

Writes Schemas/onnx-operators.txt and Sources/OnnxFormat/Schema/OnnxOperatorFacts.swift (the same text as a literal).
With --check nothing is written; the exit status is 1 when either file is out of date.

One line an operator version:

    domain|Name|since|inputs|outputs|attributes|constraints|flags

An input or output is `name:type`; the name is followed by `?` where it is optional, `*N` where it repeats at least N
times with one type, `+N` where it repeats with differing types. An attribute is `name:kind`, with `!` after the name
where it is required, and `=default` after the kind where it has one; lists are separated by commas. A constraint is
`T=#k`, a set of types from the `types` lines. Flags: `d` deprecated, `f` has a function body, `c` has a body that
depends on types or attributes. Lines `opset N ir M` give the IR version that came with each operator set.
"""

import pathlib
import sys

import onnx
from onnx import defs, helper

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = ROOT / "Schemas" / "onnx-operators.txt"
SWIFT = ROOT / "Sources" / "OnnxFormat" / "Schema" / "OnnxOperatorFacts.swift"

KINDS = {
    "FLOAT": "f", "INT": "i", "STRING": "s", "TENSOR": "t", "GRAPH": "g", "SPARSE_TENSOR": "sp", "TYPE_PROTO": "tp",
    "FLOATS": "fs", "INTS": "is", "STRINGS": "ss", "TENSORS": "ts", "GRAPHS": "gs", "SPARSE_TENSORS": "sps",
    "TYPE_PROTOS": "tps",
}


def parameter(p):
    option = p.option.name
    mark = {"Optional": "?", "Single": ""}.get(option)
    if mark is None:
        mark = f"{'*' if p.is_homogeneous else '+'}{p.min_arity}"
    return f"{p.name}{mark}:{p.type_str.replace(' ', '')}"


def text_of(value):
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        if any(c in value for c in " |,=#\n"):
            raise SystemExit(f"a default needs quoting: {value!r}")
        return value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (list, tuple)) or hasattr(value, "__iter__"):
        return ",".join(text_of(v) for v in value)
    return str(value)


def attribute(a):
    kind = KINDS[a.type.name]
    out = f"{a.name}{'!' if a.required else ''}:{kind}"
    if a.default_value.name:
        out += "=" + text_of(helper.get_attribute_value(a.default_value))
    return out


def facts():
    types = {}
    rows = []
    for s in defs.get_all_schemas_with_history():
        constraints = []
        for c in s.type_constraints:
            key = ",".join(sorted(t.replace(" ", "") for t in c.allowed_type_strs))
            constraints.append((c.type_param_str, key))
        flags = ("d" if s.deprecated else "") + ("f" if s.has_function else "")
        flags += "c" if s.has_context_dependent_function else ""
        rows.append((s.domain or "ai.onnx", s.name, s.since_version, s, constraints, flags))
    rows.sort(key=lambda r: (r[0], r[1], r[2]))
    for r in rows:
        for _, key in r[4]:
            types.setdefault(key, None)
    for k, key in enumerate(sorted(types)):
        types[key] = k
    lines = [f"onnx {onnx.__version__}"]
    last = {}
    for row in helper.VERSION_TABLE:
        last[row[2]] = row[1]
    lines += [f"opset {opset} ir {ir}" for opset, ir in sorted(last.items())]
    lines += [f"types {k} {key}" for key, k in sorted(types.items())]
    for domain, name, since, s, constraints, flags in rows:
        attributes = sorted(s.attributes.values(), key=lambda a: a.name)
        lines.append("|".join([
            domain, name, str(since),
            " ".join(parameter(p) for p in s.inputs),
            " ".join(parameter(p) for p in s.outputs),
            " ".join(attribute(a) for a in attributes),
            " ".join(f"{t}=#{types[key]}" for t, key in constraints),
            flags,
        ]))
    return "\n".join(lines) + "\n"


def swift(text):
    return (
        "// Written by Schemas/generate-onnx-facts.py; do not edit.\n"
        "// swift-format-ignore-file\n\n"
        "/// Facts of every ONNX operator version; the format is described in the script that writes this file.\n"
        "enum OnnxOperatorFacts {\n"
        "  static let text = #\"\"\"\n" + text + "\"\"\"#\n"
        "}\n"
    )


def main():
    text = facts()
    wanted = {TEXT: text, SWIFT: swift(text)}
    stale = [p for p, t in wanted.items() if not p.exists() or p.read_text() != t]
    if "--check" in sys.argv:
        for p in stale:
            print(f"{p.relative_to(ROOT)} is out of date", file=sys.stderr)
        return 1 if stale else 0
    for p in stale:
        p.write_text(wanted[p])
    print(f"{len(text.splitlines())} lines; {len(stale)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
