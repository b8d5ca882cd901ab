"""Layers and fields of Synopsys' tree, which follow TensorFlow's. Loops as in its code."""

import numpy as np

from .case import Case, layer, numbers
from .shapes import reorg


def windows(x, kernel, stride, begin, end, size):
    """For each place of the result: the place, the part of the input in its window, and the extent that the window has in
    the padded input."""
    h, w = x.shape[2:]
    for i in range(size[0]):
        for j in range(size[1]):
            top, left = i * stride[0] - begin[0], j * stride[1] - begin[1]
            bottom, right = min(top + kernel[0], h + end[0]), min(left + kernel[1], w + end[1])
            part = x[:, :, max(top, 0):min(bottom, h), max(left, 0):min(right, w)]
            yield i, j, part.astype(np.float64), (bottom - top) * (right - left)


def pool(x, method, kernel, stride, begin, end, size):
    out = np.zeros((*x.shape[:2], *size))
    for i, j, part, extent in windows(x, kernel, stride, begin, end, size):
        if method == "MAX":
            out[:, :, i, j] = part.max((2, 3))
        else:
            count = part.shape[2] * part.shape[3] if method == "AVE_EXC_PAD" else extent
            out[:, :, i, j] = part.sum((2, 3)) / count
    return out


def convolve(x, w, stride, begin, size, dilation=1):
    out = np.zeros((x.shape[0], w.shape[0], *size))
    for i in range(size[0]):
        for j in range(size[1]):
            for a in range(w.shape[2]):
                for b in range(w.shape[3]):
                    y, z = i * stride - begin[0] + a * dilation, j * stride - begin[1] + b * dilation
                    if 0 <= y < x.shape[2] and 0 <= z < x.shape[3]:
                        out[:, :, i, j] += x[:, :, y, z].astype(np.float64) @ w[:, :, a, b].T
    return out


def transpose_convolve(x, w, stride, begin, end):
    full = np.zeros((x.shape[0], w.shape[1], (x.shape[2] - 1) * stride + w.shape[2], (x.shape[3] - 1) * stride + w.shape[3]))
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            full[:, :, i * stride:i * stride + w.shape[2], j * stride:j * stride + w.shape[3]] += np.einsum(
                "nc,cohw->nohw", x[:, :, i, j].astype(np.float64), w)
    return full[:, :, begin[0]:full.shape[2] - end[0], begin[1]:full.shape[3] - end[1]]


def same(extent, kernel, stride):
    """Padding before, and the size."""
    along = max(kernel - stride, 0) if extent % stride == 0 else max(kernel - extent % stride, 0)
    return along // 2, along - along // 2, -(-extent // stride)


def resize(x, height, width, mode, linear):
    h, w = x.shape[2:]
    out = np.zeros((*x.shape[:2], height, width))
    def scale(o, i):
        return (i - 1) / (o - 1) if mode == "align_corners" and o > 1 else i / o
    def place(k, s):
        return (k + 0.5) * s - 0.5 if mode in ("half_pixel_centers", "half_pixel_onnx") else k * s
    for i in range(height):
        for j in range(width):
            y, z = place(i, scale(height, h)), place(j, scale(width, w))
            if linear:
                y0, z0 = int(np.floor(y)), int(np.floor(z))
                a, b = max(y0, 0), max(z0, 0)
                c, d = min(int(np.ceil(y)), h - 1), min(int(np.ceil(z)), w - 1)
                dy, dx = y - y0, z - z0
                top = x[:, :, a, b] + (x[:, :, a, d] - x[:, :, a, b]) * dx
                low = x[:, :, c, b] + (x[:, :, c, d] - x[:, :, c, b]) * dx
                out[:, :, i, j] = top + (low - top) * dy
            else:
                up = mode in ("align_corners", "half_pixel_centers")
                pick = (lambda v: int(np.floor(v + 0.5))) if up else (lambda v: int(np.floor(v)))
                out[:, :, i, j] = x[:, :, min(max(pick(y), 0), h - 1), min(max(pick(z), 0), w - 1)]
    return out


def padding_cases():
    x, w = numbers(400, 2, 3, 7, 10), numbers(401, 4, 3, 3, 2)
    sides = "pad_l: 1 pad_r: 0 pad_t: 2 pad_b: 1"
    conv = "convolution_param {{ num_output: 4 bias_term: false kernel_h: 3 kernel_w: 2 stride: 2 {} }}"
    yield Case("convolution-sides", layer("Convolution", ["x"], ["y"], conv.format(sides)), {"x": x},
               {"y": convolve(x, w, 2, (2, 1), (4, 5))}, blobs={"layer": [w]})
    (t, _, h), (l, _, v) = same(7, 3, 2), same(10, 2, 2)
    yield Case("convolution-same", layer("Convolution", ["x"], ["y"], conv.format("pad_type: 1")), {"x": x},
               {"y": convolve(x, w, 2, (t, l), (h, v))}, blobs={"layer": [w]})
    d = numbers(402, 3, 4, 3, 4)
    yield Case("deconvolution-sides",
               layer("Deconvolution", ["x"], ["y"], "convolution_param { num_output: 4 bias_term: false kernel_h: 3 kernel_w: 4 "
                     f"stride: 2 {sides} }}"), {"x": x}, {"y": transpose_convolve(x, d, 2, (2, 1), (1, 0))},
               blobs={"layer": [d]})
    for method in ("MAX", "AVE", "AVE_EXC_PAD"):
        pooling = f"pooling_param {{{{ pool: {method} kernel_h: 3 kernel_w: 4 stride: 2 {{}} }}}}"
        yield Case(f"pooling-sides-{method.lower()}", layer("Pooling", ["x"], ["y"], pooling.format(sides)), {"x": x},
                   {"y": pool(x, method, (3, 4), (2, 2), (2, 1), (1, 0), (5, 5))})
        yield Case(f"pooling-floor-{method.lower()}",
                   layer("Pooling", ["x"], ["y"], pooling.format("pad_l: 2 ceil_mode: false")), {"x": x},
                   {"y": pool(x, method, (3, 4), (2, 2), (0, 2), (0, 0), (3, 5))})
        (t, b, h), (l, r, v) = same(7, 3, 2), same(10, 4, 2)
        yield Case(f"pooling-same-{method.lower()}", layer("Pooling", ["x"], ["y"], pooling.format("pad_type: 1")), {"x": x},
                   {"y": pool(x, method, (3, 4), (2, 2), (t, l), (b, r), (h, v))})


def block_cases():
    x = numbers(410, 2, 4, 5, 3)
    padded = np.pad(x, ((0, 0), (1, 1), (0, 4), (0, 0)))
    forth = padded.reshape(2, 3, 2, 3, 3, 3).transpose(2, 4, 0, 1, 3, 5).reshape(12, 3, 3, 3)
    yield Case("space-to-batch", layer("SpaceToBatchND", ["x"], ["y"], "space_to_batch_nd_param { block_shape: [2, 3] "
               "paddings: [1, 1, 0, 4] }"), {"x": x}, {"y": forth})
    yield Case("batch-to-space", layer("BatchToSpaceND", ["x"], ["y"], "batch_to_space_nd_param { block_shape: [2, 3] "
               "crops: [1, 1, 0, 4] }"), {"x": forth}, {"y": x})


def depth_to_space(x, block, channels_first):
    """x as [N, H, W, C]; `channels_first`: the channels' own number comes before the place in the block."""
    n, h, w, c = x.shape
    depth = c // (block * block)
    out = np.zeros((n, h * block, w * block, depth), x.dtype)
    for i in range(h * block):
        for j in range(w * block):
            place = i % block * block + j % block
            for d in range(depth):
                source = d * block * block + place if channels_first else place * depth + d
                out[:, i, j, d] = x[:, i // block, j // block, source]
    return out


def space_to_depth(x, block):
    n, h, w, c = x.shape
    out = np.zeros((n, h // block, w // block, c * block * block), x.dtype)
    for i in range(h):
        for j in range(w):
            start = (i % block * block + j % block) * c
            out[:, i // block, j // block, start:start + c] = x[:, i, j]
    return out


def depth_cases():
    last = lambda x: x.transpose(0, 2, 3, 1)
    first = lambda x: x.transpose(0, 3, 1, 2)
    x = numbers(430, 2, 18, 4, 5)
    for form in ("NCHW", "DCR", "CRD"):
        yield Case(f"depth-to-space-{form.lower()}",
                   layer("DepthToSpace", ["x"], ["y"], f'depth_to_space_param {{ block_size: 3 data_format: "{form}" }}'),
                   {"x": x}, {"y": first(depth_to_space(last(x), 3, form == "CRD"))})
    yield Case("depth-to-space-default", layer("DepthToSpace", ["x"], ["y"], "depth_to_space_param { block_size: 3 }"),
               {"x": last(x)}, {"y": depth_to_space(last(x), 3, False)})
    y = numbers(431, 2, 3, 4, 6)
    yield Case("space-to-depth-nchw",
               layer("SpaceToDepth", ["x"], ["y"], 'space_to_depth_param { block_size: 2 data_format: "NCHW" }'),
               {"x": y}, {"y": first(space_to_depth(last(y), 2))})
    yield Case("space-to-depth-default", layer("SpaceToDepth", ["x"], ["y"], "space_to_depth_param { block_size: 2 }"),
               {"x": last(y)}, {"y": space_to_depth(last(y), 2)})


def norm_cases():
    x = numbers(440, 2, 3, 4, 5)
    mean, variance = numbers(441, 3), np.array([2.5, 0.001, 0.0], np.float32)
    factor = np.array([2], np.float32)
    deviation = np.sqrt(variance.astype(np.float64) / 2) + 0.25
    yield Case("batch-norm-deviation",
               layer("BatchNorm", ["x"], ["y"], "batch_norm_param { add_eps_before_sqrt: false eps: 0.25 }"), {"x": x},
               {"y": (x - mean.reshape(1, 3, 1, 1) / 2) / deviation.reshape(1, 3, 1, 1)},
               blobs={"layer": [mean, variance, factor]})
    slope, bias, spread = numbers(442, 1, 3, 1, 1), numbers(443, 1, 3, 1, 1), np.array([0.5, 2, 0.25], np.float32)
    blobs = [slope, bias, mean.reshape(1, 3, 1, 1), spread.reshape(1, 3, 1, 1)]
    unit = (x - blobs[2]) / np.sqrt(blobs[3].astype(np.float64) + 0.125)
    yield Case("bn-icnet", layer("BN", ["x"], ["y"], "bn_param { icnet: true eps: 0.125 frozen: true }"), {"x": x},
               {"y": slope * unit + bias}, blobs={"layer": blobs})
    # Fillers alone, which the block must tell apart: a mean of 0 and a variance of 1.
    text = "bn_param { icnet: true frozen: true eps: 0.125 slope_filler { value: 2 } bias_filler { value: -0.5 } }"
    yield Case("bn-icnet-fillers", layer("BN", ["x"], ["y"], text), {"x": x}, {"y": 2 * x / np.sqrt(1.125) - 0.5})


def eltwise(a, b, operation, axis=0, coeff=(1, 1)):
    """Element by element of a; those of b stand at `axis` and are read once for each inner run."""
    outer, inner = int(np.prod(a.shape[:axis])), int(np.prod(a.shape[axis + b.ndim:]))
    flat, rows = b.reshape(-1).astype(np.float64), a.reshape(outer, b.size, inner).astype(np.float64)
    out = np.zeros_like(rows)
    for n in range(outer):
        for d in range(b.size):
            for t in range(inner):
                x, y = rows[n, d, t], flat[d]
                out[n, d, t] = {"SUM": coeff[0] * x + coeff[1] * y, "PROD": x * y, "MAX": max(x, y), "MIN": min(x, y),
                                "DIV": x / y}[operation]
    return out.reshape(a.shape)


def eltwise_cases():
    x = numbers(450, 2, 3, 4, 5)
    other = np.where(np.abs(z := numbers(451, 2, 3, 4, 5)) < 0.1, 0.5, z).astype(np.float32)
    third = numbers(452, 2, 3, 4, 5)
    for operation in ("SUM", "PROD", "MAX", "MIN", "DIV"):
        for name, part, axis in (
            ("same", other, 0), ("scalar", other[0, 0, 0, 0], 0), ("rows", other[:, :, 0, 0], 0), ("channels", other[0, :, 0, 0], 1),
            ("last", other[0, 0, 0], -1),
        ):
            part, coeff = np.asarray(part, np.float32), (0.5, -2) if operation == "SUM" and name != "rows" else (1, 1)
            weights = f"coeff: {coeff[0]} coeff: {coeff[1]}" if coeff != (1, 1) else ""
            text = f"eltwise_param {{ operation: {operation} axis: {axis} {weights} }}"
            yield Case(f"eltwise-{operation.lower()}-{name}", layer("Eltwise", ["x", "z"], ["y"], text), {"x": x, "z": part},
                       {"y": eltwise(x, part, operation, axis % 4, coeff)})
    column = other[0, :, 0, 0]
    yield Case("eltwise-three", layer("Eltwise", ["x", "z", "w"], ["y"], "eltwise_param { operation: MIN axis: 1 }"),
               {"x": x, "z": column, "w": third}, {"y": np.minimum(eltwise(x, column, "MIN", 1), third)})


def python(module, name, settings, bottoms=("x",)):
    text = f"python_param {{ module: '{module}' layer: '{name}' param_str: \"{settings}\" }}"
    return layer("Python", bottoms, ["y"], text)


def python_cases():
    x = numbers(460, 2, 3, 4, 5)
    # ENet's: its test phase multiplies by 1 / (1 - p).
    yield Case("python-dropout", python("spatial_dropout", "SpatialDropoutLayer", "{'phase': 'TEST', 'p': '0.25'}"),
               {"x": x}, {"y": x / 0.75})
    sides = ((0, 0), (0, 0), (2, 1), (0, 3))
    for mode in ("constant", "edge", "reflect"):
        settings = f"{{'pad_t': 2, 'pad_b': 1, 'pad_l': 0, 'pad_r': 3, 'pad_mode': '{mode}'}}"
        yield Case(f"python-pad-plane-{mode}", python("pad", "PadTensor", settings), {"x": x}, {"y": np.pad(x, sides, mode)})
    listed = str([list(s) for s in sides])
    yield Case("python-pad", python("pads", "Pad", listed), {"x": x}, {"y": np.pad(x, sides)})
    yield Case("python-pad-value", python("pads", "PadV2", f"{{'paddings': {listed}, 'constant_values': -1.5}}"), {"x": x},
               {"y": np.pad(x, sides, constant_values=-1.5)})
    yield Case("python-pad-mirror", python("pads", "MirrorPad", f"{{'paddings': {listed}, 'mode': 'REFLECT'}}"), {"x": x},
               {"y": np.pad(x, sides, "reflect")})
    row = np.where(np.abs(z := numbers(461, 4, 1)) < 0.1, 0.5, z).astype(np.float32)
    results = [x * row, 0.5 * x - 2 * row, np.maximum(x, row), x / row, np.minimum(x, row)]
    for k, y in enumerate(results):
        yield Case(f"python-eltwise-{k}",
                   python("eltwise", "Eltwise", f"{{'operation': {k}, 'coeff': [0.5, -2]}}", ("x", "z")),
                   {"x": x, "z": row}, {"y": y})
    y = numbers(462, 2, 8, 4, 6)
    yield Case("python-reorg", python("yolov2", "darknet_reorg", ""), {"x": y}, {"y": reorg(y, 2, False)})


def cases():
    yield from padding_cases()
    yield from block_cases()
    yield from python_cases()
    yield from depth_cases()
    yield from norm_cases()
    yield from eltwise_cases()
    x = numbers(420, 2, 3, 4, 5, scale=5)
    yield Case("relu-six", layer("ReLU", ["x"], ["y"], "relu_param { relu6: true negative_slope: 0.5 }"), {"x": x},
               {"y": np.minimum(np.where(x > 0, x, 0.5 * x), 6)})
    yield Case("relu-bounds", layer("ReLU", ["x"], ["y"], "relu_param { maximum: 4 minimum: 1 }"), {"x": x},
               {"y": np.clip(x, 1, 4)})
    row = numbers(421, 4, 1)
    yield Case("mul", layer("Mul", ["x", "r"], ["y"]), {"x": x, "r": row}, {"y": x * row})
    yield Case("mul-own", layer("Mul", ["x"], ["y"], "mul_param { mul_shape: [4, 1] }"), {"x": x}, {"y": x * row},
               blobs={"layer": [row]})
    yield Case("add", layer("Add", ["r", "x"], ["y"]), {"x": x, "r": row}, {"y": x + row})
    yield Case("add-own", layer("Add", ["x"], ["y"]), {"x": x}, {"y": x + row}, blobs={"layer": [row]})
    thin = numbers(422, 2, 1, 3, 1)
    yield Case("squeeze", layer("Squeeze", ["x"], ["y"]), {"x": thin}, {"y": thin.reshape(2, 3)})
    yield Case("squeeze-one", layer("Squeeze", ["x"], ["y"], "squeeze_param { axis: -1 }"), {"x": thin},
               {"y": thin.reshape(2, 1, 3)})
    yield Case("eltwise-one", layer("Eltwise", ["x"], ["y"], "eltwise_param { coeff: 0.25 }"), {"x": x}, {"y": x * 0.25})
    for mode in ("", "align_corners", "half_pixel_centers"):
        text = f'output_height: 9 output_width: 3 data_format: "NCHW" {mode + ": true" if mode else ""}'
        yield Case(f"resize-linear-{mode or 'plain'}",
                   layer("ResizeBilinear", ["x"], ["y"], f"resize_bilinear_param {{ {text} }}"), {"x": x},
                   {"y": resize(x, 9, 3, mode, True)})
        yield Case(f"resize-nearest-{mode or 'plain'}",
                   layer("ResizeNearestNeighbor", ["x"], ["y"], f"resize_nearest_neighbor_param {{ {text} }}"), {"x": x},
                   {"y": resize(x, 9, 3, mode, False)})
    yield Case("resize-last-channels",
               layer("ResizeBilinear", ["x"], ["y"], "resize_bilinear_param { scale_height: 2 scale_width: 1.5 }"), {"x": x},
               {"y": resize(x.transpose(0, 3, 1, 2), 6, 6, "", True).transpose(0, 2, 3, 1)})
