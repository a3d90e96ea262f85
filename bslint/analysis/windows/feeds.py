"""What `fit` is given by the program itself: generators, and objects that give one batch for each index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bslint.analysis import attributes
from bslint.analysis.values import Class, Function, Method, Object, Value
from bslint.analysis.windows import library
from bslint.analysis.windows.values import Stream, derived

if TYPE_CHECKING:
    import libcst as cst

    from bslint.analysis.interpreter import Interpreter
    from bslint.analysis.windows.machine import Machine


class Feed(msgspec.Struct, frozen=True, eq=False):
    """Batches that a call of Keras takes.

    Args:
        data: a generator, or an object with `__getitem__` and `__len__`.
        node: the call.
    """

    data: Object
    node: cst.CSTNode


def feed_of(it: Interpreter, data: Value | None, node: cst.CSTNode) -> Feed | None:
    """What a call takes its batches from, None when that is not written in the program."""
    if not isinstance(data, Object):
        return None
    return Feed(data, node) if data.key in it.generators or _methods(it, data) is not None else None


def _methods(it: Interpreter, data: Object) -> tuple[Function, Function] | None:
    owner = data.type
    if not isinstance(owner, Class):
        return None
    item, length = (attributes.of_class(it, owner, name) for name in ("__getitem__", "__len__"))
    return (item, length) if isinstance(item, Function) and isinstance(length, Function) else None


def take(m: Machine, feed: Feed) -> None:
    """Take the batches of one epoch; of a generator those that it gives until it repeats itself."""
    methods = _methods(m.it, feed.data)
    if methods is not None:
        _take_items(m, feed, *methods)
        return
    source = m.entry.convert(feed.data)
    for value in source.iterator if isinstance(source, Stream) else ():
        m.tick()
        _train(m, value, feed.node)


def _take_items(m: Machine, feed: Feed, item: Function, length: Function) -> None:
    data, node = feed.data, feed.node
    count = m.number(library.call(m, Method(data, "__len__", length, node), [], {}, node))
    params = item.node.params.params
    name = params[1].name.value if len(params) > 1 else "index"
    m.code.nodes[id(item.node)] = item.node
    entry = m.loop(item.node)
    for index in range(count if isinstance(count, int) else 0):
        entry[1], entry[2] = index, ((name, index),)
        m.tick()
        m.loops.append(entry)
        batch = library.call(m, Method(data, "__getitem__", item, node), [index], {}, node)
        _train(m, batch, node)
        m.loops.pop()


def _train(m: Machine, batch: Any, node: cst.CSTNode) -> None:
    """A step of training receives features and labels."""
    m.read(batch, node)
    if isinstance(batch, (tuple, list)) and len(batch) > 1:
        m.meet([derived([batch[0]], predicted=True), batch[1]], node)
    m.gradients.append(m.moment())
    m.updates.append(m.moment())
