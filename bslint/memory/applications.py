"""The networks of `keras.applications`, from tables that `tools/applications.py` made of Keras 3.15.

The tables have steps; shapes are worked out anew for each input shape.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bslint.memory.call import UnknownError, unread
from bslint.memory.layers import shapes
from bslint.memory.network import Network, Step

if TYPE_CHECKING:
    from zipfile import ZipFile

    from bslint.memory.call import Outputs
    from bslint.memory.network import Shape

TABLES = Path(__file__).with_name("applications.zip")
_PREPROCESSING = ("keras.layers.Rescaling", "keras.layers.Normalization")
# What changes nothing here: the weights' values, names, where the input comes from.
_IGNORED = frozenset(("weights", "name", "input_tensor", "input_shape", "dropout", "dropout_rate", "weights_name"))
_KNOWN = frozenset(
    (
        "include_top pooling classes classifier_activation alpha minimalistic include_preprocessing depth_multiplier"
    ).split()
)


class _Table(msgspec.Struct):
    input: tuple[int | None, ...]
    steps: list[tuple[str, str, list[int], dict[str, Any]]]
    heads: dict[str, list[tuple[str, str, list[int], dict[str, Any]]]]


def _archive() -> ZipFile:
    from zipfile import ZipFile  # 6 ms, which most programs need not wait for

    return ZipFile(TABLES)


def names() -> frozenset[str]:
    """The architectures that have a table, by class name."""
    with _archive() as archive:
        return frozenset(name.removesuffix(".json").partition("-")[0] for name in archive.namelist())


def application(kind: str, config: dict[str, Any], shape: Shape | None = None) -> Network | None:
    """The network of one of `keras.applications`.

    Args:
        kind: its canonical name (`keras.applications.ResNet50`, `keras.applications.resnet50.ResNet50`).
        config: its arguments by parameter name.
        shape: the shape of its input per sample; None to take it from `input_shape`, or the architecture's own.

    Returns:
        The network, its first step a `keras.Input`, the others in the order of Keras's `layers` and with its names;
        None when the architecture or an argument is not known.
    """
    try:
        return _network(kind.rpartition(".")[2], config, shape)
    except (KeyError, UnknownError, TypeError, ValueError):
        return None


def _network(name: str, config: dict[str, Any], shape: Shape | None) -> Network:
    if any(key not in _KNOWN | _IGNORED for key in config) or unread([config[key] for key in _KNOWN & set(config)]):
        raise UnknownError
    if config.get("depth_multiplier", 1) != 1:
        raise UnknownError
    table = _table(_variant(name, config))
    top = config.get("include_top", True)
    given = shape if shape is not None else config.get("input_shape")
    if unread(given):
        raise UnknownError
    if given is None:
        given = table.input if top else (None, None, 3)
    head = "top" if top else str(config.get("pooling") or "none")
    rows = [*table.steps, *table.heads[head]]
    marks = {"classes": config.get("classes", 1000), "classifier": config.get("classifier_activation", "softmax")}
    bare = config.get("include_preprocessing", True) is False
    steps: list[Step] = []
    outputs: list[Outputs | None] = []
    places: list[int] = []  # where the rows' steps are: those that are left out are where their input is
    for kind, title, back, arguments in rows:
        inputs = tuple(places[len(places) - distance] for distance in back)
        step = Step("keras." + kind if kind[0].isalpha() else kind, dict(arguments), inputs, None, title)
        if step.kind == "keras.Input":
            step.config["shape"] = tuple(given)
        elif bare and step.kind in _PREPROCESSING:
            places.append(inputs[0])
            continue
        elif kind.startswith(("layers.", "applications.")):
            step = Step(step.kind, _marked(step.config, marks, outputs[inputs[0]]), inputs, len(steps), title)
        places.append(len(steps))
        steps.append(step)
        outputs.append(shapes(step, [outputs[place] for place in inputs]))
    return Network(tuple(steps), (len(steps) - 1,))


def _marked(config: dict[str, Any], marks: dict[str, Any], shape: Outputs | None) -> dict[str, Any]:
    """The arguments with the marks of the tables replaced."""
    if "parity" in config:
        if not isinstance(shape, tuple) or len(shape) != 3:
            raise UnknownError
        reach = int(config["parity"]) // 2
        return {"padding": tuple((reach - 1 + (length or 0) % 2, reach) for length in shape[:2])}
    return {key: marks.get(value, value) if isinstance(value, str) else value for key, value in config.items()}


def _variant(name: str, config: dict[str, Any]) -> str:
    if not name.startswith("MobileNet"):
        return name
    title = f"{name}-{float(config.get('alpha', 1.0)):g}"
    return title + "-minimalistic" if config.get("minimalistic") else title


@lru_cache(maxsize=8)
def _table(variant: str) -> _Table:
    with _archive() as archive:
        return msgspec.json.decode(archive.read(f"{variant}.json"), type=_Table)
