"""Detectors: SSD's priors and output layer, YOLO's output layers, proposals and region pooling. Loops as in the forks' code."""

import math

import numpy as np

from .case import Case, layer, numbers, sigmoid, softmax, uniform


def overlap(a, b):
    """Intersection over union of corner boxes; a box whose far corner lies before its near corner has no area."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    area = [0.0 if c[2] < c[0] or c[3] < c[1] else (c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return w * h / (area[0] + area[1] - w * h)


def suppress(boxes, scores, threshold, limit, eta, top_k):
    order = [i for i in np.argsort(-scores, kind="stable") if scores[i] > threshold]
    if top_k > -1:
        order = order[:top_k]
    kept, now = [], limit
    for i in order:
        if all(overlap(boxes[i], boxes[j]) <= now for j in kept):
            kept.append(i)
            if eta < 1 and now > 0.5:
                now *= eta
    return kept


def decode(prior, variance, loc, code, encoded):
    v = np.ones(4) if encoded else variance.astype(np.float64)
    p, d = prior.astype(np.float64), loc.astype(np.float64) * v
    w, h = p[2] - p[0], p[3] - p[1]
    if code == "CORNER":
        return p + d
    if code == "CORNER_SIZE":
        return p + d * np.array([w, h, w, h])
    cx, cy = d[0] * w + (p[0] + p[2]) / 2, d[1] * h + (p[1] + p[3]) / 2
    bw, bh = math.exp(d[2]) * w, math.exp(d[3]) * h
    return np.array([cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2])


def detection_output(loc, conf, prior, classes, share, background, code, encoded, threshold, limit, eta, top_k, keep):
    n, priors = loc.shape[0], prior.shape[2] // 4
    sets = 1 if share else classes
    loc, conf = loc.reshape(n, priors, sets, 4), conf.reshape(n, priors, classes)
    boxes, variances = prior[0, 0].reshape(priors, 4), prior[0, 1].reshape(priors, 4)
    rows = []
    for i in range(n):
        decoded = [[decode(boxes[p], variances[p], loc[i, p, s], code, encoded) for p in range(priors)] for s in range(sets)]
        found = {}
        for c in range(classes):
            if c != background:
                found[c] = suppress(decoded[0 if share else c], conf[i, :, c], threshold, limit, eta, top_k)
        if keep > -1 and sum(map(len, found.values())) > keep:
            best = sorted(((conf[i, p, c], c, p) for c, ps in found.items() for p in ps), key=lambda t: -t[0])[:keep]
            found = {c: [p for _, d, p in best if d == c] for c in found}
        for c, ps in found.items():
            rows += [[i, c, conf[i, p, c], *decoded[0 if share else c][p]] for p in ps]
    if not rows:
        rows = [[i] + [-1] * 6 for i in range(n)]
    return np.array(rows).reshape(1, 1, -1, 7)


def detection_cases():
    base = dict(
        classes=4, share=True, background=0, code="CENTER_SIZE", encoded=False, threshold=0.2, limit=0.45, eta=1.0, top_k=7,
        keep=9,
    )
    variants = {
        "plain": {}, "all-candidates": dict(top_k=-1, keep=-1), "no-candidates": dict(top_k=0), "keep-none": dict(keep=0),
        "corner": dict(code="CORNER"), "corner-size": dict(code="CORNER_SIZE", encoded=True),
        "by-class": dict(share=False, background=2), "no-background": dict(background=-1, limit=0.3),
        "adaptive": dict(eta=0.9, limit=0.8, keep=-1), "adaptive-by-class": dict(eta=0.7, limit=0.9, share=False, top_k=-1),
        "nothing": dict(threshold=2.0),
    }
    for k, (name, change) in enumerate(variants.items()):
        s = {**base, **change}
        n, priors = 3, 17
        centre, size = uniform(20 + k, 0.2, 0.8, priors, 2), uniform(40 + k, 0.2, 0.5, priors, 2)
        prior = np.stack([
            np.concatenate([centre - size / 2, centre + size / 2], axis=1).reshape(-1),
            np.tile(np.array([0.1, 0.15, 0.2, 0.25], np.float32), priors),
        ])[None].astype(np.float32)
        sets = 1 if s["share"] else s["classes"]
        loc = numbers(60 + k, n, priors * sets * 4)
        conf = softmax(numbers(80 + k, n, priors, s["classes"]), axis=2).astype(np.float32)
        conf[0, 3] = conf[0, 5]  # Equal scores: the earlier prior goes first.
        text = (
            f"detection_output_param {{ num_classes: {s['classes']} share_location: {str(s['share']).lower()} "
            f"background_label_id: {s['background']} code_type: {s['code']} keep_top_k: {s['keep']} "
            f"variance_encoded_in_target: {str(s['encoded']).lower()} confidence_threshold: {s['threshold']} "
            f"nms_param {{ nms_threshold: {s['limit']} eta: {s['eta']} "
            + (f"top_k: {s['top_k']} " if s["top_k"] > -1 else "") + "} }"
        )
        yield Case(
            f"detection-{name}", layer("DetectionOutput", ["l", "c", "p"], ["y"], text),
            {"l": loc, "c": conf.reshape(n, -1), "p": prior}, {"y": detection_output(loc, conf, prior, **s)},
        )


def refined(loc, conf, prior, first_conf, first_loc, least, **settings):
    """RefineDet: each image has priors of its own, and none but class 0 where the first detector sees nothing."""
    n, priors = conf.shape[:2]
    rows = []
    for i in range(n):
        scores, own = conf[i:i + 1].copy(), prior.copy()
        for k in range(priors):
            if first_conf[i, k, 1] < np.float32(least):
                scores[0, k] = [1] + [0] * (scores.shape[2] - 1)
            if first_loc is not None:
                own[0, 0, 4 * k:4 * k + 4] = decode(
                    prior[0, 0, 4 * k:4 * k + 4], prior[0, 1, 4 * k:4 * k + 4], first_loc[i, 4 * k:4 * k + 4],
                    settings["code"], settings["encoded"])
        found = detection_output(loc[i:i + 1], scores, own, **settings).reshape(-1, 7)
        rows += [[i, *row[1:]] for row in found if row[1] >= 0]
    return np.array(rows).reshape(1, 1, -1, 7)


def refined_cases():
    for k, (name, code, moves) in enumerate([("moves", "CENTER_SIZE", True), ("corner", "CORNER_SIZE", True),
                                             ("scores", "CENTER_SIZE", False)]):
        n, priors, classes = 2, 19, 4
        centre, size = uniform(140 + k, 0.2, 0.8, priors, 2), uniform(150 + k, 0.2, 0.5, priors, 2)
        prior = np.stack([
            np.concatenate([centre - size / 2, centre + size / 2], axis=1).reshape(-1),
            np.tile(np.array([0.1, 0.15, 0.2, 0.25], np.float32), priors),
        ])[None].astype(np.float32)
        loc, first_loc = numbers(160 + k, n, priors * 4), numbers(170 + k, n, priors * 4)
        conf = softmax(numbers(180 + k, n, priors, classes), axis=2).astype(np.float32)
        first = softmax(numbers(190 + k, n, priors, 2), axis=2).astype(np.float32)
        text = (
            f"detection_output_param {{ num_classes: {classes} code_type: {code} keep_top_k: 9 objectness_score: 0.4 "
            "confidence_threshold: 0.2 nms_param { nms_threshold: 0.45 top_k: 8 } }"
        )
        inputs = {"l": loc, "c": conf.reshape(n, -1), "p": prior, "a": first.reshape(n, -1)}
        if moves:
            inputs["b"] = first_loc
        yield Case(
            f"refined-{name}", layer("DetectionOutput", list(inputs), ["y"], text), inputs,
            {"y": refined(loc, conf, prior, first, first_loc if moves else None, 0.4, classes=classes, share=True,
                          background=0, code=code, encoded=False, threshold=0.2, limit=0.45, eta=1.0, top_k=8, keep=9)},
        )


def prior_box(rows, columns, height, width, shapes, step, offset, clip, variance):
    boxes = []
    for y in range(rows):
        for x in range(columns):
            cx, cy = (x + offset) * step[1], (y + offset) * step[0]
            for w, h in shapes:
                boxes += [(cx - w / 2) / width, (cy - h / 2) / height, (cx + w / 2) / width, (cy + h / 2) / height]
    boxes = np.clip(boxes, 0, 1) if clip else np.array(boxes)
    return np.stack([boxes, np.resize(variance, boxes.size)])[None]


def prior_cases():
    x, image = numbers(100, 2, 5, 3, 4), numbers(101, 2, 3, 31, 47)
    shapes = []
    for least, greatest in ((4.7, 9.2), (8, 17)):
        m, g = int(least), int(greatest)
        shapes += [(m, m), (math.sqrt(m * g),) * 2]
        for r in (2, 0.5, 3, 1 / 3):
            shapes.append((m * math.sqrt(r), m / math.sqrt(r)))
    yield Case(
        "prior-box", layer("PriorBox", ["x", "i"], ["y"], "prior_box_param { min_size: [4.7, 8] max_size: [9.2, 17] "
                           "aspect_ratio: [1, 2, 3, 2] clip: true variance: [0.1, 0.2, 0.3, 0.4] }"),
        {"x": x, "i": image},
        {"y": prior_box(3, 4, 31, 47, shapes, (31 / 3, 47 / 4), 0.5, True, [0.1, 0.2, 0.3, 0.4])},
    )
    clusters = [(3.5, 9.25), (7, 4), (12.5, 6)]
    yield Case(
        "prior-box-clustered",
        layer("PriorBoxClustered", ["x"], ["y"], "prior_box_param { width: [3.5, 7, 12.5] height: [9.25, 4, 6] step_h: 8 "
              "step_w: 12 img_h: 30 img_w: 50 offset: 0.25 flip: false variance: 0.3 }"),
        {"x": x}, {"y": prior_box(3, 4, 30, 50, clusters, (8, 12), 0.25, False, [0.3])},
    )


def yolo_rows(found, threshold, images):
    """Suppression over everything; a box that overlaps by the threshold goes."""
    found.sort(key=lambda f: -f[1])
    kept = []
    for f in found:
        box = (f[2] - f[4] / 2, f[3] - f[5] / 2, f[2] + f[4] / 2, f[3] + f[5] / 2)
        if all(overlap(box, k[2]) < threshold for k in kept):
            kept.append((f[0], f[1], box))
    rows = [[0, c + 1, s, *box] for c, s, box in kept] or [[i] + [-1] * 6 for i in range(images)]
    return np.array(rows).reshape(1, 1, -1, 7)


def yolo2(maps, classes, anchors, least, threshold):
    found = []
    for x in maps:
        n, _, h, w = x.shape
        x = x.reshape(n, len(anchors), 5 + classes, h, w).astype(np.float64)
        for b in range(n):
            for j in range(h):
                for i in range(w):
                    for a, (aw, ah) in enumerate(anchors):
                        e = x[b, a, :, j, i]
                        p = softmax(e[5:], axis=0)
                        score = sigmoid(e[4]) * p.max()
                        if score >= least:
                            found.append((
                                int(p.argmax()), score, (i + sigmoid(e[0])) / w, (j + sigmoid(e[1])) / h,
                                math.exp(e[2]) * aw / w, math.exp(e[3]) * ah / h,
                            ))
    return yolo_rows(found, threshold, maps[0].shape[0])


def yolo3(maps, classes, biases, mask, scales, least, threshold):
    found, per = [], len(mask) // len(maps)
    for t, x in enumerate(maps):
        n, _, h, w = x.shape
        x = x.reshape(n, per, 5 + classes, h, w).astype(np.float64)
        for b in range(n):
            for s in range(h * w):
                for a in range(per):
                    e = x[b, a, :, s // w, s % w]
                    aw, ah = biases[2 * mask[t * per + a]: 2 * mask[t * per + a] + 2]
                    for c in range(classes):
                        score = sigmoid(e[5 + c]) * sigmoid(e[4])
                        if score > least:
                            found.append((
                                c, score, (s % w + sigmoid(e[0])) / w, (s // w + sigmoid(e[1])) / h,
                                math.exp(e[2]) * aw / (w * scales[t]), math.exp(e[3]) * ah / (h * scales[t]),
                            ))
    return yolo_rows(found, threshold, maps[0].shape[0])


def yolo_cases():
    anchors = [(1.3, 2.1), (2.5, 0.9), (0.7, 0.8)]
    text = "biases: [" + ", ".join(f"{v}" for pair in anchors for v in pair) + "]"
    one, two = numbers(110, 2, 3 * 9, 5, 5), numbers(111, 2, 3 * 9, 3, 3)
    for name, maps, least in (("one", [one], 0.3), ("two", [one, two], 0.4), ("nothing", [one], 0.999)):
        yield Case(
            f"yolo2-{name}",
            layer("YoloDetectionOutput", ["a", "b"][:len(maps)], ["y"], f"yolo_detection_output_param {{ num_classes: 4 "
                  f"num_box: 3 confidence_threshold: {least} nms_threshold: 0.35 {text} }}"),
            dict(zip("ab", maps)), {"y": yolo2(maps, 4, anchors, least, 0.35)}, rtol=5e-4,
        )
    biases = [10, 14, 23, 27, 37, 58, 81, 82]
    maps = [numbers(112, 2, 2 * 8, 3, 4), numbers(113, 2, 2 * 8, 6, 8)]
    for name, least in (("two-scales", 0.35), ("nothing", 0.999)):
        yield Case(
            f"yolo3-{name}",
            layer("Yolov3DetectionOutput", ["a", "b"], ["y"], f"yolov3_detection_output_param {{ num_classes: 3 num_box: 2 "
                  f"confidence_threshold: {least} nms_threshold: 0.45 biases: {biases} mask: [2, 3, 0, 1] "
                  "anchors_scale: [32, 16] mask_group_num: 2 }"),
            dict(zip("ab", maps)), {"y": yolo3(maps, 3, biases, [2, 3, 0, 1], [32, 16], least, 0.45)}, rtol=5e-4,
        )


def psroi(x, rois, scale, outputs, group):
    h, w = x.shape[2:]
    away = lambda v: math.floor(abs(v) + 0.5) * (1 if v >= 0 else -1)
    out = np.zeros((len(rois), outputs, group, group))
    for r, roi in enumerate(rois.astype(np.float64)):
        x1, y1 = away(roi[1]) * scale, away(roi[2]) * scale
        bw = max((away(roi[3]) + 1) * scale - x1, 0.1) / group
        bh = max((away(roi[4]) + 1) * scale - y1, 0.1) / group
        for c in range(outputs):
            for i in range(group):
                for j in range(group):
                    rows = slice(min(max(math.floor(i * bh + y1), 0), h), min(max(math.ceil((i + 1) * bh + y1), 0), h))
                    cols = slice(min(max(math.floor(j * bw + x1), 0), w), min(max(math.ceil((j + 1) * bw + x1), 0), w))
                    part = x[int(roi[0]), (c * group + i) * group + j, rows, cols]
                    out[r, c, i, j] = part.mean(dtype=np.float64) if part.size else 0
    return out


def roi_pool(x, rois, scale, ph, pw):
    h, w = x.shape[2:]
    away = lambda v: int(math.floor(abs(v) + 0.5) * (1 if v >= 0 else -1))
    out = np.zeros((len(rois), x.shape[1], ph, pw))
    for r, roi in enumerate(rois):
        x1, y1, x2, y2 = (away(float(np.float32(v) * np.float32(scale))) for v in roi[1:])
        bh, bw = max(y2 - y1 + 1, 1) / ph, max(x2 - x1 + 1, 1) / pw
        for i in range(ph):
            for j in range(pw):
                rows = slice(min(max(math.floor(i * bh) + y1, 0), h), min(max(math.ceil((i + 1) * bh) + y1, 0), h))
                cols = slice(min(max(math.floor(j * bw) + x1, 0), w), min(max(math.ceil((j + 1) * bw) + x1, 0), w))
                part = x[int(roi[0]), :, rows, cols]
                out[r, :, i, j] = part.max(axis=(1, 2)) if part.size else 0
    return out


def base_anchors(scales):
    """x1, y1, x2, y2 around the first place of a stride of 16: ratios outside, scales inside."""
    out = []
    for ratio in (0.5, 1, 2):
        w = math.floor(math.sqrt(256 / ratio) + 0.5)
        h = math.floor(w * ratio + 0.5)
        out += [[7.5 + side * 0.5 * (v * s - 1) for side in (-1, 1) for v in (w, h)] for s in scales]
    return out


def simpler_nms(scores, moves, image, scales, least, before, after, limit):
    height, width, scale = (int(v) for v in image.reshape(-1)[:3])
    anchors, found = base_anchors(scales), []
    for y in range(scores.shape[2]):
        for x in range(scores.shape[3]):
            for k, (x1, y1, x2, y2) in enumerate(anchors):
                d = moves[0, 4 * k:4 * k + 4, y, x].astype(np.float64)
                w, h = x2 - x1 + 1, y2 - y1 + 1
                cx, cy = d[0] * w + x1 + w / 2 + 16 * x, d[1] * h + y1 + h / 2 + 16 * y
                half = math.exp(d[2]) * w / 2, math.exp(d[3]) * h / 2
                box = [cx - half[0], cy - half[1], cx + half[0], cy + half[1]]
                box = [min(max(v, 0), (width if i % 2 == 0 else height) - 1) for i, v in enumerate(box)]
                if int(box[2] - box[0] + 1) >= least * scale and int(box[3] - box[1] + 1) >= least * scale:
                    found.append((float(scores[0, len(anchors) + k, y, x]), box))
    found.sort(key=lambda item: -item[0])
    area = lambda b: max(0, b[2] - b[0] + 1) * max(0, b[3] - b[1] + 1)
    kept = []
    for score, box in found[:before]:
        def overlaps(other):
            inner = area([max(box[0], other[0]), max(box[1], other[1]), min(box[2], other[2]), min(box[3], other[3])])
            return inner > limit * (area(box) + area(other) - inner)
        if score > 0 and len(kept) < after and not any(map(overlaps, kept)):
            kept.append(box)
    return np.array([[0, *box] for box in kept])


def proposal_cases():
    scores, moves = numbers(130, 1, 12, 4, 5), numbers(131, 1, 24, 4, 5, scale=0.2)
    image = np.array([[62.5, 79.25, 1.75]], np.float32)
    for name, before, after in (("all", 500, 100), ("few", 30, 6)):
        text = f"scale: 1 scale: 2 min_bbox_size: 14 pre_nms_topn: {before} post_nms_topn: {after} iou_threshold: 0.6"
        yield Case(
            f"simpler-nms-{name}", layer("SimplerNMS", ["s", "d", "i"], ["y"], f"simpler_nms_param {{ {text} }}"),
            {"s": scores, "d": moves, "i": image}, {"y": simpler_nms(scores, moves, image, (1, 2), 14, before, after, 0.6)},
            rtol=5e-4, atol=1e-4,
        )


def region_cases():
    rois = np.array(
        [[0, 4, 8, 70, 60], [1, 30.5, 2, 33, 3], [1, 90, 80, 111, 95], [0, -7.5, -3, 20, 40], [0, 64, 33.4, 64, 33.4]],
        np.float32)
    x = numbers(120, 2, 2 * 9, 6, 7)
    yield Case(
        "psroi-pooling", layer("PSROIPooling", ["x", "r"], ["y"], "psroi_pooling_param { spatial_scale: 0.0625 output_dim: 2 "
                               "group_size: 3 }"),
        {"x": x, "r": rois}, {"y": psroi(x, rois, 0.0625, 2, 3)},
    )
    f = numbers(121, 2, 3, 6, 7)
    yield Case(
        "roi-pooling", layer("ROIPooling", ["x", "r"], ["y"], "roi_pooling_param { spatial_scale: 0.0625 pooled_h: 2 "
                             "pooled_w: 3 }"),
        {"x": f, "r": rois}, {"y": roi_pool(f, rois, 0.0625, 2, 3)},
    )


def cases():
    yield from detection_cases()
    yield from refined_cases()
    yield from prior_cases()
    yield from yolo_cases()
    yield from proposal_cases()
    yield from region_cases()
