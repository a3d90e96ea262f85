"""How a compiled model runs its steps where it is used, whatever devices are here. Runs in the child."""

from __future__ import annotations

import importlib
import weakref
from typing import Any

_TRAINER = "keras.src.trainers.trainer"


class RunModes:
    """Models for which Keras chose by itself whether to use XLA, which it does by the devices that it sees."""

    def __init__(self) -> None:
        self._automatic: weakref.WeakSet[Any] = weakref.WeakSet()

    def watch(self) -> None:
        """Note the models that are compiled with `jit_compile="auto"` from now on."""
        try:
            trainer = importlib.import_module(_TRAINER).Trainer
            resolve = trainer._resolve_auto_jit_compile
        except (ImportError, AttributeError):
            return  # Keras 2 uses XLA where it is told to

        def noted(model: Any) -> Any:
            self._automatic.add(model)
            return resolve(model)

        trainer._resolve_auto_jit_compile = noted

    def of(self, model: Any) -> str:
        """`eager`, `jit` or `graph`: on a GPU, Keras compiles what it can with XLA."""
        if getattr(model, "run_eagerly", False):
            return "eager"
        if getattr(model, "jit_compile", False):
            return "jit"
        automatic = model in self._automatic and importlib.import_module(_TRAINER).model_supports_jit(model)
        return "jit" if automatic else "graph"


MODES = RunModes()
