"""Facts about what loops do again and again: models that they build, functions that they trace, tensors that they keep.

They say what happens and where; nothing in here judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.facts import Loop
    from bslint.analysis.values import Key, Value


class Build(msgspec.Struct, frozen=True, eq=False):
    """A model that the body of a loop makes.

    Args:
        value: the model.
        node: the call that makes it.
        place: the call in the loop's own body that leads there, or the same call.
        loops: the loops around it, innermost first.
    """

    value: Value
    node: cst.CSTNode
    place: cst.CSTNode
    loops: tuple[cst.CSTNode, ...]


class Clause(msgspec.Struct, frozen=True, eq=False):
    """A comprehension that repeats what its element says.

    Args:
        node: its `for` clause.
        count: how often, at most; None when that is not known.
        iterable: what it goes through.
        loops: how many loops are around it.
    """

    node: cst.CSTNode
    count: int | None
    iterable: Value | None = None
    loops: int = 0


class TracedFunction(msgspec.Struct, frozen=True, eq=False):
    """A `tf.function` that is made while a loop runs.

    Args:
        node: the decorator or the call that makes it.
        name: the function's name.
        loop: the innermost loop around it.
        guarded: it is made under a condition, or by a function that remembers its results.
        bound: the names that it closes over whose values the iteration made, a model or a function for example.
        in_test: it happens in a unit test.
    """

    node: cst.CSTNode
    name: str
    loop: Loop
    guarded: bool
    bound: tuple[str, ...]
    in_test: bool


class TracedCall(msgspec.Struct, frozen=True, eq=False):
    """A `tf.function` is called with something that makes it trace again in every iteration of a loop.

    Args:
        node: the call.
        name: the function's name.
        parameter: the parameter that gets it.
        value: what it gets.
        argument: the argument as written.
        loop: the loop.
        in_test: it happens in a unit test.
        changes: a Python number is another one (`number`), a slice has another length (`length`), a batch is padded
            to its own longest sample (`padding`).
        padding: the step of the pipeline that pads.
    """

    node: cst.CSTNode
    name: str
    parameter: str
    value: Value
    argument: cst.CSTNode
    loop: Loop
    in_test: bool
    changes: Literal["number", "length", "padding"] = "number"
    padding: cst.CSTNode | None = None


class Kept(msgspec.Struct, frozen=True, eq=False):
    """Something is appended to a list that is older than the loops around.

    Args:
        node: the call.
        holder: the identity of the list.
        value: what is appended.
        tensors: the tensors in it: the outputs of models, or gradients.
        loops: the loops that the list outlives, innermost first.
        emptied: the program also empties the list, or the same call appends to lists that a loop makes.
        in_test: it happens in a unit test.
    """

    node: cst.CSTNode
    holder: Key
    value: Value
    tensors: tuple[Literal["output", "gradient"], ...]
    loops: tuple[Loop, ...]
    emptied: bool
    in_test: bool
