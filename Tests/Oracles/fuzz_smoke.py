#!/usr/bin/env python3
"""Mutated files through the modelconv binary: never a signal, never a status outside the contract, never long, never
large, and no output file after an error.

    fuzz_smoke.py --binary .build/release/modelconv --count 500 --seed 1

Seeds are the repository's samples and fixtures and, where present, small files of the shared corpus. Each round takes
one seed, mutates one of its files (flipped bits, a cut, a run copied from elsewhere or from another file, a length or
number made huge, a deleted run) and asks the verbs that read such a file. The same seed number gives the same rounds.
What fails is kept, with the command, in --keep.
"""

import argparse
import random
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from limited_process import run

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS, MEGABYTES, PEAK_MEGABYTES = 20, 4096, 400
LARGEST_SEED = 256 << 10

# Verb, arguments after the files (or around them, where {files} stands for them), allowed exit statuses.
READING = [("inspect", [], {0, 65}), ("inspect", ["--weights"], {0, 65}), ("check", [], {0, 1, 65})]
TEXT = [("inspect", [], {0, 65}), ("inspect", ["--layers"], {0, 65}), ("check", [], {0, 1, 65}),
        ("rounding", [], {0, 1, 65})]
CONVERTING = [("caffe2onnx", ["-o", "out.onnx"], {0, 1, 65}), ("inspect", [], {0, 65})]
DIGITS = f"{ROOT}/Samples/digits/deploy.prototxt,{ROOT}/Samples/digits/digits.caffemodel"
PICTURES = [("mean", ["-o", "out.npy"], {0, 65, 66}), ("classify", [DIGITS, "{files}", "--mean", "9"], {0, 65})]
TENSORS = [("tensor", ["-o", "out.npy"], {0, 65}), ("tensor", ["-o", "out.h5"], {0, 65}), ("inspect", [], {0, 65})]
PICKLE = [("inspect", [], {0, 65}), ("scan", [], {0, 1, 65})]


def mutate(data, other, rng):
    """`data` with one to four mutations."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not data:
            return bytes(other[:64])
        place = rng.randrange(len(data))
        kind = rng.randrange(7)
        if kind == 0:
            for _ in range(rng.randint(1, 16)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[place:]
        elif kind == 2:
            start = rng.randrange(len(data))
            data[place:place] = data[start:start + rng.randint(1, 256)]
        elif kind == 3 and other:
            start = rng.randrange(len(other))
            run_length = rng.randint(1, 64)
            data[place:place + run_length] = other[start:start + run_length]
        elif kind == 4:
            data[place:place + rng.randint(1, 10)] = rng.choice(
                [b"\xff\xff\xff\xff\x0f", b"\xff" * 9 + b"\x01", b"\xff\xff\xff\x7f", b"\x80" * 10, b"\x00" * 8])
        elif kind == 5:
            del data[place:place + rng.randint(1, 64)]
        else:
            digits = [i for i, byte in enumerate(data[:65536]) if 48 <= byte <= 57]
            if digits:
                spot = rng.choice(digits)
                data[spot:spot + 1] = rng.choice([b"99999999999999999999", b"-1", b"0", b"1e39", b"nan", b"4294967295"])
    return bytes(data)


def collect_seeds(shared):
    """(files, verbs) pairs; the files of one pair are one model."""
    seeds = []
    digits = ROOT / "Samples" / "digits"
    seeds.append(([digits / "deploy.prototxt", digits / "digits.caffemodel"], CONVERTING))
    seeds.append(([digits / "train_val.prototxt"], TEXT))
    seeds.append(([digits / "solver.prototxt"], [("inspect", [], {0, 65})]))
    seeds.append(([digits / "digits.caffemodel"], READING))
    seeds += [([digits / f"digit-{i}.png"], PICTURES) for i in range(10)]
    seeds.append(([digits / "io.npz"], READING[:2]))
    for folder in sorted((ROOT / "Tests" / "Fixtures" / "caffe-layers").iterdir()):
        weights = sorted(folder.glob("weights.*")) if folder.is_dir() else []
        if weights:
            seeds.append(([folder / "deploy.prototxt", weights[0]], CONVERTING))
            seeds.append(([folder / "deploy.prototxt"], TEXT))
    corpus = Path(shared) / "corpus" if shared else None
    if corpus and corpus.is_dir():
        for pattern, verbs in [("npy/*/*.npy", TENSORS), ("onnx-node*/*_[c-d]*/*/*.pb", TENSORS), ("npz/*/*.npz", READING[:2]),
                               ("hdf5-*/*/*.h5", READING[:2]), ("onnx-light*/*/*.onnx", READING),
                               ("onnx-node*/*_[a-e]*/*.onnx", READING), ("onnx-hostile/*/*.onnx", READING),
                               ("pickle*/*/*.p*kl*", PICKLE), ("torch*/*/*.p*", PICKLE),
                               ("safetensors*/*/*.safetensors", READING[:2])]:
            paths = [p for p in sorted(corpus.glob(pattern)) if p.is_file() and p.stat().st_size <= LARGEST_SEED]
            seeds += [([path], verbs) for path in paths[:: max(1, len(paths) // 25)]]
    return seeds


class Round:
    """One mutated model and what the verbs made of it."""

    def __init__(self, number, seeds, verbs, options):
        rng = random.Random(f"{options.seed}/{number}")
        self.files, self.verbs = rng.choice(seeds)
        self.verbs = [verb for verb in self.verbs if verb[0] in verbs]
        target = rng.randrange(len(self.files))
        other_files, _ = rng.choice(seeds)
        self.contents = [path.read_bytes() for path in self.files]
        self.contents[target] = mutate(self.contents[target], other_files[-1].read_bytes(), rng)
        self.number, self.options = number, options

    def play(self):
        """(runs, problems)."""
        runs, problems = 0, []
        with tempfile.TemporaryDirectory(prefix="modelconv-fuzz-") as scratch:
            scratch = Path(scratch)
            names = [path.name for path in self.files]
            for name, content in zip(names, self.contents):
                (scratch / name).write_bytes(content)
            for verb, arguments, allowed in self.verbs:
                given = [[*names] if a == "{files}" else [a] for a in arguments]
                flat = [a for part in given for a in part]
                command = [str(Path(self.options.binary).resolve()), verb, *([] if "{files}" in arguments else names), *flat]
                result = run(command, seconds=SECONDS, megabytes=MEGABYTES, cwd=scratch)
                runs += 1
                problem = None
                left = sorted({path.name for path in scratch.iterdir()} - set(names))
                if result.died or result.status not in allowed:
                    problem = result.summary()
                elif result.status not in (0, 1) and "error:" not in result.stderr:
                    problem = f"exit {result.status} without an error message"
                elif result.peak_mb > PEAK_MEGABYTES:
                    problem = f"{result.peak_mb:.0f} MB"
                elif left and (not left[0].startswith("out.") or left[1:] or result.status not in (0, 1)):
                    problem = f"left {left} behind after exit {result.status}"
                if problem:
                    problems.append(f"round {self.number}: {verb} {' '.join([*names, *arguments])}: {problem}")
                    self.keep(scratch, names, problems[-1])
                for name in left:
                    (scratch / name).unlink()
        return runs, problems

    def keep(self, scratch, names, problem):
        folder = Path(self.options.keep) / f"seed{self.options.seed}-round{self.number}"
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(scratch / name, folder / name)
        (folder / "problem.txt").write_text(problem + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shared", help="a folder with corpus/")
    parser.add_argument("--keep", default=".build/fuzz-failures")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    listed = run([options.binary, "--help"]).stdout.partition("SUBCOMMANDS:")[2].split("\n\n")[0]
    verbs = {line.split()[0] for line in listed.splitlines() if line.strip()}
    seeds = [(files, wanted) for files, wanted in collect_seeds(options.shared)
             if any(verb in verbs for verb, _, _ in wanted)]
    if not seeds:
        sys.exit("no verb to fuzz: is --binary modelconv?")
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(lambda number: Round(number, seeds, verbs, options).play(), range(options.count)))
    problems = [problem for _, found in outcomes for problem in found]
    for problem in problems:
        print("FAILED ", problem)
    print(f"fuzz: {options.count} mutated models of {len(seeds)} seeds, {sum(runs for runs, _ in outcomes)} runs, "
          f"{len(problems)} problems" + (f", kept in {options.keep}" if problems else ""))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
