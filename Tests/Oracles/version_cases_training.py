"""Cases of the training domain: optimizer steps from their formulas, derivatives from differences."""

import functools

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from version_cases import F32, F64, I64, arr, cases, i64

TRAINING = "ai.onnx.preview.training"


def steps():
    rate, count = np.array(0.1, F32), np.array(3, I64)
    x = [arr((2, 3)), arr((4,), key=1)]
    g = [arr((2, 3), key=2), arr((4,), key=3)]
    v = [arr((2, 3), key=4), arr((4,), key=5)]
    h = [np.abs(arr((2, 3), key=6)), np.abs(arr((4,), key=7))]
    return rate, count, x, g, v, h


@cases("Adagrad", "Adam", "Momentum", domain=TRAINING)
def optimizers(op, v):
    rate, _, x, g, m, h = steps()
    for n in (1, 2):
        for t in (0, 3):
            count = np.array(t, I64)
            r, norm = F32(0.1), F32(0.01)
            reg = [norm * a + b for a, b in zip(x[:n], g[:n])]
            if op == "Adagrad":
                attrs = dict(norm_coefficient=0.01, epsilon=1e-4, decay_factor=0.2)
                new_h = [a + b * b for a, b in zip(h, reg)]
                new_x = [a - r / (1 + t * F32(0.2)) * b / (np.sqrt(c) + F32(1e-4)) for a, b, c in zip(x, reg, new_h)]
                yield dict(inputs=[rate, count, *x[:n], *g[:n], *h[:n]], attrs=attrs, outputs=2 * n, tag=f"{n}-{t}",
                           expect=[a.astype(F32) for a in new_x + new_h])
            elif op == "Adam":
                attrs = dict(norm_coefficient=0.01, alpha=0.8, beta=0.9, epsilon=1e-3, norm_coefficient_post=0.05)
                new_m = [F32(0.8) * a + F32(0.2) * b for a, b in zip(m, reg)]
                new_h = [F32(0.9) * a + F32(0.1) * b * b for a, b in zip(h, reg)]
                adjusted = r * np.sqrt(1 - 0.9 ** t) / (1 - 0.8 ** t) if t else r
                new_x = [(1 - F32(0.05)) * (a - adjusted * b / (np.sqrt(c) + F32(1e-3))) for a, b, c in zip(x, new_m, new_h)]
                yield dict(inputs=[rate, count, *x[:n], *g[:n], *m[:n], *h[:n]], attrs=attrs, outputs=3 * n,
                           tag=f"{n}-{t}", expect=[a.astype(F32) for a in new_x + new_m + new_h])
            else:
                for mode in ("standard", "nesterov"):
                    attrs = dict(norm_coefficient=0.01, alpha=0.8, beta=0.7, mode=mode)
                    new_m = [F32(0.8) * a + F32(0.7 if t else 1) * b for a, b in zip(m, reg)]
                    new_x = [a - r * (b + F32(0.8) * c if mode == "nesterov" else c) for a, b, c in zip(x, reg, new_m)]
                    yield dict(inputs=[rate, count, *x[:n], *g[:n], *m[:n]], attrs=attrs, outputs=2 * n,
                               tag=f"{mode}{n}-{t}", expect=[a.astype(F32) for a in new_x + new_m])


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def const(name, value):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value)))


def differences(nodes, inputs, wanted):
    """The derivative of the sum of `y` by central differences in double precision."""
    wide = {n: v.astype(F64) if v.dtype == F32 else v for n, v in inputs.items()}
    nodes = [helper.make_node("Constant", [], list(n.output), value=numpy_helper.from_array(
        numpy_helper.to_array(n.attribute[0].t).astype(F64))) if n.op_type == "Constant"
        and n.attribute[0].t.data_type == TensorProto.FLOAT else n for n in nodes]
    graph = helper.make_graph(nodes, "f", [helper.make_tensor_value_info(
        n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in wide.items()],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)])
    f = ReferenceEvaluator(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    out = []
    for name in wanted:
        gradient = np.zeros_like(wide[name])
        for k in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-4, -1e-4):
                moved = {**wide, name: wide[name].copy()}
                moved[name][k] += step
                ends.append(f.run(None, moved)[0].sum())
            gradient[k] = (ends[0] - ends[1]) / 2e-4
        out.append(gradient.astype(F32))
    return out


UNARY = {"Neg": (-2, 2), "Exp": (-2, 2), "Log": (0.3, 3), "Sqrt": (0.3, 3), "Sigmoid": (-2, 2), "Tanh": (-2, 2), "Relu": (-2, 2),
         "Abs": (-2, 2), "Reciprocal": (0.5, 2), "Sin": (-2, 2), "Cos": (-2, 2), "Tan": (-1, 1), "Asin": (-0.8, 0.8),
         "Acos": (-0.8, 0.8), "Atan": (-2, 2), "Sinh": (-2, 2), "Cosh": (-2, 2), "Asinh": (-2, 2), "Acosh": (1.3, 3),
         "Atanh": (-0.8, 0.8), "Softplus": (-2, 2), "Softsign": (-2, 2), "Erf": (-2, 2), "LeakyRelu": (-2, 2), "Elu": (-2, 2),
         "Selu": (-2, 2), "HardSigmoid": (-2, 2), "ThresholdedRelu": (-2, 2)}
REDUCTIONS = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp",
              "ReduceProd", "ReduceLogSum"]


def graphs():
    a, b = arr((2, 3, 4)), arr((3, 1), key=1, low=0.4, high=2)
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min"):
        yield op, [node(op, "a b", "y")], dict(a=a, b=b), ["a", "b"]
    yield "Pow", [node("Pow", "b c", "y")], dict(b=b, c=arr((2, 3, 4), low=0.5, high=2, key=4)), ["b", "c"]
    yield "Sum", [node("Sum", "a b a", "y")], dict(a=a, b=b), ["a", "b"]
    yield "Mean", [node("Mean", "a b", "y")], dict(a=a, b=b), ["a", "b"]
    for op, (low, high) in UNARY.items():
        yield op, [node(op, "a", "h"), node("Mul", "h h", "y")], dict(a=arr((2, 5), low=low, high=high)), ["a"]
    for op in REDUCTIONS:
        x = dict(a=arr((2, 3, 4), low=0.3, high=2, key=3))
        axes = [const("axes", i64(1))] if op == "ReduceSum" else []
        for keep in (0, 1):
            attrs = dict(keepdims=keep, **({} if axes else dict(axes=[1])))
            yield f"{op}{keep}", axes + [node(op, "a axes" if axes else "a", "h", **attrs), node("Mul", "h h", "y")], x, ["a"]
    for shapes in [((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 1, 3, 4), (5, 4, 2))]:
        yield f"MatMul{shapes}".replace(" ", ""), [node("MatMul", "a b", "h"), node("Mul", "h h", "y")], \
            dict(a=arr(shapes[0]), b=arr(shapes[1], key=1)), ["a", "b"]
    for ta in (0, 1):
        for tb in (0, 1):
            yield f"Gemm{ta}{tb}", [node("Gemm", "a b c", "h", alpha=0.5, beta=0.7, transA=ta, transB=tb), node("Mul", "h h", "y")], \
                dict(a=arr((4, 3) if ta else (3, 4)), b=arr((5, 4) if tb else (4, 5), key=1), c=arr((5,), key=2)), ["a", "b", "c"]
    for k, attrs in enumerate([dict(), dict(strides=[2, 3]), dict(pads=[1, 0, 2, 1]), dict(dilations=[2, 1]),
                               dict(strides=[2, 2], pads=[1, 1, 0, 1], dilations=[1, 2])]):
        yield f"Conv{k}", [node("Conv", "a w c", "h", group=2, **attrs), node("Mul", "h h", "y")], \
            dict(a=arr((2, 4, 6, 7)), w=arr((6, 2, 3, 2), key=1), c=arr((6,), key=2)), ["a", "w", "c"]
    yield "MaxPool", [node("MaxPool", "a", "h", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 0, 1]), node("Mul", "h h", "y")], \
        dict(a=arr((2, 3, 5, 6))), ["a"]
    yield "GlobalAveragePool", [node("GlobalAveragePool", "a", "h"), node("Mul", "h h", "y")], dict(a=arr((2, 3, 4, 5))), ["a"]
    for op in ("Softmax", "LogSoftmax"):
        yield op, [node(op, "a", "h", axis=1), node("Mul", "h a", "y")], dict(a=arr((2, 3, 4))), ["a"]
    yield "Moves", [node("Transpose", "a", "t", perm=[2, 0, 1]), const("s", i64(4, 6)), node("Reshape", "t s", "r"),
                    node("Concat", "r r b", "k", axis=1), const("parts", i64(5, 8)), node("Split", "k parts", "p q", axis=1),
                    node("ReduceSum", "q", "z", keepdims=0), node("Mul", "p z", "y")], \
        dict(a=arr((2, 3, 4)), b=arr((4, 1), key=1)), ["a", "b"]
    yield "Choices", [const("low", np.array(-0.5, F32)), const("high", np.array(0.8, F32)), node("Clip", "a low high", "c"),
                      const("zero", np.array(0, F32)), node("Less", "a zero", "m"), node("Where", "m c b", "w"),
                      node("Mul", "w w", "y")], dict(a=a, b=b), ["a", "b"]
    yield "Gather", [const("i", i64(2, 0, 2)), node("Gather", "a i", "h"), node("Mul", "h h", "y")], dict(a=arr((3, 4))), ["a"]


@functools.cache
def expected(name):
    for n, nodes, inputs, wanted in graphs():
        if n == name:
            return differences(nodes, inputs, wanted)


@cases("Gradient", domain=TRAINING)
def gradient(op, v):
    for name, nodes, inputs, wanted in graphs():
        rename = {n: f"x{k}" for k, n in enumerate(inputs)}
        made = []
        for n in nodes:
            copy = type(n)()
            copy.CopyFrom(n)
            copy.input[:] = [rename.get(i, i) for i in n.input]
            made.append(copy)
        xs = [rename[n] for n in wanted]
        outputs = [f"d{k}" for k in range(len(wanted))]
        made.append(helper.make_node("Gradient", xs, outputs, name="node", domain=TRAINING, xs=xs, y="y"))
        yield dict(inputs=list(inputs.values()), nodes=made, outputs=outputs, tag=name, expect=expected(name),
                   tolerance=(2e-3, 2e-3))
    # The second derivative of Σ x³, and a gradient at other values than the graph's own.
    x = arr((2, 3))
    cube = [helper.make_node("Mul", ["x0", "x0"], ["s"]), helper.make_node("Mul", ["s", "x0"], ["y"])]
    first = helper.make_node("Gradient", ["x0"], ["d"], domain=TRAINING, xs=["x0"], y="y")
    second = helper.make_node("Gradient", ["x0"], ["dd"], name="node", domain=TRAINING, xs=["x0"], y="d")
    yield dict(inputs=[x], nodes=cube + [first, second], outputs=["dd"], tag="second", expect=[6 * x], tolerance=(1e-3, 1e-4))
    other = helper.make_node("Gradient", ["x1"], ["d"], name="node", domain=TRAINING, xs=["x0"], y="y")
    yield dict(inputs=[x, 2 * x], nodes=cube + [other], outputs=["d"], tag="elsewhere", expect=[12 * x * x],
               tolerance=(1e-3, 1e-4))
    yield dict(inputs=[x], outputs=["d"], tag="refused", rejected=True, nodes=[
        const("k", np.array(0, I64)), helper.make_node("CumSum", ["x0", "k"], ["y"]),
        helper.make_node("Gradient", ["x0"], ["d"], name="node", domain=TRAINING, xs=["x0"], y="y")])
