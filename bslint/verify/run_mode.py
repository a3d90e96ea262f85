"""How a compiled model runs its steps where it is used, whatever devices are here. Runs in the child."""

from __future__ import annotations

import functools
import importlib
import inspect
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
        except (ImportError, AttributeError):
            return  # Keras 2 uses XLA where it is told to
        original = trainer.compile
        signature = inspect.signature(original)

        @functools.wraps(original)
        def noted(model: Any, *arguments: Any, **options: Any) -> Any:
            done = original(model, *arguments, **options)
            if signature.bind(model, *arguments, **options).arguments.get("jit_compile", "auto") == "auto":
                self._automatic.add(model)
            else:
                self._automatic.discard(model)
            return done

        trainer.compile = noted

    def of(self, model: Any) -> str:
        """`eager`, `jit` or `graph`: on a GPU, Keras compiles what it can with XLA."""
        if getattr(model, "run_eagerly", False):
            return "eager"
        if getattr(model, "jit_compile", False):
            return "jit"
        automatic = model in self._automatic and importlib.import_module(_TRAINER).model_supports_jit(model)
        return "jit" if automatic else "graph"


MODES = RunModes()
