"""CRF-RNN's mean field on a permutohedral lattice, written with dictionaries, and the exact Gaussian field as a check of
the lattice itself."""

import math

import numpy as np

from .case import Case, layer, numbers, softmax, uniform


class Lattice:
    """Adams et al. 2010: elevate the features, find the simplex and its barycentric weights, blur along d + 1 axes. Single
    precision, as the original; points are taken in fours, those that fill up the last four lie at the origin."""

    def __init__(self, features):
        n, d = features.shape
        one = np.float32
        deviation = one(math.sqrt(2 / 3)) * one(d + 1)
        scale = [one(1 / math.sqrt((i + 2) * (i + 1)) * float(deviation)) for i in range(d)]
        self.d, self.n, self.index, self.corners = d, n, {}, []
        extra = np.zeros((-n % 4, d), np.float32)
        for k, f in enumerate(np.concatenate([features, extra])):
            elevated, total = [one(0)] * (d + 1), one(0)
            for j in range(d, 0, -1):
                c = one(f[j - 1] * scale[j - 1])
                elevated[j] = one(total - one(j) * c)
                total = one(total + c)
            elevated[0] = total
            inverse = one(1) / one(d + 1)
            colours = [np.rint(one(inverse * e)) for e in elevated]
            nearest = [one(c * (d + 1)) for c in colours]
            rest = [one(e - m) for e, m in zip(elevated, nearest)]
            rank = [0] * (d + 1)
            for i in range(d):
                for j in range(i + 1, d + 1):
                    rank[i if rest[i] < rest[j] else j] += 1
            shift = int(sum(colours))
            for i in range(d + 1):
                rank[i] += shift
                if rank[i] < 0:
                    rank[i] += d + 1
                    nearest[i] = one(nearest[i] + (d + 1))
                elif rank[i] > d:
                    rank[i] -= d + 1
                    nearest[i] = one(nearest[i] - (d + 1))
            weight = [one(0)] * (d + 2)
            for i in range(d + 1):
                v = one(one(elevated[i] - nearest[i]) * inverse)
                weight[d - rank[i]] = one(weight[d - rank[i]] + v)
                weight[d - rank[i] + 1] = one(weight[d - rank[i] + 1] - v)
            weight[0] = one(weight[0] + one(1 + weight[d + 1]))
            corners = []
            for r in range(d + 1):
                key = tuple(int(nearest[i]) + (r if rank[i] <= d - r else r - (d + 1)) for i in range(d))
                corners.append((self.index.setdefault(key, len(self.index)), weight[r]))
            if k < n:
                self.corners.append(corners)
        self.neighbours = []
        for axis in range(d + 1):
            pairs = []
            for key in self.index:
                low, high = [v - 1 for v in key], [v + 1 for v in key]
                if axis < d:
                    low[axis], high[axis] = key[axis] + d, key[axis] - d
                pairs.append((self.index.get(tuple(low), -1), self.index.get(tuple(high), -1)))
            self.neighbours.append(np.array(pairs))

    def filter(self, x):
        """x: [n, channels]."""
        values = np.zeros((len(self.index) + 1, x.shape[1]))
        for corners, row in zip(self.corners, x):
            for v, w in corners:
                values[v] += float(w) * row
        for pairs in self.neighbours:
            values[:-1] = values[:-1] + 0.5 * (values[pairs[:, 0]] + values[pairs[:, 1]])
            values[-1] = 0
        alpha = 1 / (1 + 2.0 ** -self.d)
        return np.array([sum(float(w) * alpha * values[v] for v, w in corners) for corners in self.corners])


def exact(features):
    """The kernel that the lattice approximates, as a function of values."""
    distance = ((features[:, None] - features[None]).astype(np.float64) ** 2).sum(-1)
    kernel = np.exp(-0.5 * distance)
    return lambda x: kernel @ x


def mean_field(unary, first, picture, spatial, bilateral, compatibility, steps, alpha, beta, gamma, filters):
    n, c, h, w = unary.shape
    out = np.zeros(unary.shape)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    place = np.stack([x.ravel(), y.ravel()], axis=1)
    for b in range(n):
        colour = picture[b].reshape(3, -1).T
        near = filters(place / np.float32(gamma))
        alike = filters(np.concatenate([place / np.float32(alpha), colour / np.float32(beta)], axis=1))
        ones = np.ones((h * w, 1))
        norms = 1 / (near(ones) + 1e-20), 1 / (alike(ones) + 1e-20)
        q = first[b].reshape(c, -1).astype(np.float64)
        for _ in range(steps):
            p = softmax(q, axis=0).T
            message = spatial @ (near(p) * norms[0]).T + bilateral @ (alike(p) * norms[1]).T
            q = unary[b].reshape(c, -1) - compatibility @ message
        out[b] = q.reshape(c, h, w)
    return out


def cases():
    c, h, w = 4, 9, 7
    unary, first = numbers(200, 2, c, h, w), numbers(201, 2, c, h, w)
    picture = uniform(202, -120, 130, 2, 3, h, w)
    blobs = [numbers(203 + i, 1, 1, c, c) for i in range(3)]
    lattice = lambda f: Lattice(f).filter
    settings = dict(steps=3, alpha=6.5, beta=45.0, gamma=2.25)
    text = (
        "multi_stage_meanfield_param {{ num_iterations: {steps} compatibility_mode: POTTS threshold: 2 theta_alpha: {alpha} "
        "theta_beta: {beta} theta_gamma: {gamma} spatial_filter_weight: 3 bilateral_filter_weight: 5 }}"
    ).format(**settings)
    net = layer("MultiStageMeanfield", ["u", "q", "i"], ["y"], text)
    inputs = {"u": unary, "q": first, "i": picture}
    yield Case(
        "mean-field", net, inputs,
        {"y": mean_field(unary, first, picture, *(b[0, 0] for b in blobs), filters=lattice, **settings)},
        blobs={"layer": blobs}, refused="high-dimensional filter", rtol=1e-3, atol=1e-3,
    )
    # The lattice stands for Gaussian kernels: the field must be close to the exact one, with a tolerance for that.
    mild = [np.eye(c, dtype=np.float32)[None, None] * v for v in (1, 1, -1)]
    yield Case(
        "mean-field-near-exact", net, inputs,
        {"y": mean_field(unary, first, picture, *(b[0, 0] for b in mild), filters=exact, **settings)},
        blobs={"layer": mild}, refused="high-dimensional filter", rtol=0.1, atol=0.15,
    )
