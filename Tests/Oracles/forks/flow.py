"""FlowNet and FlowNet 2: correlation, warping, resampling, means, losses. Loops as in the fork's kernels."""

import math

import numpy as np

from .case import Case, bilinear_zero, layer, numbers, uniform


def correlation(a, b, kernel, pad, displacement, s1, s2, difference, direction=None):
    """direction None: both axes; 0, -1, 1: along x alone."""
    n, c, h, w = a.shape
    flat = direction is not None
    rows = 0 if flat else pad
    pa = np.pad(a.astype(np.float64), ((0, 0), (0, 0), (rows, rows), (pad, pad)))
    pb = np.pad(b.astype(np.float64), ((0, 0), (0, 0), (rows, rows), (pad, pad)))
    radius = (kernel - 1) // 2
    border = displacement + radius
    height = math.ceil((h + 2 * rows - 2 * (radius if flat else border)) / s1)
    width = math.ceil((w + 2 * pad - 2 * border) / s1)
    r = displacement // s2
    if direction in (None, 0):
        steps = list(range(-r, r + 1))
    else:
        steps = [o - (r + 1) for o in range(r + 1)] if direction == -1 else list(range(r + 1))
    across = [s * s2 for s in steps]
    down = [0] if flat else across
    out = np.zeros((n, len(across) * len(down), height, width))
    for item in range(n):
        for top, (p, o) in enumerate((p, o) for p in down for o in across):
            for y in range(height):
                for x in range(width):
                    y1, x1 = y * s1 + (0 if flat else displacement), x * s1 + displacement
                    total = 0.0
                    for j in range(kernel):
                        for i in range(kernel):
                            u = pa[item, :, y1 + j, x1 + i]
                            column = x1 + o + i
                            v = pb[item, :, y1 + p + j, column] if 0 <= column < w + 2 * pad else np.zeros(c)
                            total += np.abs(u - v).sum() if difference else (u * v).sum()
                    out[item, top, y, x] = total / (kernel * kernel * c)
    return out


def flow_warp(image, flow, fill):
    n, c, h, w = image.shape
    out = np.full(image.shape, fill, dtype=np.float64)
    for b in range(n):
        for y in range(h):
            for x in range(w):
                x2 = np.float32(x) + flow[b, 0, y, x]
                y2 = np.float32(y) + flow[b, 1, y, x]
                if x2 >= 0 and y2 >= 0 and x2 < w and y2 < h:
                    left, top = int(x2), int(y2)
                    right, bottom = min(left + 1, w - 1), min(top + 1, h - 1)
                    alpha, beta = float(x2) - left, float(y2) - top
                    out[b, :, y, x] = (
                        (1 - alpha) * (1 - beta) * image[b, :, top, left]
                        + alpha * (1 - beta) * image[b, :, top, right]
                        + (1 - alpha) * beta * image[b, :, bottom, left]
                        + alpha * beta * image[b, :, bottom, right]
                    )
    return out


def cubic(x):
    x = abs(x)
    if x <= 1:
        return x * x * (1.5 * x - 2.5) + 1
    return x * (x * (-0.5 * x + 2.5) - 4) + 2 if x < 2 else 0.0


def triangle(x):
    return max(0.0, 1 - abs(x))


def away(x):
    """C's round: halves away from 0."""
    return int(math.floor(abs(x) + 0.5) * (1 if x >= 0 else -1))


def resample(x, height, width, kind, antialias):
    n, c, h, w = x.shape
    fx, fy = np.float32(w) / np.float32(width), np.float32(h) / np.float32(height)
    wide = antialias and (fx > 1 or fy > 1)
    out = np.zeros((n, c, height, width))
    for y in range(height):
        for z in range(width):
            # The layer takes half of the other axis's ratio.
            xi = float(np.float32(z) * fx + fy / np.float32(2) - np.float32(0.5))
            yi = float(np.float32(y) * fy + fx / np.float32(2) - np.float32(0.5))
            xr, yr = away(xi), away(yi)
            if kind == "NEAREST":
                out[:, :, y, z] = x[:, :, min(max(yr, 0), h - 1), min(max(xr, 0), w - 1)]
                continue
            f, reach = (cubic, 4) if kind == "CUBIC" else (triangle, 2)
            ax, ay = (1 / float(fx), 1 / float(fy)) if wide else (1.0, 1.0)
            rx = 2 if fx < 1 else math.ceil(reach / ax)
            ry = 2 if fy < 1 else math.ceil(reach / ay)
            total, weight = np.zeros((n, c)), 0.0
            for i in range(yr - ry, yr + ry + 1):
                for j in range(xr - rx, xr + rx + 1):
                    if 0 <= i < h and 0 <= j < w:
                        v = ax * f(ax * (xi - j)) * ay * f(ay * (yi - i))
                        total += v * x[:, :, i, j]
                        weight += v
            out[:, :, y, z] = total / weight if weight else 0
    return out


def downsample(x, height, width):
    n, c, h, w = x.shape
    sw, sh = (w - 1) / (width - 1), (h - 1) / (height - 1)
    out = np.zeros((n, c, height, width))
    for b in range(n):
        for k in range(c):
            for y in range(height):
                for z in range(width):
                    bx, by = z / (width - 1) * (w - 1), y / (height - 1) * (h - 1)
                    value = weight = lost = 0.0
                    for i in range(away(by) - math.ceil(sh), away(by) + math.ceil(sh) + 1):
                        for j in range(away(bx) - math.ceil(sw), away(bx) + math.ceil(sw) + 1):
                            if 0 <= i < h and 0 <= j < w:
                                v = max(0.0, 1 - abs(j - bx) / sw) * max(0.0, 1 - abs(i - by) / sh)
                                s = float(x[b, k, i, j])
                                if math.isnan(s):
                                    lost += v
                                else:
                                    value += s * v
                                    weight += v
                    out[b, k, y, z] = float("nan") if weight == 0 or lost / weight > 0.5 else value / weight
    return out


def align_corners(x, height, width):
    n, c, h, w = x.shape
    out = np.zeros((n, c, height, width))
    for y in range(height):
        for z in range(width):
            xp, yp = z / (width - 1) * (w - 1), y / (height - 1) * (h - 1)
            i, j = int(yp), int(xp)
            i1, j1 = min(i + 1, h - 1), min(j + 1, w - 1)
            dy, dx = yp - i, xp - j
            out[:, :, y, z] = (
                (1 - dx) * (1 - dy) * x[:, :, i, j] + dx * (1 - dy) * x[:, :, i, j1]
                + (1 - dx) * dy * x[:, :, i1, j] + dx * dy * x[:, :, i1, j1]
            )
    return out


def crop(x, height, width):
    n, c, h, w = x.shape
    out = np.zeros((n, c, height, width))
    for y in range(height):
        for z in range(width):
            xp = min(max(z - 0.5 * width + 0.5 * w, 0), w - 1.05)
            yp = min(max(y - 0.5 * height + 0.5 * h, 0), h - 1.05)
            i, j = int(yp), int(xp)
            dy, dx = yp - i, xp - j
            out[:, :, y, z] = (
                (1 - dx) * (1 - dy) * x[:, :, i, j] + dx * dy * x[:, :, i + 1, j + 1]
                + (1 - dx) * dy * x[:, :, i + 1, j] + dx * (1 - dy) * x[:, :, i, j + 1]
            )
    return out


def correlation_cases():
    settings = [
        ("plain", dict(kernel=1, pad=4, displacement=4, s1=1, s2=2, difference=False)),
        ("patch", dict(kernel=3, pad=3, displacement=2, s1=2, s2=1, difference=False)),
        ("difference", dict(kernel=3, pad=2, displacement=3, s1=1, s2=3, difference=True)),
        ("strided", dict(kernel=1, pad=0, displacement=2, s1=2, s2=1, difference=True)),
        ("1d", dict(kernel=1, pad=4, displacement=4, s1=1, s2=1, difference=False, direction=0)),
        ("1d-left", dict(kernel=3, pad=5, displacement=4, s1=1, s2=2, difference=False, direction=-1)),
        ("1d-right", dict(kernel=1, pad=3, displacement=3, s1=2, s2=1, difference=True, direction=1)),
    ]
    for name, s in settings:
        a, b = numbers(1, 2, 5, 9, 11), numbers(2, 2, 5, 9, 11)
        one = "direction" in s
        text = (
            f"correlation_param {{ kernel_size: {s['kernel']} pad: {s['pad']} max_displacement: {s['displacement']} "
            f"stride_1: {s['s1']} stride_2: {s['s2']} correlation_type: {'SUBTRACT' if s['difference'] else 'MULTIPLY'} "
            + (f"single_direction: {s['direction']} " if one else "") + "}"
        )
        yield Case(
            f"correlation-{name}", layer("Correlation1D" if one else "Correlation", ["a", "b"], ["y"], text),
            {"a": a, "b": b}, {"y": correlation(a, b, **s)},
        )


def cases():
    yield from correlation_cases()
    image, flow = numbers(3, 2, 3, 7, 9), numbers(4, 2, 2, 7, 9, scale=4)
    flow[0, 0, 0, :3] = [8, 8.5, 9]  # The last column, past it, outside.
    flow[0, 1, 0, :3] = 0
    flow[1, 0, 2, 2] = np.nan
    for kind, value in (("ZERO", 0.0), ("NOT_A_NUMBER", float("nan"))):
        yield Case(
            f"flow-warp-{kind.lower()}",
            layer("FlowWarp", ["i", "f"], ["y"], f"flow_warp_param {{ fill_value: {kind} }}"),
            {"i": image, "f": flow}, {"y": flow_warp(image, flow, value)},
        )
    x = numbers(5, 2, 3, 8, 11)
    for kind in ("NEAREST", "LINEAR", "CUBIC"):
        for height, width, anti in ((5, 4, True), (5, 4, False), (13, 29, True), (16, 7, True), (16, 22, False)):
            yield Case(
                f"resample-{kind.lower()}-{height}x{width}{'' if anti else '-plain'}",
                layer("Resample", ["x"], ["y"], f"resample_param {{ height: {height} width: {width} type: {kind} "
                      f"antialias: {str(anti).lower()} }}"),
                {"x": x}, {"y": resample(x, height, width, kind, anti)},
            )
    reference = numbers(6, 2, 1, 6, 5)
    yield Case(
        "resample-reference", layer("Resample", ["x", "r"], ["y"], "resample_param { type: LINEAR }"),
        {"x": x, "r": reference}, {"y": resample(x, 6, 5, "LINEAR", True)},
    )
    holes = x.copy()
    holes[0, 1, 2:5, 3:6] = np.nan
    yield Case(
        "downsample", layer("Downsample", ["x"], ["y"], "downsample_param { top_height: 3 top_width: 5 }"),
        {"x": holes}, {"y": downsample(holes, 3, 5)},
    )
    small = numbers(7, 2, 2, 4, 6)
    yield Case(
        "accum", layer("Accum", ["x", "s"], ["y"], "accum_param { size_divisible_by: 6 }"), {"x": x, "s": small},
        {"y": np.concatenate([align_corners(x, 12, 12), align_corners(small, 12, 12)], axis=1)},
    )
    yield Case(
        "accum-reference", layer("Accum", ["x", "s", "r"], ["y"], "accum_param { have_reference: true }"),
        {"x": x, "s": small, "r": reference},
        {"y": np.concatenate([align_corners(x, 6, 5), align_corners(small, 6, 5)], axis=1)},
    )
    yield Case(
        "channel-norm", layer("ChannelNorm", ["x"], ["y"]), {"x": x},
        {"y": np.sqrt((x.astype(np.float64) ** 2).sum(axis=1, keepdims=True))},
    )
    mean = np.array([1.5, -2, 0.25]).reshape(1, 3, 1, 1)
    yield Case(
        "mean", layer("Mean", ["x"], ["y"], "mean_param { operation: SUBTRACT value: [1.5, -2, 0.25] input_scale: 3 "
                      "mean_scale: 2 output_scale: 0.5 }"),
        {"x": x}, {"y": 0.5 * (3 * x - 2 * mean)},
    )
    yield from light_cases()
    yield from augmentation_cases(x)
    yield from loss_cases(holes)


def augmentation_cases(x):
    pictures = uniform(8, 0, 255, 2, 3, 8, 11)
    blobs = [np.full((1, 1, 1, 1), 20, np.float32), uniform(9, 90, 120, 1, 3, 8, 11), uniform(10, 90, 120, 1, 3, 1, 1)]
    text = "augmentation_param {{ recompute_mean: {} mean_per_pixel: {} {} }}"
    yield Case(
        "augmentation-colour", layer("DataAugmentation", ["x"], ["y"], text.format(10, "false", "")), {"x": pictures},
        {"y": pictures - blobs[2]}, blobs={"layer": blobs},
    )
    yield Case(
        "augmentation-picture", layer("DataAugmentation", ["x"], ["y"], text.format(10, "true", "")), {"x": pictures},
        {"y": pictures - blobs[1]}, blobs={"layer": blobs},
    )
    yield Case(
        "augmentation-crop",
        layer("DataAugmentation", ["x"], ["y"], text.format(0, "false", "mean: [90, 100, 110] crop_height: 5 crop_width: 11")),
        {"x": pictures}, {"y": crop(pictures, 5, 11) - np.array([90, 100, 110]).reshape(1, 3, 1, 1)}, atol=1e-3,
    )
    running = (blobs[1] * 20 + pictures.mean(axis=0, keepdims=True, dtype=np.float64)) / 21
    yield Case(
        "augmentation-learning", layer("DataAugmentation", ["x"], ["y"], text.format(1000, "false", "")), {"x": pictures},
        {"y": pictures - running.mean(axis=(2, 3), keepdims=True)}, blobs={"layer": blobs}, atol=1e-3,
    )


def warp(image, places):
    n, c, h, w = image.shape
    out = np.zeros(image.shape)
    for b in range(n):
        for y in range(h):
            for x in range(w):
                for k in range(c):
                    out[b, k, y, x] = bilinear_zero(image[b, k], places[b, 1, y, x], places[b, 0, y, x])
    return out


def light_cases():
    """LiteFlowNet."""
    image = numbers(20, 2, 3, 5, 7)
    places = uniform(21, -2.5, 8.5, 2, 2, 5, 7)
    yield Case("warp", layer("Warp", ["x", "p"], ["y"]), {"x": image, "p": places}, {"y": warp(image, places)})
    flow = numbers(22, 2, 2, 5, 7, scale=2)
    grid = np.stack(np.meshgrid(np.arange(7), np.arange(5)))[None]
    moved = flow + grid.astype(np.float32)
    yield Case(
        "grid",
        layer("Grid", ["f"], ["g"], name="grid")
        + layer("Eltwise", ["f", "g"], ["p"], name="sum") + layer("Warp", ["x", "p"], ["y"]),
        {"x": image, "f": flow}, {"y": warp(image, moved)},
    )
    x = numbers(23, 1, 6, 5, 7, scale=3)
    yield Case("negative-square", layer("NegSquare", ["x"], ["y"]), {"x": x}, {"y": -x.astype(np.float64) ** 2})
    below = x.astype(np.float64) - x.max(axis=1, keepdims=True)
    yield Case("exp-max", layer("ExpMax", ["x"], ["y"]), {"x": x}, {"y": np.exp(below)})
    yield Case("exp-max-base", layer("ExpMax", ["x"], ["y"], "expmax_param { base: 2 scale: 0.5 shift: 1 }"), {"x": x},
               {"y": 2 ** (1 + 0.5 * below)})


def loss_cases(holes):
    other = numbers(11, *holes.shape)
    d = holes.astype(np.float64) - other
    mask = ~np.isnan(d)
    d = np.where(mask, d, 0)
    count = mask.sum() / holes.shape[1]
    yield Case(
        "l1-loss", layer("L1Loss", ["x", "t"], ["y"], "l1_loss_param { plateau: 0.5 normalize_by_num_entries: true }"),
        {"x": holes, "t": other}, {"y": np.array(np.where(np.abs(d) < 0.5, 0, np.abs(d)).sum() / count)},
    )
    squares = (d ** 2).sum(axis=1)
    squares = np.where(squares < 0.09, 0, squares)
    yield Case(
        "l1-loss-by-place", layer("L1Loss", ["x", "t"], ["y"], "l1_loss_param { l2_per_location: true plateau: 0.3 }"),
        {"x": holes, "t": other}, {"y": np.array(np.sqrt(squares + 0.01).sum() / holes.shape[0])},
    )
    inner = ((np.abs(d) + 0.1) ** 0.4).mean(axis=1)
    yield Case(
        "lpq-loss", layer("LpqLoss", ["x", "t"], ["y"], "lpq_loss_param { p: 0.4 q: 0.2 p_epsilon: 0.1 "
                          "l2_prescale_by_channels: true }"),
        {"x": holes, "t": other}, {"y": np.array(((inner + 0.01) ** 0.2).sum() / holes.shape[0])},
    )
