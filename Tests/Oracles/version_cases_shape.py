"""Cases of operators that move, pick, make and describe elements."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from version_cases import BOOL, F16, F32, F64, I32, I64, TEXT, allowed, arr, cases, i64


def typed(op, v, shape, parameter=0):
    for t in allowed(op, v, parameter):
        yield np.dtype(t).name, arr(shape, t)


@cases("Reshape")
def reshape(op, v):
    x = arr((2, 3, 4))
    if v == 1:
        for k, s in enumerate([(4, 6), (-1, 3), (0, -1), (2, 0, 2, 2)]):
            y = x.reshape([x.shape[i] if d == 0 else d for i, d in enumerate(s)])
            yield dict(inputs=[x], attrs=dict(shape=s), tag=f"{k}", expect=[y])
        return
    for name, a in typed(op, v, (2, 3, 4)):
        yield dict(inputs=[a, i64(4, 6)], tag=name)
    for k, s in enumerate([(-1, 3), (0, -1), (2, 0, 2, 2), (24,), (0, 3, 4)]):
        yield dict(inputs=[x, i64(*s)], tag=f"{k}")
        yield dict(inputs=[x, i64(*s)], constants=[1], tag=f"constant{k}")
    yield dict(inputs=[arr((1,)), i64()], tag="scalar")
    yield dict(inputs=[arr((0, 3)), i64(3, 0) if v < 14 else i64(3, 0)], attrs=dict(allowzero=1) if v >= 14 else {},
               tag="zero", skip=() if v >= 14 else ("onnxruntime", "reference"))
    yield dict(inputs=[x, i64(5, 5)], rejected=True, tag="bad")


@cases("Flatten")
def flatten(op, v):
    for name, a in typed(op, v, (2, 3, 4)):
        yield dict(inputs=[a], tag=name)
    for axis in (0, 1, 2, 3) + ((-1, -2) if v >= 11 else ()):
        yield dict(inputs=[arr((2, 3, 4))], attrs=dict(axis=axis), tag=f"axis{axis}")
    yield dict(inputs=[arr((2, 0, 4))], tag="empty")


@cases("Squeeze", "Unsqueeze")
def squeeze(op, v):
    shape = (1, 3, 1, 5) if op == "Squeeze" else (3, 5)
    for name, a in typed(op, v, shape):
        yield dict(inputs=[a] + ([i64(0, 2)] if v >= 13 else []), attrs=dict(axes=[0, 2]) if v < 13 else {}, tag=name)
    for k, axes in enumerate([[2], [0, 2], [2, 0]] + ([[-4], [-2, 0]] if v >= 11 else [])):
        if axes == [-4] and op == "Unsqueeze":
            axes = [-1]
        yield dict(inputs=[arr(shape)] + ([i64(*axes)] if v >= 13 else []), attrs=dict(axes=axes) if v < 13 else {},
                   tag=f"axes{k}")
    if op == "Squeeze":
        yield dict(inputs=[arr(shape)], tag="all")
        yield dict(inputs=[arr(shape)] + ([i64(1)] if v >= 13 else []), attrs=dict(axes=[1]) if v < 13 else {},
                   tag="bad", rejected=True)


@cases("Transpose")
def transpose(op, v):
    for name, a in typed(op, v, (2, 3, 4)):
        yield dict(inputs=[a], attrs=dict(perm=[2, 0, 1]), tag=name)
    yield dict(inputs=[arr((2, 3, 4, 5))], tag="default")
    yield dict(inputs=[arr(())], tag="scalar")
    yield dict(inputs=[arr((2, 0, 3))], attrs=dict(perm=[1, 2, 0]), tag="empty")


@cases("Concat")
def concat(op, v):
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3), t), arr((2, 1), t, key=1), arr((2, 4), t, key=2)], attrs=dict(axis=1),
                   tag=np.dtype(t).name)
    if v == 1:
        a, b = arr((2, 3)), arr((2, 2), key=1)
        yield dict(inputs=[a, b], tag="default", expect=[np.concatenate([a, b], 1)])
    yield dict(inputs=[arr((2, 3)), arr((0, 3), key=1)], attrs=dict(axis=0), tag="empty")
    if v >= 11:
        yield dict(inputs=[arr((2, 3, 4)), arr((2, 2, 4), key=1)], attrs=dict(axis=-2), tag="negative")


@cases("Split")
def split(op, v):
    x = arr((2, 6, 3))
    for name, a in typed(op, v, (4, 6)):
        attrs = dict(axis=1, num_outputs=3) if v >= 18 else dict(axis=1)
        yield dict(inputs=[a], attrs=attrs, outputs=3, tag=name,
                   expect=list(np.split(a, 3, 1)) if v == 1 else None)
    if v == 1:
        yield dict(inputs=[x], attrs=dict(axis=1, split=[1, 2, 3]), outputs=3, tag="attr",
                   expect=[x[:, :1], x[:, 1:3], x[:, 3:]])
        yield dict(inputs=[x, i64(1, 2, 3)], attrs=dict(axis=1), outputs=3, tag="input",
                   expect=[x[:, :1], x[:, 1:3], x[:, 3:]])
    elif v < 13:
        yield dict(inputs=[x], attrs=dict(axis=1, split=[1, 2, 3]), outputs=3, tag="attr")
    else:
        yield dict(inputs=[x, i64(1, 2, 3)], attrs=dict(axis=1), outputs=3, tag="input")
        yield dict(inputs=[x, i64(6, 0)], attrs=dict(axis=1), outputs=2, tag="zero")
    if v >= 18:
        yield dict(inputs=[arr((7, 2))], attrs=dict(num_outputs=3), outputs=3, tag="uneven")
    if v >= 11:
        yield dict(inputs=[x], attrs=dict(axis=-1, **({"num_outputs": 3} if v >= 18 else {})), outputs=3, tag="negative")


@cases("Slice")
def slice_(op, v):
    x = arr((5, 6, 7))
    variants = [([1, 0], [3, 4], [0, 1], None), ([0], [-1], [2], None), ([-3], [1000], [1], None),
                ([1, 2, 3], [4, 5, 6], None, None), ([3], [1], [0], None)]
    if v >= 10:
        variants += [([5, 0], [0, 6], [0, 1], [-2, 3]), ([-1], [-1000], [0], [-1]), ([10], [-10], [1], [-2]),
                     ([0], [np.iinfo(I64).max], [2], [2]), ([np.iinfo(I64).max], [np.iinfo(I64).min], [0], [-1])]
    if v >= 11:
        variants += [([1], [4], [-1], None), ([1, 2], [4, 5], [-1, -3], [1, 2])]
    for k, (s, e, a, st) in enumerate(variants):
        if v == 1:
            yield dict(inputs=[x], attrs=dict(starts=s, ends=e, axes=a), tag=f"{k}",
                       expect=[x[tuple(slices(x, s, e, a, st))]])
        else:
            for t in (I64, I32):
                if t is I32 and max(map(abs, s + e)) > 1 << 30:
                    continue
                inputs = [x, np.array(s, t), np.array(e, t)]
                inputs += [np.array(a, t) if a is not None else None, np.array(st, t)] if st else \
                    [np.array(a, t)] if a is not None else []
                yield dict(inputs=inputs, tag=f"{k}-{np.dtype(t).name}")
            yield dict(inputs=inputs, constants=[1, 2], tag=f"{k}-constant")
    if v >= 10:
        for name, a in typed(op, v, (4, 5)):
            yield dict(inputs=[a, i64(1), i64(4), i64(1), i64(2)], tag=name)
    else:
        for name, a in typed(op, v, (4, 5)):
            yield dict(inputs=[a], attrs=dict(starts=[1], ends=[3]), tag=name, expect=[a[1:3]])


def slices(x, s, e, a, st):
    out = [slice(None)] * x.ndim
    for k, axis in enumerate(a if a is not None else range(len(s))):
        out[axis] = slice(s[k], e[k], st[k] if st else 1)
    return out


@cases("Pad")
def pad(op, v):
    x = arr((2, 3, 4))
    modes = [("constant", [1, 0, 2, 0, 2, 1]), ("reflect", [1, 2, 2, 0, 1, 3]), ("edge", [0, 3, 1, 2, 2, 1])]
    if v >= 19:
        modes.append(("wrap", [1, 2, 5, 0, 4, 1]))
    modes.append(("constant", [0, -1, 1, 0, 0, -2]))
    if v < 11:
        for k, (m, p) in enumerate(modes):
            name = "paddings" if v == 1 else "pads"
            pairs = list(zip(p[:3], p[3:]))
            if any(q < 0 for q in p):
                y = np.pad(x[:, 1:, :-2], [(0, 0), (0, 0), (1, 0)], constant_values=1.5)
            else:
                y = np.pad(x, pairs, m, **({"constant_values": 1.5} if m == "constant" else {}))
            yield dict(inputs=[x], attrs={name: p, "mode": m, "value": 1.5}, tag=f"{m}{k}", expect=[y])
        yield dict(inputs=[x], attrs={"paddings" if v == 1 else "pads": [0, 1, 0, 0, 0, 1]}, tag="default",
                   expect=[np.pad(x, [(0, 0), (1, 0), (0, 1)])])
        return
    for k, (m, p) in enumerate(modes):
        yield dict(inputs=[x, i64(*p)] + ([np.array(1.5, F32)] if m == "constant" else []), attrs=dict(mode=m),
                   tag=f"{m}{k}")
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3), t), i64(1, 0, 0, 2), arr((), t, key=1)], tag=np.dtype(t).name)
    yield dict(inputs=[x, i64(0, 0, 1, 2, 0, 0)], tag="default")
    yield dict(inputs=[arr((0, 3)), i64(1, 0, 1, 0), np.array(2, F32)], tag="empty")
    if v >= 18:
        yield dict(inputs=[x, i64(1, 2, 0, 1), np.array(2, F32), i64(-1, 0)], tag="axes")
        yield dict(inputs=[x, i64(1, 2), None, np.array([1], I32)], attrs=dict(mode="edge"), tag="axes32")
    yield dict(inputs=[x, i64(0, 0, -5, 0, 0, 0)], tag="bad", rejected=True)


@cases("Tile")
def tile(op, v):
    if v == 1:
        x = arr((2, 3, 4))
        yield dict(inputs=[x, np.array(3, F32), np.array(1, F32)], tag="axis", expect=[np.tile(x, (1, 3, 1))])
        yield dict(inputs=[x, np.array([2], F32), np.array([0], F32)], tag="one", expect=[np.tile(x, (2, 1, 1))])
        return
    for name, a in typed(op, v, (2, 3)):
        yield dict(inputs=[a, i64(2, 3)], tag=name)
    yield dict(inputs=[arr((2, 3, 4)), i64(1, 0, 2)], tag="zero")
    yield dict(inputs=[arr((2, 3)), i64(2, 1)], constants=[1], tag="constant")


@cases("Expand")
def expand(op, v):
    for name, a in typed(op, v, (3, 1)):
        yield dict(inputs=[a, i64(2, 1, 4)], tag=name)
    for k, s in enumerate([(3, 4), (1,), (2, 3, 1), (5, 3, 4), (0, 3, 1), ()]):
        yield dict(inputs=[arr((3, 1)), i64(*s)], tag=f"{k}")
    yield dict(inputs=[arr((3, 2)), i64(4)], tag="bad", rejected=True)


@cases("Gather")
def gather(op, v):
    for name, a in typed(op, v, (4, 3)):
        yield dict(inputs=[a, i64(0, 3, 1)], tag=name)
    x = arr((4, 3, 5))
    for t in (I32, I64):
        idx = np.array([[0, 2], [1, 1]], t)
        for axis in (0, 1, 2, -1, -2):
            yield dict(inputs=[x, idx], attrs=dict(axis=axis), tag=f"{np.dtype(t).name}{axis}")
    yield dict(inputs=[x, np.array(2, I64)], attrs=dict(axis=1), tag="scalar")
    yield dict(inputs=[x, np.zeros((0, 2), I64)], tag="none")
    if v >= 11:
        yield dict(inputs=[x, i64(-1, -4)], tag="negative")
    yield dict(inputs=[x, i64(4)], rejected=True, tag="bad")


@cases("GatherElements")
def gather_elements(op, v):
    for name, a in typed(op, v, (3, 4)):
        yield dict(inputs=[a, np.array([[0, 1, 2, 0], [2, 0, 1, -1]], I64)], tag=name)
    yield dict(inputs=[arr((3, 4)), np.array([[0, 1], [3, -1], [2, 2]], I32)], attrs=dict(axis=1), tag="axis1")
    yield dict(inputs=[arr((3, 4)), np.array([[4]], I64)], attrs=dict(axis=1), rejected=True, tag="bad")


@cases("GatherND")
def gather_nd(op, v):
    for name, a in typed(op, v, (3, 4, 2)):
        yield dict(inputs=[a, np.array([[0, 1], [2, 3]], I64)], tag=name)
    x = arr((3, 4, 2))
    yield dict(inputs=[x, np.array([[-1, 1, 0], [0, 0, 1]], I64)], tag="full")
    yield dict(inputs=[x, np.array([[[1]], [[2]]], I64)], tag="partial")
    if v >= 12:
        yield dict(inputs=[x, np.array([[1], [0], [3]], I64)], attrs=dict(batch_dims=1), tag="batch")
    yield dict(inputs=[x, np.array([[5, 0]], I64)], rejected=True, tag="bad")


@cases("Scatter", "ScatterElements")
def scatter(op, v):
    idx = np.array([[0, 2, 1], [1, 0, 2]], I64)
    for name, a in typed(op, v, (4, 3)):
        yield dict(inputs=[a, idx, arr((2, 3), a.dtype.type if a.dtype.kind != "O" else TEXT, key=5)], tag=name)
    yield dict(inputs=[arr((3, 4)), np.array([[1, 3], [0, 2], [3, 1]], I32), arr((3, 2), key=1)], attrs=dict(axis=1),
               tag="axis")
    if v >= 11:
        yield dict(inputs=[arr((3, 4)), np.array([[-1, 1]], I64), arr((1, 2), key=1)], attrs=dict(axis=-1), tag="neg")
    for r in (["add", "mul"] if v >= 16 and op != "Scatter" else []) + (["max", "min"] if v >= 18 else []):
        for t in (F32, I32, F16):
            yield dict(inputs=[arr((4, 3), t), np.array([[0, 2, 1], [0, 2, 2]], I64), arr((2, 3), t, key=5)],
                       attrs=dict(reduction=r), tag=f"{r}-{np.dtype(t).name}")
    yield dict(inputs=[arr((3, 4)), np.array([[9]], I64), arr((1, 1))], rejected=True, tag="bad")
    yield dict(inputs=[arr((3, 4)), np.zeros((0, 4), I64), arr((0, 4))], tag="none")


@cases("ScatterND")
def scatter_nd(op, v):
    for name, a in typed(op, v, (4, 3)):
        yield dict(inputs=[a, np.array([[1], [3]], I64), arr((2, 3), a.dtype.type if a.dtype.kind != "O" else TEXT, key=5)],
                   tag=name)
    yield dict(inputs=[arr((4, 3, 2)), np.array([[[0, 1]], [[-1, 2]]], I64), arr((2, 1, 2), key=1)], tag="pairs")
    for r in (["add", "mul"] if v >= 16 else []) + (["max", "min"] if v >= 18 else []):
        yield dict(inputs=[arr((4, 3)), np.array([[1], [1]], I64), arr((2, 3), key=5)], attrs=dict(reduction=r), tag=r)
    yield dict(inputs=[arr((4, 3)), np.array([[4]], I64), arr((1, 3))], rejected=True, tag="bad")


@cases("TensorScatter")
def tensor_scatter(op, v):
    cache, update = arr((2, 3, 6, 4)), arr((2, 3, 2, 4), key=1)
    yield dict(inputs=[cache, update, i64(1, 3)], attrs=dict(mode="linear"), tag="linear")
    yield dict(inputs=[cache, update, i64(5, 4)], attrs=dict(mode="circular"), tag="circular")
    yield dict(inputs=[cache, update], tag="none")
    yield dict(inputs=[arr((2, 6, 4)), arr((2, 2, 4), key=1), i64(1, 3)], attrs=dict(axis=1), tag="axis")


@cases("OneHot")
def one_hot(op, v):
    for it in (I64, I32, F32):
        for vt in (F32, I64, TEXT, BOOL):
            yield dict(inputs=[np.array([[0, 2], [3, 1]], it), np.array([4], I64), arr((2,), vt, key=8)
                               if vt is not BOOL else np.array([False, True])],
                       tag=f"{np.dtype(it).name}-{np.dtype(vt).name}")
    values = np.array([-1, 2], F32)
    for axis in (0, 1, -2):
        yield dict(inputs=[np.array([[0, 2, 9]], I64), np.array(4, I64), values], attrs=dict(axis=axis), tag=f"{axis}")
    if v >= 11:
        yield dict(inputs=[np.array([-1, -4, -5, 4], I64), np.array(4, I64), values], tag="negative")


@cases("Shape")
def shape(op, v):
    for name, a in typed(op, v, (2, 3, 4)):
        yield dict(inputs=[a], tag=name)
    yield dict(inputs=[arr(())], tag="scalar")
    if v >= 15:
        for k, (s, e) in enumerate([(1, None), (0, 2), (-1, None), (None, -1), (2, 1), (-10, 10)]):
            yield dict(inputs=[arr((2, 3, 4))], attrs={**({} if s is None else {"start": s}),
                                                       **({} if e is None else {"end": e})}, tag=f"range{k}")


@cases("Size")
def size(op, v):
    for name, a in typed(op, v, (2, 3, 4)):
        yield dict(inputs=[a], tag=name)
    yield dict(inputs=[arr((2, 0))], tag="zero")


@cases("Constant")
def constant(op, v):
    for t in allowed(op, v, of="outputs"):
        yield dict(attrs=dict(value=numpy_helper.from_array(arr((2, 3), t))), tag=np.dtype(t).name,
                   expect=[arr((2, 3), t)])
    if v >= 12:
        for k, a in enumerate([dict(value_float=1.5), dict(value_floats=[1.5, 2.5]), dict(value_int=3),
                               dict(value_ints=[3, 4]), dict(value_string="ab"), dict(value_strings=["ab", ""])]):
            yield dict(attrs=a, tag=f"form{k}")
    if v >= 11:
        sparse = helper.make_sparse_tensor(numpy_helper.from_array(arr((2,))), numpy_helper.from_array(i64(1, 5)), [3, 2])
        want = np.zeros(6, F32)
        want[[1, 5]] = arr((2,))
        yield dict(attrs=dict(sparse_value=sparse), tag="sparse", expect=[want.reshape(3, 2)])


@cases("ConstantOfShape")
def constant_of_shape(op, v):
    for t in allowed(op, v, of="outputs"):
        if t is TEXT:
            continue
        yield dict(inputs=[i64(2, 3)], attrs=dict(value=numpy_helper.from_array(arr((1,), t))), tag=np.dtype(t).name,
                   expect=[np.full((2, 3), arr((1,), t)[0])])
    yield dict(inputs=[i64(2, 3)], tag="default")
    yield dict(inputs=[i64()], tag="scalar")
    yield dict(inputs=[i64(2, 0)], tag="zero")
    yield dict(inputs=[i64(2, -3)], rejected=True, tag="bad")


@cases("Range")
def range_(op, v):
    for t in allowed(op, v):
        for k, (a, b, c) in enumerate([(1, 7, 2), (5, 0, -2), (0, 0, 1), (3, 1, 1)]):
            yield dict(inputs=[np.array(a).astype(t), np.array(b).astype(t), np.array(c).astype(t)],
                       tag=f"{np.dtype(t).name}{k}")
    yield dict(inputs=[np.array(1, I64), np.array(5, I64), np.array(0, I64)], rejected=True, tag="bad")


@cases("EyeLike")
def eye_like(op, v):
    for k in (-1, 0, 2):
        yield dict(inputs=[arr((3, 4))], attrs=dict(k=k), tag=f"{k}")
    yield dict(inputs=[arr((3, 4), I32)], attrs=dict(dtype=TensorProto.DOUBLE), tag="dtype")


@cases("Trilu")
def trilu(op, v):
    for name, a in typed(op, v, (3, 4)):
        if name != "object":
            yield dict(inputs=[a], tag=name)
    for up in (0, 1):
        for k in (-2, 0, 1, 7, -9):
            yield dict(inputs=[arr((2, 3, 4)), np.array(k, I64)], attrs=dict(upper=up), tag=f"{up}{k}")


@cases("NonZero")
def non_zero(op, v):
    for t in (F32, I32, BOOL, I64):
        yield dict(inputs=[np.array([[0, 1, 2], [0, 0, 3]]).astype(t)], tag=np.dtype(t).name)
    yield dict(inputs=[np.zeros((2, 3), F32)], tag="none")
    yield dict(inputs=[np.array([np.nan, -0.0, 1e-45], F32)], tag="edges")


@cases("TopK")
def top_k(op, v):
    x = np.array([[3, 1, 4, 1, 5, 9], [2, 6, 5, 3, 5, 8]], F32)
    if v == 1:
        yield dict(inputs=[x], attrs=dict(k=3), outputs=2, tag="last", expect=[-np.sort(-x, 1)[:, :3],
                                                                             np.argsort(-x, 1, "stable")[:, :3]])
        yield dict(inputs=[x], attrs=dict(k=1, axis=0), outputs=2, tag="axis",
                   expect=[np.max(x, 0, keepdims=True), np.argmax(x, 0)[None]])
        return
    for t in allowed(op, v):
        yield dict(inputs=[x.astype(t), i64(3)], outputs=2, tag=np.dtype(t).name)
    yield dict(inputs=[x, i64(1)], attrs=dict(axis=0), outputs=2, tag="axis")
    yield dict(inputs=[x, i64(0)], outputs=2, tag="zero")
    if v >= 11:
        for largest in (0, 1):
            yield dict(inputs=[x, i64(4)], attrs=dict(largest=largest), outputs=2, tag=f"largest{largest}")
            yield dict(inputs=[x, i64(2)], attrs=dict(largest=largest, axis=-2), outputs=2, tag=f"axis-2{largest}")
    yield dict(inputs=[x, i64(7)], outputs=2, rejected=True, tag="bad")


@cases("Unique")
def unique(op, v):
    for t in (F32, I64, TEXT, np.uint8):
        x = np.array([2, 1, 1, 3, 4, 3]).astype(t) if t is not TEXT else np.array(["b", "a", "a", "c", "B", "c"], object)
        for s in (0, 1):
            yield dict(inputs=[x], attrs=dict(sorted=s), outputs=4, tag=f"{np.dtype(t).name}{s}")
    y = np.array([[1, 0, 0], [1, 0, 0], [2, 3, 4]], F32)
    for axis in (0, 1, -1):
        for s in (0, 1):
            yield dict(inputs=[y], attrs=dict(axis=axis, sorted=s), outputs=4, tag=f"axis{axis}{s}")
    yield dict(inputs=[y], outputs=1, tag="flat")


@cases("Compress")
def compress(op, v):
    for name, a in typed(op, v, (3, 2)):
        yield dict(inputs=[a, np.array([False, True, True])], attrs=dict(axis=0), tag=name)
    yield dict(inputs=[arr((3, 2)), np.array([False, True])], attrs=dict(axis=1 if v < 11 else -1), tag="last")
    yield dict(inputs=[arr((3, 2)), np.array([False, True, False, True, True])], tag="flat")


@cases("ReverseSequence")
def reverse_sequence(op, v):
    for name, a in typed(op, v, (4, 3)):
        yield dict(inputs=[a, i64(1, 4, 2)], tag=name)
    yield dict(inputs=[arr((3, 4, 2)), i64(1, 4, 2)], attrs=dict(time_axis=1, batch_axis=0), tag="batch")


@cases("DepthToSpace", "SpaceToDepth")
def depth_space(op, v):
    shape = (2, 12, 3, 5) if op == "DepthToSpace" else (2, 3, 4, 6)
    for name, a in typed(op, v, shape):
        if name in ("float32", "float64", "int32", "float16", "object"):
            yield dict(inputs=[a], attrs=dict(blocksize=2), tag=name,
                       skip=() if v > 1 else ())
    if op == "DepthToSpace" and v >= 11:
        for m in ("DCR", "CRD"):
            yield dict(inputs=[arr(shape)], attrs=dict(blocksize=2, mode=m), tag=m)


@cases("CenterCropPad")
def center_crop_pad(op, v):
    for k, (s, axes) in enumerate([((3, 9), None), ((4, 3), None), ((7,), [1]), ((2, 8), [-1, 0])]):
        yield dict(inputs=[arr((5, 6)), i64(*s)], attrs=dict(axes=axes) if axes else {}, tag=f"{k}")


@cases("Col2Im")
def col2im(op, v):
    yield dict(inputs=[arr((2, 12, 12)), i64(5, 5), i64(2, 3)], tag="plain")
    yield dict(inputs=[arr((2, 6, 9)), i64(5, 6), i64(2, 1)], attrs=dict(strides=[2, 2], dilations=[1, 1], pads=[0, 0, 1, 0]),
               tag="strides")
    yield dict(inputs=[arr((1, 8, 4)), i64(5, 5), i64(2, 2)], attrs=dict(strides=[2, 2], dilations=[2, 2]), tag="dilations")


@cases("StringConcat")
def string_concat(op, v):
    yield dict(inputs=[np.array([["a", "b"]], object), np.array([["x"], ["ä"]], object)], tag="broadcast")


@cases("StringSplit")
def string_split(op, v):
    x = np.array(["a b  c", "", "  d", "e,f,g"], object)
    for k, a in enumerate([{}, dict(delimiter=","), dict(delimiter=" "), dict(maxsplit=1), dict(delimiter="", maxsplit=0)]):
        yield dict(inputs=[x], attrs=a, outputs=2, tag=f"{k}")


@cases("StringNormalizer")
def string_normalizer(op, v):
    x = np.array(["Monday", "tuesday", "WEDNESDAY", "monday"], object)
    for c in ("LOWER", "UPPER", "NONE"):
        for s in (0, 1):
            # The reference compares case-sensitively where the case is not changed.
            yield dict(inputs=[x], attrs=dict(case_change_action=c, is_case_sensitive=s, stopwords=["monday"]), tag=f"{c}{s}",
                       expect=[np.array(["tuesday", "WEDNESDAY"], object)] if (c, s) == ("NONE", 0) else None)
    yield dict(inputs=[np.array([["monday", "monday"]], object)], attrs=dict(stopwords=["monday"]), tag="all")


@cases("RegexFullMatch")
def regex(op, v):
    x = np.array(["www.abc.com", "abc", "a@b.org", "", "aab"], object)
    for k, p in enumerate([r"www\.[\w.-]+\.\bcom\b", r"a+b?", r"(\W|^)[\w.\-]{0,25}@(b)\.org(\W|$)", "", r"[^a]|.*"]):
        yield dict(inputs=[x], attrs=dict(pattern=p), tag=f"{k}")


@cases("TfIdfVectorizer")
def tf_idf(op, v):
    x = np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]], I32)
    base = dict(max_gram_length=2, max_skip_count=2, min_gram_length=1, ngram_counts=[0, 4],
                ngram_indexes=[0, 1, 2, 3, 4, 5, 6], pool_int64s=[2, 3, 5, 4, 5, 6, 7, 8, 6, 7])
    for mode in ("TF", "IDF", "TFIDF"):
        yield dict(inputs=[x], attrs=dict(mode=mode, **base), tag=mode)
        yield dict(inputs=[x], attrs=dict(mode=mode, weights=[0.5, 1.5, 2.0, 3.0, 1.0, 0.25, 0.75], **base), tag=f"w{mode}")
    text = np.array(["a", "b", "a", "c"], object)
    yield dict(inputs=[text], attrs=dict(mode="TF", max_gram_length=2, max_skip_count=0, min_gram_length=1,
                                         ngram_counts=[0, 2], ngram_indexes=[1, 0, 2], pool_strings=["a", "c", "a", "c"]),
               tag="text")
