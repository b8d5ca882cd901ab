"""Cases of convolution, pooling, normalisation, resizing, recurrence, attention, quantisation, signals."""

import ml_dtypes
import numpy as np
from onnx import TensorProto

from version_cases import BOOL, F16, F32, F64, I32, I64, TEXT, allowed, arr, cases, i64


@cases("Conv")
def conv(op, v):
    x, w, b = arr((2, 4, 7, 9)), arr((6, 2, 3, 2), key=1), arr((6,), key=2)
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 2, 5, 6), t), arr((3, 2, 2, 3), t, key=1)], tag=np.dtype(t).name)
    variants = [dict(), dict(strides=[2, 1]), dict(pads=[1, 0, 2, 1]), dict(dilations=[2, 3]),
                dict(auto_pad="SAME_UPPER", strides=[2, 2]), dict(auto_pad="SAME_LOWER", strides=[2, 3]),
                dict(auto_pad="VALID", strides=[3, 2]), dict(kernel_shape=[3, 2]),
                dict(auto_pad="SAME_UPPER", dilations=[2, 1]), dict(auto_pad="NOTSET", pads=[0, 1, 0, 1])]
    for k, a in enumerate(variants):
        yield dict(inputs=[x, w, b], attrs=dict(group=2, **a), tag=f"{k}")
    yield dict(inputs=[arr((2, 3, 11)), arr((4, 3, 3), key=1)], attrs=dict(strides=[2], pads=[1, 2]), tag="1d")
    yield dict(inputs=[arr((2, 2, 5, 6, 4)), arr((3, 2, 2, 3, 2), key=1)], attrs=dict(strides=[1, 2, 1]), tag="3d")
    yield dict(inputs=[arr((2, 4, 5, 6)), arr((8, 1, 3, 3), key=1)], attrs=dict(group=4), tag="depthwise")
    yield dict(inputs=[arr((0, 4, 5, 6)), arr((2, 4, 3, 3), key=1)], tag="empty")


@cases("ConvTranspose")
def conv_transpose(op, v):
    x, w, b = arr((2, 4, 4, 5)), arr((4, 3, 3, 2), key=1), arr((6,), key=2)
    variants = [dict(), dict(strides=[2, 3]), dict(strides=[2, 2], pads=[1, 0, 1, 1]), dict(dilations=[2, 1]),
                dict(strides=[3, 2], output_padding=[1, 1]), dict(strides=[2, 2], output_shape=[9, 11]),
                dict(strides=[2, 2], auto_pad="SAME_UPPER"), dict(strides=[2, 3], auto_pad="SAME_LOWER"),
                dict(strides=[2, 2], output_shape=[10, 10], auto_pad="SAME_UPPER"),
                dict(strides=[2, 2], output_shape=[10, 10], auto_pad="SAME_LOWER"), dict(auto_pad="VALID", strides=[2, 2]),
                dict(strides=[3, 3], output_shape=[14, 15], output_padding=[1, 2])]
    for k, a in enumerate(variants):
        # SAME_LOWER with a stride above the kernel: the specification wants input * stride, ONNX Runtime makes less.
        skip = ("onnxruntime", "reference") if a.get("auto_pad") == "SAME_LOWER" and "output_shape" not in a else ()
        yield dict(inputs=[x, w, b], attrs=dict(group=2, **a), tag=f"{k}", skip=skip)
    yield dict(inputs=[arr((2, 3, 5)), arr((3, 2, 3), key=1)], attrs=dict(strides=[2], pads=[1, 0]), tag="1d")
    yield dict(inputs=[arr((1, 2, 3, 4, 2)), arr((2, 3, 2, 2, 3), key=1)], attrs=dict(strides=[2, 1, 2]), tag="3d")
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 2, 3, 4), t), arr((2, 3, 2, 2), t, key=1)], tag=np.dtype(t).name)


@cases("MaxPool", "AveragePool", "LpPool")
def pool(op, v):
    x = arr((2, 3, 7, 9))
    if op == "LpPool" and v == 1:
        yield dict(inputs=[x], attrs=dict(kernel_shape=[3, 2], p=2.0), tag="p", expect=[lp_pool(x, (3, 2), (1, 1), 2)])
        yield dict(inputs=[x], attrs=dict(kernel_shape=[3, 2], strides=[2, 3]), tag="strides",
                   expect=[lp_pool(x, (3, 2), (2, 3), 2)])
        return
    variants = [dict(), dict(strides=[2, 3]), dict(pads=[1, 0, 2, 1]), dict(auto_pad="SAME_UPPER", strides=[2, 2]),
                dict(auto_pad="SAME_LOWER", strides=[2, 2]), dict(auto_pad="VALID", strides=[3, 2])]
    if v >= {"MaxPool": 10, "AveragePool": 10, "LpPool": 18}[op]:
        variants += [dict(ceil_mode=1, strides=[2, 2]), dict(ceil_mode=1, strides=[3, 2], pads=[1, 1, 1, 1]),
                     dict(ceil_mode=1, strides=[3, 4], pads=[2, 1, 2, 1]), dict(ceil_mode=0, strides=[2, 2])]
    if v >= {"MaxPool": 10, "AveragePool": 19, "LpPool": 18}[op]:
        variants += [dict(dilations=[2, 3]), dict(dilations=[2, 2], pads=[1, 1, 1, 1], strides=[2, 1]),
                     dict(dilations=[2, 2], auto_pad="SAME_UPPER"), dict(dilations=[2, 1], ceil_mode=1, strides=[2, 2])]
    for k, a in enumerate(variants):
        kernel = [3, 2] if "pads" not in a or max(a["pads"]) < 2 else [3, 3]
        a = dict(kernel_shape=kernel, **a)
        extra = [{}]
        if op == "AveragePool" and v >= 7:
            extra = [{}, dict(count_include_pad=1)]
        if op == "LpPool":
            extra = [{}, dict(p=1), dict(p=3)]
        for e in extra:
            # ONNX Runtime leaves dilations out of SAME paddings, the reference counts AveragePool-1's pads.
            skip = ("onnxruntime", "reference") if op != "MaxPool" and "dilations" in a and "auto_pad" in a else ()
            skip = ("reference",) if op == "AveragePool" and v == 1 else skip
            yield dict(inputs=[x], attrs=dict(**a, **e), tag=f"{k}{''.join(str(z) for z in e.values())}", skip=skip)
    if op == "MaxPool" and v >= 8:
        for so in (0, 1):
            yield dict(inputs=[x], attrs=dict(kernel_shape=[3, 2], strides=[2, 2], storage_order=so), outputs=2,
                       tag=f"indices{so}")
            yield dict(inputs=[x], attrs=dict(kernel_shape=[3, 2], pads=[1, 1, 0, 0], storage_order=so), outputs=2,
                       tag=f"indices-pad{so}")
    yield dict(inputs=[arr((2, 3, 9))], attrs=dict(kernel_shape=[3], strides=[2]), tag="1d")
    yield dict(inputs=[arr((2, 3, 5, 4, 6))], attrs=dict(kernel_shape=[2, 3, 2], pads=[1, 0, 1, 0, 1, 0]), tag="3d",
               skip=("reference",) if op == "AveragePool" and v == 1 else ())
    for t in allowed(op, v):
        yield dict(inputs=[arr((1, 2, 5, 6), t)], attrs=dict(kernel_shape=[2, 2], strides=[2, 1]), tag=np.dtype(t).name)
    if op == "MaxPool":
        yield dict(inputs=[np.full((1, 1, 4, 4), -np.inf, F32)], attrs=dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1]), tag="inf")


def lp_pool(x, kernel, strides, p):
    h = (x.shape[2] - kernel[0]) // strides[0] + 1
    w = (x.shape[3] - kernel[1]) // strides[1] + 1
    out = np.zeros((*x.shape[:2], h, w), F32)
    for i in range(h):
        for j in range(w):
            part = x[:, :, i * strides[0]:i * strides[0] + kernel[0], j * strides[1]:j * strides[1] + kernel[1]]
            out[:, :, i, j] = (np.abs(part) ** p).sum((2, 3)) ** (1 / p)
    return out


@cases("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(op, v):
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 5, 4), t)], tag=np.dtype(t).name,
                   expect=[np.sqrt((arr((2, 3, 5, 4)) ** 2).sum((2, 3), keepdims=True))]
                   if op == "GlobalLpPool" and t is F32 and v < 2 else None)
    yield dict(inputs=[arr((2, 3, 5))], tag="1d")
    if op == "GlobalLpPool":
        x = arr((2, 3, 5, 4))
        for p in (1, 3):
            yield dict(inputs=[x], attrs=dict(p=float(p) if v == 1 else p), tag=f"p{p}",
                       expect=[(np.abs(x) ** p).sum((2, 3), keepdims=True) ** F32(1 / p)])


@cases("MaxUnpool")
def max_unpool(op, v):
    x = arr((1, 2, 2, 3))
    idx = np.array([[[[0, 3, 5], [13, 15, 17]], [[25, 27, 29], [37, 39, 47]]]], I64)
    yield dict(inputs=[x, idx], attrs=dict(kernel_shape=[2, 2], strides=[2, 2]), tag="plain")
    yield dict(inputs=[x, idx % 24, i64(1, 2, 5, 7)], attrs=dict(kernel_shape=[2, 2], strides=[2, 2]), tag="shape",
               skip=("onnxruntime",))
    yield dict(inputs=[x, idx + 1000], attrs=dict(kernel_shape=[2, 2], strides=[2, 2]), rejected=True, tag="bad")


@cases("MaxRoiPool")
def max_roi_pool(op, v):
    rois = np.array([[0, 1, 1, 6, 7], [1, 0, 0, 3, 3], [0, 2, 3, 2, 3]], F32)
    yield dict(inputs=[arr((2, 3, 8, 9)), rois], attrs=dict(pooled_shape=[2, 3]), tag="plain")
    yield dict(inputs=[arr((2, 3, 8, 9)), rois * [1, 2, 2, 2, 2]], attrs=dict(pooled_shape=[3, 2], spatial_scale=0.5),
               tag="scale") if False else \
        dict(inputs=[arr((2, 3, 8, 9)), (rois * np.array([1, 2, 2, 2, 2])).astype(F32)],
             attrs=dict(pooled_shape=[3, 2], spatial_scale=0.5), tag="scale")


@cases("RoiAlign")
def roi_align(op, v):
    x, rois, b = arr((2, 3, 8, 9)), np.array([[1, 1, 6, 7], [0, 0.5, 3.2, 3], [2, 3, 2, 3]], F32), i64(0, 1, 0)
    for mode in ("avg", "max"):
        for ratio in (0, 2):
            a = dict(output_height=3, output_width=2, sampling_ratio=ratio, spatial_scale=0.9, mode=mode)
            yield dict(inputs=[x, rois, b], attrs=a, tag=f"{mode}{ratio}", skip=("reference",) if mode == "max" else ())
            if v >= 16:
                yield dict(inputs=[x, rois, b], tag=f"pixel{mode}{ratio}", skip=("reference",) if mode == "max" else (),
                           attrs=dict(**a, coordinate_transformation_mode="output_half_pixel"))
    yield dict(inputs=[x, rois, i64(0, 1, 2)], rejected=True, tag="bad")


@cases("NonMaxSuppression")
def nms(op, v):
    boxes = np.array([[[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1],
                       [0, 100, 1, 101]]], F32)
    scores = np.array([[[0.9, 0.75, 0.6, 0.95, 0.5, 0.3], [0.1, 0.2, 0.3, 0.3, 0.2, 0.1]]], F32)
    for k, tail in enumerate([[], [i64(3)], [i64(3), np.array([0.5], F32)], [i64(3), np.array([0.5], F32), np.array([0.4], F32)],
                              [i64(0)], [i64(2), np.array([0.0], F32)]]):
        yield dict(inputs=[boxes, scores] + tail, tag=f"{k}")
    yield dict(inputs=[boxes[:, :, [2, 3, 0, 1]], scores, i64(3), np.array([0.5], F32)], tag="flipped")
    yield dict(inputs=[boxes, scores, i64(3), np.array([0.5], F32)], attrs=dict(center_point_box=1), tag="center")


@cases("BatchNormalization")
def batch_norm(op, v):
    x = arr((2, 3, 4, 5))
    s, b, m, va = arr((3,), key=1), arr((3,), key=2), arr((3,), key=3), arr((3,), low=0.2, high=2, key=4)
    col = lambda a: a.reshape(3, 1, 1)
    want = ((x - col(m)) / np.sqrt(col(va) + F32(1e-3)) * col(s) + col(b)).astype(F32)
    a = dict(epsilon=1e-3)
    if v == 1:
        a.update(is_test=1, consumed_inputs=[0, 0, 0, 1, 1])
    if v == 6:
        a.update(is_test=1)
    yield dict(inputs=[x, s, b, m, va], attrs=a, tag="test", expect=[want] if v < 9 else None)
    if v in (6, 7):
        shape = (3, 4, 5)
        ts = [arr(shape, key=k, low=0.2) for k in range(4)]
        wide = ((x - ts[2]) / np.sqrt(ts[3] + F32(1e-3)) * ts[0] + ts[1]).astype(F32)
        yield dict(inputs=[x, *ts], attrs=dict(**a, spatial=0), tag="spatial0", expect=[wide])
    if v >= 14:
        yield dict(inputs=[x, s, b, m, va], attrs=dict(training_mode=1, momentum=0.7), outputs=3, tag="training")
    for t in allowed(op, v):
        if v >= 9:
            yield dict(inputs=[arr((2, 3, 4), t)] + [arr((3,), t, key=k, low=0.2, high=2) for k in range(4)],
                       tag=np.dtype(t).name)
    if v >= 9:
        yield dict(inputs=[arr((5, 3)), s, b, m, va], tag="2d")


@cases("InstanceNormalization")
def instance_norm(op, v):
    x, s, b = arr((2, 3, 4, 5)), arr((3,), key=1), arr((3,), key=2)
    mean, var = x.mean((2, 3), keepdims=True), x.var((2, 3), keepdims=True)
    want = ((x - mean) / np.sqrt(var + 1e-2) * s.reshape(3, 1, 1) + b.reshape(3, 1, 1)).astype(F32)
    yield dict(inputs=[x, s, b], attrs=dict(epsilon=1e-2), tag="plain", expect=[want])
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 4), t), arr((3,), t, key=1), arr((3,), t, key=2)], tag=np.dtype(t).name)


@cases("LRN")
def lrn(op, v):
    for size in (1, 3, 4, 5):
        yield dict(inputs=[arr((2, 7, 3, 4))], attrs=dict(size=size, alpha=0.3, beta=0.6, bias=1.5), tag=f"{size}",
                   skip=("reference",))


@cases("LpNormalization")
def lp_norm(op, v):
    for p in (1, 2):
        for axis in (0, 1, -1):
            yield dict(inputs=[arr((3, 4, 5))], attrs=dict(p=p, axis=axis), tag=f"{p}{axis}")
    yield dict(inputs=[np.zeros((2, 3), F32)], tag="zero", expect=[np.zeros((2, 3), F32)])


@cases("MeanVarianceNormalization")
def mvn(op, v):
    yield dict(inputs=[arr((2, 3, 4, 5))], tag="default")
    yield dict(inputs=[arr((2, 3, 4, 5))], attrs=dict(axes=[1, 2, 3]), tag="axes")
    yield dict(inputs=[arr((2, 3, 4))], attrs=dict(axes=[0, 2]), tag="three")


@cases("LayerNormalization", "RMSNormalization")
def layer_norm(op, v):
    for axis in (-1, 1, 0):
        shape = (2, 3, 4)
        tail = shape[axis % 3:]
        x = [arr(shape), arr(tail, key=1)]
        yield dict(inputs=x, attrs=dict(axis=axis, epsilon=1e-3), tag=f"{axis}")
        if op == "LayerNormalization":
            yield dict(inputs=x + [arr(tail, key=2)], attrs=dict(axis=axis), outputs=3, tag=f"all{axis}")
    for t in allowed(op, v):
        yield dict(inputs=[arr((2, 3, 4), t), arr((4,), t, key=1)], tag=np.dtype(t).name)


@cases("GroupNormalization")
def group_norm(op, v):
    x = arr((2, 6, 3, 4))
    n = 3 if v == 18 else 6
    yield dict(inputs=[x, arr((n,), key=1), arr((n,), key=2)], attrs=dict(num_groups=3), tag="plain")
    if v >= 21:
        yield dict(inputs=[x.astype(F16), arr((n,), F16, key=1), arr((n,), F16, key=2)],
                   attrs=dict(num_groups=2, stash_type=1), tag="half")


@cases("Upsample")
def upsample(op, v):
    x = arr((2, 3, 4, 5))
    for mode in ("nearest", "linear", "bilinear"):
        if (mode == "bilinear") != (v == 1) and mode != "nearest":
            continue
        if v == 1:
            want = [np.repeat(np.repeat(x, 2, 2), 3, 3)] if mode == "nearest" else None
            yield dict(inputs=[x], attrs=dict(mode=mode, height_scale=2.0, width_scale=3.0), tag=mode, expect=want,
                       twin=(7, dict(mode="nearest" if mode == "nearest" else "linear", scales=[1.0, 1.0, 2.0, 3.0])))
        elif v == 7:
            for k, s in enumerate([[1.0, 1.0, 2.0, 3.0], [1.0, 1.0, 1.5, 2.5]]):
                yield dict(inputs=[x], attrs=dict(mode=mode, scales=s), tag=f"{mode}{k}")
        else:
            for k, s in enumerate([[1, 1, 2, 3], [1, 1, 1.5, 2.5]]):
                yield dict(inputs=[x, np.array(s, F32)], attrs=dict(mode=mode), constants=[1], tag=f"{mode}{k}")


@cases("Resize")
def resize(op, v):
    x = arr((1, 2, 4, 5))
    scales = [(1, 1, 2, 3), (1, 1, 0.6, 0.5), (1, 1, 1.7, 2.3)]
    if v == 10:
        for m in ("nearest", "linear"):
            for k, s in enumerate(scales):
                yield dict(inputs=[x, np.array(s, F32)], attrs=dict(mode=m), tag=f"{m}{k}")
        return
    roi = np.zeros(0, F32)
    transforms = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn" if v == 11
                  else "half_pixel"] + (["half_pixel_symmetric"] if v >= 19 else [])
    nearest = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
    for tr in dict.fromkeys(transforms):
        for k, s in enumerate(scales):
            for n in nearest:
                yield dict(inputs=[x, roi, np.array(s, F32)], tag=f"{tr}-{n}-{k}",
                           attrs=dict(mode="nearest", coordinate_transformation_mode=tr, nearest_mode=n))
            yield dict(inputs=[x, roi, np.array(s, F32)], tag=f"{tr}-linear-{k}",
                       attrs=dict(mode="linear", coordinate_transformation_mode=tr))
            for ca, ex in ((-0.75, 0), (-0.5, 1)):
                yield dict(inputs=[x, roi, np.array(s, F32)], tag=f"{tr}-cubic{ex}-{k}",
                           attrs=dict(mode="cubic", coordinate_transformation_mode=tr, cubic_coeff_a=ca, exclude_outside=ex))
    for m in ("nearest", "linear", "cubic"):
        yield dict(inputs=[x, roi if v < 13 else None, np.zeros(0, F32) if v < 13 else None, i64(1, 2, 7, 3)],
                   attrs=dict(mode=m), tag=f"sizes-{m}")
        box = np.array([0, 0, 0.2, 0.3, 1, 1, 0.9, 0.7], F32)
        yield dict(inputs=[x, box, np.array([1, 1, 1.5, 2], F32)], tag=f"crop-{m}",
                   attrs=dict(mode=m, coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=7.0))
    if v >= 18:
        for m in ("linear", "cubic"):
            for k, s in enumerate(scales):
                yield dict(inputs=[x, None, np.array(s, F32)], attrs=dict(mode=m, antialias=1), tag=f"antialias-{m}{k}")
        for pol in ("stretch", "not_larger", "not_smaller"):
            yield dict(inputs=[x, None, None, i64(7, 6)], tag=f"policy-{pol}",
                       attrs=dict(axes=[2, 3], keep_aspect_ratio_policy=pol, mode="nearest"))
        yield dict(inputs=[x, None, np.array([2, 0.5], F32)], attrs=dict(axes=[-1, -2], mode="linear"), tag="axes")
    for t in allowed(op, v):
        moved = arr((1, 1, 3, 4), t)
        # Elements that neither oracle moves whole.
        doubled = [np.repeat(np.repeat(moved, 2, 2), 2, 3)] if t is TEXT or np.dtype(t).kind in "bc" else None
        yield dict(inputs=[moved, roi, np.array([1, 1, 2, 2], F32)], tag="string" if t is TEXT else np.dtype(t).name,
                   expect=doubled, skip=("onnxruntime", "reference") if doubled else ())
    # More digits than a double has.
    large = np.arange(2**60 + 1, 2**60 + 13, dtype=np.int64).reshape(1, 1, 3, 4)
    yield dict(inputs=[large, roi, np.array([1, 1, 2, 2], F32)], tag="int64-large",
               expect=[np.repeat(np.repeat(large, 2, 2), 2, 3)], skip=("onnxruntime", "reference"))
    yield dict(inputs=[arr((1, 1, 3)), roi, np.array([1, 1, 2], F32)], attrs=dict(mode="linear"), tag="1d")
    yield dict(inputs=[arr((1, 1, 3, 2, 4)), roi, np.array([1, 1, 2, 1.5, 0.5], F32)], attrs=dict(mode="linear"), tag="3d")


@cases("GridSample")
def grid_sample(op, v):
    x, g = arr((2, 3, 5, 6)), arr((2, 4, 3, 2), low=-1.4, high=1.4, key=1)
    modes = ("bilinear", "nearest", "bicubic") if v == 16 else ("linear", "nearest", "cubic")
    for m in modes:
        for pad in ("zeros", "border", "reflection"):
            for a in (0, 1):
                # ONNX Runtime moves a place outside to the border before it takes the sixteen around it; the
                # specification's function, which only its evaluator of a later version has, clamps each of them.
                twin = (20, dict(mode="cubic", padding_mode=pad, align_corners=a)) if v == 16 and m == "bicubic" else None
                skip = ("onnxruntime",) if pad == "border" and twin else ()
                yield dict(inputs=[x, g], attrs=dict(mode=m, padding_mode=pad, align_corners=a), tag=f"{m}{pad}{a}",
                           twin=twin, skip=skip)
    if v >= 20:
        for m in ("linear", "nearest"):
            yield dict(inputs=[arr((1, 2, 3, 4, 5)), arr((1, 2, 3, 2, 3), low=-1.2, high=1.2, key=1)],
                       attrs=dict(mode=m), tag=f"3d{m}")


@cases("AffineGrid")
def affine_grid(op, v):
    for a in (0, 1):
        yield dict(inputs=[arr((2, 2, 3)), i64(2, 3, 4, 5)], attrs=dict(align_corners=a), tag=f"2d{a}")
        yield dict(inputs=[arr((2, 3, 4)), i64(2, 3, 2, 4, 5)], attrs=dict(align_corners=a), tag=f"3d{a}")


@cases("DeformConv")
def deform_conv(op, v):
    x, w, o = arr((1, 4, 5, 6)), arr((2, 2, 2, 2), key=1), arr((1, 16, 4, 5), low=-0.7, high=0.7, key=2)
    a = dict(kernel_shape=[2, 2], group=2, offset_group=2)
    yield dict(inputs=[x, w, o], attrs=a, tag="plain")
    yield dict(inputs=[x, w, o, arr((2,), key=3), arr((1, 8, 4, 5), low=0, high=1, key=4)], attrs=a, tag="mask")


def recurrent_inputs(gates, t, n, f, h, directions, key=0, bias=True, lens=True, h0=True, batch_first=False, biases=2):
    x = arr((n, t, f) if batch_first else (t, n, f), key=key)
    w = arr((directions, gates * h, f), key=key + 1, low=-1, high=1)
    r = arr((directions, gates * h, h), key=key + 2, low=-1, high=1)
    b = arr((directions, biases * gates * h), key=key + 3, low=-1, high=1) if bias else None
    s = np.array([t, max(1, t - 2)][:n] + [t] * max(0, n - 2), I32) if lens else None
    state = (n, directions, h) if batch_first else (directions, n, h)
    return [x, w, r, b, s, arr(state, key=key + 4) if h0 else None]


@cases("RNN", "GRU", "LSTM")
def recurrent(op, v):
    for arguments in recurrent_cases(op, v):
        if v < 7:
            # The first versions differ in the attribute that asks for the sequence.
            attrs = {k: a for k, a in arguments["attrs"].items() if k != "output_sequence"}
            arguments["twin"] = (7, attrs)
        yield arguments


def recurrent_cases(op, v):
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[op]
    h, t, n, f = 4, 5, 2, 3
    outputs = 3 if op == "LSTM" else 2
    directions = ["forward", "reverse", "bidirectional"]
    base = {"output_sequence": 1} if v == 1 and op in ("RNN", "LSTM", "GRU") else {}
    if v == 3:
        base = {"output_sequence": 1}
    for d in directions:
        dirs = 2 if d == "bidirectional" else 1
        for k, (bias, lens, h0) in enumerate([(True, True, True), (False, False, False), (True, False, True)]):
            inputs = recurrent_inputs(gates, t, n, f, h, dirs, bias=bias, lens=lens, h0=h0)
            if op == "LSTM" and h0:
                inputs += [arr((dirs, n, h), key=9), arr((dirs, 3 * h), key=10)]
            yield dict(inputs=trim(inputs), attrs=dict(hidden_size=h, direction=d, **base), outputs=outputs, tag=f"{d}{k}")
        inputs = recurrent_inputs(gates, t, n, f, h, dirs)
        count = {"RNN": 1, "GRU": 2, "LSTM": 3}[op]
        acts = (["HardSigmoid", "Softsign", "Elu"] if op == "LSTM" else ["HardSigmoid", "LeakyRelu"] if op == "GRU"
                else ["Affine"])[:count]
        for k, (names, alpha, beta) in enumerate([
                (["Relu"] * count, None, None), (["Sigmoid", "Tanh", "Relu"][:count], None, None),
                (acts, [0.3] * count if op != "LSTM" else [0.3, 0.7], [0.4] if op != "RNN" else [0.2]),
                (["ScaledTanh", "Softplus", "ThresholdedRelu"][:count], [1.2, 0.3, 0.4][:count], [0.6])]):
            a = dict(hidden_size=h, direction=d, activations=names * dirs, **base)
            if alpha:
                a["activation_alpha"] = alpha * dirs
            if beta:
                a["activation_beta"] = beta * dirs
            yield dict(inputs=trim(inputs), attrs=a, outputs=outputs, tag=f"act{k}{d}", skip=("reference",))
        yield dict(inputs=trim(inputs), attrs=dict(hidden_size=h, direction=d, clip=0.4, **base), outputs=outputs,
                   tag=f"clip{d}", skip=("reference",))
        if op == "GRU" and v >= 3:
            yield dict(inputs=trim(inputs), attrs=dict(hidden_size=h, direction=d, linear_before_reset=1, **base),
                       outputs=outputs, tag=f"lbr{d}")
        if op == "LSTM":
            yield dict(inputs=trim(inputs), attrs=dict(hidden_size=h, direction=d, input_forget=1, **base),
                       outputs=outputs, tag=f"coupled{d}", skip=("reference",))
        if v >= 14 and d != "bidirectional":
            inputs = recurrent_inputs(gates, t, n, f, h, dirs, lens=False, batch_first=True)
            yield dict(inputs=trim(inputs), attrs=dict(hidden_size=h, direction=d, layout=1), outputs=outputs,
                       tag=f"layout{d}", skip=("onnxruntime",))
    inputs = recurrent_inputs(gates, t, n, f, h, 1, lens=False, h0=False)
    yield dict(inputs=trim(inputs), attrs=dict(hidden_size=h, **base), outputs=["", "y_h"], tag="last-only")
    yield dict(inputs=trim([a.astype(F64) if a is not None and a.dtype == F32 else a for a in inputs]),
               attrs=dict(hidden_size=h, **base), outputs=outputs, tag="double")


def trim(inputs):
    inputs = list(inputs)
    while inputs and inputs[-1] is None:
        inputs.pop()
    return inputs


@cases("QuantizeLinear", "DequantizeLinear")
def quantize(op, v):
    quantized = allowed(op, v, 2) if op == "QuantizeLinear" else allowed(op, v, 0)
    wide = [t for t in (allowed(op, v, 0) if op == "QuantizeLinear" else allowed(op, v, 1)) if t in (F32, F16)]
    for q in quantized:
        kind = np.dtype(q).name
        zero = np.array(0 if "float" in kind else 2 if q is np.uint8 else 1, F32).astype(q)
        if q in (I32,):
            zero = np.array(0, I32)
        for w in wide:
            if op == "QuantizeLinear":
                x = np.array([[0, 2.5, 3.5, -1.5, 1000, -1000], [254, 128, 0.6, -0.5, 7, 1]], F32).astype(w)
                yield dict(inputs=[x, np.array(0.5, w), zero], tag=f"{kind}-{np.dtype(w).name}")
            else:
                yield dict(inputs=[arr((2, 6), q), np.array(0.5, w), zero], tag=f"{kind}-{np.dtype(w).name}")
        if v >= 13:
            s = np.array([0.5, 1, 2], F32)
            z = np.array([0, 1, 0], F32).astype(q) if "float" not in kind and q is not I32 else np.zeros(3, F32).astype(q)
            x = arr((2, 3, 4), low=-4, high=4) if op == "QuantizeLinear" else arr((2, 3, 4), q)
            yield dict(inputs=[x, s, z], attrs=dict(axis=1), tag=f"axis-{kind}")
            yield dict(inputs=[x, s, z], attrs=dict(axis=-2), tag=f"axisneg-{kind}")
        if v >= 21:
            s = arr((2, 3, 2), low=0.5, high=2, key=3)
            z = np.zeros((2, 3, 2), F32).astype(q)
            x = arr((2, 3, 4), low=-4, high=4) if op == "QuantizeLinear" else arr((2, 3, 4), q)
            yield dict(inputs=[x, s, z], attrs=dict(axis=2, block_size=2), tag=f"block-{kind}")
    x = np.array([0, 1.5, 2.5, 1000], F32) if op == "QuantizeLinear" else np.array([1, 128, 255], np.uint8)
    yield dict(inputs=[x, np.array(0.5, F32)], tag="no-zero")
    if op == "QuantizeLinear" and v >= 21:
        yield dict(inputs=[x, np.array(0.5, F32)], attrs=dict(output_dtype=TensorProto.INT16), tag="output-dtype")
    if op == "QuantizeLinear":
        yield dict(inputs=[np.array([np.nan, np.inf, -np.inf], F32), np.array(0.5, F32), np.array(3, np.uint8)], tag="wild",
                   skip=("onnxruntime", "reference"))


@cases("DynamicQuantizeLinear")
def dynamic_quantize(op, v):
    for k, x in enumerate([arr((3, 4)), np.abs(arr((3, 4))) + 1, -np.abs(arr((3, 4))) - 1, np.zeros((2,), F32)]):
        yield dict(inputs=[x], outputs=3, tag=f"{k}")


@cases("QLinearMatMul")
def qlinear_matmul(op, v):
    for t in (np.uint8, np.int8):
        z = lambda k: np.array(k, t)
        s = lambda k: np.array(k, F32)
        yield dict(inputs=[arr((2, 3, 4), t), s(0.5), z(1), arr((2, 4, 5), t, key=1), s(0.25), z(2), s(0.7), z(3)],
                   tag=np.dtype(t).name)


@cases("QLinearConv")
def qlinear_conv(op, v):
    x, w = arr((1, 2, 5, 6), np.uint8), arr((4, 1, 3, 2), np.uint8, key=1)
    one = lambda k, t=F32: np.array(k, t)
    yield dict(inputs=[x, one(0.5), one(2, np.uint8), w, one(0.25), one(3, np.uint8), one(0.3), one(5, np.uint8)],
               attrs=dict(group=2, pads=[1, 0, 0, 1]), tag="plain")
    yield dict(inputs=[x, one(0.5), one(2, np.uint8), w, arr((4,), low=0.1, high=0.5), np.full(4, 3, np.uint8), one(0.3),
                       one(5, np.uint8), arr((4,), I32)], attrs=dict(group=2), tag="channels")


@cases("ConvInteger")
def conv_integer(op, v):
    x, w = arr((1, 2, 5, 6), np.uint8), arr((4, 1, 3, 2), np.uint8, key=1)
    yield dict(inputs=[x, w], attrs=dict(group=2), tag="plain")
    yield dict(inputs=[x, w, np.array(1, np.uint8), np.array(2, np.uint8)], attrs=dict(group=2, pads=[1, 1, 0, 0]), tag="zero")


@cases("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss")
def loss(op, v):
    x = arr((3, 5, 2)) if op != "NegativeLogLikelihoodLoss" else np.log(arr((3, 5, 2), low=0.1, high=1))
    y = np.array([[0, 4], [2, 2], [3, 1]], I64)
    for r in ("none", "mean", "sum"):
        yield dict(inputs=[x, y], attrs=dict(reduction=r), tag=r)
        yield dict(inputs=[x, y, arr((5,), low=0.1, high=2)], attrs=dict(reduction=r), tag=f"w{r}")
        yield dict(inputs=[x, y, arr((5,), low=0.1, high=2)], attrs=dict(reduction=r, ignore_index=2), tag=f"i{r}")
        yield dict(inputs=[x, y], attrs=dict(reduction=r, ignore_index=2), tag=f"in{r}")
    yield dict(inputs=[arr((3, 5)), i64(1, 0, 4)], tag="2d")
    yield dict(inputs=[arr((3, 5)), i64(1, 0, 7)], rejected=True, tag="bad")
    if op == "SoftmaxCrossEntropyLoss":
        yield dict(inputs=[x, y.astype(I32)], outputs=2, tag="log")


@cases("DFT")
def dft(op, v):
    for n in (8, 7, 6):
        real, cplx = arr((2, n, 3, 1)), arr((2, n, 3, 2), key=1)
        for k, (x, a) in enumerate([(real, {}), (cplx, {}), (cplx, dict(inverse=1)), (real, dict(onesided=1))]):
            if v == 17:
                yield dict(inputs=[x], attrs=dict(axis=1, **a), tag=f"{n}-{k}")
                yield dict(inputs=[x], attrs=dict(axis=2, **a), tag=f"{n}-axis2-{k}")
            else:
                yield dict(inputs=[x, None, np.array(1, I64)], attrs=a, tag=f"{n}-{k}")
                yield dict(inputs=[x], attrs=a, tag=f"{n}-default-{k}")
            for length in (5, 9):
                yield dict(inputs=[x, np.array(length, I64)] + ([np.array(1, I64)] if v > 17 else []),
                           attrs=dict(**a, **(dict(axis=1) if v == 17 else {})), tag=f"{n}-length{length}-{k}")
        if v > 17:
            half = np.stack([np.fft.rfft(real[..., 0], axis=1).real, np.fft.rfft(real[..., 0], axis=1).imag], -1).astype(F32)
            if n % 2 == 0:
                yield dict(inputs=[half, np.array(n, I64), np.array(1, I64)], attrs=dict(inverse=1, onesided=1),
                           tag=f"{n}-irfft", expect=[real])
    yield dict(inputs=[arr((1, 8, 1), F64)], attrs=dict(axis=1) if v == 17 else {}, tag="double",
               skip=() if v == 17 else ("reference",))


@cases("STFT")
def stft(op, v):
    x = arr((2, 20, 1))
    window = np.hanning(8).astype(F32)
    yield dict(inputs=[x, np.array(4, I64), window], tag="window")
    yield dict(inputs=[x, np.array(4, I64), window], attrs=dict(onesided=0), tag="two-sided")
    yield dict(inputs=[x, np.array(3, I64), None, np.array(8, I64)], tag="length")
    yield dict(inputs=[arr((2, 20, 2)), np.array(4, I64), window], attrs=dict(onesided=0), tag="complex")


@cases("HannWindow", "HammingWindow", "BlackmanWindow")
def window(op, v):
    for n in (1, 9, 10):
        for p in (0, 1):
            yield dict(inputs=[np.array(n, I64)], attrs=dict(periodic=p), tag=f"{n}{p}",
                       skip=() if n > 1 else ("onnxruntime", "reference"))
    yield dict(inputs=[np.array(6, I32)], attrs=dict(output_datatype=TensorProto.DOUBLE), tag="double")


@cases("MelWeightMatrix")
def mel(op, v):
    yield dict(inputs=[np.array(8, I64), np.array(16, I64), np.array(8192, I64), np.array(0, F32), np.array(4096, F32)],
               tag="plain")


@cases("Attention")
def attention(op, v):
    q, k, w = arr((2, 3, 4, 8)), arr((2, 3, 6, 8), key=1), arr((2, 3, 6, 10), key=2)
    yield dict(inputs=[q, k, w], tag="plain")
    for i, a in enumerate([dict(is_causal=1), dict(scale=0.1), dict(softcap=2.0), dict(is_causal=1, softcap=2.0)]):
        yield dict(inputs=[q, k, w], attrs=a, tag=f"attr{i}")
    yield dict(inputs=[q, k, w, arr((4, 6), key=3)], tag="mask")
    yield dict(inputs=[q, k, w, arr((2, 3, 4, 6), BOOL, key=3)], tag="bool-mask")
    yield dict(inputs=[q, k, w, arr((2, 1, 4, 6), key=3)], tag="mask4")
    yield dict(inputs=[arr((2, 6, 4, 8)), k, w], tag="gqa")
    yield dict(inputs=[arr((2, 4, 24)), arr((2, 6, 24), key=1), arr((2, 6, 30), key=2)],
               attrs=dict(q_num_heads=3, kv_num_heads=3), tag="3d")
    past = [arr((2, 3, 5, 8), key=4), arr((2, 3, 5, 10), key=5)]
    yield dict(inputs=[q, k, w, arr((4, 11), key=3), *past], outputs=3, tag="past")
    yield dict(inputs=[q, k, w, None, *past], attrs=dict(is_causal=1), outputs=3, tag="past-causal")
    for m in (0, 1, 2, 3):
        yield dict(inputs=[q, k, w, arr((4, 6), key=3)], attrs=dict(qk_matmul_output_mode=m, softcap=1.5),
                   outputs=["y0", "", "", "y3"], tag=f"qk{m}")


@cases("RotaryEmbedding")
def rotary(op, v):
    x = arr((2, 3, 4, 8))
    for inter in (0, 1):
        yield dict(inputs=[x, arr((10, 4), key=1), arr((10, 4), key=2), np.array([[0, 1, 2, 3], [4, 5, 6, 9]], I64)],
                   attrs=dict(interleaved=inter), tag=f"ids{inter}")
        yield dict(inputs=[x, arr((2, 4, 4), key=1), arr((2, 4, 4), key=2)], attrs=dict(interleaved=inter), tag=f"no{inter}")
        yield dict(inputs=[x, arr((2, 4, 2), key=1), arr((2, 4, 2), key=2)],
                   attrs=dict(interleaved=inter, rotary_embedding_dim=4), tag=f"dim{inter}")
    yield dict(inputs=[arr((2, 4, 24)), arr((2, 4, 4), key=1), arr((2, 4, 4), key=2)], attrs=dict(num_heads=3), tag="3d")
