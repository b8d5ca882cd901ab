"""Small ONNX models, one operator each, at every operator set that introduced a version of it."""

import functools
import zlib

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F32, F64, F16, I32, I64, BOOL = np.float32, np.float64, np.float16, np.int32, np.int64, np.bool_
TEXT = object
NAMES = {
    "float": F32, "double": F64, "float16": F16, "bfloat16": ml_dtypes.bfloat16, "int8": np.int8, "int16": np.int16,
    "int32": I32, "int64": I64, "uint8": np.uint8, "uint16": np.uint16, "uint32": np.uint32, "uint64": np.uint64,
    "bool": BOOL, "string": TEXT, "float8e4m3fn": ml_dtypes.float8_e4m3fn, "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2, "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz, "int4": ml_dtypes.int4,
    "uint4": ml_dtypes.uint4, "float4e2m1": ml_dtypes.float4_e2m1fn, "complex64": np.complex64,
    "complex128": np.complex128, "int2": ml_dtypes.int2, "uint2": ml_dtypes.uint2,
    "float8e8m0": ml_dtypes.float8_e8m0fnu,
}
TOLERANCES = {F16: (8e-3, 4e-3), ml_dtypes.bfloat16: (4e-2, 2e-2), F64: (1e-5, 1e-7)}
REGISTRY = []


class Case:
    """One model with its inputs; `expect` overrides what the oracles say, `rejected` wants exit 65."""

    def __init__(self, name, op, domain, version, model, inputs, expect, tolerance, rejected, skip):
        self.name, self.op, self.domain, self.version = name, op, domain, version
        self.model, self.inputs, self.expect = model, inputs, expect
        self.tolerance, self.rejected, self.skip = tolerance, rejected, skip
        self.judged = model  # what the oracles run


def cases(*ops, domain=""):
    """Registers a generator `f(op, version)` of keyword arguments of `make`."""
    def register(f):
        for op in ops:
            REGISTRY.append((domain, op, f))
        return f
    return register


@functools.cache
def versions(domain, op):
    return sorted({s.since_version for s in onnx.defs.get_all_schemas_with_history()
                   if s.domain == domain and s.name == op and not s.deprecated})


def allowed(op, version, parameter=0, domain="", of="inputs"):
    """numpy types that the version's schema allows for an input or output."""
    schema = onnx.defs.get_schema(op, version, domain)
    text = getattr(schema, of)[parameter].type_str
    names = next((c.allowed_type_strs for c in schema.type_constraints if c.type_param_str == text), [text])
    return [NAMES[n[7:-1]] for n in names if n.startswith("tensor(") and n[7:-1] in NAMES]


def rng(*key):
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def arr(shape, dtype=F32, low=-2.0, high=2.0, key=0):
    """Seeded values of any type in [low, high]."""
    r = rng(tuple(shape), low, high, key)
    if dtype is TEXT:
        return np.array([["a", "bc", "", "Zz", "ä"][i] for i in r.integers(0, 5, int(np.prod(shape)))],
                        dtype=object).reshape(shape)
    if dtype is BOOL:
        return r.integers(0, 2, shape).astype(bool)
    if np.dtype(dtype).kind in "iu" or "int" in np.dtype(dtype).name:
        unsigned = np.dtype(dtype).name.startswith("uint")
        return np.clip(np.round(r.uniform(low, high, shape) * 3), 0 if unsigned else -8, 7).astype(dtype) \
            if np.dtype(dtype).name not in ("int2", "uint2") else np.clip(r.integers(-2, 4, shape), 0 if unsigned else -2, 3 if unsigned else 1).astype(dtype)
    if np.dtype(dtype).kind == "c":
        return (r.uniform(low, high, shape) + 1j * r.uniform(low, high, shape)).astype(dtype)
    return r.uniform(low, high, shape).astype(dtype)


def i64(*values):
    return np.array(values, dtype=I64)


def elem_type(value):
    if value.dtype.kind in "OUS":
        return TensorProto.STRING
    return helper.np_dtype_to_tensor_dtype(value.dtype)


def value_info(name, value, symbolic=False):
    if isinstance(value, list):
        inner = elem_type(np.asarray(value[0])) if value else TensorProto.FLOAT
        return helper.make_tensor_sequence_value_info(name, inner, None)
    return helper.make_tensor_value_info(name, elem_type(value), None if symbolic else value.shape)


def build(nodes, inputs, outputs, opsets, constants=(), functions=()):
    graph = helper.make_graph(
        nodes, "case", [value_info(n, v) for n, v in inputs.items() if n not in constants],
        [o if isinstance(o, onnx.ValueInfoProto) else helper.make_empty_tensor_value_info(o) for o in outputs],
        [numpy_helper.from_array(v, n) for n, v in inputs.items() if n in constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(d, v) for d, v in opsets.items()],
                              functions=list(functions))
    newest = max([v for d, v in opsets.items() if d == ""] or [17])
    model.ir_version = 13 if newest >= 25 else 10 if newest >= 21 else 8
    return model


def make(op, version, inputs=(), attrs=None, outputs=1, tag="", domain="", expect=None, tolerance=None, rejected=False,
         constants=(), skip=(), opset=None, nodes=None, opsets=None, out_types=None, twin=None):
    """A case of one node. `inputs` are arrays or None; `constants` are places of inputs that are initializers. `twin` is
    a newer version and its attributes, which mean the same: the oracles run that."""
    named = {f"x{k}": v for k, v in enumerate(inputs) if v is not None}
    if isinstance(outputs, int):
        outputs = [f"y{k}" for k in range(outputs)]
    if nodes is None:
        attributes = {k: v for k, v in (attrs or {}).items() if v is not None}
        names = ["" if v is None else f"x{k}" for k, v in enumerate(inputs)]
        nodes = [helper.make_node(op, names, outputs, name="node", domain=domain, **attributes)]
    opsets = dict(opsets or {})
    opsets.setdefault("", 17 if domain else opset or version)
    if domain:
        opsets[domain] = version
    declared = [o for o in outputs if o]
    if out_types:
        declared = [helper.make_tensor_value_info(o, t, None) if isinstance(t, int) else t
                    for o, t in zip(declared, out_types)]
    model = build(nodes, named, declared, opsets, {f"x{k}" for k in constants})
    types = [np.dtype(v.dtype).type if v.dtype.kind != "O" else TEXT for v in named.values() if isinstance(v, np.ndarray)]
    if tolerance is None:
        tolerance = next((TOLERANCES[t] for t in (ml_dtypes.bfloat16, F16) if t in types), (1e-4, 1e-5))
    name = f"{domain + '.' if domain else ''}{op}-{version}{'-' + tag if tag else ''}"
    feeds = {n: v for n, v in named.items() if n not in {f"x{k}" for k in constants}}
    case = Case(name, op, domain, version, model, feeds, expect, tolerance, rejected, skip)
    if twin is not None:
        case.judged = make(op, twin[0], inputs, twin[1], outputs, domain=domain, constants=constants).model
    return case


def all_cases():
    import version_cases_math  # noqa: F401  (they fill the registry)
    import version_cases_nn  # noqa: F401
    import version_cases_shape  # noqa: F401
    import version_cases_control  # noqa: F401
    import version_cases_ml  # noqa: F401
    import version_cases_training  # noqa: F401
    out, seen = [], {}
    types = {np.dtype(t).name for t in NAMES.values()}
    for domain, op, generate in REGISTRY:
        newest = versions(domain, op)[-1:]
        for version in versions(domain, op):
            for arguments in generate(op, version):
                # Sweeps over element types: whole for the newest version, a sample for the others.
                tag = arguments.get("tag", "")
                is_sweep = set(tag.replace("axis-", "").replace("axisneg-", "").split("-")) & types
                if is_sweep and (version not in newest or op in ("Cast", "CastLike")) \
                        and zlib.crc32(f"{op}{version}{tag}".encode()) % 6:
                    continue
                made = make(op, version, domain=domain, **arguments)
                seen[made.name] = seen.get(made.name, 0) + 1
                if seen[made.name] > 1:
                    made.name += f"-{seen[made.name]}"
                out.append(made)
    return out
