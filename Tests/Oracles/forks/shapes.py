"""Layers that move, resize, normalise or multiply. Loops as in the forks' code."""

import math

import numpy as np

from .case import Case, bilinear_zero, layer, numbers, sigmoid, uniform


def interp(x, height, width, begin=0, end=0):
    h, w = x.shape[2:]
    x = x[:, :, -begin:h + end, -begin:w + end]
    h, w = x.shape[2:]
    out = np.zeros((*x.shape[:2], height, width))
    rh = np.float32(h - 1) / np.float32(height - 1) if height > 1 else np.float32(0)
    rw = np.float32(w - 1) / np.float32(width - 1) if width > 1 else np.float32(0)
    for y in range(height):
        for z in range(width):
            fy, fx = float(rh * np.float32(y)), float(rw * np.float32(z))
            i, j = int(fy), int(fx)
            i1, j1, dy, dx = min(i + 1, h - 1), min(j + 1, w - 1), fy - i, fx - j
            out[:, :, y, z] = (1 - dy) * ((1 - dx) * x[:, :, i, j] + dx * x[:, :, i, j1]) + dy * (
                (1 - dx) * x[:, :, i1, j] + dx * x[:, :, i1, j1])
    return out


def interp_cases():
    x = numbers(300, 2, 3, 9, 13)
    for name, text, size in (
        ("shrink", "shrink_factor: 2", (5, 7)), ("zoom", "zoom_factor: 3", (25, 37)),
        ("size", "height: 4 width: 17", (4, 17)), ("one-row", "height: 1 width: 6", (1, 6)),
        ("size-before-both", "height: 11 width: 5 shrink_factor: 2 zoom_factor: 2", (11, 5)),
        ("both", "shrink_factor: 2 zoom_factor: 3", (13, 19)),
        ("shrink-before-size", "height: 11 width: 5 shrink_factor: 4", (3, 4)),
    ):
        yield Case(f"interp-{name}", layer("Interp", ["x"], ["y"], f"interp_param {{ {text} }}"), {"x": x},
                   {"y": interp(x, *size)})
    yield Case("interp-cropped", layer("Interp", ["x"], ["y"], "interp_param { zoom_factor: 2 pad_beg: -1 pad_end: -2 }"),
               {"x": x}, {"y": interp(x, 11, 19, -1, -2)})


def reorg(x, stride, reverse):
    n, c, h, w = x.shape
    oc = c // (stride * stride)
    flat, out = x.reshape(n, -1), np.zeros_like(x.reshape(n, -1))
    for k in range(c):
        for j in range(h):
            for i in range(w):
                near = i + w * (j + h * k)
                w2, h2 = i * stride + (k // oc) % stride, j * stride + (k // oc) // stride
                far = w2 + w * stride * (h2 + h * stride * (k % oc))
                if reverse:
                    out[:, far] = flat[:, near]
                else:
                    out[:, near] = flat[:, far]
    if reverse:
        return out.reshape(n, oc, h * stride, w * stride)
    return out.reshape(n, c * stride * stride, h // stride, w // stride)


def normalize(x, across, scale, eps):
    squares = x.astype(np.float64) ** 2
    norm = np.sqrt(squares.sum(axis=(1, 2, 3) if across else 1, keepdims=True) + eps)
    return x / norm * np.asarray(scale, np.float64).reshape(1, -1, 1, 1)


def spatial_transformer(x, theta, height, width):
    n, c, h, w = x.shape
    out = np.zeros((n, c, height, width))
    for b in range(n):
        for s in range(height):
            for t in range(width):
                p = theta[b].reshape(2, 3).astype(np.float64) @ [s / height * 2 - 1, t / width * 2 - 1, 1]
                row, column = (p[0] + 1) / 2 * h, (p[1] + 1) / 2 * w
                for k in range(c):
                    out[b, k, s, t] = bilinear_zero(x[b, k], row, column)
    return out


def ctc(probabilities, marks, blank, merge):
    t, n, c = probabilities.shape
    out, scores = np.full((n, t, 1, 1), -1.0), np.zeros((n, 1, 1, 1))
    for b in range(n):
        before, found = -1, []
        for step in range(t):
            best = int(probabilities[step, b].argmax())
            scores[b] -= probabilities[step, b].max()
            if best != blank and not (merge and best == before):
                found.append(best)
            before = best
            if step + 1 == t or marks[step + 1, b] == 0:
                break
        out[b, :len(found), 0, 0] = found
    return out, scores


def unpool(x, kernel, stride, height, width, method, mask=None):
    n, c, h, w = x.shape
    out = np.zeros((n, c, height, width))
    for i in range(h):
        for j in range(w):
            y, z = i * stride, j * stride
            if method == "MAX":
                if mask is None:
                    out[:, :, min(y, height - 1), min(z, width - 1)] = x[:, :, i, j]
                continue
            part = out[:, :, y:min(y + kernel, height), z:min(z + kernel, width)]
            size = (min(y + kernel, height) - y) * (min(z + kernel, width) - z)
            part += (x[:, :, i, j] / (size if method == "AVE" else 1))[:, :, None, None]
    if mask is not None:
        for index in np.ndindex(x.shape):
            place = int(mask[index])
            out[index[0], index[1], place // width, place % width] = x[index]
    return out


def lstm(x, cont, w, u, b, steps, batch):
    hidden, out, h, c = u.shape[1], [], None, None
    x = x.reshape(steps, batch, -1).astype(np.float64)
    for t in range(steps):
        go = (cont.reshape(steps, batch)[t] != 0) if cont is not None else np.full(batch, t > 0)
        go = go.astype(np.float64)[:, None]
        gates = x[t] @ w.T.astype(np.float64) + b
        if t > 0:
            gates = gates + (h * go) @ u.T
        i, f, o, g = np.split(gates, 4, axis=1)
        c = sigmoid(i) * np.tanh(g) + (sigmoid(f) * c * go if t > 0 else 0)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.concatenate(out).reshape(steps * batch, hidden)


def convolve3(x, w, b, stride, pad):
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), *((p, p) for p in pad)))
    size = [(x.shape[2 + a] - w.shape[2 + a]) // stride[a] + 1 for a in range(3)]
    out = np.zeros((x.shape[0], w.shape[0], *size))
    for index in np.ndindex(*size):
        cut = tuple(slice(index[a] * stride[a], index[a] * stride[a] + w.shape[2 + a]) for a in range(3))
        out[(slice(None), slice(None), *index)] = np.einsum("ncxyz,ocxyz->no", x[(slice(None), slice(None), *cut)], w) + b
    return out


def pool3(x, kernel, stride, pad, average):
    extent = x.shape[2:]
    size = [math.ceil((extent[a] + 2 * pad[a] - kernel[a]) / stride[a]) + 1 for a in range(3)]
    if any(pad):
        size = [s - 1 if (s - 1) * stride[a] >= extent[a] + pad[a] else s for a, s in enumerate(size)]
    out = np.zeros((*x.shape[:2], *size))
    for index in np.ndindex(*size):
        cut, count = [], 1
        for a in range(3):
            start = index[a] * stride[a] - pad[a]
            end = min(start + kernel[a], extent[a] + pad[a])
            count *= end - start
            cut.append(slice(max(start, 0), min(end, extent[a])))
        part = x[(slice(None), slice(None), *cut)].astype(np.float64)
        out[(slice(None), slice(None), *index)] = part.sum((2, 3, 4)) / count if average else part.max((2, 3, 4))
    return out


def cases():
    yield from interp_cases()
    x = numbers(310, 2, 8, 4, 6)
    for reverse in (False, True):
        yield Case(f"reorg-{'back' if reverse else 'forth'}",
                   layer("Reorg", ["x"], ["y"], f"reorg_param {{ stride: 2 reverse: {str(reverse).lower()} }}"), {"x": x},
                   {"y": reorg(x, 2, reverse)})
    scale = uniform(311, 5, 20, 8)
    for across in (True, False):
        text = f"norm_param {{ across_spatial: {str(across).lower()} channel_shared: {str(across).lower()} eps: 0.01 }}"
        given = scale[:1].reshape(()) if across else scale
        yield Case(f"normalize-{'picture' if across else 'place'}", layer("Normalize", ["x"], ["y"], text), {"x": x},
                   {"y": normalize(x, across, given, 0.01)}, blobs={"layer": [given]})
    for name, text, divisor in (
        ("middle", "negative_slope_lower: 3 negative_slope_upper: 8", 5.5), ("logarithmic", "lb: 4 ub: 9", 5 / math.log(9 / 4)),
    ):
        yield Case(f"rrelu-{name}", layer("RReLU", ["x"], ["y"], f"rrelu_param {{ {text} }}"), {"x": x},
                   {"y": np.maximum(x, 0) + np.minimum(x, 0) / divisor})
    yield Case("grn", layer("GRN", ["x"], ["y"], "grn_param { bias: 0.5 }"), {"x": x},
               {"y": x / np.sqrt((x.astype(np.float64) ** 2).sum(1, keepdims=True) + 0.5)})
    yield from sampling_cases()
    yield from sequence_cases()
    yield from volume_cases()
    yield from moving_cases(x)


def sampling_cases():
    x = numbers(320, 2, 3, 6, 9)
    theta = np.array([[0.8, 0.3, 0.1, -0.2, 1.1, -0.3], [1, 0, 0, 0, 1, 0]], np.float32)
    yield Case("spatial-transformer", layer("SpatialTransformer", ["x", "t"], ["y"], "st_param { output_H: 5 output_W: 7 }"),
               {"x": x, "t": theta}, {"y": spatial_transformer(x, theta, 5, 7)})
    part = theta[:, [0, 2, 4, 5]]
    full = np.stack([part[:, 0], np.full(2, 0.25), part[:, 1], np.full(2, -0.5), part[:, 2], part[:, 3]], 1).astype("f")
    yield Case("spatial-transformer-fixed",
               layer("SpatialTransformer", ["x", "t"], ["y"], "st_param { theta_1_2: 0.25 theta_2_1: -0.5 }"),
               {"x": x, "t": part}, {"y": spatial_transformer(x, full, 6, 9)})
    small = numbers(321, 2, 3, 3, 4)
    for method in ("AVE", "TILE", "MAX"):
        yield Case(f"unpooling-{method.lower()}",
                   layer("Unpooling", ["x"], ["y"], f"unpooling_param {{ unpool: {method} kernel_size: 3 stride: 2 "
                         "unpool_h: 6 unpool_w: 11 }"),
                   {"x": small}, {"y": unpool(small, 3, 2, 6, 11, method)})
    mask = np.stack([np.random.default_rng(322 + k).permutation(6 * 8)[:12].reshape(3, 4) for k in range(6)])
    mask = mask.reshape(2, 3, 3, 4).astype(np.float32)
    want = unpool(small, 2, 2, 6, 8, "MAX", mask)
    yield Case("unpooling-mask", layer("Unpooling", ["x", "m"], ["y"], "unpooling_param { unpool: MAX kernel_size: 2 "
               "stride: 2 unpool_h: 6 unpool_w: 8 }"), {"x": small, "m": mask}, {"y": want})
    yield Case("upsample-mask", layer("Upsample", ["x", "m"], ["y"], "upsample_param { scale: 2 }"),
               {"x": small, "m": mask}, {"y": want})
    yield Case("upsample-repeat", layer("Upsample", ["x"], ["y"], "upsample_param { scale: 3 }"), {"x": small},
               {"y": small.repeat(3, 2).repeat(3, 3)})
    nearest = small[:, :, [int(i * (3 / 7)) for i in range(7)]][:, :, :, [int(i * (4 / 5)) for i in range(5)]]
    yield Case("deephi-nearest", layer("DeephiResize", ["x"], ["y"], "deephi_resize_param { new_height: 7 new_width: 5 "
               "resize_type: NEAREST }"), {"x": small}, {"y": nearest})


def sequence_cases():
    p = uniform(330, 0, 1, 11, 3, 4)
    marks = np.ones((11, 3), np.float32)
    marks[0] = 0
    marks[6:, 1] = 0
    marks[1:, 2] = 0
    for merge in (True, False):
        sequences, scores = ctc(p, marks, 3, merge)
        yield Case(f"ctc-{'merged' if merge else 'all'}",
                   layer("CTCGreedyDecoder", ["p", "m"], ["y", "s"],
                         f"ctc_decoder_param {{ ctc_merge_repeated: {str(merge).lower()} }}"),
                   {"p": p, "m": marks}, {"y": sequences, "s": scores})
    w, u, b = numbers(331, 20, 7), numbers(332, 20, 5), numbers(333, 20)
    x = numbers(334, 12, 7)
    cont = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.float32).reshape(-1)
    blobs = {"layer": [w, u, b]}
    yield Case("lstm", layer("Lstm", ["x", "c"], ["y"], "lstm_param { num_output: 5 batch_size: 3 }"), {"x": x, "c": cont},
               {"y": lstm(x, cont, w, u, b, 4, 3)}, blobs=blobs)
    yield Case("lstm-alone", layer("Lstm", ["x"], ["y"], "lstm_param { num_output: 5 }"), {"x": x},
               {"y": lstm(x, None, w, u, b, 12, 1)}, blobs=blobs)


def volume_cases():
    x, w, b = numbers(340, 2, 3, 5, 7, 6), numbers(341, 4, 3, 3, 2, 2), numbers(342, 4)
    yield Case("convolution-3d", layer("Convolution3D", ["x"], ["y"], "convolution_param { num_output: 4 kernel_size: 2 "
               "kernel_depth: 3 stride: 2 temporal_stride: 1 pad: 1 temporal_pad: 1 }"), {"x": x},
               {"y": convolve3(x, w, b, (1, 2, 2), (1, 1, 1))}, blobs={"layer": [w, b]})
    for method in ("MAX", "AVE"):
        yield Case(f"pooling-3d-{method.lower()}",
                   layer("Pooling3D", ["x"], ["y"], f"pooling_param {{ pool: {method} kernel_size: 3 kernel_depth: 2 "
                         "stride: 2 temporal_stride: 2 pad: 1 }"),
                   {"x": x}, {"y": pool3(x, (2, 3, 3), (2, 2, 2), (0, 1, 1), method == "AVE")})


def pixel_shuffle(x, r):
    n, c, h, w = x.shape
    out = np.zeros((n, c // (r * r), h * r, w * r), x.dtype)
    for k in range(c):
        for i in range(h):
            for j in range(w):
                out[:, k // (r * r), i * r + k // r % r, j * r + k % r] = x[:, k, i, j]
    return out


def core_field_cases():
    """Fields that forks add to BVLC's own layers."""
    x, w = numbers(355, 2, 3, 8, 9), numbers(356, 4, 3, 3, 3)
    yield Case("dropout-scale-train", layer("Dropout", ["x"], ["y"], "dropout_param { dropout_ratio: 0.3 scale_train: false }"),
               {"x": x}, {"y": x * np.float32(0.7)})
    yield Case("elu-lambda", layer("ELU", ["x"], ["y"], "elu_param { alpha: 1.6732632 lambda: 1.050701 }"), {"x": x},
               {"y": 1.050701 * np.where(x > 0, x, 1.6732632 * np.expm1(x.astype(np.float64)))})
    dilated = np.zeros((4, 3, 5, 5), np.float32)
    dilated[:, :, ::2, ::2] = w
    sums = np.zeros((2, 4, 4, 5))
    for i in range(4):
        for j in range(5):
            sums[:, :, i, j] = np.einsum("nchw,ochw->no", x[:, :, i:i + 5, j:j + 5].astype(np.float64), dilated)
    yield Case("convolution-filter-stride", layer("Convolution", ["x"], ["y"], "convolution_param { num_output: 4 kernel_size: 3 "
               "filter_stride: 2 bias_term: false }"), {"x": x}, {"y": sums}, blobs={"layer": [w]})
    means, tops = np.zeros((2, 3, 5, 5)), np.zeros((2, 3, 3, 4))
    for i in range(5):
        for j in range(5):
            means[:, :, i, j] = x[:, :, max(0, 2 * i - 1):2 * i + 2, max(0, 2 * j - 1):2 * j + 2].astype(np.float64).mean((2, 3))
    yield Case("pooling-without-padding", layer("Pooling", ["x"], ["y"], "pooling_param { pool: AVE kernel_size: 3 stride: 2 "
               "pad: 1 avg_include_pad: false }"), {"x": x}, {"y": means})
    for i in range(3):
        for j in range(4):
            tops[:, :, i, j] = x[:, :, 2 * i:2 * i + 3, 2 * j:2 * j + 3].max((2, 3))
    yield Case("pooling-torch", layer("Pooling", ["x"], ["y"], "pooling_param { pool: MAX kernel_size: 3 stride: 2 "
               "torch_pooling: true }"), {"x": x}, {"y": tops})


def moving_cases(x):
    yield from core_field_cases()
    wide = numbers(354, 2, 18, 3, 4)
    yield Case("reshape-pixelshuffler", layer("Reshape", ["x"], ["y"], "reshape_param { pixelshuffler: 3 }"), {"x": wide},
               {"y": pixel_shuffle(wide, 3)})
    yield Case("reverse", layer("Reverse", ["x"], ["y"], "reverse_param { axis: 2 }"), {"x": x}, {"y": x[:, :, ::-1]})
    y = x[:, [0, 5, 0, 3, 4, 1]].copy()
    y[:, 2] = 2.5
    yield Case("channel-permutation",
               layer("ChannelPermutation", ["x"], ["y"], "channel_permutation_param { num_output: 6 action { chan: 1 copy: 5 } "
                     "action { chan: 2 fill: 2.5 } action { chan: 5 copy: 1 } }"), {"x": x}, {"y": y})
    yield Case("padding", layer("Pad", ["x"], ["y"], "pad_param { paddings: [0, 0, 1, 0, 2, 3, 0, 1] constant_values: 1.5 }"),
               {"x": x}, {"y": np.pad(x, ((0, 0), (1, 0), (2, 3), (0, 1)), constant_values=1.5)})
    a, m = numbers(350, 2, 3, 4, 5), numbers(351, 2, 3, 6, 5)
    yield Case("matmul", layer("MatMul", ["a", "b"], ["y"], "matmul_param { transpose_b: true }"), {"a": a, "b": m},
               {"y": a.astype(np.float64) @ m.transpose(0, 1, 3, 2)})
    plane = numbers(352, 2, 1, 4, 6)
    yield Case("spatial-product", layer("SpatialProduct", ["x", "p"], ["y"]), {"x": x, "p": plane}, {"y": x * plane})
    v = numbers(353, 2, 14, 3)
    levels = np.stack([v[:, :1].mean(1), v[:, 1:5].mean(1), v[:, 5:].mean(1)], axis=1)
    yield Case("batch-reduction-levels",
               layer("BatchReduction", ["v"], ["y"], "batch_reduction_param { level: [1, 2, 3] reduction_param { operation: "
                     "MEAN axis: 1 } }"), {"v": v}, {"y": levels})
    yield Case("batch-reduction-topk",
               layer("BatchReduction", ["v"], ["y"], "batch_reduction_param { reduction_param { operation: TOPK axis: 1 k: 4 } "
                     "}"), {"v": v}, {"y": np.sort(v, axis=1)[:, -4:].mean(1)})
    yield from normalisation_cases(x)


def normalisation_cases(x):
    mean, variance, scale, bias = numbers(360, 8), uniform(361, 0.5, 2, 8), numbers(362, 8), numbers(363, 8)
    factor = np.array([2.5], np.float32)
    column = lambda v: v.astype(np.float64).reshape(1, -1, 1, 1)
    stored = (x - column(mean) / 2.5) / np.sqrt(column(variance) / 2.5 + 1e-5)
    plain = (x - column(mean)) / np.sqrt(column(variance) + 1e-5)
    for name, kind, blobs, want in (
        ("3", "BatchNorm", [mean, variance, factor], stored),
        ("5", "BatchNorm", [mean, variance, factor, scale, bias], stored * column(scale) + column(bias)),
        ("4-cudnn", "CuDNNBatchNorm", [mean, variance, scale, bias], plain * column(scale) + column(bias)),
        ("4-cudnn-plain-name", "BatchNorm", [mean, variance, scale, bias], plain * column(scale) + column(bias)),
        ("4-intel", "BatchNorm", [mean, variance, factor, scale], stored * column(scale)),
    ):
        yield Case(f"batch-norm-{name}", layer(kind, ["x"], ["y"]), {"x": x}, {"y": want}, blobs={"layer": blobs})
    yield Case("batch-norm-relu", layer("BatchNorm", ["x"], ["y"], "batch_norm_param { relu: true }"), {"x": x},
               {"y": np.maximum(stored * column(scale) + column(bias), 0)},
               blobs={"layer": [mean, variance, factor, scale, bias]})
    w, other = numbers(364, 4, 8, 1, 1), numbers(365, 2, 4, 4, 6)
    conv = np.einsum("nchw,oc->nohw", x.astype(np.float64), w[:, :, 0, 0])
    yield Case("convolution-fused",
               layer("Convolution", ["x", "o"], ["y"], "convolution_param { num_output: 4 kernel_size: 1 bias_term: false "
                     "fusion_type: SUM_FUSION relu: true negative_slope: 0.25 }"), {"x": x, "o": other},
               {"y": np.where(conv + other > 0, conv + other, 0.25 * (conv + other))}, blobs={"layer": [w]})
    four = [v.reshape(1, 8, 1, 1) for v in (scale, bias, mean, variance)]
    yield Case("bn-four-blobs", layer("BN", ["x"], ["y"], "bn_param { frozen: true }"), {"x": x},
               {"y": plain * column(scale) + column(bias)}, blobs={"layer": four})
    yield Case("bn-segnet", layer("BN", ["x"], ["y"], "bn_param { bn_mode: INFERENCE }"), {"x": x},
               {"y": x * column(scale) + column(bias)}, blobs={"layer": four[:2]})
    mean, variance = x.mean((0, 2, 3), dtype=np.float64), x.astype(np.float64).var((0, 2, 3))
    yield Case("bn-segnet-learn", layer("BN", ["x"], ["y"], "bn_param { bn_mode: LEARN }"), {"x": x},
               {"y": (x - column(mean)) / np.sqrt(column(variance) + 1e-9) * column(scale) + column(bias)},
               blobs={"layer": four[:2]})
