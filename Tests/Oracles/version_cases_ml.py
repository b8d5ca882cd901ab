"""Cases of the ai.onnx.ml domain and of the training operators."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from version_cases import BOOL, F32, F64, I32, I64, TEXT, arr, cases, i64

ML = "ai.onnx.ml"
POST = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]


@cases("ArrayFeatureExtractor", domain=ML)
def extractor(op, v):
    for t in (F32, F64, I32, I64, TEXT):
        yield dict(inputs=[arr((3, 4), t), i64(2, 0)], tag=np.dtype(t).name)
    yield dict(inputs=[arr((2, 3, 4)), i64(3, 1, 1)], tag="3d")
    yield dict(inputs=[arr((4,)), i64(1, 3)], tag="1d")
    yield dict(inputs=[arr((3, 4)), i64(9)], rejected=True, tag="bad")


@cases("Binarizer", domain=ML)
def binarizer(op, v):
    for t in (F32, F64, I32, I64):
        yield dict(inputs=[arr((3, 4), t)], attrs=dict(threshold=0.5), tag=np.dtype(t).name,
                   expect=[(arr((3, 4), t) > 0.5).astype(t)])


@cases("Imputer", domain=ML)
def imputer(op, v):
    x = np.array([[1, np.nan, 3], [-9, 5, np.nan]], F32)
    yield dict(inputs=[x], attrs=dict(imputed_value_floats=[7.0], replaced_value_float=float("nan")), tag="nan-one")
    yield dict(inputs=[x], attrs=dict(imputed_value_floats=[7.0, 8.0, 9.0], replaced_value_float=float("nan")), tag="nan")
    yield dict(inputs=[x], attrs=dict(imputed_value_floats=[7.0, 8.0, 9.0], replaced_value_float=-9.0), tag="value")
    n = np.array([[1, 2, 3], [3, 5, 2]], I64)
    yield dict(inputs=[n], attrs=dict(imputed_value_int64s=[7, 8, 9], replaced_value_int64=2), tag="int")
    yield dict(inputs=[n], attrs=dict(imputed_value_int64s=[7], replaced_value_int64=3), tag="int-one")


@cases("LabelEncoder", domain=ML)
def label_encoder(op, v):
    words = np.array([["a", "c"], ["z", "b"]], object)
    numbers = np.array([[0, 2], [9, 1]], I64)
    if v == 1:
        for x in (words, numbers):
            yield dict(inputs=[x], attrs=dict(classes_strings=["a", "b", "c"], default_int64=-7, default_string="none"),
                       tag=np.dtype(x.dtype).name)
        return
    lists = {"strings": ["a", "b", "c"], "int64s": [0, 1, 2], "floats": [0.5, 1.5, 2.5]}
    xs = {"strings": words, "int64s": numbers, "floats": np.array([[0.5, 9.0], [2.5, 1.5]], F32)}
    for a in lists:
        for b in lists:
            yield dict(inputs=[xs[a]], attrs={f"keys_{a}": lists[a], f"values_{b}": lists[b], "default_int64": -7,
                                              "default_string": "none", "default_float": -0.5}, tag=f"{a}-{b}",
                       skip=("onnxruntime",) if (a, b) == ("floats", "floats") and False else ())
            yield dict(inputs=[xs[a]], attrs={f"keys_{a}": lists[a], f"values_{b}": lists[b]}, tag=f"{a}-{b}-default")
    yield dict(inputs=[np.array([np.nan, 1.5], F32)], attrs=dict(keys_floats=[float("nan"), 1.5], values_int64s=[4, 5]),
               tag="nan", expect=[i64(4, 5)])
    if v >= 4:
        for t in (F64, np.int16, I32):
            x = np.array([1, 3, 2]).astype(t)
            yield dict(inputs=[x], tag=f"tensor-{np.dtype(t).name}", attrs=dict(
                keys_tensor=numpy_helper.from_array(np.array([1, 2]).astype(t)),
                values_tensor=numpy_helper.from_array(np.array([10, 20]).astype(t)),
                default_tensor=numpy_helper.from_array(np.array([-1]).astype(t))),
                expect=[np.array([10, -1, 20]).astype(t)])


@cases("CategoryMapper", domain=ML)
def category_mapper(op, v):
    a = dict(cats_int64s=[4, 5, 6], cats_strings=["x", "y", "z"], default_int64=-3, default_string="none")
    yield dict(inputs=[np.array([["x", "z"], ["q", "y"]], object)], attrs=a, tag="text")
    yield dict(inputs=[np.array([[4, 6], [7, 5]], I64)], attrs=a, tag="numbers")


@cases("OneHotEncoder", domain=ML)
def one_hot_encoder(op, v):
    for zeros in (0, 1):
        for t in (I64, F32, F64, I32):
            yield dict(inputs=[np.array([[1, 3], [2, 1]] if zeros == 0 else [[1, 9], [2, 1]]).astype(t)],
                       attrs=dict(cats_int64s=[1, 2, 3], zeros=zeros), tag=f"{np.dtype(t).name}{zeros}")
        yield dict(inputs=[np.array(["a", "c", "b"] if not zeros else ["a", "q", "b"], object)],
                   attrs=dict(cats_strings=["a", "b", "c"], zeros=zeros), tag=f"text{zeros}")
    yield dict(inputs=[np.array([[[1]], [[3]]], I64)], attrs=dict(cats_int64s=[1, 2, 3]), tag="3d")
    yield dict(inputs=[i64(1, 8)], attrs=dict(cats_int64s=[1, 2, 3], zeros=0), tag="unknown", rejected=True)


@cases("Scaler", domain=ML)
def scaler(op, v):
    for t in (F32, F64, I32, I64):
        yield dict(inputs=[arr((3, 4), t)], attrs=dict(offset=[0.5, 1.0, -1.0, 0.25], scale=[2.0, 0.5, 1.5, 3.0]),
                   tag=np.dtype(t).name)
    yield dict(inputs=[arr((3, 4))], attrs=dict(offset=[0.5], scale=[2.0]), tag="one")


@cases("Normalizer", domain=ML)
def normalizer(op, v):
    x = np.array([[1, -2, 3, 0.5], [-1, -2, -3, -4], [0, 0, 0, 0]], F32)
    for n in ("MAX", "L1", "L2"):
        yield dict(inputs=[x], attrs=dict(norm=n), tag=n)
        for t in (F64, I32, I64):
            yield dict(inputs=[x.astype(t)], attrs=dict(norm=n), tag=f"{n}-{np.dtype(t).name}")
        yield dict(inputs=[arr((5,))], attrs=dict(norm=n), tag=f"{n}-1d")


@cases("LinearRegressor", domain=ML)
def linear_regressor(op, v):
    for p in POST[:4]:
        for targets in (1, 3):
            yield dict(inputs=[arr((4, 2))], tag=f"{p}{targets}", attrs=dict(
                coefficients=list(arr((targets, 2), key=1).ravel()), intercepts=list(arr((targets,), key=2)),
                targets=targets, post_transform=p))
    yield dict(inputs=[arr((4, 2))], attrs=dict(coefficients=[0.5, 1.0]), tag="plain")
    yield dict(inputs=[arr((4, 1), low=0.1, high=0.9)], attrs=dict(coefficients=[0.9], post_transform="PROBIT"), tag="probit")
    for t in (F64, I64, I32):
        yield dict(inputs=[arr((4, 2), t)], attrs=dict(coefficients=[0.5, 1.0], intercepts=[0.25]), tag=np.dtype(t).name,
                   skip=("onnxruntime",), expect=[(arr((4, 2), t).astype(F32) @ np.array([[0.5], [1]], F32) + 0.25)])


@cases("LinearClassifier", domain=ML)
def linear_classifier(op, v):
    for labels in ("ints", "strings"):
        for classes in (2, 3, 4):
            names = dict(classlabels_ints=[10, 20, 30, 40][:classes]) if labels == "ints" else \
                dict(classlabels_strings=["a", "b", "c", "d"][:classes])
            for p in POST:
                for multi in (0, 1):
                    if p == "PROBIT":
                        continue
                    yield dict(inputs=[arr((5, 3))], outputs=2, tag=f"{labels}{classes}{p}{multi}", attrs=dict(
                        coefficients=list(arr((classes, 3), key=1).ravel()), intercepts=list(arr((classes,), key=2)),
                        multi_class=multi, post_transform=p, **names))
        names = dict(classlabels_ints=[0, 1]) if labels == "ints" else dict(classlabels_strings=["no", "yes"])
        for p in POST[:4]:
            yield dict(inputs=[arr((5, 3))], outputs=2, tag=f"binary-{labels}{p}", attrs=dict(
                coefficients=[0.5, -1.0, 0.75], intercepts=[0.1], post_transform=p, **names))
    for t in (F64, I64, I32):
        yield dict(inputs=[arr((5, 3), t)], outputs=2, tag=np.dtype(t).name, attrs=dict(
            coefficients=list(arr((3, 3), key=1).ravel()), intercepts=list(arr((3,), key=2)), classlabels_ints=[3, 1, 2]))
    yield dict(inputs=[arr((3,))], outputs=2, tag="row", attrs=dict(
        coefficients=list(arr((3, 3), key=1).ravel()), intercepts=list(arr((3,), key=2)), classlabels_ints=[3, 1, 2]))


KERNELS = [("LINEAR", [0.0, 0.0, 0.0]), ("POLY", [0.5, 1.0, 2.0]), ("POLY", [0.3, 0.5, 3.0]), ("RBF", [0.4, 0.0, 3.0]),
           ("SIGMOID", [0.3, 0.2, 3.0])]


@cases("SVMRegressor", domain=ML)
def svm_regressor(op, v):
    for n, (k, params) in enumerate(KERNELS):
        for p in POST[:4]:
            yield dict(inputs=[arr((4, 3))], tag=f"{k}{n}{p}", attrs=dict(
                kernel_type=k, kernel_params=params, n_supports=5, support_vectors=list(arr((5, 3), key=1).ravel()),
                coefficients=list(arr((5,), key=2)), rho=[0.4], post_transform=p))
        yield dict(inputs=[arr((4, 3))], tag=f"one{k}{n}", attrs=dict(
            kernel_type=k, kernel_params=params, n_supports=5, support_vectors=list(arr((5, 3), key=1).ravel()),
            coefficients=list(arr((5,), key=2)), rho=[0.4], one_class=1))
    yield dict(inputs=[arr((4, 3))], tag="linear-model", attrs=dict(
        kernel_type="LINEAR", n_supports=0, coefficients=[0.5, 1.0, -0.5], rho=[0.25]))


@cases("SVMClassifier", domain=ML)
def svm_classifier(op, v):
    for labels in ("ints", "strings"):
        for classes, per in ((2, [3, 2]), (3, [2, 3, 1]), (4, [1, 2, 2, 1])):
            names = dict(classlabels_ints=[10, 20, 30, 40][:classes]) if labels == "ints" else \
                dict(classlabels_strings=["a", "b", "c", "d"][:classes])
            total, pairs = sum(per), classes * (classes - 1) // 2
            base = dict(vectors_per_class=per, support_vectors=list(arr((total, 3), key=1).ravel()),
                        coefficients=list(arr((classes - 1, total), key=2).ravel()), rho=list(arr((pairs,), key=3)), **names)
            for n, (k, params) in enumerate(KERNELS):
                yield dict(inputs=[arr((6, 3))], outputs=2, tag=f"{labels}{classes}{k}{n}",
                           attrs=dict(kernel_type=k, kernel_params=params, **base))
            for p in POST[:4]:
                yield dict(inputs=[arr((6, 3))], outputs=2, tag=f"{labels}{classes}{p}", attrs=dict(
                    kernel_type="RBF", kernel_params=[0.4, 0.0, 3.0], post_transform=p, **base))
                yield dict(inputs=[arr((6, 3))], outputs=2, tag=f"prob-{labels}{classes}{p}", attrs=dict(
                    kernel_type="RBF", kernel_params=[0.4, 0.0, 3.0], post_transform=p,
                    prob_a=list(arr((pairs,), low=-2, high=-0.5, key=4)), prob_b=list(arr((pairs,), key=5)), **base))
            # ONNX's evaluator gives a class's place, and not its label.
            yield dict(inputs=[arr((6, 3))], outputs=2, tag=f"linear-model-{labels}{classes}",
                       skip=("reference",) if labels == "ints" else (), attrs=dict(
                kernel_type="LINEAR", coefficients=list(arr((classes, 3), key=1).ravel()), rho=[0.1], **names))
    for t in (F64, I64, I32):
        yield dict(inputs=[arr((6, 3), t)], outputs=2, tag=np.dtype(t).name, attrs=dict(
            kernel_type="LINEAR", kernel_params=[0.0, 0.0, 0.0], vectors_per_class=[1, 1], classlabels_ints=[0, 1],
            support_vectors=[0.5, 1.0, 2.0, -1.0, 0.25, 0.75], coefficients=[1.0, -1.0], rho=[0.1]))


def tree(targets, labels=False, modes="BRANCH_LEQ"):
    """Two trees of depth two."""
    n = 7
    ids = list(range(n)) * 2
    mode = [modes if i < 3 else "LEAF" for i in range(n)] * 2
    feature = [0, 1, 2, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0]
    value = [0.1, -0.3, 0.5, 0, 0, 0, 0, -0.2, 0.4, 0.0, 0, 0, 0, 0]
    a = dict(nodes_treeids=[0] * n + [1] * n, nodes_nodeids=ids, nodes_featureids=feature, nodes_modes=mode,
             nodes_values=value, nodes_truenodeids=[1, 3, 5, 0, 0, 0, 0] * 2, nodes_falsenodeids=[2, 4, 6, 0, 0, 0, 0] * 2,
             nodes_missing_value_tracks_true=[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], nodes_hitrates=[1.0] * (2 * n))
    word = "class" if labels else "target"
    leaves = [(t, leaf, c) for t in (0, 1) for leaf in (3, 4, 5, 6) for c in range(targets)]
    weights = arr((len(leaves),), key=7)
    a.update({f"{word}_treeids": [x[0] for x in leaves], f"{word}_nodeids": [x[1] for x in leaves],
              f"{word}_ids": [x[2] for x in leaves], f"{word}_weights": [float(w) for w in weights]})
    return a


TREE_X = np.array([[0.1, -0.3, 0.5], [1, 0, -1], [np.nan, 0.2, np.nan], [-1, np.nan, 0], [0.3, 0.1, 0.7]], F32)


@cases("TreeEnsembleRegressor", domain=ML)
def tree_regressor(op, v):
    for targets in (1, 3):
        for agg in ("SUM", "AVERAGE", "MIN", "MAX"):
            for p in POST[:4]:
                if p != "NONE" and agg != "SUM":
                    continue
                yield dict(inputs=[TREE_X], tag=f"{targets}{agg}{p}", attrs=dict(
                    n_targets=targets, aggregate_function=agg, post_transform=p,
                    base_values=list(arr((targets,), key=8)), **tree(targets)))
    for m in ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"):
        yield dict(inputs=[TREE_X], tag=m, attrs=dict(n_targets=1, **tree(1, modes=m)))
    for t in (F64, I64, I32):
        yield dict(inputs=[np.nan_to_num(TREE_X * 2).astype(t)], tag=np.dtype(t).name, attrs=dict(n_targets=2, **tree(2)))
    if v >= 3:
        a = tree(1)
        for name in ("nodes_values", "target_weights", "nodes_hitrates"):
            a[f"{name}_as_tensor"] = numpy_helper.from_array(np.array(a.pop(name), F64))
        yield dict(inputs=[TREE_X.astype(F64)], tag="as-tensor", attrs=dict(
            n_targets=1, base_values_as_tensor=numpy_helper.from_array(np.array([0.5], F64)), **a))


@cases("TreeEnsembleClassifier", domain=ML)
def tree_classifier(op, v):
    for labels in ("int64s", "strings"):
        for classes in (2, 3):
            names = dict(classlabels_int64s=[10, 20, 30][:classes]) if labels == "int64s" else \
                dict(classlabels_strings=["a", "b", "c"][:classes])
            for p in POST[:4]:
                yield dict(inputs=[TREE_X], outputs=2, tag=f"{labels}{classes}{p}", attrs=dict(
                    post_transform=p, **names, **tree(classes, labels=True)))
                yield dict(inputs=[TREE_X], outputs=2, tag=f"base-{labels}{classes}{p}", attrs=dict(
                    post_transform=p, base_values=list(arr((classes,), key=8)), **names, **tree(classes, labels=True)))
        names = dict(classlabels_int64s=[0, 1]) if labels == "int64s" else dict(classlabels_strings=["no", "yes"])
        for p in POST[:4]:
            yield dict(inputs=[TREE_X], outputs=2, tag=f"binary-{labels}{p}", attrs=dict(
                post_transform=p, **names, **tree(1, labels=True)))
            yield dict(inputs=[TREE_X], outputs=2, tag=f"binary-base-{labels}{p}", attrs=dict(
                post_transform=p, base_values=[0.3], **names, **tree(1, labels=True)))
        positive = tree(1, labels=True)
        positive["class_weights"] = [abs(w) for w in positive["class_weights"]]
        yield dict(inputs=[TREE_X], outputs=2, tag=f"binary-positive-{labels}", attrs=dict(**names, **positive))
    for t in (F64, I64, I32):
        yield dict(inputs=[np.nan_to_num(TREE_X * 2).astype(t)], outputs=2, tag=np.dtype(t).name,
                   attrs=dict(classlabels_int64s=[5, 6, 7], **tree(3, labels=True)))
    if v >= 3:
        a = tree(3, labels=True)
        for name in ("nodes_values", "class_weights", "nodes_hitrates"):
            a[f"{name}_as_tensor"] = numpy_helper.from_array(np.array(a.pop(name), F64))
        yield dict(inputs=[TREE_X.astype(F64)], outputs=2, tag="as-tensor", attrs=dict(classlabels_int64s=[5, 6, 7], **a))


@cases("TreeEnsemble", domain=ML)
def tree_ensemble(op, v):
    for agg in (0, 1, 2, 3):
        for t in (F32, F64):
            yield dict(inputs=[arr((4, 3), t)], tag=f"{agg}-{np.dtype(t).name}", attrs=dict(
                aggregate_function=agg, post_transform=0, n_targets=2, tree_roots=[0, 2],
                nodes_modes=numpy_helper.from_array(np.array([0, 1, 2], np.uint8)), nodes_featureids=[0, 1, 2],
                nodes_splits=numpy_helper.from_array(np.array([0.1, 0.2, -0.3], t)), nodes_truenodeids=[1, 0, 3],
                nodes_trueleafs=[0, 1, 1], nodes_falsenodeids=[2, 1, 4], nodes_falseleafs=[1, 1, 1],
                leaf_targetids=[0, 1, 0, 1, 0], leaf_weights=numpy_helper.from_array(np.array([1.5, 2, -1, 0.5, 3], t))),
                opset=17)


@cases("FeatureVectorizer", domain=ML)
def feature_vectorizer(op, v):
    for t in (F32, F64, I32, I64):
        yield dict(inputs=[arr((2, 3), t), arr((2, 2), t, key=1)], attrs=dict(inputdimensions=[3, 2]), tag=np.dtype(t).name)
    yield dict(inputs=[arr((2, 2)), arr((2, 4), key=1)], attrs=dict(inputdimensions=[3, 2]), tag="unequal",
               skip=("reference",))


@cases("ZipMap", domain=ML)
def zip_map(op, v):
    x = arr((2, 3))
    yield dict(inputs=[x], attrs=dict(classlabels_int64s=[7, 8, 9]), tag="ints",
               expect=[[{k: float(w) for k, w in zip([7, 8, 9], row)} for row in x]])
    yield dict(inputs=[x], attrs=dict(classlabels_strings=["a", "b", "c"]), tag="strings",
               expect=[[{k: float(w) for k, w in zip("abc", row)} for row in x]])
    yield dict(inputs=[arr((3,))], attrs=dict(classlabels_strings=["a", "b", "c"]), tag="row",
               expect=[[{k: float(w) for k, w in zip("abc", arr((3,)))}]])
