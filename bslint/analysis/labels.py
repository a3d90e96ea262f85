"""Labels that a training step reads beside its features, and what becomes of them.

Asked only where a loss is nothing but a reduction of a model's outputs, which is rare: then the code of the functions
under way is searched for the variables that hold the features and the labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from bslint.analysis import flow, keras, tapes
from bslint.analysis.gradients import Forward, Labels
from bslint.analysis.values import (
    Class,
    Expr,
    Key,
    Known,
    Object,
    Symbol,
    Value,
    alternatives,
)
from bslint.syntax.walk import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bslint.analysis.gradients import Gradient
    from bslint.analysis.interpreter import Frame, Interpreter

# Functions of one tensor that compare it with nothing.
_PLAIN = frozenset(
    "reduce_mean mean reduce_sum sum negative cast identity squeeze scale_loss get_scaled_loss to_tensor".split()
)
# Calls that only look at what they get.
_LOOKING = frozenset("print len shape size update_state info debug numpy astype bincount unique".split())
_OPAQUE = frozenset(("keras.layers.Lambda", "keras.layers.TFSMLayer", "?"))
# What a model is called that returns a loss, an energy or a likelihood.
_JUDGING = (
    "loss", "energy", "critic", "disc", "vae", "flow", "elbo", "likelihood", "density", "prob", "score", "reward",
    "bound", "objective", "nll",
)  # fmt: skip
_DEPTH = 10


def bare(it: Interpreter, value: Value, forwards: tuple[Forward, ...]) -> Forward | None:
    """The one call of a model of which a loss is a reduction, when the loss compares it with nothing."""
    if len(forwards) != 1:
        return None
    call = forwards[0]
    unknown = _may_predict(call)
    if not unknown and not _predicts(it, call.model):
        return None
    for depth in range(_DEPTH):
        if it.tapes.forwards.get(value.key) is call:
            return call if depth or not unknown else None
        inner = _operand(it, value)
        if inner is None or (unknown and _is_negated(it, value)):
            return None
        value = inner
    return None


def _may_predict(call: Forward) -> bool:
    """Whether a model that is a parameter predicts, as far as its name and its call tell: it may return a loss."""
    model = call.model
    told = isinstance(model, Symbol) and not any(word in model.label.lower() for word in _JUDGING)
    return told and call.training is not None and tapes.is_given(model)


def _is_negated(it: Interpreter, value: Value) -> bool:
    """Whether a value is another one with the opposite sign, as the loss of a likelihood is."""
    if isinstance(value, Expr):
        return value.op == "-" and len(value.operands) == 1
    return flow.arguments_of(it, value)[0] == "negative"


def _predicts(it: Interpreter, model: Value) -> bool:
    """Whether a model is certainly made of Keras's own layers: others may well return a loss or a likelihood."""
    if not isinstance(model, Object) or model.type not in {"keras.Sequential", "keras.Model"}:
        return False
    described = keras.describe(it, model)
    return not any(isinstance(layer.value.type, Class) or layer.name in _OPAQUE for layer in described.layers)


def _operand(it: Interpreter, value: Value) -> Value | None:
    """The one value that another is computed from, besides literals."""
    if isinstance(value, Expr):
        rest = [one for one in value.operands if not isinstance(one, Known)]
        return rest[0] if len(rest) == 1 and value.op in {"+", "-", "*", "/"} else None
    if not isinstance(value, (Symbol, Object)):
        return None
    name, given, receiver = flow.arguments_of(it, value)
    if _is_loss(receiver) and len(given) == 2 and given[0].key == given[1].key:
        return given[0]
    inner = [one for one in given if not isinstance(one, Known)]
    return inner[0] if name in _PLAIN and len(inner) == 1 else None


def _is_loss(receiver: Value | None) -> bool:
    return isinstance(receiver, Object) and any(one.startswith("keras.losses.") for one in receiver.types())


def of(it: Interpreter, call: Forward, gradient: Gradient) -> Labels | None:
    """The labels that belong to the features of a forward pass, when nothing but metrics reads them."""
    if len(call.inputs) == 0:
        return None
    features = call.inputs[0].key
    pairs = [pair for frame in it.frames for pair in _pairs(it, frame, features)]
    if not pairs:
        return None
    first = pairs[0]
    labels = it.lookup(first[1].value, first[2].scope)
    if labels is None or labels.key == features or first[1].value.startswith("_"):
        return None
    reads: list[cst.CSTNode] = []
    for frame in it.frames:
        for name in dict.fromkeys(_names(it, frame, labels.key)):
            found = list(_uses(it, frame, name))
            if any(used for _, used in found):
                return None
            reads.extend(node for node, _ in found)
    return Labels(first[1].value, first[1], first[0].value, tuple(reads), gradient)


def _root(it: Interpreter, frame: Frame) -> cst.CSTNode | None:
    """The code of a frame: its function, or the outermost loop of a module."""
    if frame.function is not None:
        return frame.function.node
    return it.loops[0].node if it.loops else None


def _pairs(it: Interpreter, frame: Frame, features: Key) -> Iterator[tuple[cst.Name, cst.Name, Frame]]:
    """Variables that are bound together of which the first holds the features: `x, y = batch`."""
    root = _root(it, frame)
    for node in descendants(root) if root is not None else ():
        for target in _targets(node):
            names = [element.value for element in target.elements]
            first, second = names[:2] if 2 <= len(names) <= 3 else (None, None)
            if not isinstance(first, cst.Name) or not isinstance(second, cst.Name):
                continue
            if _holds(it, frame, first.value, features):
                yield first, second, frame
    if root is not None:
        yield from _slices(it, frame, root, features)


def _targets(node: cst.CSTNode) -> Iterator[cst.Tuple | cst.List]:
    """The patterns of several names that a statement binds."""
    pending: list[cst.BaseExpression] = []
    if isinstance(node, cst.For):
        pending.append(node.target)
    elif isinstance(node, cst.Assign):
        pending.extend(target.target for target in node.targets)
    while pending:
        one = pending.pop()
        if isinstance(one, (cst.Tuple, cst.List)):
            yield one
            pending.extend(element.value for element in one.elements)


def _slices(
    it: Interpreter, frame: Frame, root: cst.CSTNode, features: Key
) -> Iterator[tuple[cst.Name, cst.Name, Frame]]:
    """Variables that are cut from two arrays by the same window."""
    names = [
        node.targets[0].target
        for node in descendants(root)
        if isinstance(node, cst.Assign) and isinstance(node.value, cst.Subscript)
    ]
    known = [name for name in names if isinstance(name, cst.Name)]
    first = next((name for name in known if _holds(it, frame, name.value, features)), None)
    if first is None:
        return
    for name in known:
        value = it.lookup(name.value, frame.scope)
        if value is not None and _same_window(value.key, features) and not _holds(it, frame, name.value, features):
            yield first, name, frame


def _same_window(one: Key, other: Key) -> bool:
    return (
        isinstance(one, tuple)
        and isinstance(other, tuple)
        and one[:1] == other[:1] == ("slice",)
        and one[2:] == other[2:]
    )


def _holds(it: Interpreter, frame: Frame, name: str, key: Key) -> bool:
    value = it.lookup(name, frame.scope)
    return value is not None and any(one.key == key for one in alternatives(value))


def _names(it: Interpreter, frame: Frame, key: Key) -> Iterator[str]:
    """The variables of a frame that hold a value."""
    for name, value in it.store.names(frame.scope.uid).items():
        if any(one.key == key for one in alternatives(value)):
            yield name


def _uses(it: Interpreter, frame: Frame, name: str) -> Iterator[tuple[cst.CSTNode, bool]]:
    """Where a variable is read: the call or the name, and whether it is used for more than a look."""
    root = _root(it, frame)
    nodes = list(descendants(root)) if root is not None else []
    bound = {id(one) for node in nodes for one in _bound(node)}
    looked: dict[int, cst.CSTNode] = {}
    for node in nodes:
        if isinstance(node, cst.Call) and _looks(it, frame, node):
            looked.update({id(arg.value): node for arg in node.args})
        elif isinstance(node, cst.Attribute):
            bound.add(id(node.attr))
            if node.attr.value in {"shape", "dtype", "ndim"}:
                looked[id(node.value)] = node
    for node in nodes:
        if isinstance(node, cst.Name) and node.value == name and id(node) not in bound:
            yield looked.get(id(node), node), id(node) not in looked


def _bound(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The names in a node that are no reads: targets, parameters, keywords, attributes."""
    if isinstance(node, cst.For):
        yield from _names_in(node.target)
    elif isinstance(node, cst.Assign):
        for target in node.targets:
            yield from _names_in(target.target)
    elif isinstance(node, cst.Param):
        yield node.name
    elif isinstance(node, cst.Arg) and node.keyword is not None:
        yield node.keyword


def _names_in(target: cst.BaseExpression) -> Iterator[cst.CSTNode]:
    if isinstance(target, cst.Name):
        yield target
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _names_in(element.value)


def _looks(it: Interpreter, frame: Frame, node: cst.Call) -> bool:
    """Whether a call only looks at its arguments, or is one of a function under way, which is searched itself."""
    func = node.func
    name = func.attr.value if isinstance(func, cst.Attribute) else func.value if isinstance(func, cst.Name) else ""
    if any(other.node is node for other in it.frames):
        return True
    if name in _LOOKING:
        return True
    callee = it.lookup(name, frame.scope) if isinstance(func, cst.Name) else None
    if callee is None and isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name):
        owner = it.lookup(func.value.value, frame.scope)
        callee = it.field(owner, name) if owner is not None else None
    return isinstance(callee, Object) and any(one.startswith("keras.metrics.") for one in callee.types())
