"""Cases of elementwise operators, reductions and linear algebra."""

import math

import numpy as np

from version_cases import BOOL, F16, F32, F64, I32, I64, TEXT, allowed, arr, cases, i64

NAN, INF = float("nan"), float("inf")
UNARY = {
    "Abs": {}, "Acos": dict(low=-1, high=1), "Acosh": dict(low=1, high=4), "Asin": dict(low=-1, high=1), "Asinh": {},
    "Atan": {}, "Atanh": dict(low=-0.9, high=0.9), "Ceil": {}, "Cos": {}, "Cosh": {}, "Elu": {}, "Erf": {}, "Exp": {},
    "Floor": {}, "HardSigmoid": {}, "HardSwish": {}, "Identity": {}, "LeakyRelu": {}, "Log": dict(low=0.1, high=4),
    "Neg": {}, "Not": {}, "Reciprocal": dict(low=0.5, high=3), "Relu": {}, "Round": {}, "Selu": {}, "Sigmoid": {},
    "Sign": {}, "Sin": {}, "Sinh": {}, "Softplus": {}, "Softsign": {}, "Sqrt": dict(low=0, high=4), "Tan": {},
    "Tanh": {}, "IsNaN": {}, "IsInf": {}, "Mish": {}, "BitwiseNot": {}, "ThresholdedRelu": {}, "Celu": {}, "Gelu": {},
    "Shrink": {}, "Swish": {}, "Hardmax": {}, "Softmax": {}, "LogSoftmax": {},
}
EDGE_ROW = np.array([NAN, INF, -INF, 0.0, -0.0, 1e-40, 3.4e38, -3.4e38, 0.5, 1.5, 2.5, -0.5, 88.5, -104.0], F32)


@cases(*UNARY)
def unary(op, v):
    limits = UNARY[op]
    for t in allowed(op, v):
        if np.dtype(t).kind == "c" and op != "Identity":
            continue
        yield dict(inputs=[arr((2, 3, 5), t, **limits)], tag=np.dtype(t).name)
    t = F32 if F32 in allowed(op, v) else allowed(op, v)[0]
    yield dict(inputs=[arr((), t, **limits)], tag="scalar") if op not in ("Hardmax", "Softmax", "LogSoftmax") else \
        dict(inputs=[arr((1,), t)], tag="one")
    yield dict(inputs=[arr((0, 3), t, **limits)], tag="empty")
    if t is F32 and op not in ("Hardmax", "Softmax", "LogSoftmax"):
        yield dict(inputs=[EDGE_ROW], tag="edges")
    a = {"Elu": [dict(alpha=0.3)], "LeakyRelu": [dict(alpha=0.3)], "Selu": [dict(alpha=1.1, gamma=1.2)],
         "HardSigmoid": [dict(alpha=0.3, beta=0.4)], "ThresholdedRelu": [dict(alpha=0.7)], "Celu": [dict(alpha=0.6)],
         "Gelu": [dict(approximate="tanh")], "Shrink": [dict(bias=0.3, lambd=0.6), dict(bias=-0.3, lambd=0.1)],
         "Swish": [dict(alpha=0.4)],
         "IsInf": [dict(detect_negative=0), dict(detect_positive=0), dict(detect_positive=0, detect_negative=0)],
         }.get(op, [])
    if op in ("Hardmax", "Softmax", "LogSoftmax"):
        a = [dict(axis=0), dict(axis=2)] + ([dict(axis=-1), dict(axis=-2)] if v >= 11 else [])
        yield dict(inputs=[np.array([[1, 3, 3, 2], [5, 5, 5, 5], [-INF, 0, 1, -INF]], F32)], attrs=dict(axis=1),
                   tag="ties")
    for k, attributes in enumerate(a):
        x = EDGE_ROW if op == "IsInf" else arr((2, 3, 5), t)
        yield dict(inputs=[x], attrs=attributes, tag=f"attr{k}")
    if op in ("Abs", "Neg", "Sign") and v >= 6:
        yield dict(inputs=[np.array([np.iinfo(I32).min, 0, 5], I32)], tag="least")
    if v == 1 and op in ("Elu", "Abs", "Relu"):
        yield dict(inputs=[arr((2, 3), F32)], attrs=dict(consumed_inputs=[0]), tag="consumed",
                   expect=[{"Elu": lambda x: np.where(x < 0, np.exp(x) - 1, x), "Abs": np.abs,
                            "Relu": lambda x: np.maximum(x, 0)}[op](arr((2, 3), F32)).astype(F32)])


COMPUTE = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Pow": np.power, "And": np.logical_and,
           "Or": np.logical_or, "Xor": np.logical_xor, "Equal": np.equal, "Less": np.less, "Greater": np.greater}


@cases("Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Less", "Greater", "LessOrEqual",
       "GreaterOrEqual", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "PRelu", "Mod", "BitShift")
def binary(op, v):
    low = dict(low=0.3, high=2) if op in ("Div", "Pow", "Mod") else {}
    base = dict(direction="LEFT") if op == "BitShift" else {}
    for t in allowed(op, v):
        a = dict(base)
        if op == "Mod" and np.dtype(t).kind not in "iu":
            a["fmod"] = 1
        b = arr((2, 3, 5), t, key=1, **low)
        if op in ("Div", "Mod", "Pow") and np.dtype(t).kind in "iu":
            b = np.maximum(np.abs(b.astype(I64)), 1).astype(t)
        yield dict(inputs=[arr((2, 3, 5), t, **({} if op != "Pow" else low)), b], attrs=a, tag=np.dtype(t).name)
    t = next(x for x in (F32, BOOL, I32, np.uint32) if x in allowed(op, v))
    if v < 7 and op in COMPUTE:
        f = COMPUTE[op]
        x, u = arr((2, 3, 4, 5), t, **({} if op != "Pow" else low)), arr((3, 4), t, key=1, **low)
        want = f(x, u.reshape(3, 4, 1))
        yield dict(inputs=[x, u], attrs=dict(broadcast=1, axis=1), tag="axis", expect=[want])
        yield dict(inputs=[x, arr((4, 5), t, key=2, **low)], attrs=dict(broadcast=1), tag="suffix",
                   expect=[f(x, arr((4, 5), t, key=2, **low))])
        yield dict(inputs=[x, arr((), t, key=2, **low)], attrs=dict(broadcast=1), tag="scalar",
                   expect=[f(x, arr((), t, key=2, **low))])
        if v >= 6 or op not in ("Add",):
            yield dict(inputs=[x, u], attrs=dict(broadcast=1, axis=-3), tag="negative",
                       expect=[want]) if v >= 6 else dict(inputs=[x, x], tag="equal", expect=[f(x, x)])
        yield dict(inputs=[x, arr((2,), t, key=3, **low)], attrs=dict(broadcast=1, axis=0), tag="axis0",
                   expect=[f(x, arr((2,), t, key=3, **low).reshape(2, 1, 1, 1))])
        yield dict(inputs=[x, x], tag="same", expect=[f(x, x)])
        yield dict(inputs=[x, arr((1, 3, 1, 5), t, key=3, **low)], attrs=dict(broadcast=1, axis=0), tag="ones",
                   expect=[f(x, arr((1, 3, 1, 5), t, key=3, **low))])
    elif op == "PRelu":
        x = arr((2, 3, 4, 5))
        if v >= 7:
            yield dict(inputs=[x, arr((3, 1, 1), key=2)], tag="channel")
            yield dict(inputs=[x, arr((5,), key=2)], tag="last")
        else:
            s = arr((3,), key=2)
            yield dict(inputs=[x, s], tag="channel", expect=[np.where(x < 0, x * s.reshape(3, 1, 1), x)])
            s = arr((1,), key=2)
            yield dict(inputs=[x, s], tag="one", expect=[np.where(x < 0, x * s, x)])
    else:
        yield dict(inputs=[arr((2, 1, 5), t), arr((3, 1), t, key=1, **low)], attrs=base, tag="broadcast") \
            if op not in ("Mod", "Pow", "Div") or t is F32 and op != "Mod" else \
            dict(inputs=[arr((2, 1, 5), I32), np.abs(arr((3, 1), I32, key=1)) + 1], tag="broadcast")
        if op != "Mod":
            yield dict(inputs=[arr((0, 3), t), arr((3,), t, key=1, **low)], attrs=base, tag="empty")
            yield dict(inputs=[arr((), t), arr((), t, key=1, **low)], attrs=base, tag="scalars")
    if op == "Mod":
        x = np.array([-7, 7, -7, 7, -5, 0], I32)
        y = np.array([3, -3, -3, 3, 5, 2], I32)
        for fmod in (0, 1):
            yield dict(inputs=[x, y], attrs=dict(fmod=fmod), tag=f"signs{fmod}")
        yield dict(inputs=[x.astype(F32) + 0.5, y.astype(F32)], attrs=dict(fmod=1), tag="float")
        yield dict(inputs=[np.array([5, -5], I32), np.array([0, 0], I32)], tag="zero", skip=("onnxruntime", "reference"))
        yield dict(inputs=[np.array([np.iinfo(I64).min], I64), np.array([-1], I64)], tag="least",
                   expect=[np.array([0], I64)])
    if op == "Div" and v >= 7:
        yield dict(inputs=[np.array([-7, 7, -7, 7], I32), np.array([2, -2, -2, 2], I32)], tag="signs",
                   expect=[np.array([-3, -3, 3, 3], I32)])
        yield dict(inputs=[np.array([5, -5], I32), np.array([0, 0], I32)], tag="zero", skip=("onnxruntime", "reference"))
        yield dict(inputs=[np.array([np.iinfo(I64).min], I64), np.array([-1], I64)], tag="least",
                   skip=("onnxruntime", "reference"))
        yield dict(inputs=[np.array([1, -1, 0, INF], F32), np.array([0, 0, 0, INF], F32)], tag="edges")
    if op in ("Add", "Sub", "Mul") and v >= 7:
        big = np.array([np.iinfo(I64).max, np.iinfo(I64).min, 1 << 62], I64)
        yield dict(inputs=[big, np.array([5, 5, 5], I64) * (-1 if op == "Sub" else 1)], tag="wrap")
    if op == "BitShift":
        x = np.array([1, 200, 255, 129], np.uint8)
        for d in ("LEFT", "RIGHT"):
            yield dict(inputs=[x, np.array([1, 3, 7, 0], np.uint8)], attrs=dict(direction=d), tag=d)
            yield dict(inputs=[x, np.array([8, 9, 64, 255], np.uint8)], attrs=dict(direction=d), tag=f"far{d}",
                       skip=("onnxruntime", "reference"))
    if op == "Pow" and v >= 12:
        for a, b in [(F32, I64), (I64, F32), (I32, I32), (F64, I32), (I32, F64), (I64, I32)]:
            base_values = np.abs(arr((2, 3), a)) + 1
            yield dict(inputs=[base_values.astype(a), (np.abs(arr((3,), b, key=1)) % 4).astype(b)],
                       tag=f"{np.dtype(a).name}-{np.dtype(b).name}")
        yield dict(inputs=[np.array([-2.0, 0.0, -1.0, NAN, 1.0], F32), np.array([3, -1, 0.5, 0, NAN], F32)], tag="edges")
    if op in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual") and v >= 9 and F32 in allowed(op, v):
        yield dict(inputs=[np.array([NAN, NAN, INF, -INF, 0.0], F32), np.array([NAN, 1, INF, INF, -0.0], F32)],
                   tag="edges")


@cases("Max", "Min", "Sum", "Mean")
def variadic(op, v):
    compute = {"Max": np.maximum.reduce, "Min": np.minimum.reduce, "Sum": lambda x: sum(x),
               "Mean": lambda x: (sum(x) / len(x)).astype(x[0].dtype)}[op]
    for t in allowed(op, v):
        three = [arr((2, 3), t, key=k) for k in range(3)]
        yield dict(inputs=three, tag=np.dtype(t).name, expect=[compute(three)] if v < 8 else None)
    yield dict(inputs=[arr((2, 3))], tag="single", expect=[arr((2, 3))])
    if v >= 8:
        yield dict(inputs=[arr((2, 1, 4)), arr((3, 1), key=1), arr((), key=2)], tag="broadcast")
        yield dict(inputs=[arr((0, 3)), arr((1, 3), key=1)], tag="empty")
        nans = [np.array([NAN, 1, INF, 0.0], F32), np.array([1, NAN, -INF, -0.0], F32)]
        yield dict(inputs=nans, tag="nan", expect=[compute(nans)])


@cases("Where")
def where(op, v):
    for t in allowed(op, v, 1):
        yield dict(inputs=[arr((2, 3), BOOL), arr((2, 3), t), arr((2, 3), t, key=1)], tag=np.dtype(t).name)
    yield dict(inputs=[arr((3, 1), BOOL), arr((2, 1, 4)), arr((), key=1)], tag="broadcast")


@cases("Clip")
def clip(op, v):
    x = arr((2, 3, 4))
    if v < 11:
        yield dict(inputs=[x], attrs=dict(min=-0.5, max=0.7), tag="both", expect=[np.clip(x, F32(-0.5), F32(0.7))])
        yield dict(inputs=[x], attrs=dict(min=-0.5), tag="min", expect=[np.maximum(x, F32(-0.5))])
        yield dict(inputs=[x], attrs=dict(max=0.5), tag="max", expect=[np.minimum(x, F32(0.5))])
        yield dict(inputs=[x], tag="none", expect=[x])
        yield dict(inputs=[x.astype(F64)], attrs=dict(max=0.5), tag="double", expect=[np.minimum(x.astype(F64), 0.5)])
        return
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3), t), np.array(-1, t) if np.dtype(t).kind != "u" else np.array(1, t),
                           np.array(2, t)], tag=np.dtype(t).name)
    yield dict(inputs=[x, np.array(-0.5, F32)], tag="min")
    yield dict(inputs=[x, None, np.array(0.5, F32)], tag="max")
    yield dict(inputs=[x], tag="none")
    yield dict(inputs=[x, np.array(1, F32), np.array(-1, F32)], tag="crossed", expect=[np.full_like(x, -1)])
    yield dict(inputs=[np.array([NAN, INF, -INF], F32), np.array(-1, F32), np.array(1, F32)], tag="edges",
               expect=[np.array([NAN, 1, -1], F32)])


def reduce_numpy(op, x, axes, keep):
    axes = None if not axes else tuple(axes)
    f = {"ReduceSum": np.sum, "ReduceMean": np.mean, "ReduceMax": np.max, "ReduceMin": np.min, "ReduceProd": np.prod,
         "ReduceL1": lambda a, **k: np.sum(np.abs(a), **k), "ReduceL2": lambda a, **k: np.sqrt(np.sum(a * a, **k)),
         "ReduceLogSum": lambda a, **k: np.log(np.sum(a, **k)), "ReduceSumSquare": lambda a, **k: np.sum(a * a, **k),
         "ReduceLogSumExp": lambda a, **k: np.log(np.sum(np.exp(a), **k))}[op]
    return np.asarray(f(x, axis=axes, keepdims=bool(keep))).astype(x.dtype)


REDUCTIONS = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum",
              "ReduceLogSumExp", "ReduceSumSquare"]


@cases(*REDUCTIONS)
def reduction(op, v):
    by_input = v >= (13 if op == "ReduceSum" else 18)
    low = dict(low=0.2, high=2) if op in ("ReduceLogSum",) else {}

    def one(x, axes, keep=None, tag="", **more):
        attrs = {} if keep is None else dict(keepdims=keep)
        inputs = [x]
        if by_input:
            if axes is not None:
                inputs.append(i64(*axes))
        elif axes is not None:
            attrs["axes"] = axes
        return dict(inputs=inputs, attrs=attrs, tag=tag, **more)

    for t in allowed(op, v):
        small = np.clip(arr((2, 3, 4), t, **low), *((0, 3) if t is not BOOL else (False, True))) \
            if np.dtype(t).kind in "iu" else arr((2, 3, 4), t, **low)
        yield one(small, [1], tag=np.dtype(t).name)
    x = arr((2, 3, 4, 5), **low)
    yield one(x, None, tag="all", expect=[reduce_numpy(op, x, None, 1)])
    yield one(x, None, 0, tag="all-drop", expect=[reduce_numpy(op, x, None, 0)])
    yield one(x, [0, 2], 0, tag="two", expect=[reduce_numpy(op, x, [0, 2], 0)])
    yield one(x, [3, 1], 1, tag="order", expect=[reduce_numpy(op, x, [3, 1], 1)])
    if v >= 11:
        yield one(x, [-2], 0, tag="negative", expect=[reduce_numpy(op, x, [-2], 0)])
    if by_input:
        yield dict(inputs=[x, i64()], attrs=dict(noop_with_empty_axes=1), tag="noop")
        yield dict(inputs=[x, i64()], tag="empty-axes", expect=[reduce_numpy(op, x, None, 1)])
        yield dict(inputs=[x, i64(1)], constants=[1], tag="constant-axes", expect=[reduce_numpy(op, x, [1], 1)])
        yield dict(inputs=[arr((2, 0, 4))] + [i64(1)], tag="zero")
    yield one(arr((), **low), None, tag="scalar")
    if op in ("ReduceMax", "ReduceMin", "ReduceSum", "ReduceMean"):
        yield one(np.array([[NAN, 1, 2], [INF, -INF, 0]], F32), [1], tag="nan", skip=("onnxruntime",))
    if op == "ReduceLogSumExp":
        yield one(np.array([[1000.0, 999.0], [-1000.0, -1001.0], [-INF, -INF]], F32), [1], tag="large",
                  expect=[np.array([[1000.3133], [-999.6867], [-INF]], F32)])
    if op in ("ReduceSum", "ReduceProd"):
        yield one(np.array([[1 << 62, 1 << 62], [3, 5]], I64), [1], tag="wrap")


@cases("ArgMax", "ArgMin")
def arg(op, v):
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 4), t)], attrs=dict(axis=1), tag=np.dtype(t).name)
    x = np.array([[2, 5, 5, 1], [3, 3, 3, 3], [-1, -1, 7, 7]], F32)
    for keep in (0, 1):
        yield dict(inputs=[x], attrs=dict(axis=0, keepdims=keep), tag=f"axis0-{keep}")
        yield dict(inputs=[x], attrs=dict(axis=1, keepdims=keep), tag=f"ties-{keep}")
        if v >= 12:
            yield dict(inputs=[x], attrs=dict(axis=1, keepdims=keep, select_last_index=1), tag=f"last-{keep}")
    yield dict(inputs=[x], tag="default")
    if v >= 11:
        yield dict(inputs=[x], attrs=dict(axis=-1), tag="negative")
    yield dict(inputs=[np.array([[1, NAN, 3], [NAN, NAN, 1], [1, 2, NAN]], F32)], attrs=dict(axis=1), tag="nan",
               skip=("reference", "onnxruntime"))


@cases("CumSum", "CumProd")
def cumulate(op, v):
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 4), t), np.array(1, I64)], tag=np.dtype(t).name)
    for e in (0, 1):
        for r in (0, 1):
            yield dict(inputs=[arr((2, 3, 4)), np.array(-1, I32)], attrs=dict(exclusive=e, reverse=r), tag=f"{e}{r}")
    yield dict(inputs=[arr((2, 0, 4)), np.array(1, I64)], tag="empty")


@cases("MatMul")
def matmul(op, v):
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 4), t), arr((2, 4, 5), t, key=1)], tag=np.dtype(t).name)
    for a, b in [((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 5)), ((2, 1, 3, 4), (5, 4, 6)), ((1, 4), (4, 1)),
                 ((2, 3, 4), (4, 5)), ((0, 4), (4, 5)), ((3, 0), (0, 5)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3))]:
        yield dict(inputs=[arr(a), arr(b, key=1)], tag=f"{a}{b}".replace(" ", ""))


@cases("Gemm")
def gemm(op, v):
    for t in allowed(op, v):
        yield dict(inputs=[arr((3, 4), t), arr((4, 5), t, key=1), arr((3, 5), t, key=2)], tag=np.dtype(t).name,
                   expect=[arr((3, 4), t) @ arr((4, 5), t, key=1) + arr((3, 5), t, key=2)] if v < 7 and t is F32 else None)
    a, b = arr((4, 3)), arr((5, 4), key=1)
    for c in [(5,), (1, 5), (3, 1), (), (3, 5), (1,)]:
        x = arr(c, key=2)
        attrs = dict(alpha=0.5, beta=0.25, transA=1, transB=1)
        if v < 7:
            if c in [(3, 1)]:
                continue
            attrs["broadcast"] = 1
        yield dict(inputs=[a, b, x], attrs=attrs, tag=f"bias{c}".replace(" ", ""),
                   expect=[(0.5 * (a.T @ b.T) + 0.25 * x).astype(F32)])
    if v >= 11:
        yield dict(inputs=[a, b], attrs=dict(transA=1, transB=1), tag="none")
        yield dict(inputs=[arr((0, 4)), arr((4, 5)), arr((5,))], tag="empty")
        yield dict(inputs=[arr((3, 0)), arr((0, 5)), arr((5,))], tag="inner0", expect=[np.tile(arr((5,)), (3, 1))])


@cases("Det")
def det(op, v):
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 4, 4), t)], tag=np.dtype(t).name)
    yield dict(inputs=[arr((3, 3))], tag="one")


@cases("Einsum")
def einsum(op, v):
    for k, (e, shapes) in enumerate([
            ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij->ji", [(2, 3)]), ("ii->i", [(3, 3)]), ("ij->", [(2, 3)]),
            ("...ij,...jk->...ik", [(2, 5, 3), (5, 3, 4)]), ("bij,bjk", [(2, 3, 4), (2, 4, 5)]), ("i,j->ij", [(2,), (3,)]),
            ("ij,ij,jk->k", [(2, 3), (2, 3), (3, 4)]), (" a b , b c -> a c ", [(2, 3), (3, 4)]), ("ii", [(3, 3)]),
            ("...->...", [(2, 3)]), ("...i->i...", [(2, 3, 4)])]):
        yield dict(inputs=[arr(s, key=n) for n, s in enumerate(shapes)], attrs=dict(equation=e), tag=f"{k}")
    for t in allowed(op, v):
        if t in (F32, F64, I32, I64):
            yield dict(inputs=[arr((2, 3), t), arr((3, 4), t, key=1)], attrs=dict(equation="ij,jk->ik"),
                       tag=np.dtype(t).name)


@cases("MatMulInteger")
def matmul_integer(op, v):
    for a in (np.uint8, np.int8):
        for b in (np.uint8, np.int8):
            x = arr((2, 3, 4), a) + np.array(3, a)
            y = arr((4, 5), b, key=1) + np.array(2, b)
            yield dict(inputs=[x, y], tag=f"{a.__name__}{b.__name__}")
            yield dict(inputs=[x, y, np.array(2, a), np.array(1, b)], tag=f"zp-{a.__name__}{b.__name__}")
    yield dict(inputs=[arr((3, 4), np.uint8), arr((4, 5), np.uint8, key=1), np.array([1, 2, 3], np.uint8),
                       np.array([1, 2, 3, 4, 0], np.uint8)], tag="vectors", skip=("onnxruntime",))


def cast_values(t):
    if t is TEXT:
        return np.array(["1", "-2.5", "3e2", "0", "NaN", "INF", "-INF"], dtype=object)
    if t is BOOL:
        return np.array([True, False, True])
    if np.dtype(t).kind == "f" or "float" in np.dtype(t).name:
        return np.array([0, 1, -1.5, 2.5, 3.99, -0.0, 0.3, 6.0], F32).astype(t)
    return arr((2, 5), t)


@cases("Cast")
def cast(op, v):
    import onnx
    froms, tos = allowed(op, v), allowed(op, v, of="outputs")
    for a in froms:
        for b in tos:
            if np.dtype(a).kind == "c" or np.dtype(b).kind == "c":
                continue
            target = onnx.TensorProto.STRING if b is TEXT else onnx.helper.np_dtype_to_tensor_dtype(np.dtype(b))
            if v == 1:
                target = onnx.TensorProto.DataType.Name(target)
            x = cast_values(a)
            if a is TEXT and np.dtype(b).kind in "iu":
                x = np.array(["1", "7", "0"], dtype=object)
            elif a is TEXT and b is BOOL:
                continue
            if np.dtype(b).name.startswith("uint") and a is not BOOL and a is not TEXT:
                x = np.abs(x.astype(F32)).astype(a)
            new = {np.dtype(t).name for t in set(froms) ^ set(allowed(op, max(1, previous(op, v))))} if v > 19 else None
            if new is not None and np.dtype(a).name not in new and np.dtype(b).name not in new:
                continue
            yield dict(inputs=[x], attrs=dict(to=target), tag=f"{np.dtype(a).name}-{np.dtype(b).name}",
                       expect=[x.astype(b)] if v == 1 and TEXT not in (a, b) else None)
    if v >= 19:
        for saturate in (0, 1):
            for b in [t for t in tos if "float8e" in str(np.dtype(t).name).replace("_", "") or "float8" in np.dtype(t).name]:
                target = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(b))
                if target == getattr(onnx.TensorProto, "FLOAT8E8M0", -1):
                    continue
                for a in (F32, F16):
                    x = np.array([1e6 if a is F32 else 6e4, -1e6 if a is F32 else -6e4, INF, -INF, NAN, 448, 465, 480, 240,
                                  250, 0.0009, 1e-7, -0.0, 57344, 61440, 0.001953125], a)
                    yield dict(inputs=[x], attrs=dict(to=target, saturate=saturate),
                               tag=f"saturate{saturate}-{np.dtype(b).name}-{np.dtype(a).name}")
    if v >= 6:
        wild = np.array([NAN, INF, -INF, 1e30, -1e30, 300.7, -300.7], F32)
        for b in (I32, I64, np.int8, np.uint8, np.uint64):
            yield dict(inputs=[wild], attrs=dict(to=onnx.helper.np_dtype_to_tensor_dtype(np.dtype(b))),
                       tag=f"wild-{np.dtype(b).name}", skip=("onnxruntime", "reference"))
        yield dict(inputs=[np.array([300, -1, 70000, 1 << 40], I64)], attrs=dict(to=onnx.TensorProto.UINT8), tag="narrow")


def previous(op, v):
    from version_cases import versions
    return max([w for w in versions("", op) if w < v] or [v])


@cases("CastLike")
def cast_like(op, v):
    for a in allowed(op, v):
        for b in (F32, I32, TEXT, F16):
            if np.dtype(a).kind == "c" or b not in allowed(op, v, 1) or a is TEXT:
                continue
            yield dict(inputs=[cast_values(a), arr((2,), b)], tag=f"{np.dtype(a).name}-{np.dtype(b).name}")


@cases("BitCast")
def bit_cast(op, v):
    import onnx
    for a, b in [(F32, I32), (I32, F32), (F64, np.uint64), (F16, np.uint16), (np.int8, np.uint8), (np.uint32, F32)]:
        yield dict(inputs=[arr((2, 3), a)], attrs=dict(to=onnx.helper.np_dtype_to_tensor_dtype(np.dtype(b))),
                   tag=f"{np.dtype(a).name}-{np.dtype(b).name}", expect=[arr((2, 3), a).view(b)])


@cases("SwiGLU")
def swiglu(op, v):
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 8), t)], tag=np.dtype(t).name)


@cases("Dropout")
def dropout(op, v):
    x = arr((2, 3, 4))
    if v == 1:
        yield dict(inputs=[x], attrs=dict(is_test=1, ratio=0.4), tag="test", expect=[x])
        return
    if v == 6:
        yield dict(inputs=[x], attrs=dict(is_test=1, ratio=0.4), tag="test", expect=[x])
        return
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 4), t)], tag=np.dtype(t).name, expect=[arr((2, 3, 4), t)])
    if v < 12:
        yield dict(inputs=[x], attrs=dict(ratio=0.3), outputs=1, tag="ratio", expect=[x])
        yield dict(inputs=[x], outputs=2, tag="mask", expect=[x, np.ones_like(x, dtype=bool if v >= 10 else F32)])
    else:
        yield dict(inputs=[x, np.array(0.3, F32)], outputs=2, tag="mask", expect=[x, np.ones_like(x, dtype=bool)])
        yield dict(inputs=[x, np.array(0.0, F32), np.array(True)], outputs=2, tag="zero",
                   expect=[x, np.ones_like(x, dtype=bool)])
