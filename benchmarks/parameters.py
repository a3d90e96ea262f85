"""Whether bslint counts the parameters of models that others wrote as Keras does: the models of `parameters.toml`.

    python benchmarks/parameters.py                 # a row for each model
    python benchmarks/parameters.py --only ResNet   # those with this in their name

Each program stands beside the package that it imports from. `bslint memory` reads it, and a process of its own runs it
up to the training. Modules that the package imports and that are not here are replaced by empty ones. It needs an
environment with bslint, TensorFlow and tf_keras in it; status 1 if a count is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from corpus import CACHE, tomllib
from ecosystem import ecosystem

MODELS: Final = Path(__file__).with_name("parameters.toml")
TRAINING: Final = """
import numpy
model.compile("sgd", "mse")
model.fit(numpy.zeros((8, 1)), numpy.zeros((8, 1)), batch_size=8)
"""
# Runs a program up to its training and prints the number of its parameters.
RUN: Final = """
import abc, importlib.machinery, importlib.metadata, pathlib, runpy, sys, types

class Absent(abc.ABCMeta):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        given = {"__init__": lambda *_, **__: None, "__call__": lambda _, decorated=None, *__, **___: decorated}
        return Absent(name, (), given)

    def __or__(cls, other):
        return cls

class Empty(types.ModuleType):
    __path__, __version__ = [], "0"

    def __getattr__(self, name):
        return getattr(Absent("Absent", (), {}), name)

class Missing:
    known = set(importlib.metadata.packages_distributions()) - {"keras"}

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in self.known else importlib.machinery.ModuleSpec(name, self)

    def create_module(self, spec):
        return Empty(spec.name)

    def exec_module(self, module):
        pass

class Bare:
    def find_spec(self, name, path=None, target=None):
        folder = pathlib.Path(*name.split("."))
        if name.partition(".")[0] not in sys.argv[2:] or not folder.is_dir():
            return None
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

class Trained(Exception):
    pass

def stop(model, *args, **given):
    raise Trained(model)

import keras, tensorflow as tf, tf_keras
sys.meta_path[:] = [Bare(), *sys.meta_path, Missing()]
sys.path.insert(0, ".")
for one in (keras, tf.keras, tf_keras):
    one.Model.fit = stop
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except Trained as trained:
    print("parameters:", trained.args[0].count_params())
"""


def main() -> None:
    """Reads, runs, compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CACHE, help="folder for downloads")
    parser.add_argument("--only", default="", help="part of a name")
    arguments = parser.parse_args()
    packages = ecosystem(arguments.corpus.resolve())
    models = [one for one in tomllib.loads(MODELS.read_text("utf-8"))["model"] if arguments.only in one["name"]]
    outcomes = []
    for model in models:
        outcome = _compare(model, packages)
        outcomes.append(outcome)
        print(outcome, flush=True)
    print(f"{len(outcomes)} models, {sum('exact' in one for one in outcomes)} exact")
    if any("WRONG" in one for one in outcomes):
        raise SystemExit(1)


def _compare(model: dict[str, Any], packages: Path) -> str:
    """A row of the table."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        names = []
        for pin in (model["package"], *model.get("also", ())):
            for package in (packages / pin).iterdir():
                (folder / package.name).symlink_to(package)
                names.append(package.stem)
        program = folder / "train.py"
        program.write_text("import tensorflow as tf\n" + model["program"] + TRAINING, "utf-8")
        counted, why = _read(program)
        known = _run(program, model.get("keras", "3"), names if model.get("bare") else [])
    verdict = "partial" if counted is None else "exact" if counted == known else "WRONG"
    verdict = "not run" if known is None else verdict
    return " | ".join(("", model["name"], _number(known), _number(counted), f"{verdict}{why}", "")).strip()


def _number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _read(program: Path) -> tuple[int | None, str]:
    """How many parameters bslint counts, and what it can't read."""
    command = [sys.executable, "-m", "bslint", "memory", "--isolated", "--output-format", "json", program.name]
    done = subprocess.run(command, cwd=program.parent, stdout=subprocess.PIPE, check=True)
    found = json.loads(done.stdout)
    if not found:
        return None, ": no training with a model in sight"
    (account,) = found
    why = f": {'; '.join(account['partial'])}" if account["partial"] else ""
    return account["parameters"] if not why else None, why


def _run(program: Path, generation: str, names: list[str]) -> int | None:
    """How many Keras counts; None when the program does not run here."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_USE_LEGACY_KERAS": str(int(generation == "2"))}
    command = [sys.executable, "-c", RUN, program.name, *names]
    done = subprocess.run(command, cwd=program.parent, env=environment, capture_output=True, text=True, check=False)
    found = [row for row in done.stdout.splitlines() if row.startswith("parameters:")]
    if not found and os.environ.get("SHOW"):
        print(done.stderr[-700:])
    return int(found[0].split()[1]) if found else None


if __name__ == "__main__":
    main()
