#!/usr/bin/env python3
"""Measurements as ratios taken in one run: conversion against `cp`, listing layers, and forward passes against
cblas_sgemm, ONNX Runtime and OpenCV. Programs take turns, so that a busy machine slows all of them alike; a figure is
the best of its rounds, the median stands beside it. Nothing here asserts a time.

    bench.py --binary .build/release/modelconv --data bench-data [--shared FOLDER] [--rounds 5]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import make_bench_model
import sgemm_rate


class Timings(list):
    @property
    def best(self):
        return min(self)

    @property
    def median(self):
        return statistics.median(self)


def pressure():
    """Share of the last ten seconds in which something waited for a processor, where the kernel tells."""
    try:
        return Path("/proc/pressure/cpu").read_text().split("avg10=")[1].split()[0] + " %"
    except (OSError, IndexError):
        return "unknown"


def timed(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def memory_beyond_files(command):
    """Largest sum of anonymous and shared resident memory of the process in MB, sampled every millisecond: what it
    holds beyond its mapped files. Second: the peak of everything resident."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    own = total = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        fields = dict(line.split(":", 1) for line in status.splitlines() if line.startswith(("Rss", "VmHWM")))
        kilobytes = {key: int(value.split()[0]) for key, value in fields.items()}
        own = max(own, kilobytes.get("RssAnon", 0) + kilobytes.get("RssShmem", 0))
        total = max(total, kilobytes.get("VmHWM", 0))
        time.sleep(0.001)
    if process.wait() != 0:
        raise SystemExit(f"{command[1]} failed")
    return own / 1024, total / 1024


def bench_conversion(binary, data, rounds):
    prototxt, weights = make_bench_model.NETS["alexnet"]().write(data)
    size = weights.stat().st_size / 1e6
    out, copy = data / "alexnet.onnx", data / "alexnet.copy"
    convert = [binary, "caffe2onnx", prototxt, weights, "-o", out, "--no-verify", "--quiet"]
    weights.read_bytes()  # both start from the page cache
    copies, conversions, listings = Timings(), Timings(), Timings()
    for _ in range(rounds):
        copy.unlink(missing_ok=True)
        copies.append(timed(["cp", weights, copy]))
        copy.unlink()
        out.unlink(missing_ok=True)
        conversions.append(timed(convert))
    out.unlink()
    own, total = memory_beyond_files(convert)
    for _ in range(4 * rounds):
        listings.append(timed([binary, "inspect", "--layers", prototxt, weights]))
    out.unlink()
    print(f"\nconversion of a {size:.0f} MB caffemodel (CPU pressure {pressure()})")
    print(f"  cp                      best {copies.best * 1e3:7.1f} ms   median {copies.median * 1e3:7.1f} ms")
    print(f"  caffe2onnx --no-verify  best {conversions.best * 1e3:7.1f} ms   "
          f"median {conversions.median * 1e3:7.1f} ms")
    print(f"  ratio                   best {conversions.best / copies.best:7.2f}      "
          f"median {conversions.median / copies.median:7.2f}      (goal: at most 2)")
    print(f"  memory beyond the mapped file {own:.1f} MB (goal: under 80), peak resident {total:.1f} MB")
    print(f"  inspect --layers        best {listings.best * 1e3:7.1f} ms   median {listings.median * 1e3:7.1f} ms   "
          f"(goal: under 50; start of the process included)")


class OnnxRuntime:
    name = "ONNX Runtime"

    def __init__(self, path, threads, feeds):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.feeds = feeds

    def forward(self):
        self.session.run(None, self.feeds)


class OpenCV:
    name = "OpenCV"

    def __init__(self, path, threads, feeds):
        import cv2

        cv2.setNumThreads(threads)
        self.net = cv2.dnn.readNetFromONNX(str(path))
        self.feeds = feeds

    def forward(self):
        for name, value in self.feeds.items():
            self.net.setInput(value, name)
        self.net.forward()


def peer_times(peer, passes):
    times = Timings()
    for _ in range(passes):
        start = time.perf_counter()
        peer.forward()
        times.append(time.perf_counter() - start)
    return times


def modelconv_times(binary, model, threads, passes):
    """Forward times of `modelconv time` in seconds."""
    done = subprocess.run([binary, "time", *model, "-n", str(passes), "--threads", str(threads), "--json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[0] if done.stderr.strip() else f"exit {done.returncode}")
    forward = json.loads(done.stdout)["forward"]
    return [forward["best_ms"] / 1e3, forward["median_ms"] / 1e3]


def networks(data, shared):
    resnet = make_bench_model.NETS["resnet18"]().write(data)
    found = [("resnet-18-like", resnet)]
    for name in ("bvlc_googlenet", "squeezenet_v1_1"):
        folder = Path(shared) / "fixtures" / "caffe-nets" / name if shared else None
        if folder and folder.is_dir():
            found.append((name, (folder / "deploy.prototxt", folder / "weights.caffemodel")))
        else:
            print(f"{name}: no weights here (set MODELCONV_SHARED): skipped", file=sys.stderr)
    return found


def bench_forward(binary, data, shared, rounds, passes):
    import onnx

    blas = sgemm_rate.Blas()
    for name, model in networks(data, shared):
        onnx_path = data / f"{name}.onnx"
        subprocess.run([binary, "caffe2onnx", *model, "-o", onnx_path, "--no-verify", "--quiet"], check=True)
        graph = onnx.load(onnx_path).graph
        rng = np.random.default_rng(5)
        constants = {tensor.name for tensor in graph.initializer}
        feeds = {value.name: rng.standard_normal([d.dim_value for d in value.type.tensor_type.shape.dim], np.float32)
                 for value in graph.input if value.name not in constants}
        shapes = sgemm_rate.products(onnx_path)
        flops = sgemm_rate.network_flops(shapes)
        for threads in (1, 2):
            compare_forward(binary, name, model, onnx_path, feeds, blas, shapes, flops, threads, rounds, passes)
        onnx_path.unlink()


def compare_forward(binary, name, model, onnx_path, feeds, blas, shapes, flops, threads, rounds, passes):
    peers = []
    for kind in (OnnxRuntime, OpenCV):
        try:
            peer = kind(onnx_path, threads, feeds)
            peer.forward()
            peers.append(peer)
        except Exception as error:  # a peer that is missing or refuses the model is left out
            print(f"  {kind.name} left out: {str(error).strip().splitlines()[0][:100]}")
    ours, gemm, theirs = Timings(), Timings(), {peer.name: Timings() for peer in peers}
    for _ in range(rounds):
        ours += modelconv_times(binary, model, threads, passes)
        gemm.append(sgemm_rate.network_seconds(blas, shapes, threads, 3))
        for peer in peers:
            theirs[peer.name] += peer_times(peer, passes)
            time.sleep(0.3)  # the peer's idle threads spin for a while
    print(f"\n{name}, {threads} thread{'s' * (threads > 1)}, {flops / 1e9:.2f} GFLOP of matrix products "
          f"(CPU pressure {pressure()})")
    print(f"  modelconv      best {ours.best * 1e3:7.2f} ms   median {ours.median * 1e3:7.2f} ms   "
          f"{flops / ours.best / 1e9:6.1f} GFLOP/s")
    print(f"  cblas_sgemm    best {gemm.best * 1e3:7.2f} ms   on the same shapes: modelconv runs at "
          f"{100 * gemm.best / ours.best:.0f} % of its rate (goal: at least 30)")
    for peer in peers:
        times = theirs[peer.name]
        goal = " (goal: at most 1.5)" if peer.name == OnnxRuntime.name else ""
        print(f"  {peer.name:<13}  best {times.best * 1e3:7.2f} ms   median {times.median * 1e3:7.2f} ms   "
              f"modelconv takes {ours.best / times.best:.2f} times as long{goal}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--data", required=True, help="folder for generated models, kept between runs")
    parser.add_argument("--shared")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passes", type=int, default=10, help="forward passes of each program in a round")
    parser.add_argument("--only", choices=["convert", "forward"])
    options = parser.parse_args()
    data = Path(options.data)
    data.mkdir(parents=True, exist_ok=True)
    binary = str(Path(options.binary).resolve())
    if options.only != "forward":
        bench_conversion(binary, data, options.rounds)
    if options.only != "convert":
        bench_forward(binary, data, options.shared, options.rounds, options.passes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
