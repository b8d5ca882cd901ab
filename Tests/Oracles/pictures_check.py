#!/usr/bin/env python3
"""Pictures, means, tensors and preprocessing against scikit-image, OpenCV, NumPy and ONNX Runtime.

    .venv/bin/python pictures_check.py --binary .build/release/modelconv [--shared FOLDER] [--report FILE.json]

Every check is a method of `Checks` whose name starts with `check_`; it returns a list of problems, empty when all is
well, or raises `Skip` where an oracle is not installed.
"""

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DIGITS = ROOT / "Samples" / "digits"


class Skip(Exception):
    pass


def need(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Skip(f"{name} is not installed") from error


# MARK: What Caffe's Python does with a picture


def load_image(path, grey=False):
    import numpy as np
    skimage, reader = need("skimage"), need("skimage.io")
    image = skimage.img_as_float(reader.imread(path))
    if image.ndim == 3 and image.shape[2] == 4:
        image = image[:, :, :3]
    if grey:
        image = image if image.ndim == 2 else image @ np.array([0.2125, 0.7154, 0.0721])
        return image[:, :, np.newaxis].astype(np.float32)
    if image.ndim == 2:
        image = np.stack([image] * 3, axis=2)
    return image.astype(np.float32)


def resize_image(image, size):
    import numpy as np
    transform = need("skimage.transform")
    low, high = image.min(), image.max()
    if not high > low:
        return np.full((*size, image.shape[2]), low, np.float32)
    unit = ((image - low) / (high - low)).astype(np.float64)
    resized = transform.resize(unit, size, order=1, mode="constant", cval=0, anti_aliasing=False)
    return (resized * float(high - low) + float(low)).astype(np.float32)


def crops_of(image, size, ten):
    (height, width), (h, w) = image.shape[:2], size
    centre = (int(height / 2 - h / 2), int(width / 2 - w / 2))
    if not ten:
        return [image[centre[0]:centre[0] + h, centre[1]:centre[1] + w]]
    corners = [(0, 0), (0, width - w), (height - h, 0), (height - h, width - w), centre]
    five = [image[y:y + h, x:x + w] for y, x in corners]
    return five + [crop[:, ::-1] for crop in five]


def transformed(crop, swap=None, raw=None, mean=None, scale=None):
    import numpy as np
    x = crop.transpose(2, 0, 1).copy()
    if swap is not None:
        x = x[list(swap)]
    if raw is not None:
        x *= np.float32(raw)
    if mean is not None:
        x -= np.asarray(mean, x.dtype)
    if scale is not None:
        x *= np.float32(scale)
    return x


class Checks:
    def __init__(self, binary, scratch, shared):
        self.binary, self.scratch, self.shared = str(Path(binary).resolve()), scratch, shared

    def modelconv(self, *arguments, status=0):
        done = subprocess.run([self.binary, *map(str, arguments)], cwd=self.scratch, capture_output=True, text=True,
                              timeout=300)
        if done.returncode != status:
            raise RuntimeError(f"`{' '.join(map(str, arguments))}`: exit {done.returncode}: {done.stderr[:300]}")
        return done.stdout + (done.stderr if status else "")

    def path(self, name):
        return self.scratch / name

    def onnx_runtime(self, path, inputs):
        runtime = need("onnxruntime")
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return session.run(None, inputs)

    @staticmethod
    def differs(what, a, b, tolerance):
        import numpy as np
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape:
            return [f"{what}: shape {a.shape}, expected {b.shape}"]
        worst = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max()) if a.size else 0.0
        return [] if worst <= tolerance else [f"{what}: off by {worst:.3g}"]

    def pictures(self):
        """Seeded pictures of every kind, as paths by name."""
        import struct
        import numpy as np
        image, png = need("PIL.Image"), need("PIL.PngImagePlugin")
        rng = np.random.default_rng(7)
        colour = rng.integers(0, 256, (37, 53, 3), np.uint8)
        smooth = np.stack([np.add.outer(np.arange(47) * (k + 2), np.arange(61) * 3) % 256 for k in range(3)], 2)
        out = {}

        def save(name, array, **options):
            out[name] = self.path(name)
            image.fromarray(array).save(out[name], **options)

        save("rgb.png", colour)
        save("grey.png", rng.integers(0, 256, (41, 29), np.uint8))
        save("alpha.png", rng.integers(0, 256, (31, 43, 4), np.uint8))
        save("photo.jpg", smooth.astype(np.uint8), quality=90)
        save("constant.png", np.full((19, 23, 3), 77, np.uint8))
        out["palette.png"] = self.path("palette.png")
        image.fromarray(colour).quantize(16).save(out["palette.png"])
        chunk = png.PngInfo()
        chunk.add(b"gAMA", struct.pack(">I", 100000))
        save("gamma.png", colour[:, ::-1].copy(), pnginfo=chunk)
        return out

    def pixel_net(self, channels, height, width):
        """A net whose output is its input, so that the scores are the pixels."""
        path = self.path(f"pixels-{channels}-{height}-{width}.prototxt")
        path.write_text(f"""layer {{ name: "data" type: "Input" top: "data" input_param {{
          shape {{ dim: 1 dim: {channels} dim: {height} dim: {width} }} }} }}
          layer {{ name: "pixels" type: "Flatten" bottom: "data" top: "pixels" }}""")
        return path

    def pixels(self, net, picture, *options):
        import numpy as np
        report = json.loads(self.modelconv("classify", net, picture, "--json", "--top", 10**7, *options))
        top = report["pictures"][0]["top"]
        out = np.empty(len(top))
        for entry in top:
            out[entry["index"]] = entry["score"]
        return out

    # MARK: classify

    def check_resize(self):
        problems = []
        for name, path in self.pictures().items():
            for size in [(23, 31), (90, 77), (64, 19), (37, 53), (1, 5)]:
                expected = resize_image(load_image(path), size).transpose(2, 0, 1).ravel()
                got = self.pixels(self.pixel_net(3, *size), path, "--images-dim", f"{size[0]},{size[1]}",
                                  "--raw-scale", 1, "--channel-swap", "0,1,2")
                problems += self.differs(f"{name} at {size}", got, expected, 1e-6)
        return problems

    def check_grey(self):
        problems = []
        for name, path in self.pictures().items():
            expected = resize_image(load_image(path, grey=True), (33, 27)).ravel()
            got = self.pixels(self.pixel_net(1, 33, 27), path, "--images-dim", "33,27", "--raw-scale", 1)
            problems += self.differs(name, got, expected, 1e-6)
        return problems

    def check_crops_and_order_of_steps(self):
        import numpy as np
        problems = []
        path = self.pictures()["photo.jpg"]
        net = self.pixel_net(3, 20, 17)
        rng = np.random.default_rng(3)
        whole = (rng.random((3, 20, 17)) * 200).astype(np.float32)
        large = rng.random((3, 29, 26)) * 200
        np.save(self.path("mean.npy"), whole)
        np.save(self.path("large.npy"), large)
        self.modelconv("tensor", "mean.npy", "-o", "mean.binaryproto")
        low, high = large.min(), large.max()
        fitted = resize_image(((large - low) / (high - low)).transpose(1, 2, 0), (20, 17)).transpose(2, 0, 1)
        means = {None: None, "10,20,30.5": np.array([10, 20, 30.5])[:, None, None], "mean.npy": whole,
                 "mean.binaryproto": whole, "large.npy": fitted * np.float32(high - low) + np.float32(low)}
        image = resize_image(load_image(path), (38, 41))
        for mean, values in means.items():
            for ten in (False, True):
                options = ["--images-dim", "38,41", "--raw-scale", 200, "--input-scale", 0.017]
                options += ["--mean", mean] if mean else []
                options += ["--oversample"] if ten else []
                crops = crops_of(image, (20, 17), ten)
                expected = np.mean([transformed(c, (2, 1, 0), 200, values, 0.017).astype(np.float64) for c in crops], 0)
                problems += self.differs(f"mean {mean}, {len(crops)} crops", self.pixels(net, path, *options),
                                         expected.ravel(), 5e-6)
        return problems

    def check_digits(self):
        """With the settings that the training net declares, from the net, a sidecar, and options."""
        labels = (DIGITS / "labels.txt").read_text().split()
        pictures = [DIGITS / f"digit-{i}.png" for i in range(10)]
        train, deploy, weights = (DIGITS / n for n in ("train_val.prototxt", "deploy.prototxt", "digits.caffemodel"))
        self.modelconv("convert", train, weights, "--deploy", "-o", "d.onnx", "--preprocessing", "d.json")
        ways = [[f"{train},{weights}"], [f"{deploy},{weights}", "--preprocessing", train],
                ["d.onnx", "--preprocessing", "d.json"], [f"{deploy},{weights}", "--input-scale", "0.00390625"]]
        problems, scores = [], []
        for way in ways:
            report = json.loads(self.modelconv("classify", way[0], *pictures, "--labels", DIGITS / "labels.txt",
                                               "--json", *way[1:]))
            best = [picture["top"][0] for picture in report["pictures"]]
            if [b["label"] for b in best] != labels:
                problems.append(f"{way[1:]}: classified as {[b['label'] for b in best]}")
            scores.append([b["score"] for b in best])
        for way, found in zip(ways[1:], scores[1:]):
            problems += self.differs(f"scores of {way[1:]}", found, scores[0], 1e-6)
        return problems

    def check_published_net(self):
        """open_nsfw: the scores of ONNX Runtime on pixels that were prepared here."""
        import numpy as np
        data = need("skimage").data_dir
        folder = Path(self.shared or "") / "fixtures" / "caffe-real" / "open_nsfw"
        if not self.shared or not folder.exists():
            raise Skip("no published net at hand")
        model = f"{folder}/deploy.prototxt,{folder}/weights.caffemodel"
        self.modelconv("convert", folder / "deploy.prototxt", folder / "weights.caffemodel", "-o", "n.onnx", "--no-verify")
        problems = []
        for name in ("rocket.jpg", "camera.png"):
            picture = Path(data) / name
            image = resize_image(load_image(picture), (256, 256))
            for ten in (False, True):
                rows = [transformed(c, (2, 1, 0), 255, np.array([104, 117, 123.0])[:, None, None])
                        for c in crops_of(image, (224, 224), ten)]
                expected = np.mean([self.onnx_runtime(self.path("n.onnx"), {"data": r[None]})[0].ravel() for r in rows], 0)
                for source in (model, "n.onnx"):
                    report = json.loads(self.modelconv(
                        "classify", source, picture, "--mean", "104,117,123", "--json", "--top", 2,
                        *(["--oversample"] if ten else [])))
                    top = {t["index"]: t["score"] for t in report["pictures"][0]["top"]}
                    problems += self.differs(f"{name}, {len(rows)} crops of {source[-8:]}", [top[0], top[1]], expected, 1e-4)
        return problems

    # MARK: mean

    def check_mean(self):
        import numpy as np
        cv2 = need("cv2")
        rng = np.random.default_rng(11)
        (self.scratch / "set").mkdir()
        names = []
        for i in range(5):
            image = cv2.GaussianBlur(rng.integers(0, 256, (37, 53, 3), np.uint8), (5, 5), 0)
            names.append(f"set/{i}.{'jpg' if i % 2 else 'png'}")
            cv2.imwrite(str(self.path(names[-1])), image)
        self.path("set/readme.txt").write_text("no picture")
        self.path("list.txt").write_text("".join(f"{n} {i}\n" for i, n in enumerate(names)))
        problems = []
        for sources in (["set"], names, ["list.txt"]):
            for grey in (False, True):
                for size in (None, (31, 22), (80, 90)):
                    flag = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR
                    read = [cv2.imread(str(self.path(n)), flag) for n in names]
                    if size:
                        read = [cv2.resize(r, size[::-1], interpolation=cv2.INTER_LINEAR) for r in read]
                    stack = np.stack([r[..., None] if r.ndim == 2 else r for r in read]).astype(np.float64)
                    expected = stack.mean(0).transpose(2, 0, 1)
                    options = (["--grey"] if grey else []) + (["--resize", f"{size[0]},{size[1]}"] if size else [])
                    report = json.loads(self.modelconv("mean", *sources, "-o", "m.npy", "--json", *options))
                    what = f"{sources[0]} grey={grey} size={size}"
                    problems += self.differs(what, np.load(self.path("m.npy")), expected, 1e-4)
                    problems += self.differs(f"{what}: means", report["channelMeans"], expected.mean((1, 2)), 1e-4)
        self.modelconv("mean", "set", "-o", "m.binaryproto")
        self.modelconv("tensor", "m.binaryproto", "-o", "kept.npy", "--keep-dims")
        if np.load(self.path("kept.npy")).shape != (1, 3, 37, 53):
            problems.append("the blob does not have num = 1")
        cv2.imwrite(str(self.path("set/odd.png")), np.zeros((36, 53, 3), np.uint8))
        self.modelconv("mean", "set", "-o", "x.npy", status=65)
        return problems

    # MARK: tensor

    def check_tensor_directions(self):
        """Every element bit for bit, judged by NumPy, ONNX and a reading of the safetensors header."""
        import struct
        import numpy as np
        helper = need("onnx.numpy_helper")
        onnx = need("onnx")
        rng = np.random.default_rng(5)
        shape = (2, 3, 5)
        arrays = {"float32": rng.standard_normal(shape).astype(np.float32), "float64": rng.standard_normal(shape),
                  "float16": rng.standard_normal(shape).astype(np.float16), "int64": rng.integers(-2**62, 2**62, shape),
                  "uint8": rng.integers(0, 256, shape, np.uint8), "bool": rng.integers(0, 2, shape).astype(bool),
                  "scalar": np.float32(1.5), "empty": np.zeros((0, 3), np.float32)}
        arrays["float32"].ravel()[:3] = [np.nan, -0.0, np.inf]

        def safetensors(path):
            data = path.read_bytes()
            (size,) = struct.unpack_from("<Q", data)
            (entry,) = [v for k, v in json.loads(data[8:8 + size]).items() if k != "__metadata__"]
            kinds = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "I64": "<i8", "U8": "u1", "BOOL": "?"}
            begin, end = entry["data_offsets"]
            return np.frombuffer(data[8 + size + begin:8 + size + end], kinds[entry["dtype"]]).reshape(entry["shape"])

        def hdf5(path):
            return need("h5py").File(path)["value"][()]

        readers = {"npy": np.load, "npz": lambda p: np.load(p)["value"], "safetensors": safetensors, "h5": hdf5,
                   "pb": lambda p: helper.to_array(onnx.load_tensor(str(p)))}
        problems = []

        def same(what, got, expected):
            got, expected = np.asarray(got), np.asarray(expected)
            if got.dtype != expected.dtype or got.shape != expected.shape or got.tobytes() != expected.tobytes():
                problems.append(f"{what}: {got.dtype}{got.shape} differs")

        for kind, array in arrays.items():
            np.save(self.path("a.npy"), array)
            for ending, read in readers.items():
                self.modelconv("tensor", "a.npy", "-o", f"b.{ending}")
                try:
                    same(f"{kind} to {ending}", read(self.path(f"b.{ending}")), array)
                except Skip:
                    pass
                for back in ("npy", "npz", "pb") if kind == "float32" else ("npy",):
                    self.modelconv("tensor", f"b.{ending}", "-o", f"c.{back}")
                    same(f"{kind} from {ending} to {back}", readers[back](self.path(f"c.{back}")), array)
        for kind in ("float32", "float64"):
            np.save(self.path("a.npy"), arrays[kind][:1, :, None])
            self.modelconv("tensor", "a.npy", "-o", "b.binaryproto")
            self.modelconv("tensor", "b.binaryproto", "-o", "c.npy")
            same(f"{kind} through binaryproto", np.load(self.path("c.npy")), arrays[kind][0, :, None])
        import pickle
        self.path("p.pickle").write_bytes(pickle.dumps({"a": {"w": arrays["float64"]}, "b": arrays["uint8"]}, 2))
        self.modelconv("tensor", "p.pickle:a.w", "-o", "c.npy")
        same("from a pickle", np.load(self.path("c.npy")), arrays["float64"])
        np.save(self.path("a.npy"), arrays["int64"])
        self.modelconv("tensor", "a.npy", "-o", "b.binaryproto", status=65)
        return problems

    # MARK: Baked preprocessing

    def small_net(self):
        """A convolution, a pooling and a fully connected layer of pairwise distinct sizes, with seeded weights."""
        net = self.path("small.prototxt")
        net.write_text("""layer { name: "data" type: "Input" top: "data" input_param {
            shape { dim: 2 dim: 3 dim: 14 dim: 11 } } }
          layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 5
            kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 2 pad_h: 1 pad_w: 0 weight_filler { type: "xavier" } } }
          layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
          layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_h: 3 kernel_w: 2
            stride_h: 2 stride_w: 1 } }
          layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc" inner_product_param { num_output: 4
            weight_filler { type: "xavier" } } }
          layer { name: "norm" type: "LRN" bottom: "conv" top: "norm" lrn_param { local_size: 3 } }""")
        self.modelconv("init", net, "-o", "small.caffemodel", "--seed", 4)
        return net

    def check_baked(self):
        import numpy as np
        net = self.small_net()
        rng = np.random.default_rng(2)
        raw = rng.integers(0, 256, (2, 3, 14, 11)).astype(np.float32)
        mean = (rng.random((3, 19, 20)) * 200).astype(np.float32)
        np.save(self.path("mean.npy"), mean)
        self.modelconv("tensor", "mean.npy", "-o", "mean.binaryproto")
        self.modelconv("convert", net, "small.caffemodel", "-o", "plain.onnx", "--no-verify")
        # The centre, as data_transformer.cpp crops it.
        centre = mean[:, 2:16, 4:15]
        self.path("train.prototxt").write_text("""layer { name: "images" type: "Data" top: "data" top: "label"
            transform_param { scale: 0.017 mean_file: "mean.binaryproto" crop_size: 14 mirror: true }
            data_param { source: "db" batch_size: 8 } }""")
        cases = [(["--mean", "mean.binaryproto", "--scale", "0.017"], (raw - centre) * np.float32(0.017)),
                 (["--mean", "104,117,123", "--bgr"], raw[:, ::-1] - np.array([104, 117, 123], "f4")[:, None, None]),
                 (["--scale", "0.5"], raw * np.float32(0.5)),
                 (["--bake", "train.prototxt"], (raw - centre) * np.float32(0.017)),
                 (["--bake", "train.prototxt", "--scale", "2"], (raw - centre) * np.float32(2))]
        problems = []
        for options, prepared in cases:
            for extra in ([], ["--opset", "9"], ["--batch", "dynamic"]):
                self.modelconv("convert", net, "small.caffemodel", "-o", "baked.onnx", *options, *extra)
                got = self.onnx_runtime(self.path("baked.onnx"), {"data": raw})
                expected = self.onnx_runtime(self.path("plain.onnx"), {"data": prepared})
                for g, e in zip(got, expected):
                    problems += self.differs(f"{options + extra}", g, e, 1e-4 * max(1, float(np.abs(e).max())))
        return problems

    def check_sidecar(self):
        import numpy as np
        self.path("net.prototxt").write_text("""layer { name: "images" type: "ImageData" top: "data" top: "label"
            include { phase: TRAIN } transform_param { scale: 0.5 mean_value: 10 mean_value: 20 mean_value: 30 }
            image_data_param { source: "list.txt" batch_size: 2 new_height: 14 new_width: 11 } }
          layer { name: "pixels" type: "Flatten" bottom: "data" top: "pixels" }""")
        self.modelconv("convert", "net.prototxt", "--phase", "train", "--deploy", "-o", "net.onnx", "--preprocessing", "p.json")
        sidecar = json.loads(self.path("p.json").read_text())
        problems = []
        for key, value in {"channel_order": "BGR", "scale": 0.5, "resize": [14, 11], "crop": None, "layout": "NCHW",
                           "dtype": "float32", "range": 255, "input": "data"}.items():
            if sidecar.get(key, "absent") != value:
                problems.append(f"{key} is {sidecar.get(key, 'absent')}, expected {value}")
        if sidecar["mean"]["values"] != [10, 20, 30]:
            problems.append(f"mean is {sidecar['mean']}")
        picture = self.pictures()["rgb.png"]
        expected = transformed(resize_image(load_image(picture), (14, 11)), (2, 1, 0), 255,
                               np.array([10, 20, 30])[:, None, None], 0.5)
        got = self.pixels("net.onnx", picture, "--preprocessing", "p.json")
        problems += self.differs("classify with the sidecar", got, expected.ravel(), 2e-4)
        # Baked, the sidecar says what is left to do.
        self.modelconv("convert", "net.prototxt", "--phase", "train", "--deploy", "-o", "baked.onnx", "--bake", "p.json", "--bgr",
                       "--preprocessing", "left.json")
        got = self.pixels("baked.onnx", picture, "--preprocessing", "left.json")
        problems += self.differs("classify with what is left", got, expected.ravel(), 2e-4)
        return problems

    # MARK: MatCaffe

    def check_matcaffe(self):
        import numpy as np
        net = self.small_net()
        rng = np.random.default_rng(8)
        # The net as MatCaffe feeds it: [N, C, W, H] of the picture.
        x = rng.standard_normal((2, 3, 11, 14)).astype(np.float32)
        self.modelconv("convert", net, "small.caffemodel", "-o", "columns.onnx", "--no-verify")
        self.modelconv("convert", net, "small.caffemodel", "-o", "rows.onnx", "--matcaffe")
        reference = self.onnx_runtime(self.path("columns.onnx"), {"data": x.transpose(0, 1, 3, 2).copy()})
        got = self.onnx_runtime(self.path("rows.onnx"), {"data": x})
        names = [o.name for o in need("onnx").load(str(self.path("rows.onnx"))).graph.output]
        problems = []
        recorded = {"in:data": x}
        for name, g, r in zip(names, got, reference):
            expected = r.transpose(0, 1, 3, 2) if r.ndim == 4 else r
            problems += self.differs(name, g, expected, 1e-5)
            recorded[f"out:{name}"] = expected
        model = need("onnx").load(str(self.path("rows.onnx")))
        if any(n.op_type == "Transpose" for n in model.graph.node):
            problems.append("Transposes are left where weights could be exchanged")
        np.savez(self.path("io.npz"), **recorded)
        # Other sizes than the net's own do not even fit its weights.
        said = self.modelconv("verify", f"{net},small.caffemodel", "--fixtures", "io.npz", status=65)
        if "--matcaffe" not in said:
            problems.append(f"verify does not say that height and width are exchanged: {said[-300:]}")
        self.modelconv("verify", f"{net},small.caffemodel", "--fixtures", "io.npz", "--matcaffe")
        square = self.path("square.prototxt")
        square.write_text(net.read_text().replace("dim: 14 dim: 11", "dim: 13 dim: 13"))
        self.modelconv("init", square, "-o", "square.caffemodel", "--seed", 5)
        self.modelconv("convert", square, "square.caffemodel", "-o", "square.onnx", "--no-verify")
        z = rng.standard_normal((2, 3, 13, 13)).astype(np.float32)
        for note, fed in (("height and width", z.transpose(0, 1, 3, 2)), ("channels reversed and height",
                                                                        z[:, ::-1].transpose(0, 1, 3, 2))):
            recorded = {"in:data": z}
            for name, r in zip(names, self.onnx_runtime(self.path("square.onnx"), {"data": fed.copy()})):
                recorded[f"out:{name}"] = r.transpose(0, 1, 3, 2) if r.ndim == 4 else r
            np.savez(self.path("sq.npz"), **recorded)
            for model in (f"{square},square.caffemodel", "square.onnx"):
                said = self.modelconv("verify", model, "--fixtures", "sq.npz", status=1)
                if note not in said or "--matcaffe" not in said:
                    problems.append(f"verify does not say '{note}': {said[-300:]}")
        # Channels the other way round.
        y = rng.standard_normal((2, 3, 14, 11)).astype(np.float32)
        recorded = {"in:data": y}
        for name, r in zip(names, self.onnx_runtime(self.path("columns.onnx"), {"data": y[:, ::-1].copy()})):
            recorded[f"out:{name}"] = r
        np.savez(self.path("io.npz"), **recorded)
        said = self.modelconv("verify", f"{net},small.caffemodel", "--fixtures", "io.npz", status=1)
        if "channels reversed" not in said:
            problems.append(f"verify does not say that the channels are reversed: {said[-300:]}")
        self.modelconv("convert", net, "small.caffemodel", "-o", "turned.onnx", "--bgr", "--no-verify")
        said = self.modelconv("verify", "turned.onnx", "--against", "columns.onnx", status=1)
        if "channels reversed" not in said:
            problems.append(f"verify --against does not say that the channels are reversed: {said[-300:]}")
        return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--shared", default="")
    parser.add_argument("--report")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    rows = []
    for name in sorted(name for name in dir(Checks) if name.startswith("check_") and options.only in name):
        title = name.removeprefix("check_").replace("_", " ")
        outcome, problems = "passed", []
        with tempfile.TemporaryDirectory(prefix="modelconv-pictures-") as scratch:
            try:
                problems = getattr(Checks(options.binary, Path(scratch), options.shared), name)()
            except Skip as reason:
                outcome, problems = "skipped", [str(reason)]
            except (OSError, RuntimeError, KeyError, ValueError, subprocess.TimeoutExpired) as error:
                problems = [f"{type(error).__name__}: {error}"]
        if problems and outcome == "passed":
            outcome = "failed"
        rows.append({"case": "pictures", "check": title, "outcome": outcome, "message": "; ".join(problems)})
        for problem in problems[:8]:
            print(f"{outcome.upper()}  {title}: {problem}", flush=True)
    if options.report:
        Path(options.report).write_text(json.dumps(rows, indent=1))
    count = {o: sum(row["outcome"] == o for row in rows) for o in ("passed", "failed", "skipped")}
    print("pictures: " + ", ".join(f"{n} {o}" for o, n in count.items()))
    return 1 if count["failed"] or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
