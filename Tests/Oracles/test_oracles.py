#!/usr/bin/env python3
"""Tests of the test tools: a judge that cannot say no would pass everything.

    .venv/bin/python Tests/Oracles/test_oracles.py
"""

import tempfile
import unittest
from pathlib import Path

import numpy as np

import caffe_writer
import npz
from conformance import Report
from onnx_check import Failure, check, compare

FLOAT = np.float32


class CompareTests(unittest.TestCase):
    def accepts(self, a, b, rtol=1e-3, atol=1e-5):
        compare("x", np.array(a, FLOAT), np.array(b, FLOAT), rtol, atol)

    def refuses(self, a, b, rtol=1e-3, atol=1e-5):
        with self.assertRaises(Failure):
            self.accepts(a, b, rtol, atol)

    def test_tolerance_is_relative_to_the_expected_value(self):
        self.accepts([1000.9], [1000.0])
        self.refuses([1001.1], [1000.0])
        self.accepts([0.9e-5], [0.0])
        self.refuses([1.1e-5], [0.0])

    def test_values_that_are_not_finite(self):
        self.accepts([np.nan, np.inf, -np.inf], [np.nan, np.inf, -np.inf])
        self.refuses([np.nan], [1.0])
        self.refuses([1.0], [np.nan])
        self.refuses([np.inf], [-np.inf])
        self.refuses([3.4e38], [np.inf])

    def test_shapes_and_types(self):
        self.refuses([[1.0]], [1.0])
        with self.assertRaises(Failure):
            compare("x", np.zeros(2, np.float64), np.zeros(2, FLOAT), 1, 1)
        with self.assertRaises(Failure):
            compare("x", np.array([1, 2]), np.array([1, 3]), 1, 1)
        compare("x", np.zeros((0, 3), FLOAT), np.zeros((0, 3), FLOAT), 0, 0)


class ModelTests(unittest.TestCase):
    """A two-node model against right, wrong and misnamed fixtures."""

    def setUp(self):
        import onnx
        from onnx import helper

        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        kind = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            [helper.make_node("Relu", ["data"], ["middle"]), helper.make_node("Exp", ["middle"], ["y"])], "g",
            [helper.make_tensor_value_info("data", kind, [2, 3])], [helper.make_tensor_value_info("y", kind, [2, 3])])
        self.model = f"{self.folder.name}/model.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), self.model)
        data = np.arange(-2, 4).reshape(2, 3).astype(FLOAT)
        self.arrays = {"in:data": data, "blob:middle": np.maximum(data, 0), "out:y": np.exp(np.maximum(data, 0))}

    def judge(self, **changes):
        arrays = {**self.arrays, **changes}
        fixture = f"{self.folder.name}/io.npz"
        np.savez(fixture, **{name: value for name, value in arrays.items() if value is not None})
        return check({"model": self.model, "fixture": fixture, "blobs": True})

    def test_right(self):
        report = self.judge()
        self.assertTrue(report["passed"], report)
        self.assertEqual(report["compared"], 2)

    def test_wrong_output_and_wrong_blob(self):
        self.assertEqual(self.judge(**{"out:y": self.arrays["out:y"] * 1.01})["stage"], "compare")
        self.assertEqual(self.judge(**{"blob:middle": self.arrays["blob:middle"] + 1})["stage"], "compare")

    def test_names(self):
        self.assertEqual(self.judge(**{"out:other": self.arrays["out:y"]})["stage"], "names")
        self.assertEqual(self.judge(**{"in:data": None, "in:Data": self.arrays["in:data"]})["stage"], "names")

    def test_invalid_model(self):
        Path(self.model).write_bytes(Path(self.model).read_bytes()[:-4])
        self.assertEqual(self.judge()["stage"], "checker")


class FixtureTests(unittest.TestCase):
    def test_disturb_changes_one_value(self):
        with tempfile.TemporaryDirectory() as folder:
            arrays = {"in:a": np.arange(6, dtype=FLOAT).reshape(2, 3), "out:b": np.arange(4, dtype=FLOAT)}
            np.savez(f"{folder}/a.npz", **arrays)
            self.assertEqual(npz.shapes(f"{folder}/a.npz"), {"in:a": (2, 3), "out:b": (4,)})
            self.assertEqual(npz.disturb(f"{folder}/a.npz", f"{folder}/b.npz", "out:"), "out:b")
            self.assertIsNone(npz.disturb(f"{folder}/a.npz", f"{folder}/c.npz", "blob:"))
            with np.load(f"{folder}/b.npz") as changed:
                np.testing.assert_array_equal(changed["in:a"], arrays["in:a"])
                self.assertEqual((changed["out:b"] != arrays["out:b"]).sum(), 1)


class DenyListTests(unittest.TestCase):
    def setUp(self):
        self.report = Report()
        self.report.add("set/a", "onnx@9", False, "broken")
        self.report.add("set/a", "onnx@11", True)
        self.report.add("set/b", "verify", True)

    def test_failures_are_denied(self):
        self.report.apply_denials({"set/a onnx": "no such operator"})
        self.assertEqual(self.report.rows[("set/a", "onnx@9")][0], "denied")
        self.assertEqual(self.report.count("failed"), 0)

    def test_an_entry_that_passes_fails_the_run(self):
        self.report.apply_denials({"set/b verify": "stale"})
        self.assertEqual(self.report.rows[("set/b", "verify")][0], "failed")

    def test_an_entry_covers_nothing_else(self):
        self.report.apply_denials({"set/b onnx": "elsewhere", "set/a verify": "elsewhere"})
        self.assertEqual(self.report.rows[("set/a", "onnx@9")][0], "failed")


class WriterTests(unittest.TestCase):
    def test_varints(self):
        for value, expected in ((0, b"\0"), (127, b"\x7f"), (128, b"\x80\1"), (300, b"\xac\2")):
            self.assertEqual(caffe_writer.varint(value), expected)

    def test_blob_bytes(self):
        chunks = b"".join(bytes(chunk) for chunk in caffe_writer.blob(np.array([[1.0, 2.0]])))
        self.assertEqual(chunks, b"\x3a\4\x0a\2\1\2" + b"\x2a\x08" + np.array([1, 2], "<f4").tobytes())


if __name__ == "__main__":
    unittest.main()
