"""Reads the case lists of fixture folders (`cases.json`) and of a corpus (`index.json`)."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class CaffeCase:
    """One folder of a fixture set made with Caffe."""

    set_name: str
    id: str
    folder: Path
    weights: str | None
    phase: str = "TEST"
    level: int = 0
    stages: list = field(default_factory=list)
    inputs: dict = field(default_factory=dict)
    declared_input_shape: list | None = None
    tags: list = field(default_factory=list)
    rtol: float = 1e-3
    atol: float = 1e-5
    fails_at: str | None = None
    parser: str = ""
    about: str = ""

    @property
    def name(self):
        return self.set_name if self.id == "." else f"{self.set_name}/{self.id}"

    @property
    def prototxt(self):
        return self.folder / "deploy.prototxt"

    @property
    def fixture(self):
        return self.folder / "io.npz"

    def net_options(self):
        """--phase, --level and --stage, where the case does not take the defaults."""
        options = ["--phase", "train"] if self.phase == "TRAIN" else []
        options += ["--level", str(self.level)] if self.level else []
        for stage in self.stages:
            options += ["--stage", stage]
        return options

    def shape_options(self):
        """--shape where the recorded input's shape differs from the declared one."""
        if self.declared_input_shape is None:
            return []
        return [part for name, shape in self.inputs.items() if shape != self.declared_input_shape
                for part in ("--shape", f"{name}={','.join(map(str, shape))}")]


def load_caffe_cases(folder):
    folder = Path(folder)
    document = json.loads((folder / "cases.json").read_text())
    fields = CaffeCase.__dataclass_fields__
    return [
        CaffeCase(set_name=folder.resolve().name, folder=folder / entry["id"],
                  **{key: value for key, value in entry.items() if key in fields})
        for entry in document["cases"]
    ]


@dataclass
class CorpusCase:
    """One folder of the corpus: a model file and what is expected of a reader."""

    format: str
    case: str
    folder: Path
    main: str
    expect: frozenset
    rtol: float
    atol: float

    @property
    def name(self):
        return f"{self.format}/{self.case}"

    @property
    def model(self):
        return self.folder / self.main

    @property
    def fixture(self):
        """io.npz, or the folder of ONNX test data, or None."""
        if (self.folder / "io.npz").exists():
            return self.folder / "io.npz"
        return self.folder if any(self.folder.glob("test_data_set_*")) else None


def load_corpus_cases(folder, formats=None):
    folder = Path(folder)
    entries = json.loads((folder / "index.json").read_text())["cases"]
    return [
        CorpusCase(entry["format"], entry["case"], folder / entry["path"], entry["main"],
                   frozenset(entry["expect"].split("-or-")), entry.get("rtol", 1e-3), entry.get("atol", 1e-5))
        for entry in entries
        if formats is None or entry["format"] in formats
    ]
