"""The peak of a training step from its traced graph: the model gets no memory, and nothing runs. In the child.

This leans on TensorFlow's internals; where they differ, `TraceError` says so and a trial has to do.
"""

from __future__ import annotations

import gc
import itertools
import math
import os
import random
import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from bslint.memory.allocator import Allocator, FullError
from bslint.verify import synthetic
from bslint.verify.between import Line, UnlikeError, between
from bslint.verify.graph import Graph, read, rounded
from bslint.verify.run_mode import MODES
from bslint.verify.schedule import ERROR_BAND, Machine, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bslint.verify.device import Device

# Batches above this are not looked at.
_LARGEST_BATCH = 1 << 16
# The largest batch is found to this part of it; so many tries aim at it along a line.
_CLOSE, _AIMED = 32, 3
# Steps that are simulated; the first is not counted. Where threads race, each is another one and more are needed.
_STEPS, _RACES = 4, 8
# Of the parts that are alive at the peak, the largest are named.
_NAMED = 12


_CPU = "/job:localhost/replica:0/task:0/device:CPU:0"
# glibc's `_SC_LEVEL3_CACHE_SIZE`, which Python has no name for.
_LEVEL_3_CACHE = 194


def _last_cache() -> int:
    """Bytes of this processor's last cache; 0 where the system does not tell."""
    try:
        return max(0, os.sysconf(_LEVEL_3_CACHE))
    except (ValueError, OSError):
        return 0


# One executor thread for each core that this process may use.
CPU = Machine(len(os.sched_getaffinity(0)), scratch=True, last_cache=_last_cache())
GPU = Machine(0, scratch=False)


# What comes of internals that are not where they were.
_OTHER_INTERNALS = (ImportError, AttributeError, TypeError, LookupError)


class TraceError(Exception):
    """The step can't be traced with this TensorFlow, or this program."""


@contextmanager
def surroundings() -> Iterator[None]:
    """Whatever is built in here gets no memory."""
    with tf.Graph().as_default():
        yield


class Step:
    """A training step of a compiled model, and the memory that it needs.

    Args:
        model: built inside `surroundings`.
        shapes: shapes of its inputs per sample, where the model does not tell.
        machine: what runs it.

    Raises:
        TraceError: it can't be traced.
    """

    def __init__(self, model: Any, shapes: list[list[int]] | None = None, machine: Machine = CPU) -> None:
        self.model = model
        self.shapes = shapes
        self.machine = machine
        self.peaks: dict[int, int] = {}
        self.approximate = ""
        self._traced: dict[int, Graph] = {}
        self._last: tuple[int, Graph] | None = None
        optimizer: Any = getattr(model, "optimizer", None)
        if optimizer is None:
            raise TraceError("the model is not compiled")
        self.optimizer = optimizer
        try:
            self.optimizer.build(model.trainable_variables)
        except (AttributeError, TypeError, ValueError) as error:
            raise TraceError(f"the optimizer can't be built without a run: {error}") from error

    def constant(self) -> list[int]:
        """Bytes of every weight and optimizer slot."""
        return [_bytes(one) for one in (*self.model.variables, *self.optimizer.variables)]

    def specs(self, batch: int) -> tuple[Any, Any]:
        """What a step is given: inputs and targets."""
        # Made for one sample: what a trace needs of the rest is its number.
        x = synthetic.inputs(self.model, 1, self.shapes)
        outputs = tf.nest.map_structure(lambda one: synthetic.Like((1, *one.shape[1:])), self.model.outputs)
        outputs = outputs[0] if len(outputs) == 1 else outputs
        y = synthetic.targets(self.model, outputs, getattr(self.model, "loss", None))
        return _specs(x, batch), _specs(y, batch)

    def traced(self, batch: int) -> Any:
        """The step's function at a batch size."""
        x, y = self.specs(batch)
        weights = self.model.trainable_variables

        def step(x: Any, y: Any) -> Any:
            with tf.GradientTape() as tape:
                predicted = self.model(x, training=True)
                loss = self.model.compute_loss(x=x, y=y, y_pred=predicted, training=True)
                scaled = self.optimizer.scale_loss(loss)
            gradients = tape.gradient(scaled, [weight.value for weight in weights])
            self.optimizer.apply(gradients, weights)
            return loss

        return tf.function(step, autograph=False).get_concrete_function(x, y)

    def graph(self, function: Any) -> Graph:
        """The graph that is run; `approximate` says why it is not quite that."""
        graph, self.approximate = optimised(function, self.machine)
        return graph

    def peak(self, batch: int) -> int:
        """Bytes at the worst moment of a step, weights, slots and inputs included; `peaks` keeps them."""
        if batch not in self.peaks:
            self.peaks[batch] = self._played(batch, Allocator(), _RACES if self.machine.threads else _STEPS)
        return self.peaks[batch]

    def _step(self, batch: int) -> Graph:
        """The graph of a step: to trace it takes seconds, so that between two that were traced it is put together."""
        if self._last is None or self._last[0] != batch:
            self._last = batch, self._traced.get(batch) or self._between(batch) or self._own(batch)
        return self._last[1]

    def _own(self, batch: int) -> Graph:
        self._traced[batch] = self.graph(self.traced(batch))
        return self._traced[batch]

    def _between(self, batch: int) -> Graph | None:
        below = max((one for one in self._traced if one < batch), default=None)
        above = min((one for one in self._traced if one > batch), default=None)
        if below is None or above is None:
            return None
        try:
            return between(self._traced[below], self._traced[above], Line(below, above, batch))
        except UnlikeError:
            return None

    def fits(self, batch: int, limit: int) -> bool:
        """Whether steps run within a limit, with room for the worst error that was measured."""
        if self.peak(batch) * (1 + ERROR_BAND) > limit:
            return False
        if not self.machine.threads:
            return True
        try:
            self._played(batch, Allocator(limit), _STEPS)
        except FullError:
            return False  # what is free is in pieces that are too small
        return True

    def _played(self, batch: int, allocator: Allocator, steps: int) -> int:
        """The peak of some steps."""
        schedule = Schedule(self._step(batch), self.machine, allocator=allocator, variables=self.constant())
        for size in self._inputs(batch):
            allocator.take(size)
        # The first step leaves the allocator's memory in pieces; what follows is what is measured.
        peaks = []
        uneven = random.Random(0)  # noqa: S311 - the same peak for the same batch
        for _ in range(steps):
            allocator.peak = allocator.in_use
            schedule.run(uneven=uneven)
            peaks.append(allocator.peak)
        return int(statistics.median(peaks[1:]))

    def alive(self, batch: int) -> dict[str, int]:
        """Bytes that are alive at the worst moment, by layer; the rest under `other`."""
        schedule = Schedule(self._step(batch), self.machine)
        schedule.run()
        schedule.run(snapshot=schedule.peak)
        names = {layer.name for layer in _layers(self.model)}
        found: dict[str, int] = {}
        for operation, size in schedule.alive.items():
            layer = next((name for part in reversed(operation.split("/")) if (name := _layer(part, names))), "other")
            found[layer] = found.get(layer, 0) + size
        return dict(sorted(found.items(), key=lambda item: -item[1])[:_NAMED])

    def parts(self, batch: int) -> dict[str, int]:
        """Bytes of what is there before and after a step."""
        return {
            "weights": sum(_bytes(one) for one in self.model.variables),
            "optimizer": sum(_bytes(one) for one in self.optimizer.variables),
            "input": sum(self._inputs(batch)),
        }

    def _inputs(self, batch: int) -> list[int]:
        return [_size(one) for one in tf.nest.flatten(self.specs(batch))]

    def described(self) -> dict[str, dict[str, Any]]:
        """Class, output shape and parameters of every layer, by name."""
        return {
            layer.name: {
                "class": type(layer).__name__,
                "output_shape": _output_shape(layer),
                "parameters": sum(_count(one) for one in layer.variables),
            }
            for layer in _layers(self.model)
        }


def trace(
    namespace: dict[str, Any], request: dict[str, Any], device: Device, say: Callable[[str], None]
) -> dict[str, Any]:
    """Trace the recipe's model at its batch size, and look for the largest batch that fits.

    Args:
        namespace: the recipe's names, built inside `surroundings`.
        request: `model` (an expression), `batch_size`, `memory` (bytes) and `shapes`; `search`: whether to look for the
            largest batch, `search_seconds`: how long; `for_gpu`: whether the step is for a GPU, whatever is here.
        device: what the step is for.
        say: is told each part of the work.

    Returns:
        `outcome` (`fits`, `out-of-memory`, or `traced` without a limit), `peak_bytes`, `largest_batch_size`, `layers`
        (bytes that are alive at the peak), `about_layers`, `parts`, `parameters`, `run` (how the program takes its
        steps: `graph`, `jit` or `eager`), `curve`: the peak of every batch that was looked at, and `approximate`: why
        the graph is not quite the one that runs, if it is not.

    Raises:
        TraceError: the step can't be traced.
    """
    gc.disable()  # to look for garbage among the many parts of graphs takes as long as some of the traces
    for_gpu = request.get("for_gpu") or device.is_gpu
    step = Step(eval(request["model"], namespace), request.get("shapes"), GPU if for_gpu else CPU)
    batch, limit = int(request["batch_size"]), request.get("memory")
    say(f"a step of {batch} samples is traced")
    began = time.monotonic()
    peak = step.peak(batch)
    result: dict[str, Any] = {
        "outcome": "traced" if limit is None else "fits" if peak <= limit else "out-of-memory",
        "peak_bytes": peak,
        "run": MODES.of(step.model),
        "layers": step.alive(batch),
        "about_layers": step.described(),
        "parts": step.parts(batch),
        "parameters": sum(_count(one) for one in step.model.variables),
        "step_seconds": [round(time.monotonic() - began, 2)],
    }
    if limit is not None and request.get("search", True):
        until = began + request.get("search_seconds", math.inf)
        result["largest_batch_size"] = largest(step, limit, batch, say, until=until)
    return {**result, "curve": sorted(step.peaks.items()), "approximate": step.approximate}


def largest(step: Step, limit: int, batch: int, say: Callable[[str], None], *, until: float = math.inf) -> int | None:
    """The largest batch whose own trace fits; 0 when not even one sample does, None when time ran out.

    Args:
        step: what is traced.
        limit: bytes.
        batch: where to begin.
        say: is told each batch.
        until: no trace is begun after this moment of `time.monotonic`.
    """
    low, high, size = 0, _LARGEST_BATCH + 1, min(max(1, batch), _LARGEST_BATCH)
    room, before = limit / (1 + ERROR_BAND), (0, sum(step.constant()))
    for tries in itertools.count():
        if time.monotonic() > until:
            return None
        say(f"a step of {size} samples is traced")
        fits, peak = step.fits(size, limit), step.peak(size)
        if fits:
            low = size
        else:
            high = size
        if high - low <= max(1, low // _CLOSE):
            return low
        # A try that is so close that its failure (or success) would be the answer is not made twice.
        bounds = low + max(1, low // _CLOSE), high - max(1, high // _CLOSE)
        # What lies between two batches that were traced needs no trace: the first tries aim past the answer.
        past = 1.0 if low and high <= _LARGEST_BATCH else 1 + ERROR_BAND if fits else 1 / (1 + ERROR_BAND)
        aimed, before = _aimed(before, (size, peak), room * past), (size, peak)
        if high > _LARGEST_BATCH:
            aimed = max(aimed, 2 * size) if tries else aimed
        elif tries >= _AIMED:
            aimed = (low + high) // 2
        size = max(bounds[0], min(aimed, bounds[1]))
    return low


def _aimed(before: tuple[int, int], now: tuple[int, int], room: float) -> int:
    """The batch size whose peak is as large as the room, on the line through two others."""
    slope = (now[1] - before[1]) / (now[0] - before[0])
    return round(now[0] + (room - now[1]) / slope) if slope > 0 else 2 * now[0]


def optimised(function: Any, machine: Machine) -> tuple[Graph, str]:
    """The graph of a function as TensorFlow runs it, or, where its rewriter can't be called, as it was traced.

    Args:
        function: a concrete function.
        machine: what is to run it.

    Returns:
        The graph, and in words why it was not rewritten; empty if it was.

    Raises:
        TraceError: this TensorFlow's graphs can't be read at all.
    """
    try:
        try:
            return _optimised(function, bool(machine.threads)), ""
        except _OTHER_INTERNALS as error:
            why = f"TensorFlow {tf.__version__} has other internals ({error}): its rewrites are not in the trace"
            graph = function.graph
            return read(graph, (), graph.outputs, graph.control_outputs, (graph,)), why
    except _OTHER_INTERNALS as error:
        raise TraceError(f"TensorFlow {tf.__version__} has other internals: {error}") from error


def _optimised(function: Any, on_cpu: bool) -> Graph:
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.framework import importer
    from tensorflow.python.grappler import tf_optimizer

    graph = function.graph
    meta = meta_graph_pb2.MetaGraphDef()
    meta.graph_def.CopyFrom(_with_variables(graph, on_cpu))
    fetched = [tensor.op.name for tensor in (*graph.outputs, *graph.inputs)]
    kept = [*fetched, *(operation.name for operation in graph.control_outputs)]
    meta.collection_def["train_op"].node_list.value.extend(kept)
    settings = config_pb2.ConfigProto()
    settings.graph_options.rewrite_options.min_graph_nodes = -1
    rewritten = tf_optimizer.OptimizeGraph(settings, meta)
    made = tf.Graph()
    with made.as_default():
        importer.import_graph_def(rewritten, name="")
    _copy_shapes(graph, made)
    outputs = [made.get_tensor_by_name(tensor.name) for tensor in graph.outputs]
    controls = [made.get_operation_by_name(one.name) for one in graph.control_outputs]
    # Bodies of loops are as they were traced: the rewriter's own do not say what a list's elements are made from.
    return read(made, (), outputs, controls, (graph,))


def _with_variables(graph: Any, on_cpu: bool) -> Any:
    """The graph with its captured variables as variables, and with its loops kept whole."""
    from tensorflow.python.ops import handle_data_util

    definition = graph.as_graph_def()
    nodes = {node.name: node for node in definition.node}
    for node in definition.node:
        if on_cpu:
            node.device = _CPU  # some rewrites are done only for a device that is known
        if node.op in {"While", "StatelessWhile", "If", "StatelessIf"} and "_lower_using_switch_merge" in node.attr:
            del node.attr["_lower_using_switch_merge"]
    for tensor in graph.inputs:
        if tensor.dtype == tf.resource:
            held = handle_data_util.get_resource_handle_data(tensor).shape_and_type[0]
            node = nodes[tensor.op.name]
            node.op = "VarHandleOp"
            node.ClearField("attr")
            node.attr["dtype"].type = held.dtype
            node.attr["shape"].shape.CopyFrom(held.shape)
            node.attr["shared_name"].s = node.name.encode()
            node.attr["container"].s = b""
    return definition


def _copy_shapes(graph: Any, made: Any) -> None:
    """Rewriting loses shapes that are known."""
    before = {operation.name: operation for operation in graph.get_operations()}
    for operation in made.get_operations():
        old = before.get(operation.name)
        if old is None or old.type != operation.type:
            continue
        for tensor, other in zip(operation.outputs, old.outputs):
            if tensor.dtype == other.dtype and not tensor.shape.is_fully_defined():
                try:
                    tensor.set_shape(other.shape)
                except ValueError:
                    continue


def _specs(arrays: Any, batch: int) -> Any:
    return tf.nest.map_structure(lambda one: tf.TensorSpec((batch, *one.shape[1:]), one.dtype), arrays)


def _size(spec: Any) -> int:
    return rounded(spec.shape.num_elements() * spec.dtype.size)


def _count(variable: Any) -> int:
    return math.prod(int(length) for length in variable.shape)


def _bytes(variable: Any) -> int:
    return _count(variable) * int(tf.as_dtype(variable.dtype).size)


def _output_shape(layer: Any) -> list[int | None]:
    """Per sample; empty where a layer does not tell one."""
    shape = getattr(getattr(layer, "output", None), "shape", None) if getattr(layer, "_inbound_nodes", None) else None
    return list(shape[1:]) if shape is not None else []


def _layer(part: str, names: set[str]) -> str:
    """The layer that a part of an operation's name stands for: the second trace of `dense` is `dense_2`."""
    return part if part in names else stem if (stem := part.rpartition("_")[0]) in names else ""


def _layers(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", None) or ():
        yield layer
        yield from _layers(layer)
