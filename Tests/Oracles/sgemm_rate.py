"""What cblas_sgemm alone would take for a network's matrix products: the yardstick for forward times."""

import ctypes
import ctypes.util
import time

import numpy as np


class Blas:
    """cblas_sgemm of the system's OpenBLAS, the library that modelconv links."""

    def __init__(self):
        name = ctypes.util.find_library("openblas") or "libopenblas.so.0"
        self.library = ctypes.CDLL(name)
        self.library.cblas_sgemm.restype = None

    def set_threads(self, count):
        self.library.openblas_set_num_threads(ctypes.c_int(count))

    def seconds(self, m, n, k, repeats):
        """Best time of C[m,n] = A[m,k] B[k,n], row-major."""
        rng = np.random.default_rng(3)
        a, b = rng.random((m, k), np.float32), rng.random((k, n), np.float32)
        c = np.zeros((m, n), np.float32)
        one, zero = ctypes.c_float(1), ctypes.c_float(0)
        integers = [ctypes.c_int(v) for v in (m, n, k)]

        def pointer(array):
            return array.ctypes.data_as(ctypes.c_void_p)

        best = float("inf")
        for _ in range(repeats):
            start = time.perf_counter()
            self.library.cblas_sgemm(101, 111, 111, *integers, one, pointer(a), ctypes.c_int(k), pointer(b),
                                     ctypes.c_int(n), zero, pointer(c), ctypes.c_int(n))
            best = min(best, time.perf_counter() - start)
        return best


def products(onnx_path):
    """(M, N, K, count) of every convolution and fully connected layer, a group counted as its own product."""
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(onnx_path))
    graph = model.graph
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.value_info, *graph.input, *graph.output]:
        shapes[value.name] = [d.dim_value for d in value.type.tensor_type.shape.dim]
    counts = {}
    for node in graph.node:
        if node.op_type == "Conv":
            weights, output = shapes[node.input[1]], shapes[node.output[0]]
            group = next((a.i for a in node.attribute if a.name == "group"), 1)
            shape = (weights[0] // group, int(np.prod(output[2:])), int(np.prod(weights[1:])))
            counts[shape] = counts.get(shape, 0) + group * output[0]
        elif node.op_type in ("Gemm", "MatMul") and len(shapes.get(node.input[1], [])) == 2:
            output = shapes[node.output[0]]
            k = int(np.prod(shapes[node.input[1]])) // output[-1]
            shape = (output[-1], int(np.prod(output[:-1])), k)
            counts[shape] = counts.get(shape, 0) + 1
    return [(*shape, count) for shape, count in counts.items()]


def network_seconds(blas, shapes, threads, repeats=5):
    """Sum of the best sgemm times of all products at this number of threads."""
    blas.set_threads(threads)
    return sum(count * blas.seconds(m, n, k, repeats) for m, n, k, count in shapes)


def network_flops(shapes):
    return sum(2 * m * n * k * count for m, n, k, count in shapes)
